//! A small world: random rules over few addresses, and what the table makes of each.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use readdress::engine::address::Mailbox;
use readdress::engine::rewrite::{Decision, Outcome, Reason, Step, decide};
use readdress::engine::{Diagnostic, Settings, SourceText, Table, compile};
use readdress::export::{ExportFormat, Exported, export};

/// What a line may begin with.
const PATTERNS: [&str; 19] = [
    "a@c.example",
    "b@c.example",
    "a+*@c.example",
    "a+x@c.example",
    "a@d2.example",
    "b@d2.example",
    "a+x@d2.example",
    "a+*@d2.example",
    "+*@d2.example",
    "@d2.example",
    "a@d3.example",
    "c@d3.example",
    "@d3.example",
    "+*@d3.example",
    "p@*",
    "a@*",
    "@*.d2.example",
    "/(a|b|q)@d[23]\\.example/",
    "@c.example",
];

const ACTIONS: [&str; 24] = [
    "mailbox",
    "mailbox",
    "mailbox",
    "keep",
    "reject",
    "reject 551 5.1.6 \"gone\"",
    "defer",
    "discard",
    "a@c.example",
    "b@c.example",
    "a@c.example detail=drop",
    "b@c.example detail=keep",
    "@c.example",
    "@c.example",
    "@c.example detail=drop",
    "@d2.example",
    "@d3.example",
    "a@d2.example",
    "c@d3.example",
    "a@c.example, b@c.example",
    "b@d2.example, x@elsewhere.example",
    "@c.example, b@c.example",
    "a+y@c.example",
    "b+*@c.example",
];

const PRIMARY: [&str; 3] = ["", " unknown=reject", " unknown=reject"];

const SECONDARY: [&str; 5] = ["", "", "", " unknown=keep", " unknown=defer"];

/// So many tables, the same in every run: a rare difference is no reason to fail an unrelated change.
/// `READDRESS_SEED` chooses others. What fails is printed, not kept in a file.
pub fn cases(number: u32) -> ProptestConfig {
    let seed = std::env::var("READDRESS_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..ProptestConfig::with_cases(number)
    }
}

/// Texts of a rules file, most of them tables that go live.
pub fn rules() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(
        prop_oneof![2 => Just(None), 1 => (0..ACTIONS.len()).prop_map(Some)],
        PATTERNS.len(),
    );
    let mailboxes = (any::<bool>(), any::<bool>());
    (lines, mailboxes, 0..PRIMARY.len(), 0..SECONDARY.len()).prop_map(
        |(lines, (first, second), primary, secondary)| {
            let mut text = format!(
                "c.example primary{}\nd2.example secondary{}\nd3.example secondary\n\
                 s.d2.example secondary\nelsewhere.example external\n",
                PRIMARY[primary], SECONDARY[secondary]
            );
            for (at, (pattern, action)) in PATTERNS.iter().zip(lines).enumerate() {
                let action = match (at, action) {
                    (0, _) if first => Some("mailbox"),
                    (1, _) if second => Some("mailbox"),
                    (_, action) => action.map(|action| ACTIONS[action]),
                };
                if let Some(action) = action {
                    text.push_str(&format!("{pattern} {action}\n"));
                }
            }
            text
        },
    )
}

/// Every address that is asked.
pub fn addresses() -> Vec<String> {
    let mut all = Vec::new();
    for local in [
        "a", "b", "c", "p", "q", "a+x", "a+y", "b+z", "p+x", "q+z", "nobody",
    ] {
        for domain in [
            "c.example",
            "d2.example",
            "d3.example",
            "s.d2.example",
            "elsewhere.example",
        ] {
            all.push(format!("{local}@{domain}"));
        }
    }
    all
}

/// A table and the files behind it.
pub struct World {
    pub table: Table,
    sources: Vec<SourceText>,
}

impl World {
    /// `None` if the rules have an error.
    pub fn new(rules: &str) -> Option<Self> {
        let sources = vec![SourceText::new("a.rules", rules)];
        let table = compile(&sources, &Settings::default()).table?;
        Some(Self { table, sources })
    }

    pub fn export(&self, format: ExportFormat) -> Exported {
        export(&self.table, &self.sources, format, None)
    }

    pub fn decide(&self, address: &str) -> Decision {
        decide(&self.table, &Mailbox::parse(address).expect("an address"))
    }

    /// Returns true if an address leads to a line with a finding, or into a loop that only a lookup finds. Every
    /// program does something else in these cases.
    pub fn is_unsaid(&self, decision: &Decision, found: &[Diagnostic]) -> bool {
        let comes_back = |step: &Step| step.reason == Reason::Loop;
        if decision.steps.iter().any(comes_back) {
            return true;
        }
        let lines: BTreeSet<_> = found.iter().map(|finding| finding.excerpt.line).collect();
        decision
            .steps
            .iter()
            .filter_map(|step| step.written(&self.table))
            .any(|(place, _)| lines.contains(&place.line))
    }
}

/// The addresses of an outcome, in lower case.
pub fn targets(outcome: &Outcome) -> BTreeSet<String> {
    match outcome {
        Outcome::Replace(list) => list
            .iter()
            .map(|mailbox| mailbox.to_string().to_lowercase())
            .collect(),
        _ => BTreeSet::new(),
    }
}
