//! Storey 6: all files of one directory to one table that may go live, or to the reasons why not.
//!
//! The road of one rule: [`rule::parse`](super::rule::parse) → [`table::build`](super::table::build)
//! → [`check`](super::check). All findings come in one pass; a table with one error is not given out.

use super::{
    check,
    rule::{Diagnostic, Findings, SourceText, parse},
    table::{Settings, Table, build},
};

/// A table, if there is no error among the findings, and all findings.
#[derive(Debug)]
pub struct Compiled {
    /// The table that may go live; `None` where there is an error.
    pub table: Option<Table>,
    /// All findings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// How many expectations were held against it.
    pub expectations: usize,
}

/// Compiles the files of one rules directory.
pub fn compile(sources: &[SourceText], settings: &Settings) -> Compiled {
    let mut findings = Findings::new(sources);
    let mut parsed = parse(sources, &mut findings);
    let expectations = std::mem::take(&mut parsed.expectations);
    let table = build(parsed, settings, &mut findings);
    check::check(&table, &expectations, &mut findings);
    let table = (!findings.has_errors()).then_some(table);
    Compiled {
        table,
        diagnostics: findings.into_diagnostics(),
        expectations: expectations.len(),
    }
}
