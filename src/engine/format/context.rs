//! What a reader of any format writes into: rules, findings, counts.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    Options,
    field_text::{FieldText, is_unseen},
    rule_count::RuleCount,
};
use crate::engine::{
    address::{Domain, Mailbox, joiner_belongs},
    diagnostic::{Code, Finding, Findings, Span, codes},
    rule::{
        Action, Annotation, Declaration, Detail, DomainClass, Origin, Pattern, Rule, Target,
        TargetKind,
    },
    syntax::{Parsed, Skipped, bad_mailbox, routing_spelling},
};

/// A key without `@`. The other keys of the directory decide later whether it is a domain or a user.
#[derive(Debug)]
pub struct BareKey {
    /// The key as it is written.
    pub key: String,
    /// The place of the key.
    pub span: Span,
    /// The values behind the key, one part for each line, with their places.
    pub value: Vec<(String, Span)>,
}

/// One file that is read.
#[derive(Debug)]
pub struct Context<'a, 'f> {
    /// Number of the file.
    pub file: u32,
    /// What `import` was told about the file.
    pub options: &'a Options,
    /// The rules and domain lines of the file.
    pub parsed: &'a mut Parsed,
    /// Keys without `@`, which are decided later.
    pub bare: &'a mut Vec<BareKey>,
    /// What is wrong with the file.
    pub findings: &'a mut Findings<'f>,
    /// How many rules and mailboxes the file gave.
    pub rule_count: RuleCount,
    skipped: BTreeMap<Cow<'static, str>, usize>,
    /// True if a finding already says that there are no secondary addresses.
    pub said_no_secondaries: bool,
}

impl<'a, 'f> Context<'a, 'f> {
    /// Returns a context for a file of which nothing has been read.
    pub fn new(
        file: u32,
        options: &'a Options,
        parsed: &'a mut Parsed,
        bare: &'a mut Vec<BareKey>,
        findings: &'a mut Findings<'f>,
    ) -> Self {
        Self {
            file,
            options,
            parsed,
            bare,
            findings,
            rule_count: RuleCount::default(),
            skipped: BTreeMap::new(),
            said_no_secondaries: false,
        }
    }

    /// Returns what was skipped; `None` if nothing was.
    pub fn finish(self, name: &str) -> Option<Skipped> {
        let counts: Vec<_> = self
            .skipped
            .into_iter()
            .map(|(kind, count)| (kind.into_owned(), count))
            .collect();
        (!counts.is_empty()).then(|| Skipped {
            file: name.to_owned(),
            counts,
        })
    }

    /// Counts one value or row that is skipped.
    pub fn skip(&mut self, kind: impl Into<Cow<'static, str>>) {
        *self.skipped.entry(kind.into()).or_default() += 1;
    }

    /// Adds an error.
    pub fn error(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings
            .push(Finding::error(code, span, message).help(help));
    }

    /// Adds a warning.
    pub fn warn(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.said_no_secondaries |= code == codes::NO_SECONDARIES;
        self.findings
            .push(Finding::warning(code, span, message).help(help));
    }

    /// Adds a rule.
    pub fn rule(
        &mut self,
        pattern: Pattern,
        action: Action,
        detail: Option<Detail>,
        span: Span,
        origin: Origin,
    ) {
        self.rule_count.rule(&action);
        self.parsed.rules.push(&Rule {
            pattern,
            action,
            detail,
            annotation: Annotation::default(),
            span,
            origin,
        });
    }

    /// Adds the class of a domain that a map of an MTA, or a file beside the map, names as a whole.
    pub fn map_domain(&mut self, domain: Domain, class: DomainClass, span: Span) {
        self.rule_count.other();
        self.parsed.domains.push(Declaration {
            domain,
            class,
            unknown: None,
            annotation: Annotation::default(),
            span,
        });
    }

    /// Returns a value without invisible characters at its ends, and reports these.
    pub fn clean<'t>(&mut self, value: &FieldText<'t>) -> FieldText<'t> {
        let trimmed = value.trimmed();
        if value.hides() {
            let message = format!("`{}` is surrounded by invisible characters", trimmed.text);
            let finding = Finding::warning(codes::UNSEEN_CHARACTER, trimmed.span, message);
            let help = "delete the invisible characters; they are ignored";
            self.findings.push(match value.is_verbatim() {
                true => finding.suggest(help, value.span, &*trimmed.text),
                false => finding.help(help),
            });
        }
        trimmed
    }

    /// Reads an address that a rule is for.
    pub fn pattern(&mut self, value: &FieldText<'_>) -> Option<(Mailbox, Span)> {
        let value = self.clean(value);
        self.whole(&value)?;
        match Mailbox::parse(&value.text) {
            Ok(mailbox) => Some((mailbox, value.span)),
            Err(error) => {
                self.findings
                    .push(bad_mailbox(codes::BAD_PATTERN, value.span, error));
                None
            }
        }
    }

    /// Reads an address that mail is sent to.
    pub fn target(&mut self, value: &FieldText<'_>) -> Option<Target> {
        let value = self.clean(value);
        let span = value.span;
        self.whole(&value)?;
        match Mailbox::parse_strict(&value.text) {
            Ok(mailbox) if mailbox.local.routes() => {
                self.findings.push(routing_spelling(span));
                None
            }
            Ok(mailbox) => Some(Target {
                kind: TargetKind::Mailbox(mailbox),
                span,
            }),
            Err(error) => {
                self.findings
                    .push(bad_mailbox(codes::BAD_TARGET, span, error));
                None
            }
        }
    }

    /// Reads a domain.
    pub fn domain(&mut self, value: &FieldText<'_>) -> Option<(Domain, Span)> {
        let value = self.clean(value);
        self.whole(&value)?;
        match Domain::parse(&value.text) {
            Ok(domain) => Some((domain, value.span)),
            Err(error) => {
                self.error(
                    codes::BAD_DOMAIN,
                    value.span,
                    error.to_string(),
                    "write a domain such as `domain2.com`",
                );
                None
            }
        }
    }

    /// Reports a value that holds damaged or invisible characters; returns `None` then.
    fn whole(&mut self, value: &FieldText<'_>) -> Option<()> {
        let found = value.text.char_indices().find(|(at, c)| {
            let hidden = is_unseen(*c) && !joiner_belongs(&value.text, *at);
            hidden || c.is_control() || *c == '\u{fffd}'
        });
        let Some((at, c)) = found else {
            return Some(());
        };
        let span = value.part(at..at + c.len_utf8()).span;
        if c == '\u{fffd}' {
            self.error(
                codes::LOSSY_VALUE,
                span,
                "a letter was lost when this file was written",
                "export it again as UTF-8",
            );
        } else {
            let message = format!(
                "the character U+{:04X} is invisible and not allowed in an address",
                u32::from(c)
            );
            let finding = Finding::error(codes::UNSEEN_CHARACTER, span, message);
            let help = "delete the character";
            self.findings.push(match value.is_verbatim() {
                true => finding.suggest(help, span, ""),
                false => finding.help(help),
            });
        }
        None
    }
}
