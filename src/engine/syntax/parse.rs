//! Logical lines to rules, declarations and expectations; each line stands for itself.

use std::fmt;

use super::{
    Expectation, action, expectation,
    lexer::{self, Line, LogicalLine, Token, TokenKind},
    pattern, plain,
};
use crate::engine::{
    address::Domain,
    diagnostic::{Finding, Findings, SourceKind, SourceText, Span, codes, nearest},
    rule::{Action, ActionWord, Declaration, DomainClass, Origin, Pattern, Rule, Unknown},
    store::{FileRead, Packed, Reuse},
};

/// Everything that the files of one directory say.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Domain lines of `.rules` files.
    pub declarations: Vec<Declaration>,
    /// Domains that maps of an MTA name as a whole; they count where no `.rules` file has a domain line.
    pub domains: Vec<Declaration>,
    /// Rules, in the order of files and lines.
    pub rules: Packed,
    /// Lines of `.expect` files.
    pub expectations: Vec<Expectation>,
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

/// What was passed over in one foreign file: how many values or rows of one kind.
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
    match source.kind {
        SourceKind::Expectations => {
            lexer::read(file, &source.bytes, findings, |line, findings| match line {
                Line::Alone(..) => false,
                Line::Logical(line) => {
                    let expected = expectation::parse(line, findings);
                    parsed.expectations.extend(expected);
                    true
                }
            });
        }
        _ => lexer::read(file, &source.bytes, findings, |line, findings| match line {
            Line::Alone(line, span) => plain::rule(line, span, &mut parsed.rules),
            Line::Logical(line) => {
                rule_line(line, NATIVE, parsed, findings);
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
    rule_line(&line, TABLE, parsed, findings);
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

fn rule_line(
    line: &LogicalLine<'_>,
    origins: Origins,
    parsed: &mut Parsed,
    findings: &mut Findings<'_>,
) {
    let Some((first, rest)) = line.tokens.split_first() else {
        return;
    };
    let left = match pattern::parse(*first) {
        Ok(left) => left,
        Err(finding) => return findings.push(finding),
    };
    let Some((head, tail)) = rest.split_first() else {
        return findings.push(no_action(*first, &left));
    };
    match (left, class_of(head)) {
        (pattern::Left::Domain(domain), Some(class)) => match domain_options(class, tail) {
            Ok(unknown) => parsed.declarations.push(Declaration {
                domain,
                class,
                unknown,
                span: first.span,
            }),
            Err(finding) => findings.push(finding),
        },
        (pattern::Left::Domain(domain), None) => findings.push(bare_domain(*first, head, &domain)),
        (pattern::Left::Pattern(_), Some(class)) => {
            let message = format!("only a domain can be declared {}", class.word());
            findings.push(
                Finding::error(codes::NOT_A_DOMAIN, first.span, message).help(
                    "write the bare domain, without `@`; `mailbox` says that an address exists",
                ),
            );
        }
        (pattern::Left::Pattern(pattern), None) => {
            address_rule((pattern, first.span), rest, origins, parsed, findings)
        }
    }
}

/// A rule about addresses; a `mailbox` brings the rules of its secondary addresses along.
fn address_rule(
    (pattern, span): (Pattern, Span),
    tokens: &[Token<'_>],
    (origin, of_secondary): Origins,
    parsed: &mut Parsed,
    findings: &mut Findings<'_>,
) {
    let Some(right) = action::parse(&pattern, tokens, findings) else {
        return;
    };
    for (secondary, span, action) in right.secondaries {
        parsed.rules.push(&Rule {
            pattern: secondary,
            action,
            detail: right.detail,
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
        span,
        origin,
    });
}

fn class_of(token: &Token<'_>) -> Option<DomainClass> {
    let word = (token.kind == TokenKind::Word).then_some(token.text)?;
    DomainClass::from_word(word)
}

/// Returns the option `unknown=` of a domain line, or the finding about an option that is wrong.
fn domain_options(class: DomainClass, tokens: &[Token<'_>]) -> Result<Option<Unknown>, Finding> {
    let mut unknown = None;
    for token in tokens {
        let finding = match token.text.split_once('=') {
            Some(("unknown", _)) if class == DomainClass::External => Finding::error(
                codes::USELESS_OPTION,
                token.span,
                "nobody here knows the users of an external domain",
            )
            .help("leave `unknown=` out, or declare the domain primary or secondary"),
            Some(("unknown", _)) if unknown.is_some() => Finding::error(
                codes::REPEATED_OPTION,
                token.span,
                "`unknown=` is written twice",
            )
            .help("keep one of the two"),
            Some(("unknown", value)) => match Unknown::from_word(value) {
                Some(value) => {
                    unknown = Some(value);
                    continue;
                }
                None => Finding::error(
                    codes::BAD_OPTION,
                    token.span,
                    format!("`{value}` is no value of `unknown=`"),
                )
                .help("write `unknown=reject`, `unknown=defer` or `unknown=keep`"),
            },
            Some((name, _)) => action::unknown_option(token.span, name, &["unknown"]),
            None => Finding::error(
                codes::SYNTAX,
                token.span,
                "nothing but options may follow here",
            )
            .help("write `unknown=reject`, `unknown=defer` or `unknown=keep`, or nothing"),
        };
        return Err(finding);
    }
    Ok(unknown)
}

fn no_action(first: Token<'_>, left: &pattern::Left) -> Finding {
    let help = match left {
        pattern::Left::Domain(_) => {
            "write `primary`, `secondary` or `external` behind it".to_owned()
        }
        pattern::Left::Pattern(_) => {
            let words = ActionWord::list(|_| true);
            format!("write a target address, or {words} behind it")
        }
    };
    Finding::error(
        codes::NO_ACTION,
        first.span,
        format!(
            "`{}` stands alone: nothing says what happens to it",
            first.text
        ),
    )
    .help(help)
}

/// A bare domain with something else than its class behind it.
fn bare_domain(first: Token<'_>, head: &Token<'_>, domain: &Domain) -> Finding {
    let finding = Finding::error(
        codes::BARE_DOMAIN,
        head.span,
        format!(
            "`{}` without `@` is a domain, and `{}` is no class of domains",
            first.text, head.text
        ),
    );
    match nearest(head.text, DomainClass::ALL.map(DomainClass::word)) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding.help(format!(
            "write `{domain} secondary` to declare it, `@{domain}` for all its addresses, or a full address"
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads native rules; the long way if `short` is not.
    fn rules(text: &str, short: bool) -> (Packed, Vec<String>) {
        let sources = [SourceText::new("a.rules", text)];
        let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
        let findings_of = &mut findings;
        lexer::read(0, text.as_bytes(), findings_of, |line, found| match line {
            Line::Alone(line, span) => short && plain::rule(line, span, &mut parsed.rules),
            Line::Logical(line) => {
                rule_line(line, NATIVE, &mut parsed, found);
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
        assert_eq!(short.0.octets(), long.0.octets(), "{text}");
        let shown = |packed: &Packed| format!("{:?}", packed.iter().collect::<Vec<_>>());
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
