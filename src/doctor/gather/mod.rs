//! Storey 9: asks DNS, postconf(1) and the file system, and judges nothing.
//!
//! Nothing is changed, and nothing needs root: what cannot be seen becomes a note. Users and groups are those of
//! `/etc/passwd` and `/etc/group`.

pub mod complaints;
pub mod connect;
pub mod dns;
pub mod paths;
pub mod postconf;
pub mod probe;
pub mod sendmail;

use super::facts::Unseen;

/// A file or program that was named cannot be used: the command could not run.
#[derive(Debug)]
pub struct Failed(pub String);

/// A part of the machine, or why it is not seen.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is there.
    Yes(T),
    /// It is not there, and no option says that it should be.
    Absent,
    /// It is there, but doctor cannot read it.
    No(Unseen),
}

impl<T> Seen<T> {
    /// Returns what is there. If it is not seen, adds the reason to the list.
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
