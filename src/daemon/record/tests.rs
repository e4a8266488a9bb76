//! What the lines look like, and where they are cut.

use std::{collections::BTreeSet, io, path::Path, time::Duration};

use super::*;
use crate::{
    config::{Change as KeyChange, Config, LogAddresses},
    daemon::{
        guard::Cause,
        history::{Author, Rollback},
        listeners::{ListenerKind, ListeningSocket, ListeningSockets},
        log::capture,
    },
    engine::{
        Change, Changes, Diagnostic, Settings, Severity, SourceText, Table, address::Mailbox,
        compare::compare, compile, diagnostic::codes, reply::ReplyClass, syntax::Skipped,
    },
};

fn finding(severity: Severity, message: &str) -> Diagnostic {
    Diagnostic::about_file(severity, codes::SYNTAX, "a.rules", message.to_owned(), None)
}

fn change(line: usize) -> Change {
    Change {
        rule: format!("a{line}@x b@y"),
        place: format!("a.rules:{line}"),
        was: None,
    }
}

/// A finding with a line and a caret.
fn at_a_line() -> Diagnostic {
    let mut finding = finding(Severity::Error, "one");
    finding.help = Some("ask secret@x".into());
    finding.excerpt.text = "  secret@x".into();
    finding.excerpt.line = 3;
    finding.excerpt.column = 3;
    finding.excerpt.width = 3;
    finding
}

#[test]
fn a_live_table_is_one_line_and_one_for_each_rule() {
    let changes = Changes {
        added: vec![change(3)],
        removed: vec![],
        changed: (0..23).map(change).collect(),
    };
    let lines = capture(|| {
        let took = Duration::from_micros(4900);
        table_live(7, 812, Some(&changes), 2, took, &Redaction::default());
    });
    assert_eq!(
        lines[..2],
        [
            "info table: generation=7 rules=812 changed=+1-0~23 files=2 took=4ms",
            "info table: added a3@x b@y (a.rules:3)",
        ]
    );
    assert_eq!(lines.len(), 2 + 20 + 1);
    assert_eq!(lines[22], "info table: changed and 3 more");
}

#[test]
fn the_first_table_has_nothing_to_be_held_against() {
    let lines = capture(|| table_live(1, 5, None, 1, Duration::ZERO, &Redaction::default()));
    assert_eq!(lines, ["info table: generation=1 rules=5 files=1 took=0ms"]);
}

#[test]
fn a_refused_table_says_why_and_what_serves() {
    let diagnostics = [at_a_line(), finding(Severity::Warning, "two")];
    let lines = capture(|| table_refused(&diagnostics, 41, &Redaction::default()));
    let last = "error table refused: errors=1 still serving generation=41";
    assert_eq!(lines.last().unwrap(), last);
    assert!(lines.contains(&"error   ^^^".to_owned()), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("warn ")),
        "{lines:?}"
    );
    let lines = capture(|| table_refused(&diagnostics, 0, &Redaction::default()));
    assert!(
        lines
            .last()
            .unwrap()
            .ends_with("every recipient is deferred")
    );
}

#[test]
fn a_flood_of_findings_is_cut() {
    let diagnostics = vec![finding(Severity::Error, "one"); 150];
    let lines = capture(|| table_refused(&diagnostics, 1, &Redaction::default()));
    assert!(lines.contains(&"warn table: and 50 more findings".to_owned()));
    assert!(lines.last().unwrap().contains("errors=150 "));
}

#[test]
fn a_reason_with_blanks_is_quoted() {
    let lines = capture(|| watch_unavailable(&"too many \"files\""));
    assert_eq!(
        lines,
        [r#"warn watch: mode=rescan-only reason="too many \"files\"""#]
    );
}

#[test]
fn where_addresses_are_hidden_places_and_counts_are_left() {
    let redaction = Redaction::default();
    redaction.set(LogAddresses::Domain);
    let changes = Changes {
        added: vec![change(3)],
        ..Changes::default()
    };
    let lines = capture(|| {
        table_live(7, 812, Some(&changes), 2, Duration::ZERO, &redaction);
        table_refused(&[at_a_line()], 41, &redaction);
    });
    assert_eq!(
        lines,
        [
            "info table: generation=7 rules=812 changed=+1-0~0 files=2 took=0ms",
            "info table: added a.rules:3",
            "error a.rules:3:3: error: [syntax]",
            "info table: addresses are hidden here; `readdress check` shows what was found",
            "error table refused: errors=1 still serving generation=41",
        ]
    );
}

/// Writes each line of the log once, with the values of its example.
fn write_all() {
    write_about_mail();
    write_about_tables();
    write_about_the_history();
    write_about_the_configuration();
    write_about_the_daemon();
}

fn write_about_mail() {
    let id = Some(&b"4bXzQ1"[..]);
    let to: [Mailbox; 1] = [Mailbox::parse("jdoe@company.com").unwrap()];
    recipient(&Outcome {
        id,
        orig_to: b"<jd@domain2.com>",
        to: &to,
        rule: Some("10-company.rules:7".into()),
        action: "replace",
        reply: None,
        generation: 3,
        dry_run: true,
        limit: None,
        names: &Names::default(),
        addresses: LogAddresses::Full,
    });
    plan_failed(id, &io::Error::other("the connection was closed"));
    refused_as_a_whole(id, &ReplyClass::Defer.default_reply());
    let milter = "unix:/run/readdress/milter.sock";
    accept_failed(milter, &io::Error::from_raw_os_error(24), 0);
    connections_full(milter, 1000, 0);
    mta_refused(1999);
    connection_closed(&"127.0.0.1:41234", &"no command came in time", 0);
    connections_cut(3);
}

fn write_about_tables() {
    let shown = Redaction::default();
    let changes = Changes {
        added: (0..3)
            .map(|_| Change {
                rule: "sales@domain2.com anna@company.com".into(),
                place: "10-company.rules:7".into(),
                was: None,
            })
            .collect(),
        removed: vec![change(1)],
        changed: (0..2).map(change).collect(),
    };
    table_live(7, 812, Some(&changes), 2, Duration::from_millis(4), &shown);
    let changes = Changes {
        changed: (0..23).map(change).collect(),
        ..changes
    };
    table_live(8, 812, Some(&changes), 2, Duration::from_millis(4), &shown);
    table_skipped(&[Skipped {
        file: "users.csv".into(),
        counts: vec![("x400".into(), 12), ("sip".into(), 3)],
    }]);
    let mut error = Diagnostic::about_file(
        Severity::Error,
        codes::BAD_OPTION,
        "10-company.rules",
        "the option `unknown` needs a value".into(),
        None,
    );
    error.excerpt.line = 12;
    error.excerpt.column = 1;
    let warning = Diagnostic {
        severity: Severity::Warning,
        code: codes::NEVER_MATCHES,
        message: "the rule can never match".into(),
        ..error.clone()
    };
    table_refused(&[error.clone(), error.clone()], 41, &shown);
    table_refused(&[error.clone(), error.clone()], 0, &shown);
    table_warnings(&vec![warning; 150], &shown);
    let hides = Redaction::default();
    hides.set(LogAddresses::Hash);
    table_warnings(&[error.clone()], &hides);
    table_still_refused(&[error.clone(), error], 41, Duration::from_secs(600));
    table_fixed(41);
    table_unchanged(7);
    write_about_held_tables(&shown, &hides);
}

fn write_about_held_tables(shown: &Redaction, hides: &Redaction) {
    let digest = "5f1c0a9be2d37764";
    let accept = format!("readdress accept {digest}");
    let held = HeldBack {
        causes: &[Cause::NoRules { was: 812 }],
        differences: &compare(&table("jd@domain2.com jdoe@company.com\n"), &table("")),
        total: Some((812, false)),
        digest,
        accept: Some(&accept),
        serving: 41,
    };
    table_held(&held, shown);
    let at_start = HeldBack {
        causes: &[],
        total: None,
        serving: 0,
        ..held
    };
    table_held(&at_start, hides);
    table_still_held(digest, None, 41, Duration::from_secs(600));
    table_accepted(digest, Some(0));
}

/// A small table, with these rules besides.
fn table(rules: &str) -> Table {
    let text = format!("company.com primary\ndomain2.com secondary\n{rules}");
    let source = SourceText::new("a.rules", text);
    let compiled = compile(&[source], &Settings::default());
    compiled.table.unwrap()
}

fn write_about_the_history() {
    let state = Path::new("/var/lib/readdress");
    history_not_recorded(state, &io::Error::from_raw_os_error(13));
    let file = state.join("history-1b2e/generations/7");
    history_damaged(&file, &"it is cut off, or its hash is another one");
    no_state(state);
    traffic_differs(37, Duration::from_secs(30 * 86_400));
    let directory = state.join("traffic-1b2e");
    traffic_damaged(
        &directory.join("addresses"),
        &"it is cut off, or its hash is another one",
    );
    traffic_not_written(&directory, &io::Error::from_raw_os_error(13));
    snapshot_serves(7);
    snapshot_unusable(7, "its text is damaged");
    let by = Author {
        names: vec!["anna".to_owned()],
        ..Author::default()
    };
    let rollback = Rollback {
        to: 7,
        at: 0,
        by: by.clone(),
        why: Some("sales@ went to bob".to_owned()),
    };
    rolled_back(&rollback, 12, &Redaction::default());
    stays_rolled_back(&rollback, 12, Some("readdress rollback --end"));
    rollback_ended(&rollback, &by);
}

fn write_about_the_configuration() {
    let changed = |key: &str, old: &str, new: &str| KeyChange {
        key: key.into(),
        old: old.into(),
        new: new.into(),
        restart: false,
    };
    let errors = [finding(Severity::Error, "a"), finding(Severity::Error, "b")];
    configuration_live();
    key_changed(&changed("[log] addresses", "\"full\"", "\"hash\""));
    rewriting_off(&changed("mode", "\"rewrite\"", "\"observe\""));
    key_waits(&changed(
        "rules",
        "\"/etc/readdress/rules\"",
        "\"/srv/rules\"",
    ));
    configuration_refused(&errors);
    configuration_still_refused(&errors, Duration::from_secs(600));
    configuration_fixed(Duration::from_secs(63));
    configuration_accepted("5f1c0a9be2d37764", Some(0));
    configuration_exposed(&[]);
}

fn write_about_the_daemon() {
    let denied = io::Error::from_raw_os_error(13);
    let listening = |kind, socket: &str| ListeningSocket {
        kind,
        socket: socket.parse().unwrap(),
        from_systemd: false,
    };
    let sockets = ListeningSockets(vec![
        listening(ListenerKind::Milter, "inet:127.0.0.1:8892"),
        listening(ListenerKind::Control, "unix:/run/readdress/control.sock"),
    ]);
    started(&Config::default(), &sockets);
    stopping();
    stopped();
    signal_missing(1, &io::Error::from_raw_os_error(22));
    runtime_directory_missing(Path::new("/run/readdress"), &denied);
    control_missing(&format!("unix:/run/readdress/control.sock: {denied}"));
    control_refused(Some(1000));
    watch_unavailable(&io::Error::from_raw_os_error(28));
    watch_restored();
    watch_overflowed();
    task_ended(
        "reloader",
        "panicked: no threads",
        Duration::from_millis(100),
    );
    task_given_up("control", "panicked: no threads", 8);
    panicked(&"src/daemon/state/live.rs:12:5", "no threads");
    no_sign_of_life("milter threads");
    socket_lost(&"unix:/run/readdress/milter.sock", "its file was removed");
    socket_bound_again(&"unix:/run/readdress/milter.sock");
    connections_limited(1024, 904, 1000, 60);
    job_takes_long("rules", 60);
}

/// The names of the fields of a line, without what is in quotes.
fn fields(line: &str) -> BTreeSet<&str> {
    let outside = line.split('"').step_by(2);
    let words = outside.flat_map(str::split_whitespace);
    words
        .filter_map(|word| word.split_once('='))
        .map(|(name, _)| name.trim_start_matches('`'))
        .filter(|name| !name.is_empty())
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect()
}

/// Every event's example is what its function writes, at its level; and each field of it is explained.
#[test]
fn the_manual_shows_true_lines() {
    let lines = capture(write_all);
    let mut events: Vec<_> = events()
        .into_iter()
        .flat_map(|(_, events)| events)
        .collect();
    // The queue of the log writes this line, and tests it.
    events.retain(|event| event.line != DROPPED.line);
    for event in events {
        let word = event.level.as_str().to_lowercase();
        // The example shows a version, which does not stay.
        let line = event.line.replace("0.1.0", env!("CARGO_PKG_VERSION"));
        let line = format!("{word} {line}");
        assert!(lines.contains(&line), "not written: {line}\n{lines:#?}");
        let explained: BTreeSet<_> = event.fields.iter().map(|(name, _)| *name).collect();
        let missing: Vec<_> = fields(event.line)
            .into_iter()
            .filter(|name| !explained.contains(name))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", event.line);
        for text in [event.next, event.advice] {
            assert!(text.is_empty() || text.ends_with('.'), "{text}");
        }
    }
}
