//! The last screen of the demo: the reader edits a file, and sees what each save changes.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | changed lines shown of one save | 8 | the number of the others is shown |
//! | look at the daemon | every 100 ms | |

use std::{collections::BTreeMap, io, time::Duration};

use super::{screen::Screen, stage::Stage};
use crate::protocol::{Outcome, Status};

/// Most changed lines of one save.
const LINES: usize = 8;

/// How often the daemon is asked.
const PERIOD: Duration = Duration::from_millis(100);

/// Shows what the reader's edits change, until the reader presses Enter.
pub fn play(stage: &mut Stage, screen: &Screen) -> io::Result<()> {
    screen.heading("7. Your turn. Edit this file in another window, save it, and look here:");
    screen.line(&format!("  {}", stage.edited().display()));
    screen.blank();
    screen.say("For example, add this line:");
    screen.blank();
    screen.good("me@domain2.com                  bob@company.com");
    screen.blank();
    screen.say("Then make a mistake: write compny.com, or repeat an address. Or delete a line.");
    screen.prompt("Enter: end of the demo");
    let mut seen = stage.status().unwrap_or_default().last_reload;
    let mut texts = stage.texts();
    while screen.key(Some(PERIOD)).is_none() {
        let Some(status) = stage.status() else {
            continue;
        };
        if status.last_reload == seen {
            continue;
        }
        seen.clone_from(&status.last_reload);
        screen.line("");
        let new = stage.texts();
        show(stage, &status, &changes(&texts, &new), screen)?;
        texts = new;
        screen.prompt("watching; Enter: end of the demo");
    }
    screen.line("");
    Ok(())
}

/// Shows the lines that were changed, and what came of it.
fn show(stage: &mut Stage, status: &Status, lines: &[String], screen: &Screen) -> io::Result<()> {
    screen.blank();
    for line in lines.iter().take(LINES) {
        match line.starts_with('+') {
            true => screen.good(line),
            false => screen.bad(line),
        }
    }
    if lines.len() > LINES {
        screen.say(&format!("and {} more changed lines", lines.len() - LINES));
    }
    let generation = status.generation;
    match status.outcome() {
        Some(Outcome::Live(_)) => {
            screen.say(&format!(
                "Generation {generation} is live, with {} rules. Mail goes:",
                status.rules
            ));
            for address in addresses(lines).take(LINES) {
                for arrow in stage.arrows(address, &[])? {
                    screen.say(&arrow);
                }
            }
        }
        Some(Outcome::Refused(_)) => {
            show_refusal(status, screen);
            screen.say(&format!("Generation {generation} stays in force."));
        }
        Some(Outcome::Held(_)) => {
            screen.say(&format!(
                "So many rules are gone that readdress takes it for an accident. Generation \
                 {generation} stays in force until the rules are back, or until somebody types \
                 `readdress accept` with the digest that the log shows."
            ));
        }
        _ => screen.say(&format!(
            "The rules are those of generation {generation} again, which is in force."
        )),
    }
    Ok(())
}

/// Shows the first finding of a refused reload, and how many others there are.
pub fn show_refusal(status: &Status, screen: &Screen) {
    let findings = status.refused().map(|refused| &refused.findings.findings);
    let Some((first, others)) = findings.and_then(|findings| findings.split_first()) else {
        return;
    };
    first.lines().for_each(|line| screen.say(line));
    match others.len() {
        0 => {}
        1 => screen.say("(and another finding; `readdress check` shows all of them)"),
        more => screen.say(&format!(
            "(and {more} more findings; `readdress check` shows all of them)"
        )),
    }
}

/// Returns the lines that only one of two versions of the files has, with `-` or `+` before each.
fn changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let mut lines = Vec::new();
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for name in names {
        let text = |files: &BTreeMap<String, String>| files.get(name).cloned().unwrap_or_default();
        let (before, after) = (text(old), text(new));
        lines.extend(missing(&before, &after).map(|line| format!("- {line}")));
        lines.extend(missing(&after, &before).map(|line| format!("+ {line}")));
    }
    lines
}

/// Returns the lines of one text that another one does not have.
fn missing<'t>(of: &'t str, from: &'t str) -> impl Iterator<Item = &'t str> {
    let lines = of.lines().filter(|line| !line.trim().is_empty());
    lines.filter(move |line| !from.lines().any(|other| other == *line))
}

/// Returns the addresses of secondary domains whose rules were changed, each once.
fn addresses(lines: &[String]) -> impl Iterator<Item = &str> {
    let mut seen = Vec::new();
    let patterns = lines
        .iter()
        .filter_map(|line| line.split_whitespace().nth(1));
    patterns.filter(move |pattern| {
        let is_address = pattern
            .split_once('@')
            .is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty());
        let plain = is_address && !pattern.contains(['*', '/', '#', '"']);
        let new = plain && !seen.contains(pattern);
        if new {
            seen.push(*pattern);
        }
        new
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_and_their_addresses() {
        let files = |text: &str| BTreeMap::from([("a.rules".to_owned(), text.to_owned())]);
        let old = files("a@d.example x@c.example\n@d.example @c.example\n");
        let new = files("a@d.example y@c.example\n@d.example @c.example\n\n/b.*@d/ z@c.example\n");
        let lines = changes(&old, &new);
        assert_eq!(
            lines,
            [
                "- a@d.example x@c.example",
                "+ a@d.example y@c.example",
                "+ /b.*@d/ z@c.example",
            ]
        );
        assert_eq!(addresses(&lines).collect::<Vec<_>>(), ["a@d.example"]);
        assert!(changes(&new, &new).is_empty());
    }
}
