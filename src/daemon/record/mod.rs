//! Every log line of the daemon, one function for each event; those about the daemon itself are in
//! `upkeep`.
//!
//! A line is the event's word, then `key=value` in a fixed order, in lower case, without a full stop.
//! Administrators search for these lines and programs read them, so they are an interface: a key
//! keeps its meaning, and a new one goes to the end. `log` quotes values that hold blanks and
//! escapes control characters; nothing here has to.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | rules listed under `added`, `removed`, `changed` | 20 each | `table: added and N more` |
//! | findings listed | 100 | `table: and N more findings` |
//!
//! Where the configuration hides addresses, lines about tables show places and counts alone.

mod configuration;
mod connections;
mod held;
mod names;
#[cfg(test)]
mod tests;
mod upkeep;

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use tracing::{error, info, warn};

pub use configuration::{
    configuration_accepted, configuration_exposed, configuration_live, configuration_mended,
    configuration_refused, configuration_still_refused, key_changed, key_waits, rewriting_off,
};
pub use connections::{accept_failed, connections_full, mta_refused};
pub use held::{
    mark_damaged, mark_missing, no_state, table_accepted, table_held, table_still_held,
};
pub use names::{Names, Redaction};
pub use upkeep::{
    connections_limited, job_takes_long, no_sign_of_life, panicked, socket_bound_again,
    socket_lost, task_ended, task_given_up,
};

use crate::config::{Config, LogAddresses, Mode};
use crate::engine::address::Mailbox;
use crate::engine::reply::SmtpReply;
use crate::engine::{Change, Changes, Diagnostic, Severity, Tally, syntax::Skipped};

/// Most rules listed for one kind of change.
const LISTED_RULES: usize = 20;

/// Most findings listed for one table.
const LISTED_FINDINGS: usize = 100;

// The daemon.

/// The sockets of a daemon, as they really are.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    /// Where MTAs connect.
    pub milter: Vec<String>,
    /// Where MTAs ask the table.
    pub socketmap: Vec<String>,
    /// Where the commands ask; `None` where no socket could be had.
    pub control: Option<String>,
}

/// The sockets are bound; the effective configuration, in one line.
///
/// `readdress 0.1.0: listen=inet:127.0.0.1:8892 rules=/etc/readdress/rules mode=rewrite recipient_delimiter=+ control=unix:/run/readdress/control.sock socketmap=none`
pub fn started(config: &Config, sockets: &Sockets) {
    let list = |sockets: &[String]| match sockets.is_empty() {
        true => "none".to_owned(),
        false => sockets.join(","),
    };
    info!(
        listen = %list(&sockets.milter),
        rules = %config.rules.display(),
        mode = if config.mode == Mode::Observe { "observe" } else { "rewrite" },
        recipient_delimiter = %config.settings.recipient_delimiter,
        control = %sockets.control.as_deref().unwrap_or("none"),
        socketmap = %list(&sockets.socketmap),
        "readdress {}:",
        env!("CARGO_PKG_VERSION")
    );
}

/// TERM or INT came: no new connections, messages under way end.
pub fn stopping() {
    info!("stopping: no new connections, messages under way may end");
}

/// The last connection is closed.
pub fn stopped() {
    info!("stopped");
}

/// A signal cannot be caught.
pub fn signal_missing(number: i32, reason: &dyn Display) {
    warn!("signal {number} keeps its default effect: {reason}");
}

/// The directory of the default sockets cannot be made.
pub fn runtime_directory_missing(path: &Path, reason: &dyn Display) {
    warn!("{} cannot be made: {reason}", path.display());
}

/// The control socket cannot be had; mail is served all the same.
pub fn control_missing(reason: &dyn Display) {
    warn!(
        "control: no socket, so `status`, `reload` and `explain --live` cannot ask this daemon: {reason}"
    );
}

/// Somebody asked for a command who may not.
///
/// `control: refused: user=1000, the socket is open to everybody`
pub fn control_refused(user: Option<u32>) {
    let user = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    warn!("control: refused: user={user}, the socket is open to everybody");
}

/// A socketmap socket cannot be served.
pub fn socketmap_failed(reason: &dyn Display) {
    error!("socketmap: not served: {reason}");
}

// The table.

/// A new table serves. `changes` is `None` for the first one, which has nothing to be held against.
///
/// `table: generation=7 rules=812 changed=+3-1~2 files=2 took=4ms`
pub fn table_live(
    generation: u64,
    rules: usize,
    changes: Option<&Changes>,
    files: usize,
    took: Duration,
    redaction: &Redaction,
) {
    let took = milliseconds(took);
    let Some(changes) = changes else {
        info!(generation, rules, files, took = %took, "table:");
        return;
    };
    let changed = format!(
        "+{}-{}~{}",
        changes.added.len(),
        changes.removed.len(),
        changes.changed.len()
    );
    info!(generation, rules, changed = %changed, files, took = %took, "table:");
    list("added", &changes.added, redaction);
    list("removed", &changes.removed, redaction);
    list("changed", &changes.changed, redaction);
}

/// What foreign files hold that is no address to rewrite.
///
/// `skipped: 12 x400, 3 sip in users.csv`
pub fn table_skipped(skipped: &[Skipped]) {
    for file in skipped {
        info!("{file}");
    }
}

/// Findings that keep no table from serving.
pub fn table_warnings(diagnostics: &[Diagnostic], redaction: &Redaction) {
    findings(diagnostics, redaction);
}

/// The files hold errors; the table before them serves on, or none where `serving` is 0.
///
/// `table refused: errors=2 still serving generation=41`
pub fn table_refused(diagnostics: &[Diagnostic], serving: u64, redaction: &Redaction) {
    findings(diagnostics, redaction);
    let errors = errors(diagnostics);
    if serving == 0 {
        error!("table refused: errors={errors} no table yet, every recipient is deferred");
    } else {
        error!("table refused: errors={errors} still serving generation={serving}");
    }
}

/// Said every now and then until the files are mended.
///
/// `table still refused: errors=2 serving generation=41 for=600s`
pub fn table_still_refused(diagnostics: &[Diagnostic], serving: u64, since: Duration) {
    let errors = errors(diagnostics);
    let seconds = since.as_secs();
    warn!("table still refused: errors={errors} serving generation={serving} for={seconds}s");
}

/// The files hold again what serves, after they held errors.
///
/// `table mended: still serving generation=41`
pub fn table_mended(serving: u64) {
    info!("table mended: still serving generation={serving}");
}

/// Somebody asked for a reload (SIGHUP, `readdress reload`), and the files are as they were.
///
/// `table unchanged: generation=7`
pub fn table_unchanged(generation: u64) {
    info!("table unchanged: generation={generation}");
}

// Recipients.

/// What happened to one recipient.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The queue id, where the MTA has one already.
    pub id: Option<&'a [u8]>,
    /// The path as it was received.
    pub orig_to: &'a [u8],
    /// What took its place.
    pub to: &'a [Mailbox],
    /// File and line of the rule that decided.
    pub rule: Option<String>,
    /// `keep`, `replace`, `reject`, `defer` or `discard`.
    pub action: &'static str,
    /// The reply that refused it, or would have.
    pub reply: Option<&'a SmtpReply>,
    /// The table that decided.
    pub generation: u64,
    /// Nothing was changed: `mode = "observe"`.
    pub dry_run: bool,
    /// The limit that was reached: its key in the configuration, `recipients` or `bytes`.
    pub limit: Option<&'static str>,
    /// How addresses are hidden.
    pub names: &'a Names,
    /// Whether they are.
    pub addresses: LogAddresses,
}

/// Whether the log takes lines about recipients at all: if not, nobody need make one.
pub fn shows_recipients() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// One line for a recipient that was not simply kept. Where a limit was reached, `limit=` names its key
/// in the configuration; `recipients` and `bytes` are limits of one message that no key sets.
///
/// `QUEUEID: orig_to=<jd@domain2.com> to=<jdoe@company.com> rule=10-company.rules:7 action=replace gen=3`
pub fn recipient(outcome: &Outcome<'_>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let id = outcome.id.map_or_else(|| "NOQUEUE".to_owned(), text);
    let orig = text(outcome.orig_to);
    let orig = orig
        .strip_prefix('<')
        .and_then(|orig| orig.strip_suffix('>'))
        .unwrap_or(&orig);
    let shown = |address: &str| format!("<{}>", outcome.names.shown(address, outcome.addresses));
    let orig_to = shown(orig);
    let to = outcome
        .to
        .iter()
        .map(|mailbox| shown(&mailbox.to_string()))
        .collect::<Vec<_>>();
    let to = (!to.is_empty()).then(|| to.join(","));
    // The text of a reply may name people: where somebody moved, who has left.
    let reply = outcome.reply.map(|reply| match outcome.addresses {
        LogAddresses::Full => reply.to_string(),
        _ => format!("{} {}", reply.code(), reply.enhanced()),
    });
    info!(
        orig_to = %orig_to,
        to = to.as_deref().map(display),
        rule = outcome.rule.as_deref().map(display),
        action = outcome.action,
        reply = reply.as_deref(),
        gen = outcome.generation,
        dry_run = outcome.dry_run.then_some(true),
        limit = outcome.limit,
        "{id}:"
    );
}

/// The MTA did not take a plan; the message is deferred.
///
/// `QUEUEID: deferred: the recipients could not be changed: …`
pub fn plan_failed(id: Option<&[u8]>, reason: &dyn std::error::Error) {
    let id = id.map_or_else(|| "NOQUEUE".into(), String::from_utf8_lossy);
    error!("{id}: deferred: the recipients could not be changed: {reason}");
}

/// A recipient had to be refused where the MTA waits for no reply at RCPT: the whole message is.
///
/// `QUEUEID: refused as a whole: reply="451 4.3.0 …", the MTA was not to wait for a reply at RCPT`
pub fn refused_as_a_whole(id: Option<&[u8]>, reply: &SmtpReply) {
    let id = id.map_or_else(|| "NOQUEUE".into(), String::from_utf8_lossy);
    let (code, status) = (reply.code(), reply.enhanced());
    warn!(
        "{id}: refused as a whole: reply=\"{code} {status}\", the MTA was not to wait for a reply at RCPT"
    );
}

// Watching.

/// No notification can be had: changes are found by looking.
///
/// `watch: mode=rescan-only reason="…"`
pub fn watch_unavailable(reason: &dyn Display) {
    warn!(mode = "rescan-only", reason = %reason, "watch:");
}

/// Notifications can be had again.
///
/// `watch: mode=notified`
pub fn watch_restored() {
    info!(mode = "notified", "watch:");
}

/// The system dropped notifications; everything is looked at instead.
///
/// `watch: queue overflow, looking at all files`
pub fn watch_overflowed() {
    warn!("watch: queue overflow, looking at all files");
}

fn list(kind: &str, rules: &[Change], redaction: &Redaction) {
    for Change { rule, place } in rules.iter().take(LISTED_RULES) {
        match redaction.hides() {
            true => info!("table: {kind} {place}"),
            false => info!("table: {kind} {rule} ({place})"),
        }
    }
    let more = rules.len().saturating_sub(LISTED_RULES);
    if more > 0 {
        info!("table: {kind} and {more} more");
    }
}

/// Each line of a finding is an event of its own, so that the caret stays under its column.
fn findings(diagnostics: &[Diagnostic], redaction: &Redaction) {
    for diagnostic in diagnostics.iter().take(LISTED_FINDINGS) {
        let text = match redaction.hides() {
            true => diagnostic.without_text(),
            false => diagnostic.to_string(),
        };
        for line in text.lines() {
            match diagnostic.severity {
                Severity::Error => error!("{line}"),
                Severity::Warning => warn!("{line}"),
            }
        }
    }
    let more = Tally::of(diagnostics).all().saturating_sub(LISTED_FINDINGS);
    if more > 0 {
        warn!("table: and {more} more findings");
    }
    if redaction.hides() && !diagnostics.is_empty() {
        info!("table: addresses are hidden here; `readdress check` shows what was found");
    }
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    Tally::of(diagnostics).errors
}

fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
