//! The JSON of the control socket and of `--json`: shapes that programs rely on, and how older and newer
//! programs are understood.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;

mod lines;

/// Reads a value from JSON.
#[track_caller]
fn read<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Holds a full value: it is read, written as the same JSON, and read although a newer program adds a field.
#[track_caller]
fn round<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(json: &Value) -> T {
    let value: T = read(json);
    assert_eq!(written(&value), *json);
    let mut newer = json.clone();
    newer["added_by_a_newer_version"] = json!({ "a": [1, null] });
    assert_eq!(read::<T>(&newer), value);
    value
}

fn explained() -> Value {
    json!({
        "address": "jd+x@domain2.com",
        "action": "reject",
        "to": [],
        "reply": { "code": 550, "enhanced": "5.1.1", "text": "User unknown" },
        "steps": [{
            "address": "jd+x@domain2.com", "file": "a.rules", "line": 3, "rule": "@domain2.com @company.com",
            "why": "this rule is for it", "reason": "rule",
        }],
        "generation": 7,
    })
}

fn findings() -> Value {
    json!({ "findings_more": 2, "findings": ["a.rules:1:1: error: x [syntax]"], "errors": 2, "warnings": 1 })
}

/// Adds the fields of another object.
fn with(mut one: Value, other: &Value) -> Value {
    for (key, value) in other.as_object().unwrap() {
        one[key] = value.clone();
    }
    one
}

fn configuration() -> Value {
    json!({
        "file": "/etc/readdress/readdress.toml",
        "refused": with(json!({ "since": 5, "accept": "readdress accept 12" }), &findings()),
        "waiting": [{ "key": "[log] level", "in_force": "\"info\"", "file": "\"warn\"" }],
        "last_change": {
            "at": 9,
            "keys": [{ "key": "mode", "in_force": "\"rewrite\"", "file": "\"observe\"" }],
        },
    })
}

fn live() -> Value {
    let live = json!({
        "outcome": "live", "generation": 7, "rules": 812, "files": 2, "added": 1, "removed": 0, "changed": 2,
        "added_rules": ["a@b c@d"], "removed_rules": [], "changed_rules": ["e@f g@h"], "took_ms": 4,
    });
    with(live, &findings())
}

/// The line that is promised to programs: these fields, in this order.
#[test]
fn an_explanation_has_the_documented_fields_in_their_order() {
    let value: Explained = round(&explained());
    let line = serde_json::to_string(&value).unwrap();
    let names = ["address", "action", "to", "reply", "steps", "generation"];
    let places: Vec<_> = names
        .iter()
        .map(|name| line.find(&format!("\"{name}\":")).expect(name))
        .collect();
    // `address` stands in the steps as well, and `find` returns the first.
    assert!(places.is_sorted(), "{line}");
    let object = explained();
    assert_eq!(
        object.as_object().unwrap().keys().collect::<Vec<_>>(),
        names
    );
    assert_eq!(written(&value).as_object().unwrap().len(), names.len());
}

#[test]
fn what_is_not_there_is_null_or_left_out() {
    let kept = Explained {
        address: "a@b.example".to_owned(),
        to: vec!["a@b.example".to_owned()],
        ..Explained::default()
    };
    let json = json!({
        "address": "a@b.example", "action": "keep", "to": ["a@b.example"],
        "reply": null, "steps": [], "generation": null,
    });
    assert_eq!(written(&kept), json);
    assert_eq!(read::<Explained>(&json), kept);
}

/// `class` is absent for an address, null for a domain that the table does not know, and a word otherwise.
#[test]
fn the_class_of_a_domain_has_three_states() {
    for (class, field) in [
        (None, None),
        (Some(None), Some(Value::Null)),
        (Some(Some("primary".to_owned())), Some(json!("primary"))),
    ] {
        let value = Explained {
            class: class.clone(),
            ..Explained::default()
        };
        let json = written(&value);
        assert_eq!(json.get("class"), field.as_ref());
        assert_eq!(read::<Explained>(&json).class, class);
    }
}

#[test]
fn what_the_mta_does_is_carried_whole() {
    let mta = json!({
        "delete": ["<jd@domain2.com>"],
        "add": [{ "address": "jdoe@company.com", "parameters": "NOTIFY=NEVER" }],
        "does": ["deletes <jd@domain2.com>"],
    });
    let mut json = explained();
    json["mta"] = mta;
    json["note"] = json!("why");
    let value: Explained = round(&json);
    assert_eq!(value.mta.unwrap().add[0].parameters, "NOTIFY=NEVER");
}

#[test]
fn each_action_is_its_word_and_a_newer_one_is_kept() {
    for (word, action) in [
        ("keep", Action::Keep),
        ("replace", Action::Replace),
        ("reject", Action::Reject),
        ("defer", Action::Defer),
        ("discard", Action::Discard),
        ("quarantine", Action::Other("quarantine".to_owned())),
    ] {
        assert_eq!(action.to_string(), word);
        assert_eq!(Action::from_word(word), action);
        assert_eq!(written(&action), json!(word));
        assert_eq!(read::<Action>(&json!(word)), action);
    }
}

#[test]
fn each_reason_of_a_step_is_its_word_and_a_newer_one_is_kept() {
    for (word, reason) in [
        ("rule", StepReason::Rule),
        ("unknown", StepReason::Unknown),
        ("routing-spelling", StepReason::RoutingSpelling),
        ("elsewhere", StepReason::Elsewhere),
        ("loop", StepReason::Loop),
        ("limit", StepReason::Limit),
        ("no-address", StepReason::NoAddress),
        ("fault", StepReason::Fault),
        ("weather", StepReason::Other("weather".to_owned())),
    ] {
        assert_eq!(written(&reason), json!(word));
        assert_eq!(read::<StepReason>(&json!(word)), reason);
    }
}

/// A step of a daemon without a protocol number has neither `why` nor `reason`.
#[test]
fn a_step_of_an_older_daemon_is_read() {
    let json = json!({ "address": "a@b", "file": "a.rules", "line": 3, "rule": "a@b c@d" });
    let step: Step = read(&json);
    assert_eq!((step.line, &*step.why, step.reason), (3, "", None));
}

#[test]
fn each_outcome_of_a_reload_is_read_and_written() {
    let rest = json!({ "at": 5, "directory": "/etc/readdress/rules" });
    let held = json!({
        "outcome": "held", "generation": 6, "digest": "0a1b", "rules": 3, "files": 1,
        "causes": [{ "cause": "shrunk", "text": "30 of 40 rules and domain lines are gone" }],
        "accept": "readdress accept 0a1b",
        "differences": [{
            "address": "jd@domain2.com", "before": "jdoe@company.com", "after": "reject 550 5.1.1",
            "rule_before": "a.rules:3", "rule_after": null,
        }],
        "differences_total": 30, "differences_more": false,
    });
    let refused = with(
        json!({ "outcome": "refused", "generation": 0 }),
        &findings(),
    );
    for (json, generation, errors) in [
        (live(), 7, Some(2)),
        (json!({ "outcome": "unchanged", "generation": 4 }), 4, None),
        (refused, 0, Some(2)),
        (held, 6, None),
        (json!({ "outcome": "configuration" }), 0, None),
    ] {
        let reload: Reload = round(&with(json, &rest));
        assert_eq!(reload.outcome.generation(), generation);
        assert_eq!(reload.outcome.findings().map(|found| found.errors), errors);
        assert_eq!(reload.directory, "/etc/readdress/rules");
    }
}

#[test]
fn the_configuration_and_a_setting_are_read_and_written() {
    let value: Configuration = round(&configuration());
    let refused = value.refused.unwrap();
    assert_eq!((refused.since, refused.findings.errors), (5, 2));
    let minimal: Configuration = read(&json!({ "file": "/c" }));
    assert_eq!((minimal.refused, minimal.waiting.len()), (None, 0));
    round::<Setting>(&json!({
        "section": "log", "key": "level", "value": "\"info\"", "from": "default", "waiting": null,
    }));
}

/// The smallest status that an older daemon sends, and a full one.
#[test]
fn a_status_is_read_whether_old_or_full() {
    let old: Status = read(&json!({ "generation": 3 }));
    assert_eq!((old.generation, old.rules, old.connections), (3, 0, 0));
    assert!(old.is_well() && old.outcome().is_none() && old.refused().is_none());
    let rest = json!({ "at": 5, "directory": "/r" });
    let refused = with(
        json!({ "outcome": "refused", "generation": 3 }),
        &findings(),
    );
    let full = json!({
        "version": "0.1.0", "uptime_seconds": 60,
        "degraded": [{ "what": "rules", "since": 5, "why": "w", "mail": "m", "first": "f" }],
        "generation": 3, "since": 4, "age_seconds": 50, "rules": 812,
        "files": [{ "file": "a.rules", "rules": 812 }],
        "directory": "/r", "mode": "observe",
        "milter": ["unix:/m"], "socketmap": ["inet:127.0.0.1:1"], "control": "unix:/c",
        "connections": 2, "connection_limit": 1000,
        "problems": [{ "part": "watch", "what": "w", "for_seconds": 7 }],
        "reloads": { "live": 1, "refused": 2, "held": 3 },
        "last_reload": with(refused, &rest), "last_change": with(live(), &rest),
        "configuration": configuration(),
        "state": { "directory": "/s", "problem": null },
        "snapshot": null,
        "traffic": {
            "addresses": 37, "remember_seconds": 2_592_000, "dropped": 0, "missed": 0,
            "directory": "/s/traffic-1b2e", "problem": null,
        },
    });
    let status: Status = round(&full);
    assert!(!status.is_well());
    assert_eq!(status.refused().unwrap().findings.warnings, 1);
    assert_eq!(status.outcome().unwrap().generation(), 3);
    assert_eq!(status.degraded[0].what, DegradedFiles::Rules);
}

#[test]
fn a_daemon_is_well_only_if_files_and_parts_are() {
    let well = json!({ "generation": 1 });
    for (field, value) in [
        (
            "degraded",
            json!([{ "what": "configuration", "why": "w", "mail": "m" }]),
        ),
        (
            "degraded",
            json!([{ "what": "certificates", "why": "w", "mail": "m" }]),
        ),
        ("problems", json!([{ "part": "log", "what": "w" }])),
    ] {
        let mut ill = well.clone();
        ill[field] = value;
        assert!(!read::<Status>(&ill).is_well(), "{ill}");
    }
    let newer: DegradedFiles = read(&json!("certificates"));
    assert_eq!(newer, DegradedFiles::Other("certificates".to_owned()));
    assert!(read::<Status>(&well).is_well());
}

#[test]
fn a_finding_of_check_is_read_and_written() {
    let place =
        json!({ "file": "a.rules", "line": 3, "column": 1, "end_column": 5, "source": "a@b c@d" });
    let nowhere = json!({ "file": "a.xyz", "line": null, "column": null, "end_column": null, "source": null });
    let rest = json!({
        "severity": "error", "code": "conflict", "message": "m", "help": null,
        "suggestions": [{
            "message": "s",
            "edits": [{ "file": "a.rules", "line": 3, "column": 1, "end_line": 4, "end_column": 1, "text": "" }],
        }],
        "notes": [with(nowhere.clone(), &json!({ "message": "n" }))],
        "counts": { "contacts": 3 },
    });
    let finding: CheckFinding = round(&with(place, &rest));
    assert_eq!(finding.place.line, Some(3));
    let file: CheckFinding = round(&with(nowhere, &rest));
    assert_eq!((file.place.line, file.notes.len()), (None, 1));
    round::<CheckSummary>(&json!({ "summary": {
        "subject": "/r", "errors": 1, "warnings": 2, "rules": null, "files": 3, "expectations": 4, "live": false,
    }}));
}
