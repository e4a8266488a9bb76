//! Files, links and directories in the rules directory that have the name of a rules file.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use readdress::daemon::source::{Limits, Reading, read_directory};

use crate::bench::{Bench, NOTIFIED, rename_over};

fn codes(reading: &Reading<'_>) -> Vec<&'static str> {
    let findings = reading.diagnostics.iter();
    findings.map(|finding| finding.code.word()).collect()
}

#[test]
fn nothing_but_files_is_read_and_nothing_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let made = Command::new("mkfifo").arg(path("1.rules")).status();
    assert!(made.unwrap().success());
    symlink("/dev/zero", path("2.rules")).unwrap();
    fs::create_dir(path("3.rules")).unwrap();
    let _listener = UnixListener::bind(path("4.rules")).unwrap();
    symlink("nowhere", path("5.rules")).unwrap();
    symlink("6.rules", path("6.rules")).unwrap();
    fs::write(path("7.rules"), "good").unwrap();
    let started = Instant::now();
    let reading = read_directory(dir.path(), &Limits::default());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(
        codes(&reading),
        [
            "not-a-file",
            "not-a-file",
            "not-a-file",
            "not-a-file",
            "unreadable-file",
            "unreadable-file",
        ]
    );
    assert_eq!(reading.sources.len(), 1);
    let said: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|f| f.message.as_str())
        .collect();
    for (text, what) in said
        .iter()
        .zip(["named pipe", "device", "directory", "socket"])
    {
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_left_to_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = b"\xef\xbb\xbfa\xff\xfe\r\n\xe2\x80\xa8";
    fs::write(dir.path().join("a.rules"), bytes).unwrap();
    let reading = read_directory(dir.path(), &Limits::default());
    assert_eq!(reading.sources[0].bytes, bytes);
    assert!(reading.diagnostics.is_empty());
}

#[test]
fn every_prefix_of_a_file_comes_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let text = "# a table\nsales@b.example  carol@a.example\n@c.example  @a.example\n";
    for end in 0..=text.len() {
        rename_over(dir.path(), "a.rules", &text[..end]);
        let reading = read_directory(dir.path(), &Limits::default());
        assert_eq!(reading.sources[0].bytes, &text.as_bytes()[..end]);
        assert!(reading.diagnostics.is_empty());
    }
}

/// The reload sees each prefix that stays, and no text that never was in the file.
#[tokio::test]
async fn a_half_written_file_is_what_was_written() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["h", "ha", "half"] {
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
    }
}

/// So large that it is written to many times while it is read once.
#[test]
fn a_file_is_not_read_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rules");
    fs::write(
        &path,
        "a line of some length, as rules are\n".repeat(400_000),
    )
    .unwrap();
    let mut file = File::options().append(true).open(&path).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writer = thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            file.write_all(b"\n").unwrap();
            thread::sleep(Duration::from_micros(500));
        }
    });
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let while_written = read_directory(dir.path(), &limits);
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert_eq!(codes(&while_written), ["being-written"]);
    assert!(read_directory(dir.path(), &limits).diagnostics.is_empty());
}

/// Files that belong together are exchanged together: a mixture of old and new files would be a table that nobody
/// wrote.
#[test]
fn files_are_not_mixed_while_their_directory_is_swapped() {
    let dir = tempfile::tempdir().unwrap();
    for set in ["one", "two"] {
        fs::create_dir(dir.path().join(set)).unwrap();
        for number in 10..60 {
            fs::write(dir.path().join(set).join(format!("{number}.rules")), set).unwrap();
        }
    }
    let rules = dir.path().join("rules");
    let swap = |set: &str| {
        symlink(set, dir.path().join("new")).unwrap();
        fs::rename(dir.path().join("new"), &rules).unwrap();
    };
    swap("one");
    let stop = AtomicBool::new(false);
    // A swap within each of the four attempts would give a mixture. On a busy machine a reading takes long, so the
    // swaps are less frequent there.
    let longest = AtomicU64::new(20);
    thread::scope(|scope| {
        scope.spawn(|| {
            for set in ["two", "one"].iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                swap(set);
                let pause = 4 * longest.load(Ordering::Relaxed);
                thread::sleep(Duration::from_millis(pause));
            }
        });
        let timed = || {
            let begun = Instant::now();
            let reading = read_directory(&rules, &Limits::default());
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            longest.fetch_max(took, Ordering::Relaxed);
            reading
        };
        let mixed = (0..300)
            .map(|_| timed())
            .filter(|reading| {
                let first = &reading.sources[0].bytes;
                reading.sources.iter().any(|source| source.bytes != *first)
            })
            .count();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(mixed, 0);
    });
}

#[test]
fn files_that_come_and_go_meanwhile_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.rules"), "a").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let churn = {
        let (path, stop) = (dir.path().to_owned(), Arc::clone(&stop));
        thread::spawn(move || churn(&path, &stop))
    };
    for _ in 0..200 {
        let reading = read_directory(dir.path(), &Limits::default());
        assert!(!reading.sources.is_empty());
        assert_eq!(reading.sources[0].bytes, b"a");
    }
    stop.store(true, Ordering::Relaxed);
    churn.join().unwrap();
}

fn churn(dir: &Path, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        fs::write(dir.join("b.rules"), "b").unwrap();
        let _ = fs::remove_file(dir.join("b.rules"));
    }
}
