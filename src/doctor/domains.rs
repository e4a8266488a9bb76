//! MX records of the inbound domains (RFC 5321 section 5.1, RFC 7505, RFC 2181 section 10.3).
//!
//! In: what DNS said. Where it said nothing, nothing is concluded, and a note says so.

use super::{
    Finding, codes,
    facts::{Dns, Facts, Host, Mx, Ours},
};
use crate::engine::address::Domain;

/// Judges every inbound domain.
pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let (ours, dns) = (&facts.ours, &facts.dns);
    let usual = primary_targets(ours, dns);
    let mut findings = Vec::new();
    for domain in ours.inbound() {
        // A domain that was not asked about is part of what failed.
        let Some(mx) = dns.domains.get(domain) else {
            continue;
        };
        findings.extend(records(domain, mx, dns, &usual));
        if let Mx::Targets(targets) = mx {
            for target in targets.iter().filter(|target| !target.is_empty()) {
                findings.extend(host(domain, target, dns));
            }
            if ours.secondary.contains(domain) {
                findings.extend(elsewhere(domain, targets, &usual));
            }
        }
    }
    findings.extend(failures(dns));
    findings.extend(ours.wildcards.iter().map(|domain| {
        Finding::new(
            codes::WILDCARD_DOMAINS,
            format!("*.{domain}"),
            "subdomains that `@*.` covers are not looked up",
            format!(
                "each needs an MX record, or one for all: `*.{domain}. IN MX 10 {}.`",
                example(&usual)
            ),
        )
    }));
    findings
}

/// All MX targets of all primary domains.
fn primary_targets(ours: &Ours, dns: &Dns) -> Vec<String> {
    let primary = ours
        .primary
        .iter()
        .filter_map(|domain| dns.domains.get(domain));
    let mut targets: Vec<String> = primary
        .flat_map(|mx| match mx {
            Mx::Targets(targets) => targets.clone(),
            _ => Vec::new(),
        })
        .filter(|target| !target.is_empty())
        .collect();
    let mut seen = std::collections::HashSet::new();
    targets.retain(|target| seen.insert(target.clone()));
    targets
}

/// A host to write into a zone.
fn example(usual: &[String]) -> &str {
    usual.first().map_or("mx.company.com", String::as_str)
}

fn records(domain: &Domain, mx: &Mx, dns: &Dns, usual: &[String]) -> Option<Finding> {
    let record = format!("`{domain}. IN MX 10 {}.`", example(usual));
    let (code, message, help) = match mx {
        Mx::NoDomain => (
            codes::DOMAIN_UNKNOWN,
            "DNS knows no such domain",
            format!("register it, or mend its spelling in the rules; its zone then needs {record}"),
        ),
        Mx::None => match dns.hosts.get(domain.as_str()) {
            Some(Host::Addresses | Host::Alias(_)) => (
                codes::MX_IMPLICIT,
                "it has no MX record, so that its mail goes to its own address",
                format!("write into its zone: {record}"),
            ),
            Some(Host::Nothing) => (
                codes::MX_MISSING,
                "it has neither an MX record nor an address: nobody can send mail to it",
                format!("write into its zone: {record}"),
            ),
            _ => return None,
        },
        Mx::Targets(targets) if targets.iter().any(String::is_empty) => (
            codes::MX_NULL,
            "its null MX (`MX 0 .`) says that it takes no mail",
            format!("write into its zone, in its place: {record}"),
        ),
        Mx::Targets(_) | Mx::Failed(_) => return None,
    };
    Some(Finding::new(code, domain.as_str(), message, help))
}

fn host(domain: &Domain, target: &str, dns: &Dns) -> Option<Finding> {
    match dns.hosts.get(target)? {
        Host::Alias(name) => Some(Finding::new(
            codes::MX_CNAME,
            domain.as_str(),
            format!("its MX `{target}` is an alias (CNAME), to which no MX may point"),
            format!("write the name behind it into the zone: `{domain}. IN MX 10 {name}.`"),
        )),
        Host::Nothing => Some(Finding::new(
            codes::MX_NO_ADDRESS,
            domain.as_str(),
            format!("its MX `{target}` has no address"),
            format!("give it one (`{target}. IN A …`), or take it out of the zone of {domain}"),
        )),
        Host::Addresses | Host::Failed(_) => None,
    }
}

fn elsewhere(domain: &Domain, targets: &[String], usual: &[String]) -> Option<Finding> {
    let strange = targets
        .iter()
        .filter(|target| !target.is_empty() && !usual.contains(target));
    let strange: Vec<_> = strange.map(String::as_str).collect();
    if strange.is_empty() || usual.is_empty() {
        return None;
    }
    Some(Finding::new(
        codes::MX_ELSEWHERE,
        domain.as_str(),
        format!(
            "its mail goes to `{}`, where no primary domain's goes (`{}`)",
            strange.join("`, `"),
            usual.join("`, `")
        ),
        format!(
            "unless readdress runs there as well, write: `{domain}. IN MX 10 {}.`",
            example(usual)
        ),
    ))
}

/// What got no answer, in one note.
fn failures(dns: &Dns) -> Option<Finding> {
    let domains = dns.domains.iter().filter_map(|(domain, mx)| match mx {
        Mx::Failed(reason) => Some((domain.as_str(), reason)),
        _ => None,
    });
    let hosts = dns.hosts.iter().filter_map(|(name, host)| match host {
        Host::Failed(reason) => Some((name.as_str(), reason)),
        _ => None,
    });
    let failed: Vec<_> = domains.chain(hosts).collect();
    let (first, reason) = failed.first()?;
    let others = match failed.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(Finding::new(
        codes::DNS_FAILED,
        dns.server.as_str(),
        format!("DNS gave no answer for `{first}`{others}: {reason}"),
        "ask another server with `--dns ADDRESS:PORT`, or look again later",
    ))
}
