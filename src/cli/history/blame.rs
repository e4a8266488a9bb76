//! `readdress blame`: since when an address is what it is, who did it, and why.
//!
//! Goes back from the newest generation to the first one by which mail fares differently. Generations with the same
//! texts and settings are compiled once. What a generation cannot tell, because its texts are gone, is passed over
//! with a message.

use std::sync::Arc;

use super::{generation::generation, recorded::Recorded};
use crate::{
    cli::{Exit, failed, flags, output, time::moment},
    daemon::history::Entry,
    engine::Table,
    protocol::{Action, Blame, Explained, Generation, Step},
    report,
};

/// Runs the command.
pub fn run(flags: &flags::Blame) -> Exit {
    match found(flags) {
        Ok(found) if flags.json => found.iter().for_each(output::json),
        Ok(found) => found.iter().for_each(print),
        Err(exit) => return exit,
    }
    Exit::Fine
}

/// A recipient, and what is known of it so far.
struct Traced {
    blame: Blame,
    /// The generation before it was found that it fared differently.
    done: bool,
}

fn found(flags: &flags::Blame) -> Result<Vec<Blame>, Exit> {
    let recorded = Recorded::open(&flags.place)?;
    recorded.complain();
    let newest = recorded.newest()?.generation;
    let mut traced: Vec<Traced> = Vec::new();
    let mut later: Option<(&Entry, Option<Arc<Table>>)> = None;
    for entry in recorded.listing.entries.iter().rev() {
        let table = match &later {
            Some((other, table)) if same(entry, other) => table.clone(),
            _ => readable(&recorded, entry),
        };
        if let Some(table) = &table {
            let explained = explained(table, &flags.addresses, entry.generation)?;
            if traced.is_empty() {
                traced = explained.iter().map(begun).collect();
            }
            for (traced, explained) in traced.iter_mut().zip(&explained) {
                trace(traced, explained, generation(entry, Some(newest)));
            }
            if traced.iter().all(|traced| traced.done) {
                break;
            }
        }
        later = Some((entry, table));
    }
    let blames = traced.into_iter().map(|traced| match traced.done {
        true => traced.blame,
        // It was so as far back as the history goes.
        false => Blame {
            since: None,
            ..traced.blame
        },
    });
    Ok(blames.collect())
}

/// Returns true if both mean the same.
fn same(one: &Entry, other: &Entry) -> bool {
    let settings = other.settings();
    one.digest == other.digest && settings.is_some_and(|settings| one.has_settings(&settings))
}

/// Returns the table of a generation, or says that it is passed over.
fn readable(recorded: &Recorded, entry: &Entry) -> Option<Arc<Table>> {
    if !entry.is_whole() {
        output::error(&format!(
            "readdress: generation {} is passed over: a file changed before it was kept",
            entry.generation
        ));
        return None;
    }
    recorded
        .table(entry)
        .ok()
        .map(|with_texts| with_texts.table)
}

fn explained(
    table: &Arc<Table>,
    texts: &[String],
    generation: u64,
) -> Result<Vec<Explained>, Exit> {
    let all = texts.iter();
    let all = all.flat_map(|text| report::explain(table, text, Some(generation)));
    all.map(|one| one.map_err(|failure| failed(&report::printable(&failure.error))))
        .collect()
}

fn begun(explained: &Explained) -> Traced {
    Traced {
        blame: Blame {
            address: explained.address.clone(),
            outcome: report::outcome(explained),
            rule: decisive(explained).map(place),
            note: decisive(explained).and_then(|step| step.note.clone()),
            owner: decisive(explained).and_then(|step| step.owner.clone()),
            ..Blame::default()
        },
        done: false,
    }
}

/// Takes note of what an older generation did with the recipient.
fn trace(traced: &mut Traced, explained: &Explained, generation: Generation) {
    if traced.done {
        return;
    }
    let outcome = report::outcome(explained);
    if outcome == traced.blame.outcome {
        traced.blame.since = Some(generation);
    } else {
        traced.blame.before = Some(outcome);
        traced.blame.rule_before = decisive(explained).map(place);
        traced.done = true;
    }
}

/// Returns the step that decided.
fn decisive(explained: &Explained) -> Option<&Step> {
    // After a rule that delivers, further steps only say that its targets are final.
    match explained.action {
        Action::Replace => explained.steps.first(),
        _ => explained.steps.last(),
    }
}

/// Returns the line of a step, as `FILE:LINE`.
fn place(step: &Step) -> String {
    format!("{}:{}", step.file, step.line)
}

fn print(blame: &Blame) {
    let at = |rule: &Option<String>| {
        let rule = rule.as_ref();
        rule.map_or_else(String::new, |rule| format!("  ({rule})"))
    };
    output::line(&blame.address);
    output::line(&format!("  => {}{}", blame.outcome, at(&blame.rule)));
    for (label, text) in [("note", &blame.note), ("owner", &blame.owner)] {
        if let Some(text) = text {
            output::line(&format!("  {label}: {text}"));
        }
    }
    match &blame.since {
        Some(since) => {
            output::line(&format!(
                "  since generation {}, {}, by {}",
                since.generation,
                moment(since.at),
                since.by
            ));
            if let Some(why) = &since.why {
                output::line(&format!("  why: {why}"));
            }
        }
        None => output::line("  as far back as the history goes"),
    }
    if let Some(before) = &blame.before {
        output::line(&format!("  before: {before}{}", at(&blame.rule_before)));
    }
}
