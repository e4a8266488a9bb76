//! How many files this process may have open, and what they are for.
//!
//! A connection is an open file. The usual soft limit, 1024, is no more than the milter's connections
//! alone may need, and a process that has used it up can no longer read rules, answer `status`, or even
//! accept a connection in order to close it. So the soft limit is raised to the hard one, some are kept
//! back for everything that is no connection, and what is left is divided among the connections.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`KEPT_BACK`] | 48 files | never used for milter and socketmap |
//! | [`LEAST`] | 8 milter connections | with fewer the daemon does not start |

use std::{fmt, fs, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files that no milter or socketmap connection may take: 16 connections of the control socket,
/// one that is accepted in order to be closed for each listening socket, directories and files that are
/// read, new sockets in place of those whose file was removed.
pub const KEPT_BACK: u64 = 48;

/// The fewest milter connections that are worth a start.
pub const LEAST: u64 = 8;

/// Files that the daemon opens itself: those of the log and of signals, sockets, notifications.
const OWN: u64 = 28;

/// Files of one thread that waits for events.
const PER_THREAD: u64 = 4;

/// Fewer files may be open than a daemon needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooFew {
    /// How many may be.
    pub allowed: u64,
    /// How many are needed at least.
    pub needed: u64,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allowed, needed } = self;
        write!(
            f,
            "only {allowed} files may be open, and at least {needed} are needed: raise LimitNOFILE= of the unit, or `ulimit -n`"
        )
    }
}

impl std::error::Error for TooFew {}

/// Raises the soft limit to the hard one, as far as that is allowed. Returns how many files may be open.
pub fn raise() -> Result<u64, TooFew> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // Where that is forbidden, the soft limit is what there is.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let allowed = allowed();
    let needed = needed(threads());
    match allowed < needed {
        true => Err(TooFew { allowed, needed }),
        false => Ok(allowed),
    }
}

/// How many files may be open.
pub fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The threads that wait for events: one for each processor, and the first one of the process.
fn threads() -> u64 {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    u64::try_from(processors).unwrap_or(1) + 1
}

fn needed(threads: u64) -> u64 {
    OWN + PER_THREAD * threads + KEPT_BACK + LEAST
}

/// How many connections are served at one time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Connections {
    /// Of the milter, on all of its sockets together.
    pub milter: usize,
    /// Of each socketmap socket.
    pub socketmap: usize,
}

/// Divides what is free. Call it when everything that stays open is open.
///
/// `wanted` are the connections where enough files may be open, `sockets` the socketmap sockets.
pub fn divide(wanted: Connections, sockets: usize) -> Result<Connections, TooFew> {
    let (allowed, open) = (allowed(), open());
    let free = allowed.saturating_sub(open + KEPT_BACK);
    if free < LEAST.min(wanted.milter as u64) {
        let needed = open + KEPT_BACK + LEAST;
        return Err(TooFew { allowed, needed });
    }
    Ok(share(free, wanted, sockets))
}

/// A quarter of what is short is the socketmap's.
fn share(free: u64, wanted: Connections, sockets: usize) -> Connections {
    let free = usize::try_from(free).unwrap_or(usize::MAX);
    let maps = wanted.socketmap.saturating_mul(sockets);
    let milter = wanted
        .milter
        .min(free.saturating_sub(maps.min(free / 4)))
        .max(1);
    let left = free.saturating_sub(milter);
    let socketmap = left.checked_div(sockets).unwrap_or(left);
    Connections {
        milter,
        socketmap: socketmap.min(wanted.socketmap).max(1),
    }
}

/// How many files are open.
fn open() -> u64 {
    let known = fs::read_dir("/proc/self/fd").map(|files| files.count());
    let known = known.ok().and_then(|count| u64::try_from(count).ok());
    known.unwrap_or(OWN + PER_THREAD * threads())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Connections = Connections {
        milter: 1000,
        socketmap: 1000,
    };

    #[test]
    fn where_there_is_enough_everybody_gets_what_he_wants() {
        assert_eq!(share(3000, WANTED, 2), WANTED);
        assert_eq!(share(1000, WANTED, 0).milter, 1000);
    }

    #[test]
    fn what_is_short_is_divided() {
        for (free, sockets) in [(950, 0), (950, 1), (950, 3), (100, 2), (8, 1), (1, 1)] {
            let shared = share(free, WANTED, sockets);
            assert!(shared.milter >= 1 && shared.socketmap >= 1, "{shared:?}");
            let all = shared.milter + shared.socketmap * sockets;
            // One each is the least.
            assert!(all <= (free as usize).max(1 + sockets), "{shared:?}");
            assert!(shared.milter * 4 >= free as usize * 3, "{shared:?}");
        }
        let few = share(
            100,
            Connections {
                milter: 20,
                socketmap: 1000,
            },
            2,
        );
        assert_eq!((few.milter, few.socketmap), (20, 40));
    }

    #[test]
    fn a_message_says_what_to_raise() {
        let text = TooFew {
            allowed: 24,
            needed: 92,
        };
        assert!(text.to_string().contains("LimitNOFILE="), "{text}");
        assert!(open() > 2);
        assert!(allowed() > 2);
    }
}
