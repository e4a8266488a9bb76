//! Entries to Postfix virtual(5).
//!
//! # What Postfix does with the file
//!
//! It looks up `user+detail@domain`, `user@domain`, `@domain`, in this order, gives the results back
//! to the table until an address yields itself or nothing matches, and puts a detail that the second
//! lookup left out behind every result (`propagate_unmatched_extensions`). `@other` as the first
//! value keeps the local-part. An address that yields itself stays, and exists.
//!
//! What is refused is left out, since Postfix refuses what is not in the file; where a broader line
//! would catch it, a line to itself keeps it from being delivered to somebody else.

mod answers;

use std::collections::{HashMap, HashSet};

use super::{
    flat::{Entry, Key, To, Value, flatten},
    sheet::{Sheet, Written, address, external, spellings},
    survey::{PROBE, Survey},
};
use crate::engine::{
    Table,
    address::{Domain, LocalCase, Mailbox},
    reply::{ReplyClass, SmtpReply},
    rewrite::Outcome,
    rule::{DomainClass, Meaning, Unknown},
};

const HEAD: &str = "\
For Postfix: postmap FILE, then `virtual_alias_maps = hash:FILE` (or lmdb:).
A domain that stands alone in the first column is a virtual alias domain: it must be in neither
mydestination nor relay_domains. A secondary domain that does not stand here keeps some of its
addresses: put it into relay_domains, and let relay_recipient_maps name who exists there
(`readdress export recipients`).
This file says nothing about who exists in primary domains.";

/// Writes a table.
pub fn write(table: &Table, sheet: &mut Sheet<'_>) {
    let survey = Survey::new(table);
    let mut writer = Writer {
        survey: &survey,
        sheet,
        lines: HashMap::new(),
        kept: HashSet::new(),
    };
    let delimiter = &table.settings().recipient_delimiter;
    writer.sheet.head(HEAD);
    writer.sheet.head(&format!(
        "It is meant for `recipient_delimiter = {delimiter}`."
    ));
    let flat = flatten(&survey);
    for written in &flat.regexes {
        let help = "write it as a pcre: table beside this file (pcre_table(5))";
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
    flat.entries.iter().for_each(|entry| writer.positive(entry));
    // A line that one of them writes may catch what a later one is for.
    for pass in [Pass::Discards, Pass::Users, Pass::Details, Pass::Rules] {
        let entries = flat.entries.iter();
        let now = entries.filter(|entry| writer.pass(entry) == pass);
        for entry in now.collect::<Vec<_>>() {
            writer.negative(entry);
        }
    }
    writer.domains();
}

struct Writer<'s, 't, 'a> {
    survey: &'s Survey<'t>,
    sheet: &'s mut Sheet<'a>,
    /// The lines that were written, as Postfix looks them up.
    lines: HashMap<String, Vec<Value>>,
    /// Secondary domains in which an address stays.
    kept: HashSet<Domain>,
}

/// The order in which entries without a target are looked at.
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
            (Key::Mailbox(mailbox), Meaning::Keep | Meaning::Refuse(_) | Meaning::Replace(_)) => {
                match self.survey.takes_detail(mailbox) {
                    true => Pass::Users,
                    false => Pass::Details,
                }
            }
            (Key::Mailbox(_), _) => Pass::Discards,
            _ => Pass::Rules,
        }
    }

    fn unsaid(&mut self, written: &Written, message: &str, help: &str) {
        self.sheet.unsaid(written, message, help);
    }

    /// What puts an address into another's place.
    fn positive(&mut self, entry: &Entry) {
        match (&entry.key, &entry.meaning) {
            (Key::Mailbox(mailbox), Meaning::Replace(values)) => {
                if values.iter().any(|value| !value.detail) {
                    let help = "write a line for each detail that matters, or live with the detail behind the target";
                    self.unsaid(
                        &entry.written,
                        "detail=drop cannot be said: the detail is put behind the target",
                        help,
                    );
                }
                self.exact(mailbox, values.clone(), &entry.written);
            }
            (Key::Mailbox(mailbox), Meaning::Keep) if !entry.is_mailbox => {
                self.itself(mailbox, &entry.written);
            }
            (Key::Domain(domain), Meaning::Replace(values)) => {
                self.whole(domain, values, &entry.written);
            }
            (Key::Domain(domain), Meaning::Keep) => {
                let to = To::Domain(domain.clone());
                self.put_domain(domain, vec![Value { to, detail: true }], &entry.written);
            }
            _ => {}
        }
    }

    /// What needs a line only where another one would catch it, or where nothing says the same.
    fn negative(&mut self, entry: &Entry) {
        let written = &entry.written;
        match (&entry.key, &entry.meaning) {
            (Key::Mailbox(mailbox), Meaning::Keep) if entry.is_mailbox => {
                if self.lookup(mailbox).is_some() {
                    self.itself(mailbox, written);
                }
            }
            (Key::Mailbox(mailbox), Meaning::Refuse(reply)) => {
                let caught = self.lookup(mailbox).is_some();
                if caught {
                    self.itself(mailbox, written);
                }
                if caught || !self.refused_bare(mailbox, reply) {
                    self.refusal(&address(mailbox), reply, written);
                }
            }
            (Key::Domain(domain), Meaning::Refuse(reply)) if !self.refused_alike(domain, reply) => {
                self.refusal(&format!("@{domain}"), reply, written);
            }
            (Key::AnyDetail(mailbox), _) => {
                let local = mailbox.local.as_str();
                let probes = self.survey.with_details(local, &mailbox.domain);
                for probe in &probes {
                    self.stays(probe);
                }
                if !probes.iter().all(|probe| self.says(probe)) {
                    self.detail(written);
                }
            }
            (Key::Detailed(domain), meaning) => {
                let refused = matches!(meaning, Meaning::Refuse(_));
                let probe = self.survey.detailed(PROBE, domain);
                if !(refused && probe.is_some_and(|probe| self.says(&probe))) {
                    self.detail(written);
                }
            }
            (_, Meaning::Keep | Meaning::Refuse(_) | Meaning::Replace(_)) => {}
            (Key::Mailbox(mailbox), meaning) => {
                self.itself(mailbox, written);
                self.no_equivalent(&address(mailbox), meaning, written);
            }
            (Key::Domain(domain), meaning) => {
                self.no_equivalent(domain.as_str(), meaning, written);
            }
        }
    }

    /// Says that virtual(5) has no word for what happens to `what`.
    fn no_equivalent(&mut self, what: &str, meaning: &Meaning<Value>, written: &Written) {
        let word = meaning.word();
        let help = match *meaning == Meaning::Discard {
            true => format!("put `{what} discard:` into transport_maps"),
            false => "keep readdress in front of Postfix".to_owned(),
        };
        self.unsaid(
            written,
            &format!("virtual(5) has no equivalent of {word}"),
            &help,
        );
    }

    /// A line for one address.
    fn exact(&mut self, mailbox: &Mailbox, values: Vec<Value>, written: &Written) {
        let local = external(&mailbox.local);
        if mailbox.local.routes() {
            let help = "leave the address out, or keep readdress in front";
            return self.unsaid(
                written,
                "Postfix routes by `%`, `!` and `@` in a local-part before it looks it up",
                help,
            );
        }
        if local.starts_with('#') {
            let help = "use a pcre: table for this address";
            return self.unsaid(written, "a line that begins with `#` is a comment", help);
        }
        if self.lines.insert(key(mailbox), values.clone()).is_some() {
            let help = "let one of the two addresses go";
            self.unsaid(
                written,
                "another address differs only in letter case, which does not count here",
                help,
            );
            return;
        }
        for domain in spellings(&mailbox.domain) {
            self.line(written, &format!("{local}@{domain}"), &values);
        }
        for value in &values {
            if let To::Mailbox(to) = &value.to {
                self.stays(to);
            }
        }
    }

    /// A line that keeps an address, and says that it exists.
    fn itself(&mut self, mailbox: &Mailbox, written: &Written) {
        let to = To::Mailbox(mailbox.clone());
        self.exact(mailbox, vec![Value { to, detail: true }], written);
    }

    /// A line for a whole domain.
    fn whole(&mut self, domain: &Domain, values: &[Value], written: &Written) {
        let (mut first, rest): (Vec<_>, Vec<_>) = values
            .iter()
            .cloned()
            .partition(|value| matches!(value.to, To::Domain(_)));
        if first.len() > 1 {
            let help = "list the addresses of the domain one by one";
            return self.unsaid(
                written,
                "the same local-part in two domains cannot be said",
                help,
            );
        }
        let moved = first.iter().any(|value| !value.detail);
        let full = rest.iter().any(|value| value.detail);
        if moved || full {
            let help = "leave the option out, or live with it";
            let message = if moved {
                "detail=drop cannot be said: the local-part is kept whole"
            } else {
                "detail=keep cannot be said: the detail is lost"
            };
            self.unsaid(written, message, help);
        }
        first.extend(rest);
        self.put_domain(domain, first, written);
    }

    fn put_domain(&mut self, domain: &Domain, values: Vec<Value>, written: &Written) {
        for spelling in spellings(domain) {
            self.line(written, &format!("@{spelling}"), &values);
        }
        for value in &values {
            match &value.to {
                To::Mailbox(to) => self.stays(to),
                To::Domain(to) => {
                    if let Some(nobody) = self.survey.nobody(to) {
                        self.stays(&nobody);
                    }
                }
                To::Template(..) => {}
            }
        }
        self.lines.insert(format!("@{domain}"), values);
    }

    fn line(&mut self, written: &Written, key: &str, values: &[Value]) {
        let values: Vec<_> = values.iter().map(|value| text(&value.to)).collect();
        self.sheet.pair(written.span, key, &values.join(", "));
    }

    /// Remembers that mail for an address stays in its domain.
    fn stays(&mut self, mailbox: &Mailbox) {
        let secondary = self.survey.table.class(&mailbox.domain) == Some(DomainClass::Secondary);
        if secondary && self.survey.outcome(mailbox) != Outcome::Discard {
            let own = self.lines.get(&key(mailbox));
            let itself = own.is_some_and(|values| {
                values
                    .iter()
                    .any(|value| text(&value.to) == address(mailbox))
            });
            if itself || self.survey.outcome(mailbox) == Outcome::Keep {
                self.kept.insert(mailbox.domain.clone());
            }
        }
    }

    /// Says where a refusal can be said.
    fn refusal(&mut self, what: &str, reply: &SmtpReply, written: &Written) {
        let word = match reply.class() {
            ReplyClass::Reject => "its refusal",
            ReplyClass::Defer => "a temporary refusal",
        };
        let help = format!(
            "put `{} {} {} {}` into a map for check_recipient_access",
            what.trim_start_matches('@'),
            reply.code(),
            reply.enhanced(),
            reply.text()
        );
        self.unsaid(written, &format!("{word} cannot be said"), &help);
    }

    /// The domains that stand alone.
    fn domains(&mut self) {
        for domain in self.survey.secondary() {
            let unknown = self.survey.table.unknown(domain);
            if unknown != Unknown::Keep && !self.kept.contains(domain) {
                let written = self.survey.declaration(domain);
                for spelling in spellings(domain) {
                    self.sheet.pair(written.span, &spelling, "secondary");
                }
            }
        }
    }

    fn detail(&mut self, written: &Written) {
        let help = "write a line for each detail that is in use, or a pcre: table beside this file";
        self.unsaid(written, "a rule for any detail cannot be said", help);
    }
}

/// What two addresses have in common that Postfix holds to be one.
fn key(mailbox: &Mailbox) -> String {
    mailbox.key(LocalCase::Ignore)
}

fn text(to: &To) -> String {
    match to {
        To::Mailbox(mailbox) => address(mailbox),
        To::Domain(domain) => format!("@{domain}"),
        // Only rules about details have one, and those are compared, not written.
        To::Template(..) => String::new(),
    }
}
