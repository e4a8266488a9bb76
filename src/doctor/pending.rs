//! A finding whose help has no commands yet. The commands are written when all findings are known, because one
//! command sets a parameter for all findings together.
//!
//! If each finding had its own command for the same parameter, the second would undo the first.

use super::{
    Finding, Severity,
    codes::Code,
    edits::{Change, Edit, Place},
    facts::{Postfix, Service},
    remedy::commands,
};

/// The finding, with the text before and after its commands.
pub struct PendingFinding {
    finding: Finding,
    before: String,
    after: String,
}

impl PendingFinding {
    /// Makes a finding without help.
    pub(super) fn new(code: Code, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::from(Finding::new(code, about, message, ""))
    }

    /// Adds text before the commands. Without commands it is the help.
    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        self.before += &text.into();
        self
    }

    /// Adds changes of Postfix's parameters that fix it.
    pub(super) fn edit(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.finding.fix.edits.extend(edits);
        self
    }

    /// Sets other commands that fix it, which are run one after the other.
    pub(super) fn run(mut self, commands: Vec<String>) -> Self {
        self.finding.fix.commands = commands;
        self
    }

    /// Adds text after the commands.
    pub(super) fn or(mut self, text: impl Into<String>) -> Self {
        self.after += &text.into();
        self
    }

    /// Adds what has to be done by hand before the commands.
    pub(super) fn first(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.before = format!("{}{text}, then ", self.before);
        self.finding.fix.by_hand.push(text);
        self
    }

    /// Adds what a person should do instead of the commands, which then are in no block.
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
    /// Returns the finding.
    pub(super) fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Returns the finding with its help, if the help needs no command of Postfix.
    pub(super) fn told(self) -> Finding {
        let mut finding = self.finding;
        if finding.help.is_empty() {
            finding.help = self.before + &self.after;
        }
        finding
    }
}

/// Writes the help of each finding.
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
    // First the edits of all findings, in the order of the block, then those of this finding alone.
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

/// Returns a change of a parameter at the place from which a service has it.
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
