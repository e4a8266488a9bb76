//! The classes in which Postfix has the primary and secondary domains.
//!
//! A secondary domain belongs in `relay_domains` and in no other class: for local classes Postfix looks for the
//! users in lists that do not know them. Both spellings of an internationalised domain have to be listed,
//! because Postfix compares spellings. The list should be static, because smtpd remembers what a map answered.

use super::maps::{ListItem, holds};
use crate::{
    doctor::{
        codes,
        edits::{Change, Edit},
        facts::{Facts, Postfix},
        lists::{some, words},
        pending::PendingFinding,
        sockets::named,
    },
    engine::address::Domain,
};

/// Classes for which Postfix itself looks for the users.
const LOCAL: [&str; 3] = [
    "mydestination",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
];

/// Returns the findings about the classes of primary and secondary domains.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let readdress = &facts.readdress;
    let judge = |domain: &Domain| Classes::of(postfix, domain);
    let secondary: Vec<_> = readdress.secondary.iter().map(judge).collect();
    let primary: Vec<_> = readdress.primary.iter().map(judge).collect();
    let mut pending = Vec::new();
    pending.extend(refused(postfix, &secondary));
    pending.extend(not_taken(postfix, &primary));
    pending.extend(one_label(postfix, secondary.iter().chain(&primary)));
    for class in LOCAL {
        let within = |domain: &&Classes| domain.local.contains(&class);
        let listed = |domain: &&Classes| domain.listed(postfix) && within(domain);
        pending.extend(two_classes(postfix, class, secondary.iter().filter(listed)));
        pending.extend(delivered_here(
            postfix,
            class,
            primary.iter().filter(listed),
        ));
        let only = |domain: &&Classes| !domain.listed(postfix) && within(domain);
        pending.extend(other_class(postfix, class, secondary.iter().filter(only)));
    }
    let targeted = readdress.targeted.iter().map(judge);
    pending.extend(relayed_targets(postfix, &targeted.collect::<Vec<_>>()));
    pending.extend(live_list(postfix, facts));
    pending.extend(subdomains(postfix));
    pending
}

/// The classes of a domain.
struct Classes {
    forms: Vec<String>,
    /// The spellings that `relay_domains` has.
    relay: Vec<String>,
    local: Vec<&'static str>,
}

impl Classes {
    fn of(postfix: &Postfix, domain: &Domain) -> Self {
        let forms = domain.spellings();
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

    /// Returns true if `relay_domains` has the domain itself. A socketmap's answer does not count: another finding
    /// is about that.
    fn listed(&self, postfix: &Postfix) -> bool {
        let list = words(postfix.value("relay_domains")).into_iter();
        let list: Vec<_> = list.filter(|word| !is_live(word)).collect();
        let list = list.join(" ");
        let held = |form: &String| holds(postfix, &list, form, parents(postfix));
        self.forms.iter().any(held)
    }

    /// Returns the domain in A-labels.
    fn name(&self) -> &str {
        self.forms.first().map_or("", String::as_str)
    }
}

impl Postfix {
    /// Returns true if a class of local domains has a domain in exactly this spelling.
    pub fn is_local(&self, form: &str) -> bool {
        LOCAL
            .iter()
            .any(|list| holds(self, self.value(list), form, false))
    }
}

fn parents(postfix: &Postfix) -> bool {
    words(postfix.value("parent_domain_matches_subdomains")).contains(&"relay_domains")
}

/// Returns `a`, `b` and 3 more.
fn names<'c>(domains: impl IntoIterator<Item = &'c Classes>) -> Option<String> {
    some(domains.into_iter().map(Classes::name))
}

/// Adds words to `relay_domains`. If they are the first words, subdomains are excluded as well.
fn more(postfix: &Postfix, words: impl IntoIterator<Item = String>) -> Vec<Edit> {
    let add = |word| Edit::main("relay_domains", Change::Add(word));
    let mut edits: Vec<_> = words.into_iter().map(add).collect();
    if parents(postfix) && !has_static(postfix) {
        edits.push(strict());
    }
    edits
}

/// Excludes the subdomains of what is in `relay_domains`.
fn strict() -> Edit {
    let remove = Change::Remove("relay_domains".to_owned());
    Edit::main("parent_domain_matches_subdomains", remove)
}

/// Returns true if `relay_domains` has words that stand for subdomains as well. Tables other than socketmaps do:
/// Postfix also asks them about the parents of a domain.
fn has_static(postfix: &Postfix) -> bool {
    let matters = |word: &str| {
        !matches!(
            ListItem::parse(word),
            ListItem::Socketmap { .. } | ListItem::Not(_)
        )
    };
    words(postfix.value("relay_domains"))
        .into_iter()
        .any(matters)
}

/// Returns the names of the domains that are in no class, and the edits that add them to `relay_domains`.
fn in_no_class(postfix: &Postfix, domains: &[Classes]) -> Option<(String, Vec<Edit>)> {
    let missing: Vec<_> = domains
        .iter()
        .filter(|domain| !domain.relayed() && domain.local.is_empty())
        .collect();
    let names = names(missing.iter().copied())?;
    let add = missing.iter().flat_map(|domain| domain.forms.clone());
    Some((names, more(postfix, add)))
}

fn refused(postfix: &Postfix, secondary: &[Classes]) -> Option<PendingFinding> {
    let (names, add) = in_no_class(postfix, secondary)?;
    let message = format!(
        "Postfix refuses mail for {names} (`Relay access denied`) before any milter is asked"
    );
    let unfinished = PendingFinding::new(codes::DOMAIN_NOT_ACCEPTED, &postfix.main_cf, message);
    Some(unfinished.edit(add))
}

fn not_taken(postfix: &Postfix, primary: &[Classes]) -> Option<PendingFinding> {
    let (names, add) = in_no_class(postfix, primary)?;
    let message = format!(
        "the primary domains {names} are in no class: Postfix accepts no mail for them from outside"
    );
    let unfinished = PendingFinding::new(codes::PRIMARY_NOT_ACCEPTED, &postfix.main_cf, message);
    Some(
        unfinished
            .say("unless their mail comes in elsewhere, ")
            .edit(add),
    )
}

/// Returns a finding about domains that are only targets of rules.
fn relayed_targets(postfix: &Postfix, targeted: &[Classes]) -> Option<PendingFinding> {
    let relayed: Vec<_> = targeted.iter().filter(|domain| domain.relayed()).collect();
    let message = format!(
        "Postfix accepts mail for {} from anybody (`relay_domains`), and the rules only send to it",
        names(relayed.iter().copied())?
    );
    let unfinished = PendingFinding::new(codes::RELAYS_FOR_TARGET, &postfix.main_cf, message)
        .say("unless it is yours, ")
        .or("; if it is yours, declare it in the rules");
    Some(without(postfix, "relay_domains", &relayed, unfinished))
}

fn one_label<'c>(
    postfix: &Postfix,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<PendingFinding> {
    let half: Vec<_> = domains
        .filter(|domain| domain.relayed() && domain.relay.len() < domain.forms.len())
        .collect();
    let message = format!(
        "Postfix accepts only one spelling of {}, A-labels or U-labels",
        names(half.iter().copied())?
    );
    let add = half.iter().flat_map(|domain| {
        domain
            .forms
            .iter()
            .filter(|form| !domain.relay.contains(form))
            .cloned()
    });
    let unfinished = PendingFinding::new(codes::LABEL_FORM_MISSING, &postfix.main_cf, message);
    Some(unfinished.edit(more(postfix, add)))
}

/// Returns a finding about secondary domains that are in a local class as well.
fn two_classes<'c>(
    postfix: &Postfix,
    class: &str,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<PendingFinding> {
    let domains: Vec<_> = domains.collect();
    let unfinished = in_two(postfix, class, &domains)?;
    Some(without(postfix, class, &domains, unfinished))
}

/// Returns a finding about primary domains whose mail this Postfix delivers itself. They stay in their local
/// class.
fn delivered_here<'c>(
    postfix: &Postfix,
    class: &str,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<PendingFinding> {
    let domains: Vec<_> = domains.collect();
    let unfinished = in_two(postfix, class, &domains)?;
    Some(without(postfix, "relay_domains", &domains, unfinished))
}

fn in_two(postfix: &Postfix, class: &str, domains: &[&Classes]) -> Option<PendingFinding> {
    let message = format!(
        "{} is in `{class}` and in `relay_domains`: which of them counts depends on Postfix's order",
        names(domains.iter().copied())?
    );
    Some(PendingFinding::new(
        codes::DOMAIN_IN_TWO_CLASSES,
        &postfix.main_cf,
        message,
    ))
}

fn other_class<'c>(
    postfix: &Postfix,
    class: &str,
    domains: impl Iterator<Item = &'c Classes>,
) -> Option<PendingFinding> {
    let domains: Vec<_> = domains.collect();
    let message = format!(
        "{} is in `{class}`: Postfix looks for its users there, and refuses or bounces what it does \
         not find",
        names(domains.iter().copied())?
    );
    let add = domains.iter().flat_map(|domain| domain.forms.clone());
    let unfinished = PendingFinding::new(codes::DOMAIN_IN_OTHER_CLASS, &postfix.main_cf, message);
    Some(without(postfix, class, &domains, unfinished).edit(more(postfix, add)))
}

/// Removes domains from a list, if they stand in it by name.
fn without(
    postfix: &Postfix,
    class: &str,
    domains: &[&Classes],
    unfinished: PendingFinding,
) -> PendingFinding {
    let forms: Vec<_> = domains.iter().flat_map(|domain| &domain.forms).collect();
    let listed = words(postfix.value(class));
    let named: Vec<_> = listed
        .iter()
        .filter(|word| forms.contains(&&word.to_lowercase()))
        .map(|word| Edit::main(class, Change::Remove((*word).to_owned())))
        .collect();
    if named.is_empty() {
        let list = words(postfix.written(class)).join(", ");
        return unfinished.first(format!("remove it from what `{class} = {list}` names"));
    }
    unfinished.edit(named)
}

fn is_live(word: &str) -> bool {
    matches!(ListItem::parse(word), ListItem::Socketmap { .. })
}

/// Returns the domains for which a map of readdress stands in `relay_domains`, without those of local classes.
/// Returns none if the map is not readdress'.
pub fn stands_for(postfix: &Postfix, facts: &Facts, word: &str) -> Option<Vec<String>> {
    let ListItem::Socketmap { socket, name, .. } = ListItem::parse(word) else {
        return None;
    };
    let readdress = &facts.readdress;
    let is_ours = postfix
        .doors()
        .any(|door| named(socket, &readdress.socketmap, postfix.view(door), facts).is_some());
    // If nothing answers at the socket, the name of the map shows whether readdress is meant.
    let domains: Vec<_> = match name {
        "domains" => readdress
            .secondary
            .iter()
            .chain(&readdress.primary)
            .collect(),
        "secondary" => readdress.secondary.iter().collect(),
        _ if is_ours => Vec::new(),
        _ => return None,
    };
    let forms = domains.into_iter().flat_map(Domain::spellings);
    let here = |form: &String| {
        readdress
            .primary
            .iter()
            .flat_map(Domain::spellings)
            .any(|own| own == *form)
    };
    Some(
        forms
            .filter(|form| !(here(form) && postfix.is_local(form)))
            .collect(),
    )
}

/// Returns a finding if `relay_domains` names a socketmap.
fn live_list(postfix: &Postfix, facts: &Facts) -> Option<PendingFinding> {
    let list = words(postfix.value("relay_domains"));
    let live = *list.iter().find(|word| is_live(word))?;
    let unfinished = PendingFinding::new(
        codes::RELAY_DOMAINS_LIVE,
        &postfix.main_cf,
        format!(
            "`relay_domains` asks `{live}`: each smtpd remembers the answers, also failures, as long as it runs"
        ),
    );
    let Some(domains) = stands_for(postfix, facts, live) else {
        return Some(unfinished.say(format!(
            "use a static list: replace `{live}` by its domains"
        )));
    };
    let mut edits = vec![Edit::main("relay_domains", Change::Remove(live.to_owned()))];
    edits.extend(more(postfix, domains));
    Some(unfinished.say("use a static list: ").edit(edits))
}

fn subdomains(postfix: &Postfix) -> Option<PendingFinding> {
    if !parents(postfix) || !has_static(postfix) {
        return None;
    }
    let unfinished = PendingFinding::new(
        codes::SUBDOMAINS_ACCEPTED,
        &postfix.main_cf,
        "Postfix accepts mail for every subdomain of the domains in `relay_domains`",
    );
    Some(
        unfinished
            .edit([strict()])
            .or("; list the subdomains that you want"),
    )
}
