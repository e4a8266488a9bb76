//! One line of an answer: a value, or the reason why there is none.

use serde::{Deserialize, Serialize, de::DeserializeOwned, de::IgnoredAny};

use super::version::VERSION;

/// Why the daemon gives no answer: `{"error":"…","code":"unknown-command","version":"0.1.0","protocol":1}`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Failure {
    /// With `explain` and `who`: what was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A sentence for people: what is wrong and what to do.
    pub error: String,
    /// The kind of failure. A daemon without a protocol number does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<FailureCode>,
    /// The version of the daemon. A daemon without a protocol number does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The protocol of the daemon.
    #[serde(default)]
    pub protocol: u32,
}

/// Kinds of failures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The request is no JSON, lacks a field, or is too long.
    BadRequest,
    /// What is to be explained is no address.
    NoAddress,
    /// The history has no such generation, or it cannot serve.
    NoGeneration,
    /// Nothing with this digest is held back.
    NotHeld,
    /// No rollback is in force.
    NotRolledBack,
    /// There is no table yet.
    NoTable,
    /// The answer of the daemon is none that this program understands.
    NotUnderstood,
    /// The daemon is stopping.
    Stopping,
    /// The answer would be too long.
    TooMuch,
    /// The daemon does not know the command.
    UnknownCommand,
    /// A kind that a newer daemon knows.
    #[serde(untagged)]
    Other(String),
}

impl Failure {
    /// Returns a failure of this program.
    pub fn new(code: FailureCode, error: impl Into<String>) -> Self {
        Self {
            address: None,
            error: error.into(),
            code: Some(code),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            protocol: VERSION,
        }
    }
}

/// A value with the number of the protocol.
#[derive(Serialize)]
struct Numbered<'a, T> {
    #[serde(flatten)]
    value: &'a T,
    protocol: u32,
}

/// What tells a value from a failure.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    protocol: u32,
    error: Option<IgnoredAny>,
}

/// Writes an answer as one line, without its line end.
///
/// # Errors
///
/// Fails only for a type that JSON cannot hold.
pub fn line<T: Serialize>(answer: &Result<T, Failure>) -> Result<String, serde_json::Error> {
    match answer {
        Ok(value) => serde_json::to_string(&Numbered {
            value,
            protocol: VERSION,
        }),
        Err(failure) => serde_json::to_string(failure),
    }
}

/// Reads one line of an answer.
///
/// # Errors
///
/// The failure that the daemon reports, or [`FailureCode::NotUnderstood`].
pub fn read<T: DeserializeOwned>(line: &str) -> Result<T, Failure> {
    let strange = |protocol| {
        move |error: serde_json::Error| Failure {
            version: None,
            protocol,
            ..Failure::new(
                FailureCode::NotUnderstood,
                format!("the answer is not understood: {error}"),
            )
        }
    };
    let head: Head = serde_json::from_str(line).map_err(strange(VERSION))?;
    match head.error {
        Some(_) => Err(serde_json::from_str(line).map_err(strange(head.protocol))?),
        None => serde_json::from_str(line).map_err(strange(head.protocol)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Setting;

    #[test]
    fn a_line_is_a_value_a_failure_or_neither() {
        let failed = |line: &str| read::<Setting>(line).unwrap_err();
        let old = failed(r#"{"error":"this daemon knows no command `config`"}"#);
        assert_eq!((old.protocol, old.code), (0, None));
        let new = failed(r#"{"error":"no","code":"tired","protocol":9,"until":5}"#);
        let tired = FailureCode::Other("tired".to_owned());
        assert_eq!((new.protocol, new.code), (9, Some(tired)));
        for strange in ["", "HTTP/1.1 400 Bad Request", "[]", "{}", r#"{"error":7}"#] {
            let code = failed(strange).code;
            assert_eq!(code, Some(FailureCode::NotUnderstood), "{strange}");
        }
        assert_eq!(failed(r#"{"protocol":9}"#).protocol, 9);
    }
}
