//! Log lines about the configuration file: what took effect, what waits, what was refused.

use std::time::Duration;

use super::{
    findings::{errors, findings},
    names::{Redaction, user_name},
};
use crate::{
    config::Change,
    daemon::log::{events, write_event},
    engine::Diagnostic,
};

events! {
    /// The configuration file was changed and is in force. One line for each key with another value
    /// follows.
    CONFIGURATION_LIVE: INFO "configuration: changed file is in force", [], next "", advice "";
    /// A key has another value now.
    KEY_CHANGED: INFO "configuration: [log] addresses = \"hash\" (before: \"full\")", [],
        next "", advice "";
    /// `mode = "observe"` switches rewriting off.
    REWRITING_OFF: WARN "configuration: mode = \"observe\" (before: \"rewrite\"): nothing is rewritten or refused any more", [],
        next "Every message passes as it is; lines about recipients have `dry_run=true`.",
        advice "Set `mode = \"rewrite\"` to go on.";
    /// A key that waits for a restart has another value in the file.
    KEY_WAITS: WARN "configuration: rules = \"/srv/rules\" waits for a restart (in force: \"/etc/readdress/rules\")", [],
        next "The daemon uses the old value.", advice "Restart the daemon.";
    /// The configuration file has errors, or was emptied or cut off. The findings are logged before
    /// this line.
    CONFIGURATION_REFUSED: ERROR "configuration refused: errors=2 the one before it stays in force", [
            "errors": "how many errors there are",
        ],
        next "Nothing changes.", advice "Fix the file and save it.";
    /// The configuration file still has errors; logged again from time to time.
    CONFIGURATION_STILL_REFUSED: WARN "configuration still refused: errors=2 for=600s", [
            "errors": "how many errors there are",
            "for": "how long the file has had errors",
        ],
        next "Nothing changes.", advice "Fix the file and save it.";
    /// The configuration file has no error any more.
    CONFIGURATION_FIXED: INFO "configuration fixed: the file is in force, refused for=63s", [
            "for": "how long the file had errors",
        ],
        next "", advice "";
    /// Somebody accepted a configuration file that was emptied or cut off.
    CONFIGURATION_ACCEPTED: WARN "configuration accepted: digest=5f1c0a9be2d37764 user=0", [
            "digest": "names the file",
            "user": "the number of the user, or `unknown`",
        ],
        next "The file is in force.", advice "";
}

/// A changed configuration file is in force, except keys that wait for a restart.
pub fn configuration_live() {
    write_event!(
        CONFIGURATION_LIVE,
        "configuration: changed file is in force"
    );
}

/// The configuration file has no error any more.
pub fn configuration_fixed(since: Duration) {
    let seconds = since.as_secs();
    write_event!(
        CONFIGURATION_FIXED,
        "configuration fixed: the file is in force, refused for={seconds}s"
    );
}

/// Users other than root and the daemon's user can write the configuration file.
pub fn configuration_exposed(diagnostics: &[Diagnostic]) {
    findings(diagnostics, &Redaction::default());
}

/// A key has another value now.
pub fn key_changed(change: &Change) {
    let Change { key, old, new, .. } = change;
    write_event!(KEY_CHANGED, "configuration: {key} = {new} (before: {old})");
}

/// `mode = "observe"` switches rewriting off.
pub fn rewriting_off(change: &Change) {
    let Change { key, old, new, .. } = change;
    write_event!(
        REWRITING_OFF,
        "configuration: {key} = {new} (before: {old}): nothing is rewritten or refused any more"
    );
}

/// A key that waits for a restart has another value in the file.
pub fn key_waits(change: &Change) {
    let Change { key, old, new, .. } = change;
    write_event!(
        KEY_WAITS,
        "configuration: {key} = {new} waits for a restart (in force: {old})"
    );
}

/// The configuration file has errors, or was emptied or cut off.
pub fn configuration_refused(diagnostics: &[Diagnostic]) {
    // The configuration holds no addresses.
    findings(diagnostics, &Redaction::default());
    let errors = errors(diagnostics);
    write_event!(
        CONFIGURATION_REFUSED,
        "configuration refused: errors={errors} the one before it stays in force"
    );
}

/// The configuration file still has errors.
pub fn configuration_still_refused(diagnostics: &[Diagnostic], since: Duration) {
    let (errors, seconds) = (errors(diagnostics), since.as_secs());
    write_event!(
        CONFIGURATION_STILL_REFUSED,
        "configuration still refused: errors={errors} for={seconds}s"
    );
}

/// Somebody accepted a configuration file that was emptied or cut off.
pub fn configuration_accepted(digest: &str, user: Option<u32>) {
    write_event!(
        CONFIGURATION_ACCEPTED,
        "configuration accepted: digest={digest} user={}",
        user_name(user)
    );
}
