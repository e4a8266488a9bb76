//! Storey 6: all files of one directory to one table that may go live, or to the reasons why not.
//!
//! The road of one rule: [`format::parse`] → [`build`](super::table::build())
//! → [`check`]. All findings come in one pass; a table with one error is not given out.

use super::{
    check,
    diagnostic::{Diagnostic, Findings, SourceText},
    format,
    rule::Pattern,
    store::Past,
    syntax::Skipped,
    table::{Settings, Table, build},
};

/// A table, if there is no error among the findings, and all findings.
#[derive(Debug)]
pub struct Compiled {
    /// The table that may go live; `None` where there is an error.
    pub table: Option<Table>,
    /// The table, where broken expectations are its only errors: to be explained, never to go live.
    pub unexpected: Option<Table>,
    /// All findings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// How many expectations were held against it.
    pub expectations: usize,
    /// What foreign files hold that is no address to rewrite.
    pub skipped: Vec<Skipped>,
    /// A text that was left out is needed: nothing else here is to be used.
    pub incomplete: bool,
}

/// A foreign file as native rules, and what is wrong with it.
#[derive(Debug)]
pub struct Imported {
    /// Domain lines and rules, each with the line of the file that it comes from, sorted.
    pub lines: Vec<(String, u32)>,
    /// All findings, in the order of lines.
    pub diagnostics: Vec<Diagnostic>,
    /// What the file holds that is no address to rewrite.
    pub skipped: Vec<Skipped>,
}

/// Turns one foreign file into native rules that give the same table.
///
/// Regexes come last and keep their order, which means something; everything else is sorted.
pub fn import(
    source: &SourceText,
    format: format::ImportFormat,
    options: &format::Options,
    settings: &Settings,
) -> Imported {
    let sources = std::slice::from_ref(source);
    let mut findings = Findings::new(sources);
    let mut parsed = format::import(source, format, options, &mut findings);
    let skipped = std::mem::take(&mut parsed.skipped);
    let declarations = parsed.declarations.clone();
    let named = parsed.domains.clone();
    let table = build(parsed, settings, &mut findings);
    let _ = check::check(&table, &[], &mut findings);
    let mut lines: Vec<_> = declarations
        .iter()
        .map(|line| (line.to_string(), line.span.line))
        .collect();
    if format.is_map() && declarations.is_empty() {
        lines = table
            .known_domains()
            .into_iter()
            .map(|(domain, class)| {
                let line = named.iter().find(|line| line.domain == *domain);
                (
                    format!("{domain} {}", class.word()),
                    line.map_or(0, |line| line.span.line),
                )
            })
            .collect();
    }
    lines.sort();
    let mut rules: Vec<_> = table.rules().collect();
    rules.sort_by_cached_key(|rule| match rule.pattern {
        Pattern::Regex(_) => (true, String::new()),
        _ => (false, rule.pattern.to_string().to_lowercase()),
    });
    lines.extend(rules.iter().map(|rule| (rule.to_string(), rule.span.line)));
    Imported {
        lines,
        diagnostics: findings.into_diagnostics(),
        skipped,
    }
}

/// Compiles the files of one rules directory.
pub fn compile(sources: &[SourceText], settings: &Settings) -> Compiled {
    compile_after(sources, settings, Before::default())
}

/// What is known of the files already; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'t> {
    /// The table that serves.
    pub table: Option<&'t Table>,
    /// Of each source the [hash](super::store::hash) of its content; those that are not here are computed.
    pub hashes: &'t [u128],
    /// Of each source whether its text was left out, because [`Past::has`] says that it can be taken
    /// over.
    pub left_out: &'t [bool],
}

/// The same, with a table to take over what is as it was then. The result does not depend on it, unless
/// it is [incomplete](Compiled::incomplete).
pub fn compile_after(sources: &[SourceText], settings: &Settings, before: Before<'_>) -> Compiled {
    let mut findings = Findings::new(sources);
    let options = format::Options::default();
    let past = Past {
        hashes: before.hashes,
        left_out: before.left_out,
        ..before.table.map(Table::past).unwrap_or_default()
    };
    let mut parsed = format::parse(sources, &options, past, &mut findings);
    let mut incomplete = parsed.incomplete;
    let skipped = std::mem::take(&mut parsed.skipped);
    let expectations = std::mem::take(&mut parsed.expectations);
    let table = build(parsed, settings, &mut findings);
    let sound = check::check(&table, &expectations, &mut findings);
    // A line that was left out cannot be shown.
    incomplete |= findings.files().iter().any(|file| past.is_left_out(*file));
    let good = !findings.has_errors() && !incomplete;
    let unexpected = sound && !good && !incomplete;
    let (table, unexpected) = match good {
        true => (Some(table), None),
        false => (None, unexpected.then_some(table)),
    };
    Compiled {
        table,
        unexpected,
        diagnostics: findings.into_diagnostics(),
        expectations: expectations.len(),
        skipped,
        incomplete,
    }
}
