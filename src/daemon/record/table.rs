//! Log lines about tables: live, refused, unchanged.

use std::time::Duration;

use super::{
    findings::{errors, findings},
    names::Redaction,
};
use crate::{
    daemon::log::{events, write_event},
    engine::{Change, Changes, Diagnostic, syntax::Skipped},
};

/// Most rules listed for one kind of change.
const LISTED_RULES: usize = 20;

events! {
    /// A new table is live.
    TABLE_LIVE: INFO "table: generation=7 rules=812 changed=+3-1~2 files=2 took=4ms", [
            "generation": "the number of the table; the first one since the start is 1",
            "rules": "how many rules it has",
            "changed": "how many rules were added, removed and changed; absent for the first table",
            "files": "how many files were read",
            "took": "how long reading and checking took",
        ],
        next "New messages use the new table. Messages under way keep the table before it.",
        advice "";
    /// A rule that the new table added, removed or changed, with its place; of a changed one also what it was
    /// before. With hidden addresses only the places are shown.
    TABLE_CHANGE: INFO "table: added sales@domain2.com anna@company.com (10-company.rules:7)", [],
        next "", advice "";
    /// More rules were added, removed or changed than the log shows.
    MORE_CHANGES: INFO "table: changed and 3 more", [], next "", advice "";
    /// A table of another program has entries that are not addresses to rewrite.
    TABLE_SKIPPED: INFO "skipped: 12 x400, 3 sip in users.csv", [],
        next "These entries are ignored.", advice "";
    /// The rules have errors. The findings are logged before this line.
    TABLE_REFUSED: ERROR "table refused: errors=2 still serving generation=41", [
            "errors": "how many errors there are",
            "generation": "the table that stays live",
        ],
        next "The table before it stays live.",
        advice "Fix the errors and save the file; `readdress check` shows them.";
    /// The rules have errors, and no table was live since the start.
    NO_TABLE: ERROR "table refused: errors=2 no table yet, every recipient is deferred", [
            "errors": "how many errors there are",
        ],
        next "Every recipient is deferred (451 4.3.0) until the rules are free of errors.",
        advice "Fix the errors and save the file; `readdress check` shows them.";
    /// The rules still have errors; logged again from time to time.
    TABLE_STILL_REFUSED: WARN "table still refused: errors=2 serving generation=41 for=600s", [
            "errors": "how many errors there are",
            "generation": "the table that is live; 0 if there is none",
            "for": "how long the rules have had errors",
        ],
        next "The table before stays live.",
        advice "Fix the errors and save the file; `readdress check` shows them.";
    /// The files had errors, and now they hold the rules of the live table again.
    TABLE_FIXED: INFO "table fixed: still serving generation=41", [
            "generation": "the table that stays live",
        ],
        next "", advice "";
    /// Somebody asked for a reload (SIGHUP, `readdress reload`), and the files have not changed.
    TABLE_UNCHANGED: INFO "table unchanged: generation=7", [
            "generation": "the table that stays live",
        ],
        next "", advice "";
}

/// A new table is live. `changes` is `None` for the first one.
pub fn table_live(
    generation: u64,
    rules: usize,
    changes: Option<&Changes>,
    files: usize,
    took: Duration,
    redaction: &Redaction,
) {
    let changed = changes.map(|changes| {
        format!(
            "+{}-{}~{}",
            changes.added.len(),
            changes.removed.len(),
            changes.changed.len()
        )
    });
    write_event!(
        TABLE_LIVE,
        generation,
        rules,
        changed = changed.as_deref(),
        files,
        took = format!("{}ms", took.as_millis()),
        "table:"
    );
    if let Some(changes) = changes {
        list("added", &changes.added, redaction);
        list("removed", &changes.removed, redaction);
        list("changed", &changes.changed, redaction);
    }
}

fn list(kind: &str, rules: &[Change], redaction: &Redaction) {
    for change in rules.iter().take(LISTED_RULES) {
        let line = change.line(!redaction.hides());
        write_event!(TABLE_CHANGE, "table: {kind} {line}");
    }
    let more = rules.len().saturating_sub(LISTED_RULES);
    if more > 0 {
        write_event!(MORE_CHANGES, "table: {kind} and {more} more");
    }
}

/// Logs the entries of foreign files that are not addresses to rewrite.
pub fn table_skipped(skipped: &[Skipped]) {
    for file in skipped {
        write_event!(TABLE_SKIPPED, "{file}");
    }
}

/// Findings that do not keep a table from going live.
pub fn table_warnings(diagnostics: &[Diagnostic], redaction: &Redaction) {
    findings(diagnostics, redaction);
}

/// The rules have errors. `serving` is the live table, 0 if there is none.
pub fn table_refused(diagnostics: &[Diagnostic], serving: u64, redaction: &Redaction) {
    findings(diagnostics, redaction);
    let errors = errors(diagnostics);
    match serving {
        0 => write_event!(
            NO_TABLE,
            "table refused: errors={errors} no table yet, every recipient is deferred"
        ),
        _ => write_event!(
            TABLE_REFUSED,
            "table refused: errors={errors} still serving generation={serving}"
        ),
    }
}

/// The rules still have errors.
pub fn table_still_refused(diagnostics: &[Diagnostic], serving: u64, since: Duration) {
    let (errors, seconds) = (errors(diagnostics), since.as_secs());
    write_event!(
        TABLE_STILL_REFUSED,
        "table still refused: errors={errors} serving generation={serving} for={seconds}s"
    );
}

/// The files hold the rules of the live table again, after they had errors.
pub fn table_fixed(serving: u64) {
    write_event!(
        TABLE_FIXED,
        "table fixed: still serving generation={serving}"
    );
}

/// Somebody asked for a reload, and the files have not changed.
pub fn table_unchanged(generation: u64) {
    write_event!(TABLE_UNCHANGED, "table unchanged: generation={generation}");
}
