//! What an export writes: lines and findings, brought into the order of the rules at the end.

use std::collections::HashSet;

use super::{Exported, Format};
use crate::engine::{
    SourceText,
    address::{Domain, LocalPart, Mailbox},
    diagnostic::{Finding, Findings, Span, codes},
};

/// Width of the left column.
const LEFT: usize = 40;

/// A file in the making.
pub struct Sheet<'a> {
    format: Format,
    sources: &'a [SourceText],
    head: Vec<String>,
    body: Vec<(Span, String)>,
    findings: Findings<'a>,
    told: HashSet<(u32, u32, String)>,
}

/// A rule that a format cannot say: where it stands, and how it reads.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where its pattern is written.
    pub span: Span,
    /// Its text, in canonical form.
    pub text: String,
}

impl<'a> Sheet<'a> {
    /// An empty one.
    pub fn new(sources: &'a [SourceText], format: Format) -> Self {
        Self {
            format,
            sources,
            head: Vec::new(),
            body: Vec::new(),
            findings: Findings::new(sources),
            told: HashSet::new(),
        }
    }

    /// Adds sentences to the comment at the top.
    pub fn head(&mut self, text: &str) {
        self.head.extend(text.lines().map(ToOwned::to_owned));
    }

    /// Adds a line that says what stands at `span`.
    pub fn line(&mut self, span: Span, text: String) {
        self.body.push((span, text));
    }

    /// Adds a line of two columns.
    pub fn pair(&mut self, span: Span, left: &str, right: &str) {
        self.line(span, format!("{left:LEFT$} {right}"));
    }

    /// Says that a rule cannot be said as it is, and what to do instead; once for each rule.
    pub fn unsaid(&mut self, written: &Written, message: &str, help: &str) {
        let span = written.span;
        if !self
            .told
            .insert((span.file, span.start, message.to_owned()))
        {
            return;
        }
        self.findings
            .push(Finding::error(codes::NOT_EXPORTED, span, message).help(help));
        let file = self
            .sources
            .get(span.file as usize)
            .map_or("", |source| source.name.as_str());
        let comment = format!("# {file}:{}: {}", span.line, written.text);
        self.body.push((span, comment));
        self.body.push((span, format!("#     {message}; {help}")));
    }

    /// The text, and the findings.
    pub fn finish(mut self) -> Exported {
        // A rule's lines keep the order in which they were added.
        self.body
            .sort_by_key(|(span, _)| (span.file, span.line, span.start));
        let comments = self.format != Format::Csv;
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

/// Both spellings of a domain, A-labels first; one where they are the same.
///
/// Postfix looks a domain up as the client wrote it, and an SMTPUTF8 client may write U-labels.
pub fn spellings(domain: &Domain) -> Vec<String> {
    let (ascii, unicode) = (domain.to_string(), domain.to_unicode());
    if ascii == unicode {
        vec![ascii]
    } else {
        vec![ascii, unicode]
    }
}

/// A local-part in external form, quoted exactly where RFC 5321 wants it.
pub fn external(local: &LocalPart) -> String {
    LocalPart::from_internal(local.as_str()).map_or_else(|_| local.to_string(), |l| l.to_string())
}

/// An address, its local-part quoted exactly where RFC 5321 wants it.
pub fn address(mailbox: &Mailbox) -> String {
    format!("{}@{}", external(&mailbox.local), mailbox.domain)
}
