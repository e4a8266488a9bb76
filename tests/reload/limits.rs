//! Limits of memory, of permissions and of the system.
//!
//! An administrator may do more than the daemon, so these tests run this program again as another user.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use readdress::daemon::source::{Limits, read_directory};
use readdress::daemon::watch::Mode;
use rustix::fs::inotify;

use crate::bench::{Bench, RESCANNED, skip};

/// Set in the process that runs as another user: the directory to work in.
const WORK: &str = "READDRESS_TEST_WORK";

/// Runs the test `name` again as the user `uid`, in a directory of its own.
fn as_user(uid: u32, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("test");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let work = dir.path().join("work");
    fs::create_dir(&work).unwrap();
    let owned = Command::new("chown")
        .arg(uid.to_string())
        .arg(&work)
        .status();
    if !owned.is_ok_and(|status| status.success()) {
        return skip(&format!("{name}: not allowed to act as another user"));
    }
    let run = Command::new("setpriv")
        .args([format!("--reuid={uid}"), format!("--regid={uid}")])
        .arg("--clear-groups")
        .arg(&program)
        .args(["--exact", name, "--nocapture"])
        .env(WORK, &work)
        .env("TMPDIR", &work)
        .current_dir(&work)
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}\n{errors}");
            assert!(said.contains("1 passed"), "{said}");
        }
        Err(error) => skip(&format!("{name}: setpriv: {error}")),
    }
}

fn work() -> Option<PathBuf> {
    env::var_os(WORK).map(PathBuf::from)
}

#[test]
fn no_permission_names_the_mode_and_the_user() {
    match work() {
        Some(dir) => no_permission(&dir, "user 64998"),
        None => as_user(64998, "limits::no_permission_names_the_mode_and_the_user"),
    }
}

fn no_permission(dir: &Path, user: &str) {
    let rules = dir.join("rules");
    fs::create_dir(&rules).unwrap();
    fs::write(rules.join("a.rules"), "a").unwrap();
    fs::write(rules.join("b.rules"), "b").unwrap();
    fs::set_permissions(rules.join("a.rules"), fs::Permissions::from_mode(0o200)).unwrap();
    let reading = read_directory(&rules, &Limits::default());
    assert_eq!(reading.sources.len(), 1);
    let [finding] = &reading.diagnostics[..] else {
        panic!("{:?}", reading.diagnostics);
    };
    assert_eq!(finding.code.word(), "no-permission");
    for text in ["a.rules", "mode 0200", user] {
        assert!(finding.message.contains(text), "{}", finding.message);
    }
    fs::set_permissions(&rules, fs::Permissions::from_mode(0o300)).unwrap();
    let reading = read_directory(&rules, &Limits::default());
    assert_eq!(reading.diagnostics[0].code.word(), "unreadable-directory");
    assert!(reading.diagnostics[0].message.contains("mode 0300"));
    fs::set_permissions(&rules, fs::Permissions::from_mode(0o700)).unwrap();
}

/// The limit belongs to the user, so it is not exhausted for other users.
#[tokio::test]
async fn without_notification_the_rescan_finds_everything() {
    if work().is_none() {
        let name = "limits::without_notification_the_rescan_finds_everything";
        return as_user(64999, name);
    }
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    if limit > 4096 {
        return skip("too many inotify instances to use them all up");
    }
    let mut taken = Vec::new();
    while let Ok(instance) = inotify::init(inotify::CreateFlags::CLOEXEC) {
        taken.push(instance);
        assert!(taken.len() <= limit);
    }
    let bench = Bench::new(RESCANNED).await;
    assert_eq!(bench.handle.status().mode, Some(Mode::RescanOnly));
    fs::write(bench.file("a.rules"), "two").unwrap();
    bench.becomes("two").await;
    fs::remove_dir_all(&bench.rules).unwrap();
    fs::create_dir(&bench.rules).unwrap();
    fs::write(bench.file("a.rules"), "three").unwrap();
    bench.becomes("three").await;
    // Notifications work again as soon as the system allows them.
    drop(taken);
    bench
        .status(|status| status.mode == Some(Mode::RescanOnly))
        .await;
    fs::write(bench.file("a.rules"), "four").unwrap();
    bench.becomes("four").await;
    assert!(bench.handle.reload().await.is_some());
    assert_eq!(bench.handle.status().mode, Some(Mode::Notified));
}

/// A line of 200 MB. If the reader kept the line, its peak of memory would show it.
#[test]
fn an_endless_line_costs_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("a.rules")).unwrap();
    file.write_all(b"first\n").unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        file.write_all(&block).unwrap();
    }
    drop(file);
    let before = peak();
    let reading = read_directory(dir.path(), &Limits::default());
    let grown = peak() - before;
    assert_eq!(reading.diagnostics[0].code.word(), "line-too-long");
    assert!(reading.diagnostics[0].message.contains("line 2 "));
    assert!(grown < 64 * 1024, "{grown} KiB");
}

/// Of 120 MB of comments one megabyte is kept, and the rule after the comments keeps its place.
#[test]
fn comments_cost_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("a.rules")).unwrap();
    let line = format!("# {}\n", "x".repeat(998));
    let block = line.repeat(1000);
    for _ in 0..120 {
        file.write_all(block.as_bytes()).unwrap();
    }
    file.write_all(b"jd@domain2.com jdoe@company.com # Doe\n")
        .unwrap();
    drop(file);
    let before = peak();
    let reading = read_directory(dir.path(), &Limits::default());
    let grown = peak() - before;
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let text = &reading.sources[0].bytes;
    let lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines[120_000], b"jd@domain2.com jdoe@company.com # Doe");
    assert!(text.len() < 2 << 20, "{}", text.len());
    assert!(grown < 64 * 1024, "{grown} KiB");
}

/// A file of 8 GiB that takes no room on the disk is refused for its size, before a byte is read.
#[test]
fn a_huge_file_is_refused_by_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("a.rules")).unwrap();
    if file.set_len(8 << 30).is_err() {
        return skip("this file system has no sparse files");
    }
    let reading = read_directory(dir.path(), &Limits::default());
    assert_eq!(reading.diagnostics[0].code.word(), "file-too-large");
}

/// Returns the most memory that this process has ever had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}
