//! The addresses about which the MTA is asked: for each domain one that the table accepts and one that nobody
//! has, and addresses elsewhere in several spellings.

use std::collections::BTreeMap;

use super::{DOMAINS, Expected, Question};
use crate::{
    doctor::connect::NOBODY,
    engine::{
        Table,
        address::{Domain, LocalPart, Mailbox},
        rewrite::{Outcome, Reason, decide},
        rule::{Action, Pattern},
    },
};

/// The most local-parts that are tried in a domain whose only rules are for the whole domain.
const TRIED: usize = 20;

/// A domain for examples, which has no mailboxes (RFC 2606).
const ELSEWHERE: &str = "example.com";

/// Returns the questions for a table.
pub fn questions(table: &Table) -> (Vec<Question>, usize) {
    let inbound: Vec<&Domain> = table
        .inbound_domains()
        .into_iter()
        .map(|(domain, _)| domain)
        .collect();
    let asked: Vec<_> = inbound.iter().copied().take(DOMAINS).collect();
    let known = Known::of(table, &asked);
    let mut questions = Vec::new();
    for domain in &asked {
        if let Some(mailbox) = known.find(table, domain) {
            questions.push(Question::new(mailbox.to_string(), Expected::Taken));
        }
        if let Some(mailbox) = mailbox(NOBODY, domain) {
            questions.push(Question::new(
                mailbox.to_string(),
                match decide(table, &mailbox).outcome {
                    Outcome::Refuse(_) => Expected::Refused,
                    Outcome::Keep => Expected::Either,
                    _ => Expected::Taken,
                },
            ));
        }
    }
    questions.extend(elsewhere(asked.first().copied()));
    (questions, inbound.len() - asked.len())
}

/// Returns addresses elsewhere in several spellings.
fn elsewhere(own: Option<&Domain>) -> Vec<Question> {
    let mut forms = vec![
        format!("{NOBODY}@{ELSEWHERE}"),
        format!("{NOBODY}@[192.0.2.1]"),
    ];
    if let Some(own) = own {
        forms.extend([
            format!("{NOBODY}%{ELSEWHERE}@{own}"),
            format!("\"{NOBODY}@{ELSEWHERE}\"@{own}"),
            format!("{ELSEWHERE}!{NOBODY}@{own}"),
        ]);
    }
    let forms = forms.into_iter();
    forms
        .map(|form| Question::new(form, Expected::Relay))
        .collect()
}

fn mailbox(local: &str, domain: &Domain) -> Option<Mailbox> {
    Some(Mailbox {
        local: LocalPart::parse(local).ok()?,
        domain: domain.clone(),
    })
}

/// The addresses that rules name.
struct Known {
    named: BTreeMap<Domain, Mailbox>,
    locals: Vec<LocalPart>,
}

impl Known {
    fn of(table: &Table, asked: &[&Domain]) -> Self {
        let mut known = Self {
            named: BTreeMap::new(),
            locals: Vec::new(),
        };
        for rule in table.rules() {
            let Pattern::Mailbox(mailbox) = &rule.pattern else {
                continue;
            };
            let plain = mailbox.local.to_string();
            let usable = plain
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            if !usable {
                continue;
            }
            if rule.action == Action::Mailbox && known.locals.len() < TRIED {
                known.locals.push(mailbox.local.clone());
            }
            if asked.contains(&&mailbox.domain)
                && !known.named.contains_key(&mailbox.domain)
                && taken(table, mailbox)
            {
                known.named.insert(mailbox.domain.clone(), mailbox.clone());
            }
        }
        known
    }

    fn find(&self, table: &Table, domain: &Domain) -> Option<Mailbox> {
        if let Some(mailbox) = self.named.get(domain) {
            return Some(mailbox.clone());
        }
        let locals = self.locals.iter().map(ToString::to_string);
        let locals = locals.chain(["postmaster".to_owned()]);
        let mut mailboxes = locals.filter_map(|local| mailbox(&local, domain));
        mailboxes.find(|mailbox| taken(table, mailbox))
    }
}

fn taken(table: &Table, mailbox: &Mailbox) -> bool {
    match decide(table, mailbox).outcome {
        Outcome::Replace(_) => true,
        // A primary domain that leaves unknown users to the MTA keeps every address: one that a rule
        // names is known.
        Outcome::Keep => decide(table, mailbox)
            .decisive()
            .is_some_and(|step| matches!(step.reason, Reason::Rule(_))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    fn asked(rules: &str) -> Vec<(String, Expected)> {
        let sources = [SourceText::new("a.rules", rules)];
        let table = compile(&sources, &Settings::default()).table.unwrap();
        let (questions, _) = questions(&table);
        let own = questions
            .into_iter()
            .filter(|question| question.expected != Expected::Relay);
        own.map(|question| (question.address, question.expected))
            .collect()
    }

    #[test]
    fn each_domain_has_a_known_and_an_unknown_address() {
        let unknown = |domain: &str| format!("{NOBODY}@{domain}");
        let rules = "company.com primary unknown=reject\ndomain2.com secondary\nall.example secondary\n\
                     old.example secondary\nopen.example primary\n@domain2.com @company.com\n\
                     gone@domain2.com reject\nsales+x@domain2.com jdoe@company.com\n\
                     @all.example jdoe@company.com\njd@old.example jdoe@company.com\n\
                     jdoe@company.com mailbox\npostmaster@* jdoe@company.com\n";
        let all = asked(rules);
        let of = |domain: &str| {
            let own = all
                .iter()
                .filter(|(address, _)| address.ends_with(&format!("@{domain}")));
            own.cloned().collect::<Vec<_>>()
        };
        let taken = |address: &str| (address.to_owned(), Expected::Taken);
        let refused = |domain: &str| (unknown(domain), Expected::Refused);
        assert_eq!(
            of("company.com"),
            [taken("jdoe@company.com"), refused("company.com")]
        );
        // Through the rule for the whole domain: a user of the primary one.
        assert_eq!(
            of("domain2.com"),
            [taken("jdoe@domain2.com"), refused("domain2.com")]
        );
        assert_eq!(
            of("all.example"),
            [
                taken("jdoe@all.example"),
                (unknown("all.example"), Expected::Taken)
            ]
        );
        assert_eq!(
            of("old.example"),
            [taken("jd@old.example"), refused("old.example")]
        );
        assert_eq!(
            of("open.example"),
            [(unknown("open.example"), Expected::Either)]
        );
    }
}
