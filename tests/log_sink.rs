//! The log goes to a pipe that is closed, full or stuck, or to the journal: the process neither hangs nor ends.
//!
//! Each test runs this program again. The second process writes the log.

#![cfg(feature = "daemon")]

use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use readdress::daemon::log::Log;

/// Set in the process that logs: the number of lines.
const LINES: &str = "READDRESS_TEST_LINES";

/// More lines than the queue holds.
const MANY: u64 = 20_000;

/// In the process that logs: writes the lines, and prints on stdout how many were lost.
#[test]
fn logging_run() {
    let Ok(lines) = env::var(LINES) else { return };
    let log = Log::start("info").unwrap();
    assert!(Log::start("info").is_err(), "there is one log");
    let started = Instant::now();
    for number in 0..lines.parse().unwrap() {
        tracing::info!(number, to = "<a@b.example>\nforged", "4bXz:");
        tracing::debug!("never seen");
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "logging waits: {took:?}");
    // Gives the thread that writes time to fail.
    thread::sleep(Duration::from_millis(300));
    let mut stdout = std::io::stdout();
    writeln!(stdout, "dropped={}", log.dropped()).unwrap();
    drop(log);
}

fn start(lines: u64, stderr: Stdio, set: &[(&str, String)]) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "logging_run", "--nocapture"])
        .env_remove("JOURNAL_STREAM")
        .env(LINES, lines.to_string())
        .envs(set.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr);
    command.spawn().unwrap()
}

/// Waits for the end of the process. Returns how many lines were lost.
fn end(mut child: Child) -> u64 {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("it hangs");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let mut said = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    let number = said.split_once("dropped=").unwrap().1;
    number.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn every_event_is_one_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let dropped = end(start(500, file.reopen().unwrap().into(), &[]));
    assert_eq!(dropped, 0);
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(text.lines().count(), 500);
    for (number, line) in text.lines().enumerate() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{line}");
        let wanted = format!("info 4bXz: number={number} to=\"<a@b.example>\\nforged\"");
        assert_eq!(rest, wanted);
    }
}

#[test]
fn a_closed_end_loses_lines_and_nothing_else() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(ours);
    assert!(end(start(100, OwnedFd::from(theirs).into(), &[])) >= 100);
}

#[test]
fn a_full_disk_loses_lines_and_nothing_else() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert!(end(start(100, full.into(), &[])) >= 100);
}

#[test]
fn a_pipe_that_nobody_reads_stops_nobody() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let dropped = end(start(MANY, OwnedFd::from(theirs).into(), &[]));
    assert!(dropped > 0 && dropped < MANY, "{dropped}");
    drop(ours);
}

/// `JOURNAL_STREAM` counts only if it names stderr; then the journal adds the time.
#[test]
fn the_journal_is_told_by_its_inode() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let metadata = file.as_file().metadata().unwrap();
    let ours = format!("{}:{}", metadata.dev(), metadata.ino());
    if std::path::Path::new("/run/systemd/journal/socket").exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is a journal here");
        return;
    }
    for (stream, prefix) in [(ours, "<6>4bXz: "), ("1:1".to_owned(), "20")] {
        file.as_file().set_len(0).unwrap();
        end(start(
            1,
            file.reopen().unwrap().into(),
            &[("JOURNAL_STREAM", stream)],
        ));
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.starts_with(prefix), "{text}");
    }
}
