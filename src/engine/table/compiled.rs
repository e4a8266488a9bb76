//! A compiled table: its indexes, and the questions about its rules and domains that other modules ask.

use hashbrown::HashMap;

use super::{
    any_case::AnyCase, mailbox_index::MailboxIndex, regexes::Regexes, rule_place::RulePlace,
    settings::Settings,
};
use crate::engine::{
    address::Domain,
    diagnostic::Span,
    rule::{Annotation, DomainClass, Rule, Unknown},
    store::{Fetch, FileRead, Reuse, RuleId, RuleStore, RuleView, StoredRule},
};

/// What the table knows about a domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct DomainEntry {
    pub class: DomainClass,
    pub unknown: Unknown,
    /// The place of the line that declares it, if there is one.
    pub declared: Option<Span>,
    /// True if the declaration has the option `unknown=`.
    pub unknown_written: bool,
    /// The number of the domain in the store of rules. `None` if no rule names it.
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
    /// What people wrote about domain lines.
    pub(super) annotations: HashMap<Domain, Annotation>,
    /// Finds the same rules without letter case. `None` if the table ignores letter case anyway.
    pub(super) any_case: Option<AnyCase>,
    /// True if a rule rejects or defers.
    pub(super) refuses: bool,
    /// How many rules each file has, by the number of the file.
    pub(super) counts: Vec<usize>,
    /// What was read of each file, by the number of the file.
    pub(super) reads: Vec<FileRead>,
    /// Rules that are in conflict with an earlier one. A table that has any never goes live.
    pub(super) conflicting: Vec<Rule>,
}

impl Table {
    /// Returns the number of rules. Domain lines are not counted.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns true if the table holds no rule.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Returns what a later table may reuse of this one. `fetch` reads the text of a file again if a finding
    /// has to show it.
    pub fn reuse<'t>(&'t self, fetch: Fetch<'t>) -> Reuse<'t> {
        Reuse::new(&self.store, &self.reads, &self.counts, fetch)
    }

    /// Returns the files, each with the number of its rules.
    pub fn rules_by_file(&self) -> impl Iterator<Item = (&str, usize)> {
        let counts = self.counts.iter().copied().chain(std::iter::repeat(0));
        self.files.iter().map(|name| &**name).zip(counts)
    }

    /// Returns the files, each with the number of its rules and domain lines.
    pub fn lines_by_file(&self) -> Vec<(&str, usize)> {
        let mut files: Vec<_> = self.rules_by_file().collect();
        for declared in self.known.values().filter_map(|entry| entry.declared) {
            if let Some((_, lines)) = files.get_mut(declared.file as usize) {
                *lines += 1;
            }
        }
        files
    }

    /// Returns the settings that the table was compiled with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the text of a rule, in canonical form. Empty if there is no such rule.
    pub fn text(&self, id: RuleId) -> String {
        let rule = self.store.unplaced(id);
        rule.map(|rule| rule.to_string()).unwrap_or_default()
    }

    /// Returns the file and the line of a rule.
    pub fn place(&self, id: RuleId) -> RulePlace<'_> {
        let (file, line) = self.store.place(id).unwrap_or((u32::MAX, 0));
        self.place_at(file, line)
    }

    /// Returns the place and the text of the line that declares a domain. `None` if no line declares it.
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

    /// Returns what people wrote about a rule.
    pub fn annotation(&self, id: RuleId) -> Annotation {
        let rule = self.store.unplaced(id);
        rule.map(|rule| rule.annotation).unwrap_or_default()
    }

    /// Returns what people wrote about the line of a domain.
    pub fn annotation_of(&self, domain: &Domain) -> Annotation {
        self.annotations.get(domain).cloned().unwrap_or_default()
    }

    /// Returns all rules, in the order of files and lines.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.store.iter()
    }

    /// Returns all rules as they are stored. A caller unpacks only those that it needs.
    pub fn entries(&self) -> impl Iterator<Item = StoredRule<'_>> {
        self.store.entries()
    }

    /// Returns the rules that are in conflict with an earlier one, at most a thousand. The checks look at
    /// their targets as well.
    pub fn conflicting_rules(&self) -> &[Rule] {
        &self.conflicting
    }

    /// Returns true if the pattern of another rule differs from that of this rule only in letter case. A key
    /// in lower case then does not show which of the two rules is meant.
    pub fn is_ambiguous_without_case(&self, id: RuleId) -> bool {
        self.any_case
            .as_ref()
            .is_some_and(|index| index.is_ambiguous(id))
    }

    /// Returns the domains of all targets.
    pub fn target_domains(&self) -> impl Iterator<Item = &Domain> {
        self.store.target_domains()
    }

    /// Returns true if a regex may match addresses of a domain.
    pub fn has_regex_for(&self, domain: &Domain) -> bool {
        let inbound = matches!(
            self.class(domain),
            Some(DomainClass::Primary | DomainClass::Secondary)
        );
        inbound && self.regexes.may_match_in(domain)
    }

    /// Returns the regexes, in the order in which they are tried.
    pub fn regex_patterns(&self) -> impl Iterator<Item = &str> {
        let mut all: Vec<_> = self.regex_texts.iter().collect();
        all.sort_by_key(|(_, id)| **id);
        all.into_iter().map(|(text, _)| &**text)
    }

    /// Returns true if some pattern may match an address only because of its detail.
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

    /// Returns the place of the line that declares a domain.
    pub fn declaration(&self, domain: &Domain) -> Option<Span> {
        self.known.get(domain)?.declared
    }

    /// Returns the class of a domain. A subdomain that an `@*.domain` rule covers is secondary. `None` if the
    /// table does not know the domain.
    pub fn class(&self, domain: &Domain) -> Option<DomainClass> {
        self.class_by(self.known.get(domain), domain)
    }

    /// Returns the class of a domain, for a caller that has looked its entry up already.
    pub(super) fn class_by(
        &self,
        entry: Option<&DomainEntry>,
        domain: &Domain,
    ) -> Option<DomainClass> {
        let covered = || self.wildcard(domain).map(|_| DomainClass::Secondary);
        entry.map(|entry| entry.class).or_else(covered)
    }

    /// Returns what happens to addresses of a domain that no rule matches.
    pub fn unknown(&self, domain: &Domain) -> Unknown {
        match self.known.get(domain) {
            Some(entry) => entry.unknown,
            None if self.class(domain).is_some() => Unknown::Reject,
            None => Unknown::Keep,
        }
    }

    /// Returns the domains that a line declares or a rule names, each with its class, sorted.
    pub fn known_domains(&self) -> Vec<(&Domain, DomainClass)> {
        let known = self.known.iter();
        let mut domains: Vec<_> = known.map(|(domain, entry)| (domain, entry.class)).collect();
        domains.sort();
        domains
    }

    /// Returns the domains that are primary or secondary, sorted.
    pub fn inbound_domains(&self) -> Vec<(&Domain, DomainClass)> {
        let mut domains = self.known_domains();
        domains.retain(|(_, class)| *class != DomainClass::External);
        domains
    }

    /// Returns the rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<Rule> {
        self.store.rule(id)
    }

    fn place_at(&self, file: u32, line: u32) -> RulePlace<'_> {
        RulePlace {
            file: self.files.get(file as usize).map_or("", |name| name),
            line,
        }
    }

    /// Returns the rule with the longest `@*.domain` pattern that is above a domain.
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
    /// Returns what a rule does. Its place, which takes longer to find, is not looked up.
    pub fn view(&self, id: RuleId) -> Option<RuleView> {
        self.store.meaning(id)
    }
}
