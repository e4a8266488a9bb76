//! Rules to a table: indexes, classes of domains, and domains that no line declares.
//!
//! Findings: `bad-regex`, `bad-capture`, `never-matches`, `undeclared-domain`, `mailbox-class`,
//! `declared-twice`, `too-many-rules`; those of two rules with one pattern are in `conflicts`.

use std::collections::{HashMap, HashSet};

use super::{
    DomainEntry, Settings, Table,
    conflicts::{is_own_secondary, twice},
    exact::Exact,
    lookup::key,
    regexes::{self, Regexes},
};
use crate::engine::{
    address::{Domain, LocalCase},
    rule::{
        Action, Declaration, DomainClass, Entry, Finding, Findings, Origin, Packed, Parsed,
        Pattern, Piece, Rule, RuleId, Span, TargetKind, Unknown, nearest,
    },
};

/// Builds the table of all rules; what is wrong with them is among the findings.
pub fn build(mut parsed: Parsed, settings: &Settings, findings: &mut Findings<'_>) -> Table {
    let files = findings
        .sources()
        .iter()
        .map(|source| source.name.as_str().into())
        .collect();
    let mut table = Table {
        settings: settings.clone(),
        files,
        ..Table::default()
    };
    declare(&parsed.declarations, &mut table, findings);
    let declared = !parsed.declarations.is_empty();
    table.store = std::mem::take(&mut parsed.rules);
    if let Some(span) = table.store.overflow() {
        findings.push(too_many(span));
    }
    index(&mut table, findings);
    if declared {
        check_declared(&table, &parsed, findings);
    } else {
        infer(&mut table, &parsed.domains);
    }
    check_reachable(&table, findings);
    table
}

/// What happens to unknown addresses where nothing is written (spec section 2.1).
fn default_unknown(class: DomainClass) -> Unknown {
    match class {
        DomainClass::Secondary => Unknown::Reject,
        DomainClass::Primary | DomainClass::External => Unknown::Keep,
    }
}

fn declare(declarations: &[Declaration], table: &mut Table, findings: &mut Findings<'_>) {
    let mut first: HashMap<&Domain, &Declaration> = HashMap::new();
    for line in declarations {
        if let Some(was) = first.get(&line.domain) {
            let message = format!("`{}` is declared twice", line.domain);
            let same = was.class == line.class && was.unknown == line.unknown;
            let finding = if same {
                Finding::warning("declared-twice", line.span, message)
            } else {
                Finding::error("declared-twice", line.span, message)
            };
            findings.push(
                finding
                    .help("keep one of the two")
                    .note(was.span, "first declared here"),
            );
            continue;
        }
        first.insert(&line.domain, line);
        let entry = DomainEntry {
            class: line.class,
            unknown: line.unknown.unwrap_or_else(|| default_unknown(line.class)),
            declared: Some(line.span),
            unknown_written: line.unknown.is_some(),
        };
        table.known.insert(line.domain.clone(), entry);
    }
}

fn too_many(span: Span) -> Finding {
    Finding::error(
        "too-many-rules",
        span,
        "this table is too large: its rules take more than 4 GiB",
    )
    .help("split it over several daemons, or use `@domain` rules")
}

/// Puts every rule into the index of its kind, in the order in which they are written: of two with one
/// pattern the first decides.
fn index(table: &mut Table, findings: &mut Findings<'_>) {
    let mut store = std::mem::take(&mut table.store);
    store.shrink();
    let case = table.settings.local_case;
    let mailboxes = store.entries().filter(Entry::is_for_mailbox);
    let mut exact = Exact::with_capacity(mailboxes.count());
    let mut list = Vec::new();
    let mut left_out = Vec::new();
    for entry in store.entries() {
        let id = entry.id;
        if entry.origin().is_secondary()
            && entry
                .rule()
                .is_some_and(|rule| is_own_secondary(&rule, case))
        {
            left_out.push(id);
            continue;
        }
        let was = if entry.is_for_mailbox() {
            exact.insert(&store, id, case)
        } else {
            table
                .index_other(&store, id, &mut list)
                .unwrap_or_else(|finding| {
                    findings.push(finding);
                    left_out.push(id);
                    None
                })
        };
        let Some(was) = was else { continue };
        left_out.push(id);
        if let (Some(rule), Some(was)) = (store.rule(id), store.rule(was)) {
            findings.extend(twice(&rule, &was, case));
        }
    }
    for (regex, id) in &list {
        if let Some(rule) = store.rule(*id) {
            check_captures(&rule, regex.captures_len(), findings);
        }
    }
    left_out.into_iter().for_each(|id| store.replace(id));
    (table.store, table.mailboxes) = (store, exact);
    table.regexes = Regexes::new(list);
}

impl Table {
    /// Puts a rule for more than one mailbox into the index of its kind; the one that was there first.
    fn index_other(
        &mut self,
        store: &Packed,
        id: RuleId,
        list: &mut Vec<(regex::Regex, RuleId)>,
    ) -> Result<Option<RuleId>, Finding> {
        let Some(rule) = store.rule(id) else {
            return Ok(None);
        };
        if let Some(was) = self.index_of(&rule.pattern) {
            return Ok(Some(was));
        }
        let case = self.settings.local_case;
        match &rule.pattern {
            // In the index of its own.
            Pattern::Mailbox(_) => {}
            Pattern::AnyDetail { user, domain } => {
                self.any_detail
                    .insert(key(user.as_str(), domain.as_str(), case).into(), id);
            }
            Pattern::LocalPart(local) => {
                self.local_parts.insert(local.folded(case).into(), id);
            }
            Pattern::Detailed(domain) => {
                self.detailed.insert(domain.clone(), id);
            }
            Pattern::Domain(domain) => {
                self.domains.insert(domain.clone(), id);
            }
            Pattern::Subdomains(domain) => {
                self.subdomains.insert(domain.clone(), id);
            }
            Pattern::Regex(text) => {
                let regex = regexes::compile(text).map_err(|error| bad_regex(rule.span, &error))?;
                self.regex_texts.insert(text.clone(), id);
                list.push((regex, id));
            }
        }
        Ok(None)
    }

    /// The rule with this very pattern, among those that are indexed so far.
    pub(super) fn index_of(&self, pattern: &Pattern) -> Option<RuleId> {
        let case = self.settings.local_case;
        match pattern {
            Pattern::Mailbox(mailbox) => {
                return self.mailbox_rule(&mailbox.local.folded(case), &mailbox.domain);
            }
            Pattern::AnyDetail { user, domain } => self
                .any_detail
                .get(key(user.as_str(), domain.as_str(), case).as_str()),
            Pattern::LocalPart(local) => self.local_parts.get(local.folded(case).as_str()),
            Pattern::Regex(text) => self.regex_texts.get(text),
            Pattern::Detailed(domain) => self.detailed.get(domain),
            Pattern::Domain(domain) => self.domains.get(domain),
            Pattern::Subdomains(domain) => self.subdomains.get(domain),
        }
        .copied()
    }
}

fn bad_regex(span: Span, error: &regex::Error) -> Finding {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    let reason = last.strip_prefix("error: ").unwrap_or(last);
    let finding = Finding::error("bad-regex", span, format!("this is no regex: {reason}"));
    if reason.contains("not supported") {
        finding.help("write it without look-around and back-references, or as several rules")
    } else {
        finding.help("mend it, or put `\\` before a character that is meant as it stands")
    }
}

fn check_captures(rule: &Rule, groups: usize, findings: &mut Findings<'_>) {
    let Action::Rewrite(targets) = &rule.action else {
        return;
    };
    for target in targets {
        let TargetKind::Template { pieces, .. } = &target.kind else {
            continue;
        };
        for piece in pieces {
            if let Piece::Capture(number) = piece
                && *number >= groups
            {
                let message = match groups {
                    1 => "the regex has no group to fill in".to_owned(),
                    _ => format!(
                        "the regex has no group {number}, its last is {}",
                        groups - 1
                    ),
                };
                findings.push(
                    Finding::error("bad-capture", target.span, message)
                        .help("put the part that is meant in parentheses"),
                );
            }
        }
    }
}

/// The domains of a rule's targets; a target equal to the pattern means *keep* and is none.
fn target_domains(rule: &Rule, case: LocalCase) -> impl Iterator<Item = (&Domain, Span)> {
    let targets = match &rule.action {
        Action::Rewrite(targets) => targets.as_slice(),
        _ => &[],
    };
    targets
        .iter()
        .filter_map(move |target| match (&target.kind, &rule.pattern) {
            (TargetKind::Mailbox(mailbox), Pattern::Mailbox(pattern))
                if mailbox.key(case) == pattern.key(case) =>
            {
                None
            }
            (TargetKind::Domain(domain), Pattern::Domain(pattern)) if domain == pattern => None,
            (TargetKind::Mailbox(mailbox), _) => Some((&mailbox.domain, target.span)),
            (TargetKind::Domain(domain) | TargetKind::Template { domain, .. }, _) => {
                Some((domain, target.span))
            }
        })
}

/// A directory without domain lines: mailboxes and targets are in primary domains, patterns in
/// secondary ones. A line of an MTA's map makes its domain secondary only if it is for the whole of
/// it; other patterns of a map leave the unknown users of their domain to the MTA.
fn infer(table: &mut Table, domains: &[Declaration]) {
    let (mut mapped, mut primary, mut secondary) = (HashSet::new(), HashSet::new(), HashSet::new());
    let case = table.settings.local_case;
    for rule in table.rules() {
        primary.extend(target_domains(&rule, case).map(|(domain, _)| domain.clone()));
        match (&rule.pattern, &rule.action) {
            (Pattern::Mailbox(mailbox), Action::Mailbox) => {
                primary.insert(mailbox.domain.clone());
            }
            // A wildcard speaks for the domains below, not for the one that it names.
            (Pattern::Subdomains(_), _) => {}
            (pattern, _)
                if rule.origin == Origin::Map && !matches!(pattern, Pattern::Domain(_)) =>
            {
                mapped.extend(pattern.domain().cloned());
            }
            (pattern, _) => secondary.extend(pattern.domain().cloned()),
        }
    }
    let inferred = [
        (mapped, DomainClass::Primary),
        (secondary, DomainClass::Secondary),
        (primary, DomainClass::Primary),
    ];
    let mut know = |domain: Domain, class, declared| {
        let entry = DomainEntry {
            class,
            unknown: default_unknown(class),
            declared,
            unknown_written: false,
        };
        table.known.insert(domain, entry);
    };
    for (domains, class) in inferred {
        domains
            .into_iter()
            .for_each(|domain| know(domain, class, None));
    }
    for line in domains {
        know(line.domain.clone(), line.class, Some(line.span));
    }
}

/// A declared directory: every domain in it is declared, or below a wildcard.
fn check_declared(table: &Table, parsed: &Parsed, findings: &mut Findings<'_>) {
    let declarations = &parsed.declarations;
    // A domain line with an error was meant to declare it.
    let meant = findings.words_in_error();
    let mut complain = |domain: &Domain, span: Span, what: &str| {
        if meant.contains(domain.as_str()) {
            return;
        }
        let message = format!("{what} is in `{domain}`, which no line declares");
        let names = declarations.iter().map(|line| line.domain.as_str());
        let meant = findings
            .wants_suggestions()
            .then(|| nearest(domain.as_str(), names))
            .flatten();
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "declare it: `{domain} primary`, `{domain} secondary` or `{domain} external`"
            ),
        };
        findings.push(Finding::error("undeclared-domain", span, message).help(help));
    };
    let undeclared = |domain: &Domain| table.class(domain).is_none();
    // Most directories declare all: this spares a walk over all rules.
    let rules = table.store.domains().any(undeclared).then(|| table.rules());
    for rule in rules.into_iter().flatten() {
        if let Some(domain) = rule.pattern.domain().filter(|domain| undeclared(domain)) {
            complain(domain, rule.span, "the pattern");
        }
        // The target of a secondary address is the mailbox itself, whose own line is checked.
        if !rule.origin.is_secondary() {
            for (domain, span) in target_domains(&rule, table.settings.local_case)
                .filter(|(domain, _)| undeclared(domain))
            {
                complain(domain, span, "the target");
            }
        }
    }
    for line in &parsed.domains {
        if undeclared(&line.domain) {
            complain(&line.domain, line.span, "the line");
        }
    }
    check_mailbox_classes(table, findings);
}

/// A mailbox lives in a primary domain.
fn check_mailbox_classes(table: &Table, findings: &mut Findings<'_>) {
    for rule in table.rules().filter(|rule| rule.action == Action::Mailbox) {
        let Some(domain) = rule.pattern.domain() else {
            continue;
        };
        if let Some(class @ (DomainClass::Secondary | DomainClass::External)) = table.class(domain)
        {
            let message = format!(
                "a mailbox lives in a primary domain, and `{domain}` is {}",
                class.word()
            );
            findings.push(
                Finding::error("mailbox-class", rule.span, message).help(format!(
                    "declare `{domain} primary`, or write `keep` instead of `mailbox`"
                )),
            );
        }
    }
}

/// Rules that no address can ever match.
fn check_reachable(table: &Table, findings: &mut Findings<'_>) {
    let secondary = !table.subdomains.is_empty()
        || table
            .known
            .values()
            .any(|entry| entry.class == DomainClass::Secondary);
    // A line with an error may have been meant to declare one.
    let secondary = secondary || findings.has_errors();
    let no_delimiter = table.settings.recipient_delimiter.is_empty();
    let wide = table.entries().filter(|entry| !entry.is_for_mailbox());
    for rule in wide.filter_map(|entry| entry.rule()) {
        let why = match &rule.pattern {
            Pattern::LocalPart(_) if !secondary => {
                "there is no secondary domain, so this rule can never match"
            }
            Pattern::AnyDetail { .. } | Pattern::Detailed(_) if no_delimiter => {
                "without a `recipient_delimiter` no address has a detail, so this rule can never match"
            }
            _ => continue,
        };
        findings.push(
            Finding::warning("never-matches", rule.span, why)
                .help("delete it, or declare what it is meant for"),
        );
    }
}
