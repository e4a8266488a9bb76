//! Storey 9: gathers facts from DNS, postconf(1) and the file system. It decides nothing about them.
//!
//! Nothing is changed, and nothing needs root: a part of the machine that doctor cannot see becomes a note. Users and
//! groups are those of `/etc/passwd` and `/etc/group`.

pub mod complaints;
pub mod connect;
pub mod dns;
pub mod paths;
pub mod postconf;
pub mod probe;
pub mod sendmail;

use super::facts::Unseen;

/// The error that a file or program that a flag names cannot be used.
#[derive(Debug)]
pub struct Failed(pub String);

/// What doctor found when it looked for a part of the machine.
#[derive(Debug)]
pub enum Gathered<T> {
    /// The part is there.
    Found(T),
    /// The part is not there, and no flag says that it should be.
    Absent,
    /// The part is there, but doctor cannot read it.
    Unreadable(Unseen),
}

impl<T> Gathered<T> {
    /// Returns the part if it was found. If doctor cannot read it, adds the reason to `unseen`.
    pub fn found(self, unseen: &mut Vec<Unseen>) -> Option<T> {
        match self {
            Self::Found(part) => Some(part),
            Self::Absent => None,
            Self::Unreadable(reason) => {
                unseen.push(reason);
                None
            }
        }
    }
}
