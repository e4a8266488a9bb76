//! Finds the recipients in a line that somebody copied from the log of an MTA.
//!
//! In: one line of text. Out: the paths with their parameters. A text that is not a log line counts as an
//! address.
//!
//! | in the line | written by |
//! |---|---|
//! | `RCPT TO:<jd@domain2.com> NOTIFY=NEVER` | Postfix with `-v`, Sendmail from LogLevel 12 on or with `-X`: the command of the client |
//! | `orig_to=<jd@domain2.com>` | Postfix, if it rewrote the address; readdress |
//! | `arg1=<jd@domain2.com>` | Sendmail, if a ruleset refused the address |
//! | `to=<jd@domain2.com>,<anna@company.com>` | both MTAs, for deliveries and refusals |
//!
//! If a line contains several of these forms, the first one in this table decides. For example, in a line with
//! `orig_to=`, the address after `to=` is the result of the rewriting.

use std::borrow::Cow;

use crate::engine::address::outside_quotes;

/// A recipient as a line shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct RcptLine {
    /// The path, with `<>` if the line has them.
    pub path: String,
    /// Its ESMTP parameters (RFC 5321 section 4.1.1.3).
    pub parameters: Vec<String>,
    /// True if the path was found in a log line, false if the text is an address by itself.
    pub logged: bool,
}

/// The words before a path in a log line, the most reliable one first.
const MARKS: [&str; 3] = ["orig_to=", "arg1=", "to="];

/// Finds the recipients of a line. A bare address is the only recipient.
pub(super) fn read(text: &str) -> Vec<RcptLine> {
    if let Some(command) = after_command(text) {
        let (path, parameters) = split_path(command);
        return vec![logged(path, parameters)];
    }
    let found = MARKS
        .iter()
        .map(|mark| marked(text, mark))
        .find(|paths| !paths.is_empty());
    found.unwrap_or_else(|| {
        vec![RcptLine {
            logged: false,
            ..logged(text, "")
        }]
    })
}

fn logged(path: &str, parameters: &str) -> RcptLine {
    let parameters = parameters.split_whitespace().map(ToOwned::to_owned);
    RcptLine {
        path: path.to_owned(),
        parameters: parameters.collect(),
        logged: true,
    }
}

/// Returns the text after `RCPT TO:`. These words do not count inside a quoted local-part.
fn after_command(text: &str) -> Option<&str> {
    let words = "RCPT TO:";
    let at = text
        .as_bytes()
        .windows(words.len())
        .position(|window| window.eq_ignore_ascii_case(words.as_bytes()))?;
    let (before, after) = (text.get(..at)?, text.get(at + words.len()..)?);
    (!before.contains('"')).then(|| after.trim_start())
}

/// Returns the paths after a mark; commas separate them. A mark in quotes is a part of an address.
fn marked(text: &str, mark: &str) -> Vec<RcptLine> {
    let begins = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || c == ',')
    };
    let found = outside_quotes(text)
        .map(|(at, _)| at)
        .filter(|at| begins(*at))
        .find_map(|at| text.get(at..)?.strip_prefix(mark))
        .unwrap_or_default();
    let value = unquoted(found);
    let mut paths = Vec::new();
    let mut rest = &*value;
    while rest.starts_with('<') {
        let (path, after) = split_path(rest);
        paths.push(logged(path, ""));
        rest = after.strip_prefix(',').unwrap_or_default();
    }
    paths
}

/// Returns the value of a field without quotes. In its log, readdress quotes an address that has blanks or quotes.
fn unquoted(text: &str) -> Cow<'_, str> {
    let Some(quoted) = text.strip_prefix('"') else {
        return text.into();
    };
    let (mut value, mut characters) = (String::new(), quoted.chars());
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => value.extend(characters.next()),
            c => value.push(c),
        }
    }
    value.into()
}

/// Splits a text after the path: after the `>` that closes it, or at white space if the path has no `<`.
fn split_path(text: &str) -> (&str, &str) {
    let bracketed = text.starts_with('<');
    let ends = |c: char| match bracketed {
        true => c == '>',
        false => c.is_whitespace(),
    };
    let end = outside_quotes(text).find(|(_, c)| ends(*c));
    end.and_then(|(at, _)| text.split_at_checked(at + usize::from(bracketed)))
        .unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn paths(line: &str, expected: &[&str]) {
        let found: Vec<_> = read(line).into_iter().map(|found| found.path).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn a_command_has_its_parameters() {
        for line in [
            "RCPT TO:<jd@domain2.com> NOTIFY=NEVER ORCPT=rfc822;jd@domain2.com",
            "rcpt to: <jd@domain2.com> NOTIFY=NEVER  ORCPT=rfc822;jd@domain2.com\r\n",
            "Nov 24 10:00:00 mx postfix/smtpd[7]: < unknown[192.0.2.1]: RCPT TO:<jd@domain2.com> NOTIFY=NEVER ORCPT=rfc822;jd@domain2.com",
            "00042 <<< RCPT To:<jd@domain2.com> NOTIFY=NEVER ORCPT=rfc822;jd@domain2.com",
        ] {
            let found = read(line);
            assert_eq!(found.len(), 1, "{line}");
            assert_eq!(found[0].path, "<jd@domain2.com>", "{line}");
            let parameters = ["NOTIFY=NEVER", "ORCPT=rfc822;jd@domain2.com"];
            assert_eq!(found[0].parameters, parameters, "{line}");
        }
        paths("RCPT TO:jd@domain2.com", &["jd@domain2.com"]);
        paths(
            r#"RCPT TO:<"a> b"@domain2.com> X=1"#,
            &[r#"<"a> b"@domain2.com>"#],
        );
        paths("RCPT TO:<jd@domain2.com", &["<jd@domain2.com"]);
    }

    #[test]
    fn the_received_address_wins_over_the_rewritten_one() {
        paths(
            "postfix/smtp[7]: 4XYZ: to=<jdoe@company.com>, orig_to=<jd@domain2.com>, relay=none, delay=1",
            &["<jd@domain2.com>"],
        );
        // The log of readdress shows an address that tries to forge a field like this.
        paths(
            r#"4b: orig_to="<\"x> orig_to=<ceo@acme.example> \"@domain2.com>" action=keep"#,
            &[r#"<"x> orig_to=<ceo@acme.example> "@domain2.com>"#],
        );
        paths(
            r#"4b: to=<"x> orig_to=<ceo@acme.example> "@domain2.com>, relay=none"#,
            &[r#"<"x> orig_to=<ceo@acme.example> "@domain2.com>"#],
        );
        paths(
            "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <x@domain2.com>: Recipient address rejected: User unknown; from=<s@a.example> to=<x@domain2.com> proto=ESMTP",
            &["<x@domain2.com>"],
        );
        paths(
            "5AO: ruleset=check_rcpt, arg1=<x@domain2.com>, relay=[192.0.2.1], reject=550",
            &["<x@domain2.com>"],
        );
        paths(
            "5AO: to=<a@domain2.com>,<b@domain2.com>, delay=00:00:01, stat=Sent",
            &["<a@domain2.com>", "<b@domain2.com>"],
        );
    }

    #[test]
    fn a_text_that_is_not_a_log_line_is_an_address() {
        for address in [
            "jd@domain2.com",
            "<jd@domain2.com>",
            r#""RCPT TO:<x@y>"@domain2.com"#,
            "sent-to=<x@domain2.com>",
            "",
            "<",
        ] {
            paths(address, &[address]);
        }
    }
}
