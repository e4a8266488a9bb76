//! `readdress explain CODE`, and the examples that are commands of a shell.

use std::process::Command;

use readdress::doctor;
use readdress::engine::diagnostic::codes::{self, Example};

use crate::program::{Place, RULES};

#[test]
fn a_code_is_explained_with_its_example() {
    let said = Place::new(&[]).run(&["explain", "conflict"]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    said.prints(&[
        "conflict: error",
        "    sales@domain2.com carol@company.com",
        "    10-example.rules:2:1: error: `sales@domain2.com` is written twice, with another action [conflict]",
    ]);
    assert!(
        said.out
            .contains("\nWhat to do: Delete one of the two rules"),
        "{}",
        said.out
    );
}

#[test]
fn every_code_is_explained() {
    let place = Place::new(&[]);
    let of_doctor = doctor::codes::ALL.iter().map(|code| code.word).step_by(7);
    let words = codes::all()
        .map(|code| code.word())
        .step_by(5)
        .chain(of_doctor);
    for word in words {
        let said = place.run(&["explain", "--json", word]);
        assert_eq!((said.status, &*said.err), (Some(0), ""), "{word}: {said:?}");
        let object: serde_json::Value = serde_json::from_str(&said.out).expect("an object");
        assert_eq!(object["code"], word);
        for key in ["meaning", "action"] {
            assert!(!object[key].as_str().unwrap().is_empty(), "{object}");
        }
    }
}

/// The example of a finding about the machine is a sentence: what an administrator did.
#[test]
fn a_code_of_doctor_is_explained_with_a_situation() {
    let said = Place::new(&[]).run(&["explain", "milter-not-last"]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    said.prints(&[
        "milter-not-last: warning",
        "What to do: List readdress as the last milter.",
        "Example: The administrator added a spam filter at the end of `smtpd_milters`.",
        "`readdress doctor` says what to type on this machine.",
    ]);
}

/// No code of doctor goes without its own text.
#[test]
fn every_code_of_doctor_has_its_own_situation() {
    let mut situations: Vec<_> = doctor::codes::ALL
        .iter()
        .map(|code| code.situation)
        .collect();
    situations.sort_unstable();
    situations.dedup();
    assert_eq!(situations.len(), doctor::codes::ALL.len());
}

#[test]
fn a_misspelt_code_is_named() {
    let said = Place::new(&[]).run(&["explain", "undeclared-domian"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(
        said.err.contains("did you mean `undeclared-domain`?"),
        "{said:?}"
    );
}

#[test]
fn a_domain_stays_what_it_was() {
    let place = Place::new(&[("a.rules", RULES)]);
    let said = place.run(&["explain", "--rules", "rules", "loop.example"]);
    assert!(
        !said.out.contains("What to do") && !said.err.contains("code"),
        "{said:?}"
    );
}

/// Commands that a test cannot run, with the reason.
const NOT_RUN: [(&str, &str); 11] = [
    ("being-written", "never ends; tests/reload shows it"),
    ("emptied", "needs the daemon; tests/life shows it"),
    (
        "file-too-large",
        "five gigabytes; tests/reload lowers the limit",
    ),
    (
        "foreign-owner",
        "needs root; daemon::source::access shows it",
    ),
    (
        "internal-error",
        "no command brings it about; tests/reload makes a job panic",
    ),
    (
        "link-to-private-file",
        "needs root; daemon::source::access shows it",
    ),
    (
        "no-permission",
        "root may read everything; tests/reload shows it",
    ),
    (
        "not-enough-memory",
        "needs a full machine; tests/reload shows it",
    ),
    (
        "record-damaged",
        "a text of the history; tests/life/guard.rs damages one",
    ),
    (
        "too-many-rules",
        "four gigabytes; engine::store lowers the limit",
    ),
    (
        "unreadable-directory",
        "root may read everything; tests/reload shows it",
    ),
];

#[test]
fn every_command_brings_its_finding_about() {
    for code in codes::all() {
        let Example::Command(command) = code.example() else {
            continue;
        };
        if NOT_RUN.iter().any(|(word, _)| *word == code.word()) {
            continue;
        }
        let place = Place::new(&[("10-example.rules", RULES)]);
        let rules = place.join("rules");
        let program = env!("CARGO_BIN_EXE_readdress");
        let command = command.replace("readdress ", &format!("{program} "));
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", &command]).current_dir(&rules).output();
        let ran = ran.expect("sh");
        let said = place.run(&["check", "rules"]);
        let all = String::from_utf8_lossy(&ran.stderr).into_owned() + &said.out;
        assert!(
            all.contains(&format!("[{code}]")),
            "{code}: {command}\n{all}"
        );
    }
}
