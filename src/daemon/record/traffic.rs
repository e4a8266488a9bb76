//! Log lines about the addresses that got mail lately.

use std::{fmt::Display, path::Path, time::Duration};

use crate::{
    config::days_in_words,
    daemon::log::{events, write_event},
};

events! {
    /// A table went live that treats some of the addresses that got mail lately in another way: it rewrites them
    /// to other addresses, keeps, refuses or drops them. None of them was refused against `max_refused`.
    TRAFFIC_DIFFERS: INFO "traffic: 37 addresses that got mail in the last 30 days fare differently", [],
        next "", advice "`readdress diff` shows which ones.";
    /// The file with the addresses that got mail lately cannot be used.
    TRAFFIC_DAMAGED: ERROR "traffic: damaged: file=/var/lib/readdress/traffic-1b2e/addresses reason=\"it is cut off, or its hash is another one\"", [
            "file": "the file",
            "reason": "what is wrong with it",
        ],
        next "The daemon begins anew to remember addresses, and replaces the file.",
        advice "Look at the disk.";
    /// The addresses that got mail lately cannot be written, or a file with them cannot be removed although the
    /// log hides addresses.
    TRAFFIC_NOT_WRITTEN: WARN "traffic: not written: directory=/var/lib/readdress/traffic-1b2e reason=\"Permission denied (os error 13)\"", [
            "directory": "the directory of the file",
            "reason": "what the system says",
        ],
        next "The addresses are in memory; a restart forgets them. The daemon tries again.",
        advice "Let the daemon's user write to the state directory, or make room on its disk.";
}

/// A table went live that decides some remembered addresses in another way.
pub fn traffic_differs(addresses: usize, remember: Duration) {
    let remember = days_in_words(remember);
    let (addresses, fare) = match addresses {
        1 => ("1 address".to_owned(), "fares"),
        _ => (format!("{addresses} addresses"), "fare"),
    };
    write_event!(
        TRAFFIC_DIFFERS,
        "traffic: {addresses} that got mail in the last {remember} {fare} differently"
    );
}

/// The file of the remembered addresses cannot be used.
pub fn traffic_damaged(file: &Path, reason: &dyn Display) {
    write_event!(TRAFFIC_DAMAGED, file = %file.display(), reason = %reason, "traffic: damaged:");
}

/// The file of the remembered addresses cannot be written or removed.
pub fn traffic_not_written(directory: &Path, reason: &dyn Display) {
    write_event!(
        TRAFFIC_NOT_WRITTEN,
        directory = %directory.display(),
        reason = %reason,
        "traffic: not written:"
    );
}
