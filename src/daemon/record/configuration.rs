//! Log lines about the configuration file: what took effect, what waits, what was refused.

use std::time::Duration;

use tracing::{error, info, warn};

use super::{Redaction, errors, findings};
use crate::config::Change;
use crate::engine::Diagnostic;

/// A changed configuration file is in force, but for keys that wait for a restart. One line for each key
/// follows.
///
/// `configuration: changed file is in force`
pub fn configuration_live() {
    info!("configuration: changed file is in force");
}

/// The configuration file is free of errors again; what it says is in force.
///
/// `configuration mended: the file is in force again, refused for=63s`
pub fn configuration_mended(since: Duration) {
    let seconds = since.as_secs();
    info!("configuration mended: the file is in force again, refused for={seconds}s");
}

/// Others than root and the daemon's user can write the configuration file, and so redirect mail.
///
/// `/etc/readdress/readdress.toml: warning: every user may write /etc/readdress/readdress.toml, and so redirect mail [writable-by-everybody]`
pub fn configuration_exposed(diagnostics: &[Diagnostic]) {
    findings(diagnostics, &Redaction::default());
}

/// A key has another value now.
///
/// `configuration: [log] addresses = "hash" (before: "full")`
pub fn key_changed(change: &Change) {
    let Change { key, old, new, .. } = change;
    info!("configuration: {key} = {new} (before: {old})");
}

/// `mode = "observe"` turns rewriting off: every message passes as it is.
///
/// `configuration: mode = "observe" (before: "rewrite"): nothing is rewritten or refused any more`
pub fn rewriting_off(change: &Change) {
    let Change { key, old, new, .. } = change;
    warn!("configuration: {key} = {new} (before: {old}): nothing is rewritten or refused any more");
}

/// The file has another value for a key that waits for a restart.
///
/// `configuration: rules = "/srv/rules" waits for a restart (in force: "/etc/readdress/rules")`
pub fn key_waits(change: &Change) {
    let Change { key, old, new, .. } = change;
    warn!("configuration: {key} = {new} waits for a restart (in force: {old})");
}

/// The configuration file holds errors, or is emptied or cut off; what was in force stays so.
///
/// `configuration refused: errors=2 the one before it stays in force`
pub fn configuration_refused(diagnostics: &[Diagnostic]) {
    // The configuration holds no addresses.
    findings(diagnostics, &Redaction::default());
    error!(
        "configuration refused: errors={} the one before it stays in force",
        errors(diagnostics)
    );
}

/// Said every now and then until the configuration file is fixed.
///
/// `configuration still refused: errors=2 for=600s`
pub fn configuration_still_refused(diagnostics: &[Diagnostic], since: Duration) {
    let (errors, seconds) = (errors(diagnostics), since.as_secs());
    warn!("configuration still refused: errors={errors} for={seconds}s");
}

/// Somebody accepted a configuration file that was emptied or cut off.
///
/// `configuration accepted: digest=5f1c0a9be2d37764 user=0`
pub fn configuration_accepted(digest: &str, user: Option<u32>) {
    let user = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    warn!("configuration accepted: digest={digest} user={user}");
}
