//! Writes entries as Postfix virtual(5).
//!
//! # What Postfix does with the file
//!
//! Postfix looks up `user+detail@domain`, `user@domain` and `@domain`, in this order. It looks up each
//! result again, until an address gives itself or nothing matches. A detail that the second lookup left out
//! is put behind every result (`propagate_unmatched_extensions`). `@other` as the first value keeps the
//! local-part. An address that gives itself stays as it is, and exists.
//!
//! An address that is refused gets no line, since Postfix refuses what is not in the file. If a broader line
//! would catch the address, a line from the address to itself keeps its mail from being delivered to
//! somebody else.

mod answers;

use std::collections::HashSet;

use answers::{Lines, key};

use super::{
    entries::{Entry, EntryKey, EntryTarget, TargetForm, entries},
    output::{Output, SourceRule, address, external},
    queries::TableQueries,
};
use crate::engine::{
    Table,
    address::{Domain, LocalPart, Mailbox},
    reply::{ReplyClass, SmtpReply},
    rewrite::Outcome,
    rule::{DomainClass, Meaning, Unknown},
};

/// The name of the format in findings.
const FORMAT: &str = "virtual(5)";

const HEAD: &str = "\
For Postfix: postmap FILE, then `virtual_alias_maps = hash:FILE` (or lmdb:).
A domain that stands alone in the first column is a virtual alias domain: it must be in neither
mydestination nor relay_domains. A secondary domain that is not listed here keeps some of its
addresses: put it into relay_domains, and list its addresses in relay_recipient_maps
(`readdress export recipients`).
This file does not list the addresses of primary domains.";

/// Writes a table as virtual(5).
pub fn write(table: &Table, output: &mut Output<'_>) {
    let queries = TableQueries::new(table);
    let mut writer = Writer {
        queries: &queries,
        output,
        lines: Lines::new(&queries),
        kept: HashSet::new(),
    };
    let delimiter = &table.settings().recipient_delimiter;
    writer.output.head(HEAD);
    writer.output.head(&format!(
        "Postfix must have `recipient_delimiter = {delimiter}`."
    ));
    let entries = entries(&queries);
    let help = "write the rule as a pcre: table beside this file (pcre_table(5))";
    entries.report_patterns(FORMAT, help, writer.output);
    entries.list.iter().for_each(|entry| writer.positive(entry));
    // A line of one pass may catch the addresses of a later pass.
    for pass in [Pass::Discards, Pass::Users, Pass::Details, Pass::Rules] {
        let entries = entries.list.iter();
        let now = entries.filter(|entry| writer.pass(entry) == pass);
        for entry in now.collect::<Vec<_>>() {
            writer.negative(entry);
        }
    }
    writer.domains();
}

struct Writer<'s, 't, 'a> {
    queries: &'s TableQueries<'t>,
    output: &'s mut Output<'a>,
    /// The lines that were source, as Postfix looks them up.
    lines: Lines<'s, 't>,
    /// Secondary domains in which an address keeps its mail.
    kept: HashSet<Domain>,
}

/// The order in which entries without a target are written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Pass {
    Discards,
    Users,
    Details,
    Rules,
}

impl Writer<'_, '_, '_> {
    fn pass(&self, entry: &Entry) -> Pass {
        match (&entry.key, &entry.meaning) {
            (
                EntryKey::Mailbox(mailbox),
                Meaning::Keep | Meaning::Refuse(_) | Meaning::Replace(_),
            ) => match self.queries.takes_detail(mailbox) {
                true => Pass::Users,
                false => Pass::Details,
            },
            (EntryKey::Mailbox(_), _) => Pass::Discards,
            _ => Pass::Rules,
        }
    }

    fn not_exported(&mut self, source: &SourceRule, message: &str, help: &str) {
        self.output.not_exported(source, message, help);
    }

    /// Writes an entry that replaces or keeps addresses.
    fn positive(&mut self, entry: &Entry) {
        match (&entry.key, &entry.meaning) {
            (EntryKey::Mailbox(mailbox), Meaning::Replace(targets)) => {
                if targets.iter().any(|target| !target.keeps_detail) {
                    let help = "write a line for each detail that must not be kept";
                    self.not_exported(
                        &entry.source,
                        "virtual(5) has no equivalent of detail=drop: Postfix puts the detail after the target",
                        help,
                    );
                }
                self.exact(mailbox, targets.clone(), &entry.source);
            }
            (EntryKey::Mailbox(mailbox), Meaning::Keep) if !entry.is_mailbox => {
                self.itself(mailbox, &entry.source);
            }
            (EntryKey::Domain(domain), Meaning::Replace(targets)) => {
                self.whole(domain, targets, &entry.source);
            }
            (EntryKey::Domain(domain), Meaning::Keep) => {
                let form = TargetForm::Domain(domain.clone());
                self.put_domain(
                    domain,
                    vec![EntryTarget {
                        form,
                        keeps_detail: true,
                    }],
                    &entry.source,
                );
            }
            _ => {}
        }
    }

    /// Writes an entry that needs a line only if another line would catch its addresses, and reports an
    /// entry that has no equivalent.
    fn negative(&mut self, entry: &Entry) {
        let source = &entry.source;
        match (&entry.key, &entry.meaning) {
            (EntryKey::Mailbox(mailbox), Meaning::Keep) if entry.is_mailbox => {
                if self.lines.lookup(mailbox).is_some() {
                    self.itself(mailbox, source);
                }
            }
            (EntryKey::Mailbox(mailbox), Meaning::Refuse(reply)) => {
                let caught = self.lines.lookup(mailbox).is_some();
                if caught {
                    self.itself(mailbox, source);
                }
                if caught || !self.lines.refuses_address(mailbox, reply) {
                    self.refusal(&address(mailbox), reply, source);
                }
            }
            (EntryKey::Domain(domain), Meaning::Refuse(reply))
                if !self.lines.refuses_unlisted(domain, reply) =>
            {
                self.refusal(&format!("@{domain}"), reply, source);
            }
            (EntryKey::AnyDetail(mailbox), _) => {
                let local = mailbox.local.as_str();
                let probes = self.queries.with_details(local, &mailbox.domain);
                for probe in &probes {
                    self.stays(probe);
                }
                if !probes.iter().all(|probe| self.lines.agree(probe)) {
                    self.detail(source);
                }
            }
            (EntryKey::Detailed(domain), meaning) => {
                let refused = matches!(meaning, Meaning::Refuse(_));
                let probe = self.queries.detailed(LocalPart::NOBODY, domain);
                if !(refused && probe.is_some_and(|probe| self.lines.agree(&probe))) {
                    self.detail(source);
                }
            }
            (_, Meaning::Keep | Meaning::Refuse(_) | Meaning::Replace(_)) => {}
            (EntryKey::Mailbox(mailbox), meaning) => {
                self.itself(mailbox, source);
                self.no_equivalent(&address(mailbox), meaning, source);
            }
            (EntryKey::Domain(domain), meaning) => {
                self.no_equivalent(domain.as_str(), meaning, source);
            }
        }
    }

    /// Reports that virtual(5) has no equivalent of what happens to `what`.
    fn no_equivalent(&mut self, what: &str, meaning: &Meaning<EntryTarget>, source: &SourceRule) {
        let word = meaning.word();
        let help = match *meaning == Meaning::Discard {
            true => format!("put `{what} discard:` into transport_maps"),
            false => "keep readdress in front of Postfix".to_owned(),
        };
        self.not_exported(
            source,
            &format!("{FORMAT} has no equivalent of {word}"),
            &help,
        );
    }

    /// Writes a line for one address.
    fn exact(&mut self, mailbox: &Mailbox, targets: Vec<EntryTarget>, source: &SourceRule) {
        let local = external(&mailbox.local);
        if mailbox.local.routes() {
            let help = "delete the rule, or keep readdress in front of Postfix";
            return self.not_exported(
                source,
                "Postfix routes by `%`, `!` and `@` in a local-part before it looks it up",
                help,
            );
        }
        if local.starts_with('#') {
            let help = "write the rule as a pcre: table beside this file (pcre_table(5))";
            return self.not_exported(
                source,
                "in virtual(5) a line that begins with `#` is a comment",
                help,
            );
        }
        if !self.lines.insert(key(mailbox), targets.clone()) {
            let help = "keep one of the two rules";
            self.not_exported(
                source,
                "another rule has the same address in another letter case, and Postfix ignores letter case",
                help,
            );
            return;
        }
        for domain in mailbox.domain.spellings() {
            self.line(source, &format!("{local}@{domain}"), &targets);
        }
        for target in &targets {
            if let TargetForm::Mailbox(to) = &target.form {
                self.stays(to);
            }
        }
    }

    /// Writes a line from an address to itself: the address stays as it is, and exists.
    fn itself(&mut self, mailbox: &Mailbox, source: &SourceRule) {
        let form = TargetForm::Mailbox(mailbox.clone());
        self.exact(
            mailbox,
            vec![EntryTarget {
                form,
                keeps_detail: true,
            }],
            source,
        );
    }

    /// Writes a line for a whole domain with targets.
    fn whole(&mut self, domain: &Domain, targets: &[EntryTarget], source: &SourceRule) {
        let (mut first, rest): (Vec<_>, Vec<_>) = targets
            .iter()
            .cloned()
            .partition(|target| matches!(target.form, TargetForm::Domain(_)));
        if first.len() > 1 {
            let help = "write a rule for each address of the domain";
            return self.not_exported(
                source,
                "virtual(5) has no equivalent of a rule that keeps the local-part in two domains",
                help,
            );
        }
        let moved = first.iter().any(|target| !target.keeps_detail);
        let full = rest.iter().any(|target| target.keeps_detail);
        if moved || full {
            let help = "delete the option";
            let message = if moved {
                "virtual(5) has no equivalent of detail=drop: Postfix keeps the whole local-part"
            } else {
                "virtual(5) has no equivalent of detail=keep: Postfix drops the detail"
            };
            self.not_exported(source, message, help);
        }
        first.extend(rest);
        self.put_domain(domain, first, source);
    }

    fn put_domain(&mut self, domain: &Domain, targets: Vec<EntryTarget>, source: &SourceRule) {
        for spelling in domain.spellings() {
            self.line(source, &format!("@{spelling}"), &targets);
        }
        for target in &targets {
            match &target.form {
                TargetForm::Mailbox(to) => self.stays(to),
                TargetForm::Domain(to) => {
                    if let Some(nobody) = self.queries.nobody(to) {
                        self.stays(&nobody);
                    }
                }
                TargetForm::Template(..) => {}
            }
        }
        self.lines.insert(format!("@{domain}"), targets);
    }

    fn line(&mut self, source: &SourceRule, key: &str, targets: &[EntryTarget]) {
        let targets: Vec<_> = targets.iter().map(|target| text(&target.form)).collect();
        self.output.pair(source.span, key, &targets.join(", "));
    }

    /// Remembers that the domain of an address keeps mail.
    fn stays(&mut self, mailbox: &Mailbox) {
        let secondary = self.queries.table.class(&mailbox.domain) == Some(DomainClass::Secondary);
        if secondary && self.queries.outcome(mailbox) != Outcome::Discard {
            let own = self.lines.of(mailbox);
            let itself = own.is_some_and(|targets| {
                targets
                    .iter()
                    .any(|target| text(&target.form) == address(mailbox))
            });
            if itself || self.queries.outcome(mailbox) == Outcome::Keep {
                self.kept.insert(mailbox.domain.clone());
            }
        }
    }

    /// Reports a refusal, and where Postfix can have it.
    fn refusal(&mut self, what: &str, reply: &SmtpReply, source: &SourceRule) {
        let what_is_lost = match reply.class() {
            ReplyClass::Reject => "the reply of a refusal",
            ReplyClass::Defer => "a temporary refusal",
        };
        let help = format!(
            "put `{} {} {} {}` into a map for check_recipient_access",
            what.trim_start_matches('@'),
            reply.code(),
            reply.enhanced(),
            reply.text()
        );
        self.not_exported(
            source,
            &format!("{FORMAT} has no equivalent of {what_is_lost}"),
            &help,
        );
    }

    /// Writes the domains that stand alone: virtual alias domains.
    fn domains(&mut self) {
        for domain in self.queries.secondary() {
            let unknown = self.queries.table.unknown(domain);
            if unknown != Unknown::Keep && !self.kept.contains(domain) {
                let source = self.queries.declaration(domain);
                for spelling in domain.spellings() {
                    self.output.pair(source.span, &spelling, "secondary");
                }
            }
        }
    }

    fn detail(&mut self, source: &SourceRule) {
        let help = "write a line for each detail that is in use, or a pcre: table beside this file (pcre_table(5))";
        self.not_exported(
            source,
            "virtual(5) has no equivalent of a rule for any detail",
            help,
        );
    }
}

/// Returns a target as virtual(5) has it.
fn text(form: &TargetForm) -> String {
    match form {
        TargetForm::Mailbox(mailbox) => address(mailbox),
        TargetForm::Domain(domain) => format!("@{domain}"),
        // Only rules for details have a template; these rules are compared and not written.
        TargetForm::Template(..) => String::new(),
    }
}
