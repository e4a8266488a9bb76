//! Reads and compiles rules from files, as the daemon does.

pub mod named;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use super::{
    Exit, failed,
    output::{self, Paint, Progress},
};
use crate::{
    config::{Config, DEFAULT_FILE},
    daemon::{settings::Source, source},
    engine::{
        Diagnostic, LawReport, Severity, SourceText, Table, Tally, compile_timed,
        diagnostic::{hide_consequences, render},
        store::Reuse,
        syntax::Skipped,
    },
};

/// How many findings about the configuration a command shows that continues in spite of them.
const SHOWN: usize = 10;

/// A rules directory, read and compiled.
#[derive(Debug)]
pub struct Loaded {
    /// The table, if there is no error.
    pub table: Option<Arc<Table>>,
    /// The table, if broken expectations and laws are its only errors.
    pub unexpected: Option<Arc<Table>>,
    /// All findings.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read.
    pub sources: Vec<SourceText>,
    /// How many files hold rules or expectations.
    pub files: usize,
    /// How many expectations there are.
    pub expectations: usize,
    /// The laws, and whether they hold.
    pub laws: Vec<LawReport>,
    /// What foreign files hold besides addresses to rewrite.
    pub skipped: Vec<Skipped>,
    /// The directory as it was named, which is put before the names of its files.
    pub prefix: String,
    /// What was read, as it was named.
    pub subject: String,
}

/// Returns the configuration. If it has errors, prints them and returns none.
pub fn configuration(file: Option<&Path>) -> Result<Config, Exit> {
    let source = Source {
        file: file.map(Path::to_owned),
        ..Source::default()
    };
    source.read().map_err(|findings| {
        findings
            .iter()
            .for_each(|finding| output::error(&finding.to_string()));
        Exit::Failed
    })
}

/// Returns as much of the configuration as can be read, and the errors. Only for commands that ask the running
/// daemon, or that examine a machine where something is wrong.
pub fn configuration_partly(file: Option<&Path>) -> Result<(Config, Vec<Diagnostic>), Exit> {
    let source = Source {
        file: file.map(Path::to_owned),
        ..Source::default()
    };
    match source.read_partly() {
        Ok(read) => Ok(read),
        // If the file was named and cannot be read, there is nothing to go by.
        Err(findings) if file.is_some() => {
            complain_about(&findings);
            Err(Exit::Failed)
        }
        Err(findings) => Ok((Config::default(), findings)),
    }
}

/// Prints the first findings about the configuration on standard error.
pub fn complain_about(findings: &[Diagnostic]) {
    let shown = findings.iter().take(SHOWN);
    shown.for_each(|finding| output::error(&finding.to_string()));
    let more = findings.len().saturating_sub(SHOWN);
    if more > 0 {
        output::error(&format!("{more} more findings"));
    }
}

/// Reads a directory, or the configured one.
pub fn load(directory: Option<&Path>, file: Option<&Path>) -> Result<Loaded, Exit> {
    let mut loaded = load_with(&configuration(file)?, directory)?;
    loaded.diagnostics.splice(0..0, exposed(file));
    Ok(loaded)
}

/// Returns the warning about a configuration file that others can write.
pub fn exposed(file: Option<&Path>) -> Option<Diagnostic> {
    source::configuration_access(file.unwrap_or(Path::new(DEFAULT_FILE)))
}

/// Reads a directory, or the configured one, with a configuration that was read.
pub fn load_with(config: &Config, directory: Option<&Path>) -> Result<Loaded, Exit> {
    let directory = directory.map_or_else(|| config.rules.clone(), Path::to_owned);
    if !directory.is_dir() {
        return Err(failed(&format!(
            "{} is not a directory; name the rules directory",
            directory.display()
        )));
    }
    Ok(read(&directory, config))
}

/// Reads a directory that exists, with the settings of a configuration.
pub fn read(directory: &Path, config: &Config) -> Loaded {
    let progress = Progress::start(&format!("reading {}", directory.display()));
    let reading = source::read_directory(directory, &source::Limits::default());
    let loaded = compiled(
        reading.sources,
        reading.diagnostics,
        config,
        &prefix(directory),
    );
    drop(progress);
    loaded
}

/// Compiles what was read. `prefix` is put before the names of files.
fn compiled(
    sources: Vec<SourceText>,
    mut diagnostics: Vec<Diagnostic>,
    config: &Config,
    prefix: &str,
) -> Loaded {
    let error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let unread = diagnostics.iter().any(error);
    let start = Instant::now();
    let compiled = compile_timed(&sources, &config.settings, &Reuse::default(), &|| {
        start.elapsed()
    });
    diagnostics.extend(compiled.diagnostics);
    hide_consequences(&mut diagnostics);
    Loaded {
        table: compiled.table.filter(|_| !unread).map(Arc::new),
        unexpected: compiled.unexpected.filter(|_| !unread).map(Arc::new),
        diagnostics,
        files: sources.len(),
        sources,
        expectations: compiled.expectations,
        laws: compiled.laws,
        skipped: compiled.skipped,
        prefix: prefix.to_owned(),
        subject: prefix.to_owned(),
    }
}

/// Returns the directory with a slash at its end.
fn prefix(directory: &Path) -> String {
    PathBuf::from(directory).join("").display().to_string()
}

impl Loaded {
    /// Returns how many findings of each severity there are, those included that are not shown.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.diagnostics)
    }

    /// Shows a file under another name in all findings.
    pub fn rename(&mut self, from: &str, to: &str) {
        for finding in &mut self.diagnostics {
            let notes = finding.notes.iter_mut();
            let notes = notes.map(|note| &mut note.excerpt.file);
            for file in notes.chain([&mut finding.excerpt.file]) {
                if file == from {
                    to.clone_into(file);
                }
            }
        }
    }

    /// Prints all findings for people.
    pub fn print(&self, paint: Paint) {
        self.write(paint, output::line);
    }

    /// Prints all findings on standard error, because standard output is for something else.
    pub fn complain(&self) {
        self.write(Paint::stderr(), output::error);
    }

    fn write(&self, paint: Paint, line: fn(&str)) {
        for finding in &self.diagnostics {
            line(&render(finding, &self.prefix, paint.look()));
            line("");
        }
    }
}

/// Returns `1 error`, `2 errors`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
