//! The part about the table: tables of ten thousand rules and more, and their goals.

use std::io::Result;
use std::path::Path;

use serde_json::Value;

use crate::plot::{Scale, svg};
use crate::report::{Goal, Report, figure, medians};
use crate::{Plan, table, world};

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or(f64::NAN)
}

/// The names of the figures of one table, in the order of the columns.
const FIGURES: [&str; 9] = [
    "find_hit_ns",
    "find_miss_ns",
    "chase_ns",
    "hit_ns",
    "miss_ns",
    "load_seconds",
    "read_seconds",
    "edit_seconds",
    "reload_peak",
];

/// Measures a table once, in a separate process.
fn round(folder: &Path, size: u64) -> Result<Vec<f64>> {
    let value = table::measure("one-table", folder, size)?;
    let bytes = number(&value, "bytes");
    let mut figures = vec![bytes / size as f64];
    figures.extend(FIGURES.map(|name| number(&value, name)));
    if let Some(peak) = figures.last_mut() {
        *peak /= bytes;
    }
    Ok(figures)
}

/// Measures one table after the other, the largest one last.
pub fn table(plan: &Plan, report: &mut Report) -> Result<()> {
    report.say(
        "## Table\n\nMedians of several processes. A look-up is for an address that is parsed and folded already; a hit\n\
         reads the index and the record of the rule. A decision is all of it, as at RCPT: parse, fold, look up, and\n\
         look up the target that came out. The bare read is one dependent read of memory of the table's size.\n\
         The edit includes the time for which the directory must be quiet (200 ms).\n\n\
         | rules | bytes a rule | hit ns | miss ns | bare read ns | decision, hit ns | decision, miss ns | load s | reading the files s | edit of one line s | peak of a reload / table |\n\
         |---|---|---|---|---|---|---|---|---|---|---|",
    );
    let sizes = [10_000, 100_000, 1_000_000, plan.rules];
    let mut sizes: Vec<u64> = sizes
        .into_iter()
        .filter(|size| *size <= plan.rules)
        .collect();
    sizes.dedup();
    let mut all = Vec::new();
    for size in sizes {
        let folder = tempfile::tempdir()?;
        world::write(folder.path(), size, world::PER_FILE.min(size.div_ceil(4)))?;
        let rounds: Result<Vec<_>> = (0..plan.rounds)
            .map(|_| round(folder.path(), size))
            .collect();
        let figures = medians(&rounds?);
        let cells: Vec<_> = figures.iter().map(|value| figure(*value)).collect();
        report.say(&format!("| {size} | {} |", cells.join(" | ")));
        all.push((size, figures));
    }
    report.say("");
    if let Some((size, last)) = all.last() {
        rows(*size, last, report);
    }
    let million = 1_000_000.min(plan.rules);
    if let Some((size, figures)) = all.iter().find(|(size, _)| *size == million) {
        let name = format!("{size} rules: edit of one line, against a full load");
        report.row(&name, (figures[8], figures[6]), "s", Goal::Shown);
    }
    let line = |name: &str, at: usize| {
        let points = all
            .iter()
            .map(|(size, figures)| (*size as f64, figures[at]));
        (name.to_owned(), points.collect())
    };
    let bytes = svg(
        "Bytes a rule",
        ("rules", Scale::Log),
        ("resident bytes a rule", Scale::Even),
        &[line("readdress", 0)],
    );
    report.plot("bytes.svg", "Bytes a rule", &bytes)?;
    let times = svg(
        "Look-up",
        ("rules", Scale::Log),
        ("ns", Scale::Even),
        &[
            line("hit", 1),
            line("miss", 2),
            line("bare read", 3),
            line("decision, hit", 4),
            line("decision, miss", 5),
        ],
    );
    report.plot("lookups.svg", "Time of a look-up", &times)?;
    mixed(plan, report)
}

/// Reports the goals of the largest table. Without ten million rules, they are only shown.
fn rows(size: u64, figures: &[f64], report: &mut Report) {
    let wanted = |most| match size {
        10_000_000.. => Goal::AtMost(most),
        _ => Goal::Shown,
    };
    let mut row = |what: &str, ours, theirs, unit, most| {
        let name = format!("{size} rules: {what}");
        report.row(&name, (ours, theirs), unit, wanted(most));
    };
    row(
        "resident, against 56 bytes a rule",
        figures[0],
        56.0,
        "bytes",
        1.0,
    );
    row(
        "a hit, against a bare read",
        figures[1],
        figures[3],
        "ns",
        2.2,
    );
    row(
        "a miss, against a bare read",
        figures[2],
        figures[3],
        "ns",
        1.2,
    );
    row(
        "load, against reading the files",
        figures[6],
        figures[7],
        "s",
        10.0,
    );
    row(
        "peak of a reload, against one table",
        figures[9],
        1.0,
        "tables",
        2.5,
    );
}

/// Measures a table that has rules for whole domains and regexes besides rules for single addresses.
fn mixed(plan: &Plan, report: &mut Report) -> Result<()> {
    let count = plan.rules.min(10_000);
    let folder = tempfile::tempdir()?;
    world::write(folder.path(), count, count)?;
    let alone = table::measure("one-table", folder.path(), count)?;
    let regexes = if plan.quick { 200 } else { 10_000 };
    world::write_others(folder.path(), 1000, regexes)?;
    let mixed = table::measure("mixed-table", folder.path(), count)?;
    report.say(&format!(
        "With 1000 whole domains and {regexes} regexes beside {count} exact rules: hit {} ns (alone {}), \
         miss in a domain of exact rules {} ns (alone {}), match of a regex {} ns, load {} s.\n",
        figure(number(&mixed, "hit_ns")),
        figure(number(&alone, "hit_ns")),
        figure(number(&mixed, "miss_ns")),
        figure(number(&alone, "miss_ns")),
        figure(number(&mixed, "regex_ns")),
        figure(number(&mixed, "load_seconds")),
    ));
    let pair = (number(&mixed, "hit_ns"), number(&alone, "hit_ns"));
    let name = format!("hit beside 1000 whole domains and {regexes} regexes, against without");
    report.row(&name, pair, "ns", Goal::AtMost(1.1));
    Ok(())
}
