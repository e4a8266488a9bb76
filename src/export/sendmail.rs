//! Entries to the source of Sendmail's virtusertable.
//!
//! # What Sendmail does with the file
//!
//! It looks up `user+detail@domain`, `user++@domain` (a detail that is not empty), `user+*@domain`,
//! `user@domain`, `++@domain`, `+*@domain`, `@domain`, in this order, and gives the one result back to the
//! table. `%1` is the user, `%2` the detail, `%3` the detail with its `+`. `error:D.S.N:CODE text`
//! refuses. An address that yields itself is an error there ("excessive recursion").
//!
//! What the file cannot say, and what a broader line would catch, is deferred (451): that loses
//! nothing and delivers to nobody else.

use std::collections::HashSet;

use super::{
    flat::{Entry, Key, To, Value, flatten},
    sheet::{Sheet, Written, address, external},
    survey::{PROBE, Survey},
};
use crate::engine::{
    Table,
    address::{LocalPart, Mailbox},
    diagnostic::Span,
    reply::SmtpReply,
    rewrite::Outcome,
    rule::{Meaning, Piece},
};

const HEAD: &str = "\
For Sendmail: makemap hash /etc/mail/virtusertable < FILE
Its domains belong into VIRTUSER_DOMAIN (or class w); this file says nothing about who exists in
primary domains. Comments stand on lines of their own.";

/// What an address gets that cannot be said, and must not be caught by a broader line.
const DEFERRED: &str = "error:4.3.0:\"451 Address not in this table\"";

/// Writes a table.
pub fn write(table: &Table, sheet: &mut Sheet<'_>) {
    let survey = Survey::new(table);
    let mut writer = Writer {
        survey: &survey,
        sheet,
        keys: HashSet::new(),
    };
    writer.sheet.head(HEAD);
    let delimiter = &table.settings().recipient_delimiter;
    if delimiter != "+" {
        let whole = Written {
            span: Span::whole_file(0),
            text: format!("recipient_delimiter = \"{delimiter}\""),
        };
        let help = "set it to \"+\", and export again";
        writer.unsaid(&whole, "Sendmail knows no other delimiter than `+`", help);
    }
    let flat = flatten(&survey);
    for written in &flat.regexes {
        let help = "write a line for each address that it is meant for";
        writer.unsaid(written, "a regex cannot be said", help);
    }
    for written in &flat.wildcards {
        let help = "declare each subdomain as a secondary domain, and export again";
        writer.unsaid(
            written,
            "all subdomains cannot be said; those that are declared are",
            help,
        );
    }
    flat.entries.iter().for_each(|entry| writer.entry(entry));
    flat.entries.iter().for_each(|entry| writer.kept(entry));
}

struct Writer<'s, 't, 'a> {
    survey: &'s Survey<'t>,
    sheet: &'s mut Sheet<'a>,
    keys: HashSet<String>,
}

impl Writer<'_, '_, '_> {
    fn unsaid(&mut self, written: &Written, message: &str, help: &str) {
        self.sheet.unsaid(written, message, help);
    }

    fn line(&mut self, key: &str, value: &str, written: &Written) {
        if self.keys.insert(key.to_lowercase()) {
            self.sheet.line(written.span, format!("{key}\t{value}"));
        } else {
            let help = "let one of the two addresses go";
            self.unsaid(
                written,
                "another address differs only in letter case, which does not count here",
                help,
            );
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let written = &entry.written;
        let Some(key) = self.key(&entry.key, written) else {
            return;
        };
        match &entry.meaning {
            Meaning::Replace(values) => self.targets(&key, &entry.key, values, written),
            Meaning::Refuse(reply) => self.line(&key, &error(reply), written),
            Meaning::Keep => {}
            meaning => {
                let message = format!("a virtusertable has no equivalent of {}", meaning.word());
                let help = match *meaning == Meaning::Discard {
                    true => {
                        "give the address an alias whose value is /dev/null (aliases(5)); this file defers it"
                    }
                    false => "keep readdress in front; this file defers it",
                };
                self.unsaid(written, &message, help);
                self.line(&key, DEFERRED, written);
            }
        }
    }

    /// The left side; `None` where Sendmail cannot have it.
    fn key(&mut self, key: &Key, written: &Written) -> Option<String> {
        match key {
            Key::Mailbox(mailbox) => {
                let local = self.plain(&mailbox.local, written)?;
                Some(format!("{local}@{}", mailbox.domain))
            }
            Key::AnyDetail(mailbox) => {
                let local = self.plain(&mailbox.local, written)?;
                Some(format!("{local}++@{}", mailbox.domain))
            }
            Key::Detailed(domain) => Some(format!("++@{domain}")),
            Key::Domain(domain) => Some(format!("@{domain}")),
        }
    }

    /// A local-part that Sendmail takes as it stands.
    fn plain(&mut self, local: &LocalPart, written: &Written) -> Option<String> {
        let text = external(local);
        let fits = text.is_ascii() && !local.routes() && !text.starts_with(['"', '#']);
        if fits {
            return Some(text);
        }
        let help = "give the mailbox an address of plain ASCII without quotes";
        self.unsaid(
            written,
            "a local-part that needs quotes, routes or is not ASCII cannot be said",
            help,
        );
        None
    }

    fn targets(&mut self, line: &str, key: &Key, values: &[Value], written: &Written) {
        let [value] = values else {
            let list: Vec<_> = values.iter().map(|value| shown(&value.to)).collect();
            let help = format!(
                "write an alias `NAME: {}` (aliases(5)), and `{line} NAME` here; until then it is deferred",
                list.join(", ")
            );
            self.unsaid(written, "one address to many cannot be said", &help);
            return self.line(line, DEFERRED, written);
        };
        if self.yields_itself(key, value, written) {
            let help =
                "name the local user behind the target in its place; until then it is deferred";
            self.unsaid(
                written,
                "a rule that is for its own target cannot be said",
                help,
            );
            return self.line(line, DEFERRED, written);
        }
        match self.target(key, value, written) {
            Some(target) => self.line(line, &target, written),
            None => self.line(line, DEFERRED, written),
        }
    }

    /// Whether an address comes out for which the rule is again: "excessive recursion".
    fn yields_itself(&self, key: &Key, value: &Value, written: &Written) -> bool {
        let again = |mailbox: &Mailbox| {
            let rule = self.survey.rule(mailbox);
            rule.is_some_and(|rule| rule.span == written.span)
        };
        let probe = match key {
            Key::Mailbox(_) => None,
            Key::AnyDetail(user) => self.survey.detailed(user.local.as_str(), &user.domain),
            Key::Detailed(domain) => self.survey.detailed(PROBE, domain),
            Key::Domain(domain) => self.survey.nobody(domain),
        };
        let stays = probe.is_some_and(|probe| self.survey.outcome(&probe) == Outcome::Keep);
        stays || matches!(&value.to, To::Mailbox(to) if again(to))
    }

    fn target(&mut self, key: &Key, value: &Value, written: &Written) -> Option<String> {
        let carries = match key {
            Key::Mailbox(mailbox) => self.survey.takes_detail(mailbox),
            Key::AnyDetail(_) | Key::Detailed(_) | Key::Domain(_) => true,
        };
        let detail = if value.detail && carries { "%3" } else { "" };
        match &value.to {
            To::Mailbox(mailbox) => {
                let local = self.plain(&mailbox.local, written)?;
                Some(format!("{local}{detail}@{}", mailbox.domain))
            }
            To::Domain(domain) => Some(format!("%1{detail}@{domain}")),
            To::Template(pieces, domain) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Detail => text.push_str("%2"),
                        Piece::Capture(_) => return None,
                    }
                }
                let local = LocalPart::from_internal(&text.replace("%2", "x")).ok()?;
                self.plain(&local, written)?;
                Some(format!("{text}{detail}@{domain}"))
            }
        }
    }

    /// What stays: no line says so, so none may catch it.
    fn kept(&mut self, entry: &Entry) {
        if !matches!(entry.meaning, Meaning::Keep) {
            return;
        }
        let (user, domain) = match &entry.key {
            Key::Mailbox(mailbox) | Key::AnyDetail(mailbox) => {
                (mailbox.local.as_str(), &mailbox.domain)
            }
            Key::Detailed(domain) => ("", domain),
            // Nothing is broader.
            Key::Domain(_) => return,
        };
        let split = user.split_once('+').map_or(user, |(user, _)| user);
        let caught = [
            format!("{split}++@{domain}"),
            format!("{split}@{domain}"),
            format!("++@{domain}"),
            format!("@{domain}"),
        ];
        let caught = caught
            .iter()
            .any(|key| self.keys.contains(&key.to_lowercase()));
        let written = entry.written.clone();
        let Some(key) = self.key(&entry.key, &written).filter(|_| caught) else {
            return;
        };
        let help = "name the local user behind the address in its place (`KEY USER`); until then it is deferred";
        self.unsaid(
            &written,
            "an address that stays cannot be said where a broader line is for it",
            help,
        );
        self.line(&key, DEFERRED, &written);
    }
}

fn shown(to: &To) -> String {
    match to {
        To::Mailbox(mailbox) => address(mailbox),
        To::Domain(domain) | To::Template(_, domain) => format!("(the same local-part)@{domain}"),
    }
}

/// A refusal. Quotes keep Sendmail from taking the text apart.
fn error(reply: &SmtpReply) -> String {
    let text = reply.text().replace('\\', "\\\\").replace('"', "\\\"");
    let text = text.replace('%', "%%");
    format!("error:{}:\"{} {text}\"", reply.enhanced(), reply.code())
}
