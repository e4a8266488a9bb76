//! Tables of PostfixAdmin, mailcow and Mailu, as CSV or as `mysql -B` prints them (TAB, `\n`, `NULL`).
//!
//! ```text
//! address,goto,active                     alias_domain,target_domain,active
//! jd@company.com,jdoe@company.com,1       domain2.com,company.com,1
//! jdoe@company.com,jdoe@company.com,1
//! ```
//!
//! # Traps
//!
//! - Columns go by name: newer versions put `description` in between.
//! - `active` is `1/0`, `t/f` or `true/false`; rows that are not active are counted.
//! - A row whose address is its own `goto` is a mailbox. `goto` may hold the vacation helper
//!   (`user#company.com@autoreply.company.com`), which is counted and left out.
//! - `@domain` is a catch-all, `goto` `@other` keeps the local-part; `ALL` is no domain.
//! - mailcow's `null@localhost`, `spam@localhost`, `ham@localhost` are orders to its own filter: errors.
//! - `domain` says who is hosted, and is counted, `backupmx` and the pseudo-domain `ALL` apart.
//! - Mailu's `alternative` (`name,domain_name`) is an alias domain; of its wildcards only `%@domain` is
//!   a rule, any other is an error.
//! - An alias domain that is its own target is an error (postfixadmin#358).

use super::{context::Context, csv::Rows, header::Header, value::Value};
use crate::engine::{
    address::LocalCase,
    rule::{Action, Origin, Pattern, Span, Target, TargetKind},
};

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let has = |name| header.find(&[name]).is_some();
    let table = if has("aliasdomain") || has("domainname") && !has("destination") {
        Table::AliasDomain
    } else if has("backupmx") {
        Table::Domain
    } else {
        Table::Alias
    };
    let columns = Columns::find(table, |name| header.find(&[name]));
    while let Some(row) = rows.next_of(header.len(), context) {
        columns.read(|column| row.cell(column), row.span, context);
    }
}

/// The tables that say something about addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Table {
    /// `alias`.
    Alias,
    /// `alias_domain`; Mailu's `alternative`.
    AliasDomain,
    /// `domain`.
    Domain,
}

impl Table {
    /// The table of this name in a database.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "alias" => Some(Self::Alias),
            "alias_domain" | "alternative" => Some(Self::AliasDomain),
            "domain" => Some(Self::Domain),
            _ => None,
        }
    }
}

/// Where a table has what counts.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    table: Table,
    from: Option<usize>,
    to: Option<usize>,
    active: Option<usize>,
    wildcard: Option<usize>,
}

impl Columns {
    /// Finds the columns by their names, which are written without underscores.
    pub fn find(table: Table, position: impl Fn(&str) -> Option<usize>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| position(name));
        let (from, to) = match table {
            Table::Alias => (
                first(&["address", "email"]),
                first(&["goto", "destination"]),
            ),
            Table::AliasDomain => (
                first(&["aliasdomain", "name"]),
                first(&["targetdomain", "domainname"]),
            ),
            Table::Domain => (first(&["domain", "name"]), first(&["backupmx"])),
        };
        Self {
            table,
            from,
            to,
            active: first(&["active", "enabled"]),
            wildcard: first(&["wildcard"]),
        }
    }

    /// Reads one row.
    pub fn read<'t>(
        &self,
        cell: impl Fn(Option<usize>) -> Value<'t>,
        row: Span,
        context: &mut Context<'_, '_>,
    ) {
        let fields = Fields {
            from: cell(self.from),
            to: cell(self.to),
            active: cell(self.active),
            row,
        };
        match self.table {
            Table::Alias if is_true(&cell(self.wildcard)) => wildcard_row(&fields, context),
            Table::Alias => alias_row(&fields, context),
            Table::AliasDomain => domain_row(&fields, context),
            Table::Domain => hosted_row(&fields, context),
        }
    }
}

fn is_true(cell: &Value<'_>) -> bool {
    let text = cell.text.trim_matches('\'').to_ascii_lowercase();
    matches!(text.as_str(), "1" | "t" | "true" | "y" | "yes")
}

/// A row of `domain`: who is hosted. Other tables say what happens to addresses; it is counted.
fn hosted_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    if fields.from.text == "ALL" {
        context.skip("pseudo-domain");
    } else if is_true(&fields.to) {
        context.skip("backup-mx");
    } else {
        context.skip("domains");
    }
}

/// A wildcard of Mailu, a pattern as SQL's LIKE has it: `%@domain` is a whole domain, and no other is
/// known here.
fn wildcard_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    let local = fields.from.text.rsplit_once('@').map(|(local, _)| local);
    if matches!(local, Some("%" | "")) {
        return alias_row(fields, context);
    }
    let message = format!("`{}` is a pattern, which cannot be read", fields.from.text);
    let help = "write it as a regex in a `.rules` file: `%` is `.*` there, and `_` is `.`";
    context.error("wildcard", fields.from.span, message, help);
}

/// What one row says, whatever it came in.
struct Fields<'t> {
    /// `address`, `alias_domain`, `email`.
    from: Value<'t>,
    /// `goto`, `target_domain`, `destination`.
    to: Value<'t>,
    /// `active`; empty where there is no such column.
    active: Value<'t>,
    /// The whole row.
    row: Span,
}

impl Fields<'_> {
    /// Whether it counts; what does not is counted.
    fn counts(&self, context: &mut Context<'_, '_>) -> bool {
        let active = self.active.text.trim_matches('\'').to_ascii_lowercase();
        if matches!(active.as_str(), "0" | "f" | "false" | "n" | "no") {
            context.skip("disabled");
            return false;
        }
        let domain = self
            .from
            .text
            .rsplit_once('@')
            .map_or(&*self.from.text, |(_, domain)| domain);
        if domain == "ALL" {
            context.skip("pseudo-domain");
            return false;
        }
        if self.from.text.is_empty() || self.to.text.is_empty() || self.to.text == "NULL" {
            let message = "one of the two addresses is missing";
            context.error(
                "empty-cell",
                self.row,
                message,
                "mend the row in the database, or delete it",
            );
            return false;
        }
        true
    }
}

/// A row of `alias_domain`: one rule for the whole domain.
fn domain_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    if !fields.counts(context) {
        return;
    }
    let (Some((from, span)), Some((to, at))) =
        (context.domain(&fields.from), context.domain(&fields.to))
    else {
        return;
    };
    if from == to {
        let message = format!("the alias domain `{from}` is its own target: a loop");
        return context.error("loop", span, message, "delete the row in the database");
    }
    let target = Target {
        kind: TargetKind::Domain(to),
        span: at,
    };
    context.rule(
        Pattern::Domain(from),
        Action::Rewrite(vec![target]),
        None,
        span,
        Origin::Row,
    );
}

/// A row of `alias`.
fn alias_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
    if !fields.counts(context) {
        return;
    }
    let pattern = match fields.from.text.strip_prefix(['@', '%']) {
        // Mailu writes its wildcard as SQL does.
        Some(domain) if !domain.is_empty() => {
            let domain = domain.trim_start_matches('@');
            let from = fields.from.text.len() - domain.len();
            let value = fields.from.part(from..fields.from.text.len());
            context
                .domain(&value)
                .map(|(domain, _)| Pattern::Domain(domain))
        }
        _ => context
            .pattern(&fields.from)
            .map(|(mailbox, _)| Pattern::Mailbox(mailbox)),
    };
    let Some(pattern) = pattern else { return };
    let mut targets: Vec<Target> = Vec::new();
    let mut sound = true;
    let mut dropped = false;
    for value in fields.to.split(|c| c == ',' || c.is_ascii_whitespace()) {
        if is_vacation(&value.text) {
            context.skip("vacation");
            dropped = true;
            continue;
        }
        match target(&value, context) {
            Some(target) if !targets.contains(&target) => targets.push(target),
            Some(_) => {}
            None => sound = false,
        }
    }
    if !sound || (targets.is_empty() && dropped) {
        return;
    }
    let action = match super::identity::action(&pattern, targets) {
        Action::Keep if matches!(pattern, Pattern::Mailbox(_)) => Action::Mailbox,
        action => action,
    };
    context.rule(pattern, action, None, fields.from.span, Origin::Row);
}

/// `user#company.com@autoreply.company.com`
fn is_vacation(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| local.contains('#') && domain.starts_with("autoreply."))
}

fn target(value: &Value<'_>, context: &mut Context<'_, '_>) -> Option<Target> {
    if let Some(domain) = value.text.strip_prefix('@') {
        let (domain, span) = context.domain(&value.part(1..1 + domain.len()))?;
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
        let message = format!("`{mailbox}` is an order to mailcow's own filter, not an address");
        let help = "write `discard` in a `.rules` file if the mail is to vanish";
        context.error("not-an-address", target.span, message, help);
        return None;
    }
    Some(target)
}
