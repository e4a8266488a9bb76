//! The guard: decides whether a new table is held back until somebody accepts it.
//!
//! In: what was live last, and the new table, as numbers. Out: the causes for holding the new table back; none if it
//! may go live. Pure: no file, no clock, no log. `reload` measures the numbers. A further check is a further
//! [`Cause`] and a function that [`causes`] calls.
//!
//! # Causes
//!
//! | cause | the new table is held back when |
//! |---|---|
//! | [`Cause::Vanished`] | the rules directory does not exist any more |
//! | [`Cause::NoRules`] | no rule and no domain line is left |
//! | [`Cause::OtherMount`] | the directory is on another file system than before |
//! | [`Cause::Emptied`] | a file that is still there lost all its rules |
//! | [`Cause::Beginning`] | a file became the beginning of what it was, and lost more than [`FEW`] rules or ends within a line |
//! | [`Cause::NoLineEnd`] | a file lost rules together with its last line end |
//! | [`Cause::Domain`] | a domain with [`MANY_ADDRESSES`] addresses or more is in no rule any more |
//! | [`Cause::Shrunk`], [`Cause::FewerAddresses`] | more than [`SMALL_CHANGE`] rules or addresses, and more than `max_shrink` of them, are gone |
//! | [`Cause::Grown`] | more than [`SMALL_CHANGE`] rules, and more than `max_growth` of all, were added to files that were there |
//! | [`Cause::Traffic`] | addresses that got mail lately would be refused, or their domain is in no rule any more |
//! | [`Cause::Unknown`] | there is no rule, and what was live last is unknown |
//!
//! # What is never held back
//!
//! An edit that an administrator plainly meant: a file that was added, or removed while others hold rules; a native
//! file with text in it whose last [`FEW`] rules were deleted or commented out; [`SMALL_CHANGE`] rules more or less,
//! wherever they stood, unless a file ends as a copy does that was cut off.
//!
//! # Limits
//!
//! Whether a file is the beginning of what it was can be seen only if its old text is in the history. Without it, a
//! file that was cut off behind a whole line is held back for the number of rules that it lost, or not at all.

mod cause;
mod traffic;

use std::collections::HashMap;

pub use cause::{Cause, MANY_ADDRESSES};
pub use traffic::{Traffic, TrafficCause, named};

/// Rules that may be deleted or added together, whatever their share.
pub const SMALL_CHANGE: usize = 20;

/// A native file with text in it may lose all its rules if it had no more than these. Any file may lose as many at
/// its end.
pub const FEW: usize = 3;

/// How many causes of one kind are listed one by one.
const LISTED: usize = 10;

/// How much may change at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuardLimits {
    /// The share of rules, or of addresses, that may be gone, in percent.
    pub max_shrink: u8,
    /// The share of rules that may be added, in percent.
    pub max_growth: u32,
}

impl From<&crate::config::Reload> for GuardLimits {
    fn from(config: &crate::config::Reload) -> Self {
        Self {
            max_shrink: config.max_shrink,
            max_growth: config.max_growth,
        }
    }
}

/// How many rules and domain lines each file of a table has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RuleCounts {
    /// Names of files, each with its number of rules and domain lines.
    pub files: Vec<(String, usize)>,
    /// The device of the directory, if it is known.
    pub device: Option<u64>,
}

impl RuleCounts {
    /// Returns the number of all rules and domain lines.
    pub fn lines(&self) -> usize {
        self.files.iter().map(|(_, lines)| lines).sum()
    }

    fn by_file(&self) -> HashMap<&str, usize> {
        let files = self.files.iter();
        files.map(|(file, lines)| (&**file, *lines)).collect()
    }
}

/// What was live last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum LastTable {
    /// Nothing: this is the first start.
    #[default]
    Nothing,
    /// This table.
    Table(RuleCounts),
    /// A daemon was running, and what was live is unknown.
    Unknown,
}

impl LastTable {
    /// Returns true if rules were live, or may have been.
    pub fn had_rules(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Table(counts) => counts.lines() > 0,
            Self::Unknown => true,
        }
    }
}

/// What would be live next.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proposal {
    /// The rules of the new table.
    pub counts: RuleCounts,
    /// The directory does not exist.
    pub missing: bool,
    /// Native files that are not blank. People write those; other files are exports of a program, or were
    /// emptied by one.
    pub written_by_hand: Vec<String>,
    /// What changes, if the old table is in memory.
    pub change: Option<TableChange>,
    /// What changes for the addresses that got mail lately, if that is known.
    pub traffic: Option<Traffic>,
}

/// What changes from the live table to the new one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TableChange {
    /// How many rules and domain lines are gone.
    pub gone: usize,
    /// How many rules and domain lines were added to files that were there before.
    pub added: usize,
    /// How many addresses had a rule of their own.
    pub addresses: usize,
    /// How many of them have none any more.
    pub addresses_gone: usize,
    /// Domains that no rule names any more, each with the number of addresses that it had; those with
    /// [`MANY_ADDRESSES`] at least.
    pub domains_gone: Vec<(String, usize)>,
    /// Files that end otherwise than before.
    pub endings: Vec<FileEnding>,
}

/// A file whose end is another one than before, and that lost or changed rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FileEnding {
    /// Its name.
    pub file: String,
    /// How many of its rules and domain lines are in no file any more.
    pub gone: usize,
    /// The file ended with a line end, and does not any more.
    pub lost_line_end: bool,
    /// The file is the beginning of what it was.
    pub beginning: Option<Beginning>,
}

/// Where a file that is the beginning of what it was ends now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Beginning {
    /// Behind a whole line.
    AfterLine,
    /// Within a line of the old text.
    WithinLine,
}

/// Returns why the new table is held back; nothing if it may go live.
pub fn causes(before: &LastTable, new: &Proposal, limits: GuardLimits) -> Vec<Cause> {
    let lines = new.counts.lines();
    let old = match before {
        LastTable::Nothing => return Vec::new(),
        LastTable::Unknown if lines == 0 => return vec![Cause::Unknown],
        LastTable::Unknown => return Vec::new(),
        LastTable::Table(old) => old,
    };
    let was = old.lines();
    let mut found = Vec::new();
    if was == 0 {
        return found;
    }
    if lines == 0 {
        found.push(match new.missing {
            true => Cause::Vanished { was },
            false => Cause::NoRules { was },
        });
    }
    if let (Some(one), Some(other)) = (old.device, new.counts.device)
        && one != other
    {
        found.push(Cause::OtherMount);
    }
    // Without any rule, every file has lost its rules: one cause is enough.
    if lines > 0 {
        let emptied = emptied(old, new);
        let endings = endings(old, new, &emptied);
        found.extend(listed(emptied, |files| Cause::MoreEmptied { files }));
        found.extend(listed(endings, |files| Cause::MoreEndings { files }));
        found.extend(domains(new));
        found.extend(shrunk(old, new, limits.max_shrink));
        found.extend(grown(was, new, limits.max_growth));
        let traffic = new.traffic.iter().flat_map(traffic::causes);
        found.extend(traffic.map(Cause::Traffic));
    }
    found
}

/// Keeps the first causes of one kind; `more` makes the cause that stands for the others.
fn listed(mut causes: Vec<Cause>, more: impl Fn(usize) -> Cause) -> Vec<Cause> {
    let others = causes.len().saturating_sub(LISTED);
    causes.truncate(LISTED);
    causes.extend((others > 0).then(|| more(others)));
    causes
}

/// Returns a cause for each file that is still there and lost all its rules.
fn emptied(old: &RuleCounts, new: &Proposal) -> Vec<Cause> {
    let old = old.by_file();
    let emptied = new.counts.files.iter().filter_map(|(file, lines)| {
        let was = *old.get(&**file)?;
        let lost = *lines == 0 && was > 0;
        let meant = || was <= FEW && new.written_by_hand.contains(file);
        (lost && !meant()).then(|| Cause::Emptied {
            file: file.clone(),
            was,
        })
    });
    emptied.collect()
}

/// Returns a cause for each file that ends as a copy does that is under way or was cut off.
fn endings(old: &RuleCounts, new: &Proposal, emptied: &[Cause]) -> Vec<Cause> {
    let (old, now) = (old.by_file(), new.counts.by_file());
    let lines = |of: &HashMap<&str, usize>, file: &str| of.get(file).copied().unwrap_or(0);
    let all = new.change.iter().flat_map(|change| &change.endings);
    let causes = all.filter_map(|ending| {
        let (file, gone) = (&ending.file, ending.gone);
        let is_named =
            |cause: &Cause| matches!(cause, Cause::Emptied { file: one, .. } if one == file);
        if emptied.iter().any(is_named) {
            return None;
        }
        let beginning = match ending.beginning {
            Some(Beginning::WithinLine) => true,
            Some(Beginning::AfterLine) => gone > FEW,
            None => false,
        };
        // Where one rule took the place of another, nothing was cut off.
        let fewer = || gone > 0 && lines(&now, file) < lines(&old, file);
        let file = file.clone();
        match beginning {
            true => Some(Cause::Beginning { file, gone }),
            false if ending.lost_line_end && ending.beginning.is_none() && fewer() => {
                Some(Cause::NoLineEnd { file, gone })
            }
            false => None,
        }
    });
    causes.collect()
}

/// Returns a cause for each domain with many addresses that no rule names any more.
fn domains(new: &Proposal) -> Vec<Cause> {
    let gone = new.change.iter().flat_map(|change| &change.domains_gone);
    let gone = gone.filter(|(_, addresses)| *addresses >= MANY_ADDRESSES);
    let causes = gone.map(|(domain, addresses)| Cause::Domain {
        domain: domain.clone(),
        was: *addresses,
    });
    listed(causes.collect(), |domains| Cause::MoreDomains { domains })
}

/// Returns true if this many of all are more than the share allows.
fn is_beyond(some: usize, all: usize, share: u32) -> bool {
    let share = usize::try_from(share).unwrap_or(usize::MAX);
    some > SMALL_CHANGE && some.saturating_mul(100) > all.saturating_mul(share)
}

fn shrunk(old: &RuleCounts, new: &Proposal, max_shrink: u8) -> Option<Cause> {
    let was = old.lines();
    let net = || was.saturating_sub(new.counts.lines());
    let change = new.change.as_ref();
    let gone = change.map_or_else(net, |change| change.gone);
    if is_beyond(gone, was, max_shrink.into()) {
        return Some(Cause::Shrunk {
            gone,
            was,
            max_shrink,
        });
    }
    let (gone, was) = (change?.addresses_gone, change?.addresses);
    is_beyond(gone, was, max_shrink.into()).then_some(Cause::FewerAddresses {
        gone,
        was,
        max_shrink,
    })
}

fn grown(was: usize, new: &Proposal, max_growth: u32) -> Option<Cause> {
    let added = new.change.as_ref()?.added;
    is_beyond(added, was, max_growth).then_some(Cause::Grown {
        added,
        was,
        max_growth,
    })
}

#[cfg(test)]
mod tests;
