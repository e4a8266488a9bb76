//! Log lines about tables that are held back, and about the record of what was live last.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::daemon::guard::Cause;

/// The guard holds a new table back; one line for each cause, then the words that accept the table. The
/// table before it serves on.
///
/// `table held back: digest=5f1c0a9be2d37764 still serving generation=41`
pub fn table_held(causes: &[Cause], digest: &str, accept: Option<&str>, serving: u64) {
    for cause in causes {
        error!("table: held back: {cause}");
    }
    match serving {
        0 => error!(
            "table held back: digest={digest} no table yet, every recipient is deferred (451 4.3.0)"
        ),
        _ => error!("table held back: digest={digest} still serving generation={serving}"),
    }
    error!("table: {}", ways_out(accept));
}

/// What an administrator can do.
fn ways_out(accept: Option<&str>) -> String {
    match accept {
        Some(words) => {
            format!("bring the rules back, or, if this table is what you want: {words}")
        }
        None => {
            "bring the rules back; nobody can accept this table, because there is no control socket"
                .to_owned()
        }
    }
}

/// Said every now and then as long as a table is held back.
///
/// `table still held back: digest=5f1c0a9be2d37764 serving generation=41 for=600s`
pub fn table_still_held(digest: &str, accept: Option<&str>, serving: u64, since: Duration) {
    let seconds = since.as_secs();
    warn!("table still held back: digest={digest} serving generation={serving} for={seconds}s");
    warn!("table: {}", ways_out(accept));
}

/// Somebody accepted the table that was held back; it is live next.
///
/// `table accepted: digest=5f1c0a9be2d37764 user=0`
pub fn table_accepted(digest: &str, user: Option<u32>) {
    let user = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    warn!("table accepted: digest={digest} user={user}");
}

/// What is live is not recorded in the state directory: a later start without rules is taken for a first
/// start. Mail is served all the same.
///
/// `state: not recorded: directory=/var/lib/readdress reason="Permission denied (os error 13)"`
pub fn mark_missing(directory: &Path, reason: &dyn Display) {
    let directory = directory.display();
    warn!(
        directory = %directory,
        reason = %reason,
        "state: not recorded:"
    );
}

/// The record of what was live last cannot be read. If there is no rule now, the table is held back.
///
/// `state: damaged: file=/var/lib/readdress/live-1b2e….json reason="it is not what readdress writes"`
pub fn mark_damaged(file: &Path, reason: &dyn Display) {
    warn!(file = %file.display(), reason = %reason, "state: damaged:");
}

/// There is no state directory, and none is configured: a later start without rules is taken for a first
/// start.
///
/// `state: none: directory=/var/lib/readdress`
pub fn no_state(directory: &Path) {
    info!(directory = %directory.display(), "state: none:");
}
