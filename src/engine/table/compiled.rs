//! A compiled table: its indexes, and what other rooms ask about its rules and its domains.

use hashbrown::HashMap;

use super::{
    any_case::AnyCase, mailbox_index::MailboxIndex, regexes::Regexes, rule_place::RulePlace,
    settings::Settings,
};
use crate::engine::{
    address::Domain,
    diagnostic::Span,
    rule::{DomainClass, Rule, Unknown},
    store::{Fetch, FileRead, Reuse, RuleId, RuleStore, RuleView, StoredRule},
};

/// What the table knows of a domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct DomainEntry {
    pub class: DomainClass,
    pub unknown: Unknown,
    /// Its declaration, where there is one.
    pub declared: Option<Span>,
    /// True if the declaration has the option `unknown=`.
    pub unknown_written: bool,
    /// The number by which rules name it; none where no rule does.
    pub number: Option<u32>,
}

/// All rules of one directory, compiled.
#[derive(Debug, Default)]
pub struct Table {
    pub(super) settings: Settings,
    pub(super) files: Vec<Box<str>>,
    pub(super) store: RuleStore,
    pub(super) mailboxes: MailboxIndex,
    pub(super) any_detail: HashMap<Box<str>, RuleId>,
    pub(super) local_parts: HashMap<Box<str>, RuleId>,
    pub(super) regexes: Regexes,
    pub(super) regex_texts: HashMap<Box<str>, RuleId>,
    pub(super) detailed: HashMap<Domain, RuleId>,
    pub(super) domains: HashMap<Domain, RuleId>,
    pub(super) subdomains: HashMap<Domain, RuleId>,
    pub(super) known: HashMap<Domain, DomainEntry>,
    /// Where letter case counts: the same rules, found without it.
    pub(super) any_case: Option<AnyCase>,
    /// True if a rule rejects or defers.
    pub(super) refuses: bool,
    /// Rules of each file, by its number.
    pub(super) counts: Vec<usize>,
    /// What the files were, by their numbers.
    pub(super) reads: Vec<FileRead>,
    /// Rules that are in conflict with another one: errors, of which the table never goes live.
    pub(super) ousted: Vec<Rule>,
}

impl Table {
    /// How many rules it holds, domain lines not counted.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns true if the table holds no rule.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// What a later table may reuse of this one. `fetch` gives a text once more, if it must be shown.
    pub fn reuse<'t>(&'t self, fetch: Fetch<'t>) -> Reuse<'t> {
        Reuse::new(&self.store, &self.reads, &self.counts, fetch)
    }

    /// The files, each with the number of its rules.
    pub fn rules_by_file(&self) -> impl Iterator<Item = (&str, usize)> {
        let counts = self.counts.iter().copied().chain(std::iter::repeat(0));
        self.files.iter().map(|name| &**name).zip(counts)
    }

    /// The files, each with the number of its rules and domain lines.
    pub fn lines_by_file(&self) -> Vec<(&str, usize)> {
        let mut files: Vec<_> = self.rules_by_file().collect();
        for declared in self.known.values().filter_map(|entry| entry.declared) {
            if let Some((_, lines)) = files.get_mut(declared.file as usize) {
                *lines += 1;
            }
        }
        files
    }

    /// The settings that it was compiled with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A rule's own text, in canonical form.
    pub fn text(&self, id: RuleId) -> String {
        let rule = self.store.unplaced(id);
        rule.map(|rule| rule.to_string()).unwrap_or_default()
    }

    /// Where a rule stands.
    pub fn place(&self, id: RuleId) -> RulePlace<'_> {
        let (file, line) = self.store.place(id).unwrap_or((u32::MAX, 0));
        self.place_at(file, line)
    }

    /// The line that says what happens to unknown addresses of a domain: its place and its text.
    pub fn domain_line(&self, domain: &Domain) -> Option<(RulePlace<'_>, String)> {
        let entry = self.known.get(domain)?;
        let declared = entry.declared?;
        let place = self.place_at(declared.file, declared.line);
        let unknown = if entry.unknown_written {
            format!(" unknown={}", entry.unknown.word())
        } else {
            String::new()
        };
        Some((place, format!("{domain} {}{unknown}", entry.class.word())))
    }

    /// All rules, in the order of files and lines.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.store.iter()
    }

    /// All rules, each made a value only if somebody asks for it.
    pub fn entries(&self) -> impl Iterator<Item = StoredRule<'_>> {
        self.store.entries()
    }

    /// The rules that are in conflict with another one. Their targets are checked all the same.
    pub fn ousted(&self) -> &[Rule] {
        &self.ousted
    }

    /// Returns true if another rule differs from this one only in letter case, so that a key in lower
    /// case does not tell which of the two is meant.
    pub fn has_twin(&self, id: RuleId) -> bool {
        self.any_case
            .as_ref()
            .is_some_and(|index| index.has_twin(id))
    }

    /// The domains that targets are in.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.store.target_domains()
    }

    /// Returns true if a regex may be for addresses of a domain.
    pub fn has_regex_for(&self, domain: &Domain) -> bool {
        let inbound = matches!(
            self.class(domain),
            Some(DomainClass::Primary | DomainClass::Secondary)
        );
        inbound && self.regexes.concern(domain)
    }

    /// Returns the regexes, in the order in which they are tried.
    pub fn regex_patterns(&self) -> impl Iterator<Item = &str> {
        let mut all: Vec<_> = self.regex_texts.iter().collect();
        all.sort_by_key(|(_, id)| **id);
        all.into_iter().map(|(text, _)| &**text)
    }

    /// Returns true if a pattern may be for details alone, so that an address with one goes another way.
    pub fn has_detail_patterns(&self) -> bool {
        !self.any_detail.is_empty() || !self.detailed.is_empty() || !self.regexes.is_empty()
    }

    /// Returns true if a rule rejects or defers. What happens to unknown addresses is not a rule.
    pub fn has_refusing_rules(&self) -> bool {
        self.refuses
    }

    /// Returns true if no domain is primary or secondary, so that every recipient is kept.
    pub fn has_no_domain(&self) -> bool {
        self.subdomains.is_empty() && self.inbound_domains().is_empty()
    }

    /// Where a domain is declared.
    pub fn declaration(&self, domain: &Domain) -> Option<Span> {
        self.known.get(domain)?.declared
    }

    /// What a domain is to us; a subdomain that `@*.domain` covers is secondary in every respect.
    pub fn class(&self, domain: &Domain) -> Option<DomainClass> {
        self.class_by(self.known.get(domain), domain)
    }

    /// Returns the class of a domain whose entry is at hand.
    pub(super) fn class_by(
        &self,
        entry: Option<&DomainEntry>,
        domain: &Domain,
    ) -> Option<DomainClass> {
        let covered = || self.wildcard(domain).map(|_| DomainClass::Secondary);
        entry.map(|entry| entry.class).or_else(covered)
    }

    /// What happens to an address of a domain for which there is neither a rule nor a mailbox.
    pub fn unknown(&self, domain: &Domain) -> Unknown {
        match self.known.get(domain) {
            Some(entry) => entry.unknown,
            None if self.class(domain).is_some() => Unknown::Reject,
            None => Unknown::Keep,
        }
    }

    /// The domains that are declared or in use, each with its class, sorted.
    pub fn known_domains(&self) -> Vec<(&Domain, DomainClass)> {
        let known = self.known.iter();
        let mut domains: Vec<_> = known.map(|(domain, entry)| (domain, entry.class)).collect();
        domains.sort();
        domains
    }

    /// Those that are primary or secondary.
    pub fn inbound_domains(&self) -> Vec<(&Domain, DomainClass)> {
        let mut domains = self.known_domains();
        domains.retain(|(_, class)| *class != DomainClass::External);
        domains
    }

    /// The rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<Rule> {
        self.store.rule(id)
    }

    fn place_at(&self, file: u32, line: u32) -> RulePlace<'_> {
        RulePlace {
            file: self.files.get(file as usize).map_or("", |name| name),
            line,
        }
    }

    /// The longest `@*.domain` above a domain.
    pub(super) fn wildcard(&self, domain: &Domain) -> Option<RuleId> {
        if self.subdomains.is_empty() {
            return None;
        }
        domain
            .parents()
            .find_map(|parent| self.subdomains.get(parent).copied())
    }
}

impl Ord for DomainClass {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

impl PartialOrd for DomainClass {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Table {
    /// The rule behind a match; where it is written is not looked up.
    pub fn view(&self, id: RuleId) -> Option<RuleView> {
        self.store.meaning(id)
    }
}
