//! Comparisons, case by case, and against every address of a small world decided by both tables.

use proptest::prelude::*;

use super::*;
use crate::engine::{
    Settings, SourceText,
    address::{Mailbox, Subaddress},
    compile,
    rewrite::{Outcome, decide},
    rule::Pattern,
};

#[track_caller]
fn table(text: &str) -> Table {
    try_table(text).unwrap_or_else(|| panic!("{text}"))
}

fn try_table(text: &str) -> Option<Table> {
    let source = SourceText::new("a.rules", text);
    compile(&[source], &Settings::default()).table
}

/// All differences as lines.
#[track_caller]
fn lines(before: &str, after: &str) -> Vec<String> {
    let all = compare(&table(before), &table(after));
    all.iter()
        .map(|one| format!("{}  {} -> {}", one.subject, one.before, one.after))
        .collect()
}

const DOMAINS: &str = "company.com primary unknown=reject\ndomain2.com secondary\n\
    anna@company.com mailbox\nbob@company.com mailbox\npostmaster@* anna@company.com\n\
    abuse@* anna@company.com\n";

#[track_caller]
fn differ(before: &str, after: &str, expected: &[&str]) {
    let (before, after) = (format!("{DOMAINS}{before}"), format!("{DOMAINS}{after}"));
    assert_eq!(lines(&before, &after), expected, "{before}\n{after}");
}

#[test]
fn a_target_changes_hands() {
    differ(
        "info@domain2.com anna@company.com\n",
        "info@domain2.com bob@company.com\n",
        &["info@domain2.com  anna@company.com -> bob@company.com"],
    );
}

#[test]
fn a_rule_that_is_gone_refuses() {
    differ(
        "old@domain2.com anna@company.com\n",
        "",
        &["old@domain2.com  anna@company.com -> reject 550 5.1.1"],
    );
}

#[test]
fn lines_that_only_move_are_no_difference() {
    differ(
        "a@domain2.com anna@company.com\nb@domain2.com bob@company.com\n",
        "# first\nb@domain2.com bob@company.com\na@domain2.com anna@company.com\n",
        &[],
    );
}

#[test]
fn another_way_to_the_same_end_is_no_difference() {
    differ(
        "a@domain2.com anna@company.com\n",
        "a@domain2.com b@domain2.com\nb@domain2.com anna@company.com\n",
        &["b@domain2.com  reject 550 5.1.1 -> anna@company.com"],
    );
}

#[test]
fn rules_that_lead_to_a_changed_address_are_found() {
    differ(
        "a@domain2.com b@domain2.com\nb@domain2.com anna@company.com\n@domain2.com bob@company.com\n",
        "a@domain2.com b@domain2.com\nb@domain2.com bob@company.com\n@domain2.com bob@company.com\n",
        &[
            "a@domain2.com  anna@company.com -> bob@company.com",
            "b@domain2.com  anna@company.com -> bob@company.com",
        ],
    );
}

#[test]
fn a_mailbox_appears_behind_a_whole_domain() {
    differ(
        "@domain2.com @company.com\n",
        "@domain2.com @company.com\ncarol@company.com mailbox\n",
        &[
            "carol@company.com  reject 550 5.1.1 -> keep",
            "carol@domain2.com  reject 550 5.1.1 -> carol@company.com",
        ],
    );
}

#[test]
fn a_whole_domain_and_a_domain_line() {
    differ(
        "",
        "@domain2.com bob@company.com\nnew.example secondary unknown=defer\n",
        &[
            "@domain2.com  reject 550 5.1.1 -> bob@company.com",
            "new.example  (none) -> secondary unknown=defer",
        ],
    );
}

#[test]
fn only_a_detail_fares_differently() {
    differ(
        "info@domain2.com anna@company.com\n",
        "info@domain2.com anna@company.com detail=drop\n",
        &["info+*@domain2.com  anna+readdress0probe@company.com -> anna@company.com"],
    );
}

/// `local@*` stands only for the addresses that have no rule of their own.
#[test]
fn a_local_part_everywhere_beside_rules_of_its_own() {
    let domains = "a.example secondary\nb.example secondary\n";
    let own =
        "sales@a.example anna@company.com, bob@company.com\nsales@domain2.com bob@company.com\n";
    let rows = "sales@b.example anna@company.com\n";
    let wide = "sales@* anna@company.com\n";
    // The last address without a rule goes where its own line sent it.
    differ(
        &format!("{domains}{own}{rows}"),
        &format!("{domains}{own}{wide}"),
        &[],
    );
    differ(
        &format!("{domains}{own}"),
        &format!("{domains}{own}{wide}"),
        &["sales@*  reject 550 5.1.1 -> anna@company.com"],
    );
    // A rule behind its target changes: the first domain has a rule of its own, the last one has not.
    let chain = "sales@* to@domain2.com\n";
    differ(
        &format!("{domains}{own}{chain}to@domain2.com anna@company.com\n"),
        &format!("{domains}{own}{chain}to@domain2.com bob@company.com\n"),
        &[
            "sales@*  anna@company.com -> bob@company.com",
            "to@domain2.com  anna@company.com -> bob@company.com",
        ],
    );
    differ(
        &format!("{domains}{own}{wide}"),
        &format!("{domains}{own}sales@* anna@company.com detail=drop\n"),
        &["sales@*  anna@company.com -> anna@company.com detail=drop"],
    );
}

/// Cases as text: what the head of the file says.
#[test]
fn cases() {
    let mut failures = Vec::new();
    let text = include_str!("cases.txt");
    let mut count = 0;
    for case in text.split("\n\n# ").skip(1) {
        let (title, body) = case.split_once('\n').expect("a title");
        let mut parts = [String::new(), String::new(), String::new(), String::new()];
        let mut at = 0;
        for line in body.lines() {
            at = match line {
                "both" => 0,
                "before" => 1,
                "after" => 2,
                "differences" => 3,
                _ => at,
            };
            if let Some(line) = line.strip_prefix("  ") {
                parts[at] += &format!("{line}\n");
            }
        }
        let [both, before, after, expected] = parts;
        let found: String = lines(&format!("{both}{before}"), &format!("{both}{after}"))
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        if found != expected {
            failures.push(format!("{title}\nexpected\n{expected}found\n{found}"));
        }
        count += 1;
    }
    assert!(count > 20, "{count} cases");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The addresses of a small world.
fn world() -> Vec<Mailbox> {
    let mut all = Vec::new();
    for local in ["a", "b", "c", "other", "a+x", "b+y", "c+", "other+x"] {
        for domain in [
            "p.example",
            "s.example",
            "t.example",
            "u.s.example",
            "v.u.s.example",
            "far.example",
        ] {
            all.extend(Mailbox::parse(&format!("{local}@{domain}")));
        }
    }
    all
}

/// Returns true if some difference speaks of this address.
fn is_named(differences: &[Difference], mailbox: &Mailbox) -> bool {
    let is = |domain: &crate::engine::address::Domain| *domain == mailbox.domain;
    let local = mailbox.local.as_str();
    let user = Subaddress::split(local, "+").map_or(local, |split| split.user);
    differences.iter().any(|one| match &one.subject {
        Subject::Address(named) => {
            named.domain == mailbox.domain
                && (named.local.as_str() == local || named.local.as_str() == user)
        }
        Subject::Domain(domain) => is(domain),
        Subject::Pattern(pattern) => match pattern {
            Pattern::Mailbox(_) => false,
            Pattern::AnyDetail { user: its, domain } => is(domain) && its.as_str() == user,
            Pattern::LocalPart(its) => its.as_str() == local || its.as_str() == user,
            Pattern::Regex(_) => true,
            Pattern::Detailed(domain) | Pattern::Domain(domain) => is(domain),
            Pattern::Subdomains(above) => mailbox.domain.parents().any(|it| it == above.as_str()),
        },
    })
}

fn line() -> impl Strategy<Value = String> {
    let left = prop_oneof![
        6 => "[abc]@[pst]\\.example",
        1 => "[abc]\\+x@s\\.example",
        1 => "[abc]\\+\\*@[st]\\.example",
        1 => "[abc]@\\*",
        1 => "\\+\\*@s\\.example",
        2 => "@[st]\\.example",
        1 => Just("@*.s.example".to_owned()),
        1 => Just("@*.t.example".to_owned()),
        1 => Just("/(a|b)@s\\.example/".to_owned()),
        1 => Just("/[a-c]@[st]\\.example/".to_owned()),
        1 => Just("@u.s.example".to_owned()),
    ];
    let right = prop_oneof![
        6 => "[abc]@[pst]\\.example",
        1 => "[abc]@p\\.example, [abc]@t\\.example",
        1 => "@[pst]\\.example",
        1 => Just("keep".to_owned()),
        1 => Just("reject".to_owned()),
        1 => Just("discard".to_owned()),
        1 => "[abc]@p\\.example detail=drop",
        1 => "[abc]@far\\.example",
        1 => Just("@*.t.example".to_owned()),
        1 => Just("@u.t.example".to_owned()),
    ];
    (left, right).prop_map(|(left, right)| format!("{left} {right}\n"))
}

fn rules() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let list = prop::collection::vec(line(), 0..7);
    let edit = prop::collection::vec(line(), 0..3);
    (list, edit, any::<prop::sample::Index>(), any::<bool>()).prop_map(|(list, edit, at, cut)| {
        let mut after = list.clone();
        if cut && !after.is_empty() {
            let at = at.index(after.len());
            after.remove(at);
        }
        after.extend(edit);
        (list, after)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_address_that_fares_differently_is_named((before, after) in rules(), unknown in any::<bool>()) {
        let head = |refuses: bool| format!(
            "p.example primary{}\ns.example secondary\nt.example secondary\nfar.example external\n",
            if refuses { " unknown=reject" } else { "" },
        );
        let before = try_table(&(head(false) + &before.concat()));
        let after = try_table(&(head(unknown) + &after.concat()));
        let (Some(before), Some(after)) = (before, after) else {
            return Ok(());
        };
        let differences = compare(&before, &after);
        for mailbox in world() {
            let (old, new) = (decide(&before, &mailbox).outcome, decide(&after, &mailbox).outcome);
            if !alike(&old, &new) {
                prop_assert!(is_named(&differences, &mailbox), "{mailbox}: {old} -> {new}, {differences:#?}");
            }
        }
        for one in &differences {
            if let Subject::Address(mailbox) = &one.subject {
                let (old, new) = (decide(&before, mailbox).outcome, decide(&after, mailbox).outcome);
                prop_assert!(!alike(&old, &new), "{mailbox} fares alike");
            }
        }
    }
}

/// Returns true if mail ends in the same places.
fn alike(old: &Outcome, new: &Outcome) -> bool {
    let sorted = |list: &[Mailbox]| {
        let mut list: Vec<_> = list.iter().map(ToString::to_string).collect();
        list.sort();
        list
    };
    match (old, new) {
        (Outcome::Replace(old), Outcome::Replace(new)) => sorted(old) == sorted(new),
        _ => old == new,
    }
}
