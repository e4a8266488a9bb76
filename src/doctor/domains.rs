//! MX records of the inbound domains (RFC 5321 section 5.1, RFC 7505, RFC 2181 section 10.3).
//!
//! If DNS gives no answer about a domain, a note says so, and nothing else is said about it.

use std::collections::BTreeMap;

use super::{
    Finding, codes,
    facts::{Dns, Facts, HostRecord, Mx, Readdress},
    lists::some,
};
use crate::engine::address::Domain;

/// Returns the findings about every inbound domain.
pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let (readdress, dns) = (&facts.readdress, &facts.dns);
    let usual = primary_targets(readdress, dns);
    let mut findings = Vec::new();
    for domain in readdress.inbound() {
        // A domain that was not asked about counts as one without an answer.
        let Some(mx) = dns.domains.get(domain) else {
            continue;
        };
        findings.extend(records(domain, mx, dns, &usual));
    }
    findings.extend(hosts(readdress, dns, &usual));
    findings.extend(elsewhere(readdress, dns, &usual));
    findings.extend(failures(dns));
    findings.extend(readdress.wildcards.iter().map(|domain| {
        Finding::new(
            codes::WILDCARD_DOMAINS,
            format!("*.{domain}"),
            "the subdomains that `@*.` covers are not checked",
            format!(
                "each needs an MX record, or one for all: `*.{domain}. IN MX 10 {}.`",
                example(&usual)
            ),
        )
    }));
    findings
}

/// Returns how many inbound domains have right MX records, and of how many nothing is known.
pub(super) fn right(facts: &Facts) -> (usize, usize) {
    let (readdress, dns) = (&facts.readdress, &facts.dns);
    let usual = primary_targets(readdress, dns);
    let (mut right, mut unknown) = (0, 0);
    for domain in readdress.inbound() {
        match dns.domains.get(domain) {
            Some(Mx::Targets(targets)) => {
                let hosts = targets.iter().map(|target| dns.hosts.get(target));
                let is_bad = |host: &Option<&HostRecord>| {
                    !matches!(host, Some(HostRecord::Addresses | HostRecord::Failed(_)))
                };
                let failed =
                    |host: &Option<&HostRecord>| matches!(host, Some(HostRecord::Failed(_)));
                let strange =
                    readdress.secondary.contains(domain) && !strange(targets, &usual).is_empty();
                match hosts.clone().any(|host| is_bad(&host)) || strange {
                    true => {}
                    false if hosts.clone().any(|host| failed(&host)) => unknown += 1,
                    false => right += 1,
                }
            }
            Some(Mx::Failed(_)) | None => unknown += 1,
            Some(Mx::None | Mx::NoDomain) => {}
        }
    }
    (right, unknown)
}

/// Returns the targets to which no primary domain's mail goes. Empty if it is not known where that mail goes.
fn strange<'t>(targets: &'t [String], usual: &[String]) -> Vec<&'t str> {
    let strange = targets
        .iter()
        .filter(|target| !target.is_empty() && !usual.is_empty() && !usual.contains(target));
    strange.map(String::as_str).collect()
}

/// Returns all MX targets of all primary domains.
fn primary_targets(readdress: &Readdress, dns: &Dns) -> Vec<String> {
    let primary = readdress
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

/// Returns a host for the records that help texts show.
fn example(usual: &[String]) -> &str {
    usual.first().map_or("mx.company.com", String::as_str)
}

fn records(domain: &Domain, mx: &Mx, dns: &Dns, usual: &[String]) -> Option<Finding> {
    let record = format!("`{domain}. IN MX 10 {}.`", example(usual));
    let (code, message, help) = match mx {
        Mx::NoDomain => (
            codes::DOMAIN_UNKNOWN,
            "DNS knows no such domain",
            format!("register it, or fix its spelling in the rules; its zone then needs {record}"),
        ),
        Mx::None => match dns.hosts.get(domain.as_str()) {
            Some(HostRecord::Addresses | HostRecord::Alias(_)) => (
                codes::MX_IMPLICIT,
                "it has no MX record, so that its mail goes to its own address",
                format!("write into its zone: {record}"),
            ),
            Some(HostRecord::NoAddress) => (
                codes::MX_MISSING,
                "it has neither an MX record nor an address: nobody can send mail to it",
                format!("write into its zone: {record}"),
            ),
            _ => return None,
        },
        Mx::Targets(targets) if targets.iter().any(String::is_empty) => (
            codes::MX_NULL,
            "its null MX (`MX 0 .`) says that it takes no mail",
            format!("replace it in its zone by: {record}"),
        ),
        Mx::Targets(_) | Mx::Failed(_) => return None,
    };
    Some(Finding::new(code, domain.as_str(), message, help))
}

/// Returns the domains that have each target, in the order of the targets.
fn by_target<'d>(readdress: &'d Readdress, dns: &'d Dns) -> BTreeMap<&'d str, Vec<&'d Domain>> {
    let mut all: BTreeMap<&str, Vec<&Domain>> = BTreeMap::new();
    for domain in readdress.inbound() {
        if let Some(Mx::Targets(targets)) = dns.domains.get(domain) {
            for target in targets.iter().filter(|target| !target.is_empty()) {
                all.entry(target).or_default().push(domain);
            }
        }
    }
    all
}

/// Returns one finding for each target that is an alias or has no address, however many domains have it.
fn hosts(readdress: &Readdress, dns: &Dns, usual: &[String]) -> Vec<Finding> {
    let all = by_target(readdress, dns).into_iter();
    let findings = all.filter_map(|(target, domains)| {
        let (about, whose) = match domains.as_slice() {
            [one] => (one.as_str(), format!("its MX `{target}`")),
            more => {
                let names = some(more.iter().map(|domain| domain.as_str()))?;
                (target, format!("the MX of {names}"))
            }
        };
        // If mail also goes to another host than that of the primary domains, this line fixes both.
        let strange = |name: &str| {
            !usual.is_empty()
                && ![target, name]
                    .iter()
                    .any(|name| usual.iter().any(|one| one == name))
        };
        match dns.hosts.get(target)? {
            HostRecord::Alias(name) => {
                let (to, what) = match strange(name) {
                    true => (example(usual), "the host of the primary domains"),
                    false => (name.as_str(), "the name behind it"),
                };
                Some(Finding::new(
                    codes::MX_CNAME,
                    about,
                    format!("{whose} is an alias (CNAME), and an MX record must not point to one"),
                    format!("write {what} into the zone: {}", records_to(&domains, to)),
                ))
            }
            HostRecord::NoAddress => {
                let help = match strange(target) {
                    true => format!(
                        "replace it in the zone by: {}",
                        records_to(&domains, example(usual))
                    ),
                    false => format!(
                        "give it one (`{target}. IN A …`), or take it out of the zone of {}",
                        some(domains.iter().map(|domain| domain.as_str()))?
                    ),
                };
                let message = format!("{whose} has no address");
                Some(Finding::new(codes::MX_NO_ADDRESS, about, message, help))
            }
            HostRecord::Addresses | HostRecord::Failed(_) => None,
        }
    });
    findings.collect()
}

/// Returns a record for each domain, as it stands in a zone.
fn records_to(domains: &[&Domain], host: &str) -> String {
    let records = domains
        .iter()
        .map(|domain| format!("`{domain}. IN MX 10 {host}.`"));
    records.collect::<Vec<_>>().join(", ")
}

/// Returns one finding for all secondary domains whose mail goes to the same other hosts. Targets that are
/// aliases or have no address are left out: they have a finding already.
fn elsewhere(readdress: &Readdress, dns: &Dns, usual: &[String]) -> Vec<Finding> {
    let mut groups: BTreeMap<Vec<&str>, Vec<&Domain>> = BTreeMap::new();
    for domain in &readdress.secondary {
        let Some(Mx::Targets(targets)) = dns.domains.get(domain) else {
            continue;
        };
        let mut strange = strange(targets, usual);
        strange.retain(|target| {
            !matches!(
                dns.hosts.get(*target),
                Some(HostRecord::Alias(_) | HostRecord::NoAddress)
            )
        });
        if !strange.is_empty() {
            groups.entry(strange).or_default().push(domain);
        }
    }
    let findings = groups.into_iter().filter_map(|(strange, domains)| {
        let (about, whose) = match domains.as_slice() {
            [one] => (one.to_string(), "its mail".to_owned()),
            more => {
                let names = some(more.iter().map(|domain| domain.as_str()))?;
                (strange.join(", "), format!("the mail of {names}"))
            }
        };
        Some(Finding::new(
            codes::MX_ELSEWHERE,
            about,
            format!(
                "{whose} goes to `{}`, but that of the primary domains goes to `{}`",
                strange.join("`, `"),
                usual.join("`, `")
            ),
            format!(
                "unless readdress runs there as well, write: {}",
                records_to(&domains, example(usual))
            ),
        ))
    });
    findings.collect()
}

/// Returns one note about all domains without an answer.
fn failures(dns: &Dns) -> Option<Finding> {
    let domains = dns.domains.iter().filter_map(|(domain, mx)| match mx {
        Mx::Failed(reason) => Some((domain.as_str(), reason)),
        _ => None,
    });
    let hosts = dns.hosts.iter().filter_map(|(name, host)| match host {
        HostRecord::Failed(reason) => Some((name.as_str(), reason)),
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
        "ask another server with `--dns ADDRESS:PORT`, or try again later",
    ))
}
