//! Counts the addresses that are not read, by the attribute of a directory, the column of a table, or the table
//! or statement of a dump that holds them. Each of these is reported once, at its first place.

use std::collections::HashMap;

use super::{context::Context, field_text::FieldText, proxy};
use crate::engine::diagnostic::{Finding, Span, codes};

/// A kind of place that holds addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// An attribute of a directory.
    Attribute,
    /// A column of a table.
    Column,
    /// A table of a dump.
    Table,
    /// A table with a name of a table of aliases. Its rows are counted.
    Rows,
    /// A statement of a dump.
    Statement,
}

/// Counts of addresses by what holds them.
#[derive(Debug, Default)]
pub struct Unread {
    found: Vec<Found>,
    /// The index of each holder in `found`, by its name.
    at: HashMap<String, usize>,
}

#[derive(Debug)]
struct Found {
    /// The holder, as a finding names it.
    name: String,
    holder: Holder,
    /// The place of the finding.
    span: Span,
    count: usize,
}

impl Unread {
    /// Counts addresses of a holder with this name. The first span is kept.
    pub fn count(&mut self, holder: Holder, span: Span, count: usize, name: impl Fn() -> String) {
        if count > 0 {
            let name = name();
            self.count_as(&name, holder, span, count, || name.clone());
        }
    }

    /// Counts addresses of a holder that is known by a key. Its first name and span are kept.
    pub fn count_as(
        &mut self,
        key: &str,
        holder: Holder,
        span: Span,
        count: usize,
        name: impl Fn() -> String,
    ) {
        let known = self.at.get(key).and_then(|at| self.found.get_mut(*at));
        match known {
            Some(found) => found.count += count,
            None => {
                self.at.insert(key.to_owned(), self.found.len());
                self.found.push(Found {
                    name: name(),
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
            let message = format!("{} holds {held} and is not read", found.name);
            let help = match found.holder {
                Holder::Attribute => {
                    "if mail is to reach these addresses, write rules for them in a `.rules` file; otherwise leave the attribute out of the export"
                }
                _ => {
                    "if mail is to reach these addresses, write rules for them in a `.rules` file, or export them as in readdress-formats(7); otherwise leave them out of the export"
                }
            };
            let finding = match found.holder {
                Holder::Attribute => Finding::warning(codes::UNREAD_ATTRIBUTE, span, message),
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

/// Returns `1 address` or `12 addresses`.
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

/// Counts the addresses of a value that are not among the addresses that are read.
pub fn lost(value: &FieldText<'_>, read: &[FieldText<'_>]) -> usize {
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
