//! If the log cannot be written, mail goes on, and lines are lost instead.

use std::fs::File;
use std::io::{PipeReader, Read, pipe};
use std::process::{Command, Stdio};

use crate::program::{Place, RULES, Serving, edits, message};

/// As many messages as fill a pipe of 64 KiB with their lines, and some more.
const MANY: usize = 1000;

/// Sends messages on one connection; every message must come back rewritten.
async fn send(serving: &Serving<'_>, count: usize) {
    let mut client = serving.client().await;
    for number in 0..count {
        let id = format!("4bXz{number}");
        let (_, end) = message(&mut client, &id, &["jd@domain2.com", "leaked@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2, "{number}");
    }
}

/// Checks that the daemon still reloads, answers commands, and ends as it should.
fn alive(place: &Place, mut serving: Serving<'_>) {
    place.save("b.rules", "carl@company.com mailbox carol@domain2.com\n");
    let reloaded = place.ask(&["reload"]);
    assert_eq!(reloaded.status, Some(0), "{reloaded:?}");
    let status = place.ask(&["status"]);
    assert!(
        status.out.contains("\ngeneration   2, live for "),
        "{status:?}"
    );
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
}

fn place() -> Place {
    Place::new(&[("a.rules", RULES)])
}

fn run(place: &Place) -> Command {
    place.command(&["run", "--config", &place.text("readdress.toml")])
}

#[tokio::test]
async fn a_closed_descriptor_stops_nothing() {
    let place = place();
    let run = run(&place);
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$@\" 2>&- >&- <&-", "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .env_remove("JOURNAL_STREAM");
    let mut serving = place.launch(command);
    serving.ready();
    send(&serving, 50).await;
    alive(&place, serving);
}

#[tokio::test]
async fn a_full_disk_stops_nothing() {
    let place = place();
    let mut command = run(&place);
    command.stderr(File::options().write(true).open("/dev/full").unwrap());
    let mut serving = place.launch(command);
    serving.ready();
    send(&serving, 50).await;
    alive(&place, serving);
}

#[tokio::test]
async fn a_reader_that_went_away_stops_nothing() {
    let place = place();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut command = run(&place);
    command.stderr(writer);
    let mut serving = place.launch(command);
    serving.ready();
    send(&serving, 50).await;
    alive(&place, serving);
}

/// Starts a daemon whose log nobody reads for now.
fn unread(place: &Place) -> (Serving<'_>, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    let mut command = run(place);
    command.stdout(Stdio::null()).stderr(writer);
    let mut serving = place.launch(command);
    serving.ready();
    (serving, reader)
}

/// The pipe is full long before the last message; the queue behind it takes some of the rest.
#[tokio::test]
async fn a_pipe_that_nobody_reads_stops_nothing() {
    let place = place();
    let (serving, mut reader) = unread(&place);
    send(&serving, MANY).await;
    alive(&place, serving);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.len() >= 60_000,
        "the pipe was never full: {}",
        text.len()
    );
    assert!(text.contains("4bXz0: orig_to=<jd@domain2.com>"));
    let lines = text.matches("orig_to=").count();
    assert!(
        lines < 2 * MANY,
        "nothing was lost, so nothing was shown: {lines}"
    );
}

/// As soon as somebody reads the log, the lines that had to wait are written.
#[tokio::test]
async fn a_slow_reader_gets_what_waited() {
    let place = place();
    let (mut serving, mut reader) = unread(&place);
    send(&serving, MANY).await;
    let text = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
    let text = text.join().unwrap();
    assert_eq!(text.matches("orig_to=").count(), 2 * MANY);
    assert!(
        text.ends_with(" stopped\n"),
        "{}",
        text.lines().last().unwrap()
    );
}
