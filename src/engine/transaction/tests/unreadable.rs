//! Paths that fit no grammar.

use super::*;

/// Returns a table with a closed, an open and a deferring domain, and a foreign domain.
const DOMAINS: &str = "\
closed.example    primary unknown=reject
open.example      primary
later.example     secondary unknown=defer
old.example       secondary
partner.example   external
jd@old.example    jdoe@closed.example
jd@later.example  jdoe@closed.example
jdoe@closed.example mailbox
postmaster@*      jdoe@closed.example
abuse@*           jdoe@closed.example
";

fn domains() -> Arc<Table> {
    let sources = [SourceText::new("a.rules", DOMAINS)];
    let compiled = compile(&sources, &Settings::default());
    Arc::new(compiled.table.unwrap())
}

#[track_caller]
fn answer(path: &str, address: Option<&str>, mailer: Option<&str>) -> Option<String> {
    let mut transaction = Transaction::new(domains(), true);
    let recipient = transaction.recipient(with_address(path, address, mailer));
    assert!(recipient.mailbox.is_none());
    recipient.answer().map(ToString::to_string)
}

const BAD: &str = "550 5.1.3 Bad destination mailbox address syntax";

#[test]
fn are_refused_in_a_closed_domain_of_ours() {
    for path in [
        "<\\x@old.example>",
        "<x\u{1}@Old.Example.>",
        "<x\u{1}@old.example(comment@open.example)>",
        "<victim\\@elsewhere.example@old.example>",
        "<x\\\"@old.example>",
        "<\\x@closed.example>",
        "\\x@closed.example",
    ] {
        assert_eq!(answer(path, None, None).as_deref(), Some(BAD), "{path}");
        let local = answer(path, Some("x"), Some("local"));
        assert_eq!(local.as_deref(), Some(BAD), "{path}");
    }
}

#[test]
fn are_refused_by_what_the_mta_reads() {
    for path in [
        "<\"\\x@old.example\">",
        "<x:\\x>",
        "<\\x%old.example>",
        "<>",
    ] {
        let reply = answer(path, Some("\\x@old.example"), Some("smtp"));
        assert_eq!(reply.as_deref(), Some(BAD), "{path}");
    }
    let reply = answer(
        "<x\u{1}@old.example>",
        Some("x\u{1}@old.example"),
        Some("error"),
    );
    assert_eq!(reply.as_deref(), Some(BAD));
}

#[test]
fn are_deferred_where_unknown_addresses_are() {
    let reply = answer("<\\x@later.example>", None, None);
    assert!(reply.is_some_and(|reply| reply.starts_with("451 4.3.0 ")));
}

#[test]
fn are_refused_in_an_open_domain_only_if_they_route() {
    assert_eq!(answer("<\\x@open.example>", None, None), None);
    for path in [
        "<victim\\@elsewhere.example@open.example>",
        "<\\victim%elsewhere.example@open.example>",
        "<elsewhere.example!\\victim@open.example>",
    ] {
        assert_eq!(answer(path, None, None).as_deref(), Some(BAD), "{path}");
    }
}

#[test]
fn are_kept_elsewhere() {
    for path in [
        "<\\x@partner.example>",
        "<\\x@elsewhere.example>",
        "<\\x@[192.0.2.1]>",
        "<\\x>",
        "<\\x@>",
    ] {
        assert_eq!(answer(path, None, None), None, "{path}");
    }
    // The MTA reads the path clearly, as an address in a foreign domain.
    let path = "<\\x@elsewhere.example (y@old.example)>";
    let mut transaction = Transaction::new(table(), true);
    let recipient = transaction.recipient(Received {
        path: path.as_bytes(),
        parameters: &[],
        mta_address: Some(b"x@elsewhere.example"),
        mta_mailer: Some(b"smtp"),
        no_client: false,
    });
    assert_eq!(recipient.answer(), None);
}

#[test]
fn are_kept_where_no_client_sent_them() {
    let path = "\\x@old.example";
    for (no_client, reply) in [(true, None), (false, Some(BAD))] {
        let mut transaction = Transaction::new(domains(), true);
        let recipient = transaction.recipient(Received {
            path: path.as_bytes(),
            no_client,
            ..Received::default()
        });
        let answer = recipient.answer().map(ToString::to_string);
        assert_eq!(answer.as_deref(), reply);
    }
}
