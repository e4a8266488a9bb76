//! Which class of domains Postfix has each of ours in.
//!
//! A secondary domain belongs into `relay_domains`, and into no other: local classes look for its
//! users in lists that do not know them. Both labels of an internationalised domain are listed,
//! since Postfix compares spellings. The list is static, since smtpd remembers what it was told.

use super::maps::{Word, holds};
use crate::{
    doctor::{
        Finding, codes,
        facts::{Facts, Postfix, forms},
        lists::{some, words},
    },
    engine::address::Domain,
};

/// Classes whose users Postfix itself looks for.
const LOCAL: [&str; 3] = [
    "mydestination",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
];

/// Judges them.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<Finding> {
    let ours = &facts.ours;
    let judge = |domain: &Domain| Classes::of(postfix, domain);
    let secondary: Vec<_> = ours.secondary.iter().map(judge).collect();
    let primary: Vec<_> = ours.primary.iter().map(judge).collect();
    let mut findings = Vec::new();
    findings.extend(refused(postfix, &secondary));
    findings.extend(not_taken(postfix, &primary));
    findings.extend(one_label(postfix, secondary.iter().chain(&primary)));
    for class in LOCAL {
        let all = secondary.iter().chain(&primary);
        let both = all.filter(|domain| domain.relayed() && domain.local.contains(&class));
        findings.extend(two_classes(postfix, class, both));
        let only = secondary
            .iter()
            .filter(|domain| !domain.relayed() && domain.local.contains(&class));
        findings.extend(other_class(postfix, class, only));
    }
    let targeted = ours.targeted.iter().map(judge);
    findings.extend(relayed_targets(postfix, &targeted.collect::<Vec<_>>()));
    findings.extend(live_list(postfix, facts));
    findings.extend(subdomains(postfix));
    findings
}

/// Where a domain is.
struct Classes {
    forms: Vec<String>,
    /// Those of its forms that `relay_domains` holds.
    relay: Vec<String>,
    local: Vec<&'static str>,
}

impl Classes {
    fn of(postfix: &Postfix, domain: &Domain) -> Self {
        let forms = forms(domain);
        let within = |list: &str, form: &String| {
            holds(
                postfix,
                postfix.value(list),
                form,
                list == "relay_domains" && parents(postfix),
            )
        };
        let relay = forms.iter().filter(|form| within("relay_domains", form));
        let local = LOCAL
            .into_iter()
            .filter(|list| forms.iter().any(|form| within(list, form)));
        Self {
            relay: relay.cloned().collect(),
            local: local.collect(),
            forms,
        }
    }

    fn relayed(&self) -> bool {
        !self.relay.is_empty()
    }

    /// The A-labels, as people look for it.
    fn name(&self) -> &str {
        self.forms.first().map_or("", String::as_str)
    }
}

impl Postfix {
    /// Whether a class of local domains holds a domain, in exactly this spelling.
    pub fn is_local(&self, form: &str) -> bool {
        LOCAL
            .iter()
            .any(|list| holds(self, self.value(list), form, false))
    }
}

fn parents(postfix: &Postfix) -> bool {
    words(postfix.value("parent_domain_matches_subdomains")).contains(&"relay_domains")
}

/// `a`, `b` and 3 more.
fn names<'c>(domains: impl IntoIterator<Item = &'c Classes>) -> Option<String> {
    some(domains.into_iter().map(Classes::name))
}

/// `relay_domains` with more words.
fn more(postfix: &Postfix, add: impl IntoIterator<Item = String>) -> String {
    let list = words(postfix.written("relay_domains"))
        .into_iter()
        .map(str::to_owned);
    let list: Vec<_> = list.chain(add).collect();
    format!("write `postconf -e 'relay_domains = {}'`", list.join(", "))
}

fn refused(postfix: &Postfix, secondary: &[Classes]) -> Option<Finding> {
    let missing: Vec<_> = secondary
        .iter()
        .filter(|domain| !domain.relayed() && domain.local.is_empty())
        .collect();
    let message = format!(
        "Postfix refuses mail for {} (`Relay access denied`) before any milter is asked",
        names(missing.iter().copied())?
    );
    let add = missing.iter().flat_map(|domain| domain.forms.clone());
    let help = more(postfix, add);
    Some(Finding::new(
        codes::DOMAIN_NOT_ACCEPTED,
        &postfix.main_cf,
        message,
        help,
    ))
}

fn not_taken(postfix: &Postfix, primary: &[Classes]) -> Option<Finding> {
    let missing: Vec<_> = primary
        .iter()
        .filter(|domain| !domain.relayed() && domain.local.is_empty())
        .collect();
    let message = format!(
        "the primary domains {} are in no class: Postfix takes no mail for them from outside",
        names(missing.iter().copied())?
    );
    let add = missing.iter().flat_map(|domain| domain.forms.clone());
    let help = format!(
        "unless their mail comes in elsewhere, {}",
        more(postfix, add)
    );
    Some(Finding::new(
        codes::PRIMARY_NOT_ACCEPTED,
        &postfix.main_cf,
        message,
        help,
    ))
}

/// Domains that the rules only send to.
fn relayed_targets(postfix: &Postfix, targeted: &[Classes]) -> Option<Finding> {
    let relayed: Vec<_> = targeted.iter().filter(|domain| domain.relayed()).collect();
    let message = format!(
        "Postfix accepts mail for {} from anybody (`relay_domains`), and the rules only send to it",
        names(relayed.iter().copied())?
    );
    let help = format!(
        "unless it is yours, {}; if it is, declare it in the rules",
        without(postfix, "relay_domains", &relayed)
    );
    Some(Finding::new(
        codes::RELAYS_FOR_TARGET,
        &postfix.main_cf,
        message,
        help,
    ))
}

fn one_label<'c>(postfix: &Postfix, domains: impl Iterator<Item = &'c Classes>) -> Option<Finding> {
    let half: Vec<_> = domains
        .filter(|domain| domain.relayed() && domain.relay.len() < domain.forms.len())
        .collect();
    let message = format!(
        "of {} Postfix accepts one spelling alone, A-labels or U-labels",
        names(half.iter().copied())?
    );
    let add = half.iter().flat_map(|domain| {
        domain
            .forms
            .iter()
            .filter(|form| !domain.relay.contains(form))
            .cloned()
    });
    let help = more(postfix, add.collect::<Vec<_>>());
    Some(Finding::new(
        codes::LABEL_FORM_MISSING,
        &postfix.main_cf,
        message,
        help,
    ))
}

fn two_classes<'c>(
    postfix: &Postfix,
    class: &str,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<Finding> {
    let domains: Vec<_> = domains.collect();
    let message = format!(
        "{} is in `{class}` and in `relay_domains`: which of them counts depends on Postfix's order",
        names(domains.iter().copied())?
    );
    let help = format!(
        "{}; or, for a primary domain, take it out of `relay_domains` instead",
        without(postfix, class, &domains)
    );
    Some(Finding::new(
        codes::DOMAIN_IN_TWO_CLASSES,
        &postfix.main_cf,
        message,
        help,
    ))
}

fn other_class<'c>(
    postfix: &Postfix,
    class: &str,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<Finding> {
    let domains: Vec<_> = domains.collect();
    let message = format!(
        "{} is in `{class}`: Postfix looks for its users there, and refuses or bounces what it does \
         not find",
        names(domains.iter().copied())?
    );
    let add = domains.iter().flat_map(|domain| domain.forms.clone());
    let help = format!(
        "{}, and {}",
        without(postfix, class, &domains),
        more(postfix, add)
    );
    Some(Finding::new(
        codes::DOMAIN_IN_OTHER_CLASS,
        &postfix.main_cf,
        message,
        help,
    ))
}

/// What takes domains out of a list: the list without them where they stand in it by name.
fn without(postfix: &Postfix, class: &str, domains: &[&Classes]) -> String {
    let forms: Vec<_> = domains.iter().flat_map(|domain| &domain.forms).collect();
    let words = words(postfix.written(class));
    let rest: Vec<_> = words
        .iter()
        .copied()
        .filter(|word| !forms.contains(&&word.to_lowercase()))
        .collect();
    if rest.len() == words.len() {
        return format!("take it out of what `{class} = {}` names", words.join(", "));
    }
    format!("write `postconf -e '{class} = {}'`", rest.join(", "))
}

/// A list that is asked from a socketmap.
fn live_list(postfix: &Postfix, facts: &Facts) -> Option<Finding> {
    let list = words(postfix.value("relay_domains"));
    let is_live = |word: &&str| matches!(Word::parse(word), Word::Socketmap { .. });
    let live = *list.iter().find(|word| is_live(word))?;
    let fixed = list
        .iter()
        .filter(|word| !is_live(word))
        .map(|word| (*word).to_owned());
    let fixed = fixed.chain(facts.ours.secondary.iter().flat_map(forms));
    let fixed: Vec<_> = fixed.collect();
    Some(Finding::new(
        codes::RELAY_DOMAINS_LIVE,
        &postfix.main_cf,
        format!(
            "`relay_domains` asks `{live}`: each smtpd remembers the answers for as long as it lives, \
             failures too"
        ),
        format!(
            "keep the list static: `postconf -e 'relay_domains = {}'`",
            fixed.join(", ")
        ),
    ))
}

fn subdomains(postfix: &Postfix) -> Option<Finding> {
    let relayed = words(postfix.value("relay_domains"));
    // Tables are asked for the parents of a domain as well, except socketmaps.
    let matters = |word: &&str| !matches!(Word::parse(word), Word::Socketmap { .. } | Word::Not(_));
    if !parents(postfix) || !relayed.iter().any(matters) {
        return None;
    }
    let name = "parent_domain_matches_subdomains";
    let rest = words(postfix.value(name))
        .into_iter()
        .filter(|word| *word != "relay_domains");
    Some(Finding::new(
        codes::SUBDOMAINS_ACCEPTED,
        &postfix.main_cf,
        "Postfix accepts mail for every subdomain of the domains in `relay_domains`",
        format!(
            "write `postconf -e '{name} = {}'`; list a subdomain that is wanted",
            rest.collect::<Vec<_>>().join(", ")
        ),
    ))
}
