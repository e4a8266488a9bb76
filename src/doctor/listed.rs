//! The milters and socketmaps that the configuration of an MTA names, and what answered there: values.

use std::fmt;

use crate::config::socket::Socket;

/// What an MTA speaks on a socket.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// The milter protocol.
    Milter,
    /// The socketmap protocol, about the map of this name.
    Map(String),
}

/// A milter or a map, where the configuration of an MTA names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// The file, and the service if it is a line of `master.cf`.
    pub about: String,
    /// The parameter or the line: `smtpd_milters`, `Xreaddress`, `Krecipients`.
    pub parameter: String,
    /// As it is written there.
    pub word: String,
    /// Where the MTA may find it, as everybody sees it. A confined process and one that is not read the
    /// same path differently; one place that answers is enough.
    pub sockets: Vec<Socket>,
    /// What the MTA speaks there.
    pub protocol: Protocol,
    /// Whether it is one of the daemon's sockets.
    pub is_readdress: bool,
    /// Whether one of the daemon's sockets is in the same list.
    pub beside_readdress: bool,
    /// Whether mail passes without it.
    pub optional: bool,
}

/// What came back from a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// A milter agreed to the offer of an MTA.
    Milter,
    /// A map gave a status that lets mail pass: OK or NOTFOUND.
    Map(String),
    /// A map said that it cannot answer: TEMP, TIMEOUT or PERM.
    Failing(String),
    /// No connection, no answer, or an answer in another protocol.
    Dead(String),
    /// Whoever runs doctor may not open the socket.
    Closed(String),
}

impl Answer {
    /// Returns true if the MTA can work with it.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Milter | Self::Map(_))
    }

    /// Returns true if the MTA cannot work with it; a socket that doctor may not open is neither.
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
