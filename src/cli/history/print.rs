//! Differences of two tables, for people.

use crate::{
    cli::{files::counted, output},
    engine::{
        SourceText,
        compare::{Difference, Fate},
        rewrite::Outcome,
    },
};

/// The widest column of addresses.
const WIDTH: usize = 40;

/// How differences are printed.
pub struct Print<'a> {
    /// What the older and the newer table are called.
    pub names: (&'a str, &'a str),
    /// The lines of the rules as well.
    pub verbose: bool,
    /// Addresses that are shown.
    pub most: usize,
    /// The command that shows more.
    pub more: &'a str,
}

impl Print<'_> {
    /// Prints the differences, and how many there are. The texts are those that the tables were made from.
    pub fn differences(&self, all: &[Difference], old: &[SourceText], new: &[SourceText]) {
        let (before, after) = self.names;
        if all.is_empty() {
            output::line(&format!(
                "{before} and {after}: no address fares differently"
            ));
            return;
        }
        let (first, rest) = all.split_at(all.len().min(self.most));
        let width = first.iter().map(|one| one.subject.to_string().len());
        let width = width.max().unwrap_or(0).min(WIDTH);
        for difference in first {
            print(difference, width);
            if self.verbose {
                print_line("before", difference.rule_before.as_deref(), old);
                print_line("after", difference.rule_after.as_deref(), new);
            }
        }
        if !rest.is_empty() {
            output::line(&format!("and {} more: {}", rest.len(), self.more));
        }
        output::line("");
        output::line(&summary(all, self.names));
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
fn summary(all: &[Difference], (before, after): (&str, &str)) -> String {
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
