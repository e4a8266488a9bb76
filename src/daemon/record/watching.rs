//! Log lines about notifications of changed files.

use std::fmt::Display;

use crate::daemon::log::{events, write_event};

events! {
    /// The system cannot notify the daemon of changed files.
    WATCH_UNAVAILABLE: WARN "watch: mode=rescan-only reason=\"No space left on device (os error 28)\"", [
            "mode": "`rescan-only`: changes are found by looking",
            "reason": "what the system says",
        ],
        next "The daemon looks at the files every `rescan`, so a change takes longer to become live.",
        advice "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl(8).";
    /// The system notifies the daemon of changed files again.
    WATCH_RESTORED: INFO "watch: mode=notified", [
            "mode": "`notified`",
        ],
        next "", advice "";
    /// More changes happened than the system could notify of.
    WATCH_OVERFLOWED: WARN "watch: queue overflow, looking at all files", [],
        next "The daemon looks at all files.", advice "";
}

/// The system cannot notify of changes.
pub fn watch_unavailable(reason: &dyn Display) {
    write_event!(WATCH_UNAVAILABLE, mode = "rescan-only", reason = %reason, "watch:");
}

/// The system notifies of changes again.
pub fn watch_restored() {
    write_event!(WATCH_RESTORED, mode = "notified", "watch:");
}

/// The system dropped notifications.
pub fn watch_overflowed() {
    write_event!(
        WATCH_OVERFLOWED,
        "watch: queue overflow, looking at all files"
    );
}
