//! Findings about rules as people read them.
//!
//! ```text
//! 10-company.rules:12:1: error: pattern is written twice, with another action [conflict]
//! sales@domain2.com    carol@company.com
//! ^^^^^^^^^^^^^^^^^
//! help: keep one of the two
//! 10-company.rules:4:1: note: first written here
//! sales@domain2.com    anna@company.com
//! ^^^^^^^^^^^^^^^^^
//! ```
//!
//! Columns are counted in characters, from 1. Control characters are never printed as they are.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | characters of a printed line | 160 | the middle around the caret is shown |

use std::fmt::{self, Write as _};
use std::path::Path;

use super::{Code, SourceText, Span, Suggestion, saturate};
use crate::engine::visible::is_misleading;

/// Characters of a source line that are shown.
const MAX_SHOWN: usize = 160;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The table goes live all the same.
    Warning,
    /// The table does not go live.
    Error,
}

impl Severity {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file, with the line that stands there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excerpt {
    /// File name without its directory.
    pub file: String,
    /// Line, from 1; 0 means the file as a whole.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The source line.
    pub text: String,
    /// How many characters the caret underlines.
    pub width: usize,
}

/// Another place that a finding is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// A sentence in lower case.
    pub message: String,
    /// Where.
    pub excerpt: Excerpt,
}

/// One finding, as it is printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// A stable short word (`conflict`).
    pub code: Code,
    /// A sentence in lower case.
    pub message: String,
    /// Where.
    pub excerpt: Excerpt,
    /// What to do, where no suggestion says it.
    pub help: Option<String>,
    /// Changes that fix it; one of them is enough.
    pub suggestions: Vec<Suggestion>,
    /// Other places that belong to it.
    pub notes: Vec<Note>,
    /// The findings that were counted and not kept, where this finding stands for them.
    pub unkept: Option<Tally>,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Findings that keep a table from going live.
    pub errors: usize,
    /// The others.
    pub warnings: usize,
}

impl Tally {
    /// Counts findings. Those that were not kept are counted too.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let mut tally = Self::default();
        for diagnostic in diagnostics {
            match diagnostic.unkept {
                Some(unkept) => {
                    tally.errors += unkept.errors;
                    tally.warnings += unkept.warnings;
                }
                None => tally.add(diagnostic.severity),
            }
        }
        tally
    }

    /// Counts one more finding.
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
    }

    /// Errors and warnings together.
    pub fn all(self) -> usize {
        self.errors + self.warnings
    }
}

impl Diagnostic {
    /// A finding about a file as a whole, without a line.
    pub fn about_file(
        severity: Severity,
        code: Code,
        file: &str,
        message: String,
        help: Option<String>,
    ) -> Self {
        let excerpt = Excerpt {
            file: file.to_owned(),
            line: 0,
            column: 0,
            text: String::new(),
            width: 0,
        };
        Self {
            severity,
            code,
            message,
            excerpt,
            help,
            suggestions: Vec::new(),
            notes: Vec::new(),
            unkept: None,
        }
    }

    /// Returns everything that says what to do, as one text.
    pub fn advice(&self) -> Option<String> {
        let all: Vec<_> = self.all_advice().collect();
        (!all.is_empty()).then(|| all.join("; or "))
    }

    fn all_advice(&self) -> impl Iterator<Item = &str> {
        let suggestions = self.suggestions.iter();
        let suggestions = suggestions.map(|suggestion| suggestion.message.as_str());
        suggestions.chain(self.help.as_deref())
    }

    /// The printed form; `directory` is put before file names, so that an editor finds them.
    pub fn render(&self, directory: &str) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out, directory);
        out
    }

    /// Its places, severity and code alone: sentences, lines and help hold the addresses of rules.
    pub fn without_text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.excerpt.write_place(&mut out, "");
        let _ = write!(out, ": {}: [{}]", self.severity.word(), self.code);
        for note in &self.notes {
            out.push('\n');
            let _ = note.excerpt.write_place(&mut out, "");
            out.push_str(": note");
        }
        out
    }

    fn write(&self, out: &mut String, directory: &str) -> fmt::Result {
        self.excerpt.write_place(out, directory)?;
        write!(
            out,
            ": {}: {} [{}]",
            self.severity.word(),
            printable(&self.message),
            self.code
        )?;
        self.excerpt.write_line(out)?;
        let mut word = "help:";
        for advice in self.all_advice() {
            write!(out, "\n{word} {}", printable(advice))?;
            word = "help: or";
        }
        for note in &self.notes {
            out.push('\n');
            note.excerpt.write_place(out, directory)?;
            write!(out, ": note: {}", printable(&note.message))?;
            note.excerpt.write_line(out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(""))
    }
}

impl Excerpt {
    /// Cuts the line out of its source.
    pub fn of(sources: &[SourceText], span: Span) -> Self {
        let source = sources.get(span.file as usize);
        let file = source.map_or_else(String::new, |source| source.name.clone());
        let mut excerpt = Self {
            file,
            line: span.line,
            column: 1,
            text: String::new(),
            width: 1,
        };
        let Some(source) = source.filter(|_| span.line > 0) else {
            return excerpt;
        };
        let start = (span.start as usize).min(source.bytes.len());
        let (before, after) = source.bytes.split_at(start);
        let begin = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let end = after
            .iter()
            .position(|b| *b == b'\n')
            .unwrap_or(after.len());
        let (head, rest) = (
            before.get(begin..).unwrap_or(b""),
            after.get(..end).unwrap_or(b""),
        );
        let marked = rest
            .get(..(span.length as usize).min(rest.len()))
            .unwrap_or(b"");
        let mut head = String::from_utf8_lossy(head).into_owned();
        if let Some(rest) = head.strip_prefix('\u{feff}') {
            head = rest.to_owned();
        }
        excerpt.column = saturate(head.chars().count()).saturating_add(1);
        excerpt.width = String::from_utf8_lossy(marked).chars().count().max(1);
        excerpt.text = head + String::from_utf8_lossy(rest).trim_end_matches('\r');
        excerpt
    }

    /// The file with its directory. A finding about the directory itself has no file in it; the
    /// configuration file is in another directory and has its whole path.
    pub fn path(&self, directory: &str) -> String {
        let file = Path::new(&self.file);
        match Path::new(directory) == file || file.has_root() {
            true => self.file.clone(),
            false => format!("{directory}{}", self.file),
        }
    }

    fn write_place(&self, out: &mut String, directory: &str) -> fmt::Result {
        out.push_str(&printable(&self.path(directory)));
        if self.line > 0 {
            write!(out, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }

    /// The source line and, below it, the caret; long lines are cut around it.
    fn write_line(&self, out: &mut String) -> fmt::Result {
        if self.line == 0 {
            return Ok(());
        }
        let column = (self.column as usize).saturating_sub(1);
        let length = self.text.chars().count();
        let first = if length > MAX_SHOWN {
            column.saturating_sub(MAX_SHOWN / 4)
        } else {
            0
        };
        let shown: String = self.text.chars().skip(first).take(MAX_SHOWN).collect();
        let (left, right) = (first > 0, first + MAX_SHOWN < length);
        let pad: String = self
            .text
            .chars()
            .skip(first)
            .take(column - first.min(column))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let width = self
            .width
            .min(MAX_SHOWN.saturating_sub(column - first.min(column)))
            .max(1);
        let mark = |on: bool| if on { "…" } else { "" };
        write!(out, "\n{}{}{}", mark(left), printable(&shown), mark(right))?;
        write!(
            out,
            "\n{}{pad}{}",
            if left { " " } else { "" },
            "^".repeat(width)
        )
    }
}

/// The text without anything that could drive a terminal or forge a line; tabs stay.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_misleading(c) { '\u{fffd}' } else { c })
        .collect()
}

/// The candidate whose spelling is nearest, where one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let allowed = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Findings, codes};
    use super::*;

    fn sources(text: &str) -> Vec<SourceText> {
        vec![SourceText::new("a.rules", text.as_bytes().to_vec())]
    }

    #[test]
    fn place_line_caret_help_and_note() {
        let sources = sources("one\n\tzwölf word # c\r\nthree\n");
        let mut findings = Findings::new(&sources);
        let word = Span {
            file: 0,
            line: 2,
            start: 12,
            length: 4,
        };
        let note = Span {
            file: 0,
            line: 1,
            start: 0,
            length: 3,
        };
        findings.push(
            Finding::error(codes::SYNTAX, word, "message")
                .help("do this")
                .note(note, "first here"),
        );
        let printed = findings.into_diagnostics().remove(0).render("rules/");
        assert_eq!(
            printed,
            "rules/a.rules:2:8: error: message [syntax]\n\tzwölf word # c\n\t      ^^^^\nhelp: do this\n\
             rules/a.rules:1:1: note: first here\none\n^^^"
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let sources = sources(&format!("{}X{}", "a".repeat(1000), "b".repeat(1000)));
        let span = Span {
            file: 0,
            line: 1,
            start: 1000,
            length: 1,
        };
        let mut findings = Findings::new(&sources);
        findings.push(Finding::warning(codes::SYNTAX, span, "m"));
        let printed = findings.into_diagnostics().remove(0).to_string();
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines[1].chars().count(), MAX_SHOWN + 2);
        let caret = lines[2].chars().count() - 1;
        assert_eq!(lines[1].chars().nth(caret), Some('X'));
    }

    #[test]
    fn nothing_drives_the_terminal() {
        let sources = sources("a\u{1b}[31m\u{202e}b\n");
        let mut findings = Findings::new(&sources);
        findings.push(Finding::error(
            codes::SYNTAX,
            Span {
                file: 0,
                line: 1,
                start: 0,
                length: 1,
            },
            "x\ny",
        ));
        let printed = findings.into_diagnostics().remove(0).to_string();
        assert_eq!(printed.lines().count(), 3);
        assert!(!printed.contains('\u{1b}') && !printed.contains('\u{202e}'));
    }

    #[test]
    fn a_finding_about_the_directory_names_it_once() {
        let about = |file: &str, directory: &str| {
            let message = "cannot be read".to_owned();
            Diagnostic::about_file(Severity::Error, codes::SYNTAX, file, message, None)
                .render(directory)
        };
        let text = "d/rules: error: cannot be read [syntax]";
        assert_eq!(about("d/rules", "d/rules/"), text);
        assert_eq!(about("d/rules", ""), text);
        assert_eq!(
            about("rules", "d/rules/"),
            "d/rules/rules: error: cannot be read [syntax]"
        );
    }

    #[test]
    fn nearest_word() {
        assert_eq!(nearest("rejct", ["reject", "defer"]), Some("reject"));
        assert_eq!(
            nearest("compnay.com", ["company.com", "domain2.com"]),
            Some("company.com")
        );
        assert_eq!(nearest("other.example", ["company.com"]), None);
    }
}
