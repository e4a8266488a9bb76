//! What holds addresses and is not read: columns of a table, tables and statements of a dump. Each is
//! counted and reported once, with the place where it was met first.

use std::collections::HashMap;

use super::{context::Context, proxy, value::Value};
use crate::engine::diagnostic::{Finding, Span, codes};

/// What holds addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// A column of a table.
    Column,
    /// A table of a dump.
    Table,
    /// A table that by its name is one of aliases: its rows are counted.
    Rows,
    /// A statement of a dump.
    Statement,
}

/// Counts addresses by what holds them.
#[derive(Debug, Default)]
pub struct Unread {
    found: Vec<Found>,
    /// Where each is, by what it is called.
    at: HashMap<String, usize>,
}

#[derive(Debug)]
struct Found {
    /// The column, table or statement, as a finding names it.
    what: String,
    holder: Holder,
    /// What the finding points at.
    span: Span,
    count: usize,
}

impl Unread {
    /// Counts addresses of a thing; the first span is kept.
    pub fn count(&mut self, holder: Holder, span: Span, count: usize, what: impl Fn() -> String) {
        if count == 0 {
            return;
        }
        let what = what();
        let known = self.at.get(&what).and_then(|at| self.found.get_mut(*at));
        match known {
            Some(found) => found.count += count,
            None => {
                self.at.insert(what.clone(), self.found.len());
                self.found.push(Found {
                    what,
                    holder,
                    span,
                    count,
                });
            }
        }
    }

    /// Reports everything that was counted.
    pub fn report(self, context: &mut Context<'_, '_>) {
        for found in self.found {
            let held = match (found.holder, found.count) {
                (Holder::Rows, 1) => "1 row".to_owned(),
                (Holder::Rows, count) => format!("{count} rows"),
                (_, count) => plural(count),
            };
            let span = found.span;
            let message = format!("{} holds {held} and is not read", found.what);
            let help = "if mail is to reach them, write their rules in a `.rules` file, or export them as in readdress-formats(7); otherwise leave them out of the export";
            let finding = match found.holder {
                Holder::Column => Finding::warning(codes::UNREAD_COLUMN, span, message),
                Holder::Table | Holder::Rows => {
                    Finding::warning(codes::UNREAD_TABLE, span, message)
                }
                Holder::Statement => Finding::warning(codes::UNREAD_STATEMENT, span, message),
            };
            context.findings.push(finding.help(help));
        }
    }
}

/// `1 address`, `12 addresses`.
pub fn plural(count: usize) -> String {
    match count {
        1 => "1 address".to_owned(),
        _ => format!("{count} addresses"),
    }
}

/// Returns the parts of a text that look like mail addresses, without a type such as `smtp:`.
pub fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | '|' | '<' | '>' | '"' | '[' | ']' | '(' | ')' | '{' | '}'
            )
    };
    let words = text.contains('@').then(|| text.split(apart));
    words.into_iter().flatten().filter_map(address)
}

fn address(word: &str) -> Option<&str> {
    let word = word.trim_matches(['\'', '.', ':']);
    let word = match word.rsplit_once(':') {
        Some((kind, rest))
            if kind.eq_ignore_ascii_case("smtp") || kind.eq_ignore_ascii_case("mailto") =>
        {
            rest
        }
        Some(_) => return None,
        None => word,
    };
    let (local, domain) = word.rsplit_once('@')?;
    let labels = |domain: &str| {
        let ends = domain.split('.').next_back().unwrap_or("");
        domain.contains('.')
            && ends.len() > 1
            && domain.split('.').all(|label| {
                !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
    };
    let plain = !local.contains(['/', '=', '\\']);
    (!local.is_empty() && plain && labels(domain)).then_some(word)
}

/// Counts the addresses of a value that none of the values that are read holds.
pub fn lost(value: &Value<'_>, read: &[Value<'_>]) -> usize {
    if !value.text.contains('@') {
        return 0;
    }
    let held = |address: &str| {
        let same = |own: &str| own.to_lowercase() == address.to_lowercase();
        let parts = read.iter().flat_map(proxy::split);
        parts
            .into_iter()
            .any(|part| addresses(&part.text).any(same))
    };
    addresses(&value.text)
        .filter(|address| !held(address))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address() {
        let all = |text| addresses(text).collect::<Vec<_>>();
        assert_eq!(
            all("x a@b.com; <c@d.org>, smtp:e@f.de."),
            ["a@b.com", "c@d.org", "e@f.de"]
        );
        assert_eq!(all("[\"a@b.com\",\"c@d.org\"]"), ["a@b.com", "c@d.org"]);
        for text in [
            "sip:a@b.com",
            "/o=x/cn=a@b.com",
            "a@b",
            "@b.com",
            "root@localhost",
            "x",
        ] {
            assert!(all(text).is_empty(), "{text}");
        }
    }
}
