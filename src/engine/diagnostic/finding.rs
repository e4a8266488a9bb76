//! Collects the findings of one load. A [`Finding`] has spans as places; at the end it becomes a [`Diagnostic`],
//! which contains the text of its lines.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | findings of one load | 1000 | further findings are counted, but not kept |
//! | findings that guess a misspelt name | the first 100 | further findings say what to write without a guess |

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::names::{Names, NoNames};
use super::suggestion::{Place, Planned};
use super::{Code, Diagnostic, Excerpt, Note, Severity, SourceText, Span, Tally, codes};

/// How many findings of one load are kept.
const MAX_FINDINGS: usize = 1000;

/// How many findings may search for a similar name.
const MAX_SUGGESTIONS: usize = 100;

/// One finding. Its places are spans.
#[derive(Clone, Debug)]
pub struct Finding {
    severity: Severity,
    code: Code,
    span: Span,
    message: String,
    /// In a box, because a `Result` with a large error is slow to move.
    advice: Box<Advice>,
}

/// What a finding contains besides its message.
#[derive(Clone, Debug, Default)]
struct Advice {
    help: Option<String>,
    suggestions: Vec<Planned>,
    notes: Vec<(Span, String)>,
    /// True if the line was read in spite of the error.
    understood: bool,
    /// True if no rule and no domain line elsewhere can make the finding untrue.
    regardless: bool,
    /// Adds the advice that needs the whole table.
    later: Option<Later>,
}

/// Adds advice to a finding once the table is built.
type Complete = dyn Fn(Finding, &dyn Names) -> Finding + Send + Sync;

/// The advice of a finding that waits for the table.
#[derive(Clone)]
struct Later(Arc<Complete>);

impl Later {
    fn new(complete: impl Fn(Finding, &dyn Names) -> Finding + Send + Sync + 'static) -> Self {
        Self(Arc::new(complete))
    }

    /// Returns the finding with its advice.
    fn complete(&self, finding: Finding, names: &dyn Names) -> Finding {
        (self.0)(finding, names)
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

impl Finding {
    /// Returns an error: the table does not go live.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            span,
            message: message.into(),
            advice: Box::default(),
        }
    }

    /// Returns a warning: something is probably wrong, but the table goes live.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// Returns a remark: nothing is wrong, but the writer may have meant something else.
    pub fn note_only(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, span, message)
        }
    }

    /// Returns true if the finding is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Adds a sentence that says what to do, for cases where no edit of the file can be offered.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.advice.help = Some(help.into());
        self
    }

    /// Offers to replace the bytes of `span` by `text`.
    ///
    /// `message` is an order that names the text to write. Each further suggestion is an alternative.
    pub fn suggest(self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.suggest_edits(message, [(span, text.into())])
    }

    /// Offers several replacements that belong together.
    pub fn suggest_edits(
        self,
        message: impl Into<String>,
        edits: impl IntoIterator<Item = (Span, String)>,
    ) -> Self {
        let edits = edits.into_iter();
        let edits = edits.map(|(span, text)| (Place::Exactly(span), text));
        self.planned(message, edits.collect())
    }

    /// Offers to write `line` above the rule that `span` is in.
    pub fn suggest_line_before(
        self,
        message: impl Into<String>,
        span: Span,
        line: impl Into<String>,
    ) -> Self {
        self.planned(message, vec![(Place::Above(span), line.into())])
    }

    /// Offers to write `line` below the rule that `span` is in.
    pub fn suggest_line_after(
        self,
        message: impl Into<String>,
        span: Span,
        line: impl Into<String>,
    ) -> Self {
        self.planned(message, vec![(Place::Below(span), line.into())])
    }

    /// Offers to delete the rule that `span` is in, with the lines that continue it.
    pub fn suggest_line_deleted(self, message: impl Into<String>, span: Span) -> Self {
        self.planned(message, vec![(Place::Line(span), String::new())])
    }

    /// Adds advice that depends on the domains and mailboxes of the table, once the table is built.
    pub fn later(
        mut self,
        complete: impl Fn(Self, &dyn Names) -> Self + Send + Sync + 'static,
    ) -> Self {
        self.advice.later = Some(Later::new(complete));
        self
    }

    /// Marks that the rule of this line was read in spite of the error. So the checks may still report addresses
    /// on this line as missing.
    pub fn understood(mut self) -> Self {
        self.advice.understood = true;
        self
    }

    /// Says that the finding is true whatever else there is: no rule and no domain line elsewhere can make it
    /// untrue.
    pub fn regardless(mut self) -> Self {
        self.advice.regardless = true;
        self
    }

    fn planned(mut self, message: impl Into<String>, edits: Vec<(Place, String)>) -> Self {
        self.advice.suggestions.push(Planned {
            message: message.into(),
            edits,
        });
        self
    }

    /// Adds another place that belongs to the finding, with a message about it.
    pub fn note(mut self, span: Span, message: impl Into<String>) -> Self {
        self.advice.notes.push((span, message.into()));
        self
    }
}

/// Returns the text of a source by its number, if the text was dropped to save memory. Returns `None` for any
/// other source.
pub type DroppedText<'a> = &'a dyn Fn(u32) -> Option<SourceText>;

/// All findings of one load.
pub struct Findings<'a> {
    sources: &'a [SourceText],
    dropped: Option<DroppedText<'a>>,
    /// The texts that `dropped` returned for the files of findings.
    fetched: BTreeMap<u32, Option<SourceText>>,
    kept: Vec<(Span, Diagnostic)>,
    errors: usize,
    unkept: Tally,
    /// Findings that wait for the table, each with its position in `kept`.
    waiting: Vec<(usize, Finding)>,
    /// The positions in `kept` of errors whose line was read in spite of the error.
    understood: HashSet<usize>,
}

impl fmt::Debug for Findings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Findings");
        shown.field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl<'a> Findings<'a> {
    /// Returns an empty collection for the given sources.
    pub fn new(sources: &'a [SourceText]) -> Self {
        Self {
            sources,
            dropped: None,
            fetched: BTreeMap::new(),
            kept: Vec::new(),
            errors: 0,
            unkept: Tally::default(),
            waiting: Vec::new(),
            understood: HashSet::new(),
        }
    }

    /// Sets the function that returns texts whose bytes are not in the sources, so that findings can show their
    /// lines.
    pub fn with_dropped(self, dropped: DroppedText<'a>) -> Self {
        Self {
            dropped: Some(dropped),
            ..self
        }
    }

    /// Returns the sources that the spans point into.
    pub fn sources(&self) -> &'a [SourceText] {
        self.sources
    }

    /// Returns true if a finding may still search for a similar name. The search is slow, and nobody reads more
    /// than a hundred findings.
    pub fn wants_suggestions(&self) -> bool {
        self.kept.len() < MAX_SUGGESTIONS
    }

    /// Returns the number of findings, including those that are not kept.
    pub fn count(&self) -> usize {
        self.kept.len() + self.unkept.all()
    }

    /// Returns the number of errors, including those that are not kept.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Returns true if there is an error.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Returns the words, in lower case, of the lines that could not be read because of an error. The rule of
    /// such a line is missing in the table; the checks need not report this as a second error.
    pub fn words_in_error(&self) -> HashSet<String> {
        let errors = self
            .kept
            .iter()
            .enumerate()
            .filter(|(at, (_, diagnostic))| {
                diagnostic.severity == Severity::Error && !self.understood.contains(at)
            });
        let lines = errors.flat_map(|(_, (_, diagnostic))| {
            std::iter::once(&diagnostic.excerpt)
                .chain(diagnostic.notes.iter().map(|note| &note.excerpt))
        });
        let words = lines.flat_map(|excerpt| excerpt.text.split([' ', '\t', ',']));
        words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.errors += usize::from(finding.severity == Severity::Error);
        if self.kept.len() >= MAX_FINDINGS {
            self.unkept.add(finding.severity);
            return;
        }
        if finding.advice.understood {
            self.understood.insert(self.kept.len());
        }
        if finding.advice.later.is_some() {
            self.waiting.push((self.kept.len(), finding.clone()));
        }
        let span = finding.span;
        let diagnostic = self.placed(finding);
        self.kept.push((span, diagnostic));
    }

    /// Completes the findings whose advice depends on the table.
    pub fn complete(&mut self, names: &dyn Names) {
        for (at, mut finding) in std::mem::take(&mut self.waiting) {
            if let Some(later) = finding.advice.later.take() {
                let diagnostic = self.placed(later.complete(finding, names));
                if let Some((_, kept)) = self.kept.get_mut(at) {
                    *kept = diagnostic;
                }
            }
        }
    }

    /// Returns the finding with the texts of its lines.
    fn placed(&mut self, finding: Finding) -> Diagnostic {
        let advice = *finding.advice;
        let suggestions = advice.suggestions.into_iter();
        let notes = advice.notes.into_iter();
        Diagnostic {
            severity: finding.severity,
            code: finding.code,
            message: finding.message,
            excerpt: self.excerpt(finding.span),
            help: advice.help,
            suggestions: suggestions
                .map(|planned| planned.placed(self.sources))
                .collect(),
            notes: notes
                .map(|(span, message)| Note {
                    message,
                    excerpt: self.excerpt(span),
                })
                .collect(),
            unkept: None,
            regardless: advice.regardless,
        }
    }

    /// Returns the line of a span.
    fn excerpt(&mut self, span: Span) -> Excerpt {
        let file = span.file;
        if let Some(dropped) = self.dropped {
            let fetched = self.fetched.entry(file).or_insert_with(|| dropped(file));
            if let Some(text) = fetched {
                let span = Span { file: 0, ..span };
                return Excerpt::of(std::slice::from_ref(text), span);
            }
        }
        Excerpt::of(self.sources, span)
    }

    /// Adds several findings.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Returns the findings that were kept, in the order of files, lines and columns. If some were not kept, the
    /// last one says how many.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.complete(&NoNames);
        self.kept
            .sort_by_key(|(span, _)| (span.file, span.line, span.start));
        let last = self
            .kept
            .last()
            .map(|(_, diagnostic)| diagnostic.excerpt.file.clone());
        let mut diagnostics: Vec<_> = self
            .kept
            .into_iter()
            .map(|(_, diagnostic)| diagnostic)
            .collect();
        let unkept = self.unkept;
        if let (Some(file), 1..) = (last, unkept.all()) {
            let severity = if self.errors > 0 {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!("{} more findings are not shown", unkept.all());
            let more = Diagnostic::about_file(severity, codes::MORE, &file, message, None);
            diagnostics.push(Diagnostic {
                unkept: Some(unkept),
                ..more
            });
        }
        diagnostics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_bounded_but_counted() {
        let sources = [SourceText::new("a.rules", b"x\n".to_vec())];
        let mut findings = Findings::new(&sources);
        let span = Span {
            file: 0,
            line: 1,
            start: 0,
            length: 1,
        };
        for _ in 0..MAX_FINDINGS + 3 {
            findings.push(Finding::error(codes::SYNTAX, span, "m"));
        }
        for _ in 0..2 {
            findings.push(Finding::warning(codes::SYNTAX, span, "m"));
        }
        let all = findings.into_diagnostics();
        assert_eq!(all.len(), MAX_FINDINGS + 1);
        assert!(all[MAX_FINDINGS].message.starts_with("5 more"));
        let wanted = Tally {
            errors: MAX_FINDINGS + 3,
            warnings: 2,
        };
        assert_eq!(Tally::of(&all), wanted);
    }
}
