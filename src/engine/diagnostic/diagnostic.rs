//! Findings as people and programs read them, with the text that they are about.
//!
//! Columns are counted in characters, from 1.

use super::{Code, Excerpt, Severity, Suggestion, Tally};

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
    /// What kind of finding it is.
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
    /// The findings that this one stands for, if it stands for findings that are not kept.
    pub unkept: Option<Tally>,
    /// True if no rule and no domain line in another file can make the finding untrue.
    pub regardless: bool,
}

impl Tally {
    /// Counts findings. Findings that were not kept are counted too.
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
}

impl Diagnostic {
    /// Makes a finding about a file as a whole, without a line.
    pub fn about_file(
        severity: Severity,
        code: Code,
        file: &str,
        message: String,
        help: Option<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message,
            excerpt: Excerpt::about_file(file),
            help,
            suggestions: Vec::new(),
            notes: Vec::new(),
            unkept: None,
            regardless: false,
        }
    }

    /// Returns everything that says what to do, as one text.
    pub fn advice(&self) -> Option<String> {
        let all: Vec<_> = self.all_advice().collect();
        (!all.is_empty()).then(|| all.join("; or "))
    }

    /// Returns what says what to do: the suggestions, then the help.
    pub fn all_advice(&self) -> impl Iterator<Item = &str> {
        let suggestions = self.suggestions.iter();
        let suggestions = suggestions.map(|suggestion| suggestion.message.as_str());
        suggestions.chain(self.help.as_deref())
    }

    /// Returns the suggestion that a program may follow by itself: the only one, if it has edits.
    pub fn only_suggestion(&self) -> Option<&Suggestion> {
        match self.suggestions.as_slice() {
            [only] if !only.edits.is_empty() => Some(only),
            _ => None,
        }
    }
}
