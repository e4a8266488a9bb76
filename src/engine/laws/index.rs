//! The rules of a table by what proofs ask for, made by one walk over all rules.
//!
//! # Limits
//!
//! The number of each rule for one mailbox is kept: four bytes a rule, for as long as laws are proved.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use crate::engine::{
    address::{Domain, LocalCase, LocalPart, Subaddress, fold},
    rule::Pattern,
    store::RuleId,
    table::Table,
};

/// The rules of a table.
pub(super) struct Index {
    /// Rules for one mailbox, by domain.
    mailboxes: HashMap<Domain, Vec<RuleId>>,
    /// The details that patterns spell out, by domain and user.
    details: HashMap<(Domain, String), Vec<LocalPart>>,
    /// Users of `user+*@domain`, by domain.
    any_detail: HashMap<Domain, Vec<LocalPart>>,
    /// Local-parts of `local@*`.
    local_parts: Vec<LocalPart>,
    /// Those of them that have a detail, by user.
    local_details: HashMap<String, Vec<LocalPart>>,
    /// Domains in which a rule rewrites, refuses or discards some address. Those of `@*.domain` are not among them.
    busy: HashSet<Domain>,
    /// The domains of the table that something names.
    named: BTreeSet<Domain>,
    case: LocalCase,
}

impl Index {
    /// Looks at all rules once.
    pub fn new(table: &Table) -> Self {
        let settings = table.settings();
        let mut index = Self {
            mailboxes: HashMap::new(),
            details: HashMap::new(),
            any_detail: HashMap::new(),
            local_parts: Vec::new(),
            local_details: HashMap::new(),
            busy: HashSet::new(),
            named: table.named_domains(),
            case: settings.local_case,
        };
        for entry in table.entries() {
            let Some(local) = entry.local_part() else {
                if let Some(rule) = entry.rule() {
                    index.add_wide(rule.pattern, entry.stays(), &settings.recipient_delimiter);
                }
                continue;
            };
            let Some(domain) = entry.domain() else {
                continue;
            };
            if !entry.stays() && !index.busy.contains(domain) {
                index.busy.insert(domain.clone());
            }
            match index.mailboxes.get_mut(domain) {
                Some(list) => list.push(entry.id),
                None => {
                    index.mailboxes.insert(domain.clone(), vec![entry.id]);
                }
            }
            if let Some(split) = Subaddress::split(local, &settings.recipient_delimiter)
                && let Ok(local) = LocalPart::from_internal(local)
            {
                let key = (domain.clone(), fold(split.user, index.case));
                index.details.entry(key).or_default().push(local);
            }
        }
        index
    }

    fn add_wide(&mut self, pattern: Pattern, stays: bool, delimiters: &str) {
        if let Some(domain) = pattern.domain().filter(|_| !stays)
            && !matches!(pattern, Pattern::Subdomains(_))
        {
            self.busy.insert(domain.clone());
        }
        match pattern {
            Pattern::AnyDetail { user, domain } => {
                self.any_detail.entry(domain).or_default().push(user);
            }
            Pattern::LocalPart(local) => {
                if let Some(split) = Subaddress::split(local.as_str(), delimiters) {
                    let user = fold(split.user, self.case);
                    self.local_details
                        .entry(user)
                        .or_default()
                        .push(local.clone());
                }
                self.local_parts.push(local);
            }
            _ => {}
        }
    }

    /// Returns the rules for one mailbox in a domain, in the order of files and lines.
    pub fn mailboxes(&self, domain: &Domain) -> &[RuleId] {
        self.mailboxes.get(domain).map_or(&[], Vec::as_slice)
    }

    /// Returns the local-parts of a user in a domain whose detail a pattern spells out.
    pub fn details(&self, domain: &Domain, user: &LocalPart) -> &[LocalPart] {
        if self.details.is_empty() {
            return &[];
        }
        let key = (domain.clone(), user.folded(self.case));
        self.details.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns the users of `user+*@domain`.
    pub fn any_detail(&self, domain: &Domain) -> &[LocalPart] {
        self.any_detail.get(domain).map_or(&[], Vec::as_slice)
    }

    /// Returns the local-parts of `local@*`.
    pub fn local_parts(&self) -> &[LocalPart] {
        &self.local_parts
    }

    /// Returns the local-parts of `local@*` that are this user with some detail.
    pub fn local_parts_of(&self, user: &LocalPart) -> &[LocalPart] {
        if self.local_details.is_empty() {
            return &[];
        }
        let details = self.local_details.get(&user.folded(self.case));
        details.map_or(&[], Vec::as_slice)
    }

    /// Returns true if a rule that names the domain does something else than to keep an address of it.
    pub fn is_busy(&self, domain: &Domain) -> bool {
        self.busy.contains(domain)
    }

    /// Returns the domains of the table that a line, a rule or a regex names, sorted.
    pub fn named(&self) -> &BTreeSet<Domain> {
        &self.named
    }
}
