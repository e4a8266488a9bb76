//! What holds for every pair of tables.

use proptest::prelude::*;

use super::*;

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
    causes(&LastTable::Table(counts(before)), &new, limits(max_shrink))
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
    fn a_small_loss_that_empties_no_file_is_never_held((before, _) in tables(), loss in 0..=SMALL_CHANGE) {
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
