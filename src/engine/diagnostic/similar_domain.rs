//! The domain that is meant by one that the table does not have: a domain that looks the same, or one that
//! is spelt nearly the same.
//!
//! # Limits
//!
//! Labels are compared one by one, each with the limits of [`spelling`](super::spelling), and at most two
//! characters differ in all: `domian2.com` is `domain2.com`, never `company.com`, and `acme.fr` is not
//! `acme.de`. If the numbers of labels differ, a single dot may be the only difference.

use std::borrow::Cow;

use super::{lookalike::shape, spelling::differences};
use crate::engine::address::Domain;

/// Most characters that differ between two domains.
const MAX_DIFFERENCES: usize = 2;

/// A domain that is probably meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SimilarDomain<'d> {
    /// The domain.
    pub meant: &'d Domain,
    /// If it looks the same: what is different, as the end of a sentence.
    pub looks: Option<String>,
}

/// Returns the domain of a list that is probably meant by another one: first one that looks the same, then
/// the one whose spelling is nearest.
pub fn similar_domain<'d>(
    domain: &Domain,
    names: impl IntoIterator<Item = &'d Domain>,
) -> Option<SimilarDomain<'d>> {
    let text = shown(domain);
    let (shape_of, is_ascii) = (shape(&text), text.is_ascii());
    let mut nearest: Option<(usize, &Domain)> = None;
    for name in names.into_iter().filter(|name| *name != domain) {
        let its = shown(name);
        let its_shape = shape(&its);
        if its_shape == shape_of {
            return Some(SimilarDomain {
                meant: name,
                looks: Some(what_differs(&text, &its)),
            });
        }
        // Between letters of other scripts there may be an ordinary mistake as well.
        let distance = match is_ascii {
            true => labels(&text, &its),
            false => labels(&shape_of, &its_shape),
        };
        if let Some(distance) = distance
            && nearest.is_none_or(|(least, _)| distance < least)
        {
            nearest = Some((distance, name));
        }
    }
    nearest.map(|(_, meant)| SimilarDomain { meant, looks: None })
}

/// Returns a domain as people write it.
fn shown(domain: &Domain) -> Cow<'_, str> {
    match domain.as_str().contains("xn--") {
        true => Cow::Owned(domain.to_unicode()),
        false => Cow::Borrowed(domain.as_str()),
    }
}

/// Returns how many characters differ, if they are few enough.
fn labels(one: &str, other: &str) -> Option<usize> {
    if one.split('.').count() != other.split('.').count() {
        let same = one.replace('.', "") == other.replace('.', "");
        let dots = one
            .matches('.')
            .count()
            .abs_diff(other.matches('.').count());
        return (same && dots == 1).then_some(1);
    }
    let mut all = 0;
    for (label, its) in one.split('.').zip(other.split('.')) {
        all += differences(label, its)?;
        if all > MAX_DIFFERENCES {
            return None;
        }
    }
    Some(all)
}

/// Returns what makes a text look like another one.
fn what_differs(text: &str, meant: &str) -> String {
    if let Some(odd) = text.chars().find(|c| !c.is_ascii() && !meant.contains(*c)) {
        return format!("but its `{odd}` is U+{:04X}", u32::from(odd));
    }
    let alike = |(one, other): &(char, char)| one == other;
    let before: usize = text
        .chars()
        .zip(meant.chars())
        .take_while(alike)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let (text, meant) = (
        text.get(before..).unwrap_or_default(),
        meant.get(before..).unwrap_or_default(),
    );
    let after: usize = text
        .chars()
        .rev()
        .zip(meant.chars().rev())
        .take_while(alike)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let cut = |text: &str| text.get(..text.len() - after).map(ToOwned::to_owned);
    format!(
        "but has `{}` in place of `{}`",
        cut(text).unwrap_or_default(),
        cut(meant).unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(domain: &str, names: &[&str]) -> Option<(String, Option<String>)> {
        let parse = |text: &str| Domain::parse(text).unwrap();
        let names: Vec<_> = names.iter().map(|name| parse(name)).collect();
        let similar = similar_domain(&parse(domain), &names)?;
        Some((similar.meant.to_unicode(), similar.looks))
    }

    fn spelt(domain: &str, names: &[&str]) -> Option<String> {
        let (name, looks) = meant(domain, names)?;
        assert_eq!(looks, None, "{domain}");
        Some(name)
    }

    const TABLES: [&[&str]; 4] = [
        &["company.com", "domain2.com", "partner.example"],
        &["acme.de", "acme.com", "acme-group.com"],
        &["ab.com", "abc.net", "one.org"],
        &["b\u{fc}cher.example", "shop.b\u{fc}cher.example"],
    ];

    #[test]
    fn a_misspelt_domain_is_recognised() {
        for (table, domain, expected) in [
            (0, "domian2.com", "domain2.com"),
            (0, "domain22.com", "domain2.com"),
            (0, "compnay.com", "company.com"),
            (0, "company.cmo", "company.com"),
            (0, "company.co", "company.com"),
            (0, "companycom", "company.com"),
            (0, "partner.exmple", "partner.example"),
            (0, "partnr.exampel", "partner.example"),
            (1, "amce.de", "acme.de"),
            (1, "acmegroup.com", "acme-group.com"),
            (1, "acme-gruop.com", "acme-group.com"),
            (2, "acb.net", "abc.net"),
            (3, "bucher.example", "b\u{fc}cher.example"),
            (3, "b\u{fc}hcer.example", "b\u{fc}cher.example"),
        ] {
            assert_eq!(
                spelt(domain, TABLES[table]).as_deref(),
                Some(expected),
                "{domain}"
            );
        }
    }

    #[test]
    fn what_is_too_far_is_not_offered() {
        for (table, domain) in [
            (0, "company2.org"),
            (0, "example.com"),
            (0, "mail.company.com"),
            (0, "c.company.com"),
            (0, "com"),
            (1, "acme.fr"),
            (1, "acme.dk"),
            (1, "acme.org"),
            (1, "cafe.de"),
            (1, "acne.cm.de"),
            (2, "cd.com"),
            (2, "ac.com"),
            (2, "xyz.net"),
            (2, "two.org"),
            (3, "b\u{f6}se.example"),
        ] {
            assert_eq!(meant(domain, TABLES[table]), None, "{domain}");
        }
        assert_eq!(meant("domian2.com", &["company.com"]), None);
    }

    #[test]
    fn the_nearest_one_is_offered() {
        let names = ["company1.com", "company.com", "kompany.com"];
        assert_eq!(spelt("compnay.com", &names).as_deref(), Some("company.com"));
    }

    #[test]
    fn what_looks_the_same_is_named() {
        for (domain, name, what) in [
            (
                "cornpany.com",
                "company.com",
                "but has `rn` in place of `m`",
            ),
            ("modern.com", "modem.com", "but has `rn` in place of `m`"),
            ("d0main2.com", "domain2.com", "but has `0` in place of `o`"),
            (
                "d0ma\u{456}n2.com",
                "domain2.com",
                "but its `\u{456}` is U+0456",
            ),
            (
                "d\u{43e}rnain2.com",
                "domain2.com",
                "but its `\u{43e}` is U+043E",
            ),
            ("domainl.com", "domain1.com", "but has `l` in place of `1`"),
            (
                "b\u{fc}\u{441}her.example",
                "b\u{fc}cher.example",
                "but its `\u{441}` is U+0441",
            ),
        ] {
            let expected = Some((name.to_owned(), Some(what.to_owned())));
            assert_eq!(meant(domain, &["other.net", name]), expected, "{domain}");
        }
        assert_eq!(
            spelt("\u{441}\u{43e}mpnay.com", TABLES[0]).as_deref(),
            Some("company.com")
        );
    }
}
