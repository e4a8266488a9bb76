//! Every log line of the daemon: one event for each kind of line, and one function that writes it.
//!
//! A line is the event's word, then `key=value` in a fixed order, in lower case, without a full stop.
//! Administrators search for these lines and programs read them, so they are an interface: a key
//! keeps its meaning, and a new one goes to the end. The room `log` quotes values that hold blanks and
//! escapes control characters.
//!
//! Each file defines its events with their meaning (`events!`); readdress-log(7) is made from
//! [`events`]. A line cannot be written without an event, and a test compares each event's example with
//! what its function writes.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | rules listed under `added`, `removed`, `changed` | 20 each | `table: added and N more` |
//! | findings listed | 100 | `table: and N more findings` |
//!
//! If the configuration hides addresses, lines about tables show places and counts alone.

mod configuration;
mod connections;
mod findings;
mod held;
mod history;
mod names;
mod process;
mod recipients;
mod table;
#[cfg(test)]
mod tests;
mod traffic;
mod upkeep;
mod watching;

pub use configuration::{
    configuration_accepted, configuration_exposed, configuration_fixed, configuration_live,
    configuration_refused, configuration_still_refused, key_changed, key_waits, rewriting_off,
};
pub use connections::{
    accept_failed, connection_closed, connections_cut, connections_full, mta_refused,
};
pub use held::{HeldBack, table_accepted, table_held, table_still_held};
pub use history::{
    history_damaged, history_not_recorded, no_state, rollback_ended, rolled_back, snapshot_serves,
    snapshot_unusable, stays_rolled_back,
};
pub use names::{Names, Redaction};
pub use process::{
    control_missing, control_refused, runtime_directory_missing, signal_missing, started, stopped,
    stopping,
};
pub use recipients::{Outcome, plan_failed, recipient, refused_as_a_whole, shows_recipients};
pub use table::{
    table_fixed, table_live, table_refused, table_skipped, table_still_refused, table_unchanged,
    table_warnings,
};
pub use traffic::{traffic_damaged, traffic_differs, traffic_not_written};
pub use upkeep::{
    connections_limited, job_takes_long, no_sign_of_life, panicked, socket_bound_again,
    socket_lost, task_ended, task_given_up,
};
pub use watching::{watch_overflowed, watch_restored, watch_unavailable};

use super::log::{DROPPED, Event};

/// Returns every event of the log by subject, in the order of the manual.
pub fn events() -> [(&'static str, &'static [Event]); 12] {
    [
        ("Recipients", recipients::EVENTS),
        ("Start and stop", process::EVENTS),
        ("The table", table::EVENTS),
        ("Tables that are held back", held::EVENTS),
        ("The history", history::EVENTS),
        ("Traffic", traffic::EVENTS),
        ("Findings", findings::EVENTS),
        ("The configuration", configuration::EVENTS),
        ("Connections", connections::EVENTS),
        ("Notifications of changed files", watching::EVENTS),
        ("The daemon", upkeep::EVENTS),
        ("The log", &[DROPPED]),
    ]
}
