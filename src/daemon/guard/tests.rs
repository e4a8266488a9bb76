//! The guard, case by case, and as properties.

use super::*;

mod properties;
mod sentences;

fn counts(files: &[(&str, usize)]) -> RuleCounts {
    let files = files.iter();
    RuleCounts {
        files: files
            .map(|(name, lines)| ((*name).to_owned(), *lines))
            .collect(),
        device: Some(1),
    }
}

/// So much may be lost at once; growth may double.
fn limits(max_shrink: u8) -> GuardLimits {
    GuardLimits {
        max_shrink,
        max_growth: 100,
    }
}

/// So many rules are gone, and nothing else is known.
fn lost(gone: usize) -> TableChange {
    TableChange {
        gone,
        ..TableChange::default()
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
    let causes = super::causes(&LastTable::Table(counts(before)), now, limits(20));
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
        assert_eq!(causes(&before, &now(&[]), limits(20)), []);
        assert!(!before.had_rules());
    }
    assert_eq!(
        causes(&LastTable::Unknown, &now(&[]), limits(20)),
        [Cause::Unknown]
    );
    assert_eq!(
        causes(&LastTable::Unknown, &now(&[("a.rules", 1)]), limits(20)),
        []
    );
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
    let causes = super::causes(&LastTable::Table(counts(&before)), &now(&after), limits(20));
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
        now.change = Some(lost(gone));
        words(&[("a.rules", of)], &now)
    };
    assert_eq!(gone(20, 25), [""; 0]);
    assert_eq!(gone(21, 25), ["shrunk"]);
    assert_eq!(gone(21, 105), [""; 0], "20 % of 105 are 21");
    assert_eq!(gone(21, 104), ["shrunk"]);
    assert_eq!(gone(200, 1000), [""; 0]);
    assert_eq!(gone(201, 1000), ["shrunk"]);
}

/// The causes of a change of one file with 100 rules, 90 of which are left.
fn causes_of(change: TableChange) -> Vec<Cause> {
    let mut now = now(&[("a.rules", 90)]);
    now.change = Some(change);
    causes(
        &LastTable::Table(counts(&[("a.rules", 100)])),
        &now,
        limits(20),
    )
}

#[test]
fn a_file_that_ends_as_a_copy_does_that_was_cut_off_is_held_back() {
    use Beginning::{AfterLine, WithinLine};
    let file = || "a.rules".to_owned();
    let beginning = |gone| vec![Cause::Beginning { file: file(), gone }];
    for (gone, lost_line_end, at, expected) in [
        (4, false, Some(AfterLine), beginning(4)),
        // The last three rules were deleted.
        (FEW, false, Some(AfterLine), vec![]),
        // Another target is left of the last rule.
        (0, true, Some(WithinLine), beginning(0)),
        (1, false, Some(WithinLine), beginning(1)),
        (
            1,
            true,
            None,
            vec![Cause::NoLineEnd {
                file: file(),
                gone: 1,
            }],
        ),
        // Rules were changed by an editor that writes no last line end.
        (0, true, None, vec![]),
        (15, false, None, vec![]),
    ] {
        let ending = FileEnding {
            file: file(),
            gone,
            lost_line_end,
            beginning: at,
        };
        let change = TableChange {
            gone,
            endings: vec![ending],
            ..TableChange::default()
        };
        assert_eq!(causes_of(change), expected, "{gone} {lost_line_end} {at:?}");
    }
}

/// A rule with another name in the place of an old one, by an editor that writes no last line end.
#[test]
fn a_renamed_rule_is_no_lost_one() {
    let mut new = now(&[("a.rules", 100)]);
    let ending = FileEnding {
        file: "a.rules".to_owned(),
        gone: 1,
        lost_line_end: true,
        beginning: None,
    };
    new.change = Some(TableChange {
        endings: vec![ending],
        ..lost(1)
    });
    assert_eq!(words(&[("a.rules", 100)], &new), [""; 0]);
}

#[test]
fn an_emptied_file_is_named_once() {
    let mut new = now(&[("a.csv", 0), ("b.csv", 100)]);
    let ending = FileEnding {
        file: "a.csv".to_owned(),
        gone: 5,
        lost_line_end: true,
        beginning: Some(Beginning::AfterLine),
    };
    new.change = Some(TableChange {
        endings: vec![ending],
        ..lost(5)
    });
    assert_eq!(words(&[("a.csv", 5), ("b.csv", 100)], &new), ["emptied"]);
}

#[test]
fn a_domain_with_twenty_addresses_does_not_disappear_unnoticed() {
    let gone = |addresses| {
        causes_of(TableChange {
            gone: addresses,
            domains_gone: vec![("domain2.com".to_owned(), addresses)],
            ..TableChange::default()
        })
    };
    assert_eq!(gone(19), []);
    let (domain, was) = ("domain2.com".to_owned(), 20);
    assert_eq!(gone(20), [Cause::Domain { domain, was }]);
    let many = (0..13).map(|number| (format!("d{number}.example"), 20));
    let causes = causes_of(TableChange {
        domains_gone: many.collect(),
        ..TableChange::default()
    });
    assert_eq!(causes.len(), LISTED + 1);
    assert_eq!(causes[LISTED], Cause::MoreDomains { domains: 3 });
}

#[test]
fn addresses_count_as_well_as_rules() {
    let addresses_gone = |gone| {
        let causes = causes_of(TableChange {
            gone: 20,
            addresses: 50,
            addresses_gone: gone,
            ..TableChange::default()
        });
        causes.iter().map(Cause::word).collect::<Vec<_>>()
    };
    assert_eq!(addresses_gone(20), [""; 0]);
    assert_eq!(addresses_gone(21), ["shrunk"]);
}

#[test]
fn beyond_twenty_rules_more_the_share_decides() {
    let added = |added, of, max_growth| {
        let mut new = now(&[("a.rules", of + added)]);
        new.change = Some(TableChange {
            added,
            ..TableChange::default()
        });
        let limits = GuardLimits {
            max_shrink: 20,
            max_growth,
        };
        !causes(&LastTable::Table(counts(&[("a.rules", of)])), &new, limits).is_empty()
    };
    assert!(!added(20, 1, 100));
    assert!(added(21, 20, 100));
    assert!(!added(21, 21, 100), "as many again are allowed");
    assert!(added(1001, 1000, 100));
    assert!(!added(1001, 1000, 300));
}

/// As many rules as before, and none of the old ones.
#[test]
fn other_rules_in_their_place_do_not_make_up_for_those_that_are_gone() {
    let mut other = now(&[("a.rules", 100)]);
    assert_eq!(words(&[("a.rules", 100)], &other), [""; 0]);
    other.change = Some(lost(100));
    assert_eq!(words(&[("a.rules", 100)], &other), ["shrunk"]);
    let all = causes(
        &LastTable::Table(counts(&[("a.rules", 100)])),
        &other,
        limits(100),
    );
    assert_eq!(all, [], "max_shrink = 100% turns it off");
}
