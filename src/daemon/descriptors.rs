//! How many files this process may have open, and how they are divided among the connections.
//!
//! A connection is an open file. The usual soft limit is 1024, and the connections of the milter alone may need that
//! many. A process at its limit can no longer read rules, answer `status`, or accept a connection in order to
//! close it. So the daemon raises the soft limit to the hard limit, reserves some files for everything that is not
//! a connection of an MTA, and divides the rest among those connections.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`RESERVED`] | 48 files | never used for connections of the milter or the socketmap |
//! | [`LEAST`] | 8 milter connections | with fewer the daemon does not start |

use std::{fmt, fs, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::listeners::ListenerKind;

/// Files that no connection of the milter or the socketmap may use: the connections of the control socket; for each
/// listening socket a connection that is accepted in order to be closed; directories and files that are
/// read; new sockets in place of those whose file was removed.
pub const RESERVED: u64 = 32 + ListenerKind::Control.traits().max_connections as u64;

/// The fewest milter connections with which the daemon starts.
pub const LEAST: u64 = 8;

/// Files that the daemon always has open: the log, signals, listening sockets, notifications.
const ALWAYS_OPEN: u64 = 28;

/// Files of one thread that waits for events.
const PER_THREAD: u64 = 4;

/// The error if fewer files may be open than the daemon needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooFewFiles {
    /// How many files may be open.
    pub allowed: u64,
    /// How many files are needed at least.
    pub needed: u64,
}

impl fmt::Display for TooFewFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allowed, needed } = self;
        write!(
            f,
            "only {allowed} files may be open, and at least {needed} are needed: raise LimitNOFILE= of the unit, or `ulimit -n`"
        )
    }
}

impl std::error::Error for TooFewFiles {}

/// Raises the soft limit to the hard limit, if that is allowed. Returns how many files may be open.
pub fn raise() -> Result<u64, TooFewFiles> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // If that is not allowed, the soft limit counts.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let allowed = allowed();
    let needed = needed(threads());
    match allowed < needed {
        true => Err(TooFewFiles { allowed, needed }),
        false => Ok(allowed),
    }
}

/// Returns how many files may be open.
pub fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Returns the number of threads that wait for events: one for each processor, and the main thread.
fn threads() -> u64 {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    u64::try_from(processors).unwrap_or(1) + 1
}

fn needed(threads: u64) -> u64 {
    ALWAYS_OPEN + PER_THREAD * threads + RESERVED + LEAST
}

/// How many connections are served at one time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConnectionLimits {
    /// Connections of the milter, on all of its sockets together.
    pub milter: usize,
    /// Connections of each socketmap socket.
    pub socketmap: usize,
}

/// Divides the files that are not open among the connections. Call this when everything is open that stays open.
///
/// `wanted` is how many connections to serve if enough files may be open. `sockets` is the number of socketmap sockets.
pub fn divide(wanted: ConnectionLimits, sockets: usize) -> Result<ConnectionLimits, TooFewFiles> {
    let (allowed, open) = (allowed(), open());
    let free = allowed.saturating_sub(open + RESERVED);
    if free < LEAST.min(wanted.milter as u64) {
        let needed = open + RESERVED + LEAST;
        return Err(TooFewFiles { allowed, needed });
    }
    Ok(share(free, wanted, sockets))
}

/// Divides `free` files. If they are too few, the socketmap gets a quarter of them.
fn share(free: u64, wanted: ConnectionLimits, sockets: usize) -> ConnectionLimits {
    let free = usize::try_from(free).unwrap_or(usize::MAX);
    let maps = wanted.socketmap.saturating_mul(sockets);
    let milter = wanted
        .milter
        .min(free.saturating_sub(maps.min(free / 4)))
        .max(1);
    let left = free.saturating_sub(milter);
    let socketmap = left.checked_div(sockets).unwrap_or(left);
    ConnectionLimits {
        milter,
        socketmap: socketmap.min(wanted.socketmap).max(1),
    }
}

/// Returns how many files are open.
fn open() -> u64 {
    let known = fs::read_dir("/proc/self/fd").map(|files| files.count());
    let known = known.ok().and_then(|count| u64::try_from(count).ok());
    known.unwrap_or(ALWAYS_OPEN + PER_THREAD * threads())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: ConnectionLimits = ConnectionLimits {
        milter: 1000,
        socketmap: 1000,
    };

    #[test]
    fn with_enough_files_every_kind_gets_what_it_wants() {
        assert_eq!(share(3000, WANTED, 2), WANTED);
        assert_eq!(share(1000, WANTED, 0).milter, 1000);
    }

    #[test]
    fn too_few_files_are_divided() {
        for (free, sockets) in [(950, 0), (950, 1), (950, 3), (100, 2), (8, 1), (1, 1)] {
            let shared = share(free, WANTED, sockets);
            assert!(shared.milter >= 1 && shared.socketmap >= 1, "{shared:?}");
            let all = shared.milter + shared.socketmap * sockets;
            // Every kind gets at least one connection.
            assert!(all <= (free as usize).max(1 + sockets), "{shared:?}");
            assert!(shared.milter * 4 >= free as usize * 3, "{shared:?}");
        }
        let few = share(
            100,
            ConnectionLimits {
                milter: 20,
                socketmap: 1000,
            },
            2,
        );
        assert_eq!((few.milter, few.socketmap), (20, 40));
    }

    #[test]
    fn a_message_says_what_to_raise() {
        let text = TooFewFiles {
            allowed: 24,
            needed: 92,
        };
        assert!(text.to_string().contains("LimitNOFILE="), "{text}");
        assert!(open() > 2);
        assert!(allowed() > 2);
    }
}
