//! Plays every file of `tests/scenarios` against every peer: a fake MTA, Postfix, Sendmail.
//!
//! `READDRESS_SCENARIO=word` plays only the files whose names contain the word. All failures of a peer are reported
//! together. `support/scenario.rs` explains how a file is written.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::peer::Peer;
use support::play::play;
use support::scenario::{self, PEERS};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(folder).expect("tests/scenarios");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let wanted = std::env::var("READDRESS_SCENARIO").unwrap_or_default();
    files.retain(|file| file.to_string_lossy().contains(&wanted));
    assert!(!files.is_empty(), "no scenario has `{wanted}` in its name");
    files
}

fn run(name: &str) {
    let Some(peer) = Peer::start(name) else {
        return;
    };
    let mut failures = Vec::new();
    let mut played = Vec::new();
    for file in files() {
        match scenario::read(&file, name) {
            Ok(Some(scenario)) => played.push(play(&scenario, &peer)),
            Ok(None) => {}
            Err(error) => failures.push(error),
        }
    }
    let count = played.len();
    failures.extend(peer.drain().err());
    failures.extend(played.into_iter().flat_map(|played| played.failures(&peer)));
    println!("{name}: {count} scenarios, {} failures", failures.len());
    assert!(
        failures.is_empty(),
        "{name}:\n\n{}\n",
        failures.join("\n\n")
    );
}

/// Finds mistakes in files without any peer, and checks that every file is for at least one peer.
#[test]
fn files_are_well_written() {
    for file in files() {
        let read: Vec<_> = PEERS
            .iter()
            .map(|peer| scenario::read(&file, peer).unwrap_or_else(|error| panic!("{error}")))
            .collect();
        assert!(
            read.iter().any(Option::is_some),
            "{}: no peer plays it",
            file.display()
        );
    }
}

#[test]
fn fake() {
    run("fake");
}

#[test]
fn postfix() {
    run("postfix");
}

#[test]
fn sendmail() {
    run("sendmail");
}
