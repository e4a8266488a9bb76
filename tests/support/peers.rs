//! What both MTAs share: the folder into which they were unpacked, and the ports on which they accept mail.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::process::Process;
use super::smtp::Client;

/// A port of an MTA, and the milters that the MTA asks about mail that comes in there.
///
/// Sockets are written as Postfix writes them: `inet:127.0.0.1:PORT` or `unix:/PATH`.
pub struct Door {
    pub port: u16,
    pub milters: Vec<String>,
    /// True if Postfix's smtpd runs in a chroot, the queue directory, as on Debian.
    pub chroot: bool,
}

impl Door {
    pub fn new(milters: &[&str]) -> Self {
        Self {
            port: super::folder::free_port(),
            milters: milters.iter().map(|&socket| socket.to_owned()).collect(),
            chroot: false,
        }
    }

    pub fn chrooted(mut self) -> Self {
        self.chroot = true;
        self
    }
}

/// Returns the folder into which `tests/peers/install` has unpacked the packages.
///
/// Returns `None`, with a line on standard error, if the run is to leave the peers out.
pub fn unpacked() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    // A relative CARGO_TARGET_DIR is relative to the place where cargo was called; the MTAs want
    // absolute paths.
    let cache = fs::canonicalize(target).unwrap_or_default().join("peers");
    if std::env::var("READDRESS_SKIP_PEERS").is_ok_and(|value| value == "1") {
        // The macro's output would not be shown, because the test harness hides it when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIP: Postfix and Sendmail are NOT tested: READDRESS_SKIP_PEERS=1"
        );
        return None;
    }
    assert!(
        cache.join("complete").exists(),
        "Postfix and Sendmail are not there: run tests/peers/install as root first \
         (or set READDRESS_SKIP_PEERS=1 to leave them out)"
    );
    Some(cache)
}

/// Waits until every door answers with a banner, or panics with what the MTA wrote.
pub fn wait_for(doors: &[Door], process: &mut Process, limit: Duration, log: &Path) {
    let deadline = Instant::now() + limit;
    for door in doors {
        while Client::greet(std::net::Ipv4Addr::LOCALHOST, door.port).is_err() {
            let ended = process.ended();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the MTA does not answer on port {} ({ended:?}):\n{}\n{}",
                door.port,
                tail(log),
                tail(&log.with_file_name("mail.log"))
            );
            sleep(Duration::from_millis(20));
        }
    }
}

/// Waits until `busy` finds nothing twice in a row. Once is not enough: a message may move from one queue to another
/// during the search.
pub fn wait_until_empty(busy: impl Fn() -> Vec<PathBuf>, log: &Path) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut quiet = 0;
    while quiet < 2 {
        let waiting = busy();
        if Instant::now() > deadline {
            return Err(format!("still in the queue: {waiting:?}\n{}", tail(log)));
        }
        quiet = if waiting.is_empty() { quiet + 1 } else { 0 };
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Returns all files below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Returns the last lines of a log.
pub fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
