//! Writes an explanation as text: the steps, each with its place, and the outcome.

use crate::{
    engine::visible::escaped,
    protocol::{Action, Explained, Step, StepReason},
};

/// Returns the text for people: several lines, without a line end after the last one.
pub fn text(explained: &Explained) -> String {
    let mut lines = vec![heading(explained)];
    let steps = &explained.steps;
    let place = |step: &Step| format!("{}:{}", step.file, step.line);
    let width = |column: &dyn Fn(&Step) -> usize| steps.iter().map(column).max().unwrap_or(0);
    let first = width(&|step| step.address.chars().count());
    let second = width(&|step| place(step).chars().count());
    for step in steps {
        // Everybody expects that the rule of a step matches its address.
        let why = match step.reason {
            Some(StepReason::Rule) => String::new(),
            _ => format!("   ({})", step.why),
        };
        lines.push(format!(
            "  {:first$}  {:second$}  {}{why}",
            step.address,
            place(step),
            step.rule
        ));
    }
    lines.push(format!("  => {}", outcome(explained)));
    lines.extend(explained.note.iter().map(|note| format!("     {note}")));
    let does = explained.mta.iter().flat_map(|mta| &mta.does);
    lines.extend(does.map(|sentence| format!("     the MTA {sentence}")));
    let lines: Vec<_> = lines.iter().map(|line| printable(line)).collect();
    lines.join("\n")
}

/// Returns the first line: the address, or the domain with its class.
fn heading(explained: &Explained) -> String {
    let address = &explained.address;
    match &explained.class {
        Some(Some(class)) => format!("{address} ({class}), for an address that no rule names"),
        _ => address.clone(),
    }
}

/// Returns what happens to the recipient, in one line.
pub fn outcome(explained: &Explained) -> String {
    match (&explained.action, &explained.reply) {
        (Action::Replace, _) => format!("replace by {}", explained.to.join(", ")),
        (action @ (Action::Reject | Action::Defer), Some(reply)) => {
            format!("{action} {} {} {}", reply.code, reply.enhanced, reply.text)
        }
        (action, _) => action.to_string(),
    }
}

/// Returns a line without control characters. Senders choose addresses, and must not control the terminal.
pub fn printable(line: &str) -> String {
    escaped(line)
}
