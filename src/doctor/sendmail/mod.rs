//! `sendmail.cf` and the files that it names.
//!
//! In: [`Sendmail`], with the texts of these files. A domain counts as accepted if class R or the access map has
//! it,
//! or if `Local_check_rcpt` says OK to the addresses of the table. Maps are read from their source, which has the
//! map's name without `.db`.

pub mod cf;
mod check_rcpt;
mod classes;
mod listing;

pub use listing::{address, dsn_off, listed, remedy};

use super::{
    Finding,
    codes::{self, Code},
    facts::{Facts, Sendmail},
    lists::some,
    sockets::{self, Named, View, named},
    wiring,
};
use crate::engine::address::Domain;
use cf::{Cf, Filter};
use check_rcpt::{asks_us, listed as accepted, opened, unchecked};
use classes::{class, entries, local};

/// Returns the findings about a Sendmail.
pub(super) fn examine(sendmail: &Sendmail, facts: &Facts) -> Vec<Finding> {
    let cf = Cf::parse(&sendmail.text);
    let mut findings = filters(&cf, sendmail, facts);
    findings.extend(listing::misspelt(&cf, sendmail));
    findings.extend(listing::without_dsn(&cf, sendmail));
    findings.extend(domains(&cf, sendmail, facts));
    findings.extend(unchecked(&cf, sendmail, facts));
    findings.extend(opened(&cf, sendmail));
    findings.extend(virtusers(&cf, sendmail, facts));
    findings
}

/// Returns the line for `sendmail.mc`.
fn filter_line(facts: &Facts) -> String {
    wiring::sendmail_filter(&facts.readdress).unwrap_or_default()
}

fn filters(cf: &Cf, sendmail: &Sendmail, facts: &Facts) -> Vec<Finding> {
    let own = &facts.readdress.milter;
    let found = cf.filters.iter().find_map(|filter| {
        let named = named(&filter.socket, own, View::of_root(), facts)?;
        Some((filter, named))
    });
    let Some((filter, named)) = found else {
        return vec![Finding::new(
            codes::MILTER_NOT_LISTED,
            &sendmail.cf,
            "no filter (`X…`) has a socket of readdress",
            format!(
                "write into sendmail.mc, after all other filters: {}",
                filter_line(facts)
            ),
        )];
    };
    let mut findings = asked(cf, filter, sendmail);
    findings.extend(when_down(filter, sendmail, facts));
    findings.extend(socket(cf, named, sendmail, facts));
    findings
}

/// Returns findings about ports that do not ask the filter, or do not ask it last.
fn asked(cf: &Cf, filter: &Filter, sendmail: &Sendmail) -> Vec<Finding> {
    let any = [("smtp".to_owned(), None)];
    let ports = if cf.ports.is_empty() {
        &any
    } else {
        cf.ports.as_slice()
    };
    let list = |filters: &Option<Vec<String>>| filters.clone().unwrap_or_else(|| cf.order.clone());
    let (asking, silent): (Vec<_>, Vec<_>) = ports
        .iter()
        .map(|(name, filters)| (name, list(filters)))
        .partition(|(_, filters)| filters.contains(&filter.name));
    let mut findings = Vec::new();
    let name = &filter.name;
    if asking.is_empty() {
        findings.push(Finding::new(
            codes::MILTER_NOT_LISTED,
            &sendmail.cf,
            format!("the filter `{name}` is defined, and no port asks it (`InputMailFilters`)"),
            "in sendmail.mc write `INPUT_MAIL_FILTER` in place of `MAIL_FILTER`",
        ));
        return findings;
    }
    for (port, filters) in silent {
        findings.push(Finding::new(
            codes::MILTER_NOT_AT_EVERY_PORT,
            &sendmail.cf,
            format!("mail that comes in by the port `{port}` does not pass readdress, and is not rewritten"),
            format!(
                "unless that is meant, write its filters as `InputMailFilters={}`",
                with(&filters, name)
            ),
        ));
    }
    let behind = |filters: &Vec<String>| filters.last() != Some(name);
    if let Some((port, filters)) = asking.iter().find(|(_, filters)| behind(filters)) {
        findings.push(Finding::new(
            codes::MILTER_NOT_LAST,
            &sendmail.cf,
            format!(
                "another filter comes after readdress at `{port}`: if it refuses a recipient, mail for that \
                 recipient is delivered nevertheless"
            ),
            format!(
                "write `define(`confINPUT_MAIL_FILTERS', `{}')dnl` into sendmail.mc",
                with(filters, name).replace(';', ", ")
            ),
        ));
    }
    findings
}

/// Returns the names with readdress' filter at the end.
fn with(filters: &[String], own: &str) -> String {
    let others = filters
        .iter()
        .map(String::as_str)
        .filter(|name| *name != own);
    others.chain([own]).collect::<Vec<_>>().join(";")
}

fn when_down(filter: &Filter, sendmail: &Sendmail, facts: &Facts) -> Option<Finding> {
    let (code, what) = match filter.flags.as_str() {
        flags if flags.contains(['T', '4']) => return None,
        flags if flags.contains('R') => {
            (codes::REFUSES_WHEN_DOWN, "mail is refused for good (`F=R`)")
        }
        _ => (
            codes::PASSES_WHEN_DOWN,
            "mail passes with its recipients as they are (no `F=`)",
        ),
    };
    Some(Finding::new(
        code,
        &sendmail.cf,
        format!("while readdress is away, {what}"),
        format!("write `F=T` into sendmail.mc: {}", filter_line(facts)),
    ))
}

fn socket(cf: &Cf, named: Named<'_>, sendmail: &Sendmail, facts: &Facts) -> Option<Finding> {
    let open = sockets::unsafe_for_sendmail(named.socket, cf.trusts_groups, facts);
    open.or_else(|| {
        let user = sendmail.user.as_ref()?;
        sockets::closed(named.socket, "", user, View::of_root(), facts)
    })
}

/// What makes Sendmail accept mail for a domain: class R, the access map, or the table itself.
struct Relayed<'c> {
    class: Vec<&'c str>,
    access: Vec<(String, &'c str)>,
    /// True if class R stands for subdomains as well.
    subdomains: bool,
    /// True if `Local_check_rcpt` says OK to the addresses of the table.
    table: bool,
    /// Domains that `Local_check_rcpt` says OK to, because they are in a class that it names.
    listed: Vec<&'c str>,
}

impl<'c> Relayed<'c> {
    /// Reads it from the configuration.
    fn new(cf: &'c Cf, sendmail: &'c Sendmail, facts: &Facts) -> Self {
        Self {
            class: class(cf, sendmail, "R"),
            access: entries(cf, sendmail, "access").unwrap_or_default(),
            subdomains: cf.relays_subdomains,
            table: asks_us(cf, facts) && cf.check_rcpt.iter().any(|line| line.contains("$# OK")),
            listed: accepted(cf, sendmail),
        }
    }

    fn accepts(&self, form: &str) -> bool {
        let by_map = self.access.iter().any(|(key, value)| {
            let key = key.strip_prefix("to:").unwrap_or(key);
            key == form && value.eq_ignore_ascii_case("relay")
        });
        let by_class = self.class.iter().any(|word| {
            let rest = form.strip_suffix(&word.to_lowercase());
            rest.is_some_and(|rest| rest.is_empty() || (self.subdomains && rest.ends_with('.')))
        });
        self.table || by_map || by_class || self.listed.contains(&form)
    }

    fn is_in_class(&self, domain: &Domain) -> bool {
        local(&self.class, domain)
    }
}

fn domains(cf: &Cf, sendmail: &Sendmail, facts: &Facts) -> Vec<Finding> {
    let class_w = class(cf, sendmail, "w");
    let relayed = Relayed::new(cf, sendmail, facts);
    let refused = |domain: &&Domain| {
        !local(&class_w, domain) && !domain.spellings().iter().any(|form| relayed.accepts(form))
    };
    let half = |domain: &&Domain| {
        let forms = domain.spellings();
        let accepted = forms.iter().filter(|form| relayed.accepts(form)).count();
        accepted > 0 && accepted < forms.len()
    };
    let open = |domain: &&Domain| cf.relays_subdomains && relayed.is_in_class(domain);
    let secondary = facts.readdress.secondary.iter();
    let primary = facts.readdress.primary.iter();
    let line =
        "write `RELAY_DOMAIN(`{}')dnl` into sendmail.mc, or the names into its file of class R";
    let findings = [
        about(
            codes::DOMAIN_NOT_ACCEPTED,
            secondary.clone().filter(refused),
            "Sendmail refuses mail for {} (`Relaying denied`) before any filter is asked",
            line,
            sendmail,
        ),
        about(
            codes::PRIMARY_NOT_ACCEPTED,
            primary.filter(refused),
            "Sendmail accepts no mail from outside for {}",
            &format!("unless its mail comes in elsewhere, {line}"),
            sendmail,
        ),
        about(
            codes::DOMAIN_IN_OTHER_CLASS,
            secondary.clone().filter(|domain| local(&class_w, domain)),
            "{} is in class w: Sendmail refuses users that it does not know itself",
            "remove it from class w, and write `RELAY_DOMAIN(`{}')dnl` into sendmail.mc",
            sendmail,
        ),
        about(
            codes::LABEL_FORM_MISSING,
            secondary.clone().filter(half),
            "Sendmail accepts only one spelling of {}, A-labels or U-labels",
            line,
            sendmail,
        ),
        relayed_targets(&relayed, sendmail, facts),
        about(
            codes::SUBDOMAINS_ACCEPTED,
            secondary.chain(facts.readdress.primary.iter()).filter(open),
            "Sendmail accepts mail for every subdomain of {}, which class R holds",
            "write `FEATURE(`relay_hosts_only')dnl` into sendmail.mc, above MAILER; list the subdomains that you want",
            sendmail,
        ),
    ];
    findings.into_iter().flatten().collect()
}

/// Returns a finding about domains that are only targets of rules.
fn relayed_targets(relayed: &Relayed<'_>, sendmail: &Sendmail, facts: &Facts) -> Option<Finding> {
    let targeted = facts.readdress.targeted.iter();
    about(
        codes::RELAYS_FOR_TARGET,
        targeted.filter(|domain| relayed.is_in_class(domain)),
        "Sendmail accepts mail for {} from anybody (class R), and the rules only send to it",
        "unless it is yours, remove it from class R; if it is yours, declare it in the rules",
        sendmail,
    )
}

/// Returns a finding about some domains, if there are any. `{}` stands for their names.
fn about<'d>(
    code: Code,
    domains: impl Iterator<Item = &'d Domain>,
    sentence: &str,
    help: &str,
    sendmail: &Sendmail,
) -> Option<Finding> {
    let domains: Vec<_> = domains.collect();
    let names = some(domains.iter().map(|domain| domain.as_str()))?;
    let words: Vec<_> = domains
        .iter()
        .flat_map(|domain| domain.spellings())
        .collect();
    let (sentence, help) = (
        sentence.replace("{}", &names),
        help.replace("{}", &words.join(" ")),
    );
    Some(Finding::new(code, &sendmail.cf, sentence, help))
}

/// Returns findings about the virtusertable, which rewrites as well.
fn virtusers(cf: &Cf, sendmail: &Sendmail, facts: &Facts) -> Vec<Finding> {
    let Some(source) = cf.maps.get("virtuser").and_then(cf::Map::source) else {
        return Vec::new();
    };
    let Some(entries) = entries(cf, sendmail, "virtuser") else {
        return vec![Finding::new(
            codes::UNSEEN,
            source,
            "the source of the virtusertable could not be read",
            format!("look at it yourself: `makemap -u hash {source}`"),
        )];
    };
    let find = |address: String| {
        let domain = address
            .rfind('@')
            .and_then(|at| address.get(at..))
            .unwrap_or_default();
        let found = entries.iter().find(|(key, _)| *key == address);
        let found = found.or_else(|| entries.iter().find(|(key, _)| key == domain));
        found.map(|(_, value)| (address.clone(), (*value).to_owned()))
    };
    let lower = |mailbox: &crate::engine::address::Mailbox| mailbox.to_string().to_lowercase();
    let mut findings = Vec::new();
    if let Some((address, value)) = facts
        .readdress
        .targets
        .iter()
        .find_map(|target| find(lower(target)))
    {
        findings.push(Finding::new(
            codes::REWRITTEN_AGAIN,
            source,
            format!(
                "the virtusertable turns `{address}`, which comes out of a rule, into `{value}`"
            ),
            format!("remove it, or write `{value}` as the target of the rule"),
        ));
    }
    let is_ours = |key: &str| {
        let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
        facts
            .readdress
            .secondary
            .iter()
            .any(|own| own.spellings().iter().any(|form| form == domain))
    };
    if let Some((key, value)) = entries.iter().find(|(key, _)| is_ours(key)) {
        findings.push(Finding::new(
            codes::OLD_MAP,
            source,
            format!(
                "the virtusertable still has `{key}` (for `{value}`); only the rules have an effect"
            ),
            "remove it when nothing needs it any more",
        ));
    }
    findings
}
