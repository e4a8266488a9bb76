//! The milters and socketmaps that the configuration of an MTA names, and what answered there.

use std::fmt;

use crate::config::socket::Socket;

/// The protocol that an MTA uses on a socket.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// The milter protocol.
    Milter,
    /// The socketmap protocol, about the map of this name.
    Map(String),
}

/// A milter or a map that the configuration of an MTA names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// The file, and the service if it is a line of `master.cf`.
    pub about: String,
    /// The parameter or the line: `smtpd_milters`, `Xreaddress`, `Krecipients`.
    pub parameter: String,
    /// The entry as it is written there.
    pub word: String,
    /// Where the MTA may find it. A process in a chroot and one outside understand the same path differently,
    /// so there may be two places; one that answers is enough.
    pub sockets: Vec<Socket>,
    /// The protocol that the MTA uses there.
    pub protocol: Protocol,
    /// True if it is one of readdress' own sockets.
    pub is_readdress: bool,
    /// True if one of readdress' own sockets is in the same list.
    pub beside_readdress: bool,
    /// True if mail passes without it.
    pub optional: bool,
}

/// What came back from a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// A milter accepted the offer that an MTA makes.
    Milter,
    /// A map answered OK or NOTFOUND, which both let mail pass.
    Map(String),
    /// A map answered that it has a problem: TEMP, TIMEOUT or PERM.
    Failing(String),
    /// No connection, no answer, or an answer in another protocol.
    Dead(String),
    /// The user who runs doctor may not open the socket.
    Closed(String),
}

impl Answer {
    /// Returns true if the MTA can work with this answer.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Milter | Self::Map(_))
    }

    /// Returns true if the MTA cannot work with this answer. A socket that doctor may not open neither serves nor
    /// fails.
    pub fn fails(&self) -> bool {
        matches!(self, Self::Failing(_) | Self::Dead(_))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milter => f.write_str("a milter answers"),
            Self::Map(reply) => write!(f, "answers `{}`", reply.trim_end()),
            Self::Failing(reply) => write!(f, "answers `{}`", reply.trim_end()),
            Self::Dead(reason) | Self::Closed(reason) => f.write_str(reason),
        }
    }
}

/// A listed socket with its answer.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where the configuration names it.
    pub listed: Listed,
    /// What came back.
    pub answer: Answer,
}
