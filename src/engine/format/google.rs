//! Google Workspace: what GAM prints, and the recipient address map.
//!
//! ```text
//! Alias,Target,TargetType              gam print aliases
//! Target,TargetType,Aliases            gam print aliases onerowpertarget
//! primaryEmail,aliases.0,aliases.1     gam print users aliases
//! email,aliases.0,aliases.1            gam print groups aliases
//! primaryEmail,emails.0.address,…      gam print users emails
//! Type,Email,Target                    gam print addresses
//! Name,Primary Email,Email Alias       a sheet that Apps Script wrote
//! jd@domain2.com,jdoe@company.com      recipient address map, without a header
//! ```
//!
//! # Traps
//!
//! - The field delimiter of GAM separates the values of `Aliases`: a blank, a comma or `|`.
//! - If there is a column `aliases.0`, the column `aliases` holds the number of aliases.
//! - Values of `emails.N.address` that have a `type` (`home`, `work`) are contact data.
//! - A cell of Apps Script is a JSON list, or such a list without quotes.
//! - `nonEditableAliases` come from domain aliases, for which one rule for the whole domain is enough; they
//!   are counted. If every user has the same local-part in another domain, that rule is suggested.
//! - The template of users in the console has no aliases: its `Secondary Email` is contact data.
//! - In the address map the first comma separates an address from its targets, at most twelve.

use std::collections::HashMap;

use super::{
    context::Context,
    csv::{Row, Rows},
    field_text::FieldText,
    header::Header,
    object, pasted,
};
use crate::engine::{
    address::{Domain, LocalCase, Mailbox},
    diagnostic::{Span, codes},
    rule::{Action, Origin, Pattern, Target, TargetKind},
};

/// The fewest users for whom a domain alias is suggested.
const ENOUGH: usize = 3;

/// For each pair of domains: how many users have the same local-part in both.
#[derive(Default)]
struct DomainAliases {
    owners: HashMap<Domain, usize>,
    pairs: HashMap<(Domain, Domain), usize>,
}

/// Reads all rows behind the header.
pub fn read(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    if header.find(&["emailaddress[required]"]).is_some() {
        let message = "this is the user list of the admin console, which has no aliases: its secondary addresses are contact data";
        return context.error(
            codes::NO_ALIASES,
            header.span,
            message,
            "export the aliases: `gam print aliases > aliases.csv`",
        );
    }
    if header.has(&["type", "email", "target"]) {
        return addresses(header, rows, context);
    }
    let owner = header.find(&["target", "primaryemail", "email"]);
    let mut aliases = header.numbered("alias");
    aliases.extend(header.numbered("aliases"));
    aliases.extend(header.family(&["emailalias", "emailaliases"]));
    let mut fixed = header.numbered("noneditablealiases");
    fixed.extend(header.numbered("noneditablealias"));
    let emails = emails(header);
    let addresses = emails.iter().map(|(address, _)| *address);
    let read = owner.into_iter().chain(aliases.iter().copied());
    header.reads(rows, read.chain(fixed.iter().copied()).chain(addresses));
    let mut domain_aliases = DomainAliases::default();
    while let Some(row) = rows.next_of(header.len(), context) {
        for column in &fixed {
            pasted::list(&row.cell(Some(*column)))
                .iter()
                .for_each(|_| context.skip("non-editable"));
        }
        let mut values: Vec<_> = aliases
            .iter()
            .flat_map(|column| pasted::list(&row.cell(Some(*column))))
            .collect();
        let owner = pasted::one(&row.cell(owner));
        for (address, kind) in &emails {
            let cell = row.cell(Some(*address));
            if row.cell(*kind).text.is_empty() {
                values.extend(pasted::list(&cell));
            } else if !cell.text.eq_ignore_ascii_case(&owner.text) {
                rows.leave(header.title(*address), &cell);
            }
        }
        owner_row(&row, &owner, &values, &mut domain_aliases, context);
    }
    domain_aliases.suggest(header.span, context);
}

/// Returns the columns of `gam print users emails`: the address and its type.
fn emails(header: &Header) -> Vec<(usize, Option<usize>)> {
    let named = |at: usize, name: &String| {
        let number = name.strip_prefix("emails.")?.strip_suffix(".address")?;
        let kind = header.find(&[format!("emails.{number}.type").as_str()]);
        Some((at, kind))
    };
    let all = header.names.iter().enumerate();
    all.filter_map(|(at, name)| named(at, name)).collect()
}

/// Reads `gam print addresses`: rows of users have no target, rows of aliases have one.
fn addresses(header: &Header, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let (kind, email) = (header.find(&["type"]), header.find(&["email"]));
    let target = header.find(&["target"]);
    header.reads(rows, email.into_iter().chain(target));
    let mut domain_aliases = DomainAliases::default();
    while let Some(row) = rows.next_of(header.len(), context) {
        let kind = row.cell(kind).text.to_ascii_lowercase();
        let (email, target) = (row.cell(email), row.cell(target));
        if kind.contains("nealias") {
            context.skip("non-editable");
        } else if target.text.is_empty() && kind.contains("alias") {
            let message = "the alias has no target";
            let help = "export it again with a GAM that writes `Type,Email,Target`, or: `gam print aliases > aliases.csv`";
            context.error(codes::EMPTY_CELL, row.span, message, help);
        } else if target.text.is_empty() {
            owner_row(&row, &email, &[], &mut domain_aliases, context);
        } else {
            owner_row(&row, &target, &[email], &mut domain_aliases, context);
        }
    }
    domain_aliases.suggest(header.span, context);
}

fn owner_row(
    row: &Row<'_>,
    owner: &FieldText<'_>,
    aliases: &[FieldText<'_>],
    domain_aliases: &mut DomainAliases,
    context: &mut Context<'_, '_>,
) {
    if owner.text.is_empty() {
        return context.error(
            codes::EMPTY_CELL,
            row.span,
            "the address of the owner is missing",
            "export it again, or delete the row",
        );
    }
    let Some(target) = object::address(owner, context) else {
        return;
    };
    let TargetKind::Mailbox(primary) = &target.kind else {
        return;
    };
    domain_aliases.count(primary, aliases);
    for alias in aliases {
        if alias.text.ends_with(".test-google-a.com") {
            context.skip("non-editable");
            continue;
        }
        let Some((mailbox, span)) = context.pattern(alias) else {
            continue;
        };
        let case = context.options.local_case;
        if mailbox.key(case) != primary.key(case) {
            let action = Action::Rewrite(vec![target.clone()]);
            context.rule(Pattern::Mailbox(mailbox), action, None, span, Origin::Proxy);
        }
    }
    context.rule(
        Pattern::Mailbox(primary.clone()),
        Action::Mailbox,
        None,
        target.span,
        Origin::Row,
    );
}

impl DomainAliases {
    fn count(&mut self, primary: &Mailbox, aliases: &[FieldText<'_>]) {
        *self.owners.entry(primary.domain.clone()).or_default() += 1;
        for alias in aliases {
            if let Ok(alias) = Mailbox::parse(&alias.text)
                && alias.local.folded(LocalCase::Ignore) == primary.local.folded(LocalCase::Ignore)
                && alias.domain != primary.domain
            {
                let pair = (alias.domain, primary.domain.clone());
                *self.pairs.entry(pair).or_default() += 1;
            }
        }
    }

    fn suggest(self, span: Span, context: &mut Context<'_, '_>) {
        let mut pairs: Vec<_> = self.pairs.into_iter().collect();
        pairs.sort();
        for ((alias, primary), count) in pairs {
            if count >= ENOUGH && self.owners.get(&primary) == Some(&count) {
                let message = format!(
                    "every address of `{primary}` also exists in `{alias}`: `{alias}` is a domain alias"
                );
                let help = format!(
                    "write one rule instead, which also covers new users: `@{alias} @{primary}`"
                );
                context.warn(codes::DOMAIN_ALIAS, span, message, help);
            }
        }
    }
}

/// Reads the recipient address map: no header, and in each row an address and its targets.
pub fn address_map(first: Row<'_>, rows: &mut Rows<'_>, context: &mut Context<'_, '_>) {
    let mut next = Some(first);
    while let Some(row) = next {
        map_row(&row, context);
        next = rows.next(context);
    }
}

fn map_row(row: &Row<'_>, context: &mut Context<'_, '_>) {
    let Some((from, to)) = row.cells.split_first() else {
        return;
    };
    if from.text.trim_start().starts_with('#') {
        return;
    }
    let pattern = context.pattern(&pasted::one(from));
    let mut targets: Vec<Target> = Vec::new();
    let mut sound = true;
    for value in to.iter().flat_map(pasted::list) {
        match context.target(&value) {
            Some(target) if !targets.contains(&target) => targets.push(target),
            Some(_) => {}
            None => sound = false,
        }
    }
    if targets.is_empty() && sound {
        return context.error(
            codes::EMPTY_CELL,
            row.span,
            "the target is missing",
            "write the target, or delete the row",
        );
    }
    if let (Some((mailbox, span)), true) = (pattern, sound) {
        let pattern = Pattern::Mailbox(mailbox);
        let action = super::identity::action(&pattern, targets);
        context.rule(pattern, action, None, span, Origin::Row);
    }
}
