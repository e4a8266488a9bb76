//! Rules for many addresses whose target is not always the same: which addresses give a certain target.

use super::{
    candidates::{ANYBODY, Attempt, Candidates, some_subdomain},
    inverse::fillings,
};
use crate::engine::{
    address::{Domain, LocalPart, Mailbox},
    rule::{Action, Pattern, Piece, Rule, TargetKind},
};

/// Returns addresses for which a rule may give this target.
pub(super) fn before(known: &Candidates<'_>, rule: &Rule, target: &Mailbox) -> Vec<Attempt> {
    let Action::Rewrite(targets) = &rule.action else {
        return Vec::new();
    };
    let mut attempts = Vec::new();
    for kind in targets.iter().map(|target| &target.kind) {
        match kind {
            TargetKind::Domain(domain) if *domain == target.domain => {
                attempts.push(keeps_local_part(known, &rule.pattern, &target.local));
            }
            TargetKind::Subdomains(new) => {
                attempts.extend(carries_subdomain(&rule.pattern, new, target));
            }
            TargetKind::Template { pieces, domain } if *domain == target.domain => {
                attempts.extend(template(known, &rule.pattern, pieces, target));
            }
            _ => {}
        }
    }
    attempts
}

/// `@old  @new`: the local-part is that of the target.
fn keeps_local_part(known: &Candidates<'_>, pattern: &Pattern, local: &LocalPart) -> Attempt {
    let domains = match pattern {
        Pattern::Domain(domain) | Pattern::Detailed(domain) | Pattern::AnyDetail { domain, .. } => {
            vec![domain.clone()]
        }
        Pattern::Subdomains(above) => {
            let some = some_subdomain(above);
            known.below(above).into_iter().chain(some).collect()
        }
        Pattern::LocalPart(_) => known.secondary_domains(),
        Pattern::Regex(_) => known.regex_domains(),
        Pattern::Mailbox(mailbox) => return Attempt::Each(vec![mailbox.clone()]),
    };
    let at = |domain: Domain| Mailbox {
        local: local.clone(),
        domain,
    };
    Attempt::Detailed(domains.into_iter().map(at).collect())
}

/// `@*.old  @*.new`: an address below the one comes from below the other.
fn carries_subdomain(pattern: &Pattern, new: &Domain, target: &Mailbox) -> Option<Attempt> {
    let Pattern::Subdomains(old) = pattern else {
        return None;
    };
    let domain = target.domain.carried(new, old).ok()?;
    let local = target.local.clone();
    Some(Attempt::Detailed(vec![Mailbox { local, domain }]))
}

/// `/(\w+)\.(\w+)@old/  $2.$1@new` and `jd+*@old  box+*@new`.
fn template(
    known: &Candidates<'_>,
    pattern: &Pattern,
    pieces: &[Piece],
    target: &Mailbox,
) -> Vec<Attempt> {
    let split = known.tables.split(target);
    let mut ends = vec![(target.local.as_str().to_owned(), None)];
    // A detail that the match left out stands behind what is filled in.
    ends.extend(split.map(|(user, rest)| (user.local.as_str().to_owned(), Some(rest))));
    let mut attempts = Vec::new();
    for (local, rest) in ends {
        for filling in fillings(pieces, &local) {
            match (pattern, &filling.detail) {
                (Pattern::Regex(text), _) => {
                    let all = known.of_regex(text, &filling.groups, rest.as_deref());
                    attempts.push(Attempt::First(all));
                }
                (Pattern::AnyDetail { user, domain }, Some(detail)) => {
                    attempts.push(with_details(known, user.as_str(), detail, domain));
                }
                (Pattern::Detailed(domain), Some(detail)) => {
                    let users = ANYBODY.iter();
                    attempts.extend(users.map(|user| with_details(known, user, detail, domain)));
                }
                _ => {}
            }
        }
    }
    if !matches!(pattern, Pattern::Regex(_)) {
        attempts.push(Attempt::Pattern(pattern.clone()));
    }
    attempts
}

/// A user with a detail, after each separator.
fn with_details(known: &Candidates<'_>, user: &str, detail: &str, domain: &Domain) -> Attempt {
    let delimiters = known.table.settings().recipient_delimiter.chars();
    let locals =
        delimiters.filter_map(|one| LocalPart::from_internal(&format!("{user}{one}{detail}")).ok());
    let addresses = locals.map(|local| Mailbox {
        local,
        domain: domain.clone(),
    });
    Attempt::Each(addresses.collect())
}
