//! Requests and answers as lines: whole, cut off, broken, and of other versions.

use serde_json::{Value, json};

use super::{explained, live, read, with, written};
use crate::protocol::{self, *};

#[test]
fn each_request_is_one_line_with_its_number() {
    for (request, line) in [
        (
            Request::new(Command::Status),
            json!({ "protocol": VERSION, "command": "status" }),
        ),
        (
            Request::new(Command::Reload),
            json!({ "protocol": VERSION, "command": "reload" }),
        ),
        (
            Request::new(Command::Config),
            json!({ "protocol": VERSION, "command": "config" }),
        ),
        (
            Request::accept("0a1b".to_owned()),
            json!({ "protocol": VERSION, "command": "accept", "digest": "0a1b" }),
        ),
        (
            Request::explain(vec!["a@b".to_owned(), "\"c\n\"@d".to_owned()]),
            json!({ "protocol": VERSION, "command": "explain", "addresses": ["a@b", "\"c\n\"@d"] }),
        ),
        (
            Request::who(vec!["a@b".to_owned()]),
            json!({ "protocol": VERSION, "command": "who", "addresses": ["a@b"] }),
        ),
    ] {
        assert_eq!(written(&request), line);
        let text = serde_json::to_string(&request).unwrap();
        assert!(!text.contains('\n'), "{text}");
        assert_eq!(Request::read(text.as_bytes()), Ok(request));
    }
}

/// Whatever arrives instead of a request is answered, and a part of a request is no request.
#[test]
fn a_request_that_is_cut_off_or_broken_is_refused() {
    let whole = serde_json::to_vec(&Request::explain(vec!["j\u{f6}@b".to_owned()])).unwrap();
    for length in 0..whole.len() {
        let failure = Request::read(&whole[..length]).unwrap_err();
        assert_eq!(failure.code, Some(FailureCode::BadRequest), "{length}");
        assert!(
            failure.error.starts_with("the request is not JSON"),
            "{failure:?}"
        );
    }
    for broken in [
        &b"\xff"[..],
        b"null",
        b"{\"command\":null}",
        b"{\"command\":\"status\",\"protocol\":-1}",
        b"{\"command\":\"explain\",\"addresses\":\"a@b\"}",
        b"{\"command\":\"explain\",\"addresses\":[1]}",
        b"{\"command\":\"accept\",\"digest\":7}",
        b"{\"command\":\"status\"} x",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let failure = Request::read(broken).unwrap_err();
        assert_eq!(failure.code, Some(FailureCode::BadRequest));
    }
}

#[test]
fn each_command_is_its_word() {
    for (word, command) in [
        ("accept", Command::Accept),
        ("config", Command::Config),
        ("explain", Command::Explain),
        ("reload", Command::Reload),
        ("status", Command::Status),
        ("rollback", Command::Rollback),
        ("promote", Command::Other("promote".to_owned())),
    ] {
        assert_eq!(command.to_string(), word);
        assert_eq!(read::<Command>(&json!(word)), command);
        assert_eq!(written(&command), json!(word));
    }
}

#[test]
fn each_kind_of_failure_is_its_word() {
    for (word, code) in [
        ("bad-request", FailureCode::BadRequest),
        ("no-address", FailureCode::NoAddress),
        ("no-generation", FailureCode::NoGeneration),
        ("not-held", FailureCode::NotHeld),
        ("not-rolled-back", FailureCode::NotRolledBack),
        ("no-table", FailureCode::NoTable),
        ("not-understood", FailureCode::NotUnderstood),
        ("stopping", FailureCode::Stopping),
        ("too-much", FailureCode::TooMuch),
        ("unknown-command", FailureCode::UnknownCommand),
    ] {
        assert_eq!(written(&code), json!(word));
        assert_eq!(read::<FailureCode>(&json!(word)), code);
    }
}

#[test]
fn an_answer_is_one_line_with_the_number_of_the_protocol() {
    let value: Explained = read(&explained());
    let text = line(&Ok(value.clone())).unwrap();
    assert!(!text.contains('\n'));
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json, with(explained(), &json!({ "protocol": VERSION })));
    assert_eq!(protocol::read::<Explained>(&text), Ok(value));
}

#[test]
fn a_failure_is_read_as_the_failure_that_it_is() {
    let failure = Failure {
        address: Some("anna".to_owned()),
        ..Failure::new(FailureCode::NoAddress, "`anna` is no address")
    };
    let text = line::<Explained>(&Err(failure.clone())).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["address"], "anna");
    assert_eq!(json["code"], "no-address");
    assert_eq!(json["protocol"], VERSION);
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(protocol::read::<Explained>(&text), Err(failure));
}

/// An answer that was cut off is never taken for a whole one, nor for a failure of the daemon.
#[test]
fn an_answer_that_is_cut_off_is_not_understood() {
    let value: Reload = read(&with(live(), &json!({ "at": 5, "directory": "/r" })));
    let whole = line(&Ok(value)).unwrap();
    for length in 0..whole.len() {
        let failure = protocol::read::<Reload>(&whole[..length]).unwrap_err();
        assert_eq!(failure.code, Some(FailureCode::NotUnderstood), "{length}");
        assert_eq!(failure.version, None, "the daemon did not say it");
    }
}

#[test]
fn a_newer_answer_that_is_not_understood_tells_its_number() {
    let failure = protocol::read::<Setting>(r#"{"settings":[],"protocol":9}"#).unwrap_err();
    assert_eq!(
        (failure.code, failure.protocol),
        (Some(FailureCode::NotUnderstood), 9)
    );
}
