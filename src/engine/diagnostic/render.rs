//! Findings as text for people, in the layout of compilers.
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
//! The layout must not change: editors and other programs read the first line as
//! `file:line:column: severity: sentence [code]`. Libraries that draw findings have other layouts.
//!
//! A character that drives a terminal or that nobody sees is printed as U+FFFD. A tab is printed as
//! spaces, so that the caret stands below its character everywhere.
//!
//! # Limits
//!
//! | limit | default | when reached |
//! |---|---|---|
//! | columns of a source line | 100, or the width of the terminal | the part around the caret is printed |

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Excerpt, Severity};
use crate::engine::visible::is_misleading;

/// Columns between two tab stops.
const TAB: usize = 4;

/// Columns of a source line, where no terminal says another number.
const COLUMNS: usize = 100;

/// Fewest columns of a source line.
const FEWEST: usize = 20;

/// How findings are printed.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of a source line, the marks of what is left out included.
    pub columns: usize,
    /// True if the output may have colours.
    pub colour: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            columns: COLUMNS,
            colour: false,
        }
    }
}

impl Look {
    fn paint(self, code: &str, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// Bold.
    fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Bold, in the colour of help and notes.
    fn aside(self, text: &str) -> String {
        self.paint("1;36", text)
    }
}

impl Diagnostic {
    /// Returns the printed form. `directory` is put before file names, so that an editor finds them.
    pub fn render(&self, directory: &str) -> String {
        render(self, directory, Look::default())
    }

    /// Returns the places, the severity and the code of a finding, without the texts of rules.
    pub fn without_text(&self) -> String {
        let mut out = place(&self.excerpt, "");
        let _ = write!(out, ": {}: [{}]", self.severity.word(), self.code);
        for note in &self.notes {
            let _ = write!(out, "\n{}: note", place(&note.excerpt, ""));
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(""))
    }
}

/// The colour of a severity, as compilers have it.
fn colour(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Note => "1;36",
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
    }
}

/// Returns a finding as text. `directory` is put before file names.
pub fn render(diagnostic: &Diagnostic, directory: &str, look: Look) -> String {
    let mut out = look.strong(&place(&diagnostic.excerpt, directory));
    let word = format!("{}:", diagnostic.severity.word());
    let message = printable(&diagnostic.message);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        ": {} {} [{}]",
        look.paint(colour(diagnostic), &word),
        look.strong(&message),
        diagnostic.code
    );
    out += &line(&diagnostic.excerpt, colour(diagnostic), look);
    let mut or = "";
    for advice in diagnostic.all_advice() {
        let _ = write!(out, "\n{} {or}{}", look.aside("help:"), printable(advice));
        or = "or ";
    }
    for note in &diagnostic.notes {
        let _ = write!(
            out,
            "\n{}: {} {}",
            look.strong(&place(&note.excerpt, directory)),
            look.aside("note:"),
            printable(&note.message)
        );
        out += &line(&note.excerpt, "1;36", look);
    }
    out
}

fn place(excerpt: &Excerpt, directory: &str) -> String {
    let path = printable(&excerpt.path(directory));
    match excerpt.line {
        0 => path,
        line => format!("{path}:{line}:{}", excerpt.column),
    }
}

/// Returns the source line and, below it, the caret. A long line is cut around the caret.
fn line(excerpt: &Excerpt, colour: &str, look: Look) -> String {
    if excerpt.line == 0 {
        return String::new();
    }
    let cells = Cells::of(&excerpt.text);
    let first = (excerpt.column as usize).saturating_sub(1);
    let begin = cells.column(first);
    let end = cells.column(first + excerpt.width).max(begin + 1);
    let (from, to) = window(begin, end, cells.width, look.columns.max(FEWEST));
    let shown = cells.between(from, to);
    let mark = |on: bool| if on { "…" } else { "" };
    let (left, right) = (from > 0, to < cells.width);
    let pad = begin.saturating_sub(from) + usize::from(left);
    let carets = end.min(to.max(begin + 1)) - begin.max(from);
    format!(
        "\n{}{shown}{}\n{}{}",
        mark(left),
        mark(right),
        " ".repeat(pad),
        look.paint(colour, &"^".repeat(carets.max(1)))
    )
}

/// Returns the columns of a line that are printed: all of them, or a window around what is marked.
fn window(begin: usize, end: usize, width: usize, columns: usize) -> (usize, usize) {
    if width.max(end) <= columns {
        return (0, width);
    }
    // What stands before the mark helps less than what is marked, and what follows.
    let marked = (end - begin).min(columns / 2);
    let before = (columns - marked) / 3;
    let from = begin.saturating_sub(before);
    if from == 0 {
        return (0, columns - 1);
    }
    match width < from + columns {
        true => (width.saturating_sub(columns - 1).min(begin), width),
        false => (from, from + columns - 2),
    }
}

/// A line as a terminal shows it: each character with the column at which it begins.
struct Cells {
    cells: Vec<(usize, String)>,
    width: usize,
}

impl Cells {
    fn of(text: &str) -> Self {
        let (mut cells, mut width) = (Vec::new(), 0);
        for c in text.chars() {
            let (shown, columns) = match c {
                '\t' => {
                    let columns = TAB - width % TAB;
                    (" ".repeat(columns), columns)
                }
                c if is_misleading(c) => ("\u{fffd}".to_owned(), 1),
                c => (c.to_string(), c.width().unwrap_or(0)),
            };
            cells.push((width, shown));
            width += columns;
        }
        Self { cells, width }
    }

    /// Returns the column at which a character begins.
    fn column(&self, character: usize) -> usize {
        match self.cells.get(character) {
            Some((column, _)) => *column,
            None => self.width + character - self.cells.len(),
        }
    }

    /// Returns what stands in some columns. A wide character or a tab that is cut leaves spaces.
    fn between(&self, from: usize, to: usize) -> String {
        let mut out = String::new();
        let ends = self.cells.iter().skip(1).map(|(column, _)| *column);
        let ends = ends.chain([self.width]);
        for ((begin, shown), end) in self.cells.iter().zip(ends) {
            if *begin >= from && end <= to {
                out += shown;
            } else if *begin < to && end > from {
                out += &" ".repeat(end.min(to) - (*begin).max(from));
            }
        }
        out
    }
}

/// Returns the text without anything that drives a terminal or forges a line. Tabs stay.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_misleading(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Findings, SourceText, Span, codes};
    use super::*;

    /// The finding about `word`, the first one in `text`.
    fn about(text: &str, word: &str) -> Diagnostic {
        let sources = [SourceText::new("a.rules", text.as_bytes().to_vec())];
        let at = text.find(word).unwrap();
        let span = Span::at(0, text.as_bytes(), at..at + word.len());
        let mut findings = Findings::new(&sources);
        findings.push(Finding::error(codes::SYNTAX, span, "m").help("h"));
        findings.into_diagnostics().remove(0)
    }

    /// The source line and the line of the caret.
    fn lines(text: &str, word: &str, columns: usize) -> (String, String) {
        let look = Look {
            columns,
            colour: false,
        };
        let printed = render(&about(text, word), "", look);
        let mut lines = printed.lines().skip(1).map(str::to_owned);
        (lines.next().unwrap(), lines.next().unwrap())
    }

    #[test]
    fn place_line_caret_help_and_note() {
        let text = "one\n\tzwölf word # c\r\nthree\n";
        let mut finding = about(text, "word");
        finding.notes.push(super::super::Note {
            message: "first here".into(),
            excerpt: about(text, "one").excerpt,
        });
        assert_eq!(
            finding.render("rules/"),
            "rules/a.rules:2:8: error: m [syntax]\n    zwölf word # c\n          ^^^^\nhelp: h\n\
             rules/a.rules:1:1: note: first here\none\n^^^"
        );
    }

    #[test]
    fn the_caret_stands_below_wide_narrow_and_missing_characters() {
        for (text, pad, carets) in [
            ("日本 word", 5, 4),
            ("e\u{301}e\u{301} word", 3, 4),
            ("a\tb\tword", 8, 4),
            ("\u{200b}word", 1, 4),
        ] {
            let (_, caret) = lines(text, "word", 100);
            assert_eq!(caret, " ".repeat(pad) + &"^".repeat(carets), "{text:?}");
        }
        assert_eq!(lines("a日本b", "日本", 100).1, " ^^^^");
        let (line, caret) = lines("anna@company.com,", ",", 100);
        assert_eq!(caret.chars().count(), line.chars().count());
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        for (before, after) in [(0, 900), (10, 900), (500, 500), (900, 10), (900, 0)] {
            let text = format!("{}WORD{}", "a".repeat(before), "b".repeat(after));
            for columns in [20, 79, 100] {
                let (line, caret) = lines(&text, "WORD", columns);
                assert!(line.chars().count() <= columns, "{before} {after}: {line}");
                let at = caret.find('^').unwrap();
                let marked: String = line.chars().skip(at).take(4).collect();
                assert_eq!((&*marked, &caret[at..]), ("WORD", "^^^^"), "{line}");
                assert!(line.starts_with('…') || before <= 10, "{line}");
                assert!(line.ends_with('…') || after <= 10, "{line}");
            }
        }
    }

    #[test]
    fn what_is_marked_is_cut_as_well() {
        let text = format!("{} {}", "a".repeat(300), "b".repeat(300));
        let (line, caret) = lines(&text, &"b".repeat(300), 79);
        assert_eq!(line.chars().count(), 79, "{line}");
        assert!(caret.chars().count() < 79 && caret.ends_with("^^^^^^^^^"));
        let wide = "日".repeat(200);
        let (line, _) = lines(&wide, &wide, 79);
        let width: usize = line.chars().filter_map(UnicodeWidthChar::width).sum();
        assert!(width <= 79, "{width}");
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
    fn nothing_drives_the_terminal() {
        let mut finding = about("a\u{1b}[31m\u{202e}b\n", "a");
        finding.message = "x\ny".to_owned();
        finding.help = None;
        let printed = finding.to_string();
        assert_eq!(printed.lines().count(), 3);
        assert!(!printed.contains('\u{1b}') && !printed.contains('\u{202e}'));
    }

    #[test]
    fn colour_changes_no_character() {
        let finding = about("a word", "word");
        let look = Look {
            colour: true,
            ..Look::default()
        };
        let coloured = render(&finding, "", look);
        assert!(
            coloured.contains("\u{1b}[1;31merror:\u{1b}[0m "),
            "{coloured}"
        );
        let mut plain = coloured;
        for code in ["1", "1;31", "1;36", "0"] {
            plain = plain.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(plain, finding.to_string());
    }
}
