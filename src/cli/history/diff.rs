//! `readdress diff`: what another table does to mail, address by address.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`SHOWN`] | 100 addresses | "and N more", and the option that shows them all |

use std::{path::Path, sync::Arc};

use super::recorded::{Recorded, WithTexts};
use crate::{
    cli::{
        Exit, failed, files,
        files::counted,
        flags::{Diff, Place, Side},
        output::{self, Progress},
    },
    engine::{
        SourceText,
        compare::{Difference, Fate, compare},
        rewrite::Outcome,
    },
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
            .map(value)
            .for_each(|value| output::json(&value));
        return Ok(());
    }
    let names = (before.to_string(), after.to_string());
    if differences.is_empty() {
        output::line(&format!(
            "{} and {}: no address fares differently",
            names.0, names.1
        ));
        return Ok(());
    }
    let shown = match flags.all {
        true => differences.len(),
        false => differences.len().min(SHOWN),
    };
    let (first, rest) = differences.split_at(shown);
    let width = first.iter().map(|one| one.subject.to_string().len());
    let width = width.max().unwrap_or(0).min(40);
    for difference in first {
        print(difference, width);
        if flags.verbose {
            print_line("before", difference.rule_before.as_deref(), &old.texts);
            print_line("after", difference.rule_after.as_deref(), &new.texts);
        }
    }
    if !rest.is_empty() {
        output::line(&format!("and {} more: readdress diff --all", rest.len()));
    }
    output::line("");
    output::line(&summary(&differences, &names));
    Ok(())
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

fn value(difference: &Difference) -> FateDifference {
    FateDifference {
        address: difference.subject.to_string(),
        before: difference.before.to_string(),
        after: difference.after.to_string(),
        rule_before: difference.rule_before.clone(),
        rule_after: difference.rule_after.clone(),
    }
}

fn print(difference: &Difference, width: usize) {
    let (before, after) = (&difference.before, &difference.after);
    let fate = match (before, after) {
        (Fate::Absent, after) => format!("(new) -> {after}"),
        (before, Fate::Absent) => format!("{before} -> (gone)"),
        (before, after) => format!("{before} -> {after}"),
    };
    let subject = difference.subject.to_string();
    output::line(&format!("{subject:<width$}  {fate}"));
}

/// Prints the line of the rules that decided, with its place.
fn print_line(label: &str, place: Option<&str>, texts: &[SourceText]) {
    let Some(place) = place else {
        return;
    };
    let line = line(place, texts).unwrap_or_default();
    output::line(format!("    {label:<6}  {place}  {line}").trim_end());
}

/// Returns the text of a line `FILE:LINE`.
fn line(place: &str, texts: &[SourceText]) -> Option<String> {
    let (name, number) = place.rsplit_once(':')?;
    let text = texts.iter().find(|text| text.name == name)?;
    let line = text
        .bytes
        .split(|byte| *byte == b'\n')
        .nth(number.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(line).trim().to_owned())
}

/// Returns how many differ, and in which way.
fn summary(all: &[Difference], (before, after): &(String, String)) -> String {
    let count = |wanted: fn(&Difference) -> bool| all.iter().filter(|one| wanted(one)).count();
    let lost = count(|one| one.before.delivers() && refused(&one.after));
    let won = count(|one| refused(&one.before) && one.after.delivers());
    let mut parts = vec![counted(all.len(), "difference")];
    if lost > 0 {
        parts.push(format!("{lost} delivered before and refused after"));
    }
    if won > 0 {
        parts.push(format!("{won} refused before and delivered after"));
    }
    format!("{before} -> {after}: {}", parts.join(", "))
}

fn refused(fate: &Fate) -> bool {
    matches!(fate, Fate::Outcome(Outcome::Refuse(_)))
}
