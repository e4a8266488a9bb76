//! The part about the table: sizes from ten thousand rules on, and what they must reach.

use std::io::Result;

use serde_json::Value;

use crate::plot::{Scale, svg};
use crate::report::{Report, Wanted, figure};
use crate::{Plan, table, world};

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or(f64::NAN)
}

/// One table after the other, the largest last.
pub fn table(plan: &Plan, report: &mut Report) -> Result<()> {
    report.say(
        "## Table\n\nOne process a size. A hit looks up the received address and then its target; the bare read\n\
         is one dependent read of memory of the table's size. The edit includes the time for which the\n\
         directory must be quiet (200 ms).\n\n\
         | rules | octets a rule | hit ns | miss ns | bare read ns | load s | reading the files s | edit of one line s | peak of a reload / table |\n\
         |---|---|---|---|---|---|---|---|---|",
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
        let value = table::measure("one-table", folder.path(), size)?;
        let figures = [
            number(&value, "octets") / size as f64,
            number(&value, "hit_ns"),
            number(&value, "miss_ns"),
            number(&value, "chase_ns"),
            number(&value, "load_seconds"),
            number(&value, "read_seconds"),
            number(&value, "edit_seconds"),
            number(&value, "reload_peak") / number(&value, "octets"),
        ];
        let cells = figures.map(figure).join(" | ");
        report.say(&format!("| {size} | {cells} |"));
        all.push((size, figures));
    }
    let Some(&(size, last)) = all.last() else {
        return Ok(());
    };
    report.say("");
    let name = |what: &str| format!("{size} rules: {what}");
    report.row(
        &name("a hit, against a bare read"),
        (last[1], last[3]),
        "ns",
        Wanted::Shown,
    );
    report.row(
        &name("a miss, against a bare read"),
        (last[2], last[3]),
        "ns",
        Wanted::Shown,
    );
    report.row(
        &name("load, against reading the files"),
        (last[4], last[5]),
        "s",
        Wanted::Shown,
    );
    report.row(
        &name("peak of a reload, against one table"),
        (last[7], 1.0),
        "tables",
        Wanted::Shown,
    );
    if let Some((size, million)) = all
        .iter()
        .find(|(size, _)| *size == 1_000_000.min(plan.rules))
    {
        let name = format!("{size} rules: edit of one line, against a full load");
        report.row(&name, (million[6], million[4]), "s", Wanted::Shown);
    }
    let line = |name: &str, at: usize| {
        let points = all
            .iter()
            .map(|(size, figures)| (*size as f64, figures[at]));
        (name.to_owned(), points.collect())
    };
    let octets = svg(
        "Octets a rule",
        ("rules", Scale::Log),
        ("resident octets a rule", Scale::Even),
        &[line("readdress", 0)],
    );
    report.plot("octets.svg", "Octets a rule", &octets)?;
    let times = svg(
        "Look-up",
        ("rules", Scale::Log),
        ("ns", Scale::Even),
        &[line("hit", 1), line("miss", 2), line("bare read", 3)],
    );
    report.plot("lookups.svg", "Time of a look-up", &times)?;
    mixed(plan, report)
}

/// Whole domains and regexes beside exact rules.
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
    report.row(&name, pair, "ns", Wanted::AtMost(1.1));
    Ok(())
}
