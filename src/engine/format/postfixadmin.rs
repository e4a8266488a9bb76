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
//! - An alias domain that is its own target is an error (postfixadmin#358).

use super::{context::Context, csv::Rows, header::Header, value::Value};
use crate::engine::{
    address::LocalCase,
    rule::{Action, Origin, Pattern, Span, Target, TargetKind},
};

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let active = header.find(&["active", "enabled"]);
    let alias_domain = header.find(&["aliasdomain"]);
    let (from, to) = match alias_domain {
        Some(from) => (Some(from), header.find(&["targetdomain"])),
        None => (
            header.find(&["address", "email"]),
            header.find(&["goto", "destination"]),
        ),
    };
    while let Some(row) = rows.next_of(header.len(), context) {
        let fields = Fields {
            from: row.cell(from),
            to: row.cell(to),
            active: row.cell(active),
            row: row.span,
        };
        if alias_domain.is_some() {
            domain_row(&fields, context);
        } else {
            alias_row(&fields, context);
        }
    }
}

/// What one row says, whatever it came in.
pub struct Fields<'t> {
    /// `address`, `alias_domain`, `email`.
    pub from: Value<'t>,
    /// `goto`, `target_domain`, `destination`.
    pub to: Value<'t>,
    /// `active`; empty where there is no such column.
    pub active: Value<'t>,
    /// The whole row.
    pub row: Span,
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
pub fn domain_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
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
pub fn alias_row(fields: &Fields<'_>, context: &mut Context<'_, '_>) {
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
    for value in fields.to.split(|c| c == ',' || c.is_whitespace()) {
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
