//! What a command asks of the daemon: one object, on one line.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    answer::{Failure, FailureCode},
    version::VERSION,
};

/// One request: `{"protocol":1,"command":"explain","addresses":["jd@domain2.com"]}`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Request {
    /// The number of the protocol that the command speaks. A command without a number speaks 0.
    #[serde(default)]
    pub protocol: u32,
    /// What the daemon is asked for.
    pub command: Command,
    /// With `explain` and `who`: the addresses and log lines that are asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// With `accept`: the digest of what is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// With `rollback`: the generation to go back to. Without one the rollback in force ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// With `accept`, `reload` and `rollback`: why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who called the command through sudo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo: Option<String>,
}

/// The requests that a daemon knows.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Put a table or a configuration file into force that is held back.
    Accept,
    /// Show the settings in force.
    Config,
    /// Explain what happens to addresses.
    Explain,
    /// Read the configuration and the rules.
    Reload,
    /// Go back to a generation, or end that.
    Rollback,
    /// Say how the daemon stands.
    Status,
    /// Say what reaches addresses. Since protocol 3.
    Who,
    /// A request of a newer command.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::Config => "config",
            Self::Explain => "explain",
            Self::Reload => "reload",
            Self::Rollback => "rollback",
            Self::Status => "status",
            Self::Who => "who",
            Self::Other(word) => word,
        })
    }
}

impl Request {
    /// Returns a request without anything but the command.
    pub fn new(command: Command) -> Self {
        Self {
            protocol: VERSION,
            command,
            addresses: Vec::new(),
            digest: None,
            generation: None,
            why: None,
            sudo: None,
        }
    }

    /// Returns a request to go back to a generation, or to end that.
    pub fn rollback(generation: Option<u64>) -> Self {
        Self {
            generation,
            ..Self::new(Command::Rollback)
        }
    }

    /// Returns a request to explain addresses.
    pub fn explain(addresses: Vec<String>) -> Self {
        Self {
            addresses,
            ..Self::new(Command::Explain)
        }
    }

    /// Returns a request to say what reaches addresses.
    pub fn who(addresses: Vec<String>) -> Self {
        Self {
            addresses,
            ..Self::new(Command::Who)
        }
    }

    /// Returns a request to accept what has this digest.
    pub fn accept(digest: String) -> Self {
        Self {
            digest: Some(digest),
            ..Self::new(Command::Accept)
        }
    }

    /// Reads the line that a command sent.
    ///
    /// # Errors
    ///
    /// What to answer to a line that is no request.
    pub fn read(line: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(line).map_err(|error| {
            let what = match error.is_data() {
                true => "the request is not understood",
                false => "the request is not JSON",
            };
            Failure::new(FailureCode::BadRequest, format!("{what}: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_older_and_newer_commands_are_read() {
        let read = |line: &str| Request::read(line.as_bytes());
        let old = read(r#"{"command":"explain","addresses":["a@b.example"]}"#).unwrap();
        assert_eq!((old.protocol, old.command), (0, Command::Explain));
        assert_eq!(old.addresses, ["a@b.example"]);
        let new = read(r#"{"protocol":9,"command":"blame","since":{"days":3}}"#).unwrap();
        let blame = Command::Other("blame".to_owned());
        assert_eq!((new.protocol, new.command), (9, blame));
        for broken in ["", "x", "[]", "{}", r#"{"command":7}"#] {
            let failure = read(broken).unwrap_err();
            assert_eq!(failure.code, Some(FailureCode::BadRequest), "{broken}");
        }
    }
}
