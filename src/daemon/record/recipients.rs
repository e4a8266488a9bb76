//! Log lines about recipients and their messages.

use super::names::Names;
use crate::{
    config::LogAddresses,
    daemon::log::{events, write_event},
    engine::{address::Mailbox, reply::SmtpReply},
};

events! {
    /// One line for each recipient that was not simply kept. The line begins with the queue id of the
    /// MTA, or with NOQUEUE if there is none yet.
    RECIPIENT: INFO "4bXzQ1: orig_to=<jd@domain2.com> to=<jdoe@company.com> rule=10-company.rules:7 action=replace gen=3 dry_run=true", [
            "orig_to": "the address as it was received; `[log] addresses` may hide it",
            "to": "the addresses in its place, if there are any",
            "rule": "file and line of the rule that decided",
            "action": "`replace`, `keep`, `reject`, `defer` or `discard`",
            "reply": "the reply to the client, with `reject` and `defer`",
            "gen": "the generation of the table that decided",
            "dry_run": "`true` with `mode = \"observe\"`: nothing was changed",
            "limit": "the limit that was reached: a key of the configuration, or `recipients` (10000) or `bytes` (8 MiB) of one message",
        ],
        next "", advice "`readdress explain` shows why a rule decided.";
    /// The MTA did not carry out a change of the recipients.
    PLAN_FAILED: ERROR "4bXzQ1: deferred: the recipients could not be changed: the connection was closed", [],
        next "The whole message is deferred (451 4.3.0), and the client sends it again.",
        advice "Look at the log of the MTA at the same time.";
    /// A recipient had to be refused, but the MTA does not wait for the milter at RCPT, because of
    /// `refusals = "socketmap"`.
    REFUSED_AS_A_WHOLE: WARN "4bXzQ1: refused as a whole: reply=\"451 4.3.0\", the MTA was not to wait for a reply at RCPT", [
            "reply": "the reply to the client",
        ],
        next "The whole message is refused with this reply.",
        advice "Let every MTA look up the map recipients, or set `refusals = \"milter\"`.";
}

/// What happened to one recipient.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The queue id, if the MTA has one already.
    pub id: Option<&'a [u8]>,
    /// The path as it was received.
    pub orig_to: &'a [u8],
    /// The addresses in its place.
    pub to: &'a [Mailbox],
    /// File and line of the rule that decided.
    pub rule: Option<String>,
    /// `keep`, `replace`, `reject`, `defer` or `discard`.
    pub action: &'static str,
    /// The reply that refused it, or would have.
    pub reply: Option<&'a SmtpReply>,
    /// The table that decided.
    pub generation: u64,
    /// True with `mode = "observe"`: nothing was changed.
    pub dry_run: bool,
    /// The limit that was reached: its key in the configuration, `recipients` or `bytes`.
    pub limit: Option<&'static str>,
    /// Hides addresses.
    pub names: &'a Names,
    /// How addresses are hidden.
    pub addresses: LogAddresses,
}

/// Returns true if the log takes lines about recipients. If not, nobody has to make such a line.
pub fn shows_recipients() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// A recipient was not simply kept.
pub fn recipient(outcome: &Outcome<'_>) {
    let id = queue_id(outcome.id);
    let orig = String::from_utf8_lossy(outcome.orig_to);
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
    write_event!(
        RECIPIENT,
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
pub fn plan_failed(id: Option<&[u8]>, reason: &dyn std::error::Error) {
    write_event!(
        PLAN_FAILED,
        "{}: deferred: the recipients could not be changed: {reason}",
        queue_id(id)
    );
}

/// A recipient had to be refused while the MTA does not wait for a reply at RCPT.
pub fn refused_as_a_whole(id: Option<&[u8]>, reply: &SmtpReply) {
    let (id, code, status) = (queue_id(id), reply.code(), reply.enhanced());
    write_event!(
        REFUSED_AS_A_WHOLE,
        "{id}: refused as a whole: reply=\"{code} {status}\", the MTA was not to wait for a reply at RCPT"
    );
}

/// Returns the queue id as the log shows it.
fn queue_id(id: Option<&[u8]>) -> String {
    id.map_or_else(
        || "NOQUEUE".to_owned(),
        |id| String::from_utf8_lossy(id).into_owned(),
    )
}
