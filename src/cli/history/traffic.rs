//! What a difference means for the addresses that got mail lately, as the daemon wrote them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    cli::output,
    config::{Config, LogAddresses, days_in_words},
    daemon::{guard::named, history::History, traffic::remembered_on_disk},
    engine::{
        Table,
        compare::{TrafficChanges, traffic_changes},
    },
};

/// Returns what the table `after` changes for the addresses that got mail lately; `None` if the daemon wrote none, or
/// if they cannot be read.
fn changes(
    (config, history): (&Config, &History),
    before: &Table,
    after: &Table,
) -> Option<TrafficChanges> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let minute = u32::try_from(since.as_secs() / 60).ok()?;
    let remember = config.traffic.remember;
    let list = remembered_on_disk(history, remember, minute);
    // The daemon reports a damaged file, and replaces it.
    let list = list.ok().flatten()?;
    let addresses = list.iter().map(|one| (&*one.key, one.messages));
    Some(traffic_changes(before, after, addresses))
}

/// Prints one line about these changes, if the daemon wrote addresses.
pub fn print(config: &Config, history: &History, before: &Table, after: &Table) {
    if let Some(changes) = changes((config, history), before, after) {
        output::line(&line(config, &changes));
    }
}

fn line(config: &Config, changes: &TrafficChanges) -> String {
    let remember = days_in_words(config.traffic.remember);
    let differ = changes.differ;
    let mut line = format!("of these, {differ} got mail in the last {remember}");
    if changes.refused.addresses > 0 {
        line.push_str(&format!("; {} would be refused", changes.refused.addresses));
        if config.addresses == LogAddresses::Full {
            line.push_str(&named(&changes.refused));
        }
    }
    let lost: usize = changes.lost.iter().map(|lost| lost.addresses).sum();
    if lost > 0 {
        line.push_str(&format!("; {lost} are in domains that are lost"));
    }
    line
}
