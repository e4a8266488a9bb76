//! The pure engine: bytes and values in, values out.
//!
//! (Skeleton of the names that the other rooms use.)

#![deny(clippy::disallowed_methods)]

use std::fmt;

/// The content of one rules file, as it was read.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// File name without its directory, as it is printed (`10-company.rules`).
    pub name: String,
    /// The bytes; whether they are UTF-8 is the parser's business.
    pub bytes: Vec<u8>,
}

/// What a file of the rules directory is, told from its name alone (spec section 2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// `.rules`, `.expect` or a foreign format: read it.
    Read,
    /// Hidden files and what editors and packagers leave behind: passed over in silence.
    Skipped,
    /// Any other extension: a warning.
    Unknown,
}

impl FileKind {
    /// Tells the kind from the file's name.
    pub fn of(_name: &str) -> Self {
        Self::Read
    }
}

/// What the table's meaning depends on besides the rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The table goes live all the same.
    Warning,
    /// The table does not go live.
    Error,
}

/// One finding about the rules.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// A stable short word (`duplicate-pattern`).
    pub code: &'static str,
    /// A sentence in lower case.
    pub message: String,
}

impl Diagnostic {
    /// A finding about a file as a whole, without a line.
    pub fn about_file(
        severity: Severity,
        code: &'static str,
        _file: &str,
        message: String,
        _help: Option<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// All rules, compiled; immutable.
#[derive(Debug, Default)]
pub struct Table {}

/// What changed from one table to the next, as canonical rule texts with their places.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Rules whose pattern was not there before.
    pub added: Vec<String>,
    /// Rules whose pattern is there no more.
    pub removed: Vec<String>,
    /// Rules whose pattern stayed and whose action is another.
    pub changed: Vec<String>,
}

impl Table {
    /// How many rules it holds.
    pub fn len(&self) -> usize {
        0
    }
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        true
    }
    /// What is different from `old`.
    pub fn changes_since(&self, _old: &Table) -> Changes {
        Changes::default()
    }
}

/// A table, if there is no error among the findings, and all findings.
#[derive(Debug)]
pub struct Compiled {
    /// The table that may go live; `None` where there is an error.
    pub table: Option<Table>,
    /// All findings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles the files of one rules directory.
pub fn compile(_sources: &[SourceText], _settings: &Settings) -> Compiled {
    Compiled {
        table: Some(Table::default()),
        diagnostics: Vec::new(),
    }
}
