//! A finding whose commands are not written yet: they are when all findings are known, so that each
//! command holds what every finding wants of its parameter.
//!
//! Two commands that set one parameter, each for its own finding, would undo each other.

use super::{
    Finding, Severity,
    codes::Code,
    facts::{Postfix, Service},
    remedy::{Change, Edit, Place, commands},
};

/// The finding, and what stands around its commands.
pub struct PendingFinding {
    finding: Finding,
    before: String,
    after: String,
}

impl PendingFinding {
    /// One without help.
    pub(super) fn new(code: Code, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::from(Finding::new(code, about, message, ""))
    }

    /// Text in front of the commands, or in place of them.
    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        self.before += &text.into();
        self
    }

    /// Changes that fix it.
    pub(super) fn edit(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.finding.fix.edits.extend(edits);
        self
    }

    /// Other commands that fix it, one after the other.
    pub(super) fn run(mut self, commands: Vec<String>) -> Self {
        self.finding.fix.commands = commands;
        self
    }

    /// Text behind the commands.
    pub(super) fn or(mut self, text: impl Into<String>) -> Self {
        self.after += &text.into();
        self
    }

    /// What has to be done by hand first.
    pub(super) fn first(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.before = format!("{}{text}, then ", self.before);
        self.finding.fix.by_hand.push(text);
        self
    }

    /// What a hand does better than the commands, which belong to no block then.
    pub(super) fn by_hand(mut self, text: impl Into<String>) -> Self {
        self.finding.fix.by_hand.push(text.into());
        self
    }

    /// Returns true if the commands of other findings hold what this one wants.
    fn is_wanted(&self) -> bool {
        self.finding.fix.is_wanted() && self.finding.code.severity > Severity::Note
    }
}

impl From<Finding> for PendingFinding {
    fn from(finding: Finding) -> Self {
        Self {
            finding,
            before: String::new(),
            after: String::new(),
        }
    }
}

impl PendingFinding {
    /// What kind of finding it is.
    pub(super) fn finding(&self) -> &Finding {
        &self.finding
    }

    /// The finding, where its help needs no command of Postfix.
    pub(super) fn told(self) -> Finding {
        let mut finding = self.finding;
        if finding.help.is_empty() {
            finding.help = self.before + &self.after;
        }
        finding
    }
}

/// Writes the help of each one.
pub(super) fn finished(pending: Vec<PendingFinding>, postfix: &Postfix) -> Vec<Finding> {
    let wanted = pending.iter().filter(|unfinished| unfinished.is_wanted());
    let wanted: Vec<Edit> = wanted
        .flat_map(|unfinished| unfinished.finding.fix.edits.clone())
        .collect();
    pending
        .into_iter()
        .map(|unfinished| finish(unfinished, &wanted, postfix))
        .collect()
}

fn finish(unfinished: PendingFinding, wanted: &[Edit], postfix: &Postfix) -> Finding {
    let PendingFinding {
        mut finding,
        before,
        after,
    } = unfinished;
    let own = &finding.fix.edits;
    if own.is_empty() {
        if !finding.fix.commands.is_empty() && finding.help.is_empty() {
            let lines = &finding.fix.commands;
            let lines: Vec<_> = lines.iter().map(|line| format!("`{line}`")).collect();
            finding.help = format!("{before}write {}{after}", lines.join(", then "));
        } else if finding.help.is_empty() {
            finding.help = before + &after;
        }
        return finding;
    }
    let same = |edit: &&Edit| {
        own.iter()
            .any(|own| own.place == edit.place && own.name == edit.name)
    };
    // In the order of all findings, as in the block; what only this one wants comes behind.
    let all = wanted.iter().filter(same).chain(own);
    let lines = commands(postfix, all);
    let reload = format!("{} reload", postfix.command("postfix"));
    let lines: Vec<_> = lines.iter().map(|line| format!("`{line}`")).collect();
    finding.help = format!(
        "{before}write {}, then `{reload}`{after}",
        lines.join(" and ")
    );
    finding
}

/// A change of a parameter where a service has it from.
pub(super) fn at(service: &Service, name: &str, change: Change) -> Edit {
    let place = match service.overrides.contains_key(name) {
        true => Place::Service(service.name.clone()),
        false => Place::Main,
    };
    Edit {
        place,
        name: name.to_owned(),
        change,
    }
}
