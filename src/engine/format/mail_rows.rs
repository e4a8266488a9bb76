//! Makes rules from the rows of tables of mail servers.
//!
//! # Traps
//!
//! - In iRedMail and ISPmail a row is one pair, and an address may have several rows. They become one rule
//!   with several targets, because Postfix joins the rows of an answer.
//! - A row whose address is its own target is a mailbox. `goto` may contain the address of the
//!   vacation program (`user#company.com@autoreply.company.com`), which is counted and skipped.
//! - If an alias has the address of a mailbox, the alias decides.
//! - `@domain` is a rule for the whole domain; iRedMail writes the domain alone. A target `@other` keeps the
//!   local-part. `ALL` is not a domain.
//! - An address may be a local-part beside its domain, or beside the number of its domain, which another table names.
//! - A value of `active` that is neither on nor off is an error. In mailcow, 2 (no login) is on.
//! - mailcow's `null@localhost`, `spam@localhost`, `ham@localhost` are commands for its own filter: errors.
//! - The only wildcard of Mailu that becomes a rule is `%@domain`; any other wildcard is an error.
//! - An alias domain that is its own target is an error (postfixadmin#358).
//!
//! # Limits
//!
//! All rows of a file are kept in memory until its end.

use std::collections::{HashMap, HashSet};

use super::{
    context::Context,
    field_text::FieldText,
    identity,
    mail_tables::{Columns, MailTable},
    unread::{Holder, Unread},
};
use crate::engine::{
    address::{Domain, LocalCase, Mailbox},
    diagnostic::{Span, codes},
    rule::{Action, Origin, Pattern, Target, TargetKind},
};

/// One row: its cells, and its place.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    /// `address`, `alias_domain`, `email`, `source`.
    pub from: FieldText<'t>,
    /// `goto`, `target_domain`, `destination`.
    pub to: FieldText<'t>,
    /// `active`; `None` if there is no such column.
    pub active: Option<FieldText<'t>>,
    /// `wildcard`.
    pub wildcard: FieldText<'t>,
    /// The domain as text.
    pub domain: FieldText<'t>,
    /// The number of the domain.
    pub number: FieldText<'t>,
    /// The place of the row.
    pub row: Span,
}

impl<'t> Fields<'t> {
    /// Returns the cells of a row by their columns.
    pub fn of(columns: &Columns, cell: impl Fn(Option<usize>) -> FieldText<'t>, row: Span) -> Self {
        let joined = |local: Option<usize>, domain: Option<usize>| {
            let (mut value, domain) = (cell(local), cell(domain));
            if !value.text.contains('@') && !domain.text.is_empty() {
                // This is NULL in `mysql -B` and COPY. Without a local-part the rule is for the whole domain.
                if is_empty(&value) {
                    value.text = "".into();
                }
                value.text = format!("{}@{}", value.text, domain.text).into();
            }
            value
        };
        let apart = columns.target_domain.is_some() || columns.table == MailTable::Mailboxes;
        Self {
            from: joined(columns.from, columns.domain.filter(|_| apart)),
            to: joined(columns.to, columns.target_domain),
            active: columns.active.map(|at| cell(Some(at))),
            wildcard: cell(columns.wildcard),
            domain: cell(columns.domain),
            number: cell(columns.number),
            row,
        }
    }
}

/// One address and its targets.
#[derive(Debug)]
struct Alias {
    pattern: Pattern,
    targets: Vec<Target>,
    span: Span,
    /// True if a target could not be read.
    broken: bool,
}

/// The rows of one file.
#[derive(Debug, Default)]
pub struct MailRows<'t> {
    aliases: Vec<Alias>,
    at: HashMap<String, usize>,
    mailboxes: Vec<(Mailbox, Span)>,
    /// Rows that name their domain by its number.
    waiting: Vec<(Columns, Fields<'t>)>,
    domains: HashMap<String, FieldText<'t>>,
    /// Names of aliases from a table without targets.
    names: Vec<FieldText<'t>>,
}

impl<'t> MailRows<'t> {
    /// Reads one row.
    pub fn add(&mut self, columns: &Columns, fields: Fields<'t>, context: &mut Context<'_, '_>) {
        if columns.table == MailTable::Hosted {
            return hosted(&fields, context);
        }
        if columns.table == MailTable::Domains {
            context.skip("domains");
            self.domains
                .insert(fields.number.text.to_string(), fields.from);
            return;
        }
        if !counts(columns, &fields, context) {
            return;
        }
        match columns.table {
            MailTable::AliasNames => self.names.push(fields.from),
            MailTable::DomainAliases if columns.to.is_none() => {
                self.waiting.push((*columns, fields))
            }
            MailTable::Aliases | MailTable::Mailboxes if needs_domain(&fields) => {
                self.waiting.push((*columns, fields));
            }
            MailTable::DomainAliases => domain_alias(&fields.from, &fields.to, context),
            MailTable::Mailboxes => self.mailbox(&fields, context),
            _ => self.alias(&fields, context),
        }
    }

    /// Adds the rules.
    pub fn finish(mut self, context: &mut Context<'_, '_>) {
        // If other rows have full addresses, a row without an address is not a rule for the whole domain.
        let whole = !(self.aliases.is_empty() && self.mailboxes.is_empty());
        for (columns, mut fields) in std::mem::take(&mut self.waiting) {
            if whole && is_empty(&fields.from) {
                missing(&fields, context);
                continue;
            }
            let Some(domain) = self.domains.get(&*fields.number.text) else {
                let message = format!(
                    "`{}` belongs to the domain with the number {}, which is not in this file",
                    fields.from.text, fields.number.text
                );
                let help = "export the table of domains as well, in the same dump";
                context.error(codes::UNKNOWN_DOMAIN, fields.row, message, help);
                continue;
            };
            if columns.table == MailTable::DomainAliases {
                domain_alias(&fields.from, domain, context);
                continue;
            }
            fields.from.text = format!("{}@{}", fields.from.text, domain.text).into();
            match columns.table {
                MailTable::Mailboxes => self.mailbox(&fields, context),
                _ => self.alias(&fields, context),
            }
        }
        self.unnamed(context);
        let aliases = &self.aliases;
        let is_used = |alias: &Alias| alias.broken || !alias.targets.is_empty();
        self.at
            .retain(|_, at| aliases.get(*at).is_some_and(is_used));
        for alias in self.aliases {
            if alias.broken || alias.targets.is_empty() {
                continue;
            }
            let mailbox = matches!(alias.pattern, Pattern::Mailbox(_));
            let mut targets = alias.targets;
            let mut seen = HashSet::new();
            targets.retain(|target| seen.insert(target.to_string()));
            let action = match identity::action(&alias.pattern, targets) {
                Action::Keep if mailbox => Action::Mailbox,
                action => action,
            };
            context.rule(alias.pattern, action, None, alias.span, Origin::Row);
        }
        for (mailbox, span) in self.mailboxes {
            if !self.at.contains_key(&mailbox.key(LocalCase::Ignore)) {
                let pattern = Pattern::Mailbox(mailbox);
                context.rule(pattern, Action::Mailbox, None, span, Origin::Row);
            }
        }
    }

    /// Reports aliases whose targets are in no table.
    fn unnamed(&self, context: &mut Context<'_, '_>) {
        let known = |name: &FieldText<'_>| {
            Mailbox::parse(&name.text)
                .is_ok_and(|name| self.at.contains_key(&name.key(LocalCase::Ignore)))
        };
        let mut unread = Unread::default();
        for name in self.names.iter().filter(|name| !known(name)) {
            let what = || "the table `alias`, without a column of targets,".to_owned();
            unread.count(Holder::Table, name.span, 1, what);
        }
        unread.report(context);
    }

    fn mailbox(&mut self, fields: &Fields<'t>, context: &mut Context<'_, '_>) {
        if let Some((mailbox, span)) = context.pattern(&fields.from) {
            self.mailboxes.push((mailbox, span));
        }
    }

    fn alias(&mut self, fields: &Fields<'t>, context: &mut Context<'_, '_>) {
        let Some(pattern) = pattern(fields, context) else {
            return;
        };
        let key = match &pattern {
            Pattern::Mailbox(mailbox) => mailbox.key(LocalCase::Ignore),
            other => other.to_string(),
        };
        let at = *self.at.entry(key).or_insert(self.aliases.len());
        if at == self.aliases.len() {
            self.aliases.push(Alias {
                pattern,
                targets: Vec::new(),
                span: fields.from.span,
                broken: false,
            });
        }
        let Some(alias) = self.aliases.get_mut(at) else {
            return;
        };
        for value in fields
            .to
            .split(|c| matches!(c, ',' | ';') || c.is_ascii_whitespace())
        {
            if is_vacation(&value.text) {
                context.skip("vacation");
                continue;
            }
            match target(&value, context) {
                Some(target) => alias.targets.push(target),
                None => alias.broken = true,
            }
        }
    }
}

/// Returns true if the row names its domain by a number, so that its address is a local-part or empty.
fn needs_domain(fields: &Fields<'_>) -> bool {
    !fields.from.text.contains('@') && !fields.number.text.is_empty()
}

/// Returns true if a cell is empty or NULL.
fn is_empty(value: &FieldText<'_>) -> bool {
    matches!(&*value.text, "" | "NULL" | "\\N")
}

/// Returns the meaning of a value such as `1` or `no`; `None` if it has none.
fn truth(text: &str) -> Option<bool> {
    let text = text.trim_matches('\'').to_ascii_lowercase();
    match text.as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" | "\u{1}" => Some(true),
        "0" | "f" | "false" | "n" | "no" | "off" | "\0" => Some(false),
        _ => None,
    }
}

/// Returns true if a row is to be read. Other rows are counted as skipped, or reported.
fn counts(columns: &Columns, fields: &Fields<'_>, context: &mut Context<'_, '_>) -> bool {
    if let Some(value) = &fields.active {
        let on = match truth(&value.text) {
            None if columns.mailcow && value.text == "2" => Some(true),
            other => other.map(|on| on != columns.inverted),
        };
        match on {
            Some(true) => {}
            Some(false) => {
                context.skip("disabled");
                return false;
            }
            None => {
                let message = format!(
                    "`{}` does not say whether the row is active",
                    value.text.escape_debug()
                );
                let help = "active is 1 or 0, t or f, true or false, y or n; fix the row in the database, or leave it out of the export";
                context.error(codes::BAD_ACTIVE, fields.row, message, help);
                return false;
            }
        }
    }
    let domain = fields
        .from
        .text
        .rsplit_once('@')
        .map_or(&*fields.from.text, |(_, domain)| domain);
    if domain == "ALL" {
        context.skip("pseudo-domain");
        return false;
    }
    let from = is_empty(&fields.from) && fields.number.text.is_empty();
    if from || (columns.to.is_some() && is_empty(&fields.to)) {
        missing(fields, context);
        return false;
    }
    true
}

fn missing(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    let message = "one of the two addresses is missing";
    let help = "fix the row in the database, or delete it";
    context.error(codes::EMPTY_CELL, fields.row, message, help);
}

/// Counts a row of PostfixAdmin's table `domain`: other tables say what happens to addresses.
fn hosted(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    if fields.from.text == "ALL" {
        context.skip("pseudo-domain");
    } else if truth(&fields.to.text) == Some(true) {
        context.skip("backup-mx");
    } else {
        context.skip("domains");
    }
}

/// Adds one rule for a whole domain.
fn domain_alias(from: &FieldText<'_>, to: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let (Some((from, span)), Some((to, at))) = (context.domain(from), context.domain(to)) else {
        return;
    };
    if from == to {
        let message = format!("the alias domain `{from}` is its own target: a loop");
        return context.error(codes::LOOP, span, message, "delete the row in the database");
    }
    let target = Target {
        kind: TargetKind::Domain(to),
        span: at,
    };
    let action = Action::Rewrite(vec![target]);
    context.rule(Pattern::Domain(from), action, None, span, Origin::Row);
}

/// Returns the address of an alias, or its whole domain.
fn pattern(fields: &Fields<'_>, context: &mut Context<'_, '_>) -> Option<Pattern> {
    let from = &fields.from;
    let local = from.text.rsplit_once('@').map(|(local, _)| local);
    if truth(&fields.wildcard.text) == Some(true) && !matches!(local, Some("%" | "")) {
        let message = format!("patterns such as `{}` are not supported", from.text);
        let help = "write a regex in a `.rules` file, with `.*` for `%` and `.` for `_`";
        context.error(codes::WILDCARD, from.span, message, help);
        return None;
    }
    // iRedMail writes the bare domain for its catch-all.
    let bare = local.is_none() && from.text.eq_ignore_ascii_case(&fields.domain.text);
    // Mailu writes `%` for any local-part.
    let whole = from.text.strip_prefix(['@', '%']);
    let domain = match whole.filter(|domain| !domain.is_empty()) {
        Some(domain) => domain.trim_start_matches('@'),
        None if bare => &from.text,
        None => {
            let (mailbox, _) = context.pattern(from)?;
            return Some(Pattern::Mailbox(mailbox));
        }
    };
    let value = from.part(from.text.len() - domain.len()..from.text.len());
    let (domain, _) = context.domain(&value)?;
    Some(Pattern::Domain(domain))
}

/// Returns true for an address of vacation(1): `user#company.com@autoreply.company.com`.
fn is_vacation(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| local.contains('#') && domain.starts_with("autoreply."))
}

fn target(value: &FieldText<'_>, context: &mut Context<'_, '_>) -> Option<Target> {
    if let Some(domain) = value.text.strip_prefix('@') {
        let (domain, span): (Domain, Span) = context.domain(&value.part(1..1 + domain.len()))?;
        return Some(Target {
            kind: TargetKind::Domain(domain),
            span,
        });
    }
    let target = context.target(value)?;
    let TargetKind::Mailbox(mailbox) = &target.kind else {
        return Some(target);
    };
    let local = mailbox.local.folded(LocalCase::Ignore);
    if mailbox.domain.as_str() == "localhost" && matches!(local.as_str(), "null" | "spam" | "ham") {
        let message =
            format!("`{mailbox}` is an instruction to the filter of mailcow, not an address");
        let help = "write `discard` in a `.rules` file if the mail is to vanish";
        context.error(codes::NOT_AN_ADDRESS, target.span, message, help);
        return None;
    }
    Some(target)
}
