//! Storey 9: asks DNS, postconf(1) and the file system, and judges nothing.
//!
//! Nothing is changed, and nothing needs root: what cannot be seen becomes a note. Users and groups are
//! those of `/etc/passwd` and `/etc/group`, as for the daemons of a mail server.

pub mod complaints;
pub mod connect;
pub mod dns;
pub mod paths;
pub mod postconf;
pub mod probe;
pub mod sendmail;

use super::facts::Unseen;

/// What was named cannot be looked at: the command could not run.
#[derive(Debug)]
pub struct Failed(pub String);

/// Either something, or why it is not seen.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is there.
    Yes(T),
    /// It is not there, and nobody said that it should be.
    Absent,
    /// It is there, and cannot be looked at.
    No(Unseen),
}

impl<T> Seen<T> {
    /// What is there; what is not seen is added to the list.
    pub fn known(self, unseen: &mut Vec<Unseen>) -> Option<T> {
        match self {
            Self::Yes(it) => Some(it),
            Self::Absent => None,
            Self::No(it) => {
                unseen.push(it);
                None
            }
        }
    }
}
