//! Storey 6: all texts of one source to one table that may go live, or to the reasons why not.
//!
//! The way of one rule: [`format::parse`] → [`build`](super::table::build()) → [`check`]. All findings
//! come in one pass. A table with an error is not given out.

use std::time::Duration;

use super::{
    check,
    diagnostic::{Diagnostic, Findings, SourceText},
    format,
    laws::{self, LawReport, Now},
    rule::Pattern,
    store::Reuse,
    syntax::Skipped,
    table::{Settings, Table, build},
};

/// The result of compiling: a table if no finding is an error, and all findings.
#[derive(Debug)]
pub struct Compiled {
    /// The table that may go live; `None` if there is an error.
    pub table: Option<Table>,
    /// The table, if broken expectations and laws are its only errors. It can be explained, and must not go live.
    pub unexpected: Option<Table>,
    /// All findings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// How many expectations were compared with the table.
    pub expectations: usize,
    /// The laws, in the order of files and lines, and whether they hold.
    pub laws: Vec<LawReport>,
    /// What foreign files hold besides addresses to rewrite.
    pub skipped: Vec<Skipped>,
}

/// A foreign file as native rules, and the findings about it.
#[derive(Debug)]
pub struct Imported {
    /// Domain lines and rules, each with the number of its line in the file, sorted.
    pub lines: Vec<(String, u32)>,
    /// All findings, in the order of lines.
    pub diagnostics: Vec<Diagnostic>,
    /// What the file holds besides addresses to rewrite.
    pub skipped: Vec<Skipped>,
}

/// Turns one foreign file into native rules that give the same table.
///
/// Regexes come last and keep their order, because the first match wins. Everything else is sorted.
pub fn import(
    source: &SourceText,
    format: format::ImportFormat,
    options: &format::Options,
    settings: &Settings,
) -> Imported {
    let sources = std::slice::from_ref(source);
    let mut findings = Findings::new(sources);
    let options = &format::Options {
        local_case: settings.local_case,
        ..options.clone()
    };
    let mut parsed = format::import(source, format, options, &mut findings);
    let skipped = std::mem::take(&mut parsed.skipped);
    let declarations = parsed.declarations.clone();
    let named = parsed.domains.clone();
    let table = build(parsed, settings, &mut findings);
    findings.complete(&table);
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

/// Compiles the texts of one source.
pub fn compile(sources: &[SourceText], settings: &Settings) -> Compiled {
    compile_reusing(sources, settings, &Reuse::default())
}

/// Compiles texts, and copies the rules of unchanged ones from an earlier table. The result is that of
/// [`compile`].
pub fn compile_reusing(sources: &[SourceText], settings: &Settings, reuse: &Reuse<'_>) -> Compiled {
    compile_timed(sources, settings, reuse, &|| Duration::ZERO)
}

/// Compiles texts as [`compile_reusing`] does, and says how long the proof of each law took. `now` tells the time.
pub fn compile_timed(
    sources: &[SourceText],
    settings: &Settings,
    reuse: &Reuse<'_>,
    now: Now<'_>,
) -> Compiled {
    let dropped = |file| reuse.dropped_text(file);
    let mut findings = Findings::new(sources).with_dropped(&dropped);
    let options = format::Options {
        local_case: settings.local_case,
        ..format::Options::default()
    };
    let mut parsed = format::parse(sources, &options, reuse, &mut findings);
    let skipped = std::mem::take(&mut parsed.skipped);
    let expectations = std::mem::take(&mut parsed.expectations);
    let written_laws = std::mem::take(&mut parsed.laws);
    let table = build(parsed, settings, &mut findings);
    findings.complete(&table);
    let sound = check::check(&table, &expectations, &mut findings);
    let laws = match sound {
        true => laws::check(&table, &written_laws, now, &mut findings),
        false => laws::unchecked(&written_laws, &findings),
    };
    let good = !findings.has_errors();
    let unexpected = sound && !good;
    let (table, unexpected) = match good {
        true => (Some(table), None),
        false => (None, unexpected.then_some(table)),
    };
    Compiled {
        table,
        unexpected,
        diagnostics: findings.into_diagnostics(),
        expectations: expectations.len(),
        laws,
        skipped,
    }
}
