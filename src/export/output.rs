//! The text of an export and its findings, in the order of the rules.

use std::collections::HashSet;

use super::format::ExportFormat;
use crate::engine::{
    Diagnostic, SourceText,
    address::{LocalPart, Mailbox},
    diagnostic::{Finding, Findings, Span, codes},
    rule::Rule,
};

/// Width of the left column.
const LEFT: usize = 40;

/// A text, and what the format could not express.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The content of the file, with a newline at its end.
    pub text: String,
    /// What could not be exported, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// An export that is being written.
pub struct Output<'a> {
    format: ExportFormat,
    sources: &'a [SourceText],
    head: Vec<String>,
    body: Vec<(Span, String)>,
    findings: Findings<'a>,
    reported: HashSet<(u32, u32, String)>,
}

/// The rule or the domain line that a part of an export comes from.
#[derive(Clone, Debug)]
pub struct SourceRule {
    /// Where its pattern is written.
    pub span: Span,
    /// Its text in canonical form.
    pub text: String,
}

impl SourceRule {
    /// Returns the place and the text of a rule.
    pub fn of(rule: &Rule) -> Self {
        Self {
            span: rule.span,
            text: rule.to_string(),
        }
    }
}

impl<'a> Output<'a> {
    /// Returns an empty export.
    pub fn new(sources: &'a [SourceText], format: ExportFormat) -> Self {
        Self {
            format,
            sources,
            head: Vec::new(),
            body: Vec::new(),
            findings: Findings::new(sources),
            reported: HashSet::new(),
        }
    }

    /// Adds sentences to the comment at the top.
    pub fn head(&mut self, text: &str) {
        self.head.extend(text.lines().map(ToOwned::to_owned));
    }

    /// Adds a line that comes from the rule at `span`.
    pub fn line(&mut self, span: Span, text: String) {
        self.body.push((span, text));
    }

    /// Adds a line of two columns.
    pub fn pair(&mut self, span: Span, left: &str, right: &str) {
        self.line(span, format!("{left:LEFT$} {right}"));
    }

    /// Reports that a rule is not exported as it is, and what to do instead. Each message is reported once
    /// for each rule.
    pub fn not_exported(&mut self, rule: &SourceRule, message: &str, help: &str) {
        let span = rule.span;
        let new = (span.file, span.start, message.to_owned());
        if !self.reported.insert(new) {
            return;
        }
        self.findings
            .push(Finding::error(codes::NOT_EXPORTED, span, message).help(help));
        let file = self
            .sources
            .get(span.file as usize)
            .map_or("", |source| source.name.as_str());
        let comment = format!("# {file}:{}: {}", span.line, rule.text);
        self.body.push((span, comment));
        self.body.push((span, format!("#     {message}; {help}")));
    }

    /// Returns the text and the findings.
    pub fn finish(mut self) -> Exported {
        // The sort is stable: the lines of one rule keep the order in which they were added.
        self.body
            .sort_by_key(|(span, _)| (span.file, span.line, span.start));
        let comments = self.format != ExportFormat::Csv;
        let mut text = String::new();
        if comments {
            let word = self.format.word();
            text.push_str(&format!("# Written by `readdress export {word}`.\n"));
            for line in &self.head {
                text.push_str(&format!("# {line}\n"));
            }
            text.push('\n');
        }
        for (_, line) in &self.body {
            if comments || !line.starts_with('#') {
                text.push_str(line);
                text.push('\n');
            }
        }
        Exported {
            text,
            diagnostics: self.findings.into_diagnostics(),
        }
    }
}

/// Returns a local-part in external form, quoted only where RFC 5321 requires it.
pub fn external(local: &LocalPart) -> String {
    LocalPart::from_internal(local.as_str()).map_or_else(|_| local.to_string(), |l| l.to_string())
}

/// Returns an address with its local-part quoted only where RFC 5321 requires it.
pub fn address(mailbox: &Mailbox) -> String {
    format!("{}@{}", external(&mailbox.local), mailbox.domain)
}
