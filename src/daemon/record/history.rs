//! Log lines about the history: what is recorded, what serves from it, and going back.

use std::{fmt::Display, path::Path};

use super::names::Redaction;
use crate::daemon::{
    history::{Author, Rollback},
    log::{events, write_event},
};

events! {
    /// The daemon cannot write to its state directory.
    HISTORY_NOT_RECORDED: WARN "history: not recorded: directory=/var/lib/readdress reason=\"Permission denied (os error 13)\"", [
            "directory": "the state directory",
            "reason": "what the system says",
        ],
        next "Mail is served. There is no going back to this table, and a later start does not know of it.",
        advice "Let the daemon's user write to the directory, or make room on its disk.";
    /// A file of the history cannot be used.
    HISTORY_DAMAGED: ERROR "history: damaged: file=/var/lib/readdress/history-1b2e/generations/7 reason=\"it is cut off, or its hash is another one\"", [
            "file": "the file",
            "reason": "what is wrong with it",
        ],
        next "The file is not used. If there is a rule now, mail is served; if there is none, the table is held back.",
        advice "Look at the disk, then remove the file.";
    /// There is no state directory, and none is configured.
    NO_STATE: INFO "history: none: directory=/var/lib/readdress", [
            "directory": "the directory that does not exist",
        ],
        next "Mail is served. There is no going back, and a later start without rules looks like a first start.",
        advice "Make the directory, or configure `state`. The systemd unit makes it.";
    /// The daemon started while its rules are broken, missing or held back. The lines before say which.
    SNAPSHOT_SERVES: ERROR "history: the last good table serves: generation=7", [
            "generation": "the table that was live when the daemon ended",
        ],
        next "Mail is decided by that table until the files are in order.",
        advice "Fix the files, or accept them; `readdress status` says what is wrong.";
    /// A generation of the history cannot serve any more.
    SNAPSHOT_UNUSABLE: ERROR "history: generation=7 cannot serve: its text is damaged", [
            "generation": "the generation",
        ],
        next "The daemon tries the one before it.",
        advice "Look at the disk with the state directory.";
    /// Somebody went back to a generation, or did so before the daemon started.
    ROLLED_BACK: WARN "rollback: generation=12 has the texts of to=7 by=anna why=\"sales@ went to bob\"", [
            "generation": "the table that serves",
            "to": "the generation whose texts it has",
            "by": "who asked for it",
            "why": "why, in their words; absent if they gave no reason, or if the log hides addresses",
        ],
        next "The files of the rules directory do not count until somebody ends the rollback.",
        advice "Put the files in order, then type `readdress rollback --end`.";
    /// The files were saved, or a reload was asked for, while a rollback is in force; logged again from time to
    /// time.
    STAYS_ROLLED_BACK: WARN "rollback: the files are not read: generation=12 has the texts of to=7; to end that: readdress rollback --end", [
            "generation": "the table that serves",
            "to": "the generation whose texts it has",
        ],
        next "The table that serves stays live.",
        advice "Type the command at the end of the line when the files are in order.";
    /// Somebody ended a rollback.
    ROLLBACK_ENDED: WARN "rollback ended: to=7 by=anna", [
            "to": "the generation that served",
            "by": "who asked for it",
        ],
        next "The files are read.", advice "";
}

/// The live table is not recorded in the state directory.
pub fn history_not_recorded(directory: &Path, reason: &dyn Display) {
    write_event!(
        HISTORY_NOT_RECORDED,
        directory = %directory.display(),
        reason = %reason,
        "history: not recorded:"
    );
}

/// A file of the history cannot be used.
pub fn history_damaged(file: &Path, reason: &dyn Display) {
    write_event!(HISTORY_DAMAGED, file = %file.display(), reason = %reason, "history: damaged:");
}

/// There is no state directory, and none is configured.
pub fn no_state(directory: &Path) {
    write_event!(NO_STATE, directory = %directory.display(), "history: none:");
}

/// The table that was live before the start serves, and the files do not.
pub fn snapshot_serves(generation: u64) {
    write_event!(
        SNAPSHOT_SERVES,
        generation,
        "history: the last good table serves:"
    );
}

/// A generation cannot serve any more.
pub fn snapshot_unusable(generation: u64, reason: &str) {
    write_event!(
        SNAPSHOT_UNUSABLE,
        "history: generation={generation} cannot serve: {reason}"
    );
}

/// A rollback is in force.
pub fn rolled_back(rollback: &Rollback, serving: u64, redaction: &Redaction) {
    // A reason may name an address.
    let why = rollback.why.as_deref().filter(|_| !redaction.hides());
    write_event!(
        ROLLED_BACK,
        by = %rollback.by.words(),
        why,
        "rollback: generation={serving} has the texts of to={}",
        rollback.to
    );
}

/// The files do not count. `end` is the command that ends the rollback.
pub fn stays_rolled_back(rollback: &Rollback, serving: u64, end: Option<&str>) {
    let end = end.unwrap_or("nobody can, because there is no control socket");
    write_event!(
        STAYS_ROLLED_BACK,
        "rollback: the files are not read: generation={serving} has the texts of to={}; to end that: {end}",
        rollback.to
    );
}

/// A rollback was ended.
pub fn rollback_ended(rollback: &Rollback, by: &Author) {
    write_event!(ROLLBACK_ENDED, to = rollback.to, by = %by.words(), "rollback ended:");
}
