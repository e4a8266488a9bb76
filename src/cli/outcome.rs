//! What came of a reload, for people.

use super::{
    files::counted,
    output::{self, Paint},
    time::moment,
};
use crate::protocol::{Findings, Held, Live, Outcome, Reload, RolledBack};

/// Prints the rules that a reload has added, removed and changed.
pub fn print_rules(outcome: &Outcome) {
    let Outcome::Live(live) = outcome else {
        return;
    };
    for (kind, number, rules) in [
        ("added", live.added, &live.added_rules),
        ("removed", live.removed, &live.removed_rules),
        ("changed", live.changed, &live.changed_rules),
    ] {
        for rule in rules {
            output::line(&format!("{kind:<12} {rule}"));
        }
        let more = number.saturating_sub(rules.len());
        if more > 0 {
            output::line(&format!("{kind:<12} and {more} more"));
        }
    }
}

/// Prints the findings of a reload.
pub fn print_rules_findings(reload: &Reload) {
    if let Some(findings) = reload.outcome.findings() {
        print_findings(findings, &format!("readdress check {}", reload.directory));
    }
}

/// Prints the first findings, and how many more there are. `all` is the command that shows all findings.
pub fn print_findings(findings: &Findings, all: &str) {
    for finding in &findings.findings {
        output::line(finding);
    }
    if findings.findings_more > 0 {
        output::line(&format!("{} more: {all}", findings.findings_more));
    }
}

/// Prints an outcome in one line, and below it why a table is held back.
pub fn print(label: &str, outcome: Option<&Outcome>) {
    let bad = |text: &str| Paint::stdout().bad(text);
    let serves = |generation: u64| match generation {
        0 => "no table yet, every recipient is deferred".to_owned(),
        _ => format!("generation {generation} serves on"),
    };
    let line = match outcome {
        Some(Outcome::Unchanged { generation }) => {
            format!("nothing to do: generation {generation} matches the files")
        }
        Some(Outcome::Live(live)) => live_line(live),
        Some(Outcome::Refused(refused)) => bad(&format!("REFUSED: {}", serves(refused.generation))),
        Some(Outcome::Held(held)) => bad(&format!("HELD BACK: {}", serves(held.generation))),
        Some(Outcome::RolledBack(back)) => bad(&format!(
            "ROLLED BACK: generation {} has the texts of generation {}",
            back.generation, back.to
        )),
        Some(Outcome::Configuration) => "the configuration file is in force".to_owned(),
        Some(Outcome::Other(other)) => {
            let serves = serves(other.generation);
            format!(
                "{}: {serves}; this command does not know this outcome",
                other.outcome
            )
        }
        None => "none yet".to_owned(),
    };
    output::line(&format!("{label:<12} {line}"));
    if let Some(Outcome::Held(held)) = outcome {
        print_held(held);
    }
    if let Some(Outcome::RolledBack(back)) = outcome {
        print_rolled_back(back);
    }
}

fn print_rolled_back(back: &RolledBack) {
    let why = back.why.as_deref().unwrap_or("no reason given");
    output::line(&format!(
        "{:<12} {}, since {}: {why}",
        "by",
        back.by,
        moment(back.since)
    ));
    let end = match &back.end {
        Some(words) => Paint::stdout().bold(words),
        None => {
            "restart the daemon with a control socket, and `readdress rollback --end`".to_owned()
        }
    };
    output::line(&format!(
        "{:<12} saved files do not count until: {end}",
        "what to do"
    ));
}

fn print_held(held: &Held) {
    for cause in &held.causes {
        output::line(&format!("{:<12} {}", "because", cause.text));
    }
    output::line(&format!(
        "{:<12} {} from {}, digest {}",
        "new table",
        counted(held.rules, "rule"),
        counted(held.files, "file"),
        held.digest
    ));
    print_differences(held);
    let accept = held.accept.as_ref().map_or_else(String::new, |words| {
        let words = Paint::stdout().bold(words);
        format!("; or, if this is what you want: {words}")
    });
    output::line(&format!("{:<12} correct the files{accept}", "what to do"));
}

/// Prints how many addresses would fare differently, and the first of them.
fn print_differences(held: &Held) {
    let words = held.differences_in_words();
    let words = words.unwrap_or_else(|| {
        "not compared: no table is live, or too little memory is left".to_owned()
    });
    output::line(&format!("{:<12} {words}", "mail"));
    for one in &held.differences {
        let (before, after) = (&one.before, &one.after);
        output::line(&format!("{:<12} {}  {before} -> {after}", "", one.address));
    }
    let total = held.differences_total.unwrap_or(0);
    let others = total.saturating_sub(held.differences.len());
    if others > 0 && !held.differences.is_empty() {
        let or_more = if held.differences_more {
            " or more"
        } else {
            ""
        };
        output::line(&format!("{:<12} and {others}{or_more} others", ""));
    }
}

fn live_line(live: &Live) -> String {
    format!(
        "generation {} is live: {}, +{}-{}~{}, {} ms",
        live.generation,
        counted(live.rules, "rule"),
        live.added,
        live.removed,
        live.changed,
        live.took_ms
    )
}
