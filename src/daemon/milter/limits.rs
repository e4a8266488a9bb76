//! How many connections the milter serves at one time, and how long each step may take.

use std::time::Duration;

use crate::config;

/// The limits of the milter server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Connections at one time.
    pub max_connections: usize,
    /// Time from the accept to the end of the negotiation.
    pub handshake: Duration,
    /// Time from the first byte of a packet to its last byte; and until the MTA reads some of the replies.
    pub packet: Duration,
    /// Time between two packets. It must not be below an hour: Sendmail waits that long for the next SMTP command.
    pub idle: Duration,
    /// Time from the shutdown until connections in a transaction are closed, too.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let config::Milter {
            max_connections,
            drain,
            ..
        } = config::Milter::default();
        Self {
            max_connections,
            handshake: Duration::from_secs(30),
            packet: Duration::from_secs(30),
            // As in libmilter.
            idle: Duration::from_secs(7210),
            // Less than the 30 s after which Postfix stops waiting for the answer to a command.
            drain,
        }
    }
}

impl From<&config::Milter> for Limits {
    fn from(milter: &config::Milter) -> Self {
        Self {
            max_connections: milter.max_connections,
            drain: milter.drain,
            ..Self::default()
        }
    }
}
