//! What came of a reload, for people.

use serde_json::Value;

use super::{
    files::counted,
    output::{self, Paint},
};

/// A number of an answer.
pub fn number(answer: &Value, key: &str) -> u64 {
    answer[key].as_u64().unwrap_or_default()
}

/// A number of an answer with its noun.
pub fn count(answer: &Value, key: &str, noun: &str) -> String {
    let number = usize::try_from(number(answer, key)).unwrap_or(usize::MAX);
    counted(number, noun)
}

/// The strings of a list.
pub fn strings<'v>(answer: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    let list = answer[key].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

/// Which rules a reload has added, removed and changed.
pub fn print_rules(outcome: &Value) {
    for (kind, key) in [
        ("added", "added_rules"),
        ("removed", "removed_rules"),
        ("changed", "changed_rules"),
    ] {
        let mut shown = 0;
        for rule in strings(outcome, key) {
            output::line(&format!("{kind:<12} {rule}"));
            shown += 1;
        }
        let more = number(outcome, kind).saturating_sub(shown);
        if more > 0 {
            output::line(&format!("{kind:<12} and {more} more"));
        }
    }
}

/// The findings of a reload.
pub fn print_rules_findings(outcome: &Value) {
    let directory = outcome["directory"].as_str().unwrap_or_default();
    print_findings(outcome, &format!("readdress check {directory}"));
}

/// Some findings, and how many more there are. `all` is the command that shows all of them.
pub fn print_findings(of: &Value, all: &str) {
    strings(of, "findings").for_each(output::line);
    let more = number(of, "findings_more");
    if more > 0 {
        output::line(&format!("{more} more: {all}"));
    }
}

/// The outcome in one line, and below it why a table is held back.
pub fn print(label: &str, outcome: &Value) {
    let generation = number(outcome, "generation");
    let (hint, bad) = (Paint::stdout(), |text: &str| Paint::stdout().bad(text));
    let serves = match generation {
        0 => "no table yet, every recipient is deferred".to_owned(),
        _ => format!("generation {generation} serves on"),
    };
    let line = match outcome["outcome"].as_str() {
        Some("unchanged") => {
            format!("nothing to do: generation {generation} matches the files")
        }
        Some("live") => live(outcome),
        Some("refused") => bad(&format!("REFUSED: {serves}")),
        Some("held") => bad(&format!("HELD BACK: {serves}")),
        _ => "none yet".to_owned(),
    };
    output::line(&format!("{label:<12} {line}"));
    if outcome["outcome"] != "held" {
        return;
    }
    for cause in outcome["causes"].as_array().into_iter().flatten() {
        let text = cause["text"].as_str().unwrap_or_default();
        output::line(&format!("{:<12} {text}", "because"));
    }
    output::line(&format!(
        "{:<12} {} from {}, digest {}",
        "new table",
        count(outcome, "rules", "rule"),
        count(outcome, "files", "file"),
        outcome["digest"].as_str().unwrap_or_default()
    ));
    match outcome["accept"].as_str() {
        Some(words) => output::line(&format!(
            "{:<12} bring the rules back; or, if this is what you want: {}",
            "what to do",
            hint.bold(words)
        )),
        None => output::line(&format!("{:<12} bring the rules back", "what to do")),
    }
}

fn live(outcome: &Value) -> String {
    format!(
        "generation {} is live: {}, +{}-{}~{}, {} ms",
        number(outcome, "generation"),
        count(outcome, "rules", "rule"),
        number(outcome, "added"),
        number(outcome, "removed"),
        number(outcome, "changed"),
        number(outcome, "took_ms")
    )
}
