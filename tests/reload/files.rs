//! What may stand in the rules directory under the name of a rules file.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use readdress::daemon::source::{Limits, Reading, read};

use crate::bench::{Bench, NOTIFIED, rename_over};

fn codes(reading: &Reading) -> Vec<&'static str> {
    let findings = reading.diagnostics.iter();
    findings.map(|finding| finding.code).collect()
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
    let reading = read(dir.path(), &Limits::default());
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
    let reading = read(dir.path(), &Limits::default());
    assert_eq!(reading.sources[0].bytes, bytes);
    assert!(reading.diagnostics.is_empty());
}

#[test]
fn every_prefix_of_a_file_comes_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let text = "# a table\nsales@b.example  carol@a.example\n@c.example  @a.example\n";
    for end in 0..=text.len() {
        rename_over(dir.path(), "a.rules", &text[..end]);
        let reading = read(dir.path(), &Limits::default());
        assert_eq!(reading.sources[0].bytes, &text.as_bytes()[..end]);
        assert!(reading.diagnostics.is_empty());
    }
}

/// The reload sees each of the prefixes that stay, and none that was never there.
#[tokio::test]
async fn a_half_written_file_is_what_was_written() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["h", "ha", "half"] {
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
    }
}

#[test]
fn a_file_is_not_read_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rules");
    let stop = Arc::new(AtomicBool::new(false));
    let texts: Vec<String> = ["a", "b"]
        .iter()
        .map(|s| format!("{s}\n").repeat(200_000))
        .collect();
    fs::write(&path, &texts[0]).unwrap();
    let writer = {
        let (path, stop, texts) = (path.clone(), Arc::clone(&stop), texts.clone());
        thread::spawn(move || {
            for text in texts.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                fs::write(&path, text).unwrap();
                thread::sleep(Duration::from_millis(30));
            }
        })
    };
    let limits = Limits {
        pause: Duration::from_millis(1),
        ..Limits::default()
    };
    let (mut whole, mut readings) = (0, 0);
    let started = Instant::now();
    while (whole < 20 || readings < 100) && started.elapsed() < Duration::from_secs(20) {
        readings += 1;
        let reading = read(dir.path(), &limits);
        match reading.sources.first() {
            // A writer that has truncated and not yet written leaves an empty file for a moment.
            Some(source) if source.bytes.is_empty() => {}
            Some(source) => {
                let first = source.bytes[0];
                let torn = source
                    .bytes
                    .iter()
                    .any(|&byte| byte != first && byte != b'\n');
                assert!(!torn, "two texts in one");
                whole += 1;
            }
            None => assert_eq!(codes(&reading), ["being-written"]),
        }
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(whole > 0, "it is read now and then");
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
        let reading = read(dir.path(), &Limits::default());
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
