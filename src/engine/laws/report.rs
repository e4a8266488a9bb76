//! What is told about a law: whether it holds, and what it rests upon.

use std::time::Duration;

use super::prove::{Proof, Shown};
use crate::engine::{diagnostic::SourceText, syntax::Law, table::Table};

/// The rules for many addresses that a report names.
const MAX_WIDE: usize = 20;

/// Whether a law holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LawVerdict {
    /// It holds for every address.
    Holds,
    /// An address breaks it, or there are too few addresses.
    Broken,
    /// Neither could be shown.
    Unproved,
    /// The table has no address that the law is about.
    MatchesNothing,
    /// The rules have errors, so that nothing was proved.
    Unchecked,
}

impl LawVerdict {
    /// Returns the word of `--format json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Unproved => "unproved",
            Self::MatchesNothing => "matches-nothing",
            Self::Unchecked => "unchecked",
        }
    }
}

/// What is told about a law.
#[derive(Clone, Debug)]
pub struct LawReport {
    /// The law, as a line of an `.expect` file.
    pub law: String,
    /// The file that it is written in, without its directory.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Whether it holds.
    pub verdict: LawVerdict,
    /// How many rules the proof looked at.
    pub rules: usize,
    /// The rules for many addresses among them as `FILE:LINE`, in the order of files and lines; the first 20.
    pub wide_rules: Vec<String>,
    /// The domains in which mail ends, sorted. A domain stands with `*.` before it for those below it.
    pub domains: Vec<String>,
    /// How long the proof took.
    pub took: Duration,
}

impl LawReport {
    /// A law of which nothing is known yet.
    pub(super) fn new(law: &Law, sources: &[SourceText]) -> Self {
        let file = sources.get(law.span.file as usize);
        Self {
            law: law.to_string(),
            file: file.map(|file| file.name.clone()).unwrap_or_default(),
            line: law.span.line,
            verdict: LawVerdict::Unchecked,
            rules: 0,
            wide_rules: Vec::new(),
            domains: Vec::new(),
            took: Duration::ZERO,
        }
    }
}

pub(super) fn report(
    table: &Table,
    law: &Law,
    proof: &Proof,
    took: Duration,
    sources: &[SourceText],
) -> LawReport {
    let wide = proof.wide.iter().take(MAX_WIDE);
    let places = wide.map(|id| table.place(*id).to_string());
    LawReport {
        verdict: match &proof.shown {
            Shown::Holds => LawVerdict::Holds,
            Shown::Broken(..) | Shown::TooFew(_) => LawVerdict::Broken,
            Shown::Open(_) => LawVerdict::Unproved,
            Shown::MatchesNothing => LawVerdict::MatchesNothing,
        },
        rules: proof.rules,
        wide_rules: places.collect(),
        domains: proof.ends.iter().cloned().collect(),
        took,
        ..LawReport::new(law, sources)
    }
}
