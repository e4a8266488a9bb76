//! Logical lines to rules, declarations and expectations; each line stands for itself.

use std::fmt;

use super::{
    Expectation, Law, action,
    domain_line::{declaration, no_action, not_a_domain, not_declared},
    expectation, idioms, law,
    lexer::{self, Line, LogicalLine, Token, TokenKind},
    pattern::{self, FirstWord},
    plain,
};
use crate::engine::{
    diagnostic::{Finding, Findings, SourceKind, SourceText, Span, codes},
    rule::{Action, Declaration, DomainClass, Origin, Pattern, Rule},
    store::{FileRead, Reuse, RuleStore},
};

/// Everything that the files of one directory say.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Domain lines of `.rules` files.
    pub declarations: Vec<Declaration>,
    /// Domains that maps of an MTA name as a whole; they count where no `.rules` file has a domain line.
    pub domains: Vec<Declaration>,
    /// Rules, in the order of files and lines.
    pub rules: RuleStore,
    /// Lines of `.expect` files.
    pub expectations: Vec<Expectation>,
    /// Lines of `.expect` files that are about many addresses.
    pub laws: Vec<Law>,
    /// What foreign files hold that is no address to rewrite.
    pub skipped: Vec<Skipped>,
    /// The files, in their order.
    pub files: Vec<FileRead>,
}

impl Parsed {
    /// Nothing yet. The rules of unchanged files will be copied as `reuse` says.
    pub fn after(reuse: &Reuse<'_>) -> Self {
        Self {
            rules: reuse.empty_store(),
            ..Self::default()
        }
    }

    fn expect(&mut self, line: Expected) {
        match line {
            Expected::Outcome(expectation) => self.expectations.push(expectation),
            Expected::Law(law) => self.laws.push(law),
        }
    }

    /// Copies the rules of a file if it is unchanged, or reads it by `read`.
    pub fn file<'s>(
        &mut self,
        (file, source): (u32, &SourceText),
        reuse: &Reuse<'_>,
        findings: &mut Findings<'s>,
        read: impl FnOnce(&mut Self, &mut Findings<'s>),
    ) {
        let copied = reuse.copy(file, source, &mut self.rules);
        let read = copied.unwrap_or_else(|| {
            let before = (findings.count(), self.declarations.len());
            read(self, findings);
            let clean = before == (findings.count(), self.declarations.len());
            reuse.read(file, source, clean, &mut self.rules)
        });
        self.files.push(read);
    }
}

/// What was skipped in one foreign file: how many values or rows of each kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// File name without its directory.
    pub file: String,
    /// How many of each kind (`x400`, `sip`, `disabled`), in the order of the kinds.
    pub counts: Vec<(String, usize)>,
}

impl fmt::Display for Skipped {
    /// `skipped: 12 x400, 3 sip in users.csv`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("skipped: ")?;
        for (at, (kind, count)) in self.counts.iter().enumerate() {
            write!(f, "{}{count} {kind}", if at > 0 { ", " } else { "" })?;
        }
        write!(f, " in {}", self.file)
    }
}

/// Reads one file of our own; what cannot be read is among the findings. Foreign formats are not
/// known here.
pub fn read(file: u32, source: &SourceText, parsed: &mut Parsed, findings: &mut Findings<'_>) {
    warn_if_empty(file, source, findings);
    if let Some(finding) = idioms::other_file(file, &source.bytes) {
        return findings.push(finding);
    }
    match source.kind {
        SourceKind::Expectations => {
            lexer::read(file, &source.bytes, findings, |line, findings| match line {
                Line::Alone(..) => false,
                Line::Logical(line) => {
                    expectation_line(line, parsed, findings);
                    true
                }
            });
        }
        _ => lexer::read(file, &source.bytes, findings, |line, findings| match line {
            Line::Alone(line, span) => plain::rule(line, span, &mut parsed.rules),
            Line::Logical(line) => {
                rule_line(line, parsed, findings);
                true
            }
        }),
    }
}

/// Reads the cells of a table as one rule: the first its pattern, the rest its action.
pub fn read_cells(cells: &[(&str, Span)], parsed: &mut Parsed, findings: &mut Findings<'_>) {
    let Some(line) = lexer::cells(cells, findings) else {
        return;
    };
    let mut found = Vec::new();
    if line.is_odd {
        found = idioms::hidden(&line.tokens, source_of(&line, findings));
    }
    if found.is_empty() {
        take(&line.tokens, TABLE, parsed, &mut found);
    }
    findings.extend(found);
}

/// Where a rule comes from, and the secondary addresses of its `mailbox`.
type Origins = (Origin, Origin);

const NATIVE: Origins = (Origin::Line, Origin::Secondary);
const TABLE: Origins = (Origin::Row, Origin::Proxy);

/// A file in which nothing is written.
pub fn warn_if_empty(file: u32, source: &SourceText, findings: &mut Findings<'_>) {
    let content = source
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&source.bytes);
    if content.trim_ascii().is_empty() {
        findings.push(
            Finding::warning(
                codes::EMPTY_FILE,
                Span::whole_file(file),
                "the file is empty",
            )
            .help("delete it, or put a comment into it if it is meant to be"),
        );
    }
}

/// Reads one line as a rule or as the declaration of a domain.
///
/// If it is neither, its idioms are translated, and what they mean is read: so all findings of the line
/// come in one pass.
fn rule_line(line: &LogicalLine<'_>, parsed: &mut Parsed, findings: &mut Findings<'_>) {
    let mut found = Vec::new();
    if !line.is_odd && take(&line.tokens, NATIVE, parsed, &mut found) {
        return findings.extend(found);
    }
    let bytes = source_of(line, findings);
    let translation = idioms::translate(&line.tokens, bytes, idioms::Lines::Rules);
    if translation.findings.is_empty() {
        if line.is_odd {
            take(&line.tokens, NATIVE, parsed, &mut found);
        }
        return findings.extend(found);
    }
    found.clear();
    let mut understood = true;
    for words in &translation.lines {
        let tokens: Vec<_> = words.iter().map(idioms::Word::token).collect();
        understood &= take(&tokens, NATIVE, parsed, &mut found);
    }
    let idioms = translation.findings.into_iter();
    findings.extend(idioms.map(|finding| match understood {
        true => finding.understood(),
        false => finding,
    }));
    findings.extend(found);
}

/// A line of an `.expect` file.
enum Expected {
    /// What must come out for one address.
    Outcome(Expectation),
    /// What holds for many addresses.
    Law(Law),
}

/// Reads the words of a line of an `.expect` file.
fn expected(tokens: &[Token<'_>]) -> Result<Expected, Vec<Finding>> {
    match law::is_law(tokens) {
        true => law::parse(tokens).map(Expected::Law),
        false => expectation::parse(tokens).map(Expected::Outcome),
    }
}

/// Reads one line as an expectation or a law; if it is none, what its idioms mean.
fn expectation_line(line: &LogicalLine<'_>, parsed: &mut Parsed, findings: &mut Findings<'_>) {
    let read = expected(&line.tokens);
    if !line.is_odd
        && let Ok(line) = read
    {
        return parsed.expect(line);
    }
    let bytes = source_of(line, findings);
    let translation = idioms::translate(&line.tokens, bytes, idioms::Lines::Expectations);
    if translation.findings.is_empty() {
        return match read {
            Ok(line) => parsed.expect(line),
            Err(found) => findings.extend(found),
        };
    }
    findings.extend(translation.findings);
    for words in &translation.lines {
        let tokens: Vec<_> = words.iter().map(idioms::Word::token).collect();
        match expected(&tokens) {
            Ok(line) => parsed.expect(line),
            Err(found) => findings.extend(found),
        }
    }
}

/// The file that a line stands in.
fn source_of<'s>(line: &LogicalLine<'_>, findings: &Findings<'s>) -> &'s [u8] {
    let file = line.tokens.first().map_or(0, |first| first.span.file);
    let source = findings.sources().get(file as usize);
    source.map_or(&[], |source| &source.bytes)
}

/// Takes what some tokens say. Returns false if they cannot be read: then nothing is taken, and `found`
/// says why.
fn take(
    tokens: &[Token<'_>],
    origins: Origins,
    parsed: &mut Parsed,
    found: &mut Vec<Finding>,
) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        return true;
    };
    let left = match pattern::parse(*first) {
        Ok(left) => left,
        Err(finding) => {
            found.push(finding);
            return false;
        }
    };
    let Some((head, tail)) = rest.split_first() else {
        found.push(no_action(first, &left));
        return false;
    };
    match (left, class_of(head)) {
        (FirstWord::Domain(domain), Some(class)) => {
            let line = declaration((domain, first), class, tail, found);
            let taken = line.is_some();
            parsed.declarations.extend(line);
            taken
        }
        (FirstWord::Domain(domain), None) => {
            found.push(not_declared(first, head, &domain));
            false
        }
        (FirstWord::Pattern(pattern), Some(_)) => {
            found.push(not_a_domain(&pattern, first, head));
            false
        }
        (FirstWord::Pattern(pattern), None) => {
            address_rule((pattern, first.span), rest, origins, parsed, found)
        }
    }
}

fn class_of(token: &Token<'_>) -> Option<DomainClass> {
    let word = (token.kind == TokenKind::Word).then_some(token.text)?;
    DomainClass::from_word(word)
}

/// A rule about addresses. A `mailbox` brings the rules of its secondary addresses along.
fn address_rule(
    (pattern, span): (Pattern, Span),
    tokens: &[Token<'_>],
    (origin, of_secondary): Origins,
    parsed: &mut Parsed,
    found: &mut Vec<Finding>,
) -> bool {
    let Some(right) = action::parse(&pattern, tokens, found) else {
        return false;
    };
    for (secondary, span, action) in right.secondaries {
        parsed.rules.push(&Rule {
            pattern: secondary,
            action,
            detail: right.detail,
            annotation: right.annotation.clone(),
            span,
            origin: of_secondary,
        });
    }
    let detail = if right.action == Action::Mailbox {
        None
    } else {
        right.detail
    };
    parsed.rules.push(&Rule {
        pattern,
        action: right.action,
        detail,
        annotation: right.annotation,
        span,
        origin,
    });
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads native rules; the long way if `short` is not.
    fn rules(text: &str, short: bool) -> (RuleStore, Vec<String>) {
        let sources = [SourceText::new("a.rules", text)];
        let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
        let findings_of = &mut findings;
        lexer::read(0, text.as_bytes(), findings_of, |line, found| match line {
            Line::Alone(line, span) => short && plain::rule(line, span, &mut parsed.rules),
            Line::Logical(line) => {
                rule_line(line, &mut parsed, found);
                true
            }
        });
        let found = findings.into_diagnostics();
        (
            parsed.rules,
            found.iter().map(ToString::to_string).collect(),
        )
    }

    #[track_caller]
    fn both_ways_agree(text: &str) {
        let (short, long) = (rules(text, true), rules(text, false));
        assert_eq!(short.1, long.1, "{text}");
        assert_eq!(short.0.encoded(), long.0.encoded(), "{text}");
        let shown = |store: &RuleStore| format!("{:?}", store.iter().collect::<Vec<_>>());
        assert_eq!(shown(&short.0), shown(&long.0), "{text}");
    }

    #[test]
    fn the_short_cut_minds_the_lines_around_it() {
        both_ways_agree(
            "a@d.example b@c.example\nb@d.example c@c.example\n\td@c.example\nc@d.example e@c.example\n # c\nd@d.example e@c.example",
        );
        both_ways_agree(
            "a@d.example b@c.example\r\nb@d.example c@c.example\r\n\r\n#\nb@d.example b@d.example\r",
        );
        both_ways_agree("\u{feff}a@d.example b@c.example\n\u{feff}a@d.example b@c.example\n");
    }

    proptest! {
        #[test]
        fn the_short_cut_gives_what_the_long_way_gives(
            words in prop::collection::vec("[a-zA-Z0-9._+\"%*,# -]{0,6}(@(d\\.example|c\\.example|D\\.example|b\u{fc}cher\\.example|-|))?[ \t,]{0,2}\n?", 0..40)
        ) {
            both_ways_agree(&words.concat());
        }

        #[test]
        fn of_plain_lines_too(
            lines in prop::collection::vec("[a-c]{1,2}\\.?[A-C]{0,2}@[cd]\\.example[ \t]{1,3}[a-c_]{1,70}@[cd]\\.example(\n|\r\n|\n\n|\n#\n)", 0..60)
        ) {
            both_ways_agree(&lines.concat());
        }
    }
}
