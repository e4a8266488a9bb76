//! The guard: decides whether a new table is held back until somebody accepts it.
//!
//! In: what was live last, and the new table, as counts of rules ([`RuleCounts`]). Out: the causes for
//! holding the new table back; none if it may go live. Pure: no file, no clock, no log. A further check is a
//! further [`Cause`] and a line in [`causes`].
//!
//! # Causes
//!
//! | cause | the new table is held back when |
//! |---|---|
//! | [`Cause::Vanished`] | the rules directory does not exist any more |
//! | [`Cause::NoRules`] | no rule and no domain line is left |
//! | [`Cause::OtherMount`] | the directory is on another file system than before |
//! | [`Cause::Emptied`] | a file that is still there lost all its rules |
//! | [`Cause::Shrunk`] | more than [`SMALL_LOSS`] rules, and more than `max_shrink` of all rules, are gone |
//! | [`Cause::Unknown`] | there is no rule, and what was live last is unknown |
//!
//! # What is never held back
//!
//! An edit that an administrator plainly meant: a file that was removed while others hold rules; a native
//! file with text in it whose last [`FEW`] rules were deleted or commented out; [`SMALL_LOSS`] rules less.

use std::{collections::HashMap, fmt};

/// Rules that may be deleted together, whatever their share.
pub const SMALL_LOSS: usize = 20;

/// A native file with text in it may lose all its rules if it had no more than these.
pub const FEW: usize = 3;

/// How many causes of one kind are listed one by one.
const LISTED: usize = 10;

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
    /// How many rules and domain lines are gone, if the old table is in memory.
    pub gone: Option<usize>,
}

/// Why a table is held back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The rules directory does not exist any more.
    Vanished {
        /// Rules that were live.
        was: usize,
    },
    /// No rule is left.
    NoRules {
        /// Rules that were live.
        was: usize,
    },
    /// The rules directory is on another file system.
    OtherMount,
    /// A file lost all its rules.
    Emptied {
        /// Its name.
        file: String,
        /// Rules that it held.
        was: usize,
    },
    /// So did more files than are listed.
    MoreEmptied {
        /// How many.
        files: usize,
    },
    /// More rules are gone than may go at once.
    Shrunk {
        /// Rules that are gone.
        gone: usize,
        /// Rules that were live.
        was: usize,
        /// The limit, in percent.
        max_shrink: u8,
    },
    /// There is no rule, and what was live last is unknown.
    Unknown,
}

impl Cause {
    /// A stable short word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Vanished { .. } => "vanished",
            Self::NoRules { .. } => "no-rules",
            Self::OtherMount => "other-mount",
            Self::Emptied { .. } | Self::MoreEmptied { .. } => "emptied",
            Self::Shrunk { .. } => "shrunk",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vanished { was } => write!(
                f,
                "the rules directory does not exist any more; {} came from it",
                rules(*was)
            ),
            Self::NoRules { was } => write!(
                f,
                "no file in the rules directory holds a rule; before: {}",
                rules(*was)
            ),
            Self::OtherMount => f.write_str(
                "the rules directory is on another file system than before: it was unmounted, or something was mounted over it",
            ),
            Self::Emptied { file, was } => {
                write!(f, "{file} holds no rule any more; before: {}", rules(*was))
            }
            Self::MoreEmptied { files } => {
                write!(f, "{files} more files hold no rule any more")
            }
            Self::Shrunk {
                gone,
                was,
                max_shrink,
            } => write!(
                f,
                "{gone} of {} are gone, and [reload] max_shrink allows {max_shrink}% at once",
                rules(*was)
            ),
            Self::Unknown => f.write_str(
                "no file in the rules directory holds a rule, and the record of what was live last is damaged",
            ),
        }
    }
}

fn rules(number: usize) -> String {
    match number {
        1 => "1 rule or domain line".to_owned(),
        _ => format!("{number} rules and domain lines"),
    }
}

/// Returns why the new table is held back; nothing if it may go live.
pub fn causes(before: &LastTable, new: &Proposal, max_shrink: u8) -> Vec<Cause> {
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
        found.extend(emptied(old, new));
        found.extend(shrunk(old, new, max_shrink));
    }
    found
}

/// Returns a cause for each file that is still there and lost all its rules.
fn emptied(old: &RuleCounts, new: &Proposal) -> Vec<Cause> {
    let old = old.files.iter().map(|(file, lines)| (&**file, lines));
    let old: HashMap<&str, &usize> = old.collect();
    let emptied = new.counts.files.iter().filter_map(|(file, lines)| {
        let was = *old.get(&**file)?;
        let lost = *lines == 0 && *was > 0;
        let meant = || *was <= FEW && new.written_by_hand.contains(file);
        (lost && !meant()).then(|| Cause::Emptied {
            file: file.clone(),
            was: *was,
        })
    });
    let mut causes: Vec<_> = emptied.collect();
    let files = causes.len().saturating_sub(LISTED);
    causes.truncate(LISTED);
    causes.extend((files > 0).then_some(Cause::MoreEmptied { files }));
    causes
}

fn shrunk(old: &RuleCounts, new: &Proposal, max_shrink: u8) -> Option<Cause> {
    let was = old.lines();
    let net = || was.saturating_sub(new.counts.lines());
    let gone = new.gone.unwrap_or_else(net);
    let too_many = gone.saturating_mul(100) > was.saturating_mul(usize::from(max_shrink));
    (gone > SMALL_LOSS && too_many).then_some(Cause::Shrunk {
        gone,
        was,
        max_shrink,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(files: &[(&str, usize)]) -> RuleCounts {
        let files = files.iter();
        RuleCounts {
            files: files
                .map(|(name, lines)| ((*name).to_owned(), *lines))
                .collect(),
            device: Some(1),
        }
    }

    fn now(files: &[(&str, usize)]) -> Proposal {
        Proposal {
            counts: counts(files),
            ..Proposal::default()
        }
    }

    /// The words of the causes, with 20 % allowed.
    fn words(before: &[(&str, usize)], now: &Proposal) -> Vec<&'static str> {
        let causes = super::causes(&LastTable::Table(counts(before)), now, 20);
        causes.iter().map(Cause::word).collect()
    }

    #[test]
    fn a_table_of_no_rules_is_held_back_whatever_the_size() {
        for was in [1, 12, 100_000] {
            let before = [("a.rules", was)];
            assert_eq!(words(&before, &now(&[])), ["no-rules"]);
            assert_eq!(words(&before, &now(&[("a.rules", 0)])), ["no-rules"]);
            let vanished = Proposal {
                missing: true,
                ..Proposal::default()
            };
            assert_eq!(words(&before, &vanished), ["vanished"]);
        }
    }

    #[test]
    fn where_there_was_no_rule_nothing_can_be_lost() {
        for before in [LastTable::Nothing, LastTable::Table(RuleCounts::default())] {
            assert_eq!(causes(&before, &now(&[]), 20), []);
            assert!(!before.had_rules());
        }
        assert_eq!(causes(&LastTable::Unknown, &now(&[]), 20), [Cause::Unknown]);
        assert_eq!(causes(&LastTable::Unknown, &now(&[("a.rules", 1)]), 20), []);
    }

    #[test]
    fn another_mount_is_held_back_although_it_holds_rules() {
        let mut other = now(&[("a.rules", 12)]);
        other.counts.device = Some(2);
        assert_eq!(words(&[("a.rules", 12)], &other), ["other-mount"]);
        // After a restart the device is unknown.
        other.counts.device = None;
        assert_eq!(words(&[("a.rules", 12)], &other), [""; 0]);
    }

    #[test]
    fn a_file_that_is_still_there_and_lost_all_its_rules_is_held_back() {
        let before = [
            ("a.rules", 100),
            ("b.rules", 4),
            ("c.rules", 1),
            ("d.csv", 1),
        ];
        let after = |name: &str, blank: bool| {
            let mut now = now(&before);
            for (file, lines) in &mut now.counts.files {
                if file == name {
                    *lines = 0;
                }
            }
            let by_hand = name.ends_with(".rules") && !blank;
            now.written_by_hand.extend(by_hand.then(|| name.to_owned()));
            words(&before, &now)
        };
        assert_eq!(after("b.rules", false), ["emptied"]);
        assert_eq!(after("c.rules", true), ["emptied"]);
        assert_eq!(after("d.csv", false), ["emptied"], "a header row alone");
        assert_eq!(after("c.rules", false), [""; 0], "commented out");
    }

    #[test]
    fn many_emptied_files_are_counted() {
        let names: Vec<_> = (0..15).map(|number| format!("{number}.csv")).collect();
        let files = |lines| names.iter().map(move |name| (&**name, lines));
        let kept = ("a.rules", 1000);
        let before: Vec<_> = files(2).chain([kept]).collect();
        let after: Vec<_> = files(0).chain([kept]).collect();
        let causes = super::causes(&LastTable::Table(counts(&before)), &now(&after), 20);
        assert_eq!(causes.len(), LISTED + 1, "{causes:?}");
        assert_eq!(causes[LISTED], Cause::MoreEmptied { files: 5 });
    }

    #[test]
    fn what_an_administrator_plainly_meant_is_never_held_back() {
        let before = [("a.rules", 60), ("b.rules", 20)];
        for after in [
            &[("a.rules", 59), ("b.rules", 20)][..],
            &[("a.rules", 57), ("b.rules", 20)],
            &[("a.rules", 60)],
            &[("a.rules", 60), ("b.rules", 20), ("c.rules", 0)],
            &[("b.rules", 20), ("c.rules", 60)],
        ] {
            assert_eq!(words(&before, &now(after)), [""; 0], "{after:?}");
        }
    }

    #[test]
    fn beyond_twenty_rules_the_share_decides() {
        let gone = |gone: usize, of: usize| {
            let mut now = now(&[("a.rules", of - gone)]);
            now.gone = Some(gone);
            words(&[("a.rules", of)], &now)
        };
        assert_eq!(gone(20, 25), [""; 0]);
        assert_eq!(gone(21, 25), ["shrunk"]);
        assert_eq!(gone(21, 105), [""; 0], "20 % of 105 are 21");
        assert_eq!(gone(21, 104), ["shrunk"]);
        assert_eq!(gone(200, 1000), [""; 0]);
        assert_eq!(gone(201, 1000), ["shrunk"]);
    }

    /// Files, each with the number of its rules.
    type Files = Vec<(String, usize)>;

    /// Tables before and after, with the names that both share; the rules that are gone are the net loss.
    fn tables() -> impl Strategy<Value = (Files, Files)> {
        let names =
            || prop::sample::subsequence(vec!["a.rules", "b.rules", "c.csv", "d.virtual"], 0..4);
        let table = || {
            names().prop_flat_map(|names| {
                let lines = prop::collection::vec(0..60_usize, names.len());
                lines.prop_map(move |lines| {
                    let names = names.iter().map(|name| (*name).to_owned());
                    names.zip(lines).collect::<Vec<_>>()
                })
            })
        };
        (table(), table())
    }

    fn held(before: &[(String, usize)], after: &[(String, usize)], max_shrink: u8) -> Vec<Cause> {
        let counts = |files: &[(String, usize)]| RuleCounts {
            files: files.to_vec(),
            device: None,
        };
        let new = Proposal {
            counts: counts(after),
            ..Proposal::default()
        };
        causes(&LastTable::Table(counts(before)), &new, max_shrink)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_table_that_only_gains_rules_is_never_held((before, more) in tables()) {
            let mut after = before.clone();
            for (name, lines) in more {
                match after.iter_mut().find(|(file, _)| *file == name) {
                    Some((_, old)) => *old += lines,
                    None => after.push((name, lines)),
                }
            }
            prop_assert_eq!(held(&before, &after, 0), []);
        }

        #[test]
        fn a_table_without_rules_is_held_for_one_reason_if_there_were_rules((before, after) in tables()) {
            let empty: Vec<_> = after.into_iter().map(|(name, _)| (name, 0)).collect();
            let was: usize = before.iter().map(|(_, lines)| lines).sum();
            let wanted = Vec::from_iter((was > 0).then_some(Cause::NoRules { was }));
            prop_assert_eq!(held(&before, &empty, 100), wanted);
        }

        /// A looser limit holds back no table that a stricter one lets through.
        #[test]
        fn a_larger_share_never_holds_back_more((before, after) in tables(), (one, other) in (0..=100_u8, 0..=100_u8)) {
            let (strict, loose) = (one.min(other), one.max(other));
            let (strict, loose) = (held(&before, &after, strict), held(&before, &after, loose));
            prop_assert!(loose.len() <= strict.len(), "{strict:?} {loose:?}");
        }

        /// Whoever deletes twenty rules or fewer from files that keep others is never asked.
        #[test]
        fn a_small_loss_that_empties_no_file_is_never_held((before, _) in tables(), loss in 0..=SMALL_LOSS) {
            let mut after = before.clone();
            let mut rest = loss;
            for (_, lines) in &mut after {
                let taken = rest.min(lines.saturating_sub(1));
                *lines -= taken;
                rest -= taken;
            }
            prop_assert_eq!(held(&before, &after, 0), []);
        }

        #[test]
        fn every_file_that_lost_all_its_rules_is_named((before, after) in tables()) {
            let causes = held(&before, &after, 100);
            let left: usize = after.iter().map(|(_, lines)| lines).sum();
            for (name, was) in before.iter().filter(|(_, was)| *was > 0) {
                let empty = after.iter().any(|(file, lines)| file == name && *lines == 0);
                let cause = Cause::Emptied { file: name.clone(), was: *was };
                prop_assert_eq!(causes.contains(&cause), empty && left > 0, "{:?}", causes);
            }
        }
    }

    /// Every sentence names what was lost, so that the reader of the log can look for it.
    #[test]
    fn each_cause_is_a_word_and_a_sentence_with_its_numbers() {
        for (cause, word, sentence) in [
            (
                Cause::Vanished { was: 1 },
                "vanished",
                "; 1 rule or domain line came from it",
            ),
            (
                Cause::NoRules { was: 12 },
                "no-rules",
                "before: 12 rules and domain lines",
            ),
            (Cause::OtherMount, "other-mount", "another file system"),
            (
                Cause::Emptied {
                    file: "a.csv".to_owned(),
                    was: 4,
                },
                "emptied",
                "a.csv holds no rule any more; before: 4 rules",
            ),
            (Cause::MoreEmptied { files: 5 }, "emptied", "5 more files"),
            (
                Cause::Shrunk {
                    gone: 30,
                    was: 100,
                    max_shrink: 20,
                },
                "shrunk",
                "30 of 100 rules and domain lines are gone, and [reload] max_shrink allows 20%",
            ),
            (Cause::Unknown, "unknown", "is damaged"),
        ] {
            assert_eq!(cause.word(), word);
            let text = cause.to_string();
            assert!(text.contains(sentence), "{text}");
        }
    }

    /// As many rules as before, and none of the old ones.
    #[test]
    fn other_rules_in_their_place_do_not_make_up_for_those_that_are_gone() {
        let mut other = now(&[("a.rules", 100)]);
        assert_eq!(words(&[("a.rules", 100)], &other), [""; 0]);
        other.gone = Some(100);
        assert_eq!(words(&[("a.rules", 100)], &other), ["shrunk"]);
        let all = causes(&LastTable::Table(counts(&[("a.rules", 100)])), &other, 100);
        assert_eq!(all, [], "max_shrink = 100% turns it off");
    }
}
