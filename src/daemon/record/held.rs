//! Log lines about tables that are held back.

use std::time::Duration;

use super::names::{Redaction, user_name};
use crate::daemon::{
    guard::Cause,
    log::{events, write_event},
};
use crate::engine::compare::Difference;

events! {
    /// Why the new table is held back; one line for each reason.
    TABLE_HELD_CAUSE: ERROR "table: held back: no file in the rules directory holds a rule; before: 812 rules and domain lines", [], next "", advice "";
    /// How many addresses, or patterns for many, would fare differently by the table that is held back.
    TABLE_HELD_DIFFERENCES: ERROR "table: held back: it changes the fate of 812 addresses or patterns", [], next "", advice "";
    /// One of them: what happens to mail now, and what would happen. The first ten are shown, those that would lose
    /// their mail first; none where the log hides addresses.
    TABLE_HELD_DIFFERENCE: ERROR "table: held back: jd@domain2.com: jdoe@company.com -> reject 550 5.1.1", [], next "", advice "";
    /// The new table changes in a way that nobody means: an emptied directory or file, another file system, a file
    /// that was cut off, a domain that is in no rule any more, more than `max_shrink` or `max_growth`.
    TABLE_HELD: ERROR "table held back: digest=5f1c0a9be2d37764 still serving generation=41", [
            "digest": "names the table that is held back, for `readdress accept`",
            "generation": "the table that stays live",
        ],
        next "The table that was live stays live. The next line says how to go on.",
        advice "Correct the files, or accept the new table with `readdress accept DIGEST`.";
    /// When the daemon started, its first table had lost rules in a way that nobody means. No table is live yet.
    TABLE_HELD_AT_START: ERROR "table held back: digest=5f1c0a9be2d37764 no table yet, every recipient is deferred (451 4.3.0)", [
            "digest": "names the table that is held back, for `readdress accept`",
        ],
        next "Every recipient is deferred.",
        advice "Correct the files, or accept the new table with `readdress accept DIGEST`.";
    /// How to go on with a table that is held back.
    HOW_TO_GO_ON: ERROR "table: correct the files, or, if this table is what you want: readdress accept 5f1c0a9be2d37764", [],
        next "", advice "";
    /// How to go on with a table that is still held back.
    HOW_TO_GO_ON_AGAIN: WARN "table: correct the files; nobody can accept this table, because there is no control socket", [],
        next "", advice "";
    /// A table is still held back; logged again from time to time.
    TABLE_STILL_HELD: WARN "table still held back: digest=5f1c0a9be2d37764 serving generation=41 for=600s", [
            "digest": "names the table that is held back",
            "generation": "the table that is live; 0 if there is none",
            "for": "how long the table has been held back",
        ],
        next "The table that was live stays live.",
        advice "Correct the files, or accept the new table with `readdress accept DIGEST`.";
    /// Somebody accepted the table that was held back.
    TABLE_ACCEPTED: WARN "table accepted: digest=5f1c0a9be2d37764 user=0", [
            "digest": "names the table",
            "user": "the number of the user, or `unknown`",
        ],
        next "The table goes live; a line `table: generation=…` follows.", advice "";
}

/// A table that is held back.
pub struct HeldBack<'a> {
    /// Why.
    pub causes: &'a [Cause],
    /// The first addresses that would fare differently.
    pub differences: &'a [Difference],
    /// How many would, and whether there are more than that; nothing if that is unknown.
    pub total: Option<(usize, bool)>,
    /// The digest of its texts.
    pub digest: &'a str,
    /// The command that accepts it.
    pub accept: Option<&'a str>,
    /// The generation that stays live.
    pub serving: u64,
}

/// A table is held back: each cause, what would change, the table, and how to go on.
pub fn table_held(held: &HeldBack<'_>, redaction: &Redaction) {
    for cause in held.causes {
        let cause = cause.text(redaction.hides());
        write_event!(TABLE_HELD_CAUSE, "table: held back: {cause}");
    }
    if let Some((total, more)) = held.total {
        let than = if more { ", or more" } else { "" };
        let what = match total {
            1 => "address or pattern",
            _ => "addresses or patterns",
        };
        write_event!(
            TABLE_HELD_DIFFERENCES,
            "table: held back: it changes the fate of {total} {what}{than}"
        );
    }
    let shown = held.differences.iter().filter(|_| !redaction.hides());
    for one in shown {
        write_event!(
            TABLE_HELD_DIFFERENCE,
            "table: held back: {}: {} -> {}",
            one.subject,
            one.before,
            one.after
        );
    }
    let (digest, serving) = (held.digest, held.serving);
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
    write_event!(HOW_TO_GO_ON, "table: {}", how_to_go_on(held.accept));
}

/// Returns what an administrator can do. `accept` is the command that accepts the table.
fn how_to_go_on(accept: Option<&str>) -> String {
    match accept {
        Some(words) => {
            format!("correct the files, or, if this table is what you want: {words}")
        }
        None => {
            "correct the files; nobody can accept this table, because there is no control socket"
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
