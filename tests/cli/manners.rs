//! What every command has in common: help, exit status of misuse, colour, readers that go away.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::program::{Place, RULES, said};

/// Every command, also where it is hidden in the help of the program.
const COMMANDS: [&str; 9] = [
    "run", "demo", "check", "doctor", "explain", "expect", "try", "status", "reload",
];

/// Columns of a terminal.
const WIDTH: usize = 80;

#[test]
fn every_command_has_help_that_fits_a_terminal() {
    let place = Place::new(&[]);
    let mut calls: Vec<Vec<&str>> = vec![vec!["--help"], vec!["-h"], vec!["help"]];
    for command in COMMANDS {
        calls.extend([
            vec![command, "--help"],
            vec![command, "-h"],
            vec!["help", command],
        ]);
    }
    for call in calls {
        let said = place.run(&call);
        assert_eq!((said.status, &*said.err), (Some(0), ""), "{call:?}");
        assert!(said.out.contains("Usage: readdress"), "{call:?}");
        for line in said.out.lines() {
            assert!(line.chars().count() <= WIDTH, "{call:?}: {line}");
        }
    }
}

#[test]
fn the_help_of_the_program_names_every_command() {
    let said = Place::new(&[]).run(&["--help"]);
    let listed = said.out.lines().filter_map(|line| line.strip_prefix("  "));
    let listed: Vec<_> = listed.filter_map(|line| line.split(' ').next()).collect();
    for command in COMMANDS {
        assert!(listed.contains(&command), "{command}\n{}", said.out);
    }
}

#[test]
fn misuse_ends_with_status_two_and_a_word_of_help() {
    let place = Place::new(&[("a.rules", RULES)]);
    for call in [
        &[][..],
        &["chek"],
        &["--frobnicate"],
        &["check", "--frobnicate", "rules"],
        &["check", "--in", "rules"],
        &["check", "--format", "xml", "rules"],
        &["explain"],
        &["explain", "--live", "--rules", "rules", "a@b.example"],
        &["try", "--from", "a@b.example"],
        &["run", "--listen", "nonsense"],
        &["doctor", "--dns", "nowhere"],
        &["doctor", "--print", "exim"],
        &["doctor", "--print", "postfix", "--strict"],
        &["status", "--socket", "nonsense"],
    ] {
        let said = place.run(call);
        assert_eq!(
            (said.status, &*said.out),
            (Some(2), ""),
            "{call:?} {said:?}"
        );
        assert!(
            said.err.contains("--help") || said.err.contains("Usage"),
            "{said:?}"
        );
    }
    for command in COMMANDS {
        let said = place.run(&[command, "--frobnicate"]);
        assert_eq!(said.status, Some(2), "{command} {said:?}");
    }
}

/// Rules with findings of both kinds, so that there is something to colour.
fn colourful() -> Place {
    Place::new(&[("a.rules", "x@domain2.com rejct\n"), ("b.txt", "")])
}

#[test]
fn a_pipe_gets_no_escape_sequences() {
    let place = colourful();
    for call in [
        &["check", "rules"][..],
        &["expect", "rules"],
        &["explain", "--rules", "rules", "x@domain2.com"],
        &["--help"],
        &["check", "--frobnicate"],
    ] {
        let said = place.run(call);
        assert!(!(said.out + &said.err).contains('\u{1b}'), "{call:?}");
    }
}

/// What the program prints on a terminal, with one variable set.
fn on_a_terminal(place: &Place, variable: (&str, &str)) -> String {
    let program = env!("CARGO_BIN_EXE_readdress");
    let mut command = Command::new("script");
    command
        .args(["-qec", &format!("{program} check rules"), "/dev/null"])
        .current_dir(place.join("."))
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .env(variable.0, variable.1)
        .stdin(Stdio::null());
    let said = said(command);
    assert!(said.out.contains("a.rules:1:15"), "{said:?}");
    said.out
}

#[test]
fn a_terminal_gets_colour_unless_it_is_unwanted() {
    let place = colourful();
    assert!(on_a_terminal(&place, ("X", "1")).contains("\u{1b}[31m"));
    assert!(on_a_terminal(&place, ("NO_COLOR", "")).contains("\u{1b}[31m"));
    for variable in [("NO_COLOR", "1"), ("NO_COLOR", "0"), ("TERM", "dumb")] {
        let shown = on_a_terminal(&place, variable);
        assert!(!shown.contains('\u{1b}'), "{variable:?} {shown:?}");
    }
}

/// `readdress … | head -0`: a pipe whose reader has gone before anything was written.
#[test]
fn a_reader_that_went_away_breaks_nothing() {
    let place = Place::new(&[("a.rules", RULES)]);
    for (call, status) in [
        (&["check", "rules"][..], 0),
        (&["check", "missing"], 2),
        (&["expect", "rules"], 0),
        (&["explain", "--rules", "rules", "jd@domain2.com"], 0),
        (
            &["explain", "--json", "--rules", "rules", "jd@domain2.com"],
            0,
        ),
        (&["check", "--frobnicate"], 2),
    ] {
        let mut command = place.command(call);
        command.stdout(broken_pipe()).stderr(Stdio::piped());
        let out = said(command);
        assert_eq!(out.status, Some(status), "{call:?} {out:?}");
        assert!(!out.err.contains("panicked"), "{call:?} {out:?}");

        let mut command = place.command(call);
        command.stdout(Stdio::piped()).stderr(broken_pipe());
        assert_eq!(said(command).status, Some(status), "{call:?}");

        let full = || File::options().write(true).open("/dev/full").unwrap();
        let mut command = place.command(call);
        command.stdout(full()).stderr(full());
        assert_eq!(said(command).status, Some(2), "{call:?}");
    }
}

#[test]
fn help_for_a_reader_that_went_away_does_not_panic() {
    let place = Place::new(&[]);
    for command in COMMANDS {
        let mut command = place.command(&[command, "--help"]);
        command.stdout(broken_pipe()).stderr(Stdio::piped());
        let said = said(command);
        assert!(!said.err.contains("panicked"), "{said:?}");
        assert!(said.status.is_some(), "{said:?}");
    }
}

fn broken_pipe() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}
