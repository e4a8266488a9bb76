//! `readdress history`, `diff` and `blame`: the tables that went live, and how they differ.
//!
//! These commands read the directory of the history themselves, so that they answer also while no daemon runs.
//! Only root and the daemon's user may read it: rules are personal data.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | `history` |
//! | `generation.rs` | an entry of the history as programs get it |
//! | `print.rs` | differences, for people |
//! | `recorded.rs` | the history of a configuration, and the tables in it |
//! | `diff.rs` | `diff` |
//! | `blame.rs` | `blame` |

mod blame;
mod diff;
mod generation;
pub mod print;
mod recorded;
pub mod traffic;

use super::{Exit, files::counted, flags, output, time::moment};
use crate::protocol::Generation;

pub use blame::run as blame;
pub use diff::run as diff;
use generation::generation;
pub use recorded::Recorded;

/// Generations that are listed without `--all`.
const LISTED: usize = 20;

/// Runs `readdress history`.
pub fn run(flags: &flags::History) -> Exit {
    let recorded = match Recorded::open(&flags.place) {
        Ok(recorded) => recorded,
        Err(exit) => return exit,
    };
    let entries = &recorded.listing.entries;
    let newest = entries.last().map(|entry| entry.generation);
    let values = entries.iter().map(|entry| generation(entry, newest));
    let values: Vec<_> = values.collect();
    let shown = match flags.all || flags.json {
        true => values.len(),
        false => values.len().min(LISTED),
    };
    let hidden = values.len() - shown;
    let values = values.iter().skip(hidden);
    if flags.json {
        values.for_each(output::json);
    } else {
        print(values, hidden);
        recorded.print_rollback();
    }
    match recorded.complain() {
        true => Exit::Findings,
        false => Exit::Fine,
    }
}

/// Prints a table, the newest generation at its end, where the eye is.
fn print<'g>(generations: impl Iterator<Item = &'g Generation>, hidden: usize) {
    output::line(&format!(
        "{:>10}  {:<23}  {:>8}  {:<12}  {:<14}  why",
        "generation", "live since", "rules", "change", "by"
    ));
    if hidden > 0 {
        output::line(&format!(
            "            {} before these: readdress history --all",
            counted(hidden, "generation")
        ));
    }
    for generation in generations {
        let change = format!(
            "+{}-{}~{}",
            generation.added, generation.removed, generation.changed
        );
        let live = if generation.live { "*" } else { "" };
        let line = format!(
            "{:>10}  {:<23}  {:>8}  {change:<12}  {:<14}  {}",
            format!("{live}{}", generation.generation),
            moment(generation.at),
            generation.rules,
            generation.by,
            reason(generation),
        );
        output::line(line.trim_end());
    }
}

/// Returns why a generation went live, in words.
fn reason(generation: &Generation) -> String {
    let why = generation.why.as_deref().unwrap_or_default();
    let what = match (&*generation.cause, generation.rollback_to) {
        (_, Some(to)) => format!("went back to {to}"),
        ("accepted", _) => "accepted".to_owned(),
        ("configuration", _) => "the configuration was changed".to_owned(),
        ("start", _) => "at a start".to_owned(),
        _ => String::new(),
    };
    let whole = match generation.whole {
        true => "",
        false => "(nobody can go back to it: a file changed before it was kept)",
    };
    let parts = [&*what, why, whole].into_iter();
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}
