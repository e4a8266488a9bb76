//! `readdress diff`: what another table does to mail, address by address.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`SHOWN`] | 100 addresses | "and N more", and the option that shows them all |

use std::{path::Path, sync::Arc};

use super::{
    print::Print,
    recorded::{Recorded, WithTexts},
    traffic,
};
use crate::{
    cli::{
        Exit, failed, files,
        flags::{Diff, Place, Side},
        output::{self, Progress},
    },
    engine::{Settings, compare::compare},
    protocol::FateDifference,
};

/// Addresses that are shown without `--all`.
const SHOWN: usize = 100;

/// Runs the command.
pub fn run(flags: &Diff) -> Exit {
    match compared(flags) {
        Ok(()) => Exit::Fine,
        Err(exit) => exit,
    }
}

fn compared(flags: &Diff) -> Result<(), Exit> {
    let (before, after) = match (flags.before, flags.after) {
        (None, _) => (Side::Live, Side::Files),
        (Some(before), None) => (before, Side::Live),
        (Some(before), Some(after)) => (before, after),
    };
    let recorded = Recorded::open(&Place {
        rules: None,
        config: flags.config.clone(),
    })?;
    let old = table(&recorded, before, flags)?;
    let new = table(&recorded, after, flags)?;
    let progress = Progress::start("comparing");
    let differences = compare(&old.table, &new.table);
    drop(progress);
    if flags.json {
        differences
            .iter()
            .map(FateDifference::from)
            .for_each(|value| output::json(&value));
        return Ok(());
    }
    let print = Print {
        names: (&before.to_string(), &after.to_string()),
        verbose: flags.verbose,
        most: match flags.all {
            true => usize::MAX,
            false => SHOWN,
        },
        more: "readdress diff --all",
    };
    print.differences(&differences, &old.texts, &new.texts);
    if !differences.is_empty() {
        traffic::print(&recorded.config, &recorded.history, &old.table, &new.table);
    }
    let settings = changed_settings(old.table.settings(), new.table.settings());
    if !settings.is_empty() {
        output::line(&format!(
            "The settings differ too ({}). Addresses that fare differently for that reason alone are not listed.",
            settings.join(", ")
        ));
    }
    Ok(())
}

/// Returns the keys of the settings that differ. A comparison looks at rules, so that it must say so.
fn changed_settings(old: &Settings, new: &Settings) -> Vec<&'static str> {
    // Without `..`, so that a new setting cannot be forgotten here.
    let Settings {
        recipient_delimiter,
        local_case,
        recursion_limit,
        expansion_limit,
        address_length_limit,
        unknown_reject,
        unknown_defer,
    } = old;
    let changed = [
        (
            "recipient_delimiter",
            *recipient_delimiter != new.recipient_delimiter,
        ),
        ("local_part_case", *local_case != new.local_case),
        ("recursion_limit", *recursion_limit != new.recursion_limit),
        ("expansion_limit", *expansion_limit != new.expansion_limit),
        (
            "address_length_limit",
            *address_length_limit != new.address_length_limit,
        ),
        ("unknown", *unknown_reject != new.unknown_reject),
        ("unknown_defer", *unknown_defer != new.unknown_defer),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(key, _)| key).collect()
}

/// Returns a side of the comparison, compiled.
fn table(recorded: &Recorded, side: Side, flags: &Diff) -> Result<WithTexts, Exit> {
    match side {
        Side::Generation(number) => recorded.table(recorded.entry(number)?),
        Side::Live => recorded.table(recorded.newest()?),
        Side::Files => of_files(recorded, flags.rules.as_deref()),
    }
}

fn of_files(recorded: &Recorded, rules: Option<&Path>) -> Result<WithTexts, Exit> {
    let loaded = files::load_with(&recorded.config, rules)?;
    match &loaded.table {
        Some(table) => Ok(WithTexts {
            table: Arc::clone(table),
            texts: loaded.sources,
        }),
        None => {
            loaded.complain();
            failed("the files have errors: no table can be made from them");
            Err(Exit::Findings)
        }
    }
}
