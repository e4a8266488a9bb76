//! Subaddresses: user, separator and detail (RFC 5233), split as Postfix's `recipient_delimiter` splits.
//!
//! The delimiters are a set of characters; the first one found splits. These local-parts are not split: those that
//! begin with the delimiter, `postmaster`, `mailer-daemon`, `double-bounce`, and, if `-` is a delimiter, `owner-…`
//! and `…-request`.

/// A local-part, split. The parts are slices of its original spelling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subaddress<'a> {
    /// The part before the separator; never empty.
    pub user: &'a str,
    /// The delimiter that was found.
    pub separator: char,
    /// The part after the separator; may be empty.
    pub detail: &'a str,
}

impl<'a> Subaddress<'a> {
    /// Splits a local-part in internal form. Returns none if it has no detail.
    pub fn split(local: &'a str, delimiters: &str) -> Option<Self> {
        let (at, separator) = first_of(local, delimiters)?;
        if at == 0 || is_reserved(local, delimiters) {
            return None;
        }
        let user = local.get(..at)?;
        let detail = local.get(at + separator.len_utf8()..)?;
        Some(Self {
            user,
            separator,
            detail,
        })
    }
}

/// Returns the first delimiter and its place.
fn first_of(local: &str, delimiters: &str) -> Option<(usize, char)> {
    let mut all = delimiters.chars();
    match (all.next(), all.next()) {
        // Nearly always there is a single delimiter, which can be searched for directly.
        (Some(one), None) => local.find(one).map(|at| (at, one)),
        _ => local.char_indices().find(|(_, c)| delimiters.contains(*c)),
    }
}

/// Returns true for local-parts that Postfix never splits (split_addr(3)).
fn is_reserved(local: &str, delimiters: &str) -> bool {
    let is = |name: &str| local.eq_ignore_ascii_case(name);
    let starts = |prefix: &str| {
        local
            .get(..prefix.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(prefix))
    };
    let ends = |suffix: &str| {
        let cut = local.len().checked_sub(suffix.len()).filter(|cut| *cut > 0);
        cut.and_then(|cut| local.get(cut..))
            .is_some_and(|s| s.eq_ignore_ascii_case(suffix))
    };
    is("postmaster")
        || is("mailer-daemon")
        || is("double-bounce")
        || (delimiters.contains('-') && (starts("owner-") || ends("-request")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(local: &str, delimiters: &str, expected: Option<(&str, char, &str)>) {
        let split = Subaddress::split(local, delimiters).map(|s| (s.user, s.separator, s.detail));
        assert_eq!(split, expected, "{local} by {delimiters:?}");
    }

    #[test]
    fn splits_as_postfix_does() {
        check("jd+news", "+", Some(("jd", '+', "news")));
        check("jd+a+b", "+", Some(("jd", '+', "a+b")));
        check("jd-a+b", "+-", Some(("jd", '-', "a+b")));
        check("jd+", "+", Some(("jd", '+', "")));
        check("+jd", "+", None);
        check("jd", "+", None);
        check("jd+news", "", None);
        check("Mailer-Daemon", "-", None);
        check("owner-list", "+-", None);
        check("list-request", "-", None);
        check("-request", "-", None);
        check("list-requests", "-", Some(("list", '-', "requests")));
    }
}
