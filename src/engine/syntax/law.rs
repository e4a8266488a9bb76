//! Laws: lines of `.expect` files that hold for every address that a pattern matches.
//!
//! ```text
//! @domain2.com     only @company.com, @company.net
//! @*.domain2.com   never @gmail.com
//! postmaster@*     delivered
//! @domain2.com     at-least 950
//! ```
//!
//! A law is told from an expectation by its second word, or by its first word if that is for many addresses.
//!
//! # Limits
//!
//! A regex cannot stand on the left: whether a law holds for exactly the addresses that a regex matches cannot be
//! decided in time.

use std::fmt;

use super::{
    advice::{Side, bad_address},
    lexer::{Token, TokenKind},
    pattern::{self, FirstWord, domain_at},
    target_words::words,
};
use crate::engine::{
    address::{Domain, Mailbox, last_at},
    diagnostic::{Finding, Names, Span, codes, nearest},
    rule::{ActionWord, Pattern},
};

/// The words of laws, in the order in which they are suggested.
pub const LAW_WORDS: [&str; 4] = ["only", "never", "delivered", "at-least"];

/// One law.
#[derive(Clone, Debug)]
pub struct Law {
    /// The addresses for which it holds.
    pub pattern: Pattern,
    /// What it says about them.
    pub claim: Claim,
    /// Where the pattern is written.
    pub span: Span,
}

/// What a law says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// Whatever comes out lies in one of these regions.
    Only(Vec<Region>),
    /// Nothing that comes out lies in one of these regions.
    Never(Vec<Region>),
    /// The mail reaches an address: it is not rejected, deferred or discarded.
    Delivered,
    /// At least this many addresses have a rule of their own.
    AtLeast(usize),
}

/// Addresses that may come out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Region {
    /// `@domain`: all addresses of a domain.
    Domain(Domain),
    /// `@*.domain`: all addresses of all domains below one.
    Subdomains(Domain),
    /// One address. If it has no detail, the same user with any detail as well.
    Mailbox(Mailbox),
}

impl fmt::Display for Law {
    /// As a line of an `.expect` file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pattern, self.claim)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, regions: &[Region]| {
            f.write_str(word)?;
            for (at, region) in regions.iter().enumerate() {
                write!(f, "{} {region}", if at > 0 { "," } else { "" })?;
            }
            Ok(())
        };
        match self {
            Self::Only(regions) => list(f, "only", regions),
            Self::Never(regions) => list(f, "never", regions),
            Self::Delivered => f.write_str("delivered"),
            Self::AtLeast(count) => write!(f, "at-least {count}"),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => write!(f, "@{domain}"),
            Self::Subdomains(domain) => write!(f, "@*.{domain}"),
            Self::Mailbox(mailbox) => write!(f, "{mailbox}"),
        }
    }
}

/// Returns true if the words of a line are meant to be a law.
pub fn is_law(tokens: &[Token<'_>]) -> bool {
    let [first, rest @ ..] = tokens else {
        return false;
    };
    let text = first.text;
    let wide = first.kind == TokenKind::Regex
        || text.starts_with('@')
        || text.ends_with("@*")
        || text.contains("+*@")
        || text.contains("@*.");
    let word = rest.first().map_or("", |token| token.text);
    wide || LAW_WORDS.contains(&word) || (rest.len() > 1 && meant(word).is_some())
}

/// Returns the word of a law that was probably meant by a misspelt one.
fn meant(word: &str) -> Option<&'static str> {
    if word.contains('@') || ActionWord::find(word).is_some() {
        return None;
    }
    nearest(&word.to_lowercase(), LAW_WORDS)
}

/// Reads the words of a line as a law.
pub fn parse(tokens: &[Token<'_>]) -> Result<Law, Vec<Finding>> {
    let Some((first, rest)) = tokens.split_first() else {
        return Err(Vec::new());
    };
    let pattern = left_side(first)?;
    let Some((head, tail)) = rest.split_first() else {
        let message = format!(
            "`{}` stands alone: nothing says what holds for it",
            first.text
        );
        let finding = Finding::error(codes::NO_OUTCOME, first.span, message);
        return Err(vec![finding.help(HELP)]);
    };
    let claim = match head.text {
        "only" => Claim::Only(regions(head, tail)?),
        "never" => Claim::Never(regions(head, tail)?),
        "delivered" => nothing_behind(head, tail).map(|()| Claim::Delivered)?,
        "at-least" => Claim::AtLeast(count(head, tail)?),
        _ => return Err(vec![no_law(first, head)]),
    };
    Ok(Law {
        pattern,
        claim,
        span: first.span,
    })
}

/// What may stand behind the pattern of a law.
const HELP: &str =
    "write `only` or `never` and a list of domains, `delivered`, or `at-least` and a number";

/// Reads the pattern of a law.
fn left_side(first: &Token<'_>) -> Result<Pattern, Vec<Finding>> {
    match pattern::parse(*first) {
        Ok(FirstWord::Pattern(Pattern::Regex(_))) => {
            let message = "a law cannot be about the addresses that a regex matches";
            let finding = Finding::error(codes::BAD_LAW, first.span, message);
            Err(vec![finding.help(
                "write `@domain` for all addresses of a domain, or one expectation for each address",
            )])
        }
        Ok(FirstWord::Pattern(pattern)) => Ok(pattern),
        Ok(FirstWord::Domain(domain)) => {
            let message = format!("`{domain}` is a domain, and a law is about addresses");
            let finding = Finding::error(codes::BAD_LAW, first.span, message);
            Err(vec![finding.suggest(
                format!("write `@{domain}` for all its addresses"),
                first.span,
                format!("@{domain}"),
            )])
        }
        Err(finding) => Err(vec![finding]),
    }
}

/// A finding about the second word of a line that is meant to be a law.
fn no_law(first: &Token<'_>, head: &Token<'_>) -> Finding {
    if let Some(word) = meant(head.text) {
        let message = format!("`{}` is no word of a law", head.text);
        let finding = Finding::error(codes::BAD_LAW, head.span, message);
        return finding.suggest(format!("write `{word}`"), head.span, word);
    }
    let message = format!(
        "`{}` is for many addresses, and `{}` says what one address gives",
        first.text, head.text
    );
    Finding::error(codes::BAD_LAW, head.span, message).help(HELP)
}

/// Reads the list behind `only` or `never`.
fn regions(head: &Token<'_>, tail: &[Token<'_>]) -> Result<Vec<Region>, Vec<Finding>> {
    let listed = words(tail)?;
    if listed.is_empty() {
        let message = format!("`{}` names nothing", head.text);
        let finding = Finding::error(codes::BAD_LAW, head.span, message);
        return Err(vec![finding.help(format!(
            "write domains or addresses behind it, such as `{} @company.com`",
            head.text
        ))]);
    }
    let (mut regions, mut wrong) = (Vec::new(), Vec::new());
    for word in &listed {
        match region(word) {
            Ok(region) => regions.push(region),
            Err(finding) => wrong.push(finding),
        }
    }
    if wrong.is_empty() {
        Ok(regions)
    } else {
        Err(wrong)
    }
}

fn region(token: &Token<'_>) -> Result<Region, Finding> {
    let (text, span) = (token.text, token.span);
    if let Some(rest) = text.strip_prefix("@*.") {
        return Ok(Region::Subdomains(domain_at(rest, span, text.len())?));
    }
    if let Some(rest) = text.strip_prefix('@') {
        return Ok(Region::Domain(domain_at(rest, span, text.len())?));
    }
    if last_at(text).is_none() {
        return Err(without_at(token));
    }
    match pattern::parse(*token) {
        Ok(FirstWord::Pattern(Pattern::Mailbox(mailbox))) => Ok(Region::Mailbox(mailbox)),
        Ok(_) => {
            let message = format!("`{text}` cannot stand here");
            Err(Finding::error(codes::BAD_LAW, span, message)
                .help("write `@domain`, `@*.domain` or whole addresses"))
        }
        Err(_) => Err(match Mailbox::parse(text) {
            Err(error) => bad_address(codes::BAD_LAW, Side::Target(None), (text, span), error),
            Ok(_) => Finding::error(codes::BAD_LAW, span, format!("`{text}` is no address"))
                .help("write `@domain`, `@*.domain` or whole addresses"),
        }),
    }
}

/// A finding about a word of a list that has no `@`: a domain, most often.
fn without_at(token: &Token<'_>) -> Finding {
    let (text, span) = (token.text, token.span);
    let message = format!("`{text}` has no `@`");
    let finding = Finding::error(codes::BAD_LAW, span, message);
    let domain = text.strip_prefix("*.").unwrap_or(text);
    let help = "write `@domain`, `@*.domain` or whole addresses";
    let Ok(_) = Domain::parse(domain) else {
        return finding.help(help);
    };
    let (domain, text) = (domain.to_owned(), text.to_owned());
    finding.later(move |finding, names: &dyn Names| {
        match domain.contains('.') || names.knows_domain(&domain) {
            true => finding.suggest(
                format!("write `@{text}` for all addresses of the domain"),
                span,
                format!("@{text}"),
            ),
            false => finding.help(help),
        }
    })
}

fn nothing_behind(head: &Token<'_>, tail: &[Token<'_>]) -> Result<(), Vec<Finding>> {
    let Some(token) = tail.first() else {
        return Ok(());
    };
    let message = format!("nothing may follow `{}`", head.text);
    let gone = tail.iter().map(|token| (token.span, String::new()));
    Err(vec![
        Finding::error(codes::SYNTAX, token.span, message)
            .suggest_edits(format!("delete what follows `{}`", head.text), gone),
    ])
}

/// Reads the number behind `at-least`.
fn count(head: &Token<'_>, tail: &[Token<'_>]) -> Result<usize, Vec<Finding>> {
    let bad = |span: Span, message: String| {
        let finding = Finding::error(codes::BAD_LAW, span, message);
        vec![finding.help("write a number that is not 0, in digits: `at-least 950`")]
    };
    let Some((number, behind)) = tail.split_first() else {
        return Err(bad(head.span, "`at-least` needs a number".to_owned()));
    };
    let digits = number.text.bytes().all(|byte| byte.is_ascii_digit());
    let count = number
        .text
        .parse()
        .ok()
        .filter(|count| digits && *count > 0);
    let Some(count) = count else {
        return Err(bad(
            number.span,
            format!("`{}` is no such number", number.text),
        ));
    };
    nothing_behind(number, behind).map(|()| count)
}
