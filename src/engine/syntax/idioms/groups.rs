//! Groups of a regex (`$1`) in a target whose pattern is not a regex, as they come from pcre tables.
//!
//! | written | means |
//! |---|---|
//! | `@old.org  $1@acme.com` | `@old.org  @acme.com` |
//! | `@old.org  x-$1@acme.com` | `/(.+)@old\.org/  x-$1@acme.com` |
//! | `jd@old.org  x-$1@acme.com` | `jd@old.org  x-jd@acme.com` |
//! | `jd+*@old.org  box+$1@acme.com` | `jd+*@old.org  box+*@acme.com` |

use std::ops::Range;

use super::word::Word;
use crate::engine::{
    address::{Domain, last_at},
    diagnostic::{Finding, codes},
    rule::{ActionWord, Pattern},
    syntax::{
        lexer::TokenKind,
        pattern::{self, FirstWord},
    },
};

/// What such a target is.
pub(in crate::engine::syntax) const WITHOUT_REGEX: &str =
    "`$` and a number stand for a group of a regex, and this pattern is not a regex";

/// What to do if nothing better can be said.
pub(in crate::engine::syntax) const WRITE_A_REGEX: &str =
    "write a regex as the pattern, with parentheses around what each `$` stands for";

/// Returns true if a text begins with `$1` or `${1}`.
pub(in crate::engine::syntax) fn begins_group(text: &str) -> bool {
    group(text).is_some()
}

/// The length in bytes and the number of the group that a text begins with.
fn group(text: &str) -> Option<(usize, u32)> {
    let rest = text.strip_prefix('$')?;
    let (bare, around) = match rest.strip_prefix('{') {
        Some(inside) => (inside.split_once('}')?.0, 3),
        None => (rest, 1),
    };
    let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if around == 3 && digits != bare.len() {
        return None;
    }
    let number = bare.get(..digits)?.parse().ok()?;
    Some((around + digits, number))
}

/// Replaces what stands for groups.
pub(super) fn without_regex(words: &mut [Word], found: &mut Vec<Finding>) {
    let Some((first, rest)) = words.split_first_mut() else {
        return;
    };
    let is_action = |word: &Word| ActionWord::find(&word.text).is_some();
    if first.kind == TokenKind::Regex || rest.first().is_some_and(is_action) {
        return;
    }
    let Ok(FirstWord::Pattern(pattern)) = pattern::parse(first.token()) else {
        return;
    };
    for word in rest.iter_mut().filter(|word| word.is_plain()) {
        let Some(target) = Target::read(&word.text) else {
            continue;
        };
        let finding = Finding::error(codes::BAD_TARGET, word.span, WITHOUT_REGEX);
        if let Some(instead) = target.instead(&pattern) {
            let help = match instead.starts_with('@') {
                true => format!("write `{instead}` to keep the local-part"),
                false => format!("write `{instead}`"),
            };
            found.push(finding.suggest(help, word.span, &instead));
            *word = Word::instead(word.span, instead);
        } else if let Some(regex) = target.regex(&pattern) {
            let help = format!("write `{regex}` as the pattern");
            found.push(finding.suggest(help, first.span, &regex));
            *first = Word::instead(first.span, regex).of_kind(TokenKind::Regex);
            return;
        }
        // Nothing better can be said than what the reader of targets says.
    }
}

/// A target with groups.
struct Target<'t> {
    local: &'t str,
    domain: &'t str,
    /// Where each group stands in the local-part, and its number.
    groups: Vec<(Range<usize>, u32)>,
}

impl<'t> Target<'t> {
    /// Returns nothing if the text is not a target with groups.
    fn read(text: &'t str) -> Option<Self> {
        let at = last_at(text).filter(|_| !text.contains('"'))?;
        let (local, domain) = (text.get(..at)?, text.get(at + 1..)?);
        Domain::parse(domain).ok()?;
        let mut groups = Vec::new();
        for (at, _) in local.match_indices('$') {
            if let Some((length, number)) = group(local.get(at..)?) {
                groups.push((at..at + length, number));
            }
        }
        (!groups.is_empty()).then_some(Self {
            local,
            domain,
            groups,
        })
    }

    /// Returns the same target without groups.
    fn instead(&self, pattern: &Pattern) -> Option<String> {
        let is_whole = |(range, _): &(Range<usize>, u32)| *range == (0..self.local.len());
        if !self.groups.iter().all(|(_, number)| *number <= 1) {
            return None;
        }
        if self.groups.iter().any(is_whole) {
            return Some(format!("@{}", self.domain));
        }
        let filling = match pattern {
            Pattern::Mailbox(mailbox) => mailbox.local.to_string(),
            Pattern::LocalPart(local) => local.to_string(),
            Pattern::AnyDetail { .. } | Pattern::Detailed(_) => "*".to_owned(),
            Pattern::Domain(_) | Pattern::Subdomains(_) | Pattern::Regex(_) => return None,
        };
        let mut local = self.local.to_owned();
        for (range, _) in self.groups.iter().rev() {
            local.replace_range(range.clone(), &filling);
        }
        (!filling.starts_with('"')).then(|| format!("{local}@{}", self.domain))
    }

    /// Returns the regex that has these groups, for the addresses of the pattern.
    fn regex(&self, pattern: &Pattern) -> Option<String> {
        let Pattern::Domain(domain) = pattern else {
            return None;
        };
        let groups = match self.groups.iter().map(|(_, number)| *number).max()? {
            1 => "(.+)",
            2 => r"(.+)\.(.+)",
            _ => return None,
        };
        let domain = domain.as_str().replace('.', r"\.");
        Some(format!("/{groups}@{domain}/"))
    }
}
