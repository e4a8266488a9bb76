//! Log lines about tables that are held back.

use std::time::Duration;

use super::names::user_name;
use crate::daemon::{
    guard::Cause,
    log::{events, write_event},
};

events! {
    /// Why the new table is held back; one line for each reason.
    TABLE_HELD_CAUSE: ERROR "table: held back: no file in the rules directory holds a rule; before: 812 rules and domain lines", [], next "", advice "";
    /// The new table lost rules in a way that nobody means: an emptied directory or file, another file
    /// system, or more than `max_shrink`.
    TABLE_HELD: ERROR "table held back: digest=5f1c0a9be2d37764 still serving generation=41", [
            "digest": "names the table that is held back, for `readdress accept`",
            "generation": "the table that stays live",
        ],
        next "The table that was live stays live. The next line says how to go on.",
        advice "Bring the rules back, or accept the new table with `readdress accept DIGEST`.";
    /// When the daemon started, its first table had lost rules in a way that nobody means. No table is live yet.
    TABLE_HELD_AT_START: ERROR "table held back: digest=5f1c0a9be2d37764 no table yet, every recipient is deferred (451 4.3.0)", [
            "digest": "names the table that is held back, for `readdress accept`",
        ],
        next "Every recipient is deferred.",
        advice "Bring the rules back, or accept the new table with `readdress accept DIGEST`.";
    /// How to go on with a table that is held back.
    HOW_TO_GO_ON: ERROR "table: bring the rules back, or, if this table is what you want: readdress accept 5f1c0a9be2d37764", [],
        next "", advice "";
    /// How to go on with a table that is still held back.
    HOW_TO_GO_ON_AGAIN: WARN "table: bring the rules back; nobody can accept this table, because there is no control socket", [],
        next "", advice "";
    /// A table is still held back; logged again from time to time.
    TABLE_STILL_HELD: WARN "table still held back: digest=5f1c0a9be2d37764 serving generation=41 for=600s", [
            "digest": "names the table that is held back",
            "generation": "the table that is live; 0 if there is none",
            "for": "how long the table has been held back",
        ],
        next "The table that was live stays live.",
        advice "Bring the rules back, or accept the new table with `readdress accept DIGEST`.";
    /// Somebody accepted the table that was held back.
    TABLE_ACCEPTED: WARN "table accepted: digest=5f1c0a9be2d37764 user=0", [
            "digest": "names the table",
            "user": "the number of the user, or `unknown`",
        ],
        next "The table goes live; a line `table: generation=…` follows.", advice "";
}

/// A table is held back: each cause, the table, and how to go on.
pub fn table_held(causes: &[Cause], digest: &str, accept: Option<&str>, serving: u64) {
    for cause in causes {
        write_event!(TABLE_HELD_CAUSE, "table: held back: {cause}");
    }
    match serving {
        0 => write_event!(
            TABLE_HELD_AT_START,
            "table held back: digest={digest} no table yet, every recipient is deferred (451 4.3.0)"
        ),
        _ => write_event!(
            TABLE_HELD,
            "table held back: digest={digest} still serving generation={serving}"
        ),
    }
    write_event!(HOW_TO_GO_ON, "table: {}", how_to_go_on(accept));
}

/// Returns what an administrator can do. `accept` is the command that accepts the table.
fn how_to_go_on(accept: Option<&str>) -> String {
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

/// A table is still held back.
pub fn table_still_held(digest: &str, accept: Option<&str>, serving: u64, since: Duration) {
    let seconds = since.as_secs();
    write_event!(
        TABLE_STILL_HELD,
        "table still held back: digest={digest} serving generation={serving} for={seconds}s"
    );
    write_event!(HOW_TO_GO_ON_AGAIN, "table: {}", how_to_go_on(accept));
}

/// Somebody accepted the table that was held back.
pub fn table_accepted(digest: &str, user: Option<u32>) {
    write_event!(
        TABLE_ACCEPTED,
        "table accepted: digest={digest} user={}",
        user_name(user)
    );
}
