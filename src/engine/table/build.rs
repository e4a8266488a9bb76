//! Builds a table from rules: fills the index of each kind of pattern.
//!
//! Findings: `bad-regex`, `bad-capture`, `never-matches`, `too-many-rules`. The findings about two rules with
//! the same pattern are in `conflicts`, those about domains in `classes`.

use super::{
    any_case::AnyCase,
    classes::{check_declared, check_lookalikes, declare, infer},
    compiled::Table,
    conflicts::{is_own_secondary, twice},
    key::key,
    mailbox_index::{BATCH, MailboxIndex},
    regexes::{self, Refused, Regexes},
    settings::Settings,
    wide_rules,
};
use crate::engine::{
    address::LocalCase,
    diagnostic::{Finding, Findings, Span, codes},
    rule::{Action, DomainClass, Pattern, Piece, Rule, TargetKind},
    store::{RuleId, RuleStore},
    syntax::Parsed,
};

/// How many of the rules that are in conflict with an earlier one are kept, so that their targets are checked.
const MAX_CONFLICTING: usize = 1000;

/// Builds the table of all rules. Adds to `findings` what is wrong with the rules.
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
    table.reads = std::mem::take(&mut parsed.files);
    if let Some(span) = table.store.overflow() {
        findings.push(too_many(span));
    }
    index(&mut table, findings);
    if settings.local_case == LocalCase::Strict {
        table.any_case = Some(AnyCase::new(&table.store));
    }
    if declared {
        check_declared(&table, &parsed, findings);
    } else {
        infer(&mut table, &parsed.domains);
        check_lookalikes(&table, findings);
    }
    for (domain, entry) in &mut table.known {
        entry.number = table.store.domain(domain);
    }
    check_reachable(&table, findings);
    wide_rules::check(&table, declared, findings);
    table
}

fn too_many(span: Span) -> Finding {
    Finding::error(
        codes::TOO_MANY_RULES,
        span,
        "this table is too large: its rules take more than 4 GiB",
    )
    .help("split it over several daemons, or use `@domain` rules")
}

/// Puts every rule into the index of its kind, in the order in which the rules are written. Of two rules with
/// the same pattern the first decides.
fn index(table: &mut Table, findings: &mut Findings<'_>) {
    let mut store = std::mem::take(&mut table.store);
    store.shrink();
    let case = table.settings.local_case;
    // Where there are many rules, nearly all of them are for one mailbox.
    let mut mailboxes = MailboxIndex::with_capacity(store.len());
    let mut list = Vec::new();
    let mut left_out = Vec::new();
    // Two rules with the same pattern: the earlier one, then the later one.
    let mut repeats = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    table.counts = vec![0; table.files.len()];
    for entry in store.entries() {
        let id = entry.id;
        table.refuses |= entry.refuses();
        if let Some(count) = table.counts.get_mut(entry.file() as usize) {
            *count += 1;
        }
        if entry.origin().is_secondary()
            && entry
                .rule()
                .is_some_and(|rule| is_own_secondary(&rule, case))
        {
            left_out.push(id);
            continue;
        }
        if entry.is_for_mailbox() {
            batch.push(id);
            if batch.len() == BATCH {
                mailboxes.insert(&store, &batch, case, |was, id| repeats.push((was, id)));
                batch.clear();
            }
            continue;
        }
        match table.index_other(&store, id, &mut list, findings) {
            Ok(Some(was)) => repeats.push((was, id)),
            Ok(None) => {}
            Err(finding) => {
                findings.push(finding);
                left_out.push(id);
            }
        }
    }
    mailboxes.insert(&store, &batch, case, |was, id| repeats.push((was, id)));
    for (was, id) in repeats {
        left_out.push(id);
        if let (Some(rule), Some(was)) = (store.rule(id), store.rule(was)) {
            let finding = twice(&rule, &was, case);
            let conflict = finding.as_ref().is_some_and(Finding::is_error);
            if conflict && table.conflicting.len() < MAX_CONFLICTING {
                table.conflicting.push(rule);
            }
            findings.extend(finding);
        }
    }
    let (regexes, refused) = Regexes::new(&list);
    for (id, why) in refused {
        left_out.push(id);
        findings.extend(store.rule(id).map(|rule| refused_regex(rule.span, why)));
    }
    leave_out(&left_out, &mut store, &mut table.counts);
    (table.store, table.mailboxes, table.regexes) = (store, mailboxes, regexes);
}

/// Removes rules from the store that never decide, and from the counts of their files.
fn leave_out(ids: &[RuleId], store: &mut RuleStore, counts: &mut [usize]) {
    for id in ids {
        let file = store.place(*id).map(|(file, _)| file as usize);
        if let Some(count) = file.and_then(|file| counts.get_mut(file)) {
            *count -= 1;
        }
        store.replace(*id);
    }
}

impl Table {
    /// Puts a rule for more than one mailbox into the index of its kind. Returns the earlier rule with the
    /// same pattern, if there is one; the index then keeps the earlier rule.
    ///
    /// # Errors
    ///
    /// A finding if the pattern is an invalid regex.
    fn index_other(
        &mut self,
        store: &RuleStore,
        id: RuleId,
        list: &mut Vec<(RuleId, Box<str>)>,
        findings: &mut Findings<'_>,
    ) -> Result<Option<RuleId>, Finding> {
        let Some(rule) = store.rule(id) else {
            return Ok(None);
        };
        if let Some(was) = self.index_of(&rule.pattern) {
            return Ok(Some(was));
        }
        let case = self.settings.local_case;
        match &rule.pattern {
            // `index` puts these into the index of mailboxes.
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
                let groups = regexes::parse(text).map_err(|why| bad_regex(rule.span, &why))?;
                check_captures(&rule, groups, findings);
                self.regex_texts.insert(text.clone(), id);
                list.push((id, text.clone()));
            }
        }
        Ok(None)
    }

    /// Returns the rule with exactly this pattern, among those that are indexed so far.
    pub(super) fn index_of(&self, pattern: &Pattern) -> Option<RuleId> {
        let case = self.settings.local_case;
        match pattern {
            Pattern::Mailbox(mailbox) => {
                let domain = self.store.domain(&mailbox.domain)?;
                let local = mailbox.local.as_str();
                return self.mailboxes.find(&self.store, local, domain, case);
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

fn bad_regex(span: Span, text: &str) -> Finding {
    let last = text.lines().last().unwrap_or_default();
    let reason = last.strip_prefix("error: ").unwrap_or(last);
    let finding = Finding::error(
        codes::BAD_REGEX,
        span,
        format!("this is not a regex: {reason}"),
    );
    if reason.contains("not supported") {
        finding.help("write it without look-around and back-references, or as several rules")
    } else {
        finding.help("fix the regex, or put `\\` before a character that must match itself")
    }
}

fn refused_regex(span: Span, why: Refused) -> Finding {
    match why {
        Refused::TooLarge => {
            let message = "this regex is too large: its program takes more than 1 MiB";
            Finding::error(codes::BAD_REGEX, span, message)
                .help("write it with smaller repetitions, or as several rules")
        }
        Refused::TooMany => {
            let message = "there are too many regexes: their programs take more than 128 MiB";
            Finding::error(codes::BAD_REGEX, span, message)
                .help("write one rule for each address instead of a regex where that is possible")
        }
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
                    Finding::error(codes::BAD_CAPTURE, target.span, message)
                        .help("put the part that is meant in parentheses"),
                );
            }
        }
    }
}

/// Warns about rules that can never match an address.
fn check_reachable(table: &Table, findings: &mut Findings<'_>) {
    let secondary = !table.subdomains.is_empty()
        || table
            .known
            .values()
            .any(|entry| entry.class == DomainClass::Secondary);
    // A line with an error may have been meant to declare a secondary domain.
    let secondary = secondary || findings.has_errors();
    let no_delimiter = table.settings.recipient_delimiter.is_empty();
    let wide = table.entries().filter(|entry| !entry.is_for_mailbox());
    for rule in wide.filter_map(|entry| entry.rule()) {
        let (why, help) = match &rule.pattern {
            Pattern::LocalPart(_) if !secondary => (
                "there is no secondary domain, so this rule can never match",
                "delete the rule, or write a line that declares a secondary domain",
            ),
            Pattern::AnyDetail { .. } | Pattern::Detailed(_) if no_delimiter => (
                "without a `recipient_delimiter` no address has a detail, so this rule can never match",
                "delete the rule, or set `recipient_delimiter` in readdress.toml",
            ),
            _ => continue,
        };
        let finding = Finding::warning(codes::NEVER_MATCHES, rule.span, why).help(help);
        findings.push(match rule.pattern {
            // A file that could not be read may hold a secondary domain, and never the setting.
            Pattern::LocalPart(_) => finding,
            _ => finding.regardless(),
        });
    }
}
