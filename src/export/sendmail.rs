//! Writes entries as the source of Sendmail's virtusertable.
//!
//! # What Sendmail does with the file
//!
//! Sendmail looks up `user+detail@domain`, `user++@domain` (a detail that is not empty), `user+*@domain`,
//! `user@domain`, `++@domain`, `+*@domain` and `@domain`, in this order, and looks up the one result again.
//! `%1` is the user, `%2` the detail, `%3` the detail with its `+`. `error:D.S.N:CODE text` refuses. An
//! address that gives itself is an error in Sendmail ("excessive recursion").
//!
//! An address that has no equivalent, and that a broader line would catch, is deferred (451): no mail is
//! lost, and none is delivered to somebody else.

use std::collections::HashSet;

use super::{
    entries::{Entry, EntryKey, EntryTarget, TargetForm, entries},
    output::{Output, SourceRule, address, external},
    queries::TableQueries,
};
use crate::engine::{
    Table,
    address::{LocalPart, Mailbox},
    diagnostic::Span,
    reply::SmtpReply,
    rewrite::Outcome,
    rule::{Meaning, Piece},
};

/// The name of the format in findings.
const FORMAT: &str = "a virtusertable";

const HEAD: &str = "\
For Sendmail: makemap hash /etc/mail/virtusertable < FILE
Its domains belong into VIRTUSER_DOMAIN (or class w). This file does not list the addresses of
primary domains. Comments are on lines of their own.";

/// The answer for an address that has no equivalent and that no broader line may catch.
const DEFERRED: &str = "error:4.3.0:\"451 Address not in this table\"";

/// Writes a table as a virtusertable.
pub fn write(table: &Table, output: &mut Output<'_>) {
    let queries = TableQueries::new(table);
    let mut writer = Writer {
        queries: &queries,
        output,
        keys: HashSet::new(),
    };
    writer.output.head(HEAD);
    let delimiter = &table.settings().recipient_delimiter;
    if delimiter != "+" {
        let whole = SourceRule {
            span: Span::whole_file(0),
            text: format!("recipient_delimiter = \"{delimiter}\""),
        };
        let help = "set recipient_delimiter to \"+\", and export again";
        writer.not_exported(&whole, "Sendmail has no other delimiter than `+`", help);
    }
    let entries = entries(&queries);
    let help = "write a rule for each address that the regex is meant for";
    entries.report_patterns(FORMAT, help, writer.output);
    entries.list.iter().for_each(|entry| writer.entry(entry));
    entries.list.iter().for_each(|entry| writer.kept(entry));
}

struct Writer<'s, 't, 'a> {
    queries: &'s TableQueries<'t>,
    output: &'s mut Output<'a>,
    keys: HashSet<String>,
}

impl Writer<'_, '_, '_> {
    fn not_exported(&mut self, source: &SourceRule, message: &str, help: &str) {
        self.output.not_exported(source, message, help);
    }

    fn line(&mut self, key: &str, value: &str, source: &SourceRule) {
        if self.keys.insert(key.to_lowercase()) {
            self.output.line(source.span, format!("{key}\t{value}"));
        } else {
            let help = "keep one of the two rules";
            self.not_exported(
                source,
                "another rule has the same address in another letter case, and Sendmail ignores letter case",
                help,
            );
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let source = &entry.source;
        let Some(key) = self.key(&entry.key, source) else {
            return;
        };
        match &entry.meaning {
            Meaning::Replace(targets) => self.targets(&key, &entry.key, targets, source),
            Meaning::Refuse(reply) => self.line(&key, &error(reply), source),
            Meaning::Keep => {}
            meaning => {
                let message = format!("{FORMAT} has no equivalent of {}", meaning.word());
                let help = match *meaning == Meaning::Discard {
                    true => {
                        "give the address an alias whose value is /dev/null (aliases(5)); this file defers it"
                    }
                    false => "keep readdress in front of Sendmail; this file defers it",
                };
                self.not_exported(source, &message, help);
                self.line(&key, DEFERRED, source);
            }
        }
    }

    /// Returns the left side of a line; `None` if Sendmail has no such key.
    fn key(&mut self, key: &EntryKey, source: &SourceRule) -> Option<String> {
        match key {
            EntryKey::Mailbox(mailbox) => {
                let local = self.plain(&mailbox.local, source)?;
                Some(format!("{local}@{}", mailbox.domain))
            }
            EntryKey::AnyDetail(mailbox) => {
                let local = self.plain(&mailbox.local, source)?;
                Some(format!("{local}++@{}", mailbox.domain))
            }
            EntryKey::Detailed(domain) => Some(format!("++@{domain}")),
            EntryKey::Domain(domain) => Some(format!("@{domain}")),
        }
    }

    /// Returns a local-part as Sendmail reads it; `None` if Sendmail would read something else.
    fn plain(&mut self, local: &LocalPart, source: &SourceRule) -> Option<String> {
        let text = external(local);
        let fits = text.is_ascii() && !local.routes() && !text.starts_with(['"', '#']);
        if fits {
            return Some(text);
        }
        let help = "give the mailbox an address of ASCII without quotes";
        self.not_exported(
            source,
            "a virtusertable has no local-part with quotes, with `%`, `!` or `@`, or outside of ASCII",
            help,
        );
        None
    }

    fn targets(
        &mut self,
        line: &str,
        key: &EntryKey,
        targets: &[EntryTarget],
        source: &SourceRule,
    ) {
        let [target] = targets else {
            let list: Vec<_> = targets.iter().map(|target| shown(&target.form)).collect();
            let help = format!(
                "write an alias `NAME: {}` (aliases(5)), and `{line} NAME` in this file; until then this file defers it",
                list.join(", ")
            );
            self.not_exported(
                source,
                "a virtusertable has no equivalent of several targets",
                &help,
            );
            return self.line(line, DEFERRED, source);
        };
        if self.yields_itself(key, target, source) {
            let help = "write the local user instead of the target; until then this file defers it";
            self.not_exported(
                source,
                "a virtusertable has no equivalent of a rule that matches its own target",
                help,
            );
            return self.line(line, DEFERRED, source);
        }
        match self.target(key, target, source) {
            Some(target) => self.line(line, &target, source),
            None => self.line(line, DEFERRED, source),
        }
    }

    /// Returns true if the rule matches its own result: "excessive recursion".
    fn yields_itself(&self, key: &EntryKey, target: &EntryTarget, source: &SourceRule) -> bool {
        let again = |mailbox: &Mailbox| {
            let rule = self.queries.rule(mailbox);
            rule.is_some_and(|rule| rule.span == source.span)
        };
        let probe = match key {
            EntryKey::Mailbox(_) => None,
            EntryKey::AnyDetail(user) => self.queries.detailed(user.local.as_str(), &user.domain),
            EntryKey::Detailed(domain) => self.queries.detailed(LocalPart::NOBODY, domain),
            EntryKey::Domain(domain) => self.queries.nobody(domain),
        };
        let stays = probe.is_some_and(|probe| self.queries.outcome(&probe) == Outcome::Keep);
        stays || matches!(&target.form, TargetForm::Mailbox(to) if again(to))
    }

    fn target(
        &mut self,
        key: &EntryKey,
        target: &EntryTarget,
        source: &SourceRule,
    ) -> Option<String> {
        let carries = match key {
            EntryKey::Mailbox(mailbox) => self.queries.takes_detail(mailbox),
            EntryKey::AnyDetail(_) | EntryKey::Detailed(_) | EntryKey::Domain(_) => true,
        };
        let detail = if target.keeps_detail && carries {
            "%3"
        } else {
            ""
        };
        match &target.form {
            TargetForm::Mailbox(mailbox) => {
                let local = self.plain(&mailbox.local, source)?;
                Some(format!("{local}{detail}@{}", mailbox.domain))
            }
            TargetForm::Domain(domain) => Some(format!("%1{detail}@{domain}")),
            TargetForm::Template(pieces, domain) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Detail => text.push_str("%2"),
                        Piece::Capture(_) => return None,
                    }
                }
                let local = LocalPart::from_internal(&text.replace("%2", "x")).ok()?;
                self.plain(&local, source)?;
                Some(format!("{text}{detail}@{domain}"))
            }
        }
    }

    /// Reports an address that stays as it is, if a line would catch it: no line can keep an address.
    fn kept(&mut self, entry: &Entry) {
        if !matches!(entry.meaning, Meaning::Keep) {
            return;
        }
        let (user, domain) = match &entry.key {
            EntryKey::Mailbox(mailbox) | EntryKey::AnyDetail(mailbox) => {
                (mailbox.local.as_str(), &mailbox.domain)
            }
            EntryKey::Detailed(domain) => ("", domain),
            // No line is broader.
            EntryKey::Domain(_) => return,
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
        let source = entry.source.clone();
        let Some(key) = self.key(&entry.key, &source).filter(|_| caught) else {
            return;
        };
        let help = "write the local user instead of the address (`KEY USER`); until then this file defers it";
        self.not_exported(
            &source,
            "a virtusertable cannot keep an address that a broader line matches",
            help,
        );
        self.line(&key, DEFERRED, &source);
    }
}

fn shown(to: &TargetForm) -> String {
    match to {
        TargetForm::Mailbox(mailbox) => address(mailbox),
        TargetForm::Domain(domain) | TargetForm::Template(_, domain) => {
            format!("(the same local-part)@{domain}")
        }
    }
}

/// Returns a refusal. Quotes keep Sendmail from splitting the text.
fn error(reply: &SmtpReply) -> String {
    let text = reply.text().replace('\\', "\\\\").replace('"', "\\\"");
    let text = text.replace('%', "%%");
    format!("error:{}:\"{} {text}\"", reply.enhanced(), reply.code())
}
