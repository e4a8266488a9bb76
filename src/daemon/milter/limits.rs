//! How many connections are served at once, and how long each of them may take.

use std::time::Duration;

use crate::config;

/// The limits of the milter server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Connections at once; more are closed as soon as they are accepted.
    pub max_connections: usize,
    /// From the accept to the end of the negotiation.
    pub handshake: Duration,
    /// From the first octet of a packet to its last, and for the MTA to take
    /// some of what we write.
    pub packet: Duration,
    /// Between two packets. Not below an hour: Sendmail waits that long for the
    /// next SMTP command.
    pub idle: Duration,
    /// From the shutdown until connections in a transaction are closed as well.
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
            // libmilter's own.
            idle: Duration::from_secs(7210),
            // Below the 30 s after which Postfix gives up on a command.
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
