//! The list of all kinds of listeners: what each one is called, who connects, what limits it has.
//!
//! Binding, sockets handed over by systemd, the accept loop, the log, `status` and the systemd units all take
//! what they need from this list. To add a kind, add it to [`ListenerKind`] and say in `services` what happens
//! to its connections; the compiler names both places. `packaging/systemd/sockets` is written from the list by
//! a test, and the units are written from that file.
//!
//! # Limits
//!
//! | kind | connections at one time | counted for | a new connection at the limit waits for an idle one |
//! |---|---|---|---|
//! | milter | `max_connections`, default 1000 | all of its sockets | not at all, if none is idle |
//! | socketmap | 1000 | each socket | 1 s |
//! | control | 16 | its socket | 1 s |
//!
//! With few open files allowed, the milter and the socketmap get fewer connections ([`descriptors`]).
//!
//! [`descriptors`]: super::descriptors

use std::{slice, time::Duration};

use crate::config::{Config, socket::Socket};

/// A kind of listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListenerKind {
    /// MTAs send mail through it.
    Milter,
    /// MTAs look up domains and recipients.
    Socketmap,
    /// The commands ask the daemon.
    Control,
}

/// What the daemon has to know about a kind of listener.
#[derive(Debug)]
pub struct Traits {
    /// The name of the kind: in the log, among problems, as the section of the configuration, and as
    /// `FileDescriptorName=` in systemd's socket units.
    pub name: &'static str,
    /// Most connections at one time, if enough files may be open.
    pub max_connections: usize,
    /// How long a new connection at the limit waits for another one to become idle.
    pub patience: Duration,
    /// The systemd units that hold its sockets.
    pub units: &'static [SocketUnit],
}

/// A systemd socket unit.
#[derive(Debug)]
pub struct SocketUnit {
    /// The name of the unit.
    pub name: &'static str,
    /// The path of the Unix socket.
    pub path: &'static str,
    /// The MTA whose group may connect, and without which systemd skips the unit.
    pub mta: Option<&'static str>,
    /// What the socket is for.
    pub description: &'static str,
}

const MILTER: Traits = Traits {
    name: "milter",
    max_connections: 1000,
    // An MTA that is kept waiting holds up its client.
    patience: Duration::ZERO,
    units: &[
        SocketUnit {
            name: "readdress.socket",
            path: "/run/readdress/milter.sock",
            mta: None,
            description: "the milter's socket",
        },
        SocketUnit {
            name: "readdress-postfix.socket",
            path: "/var/spool/postfix/readdress/readdress.sock",
            mta: Some("postfix"),
            description: "the milter's socket for Postfix",
        },
    ],
};

const SOCKETMAP: Traits = Traits {
    name: "socketmap",
    max_connections: 1000,
    patience: Duration::from_secs(1),
    units: &[
        SocketUnit {
            name: "readdress-socketmap.socket",
            path: "/run/readdress/socketmap.sock",
            mta: None,
            description: "the table as a socketmap",
        },
        SocketUnit {
            name: "readdress-postfix-socketmap.socket",
            path: "/var/spool/postfix/readdress/socketmap.sock",
            mta: Some("postfix"),
            description: "the table as a socketmap, for Postfix",
        },
    ],
};

const CONTROL: Traits = Traits {
    name: "control",
    max_connections: 16,
    patience: Duration::from_secs(1),
    units: &[SocketUnit {
        name: "readdress-control.socket",
        path: "/run/readdress/control.sock",
        mta: None,
        description: "the commands' socket",
    }],
};

impl ListenerKind {
    /// All kinds, in the order in which their sockets are bound.
    pub const ALL: [Self; 3] = [Self::Milter, Self::Socketmap, Self::Control];

    /// Returns what the daemon has to know about this kind.
    pub const fn traits(self) -> &'static Traits {
        match self {
            Self::Milter => &MILTER,
            Self::Socketmap => &SOCKETMAP,
            Self::Control => &CONTROL,
        }
    }

    /// Returns the name of this kind.
    pub const fn name(self) -> &'static str {
        self.traits().name
    }

    /// Returns the kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the sockets that the configuration names for this kind.
    pub fn configured(self, config: &Config) -> &[Socket] {
        match self {
            Self::Milter => &config.milter.listen,
            Self::Socketmap => &config.socketmap,
            Self::Control => slice::from_ref(&config.control),
        }
    }

    /// Returns true if the daemon must not start without the sockets of this kind. A second daemon, or one that
    /// somebody tries out, may have no control socket: it serves mail all the same.
    pub fn is_required(self, config: &Config) -> bool {
        self != Self::Control || config.origins.is_written("control", "listen")
    }
}

/// A socket that the daemon listens on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListeningSocket {
    /// Its kind.
    pub kind: ListenerKind,
    /// Where it listens.
    pub socket: Socket,
    /// True if systemd handed the socket over.
    pub from_systemd: bool,
}

/// All sockets that the daemon listens on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ListeningSockets(pub Vec<ListeningSocket>);

impl ListeningSockets {
    /// Returns the sockets of one kind.
    pub fn of(&self, kind: ListenerKind) -> impl Iterator<Item = &ListeningSocket> {
        self.0.iter().filter(move |socket| socket.kind == kind)
    }

    /// Returns the names of the sockets of one kind, as the configuration writes them.
    pub fn names(&self, kind: ListenerKind) -> Vec<String> {
        let names = self.of(kind).map(|listening| listening.socket.to_string());
        names.collect()
    }

    /// Returns true if systemd handed over the sockets of this kind. The configured ones then do not count.
    pub fn are_from_systemd(&self, kind: ListenerKind) -> bool {
        self.of(kind).any(|listening| listening.from_systemd)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_default_socket_is_the_one_that_systemd_holds() {
        let config = Config::default();
        for kind in ListenerKind::ALL {
            assert_eq!(ListenerKind::named(kind.name()), Some(kind));
            for socket in kind.configured(&config) {
                let Socket::Unix(path) = socket else {
                    panic!("{socket}");
                };
                let units = kind.traits().units;
                let held = |unit: &&SocketUnit| unit.mta.is_none() && Path::new(unit.path) == path;
                assert_eq!(units.iter().filter(held).count(), 1, "{socket}");
            }
        }
        let milter = ListenerKind::Milter.traits();
        assert_eq!(milter.max_connections, config.milter.max_connections);
    }
}
