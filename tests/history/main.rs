//! The history after a crash, a full disk and a broken disk at each system call of a change.
//!
//! The program starts itself under strace, which kills it at the first call of a kind, or has the call fail; then at
//! the second one, and so on until nothing is left to disturb. Afterwards the library reads the directory: nothing
//! may be damaged, no text may be missing, and the next generation must be recorded as if nothing had happened.
//!
//! # Limits
//!
//! - What a disk forgets when the power fails is not shown: a call that was made counts.
//! - `READDRESS_SKIP_PEERS=1` leaves these tests out, and says so.

#![cfg(all(feature = "daemon", target_os = "linux"))]
#![allow(clippy::disallowed_macros, reason = "a test says what it skips")]

use std::{fs, path::Path};

mod strace;
mod world;

use strace::{Ended, Fault};
use world::{World, Writer};

/// Calls that change files. strace ignores those with a question mark where the processor has none.
const CALLS: [&str; 11] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "ftruncate",
    "?rename",
    "?renameat2",
    "?unlink",
    "unlinkat",
    "?mkdir",
    "mkdirat",
];

/// The child: changes the history in the directory that the environment names. It is no test.
#[test]
#[ignore = "the other tests start it, under strace"]
fn child() {
    if let Some((directory, writer)) = strace::task() {
        std::process::exit(world::change(Path::new(&directory), writer));
    }
}

/// Disturbs each call of each kind; returns how often, and what was wrong afterwards.
fn disturb(fault: Fault, writer: Writer) -> (usize, Vec<String>) {
    let (mut disturbed, mut wrong) = (0, Vec::new());
    for call in CALLS {
        for number in 1.. {
            assert!(number < 500, "{call} never ends undisturbed");
            let world = World::new();
            let ended = strace::run(world.state(), writer, call, fault, number);
            let undisturbed = matches!(ended, Ended::Undisturbed(_));
            let code = match ended {
                Ended::Undisturbed(code) => {
                    assert_eq!(code, Some(world::ALL_DONE), "{call} alone");
                    code
                }
                Ended::Disturbed(code) => code,
            };
            let found = world.wrong(code);
            wrong.extend(found.map(|what| format!("{fault:?} at {call} {number}: {what}")));
            if undisturbed {
                break;
            }
            disturbed += 1;
        }
    }
    (disturbed, wrong)
}

/// Disturbs the daemon's own writer, which must survive that.
#[track_caller]
fn survives(fault: Fault) {
    if strace::is_left_out() {
        return;
    }
    let (disturbed, wrong) = disturb(fault, Writer::Library);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Two texts and an entry, a reason, a mark and its end: each is opened, written, flushed and renamed.
    assert!(disturbed > 40, "{disturbed} calls were disturbed");
    eprintln!("{fault:?}: {disturbed} calls");
}

#[test]
fn a_kill_at_any_call_leaves_a_whole_history() {
    survives(Fault::Kill);
}

#[test]
fn a_full_disk_at_any_call_leaves_a_whole_history() {
    survives(Fault::Error("ENOSPC"));
}

#[test]
fn a_broken_disk_at_any_call_leaves_a_whole_history() {
    survives(Fault::Error("EIO"));
}

/// Writes in place what the library writes beside and renames: these tests must see the difference.
#[test]
fn a_writer_in_place_is_caught() {
    if strace::is_left_out() {
        return;
    }
    for (fault, signs) in [
        (Fault::Kill, &["cut off", "text"][..]),
        (Fault::Error("ENOSPC"), &["cut off"]),
    ] {
        let (_, wrong) = disturb(fault, Writer::InPlace);
        for sign in signs {
            let caught = wrong.iter().any(|what| what.contains(sign));
            assert!(caught, "{fault:?} without {sign}: {}", wrong.join("\n"));
        }
    }
}

/// Names of files that a writer begins, and has not put in their place.
fn begun(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(begun(&path)),
            false if name.starts_with(".new-") => found.push(path.display().to_string()),
            false => {}
        }
    }
    found
}
