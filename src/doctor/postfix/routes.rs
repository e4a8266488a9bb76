//! Where Postfix sends mail for primary and secondary domains after the milter: `transport_maps`, the transport of
//! the domain's class, `relayhost`.
//!
//! Postfix looks the transport up at RCPT already: `error:` there refuses a secondary address before any milter
//! is asked.

use super::{
    maps::{ListItem, holds, tables_of},
    next_hop::{door, place},
};
use crate::{
    doctor::{
        codes,
        edits::{Change, Edit},
        facts::{Facts, Mx, Postfix},
        lists::{some, words},
        pending::PendingFinding,
        remedy::quoted,
    },
    engine::address::{Domain, Mailbox},
};

/// Types of tables that are made from a text file of the same name.
const INDEXED: [&str; 5] = ["btree", "cdb", "dbm", "hash", "lmdb"];

/// The transport and next hop for one domain or address.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Route {
    transport: String,
    next_hop: String,
    source: Origin,
}

/// Where the route comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Origin {
    /// A key of a table in `transport_maps`.
    Table { table: String, key: String },
    /// A parameter (`relay_transport`, `relayhost`).
    Parameter(&'static str),
    /// No setting: the domain's MX records count.
    Mx,
}

/// Returns the findings about the routes of primary and secondary domains and of addresses with a rule.
pub(super) fn examine(postfix: &Postfix, facts: &Facts) -> Vec<PendingFinding> {
    let readdress = &facts.readdress;
    let mut seen: Vec<(Route, Vec<String>, bool)> = Vec::new();
    let mut add = |route: Route, name: String, primary: bool| {
        let known = seen
            .iter_mut()
            .find(|(own, _, class)| *own == route && *class == primary);
        match known {
            Some((_, names, _)) => names.push(name),
            None => seen.push((route, vec![name], primary)),
        }
    };
    for (list, primary) in [(&readdress.primary, true), (&readdress.secondary, false)] {
        for form in list.iter().flat_map(Domain::spellings) {
            add(of_domain(postfix, &form), form, primary);
        }
    }
    for mailbox in readdress.originals.iter().chain(&readdress.targets) {
        let (key, primary) = (
            mailbox.to_string().to_lowercase(),
            readdress.primary.contains(&mailbox.domain),
        );
        if let Some(route) = of_address(postfix, mailbox, &key) {
            add(route, key, primary);
        }
    }
    let mut pending = Vec::new();
    for (route, names, primary) in &seen {
        pending.extend(refusing(postfix, route, names, *primary));
        pending.extend(looping(postfix, route, names));
    }
    pending.extend(to_its_own_mx(postfix, facts));
    pending
}

/// Returns the hosts of all next hops, which may be this machine.
pub fn hosts(postfix: &Postfix) -> Vec<String> {
    let parameters = ["relay_transport", "default_transport", "relayhost"];
    let values = parameters.iter().map(|name| postfix.value(name));
    let tables = words(postfix.value("transport_maps"))
        .into_iter()
        .filter_map(|table| {
            postfix
                .maps
                .get(table.strip_prefix("proxy:").unwrap_or(table))
        })
        .flat_map(|answers| answers.values().map(String::as_str));
    let hops = values
        .chain(tables)
        .map(|value| value.split_once(':').map_or(value, |(_, hop)| hop));
    // `relayhost` has no transport.
    let hops = hops.chain([postfix.value("relayhost")]);
    hops.map(|hop| place(hop).0).collect()
}

/// Returns what `transport_maps` has for a key.
fn listed(postfix: &Postfix, key: &str, regexes: bool) -> Option<(String, String)> {
    let tables = tables_of(postfix, "transport_maps").into_iter();
    let mut fitting = tables
        .filter(|table| regexes || !(table.starts_with("pcre:") || table.starts_with("regexp:")));
    fitting.find_map(|table| {
        let value = postfix.maps.get(table)?.get(key)?;
        Some((table.to_owned(), value.clone()))
    })
}

fn of_address(postfix: &Postfix, mailbox: &Mailbox, key: &str) -> Option<Route> {
    let (table, value) = listed(postfix, key, true)?;
    let key = key.to_owned();
    let class = class(postfix, mailbox.domain.as_str());
    Some(from_table(postfix, class, table, key, &value))
}

/// Returns the entry that trivial-rewrite(8) finds.
fn of_domain(postfix: &Postfix, domain: &str) -> Route {
    let class = class(postfix, domain);
    let parents = words(postfix.value("parent_domain_matches_subdomains"));
    let dot = if parents.contains(&"transport_maps") {
        ""
    } else {
        "."
    };
    let above = domain
        .match_indices('.')
        .filter_map(|(at, _)| domain.get(at + 1..))
        .map(|parent| format!("{dot}{parent}"));
    let keys = std::iter::once(domain.to_owned()).chain(above);
    for key in keys.chain(["*".to_owned()]) {
        if let Some((table, value)) = listed(postfix, &key, false) {
            return from_table(postfix, class, table, key, &value);
        }
    }
    of_class(postfix, class)
}

fn from_table(
    postfix: &Postfix,
    class: &'static str,
    table: String,
    key: String,
    value: &str,
) -> Route {
    let (transport, next_hop) = value.split_once(':').unwrap_or((value, ""));
    let mut route = of_class(postfix, class);
    if !transport.is_empty() || !next_hop.is_empty() {
        let transport = match transport {
            "" => route.transport,
            transport => transport.to_owned(),
        };
        route = Route {
            transport,
            next_hop: next_hop.to_owned(),
            source: Origin::Table { table, key },
        };
    }
    route
}

/// Returns the parameter with the transport of a domain's class.
fn class(postfix: &Postfix, domain: &str) -> &'static str {
    let within = |list: &str| {
        let parents = words(postfix.value("parent_domain_matches_subdomains")).contains(&list);
        holds(postfix, postfix.value(list), domain, parents)
    };
    if within("mydestination") {
        "local_transport"
    } else if within("virtual_mailbox_domains") {
        "virtual_transport"
    } else if within("relay_domains") {
        "relay_transport"
    } else {
        "default_transport"
    }
}

fn of_class(postfix: &Postfix, class: &'static str) -> Route {
    let value = postfix.value(class);
    let (transport, next_hop) = value.split_once(':').unwrap_or((value, ""));
    let relayed = matches!(class, "relay_transport" | "default_transport");
    let relayhost = postfix.value("relayhost");
    let (next_hop, source) = match (next_hop, relayed, relayhost) {
        ("", true, "") => ("", Origin::Mx),
        ("", true, host) => (host, Origin::Parameter("relayhost")),
        (hop, _, _) => (hop, Origin::Parameter(class)),
    };
    // `relay_transport = error` has no next hop, but it decides.
    let source = match (source, transport) {
        (Origin::Mx | Origin::Parameter(_), "error" | "retry" | "discard") => {
            Origin::Parameter(class)
        }
        (source, _) => source,
    };
    Route {
        transport: transport.to_owned(),
        next_hop: next_hop.to_owned(),
        source,
    }
}

impl Route {
    /// Returns where the route comes from, in words.
    fn origin(&self) -> String {
        match &self.source {
            Origin::Table { table, key } => format!("`{key}` in `{table}` (`transport_maps`)"),
            Origin::Parameter(name) => format!("`{name}`"),
            Origin::Mx => "its MX record".to_owned(),
        }
    }

    fn program<'p>(&self, postfix: &'p Postfix) -> &'p str {
        let name = format!("{}/unix", self.transport);
        let service = postfix.services.iter().find(|own| own.name == name);
        service.map_or("", |service| service.command.as_str())
    }
}

fn refusing(
    postfix: &Postfix,
    route: &Route,
    names: &[String],
    primary: bool,
) -> Option<PendingFinding> {
    let what = match route.transport.as_str() {
        "error" => "Postfix refuses it (550) before any milter is asked",
        "retry" => "Postfix defers it (450) before any milter is asked",
        // Mail for a secondary address takes the route of its target.
        "discard" if primary => "Postfix throws it away",
        _ => return None,
    };
    let message = format!(
        "{} sends mail for {} to `{}:`: {what}",
        route.origin(),
        some(names.iter().map(String::as_str))?,
        route.transport
    );
    let unfinished = PendingFinding::new(codes::ROUTE_REFUSES, about(postfix, route), message);
    Some(match &route.source {
        Origin::Table { table, key } => without(postfix, unfinished, table, key),
        Origin::Parameter(name) => {
            let default = if *name == "relay_transport" {
                "relay"
            } else {
                "smtp"
            };
            unfinished.edit([Edit::main(name, Change::Set(default.to_owned()))])
        }
        Origin::Mx => unfinished,
    })
}

/// Adds the commands that remove a key from a table: its line becomes a comment.
fn without(
    postfix: &Postfix,
    unfinished: PendingFinding,
    table: &str,
    key: &str,
) -> PendingFinding {
    let (kind, path) = table.split_once(':').unwrap_or(("", table));
    let shared = key == "*" || key.starts_with('.');
    let by_hand = format!("remove `{key}` from `{table}`");
    if shared || !(INDEXED.contains(&kind) || kind == "texthash") {
        return unfinished.say(by_hand);
    }
    let pattern = key.replace('.', "\\.").replace('/', "\\/");
    let path = quoted(path);
    let script = quoted(&format!("s/^{pattern}[[:space:]]/#&/I"));
    let mut commands = vec![format!("sed -i {script} {path}")];
    if kind != "texthash" {
        let table = quoted(table);
        commands.push(format!("{} {table}", postfix.command("postmap")));
    }
    commands.push(format!("{} reload", postfix.command("postfix")));
    unfinished.run(commands)
}

fn about(postfix: &Postfix, route: &Route) -> String {
    match &route.source {
        Origin::Table { table, .. } => table.clone(),
        _ => postfix.main_cf.clone(),
    }
}

fn looping(postfix: &Postfix, route: &Route, names: &[String]) -> Option<PendingFinding> {
    let by_smtp = matches!(route.program(postfix), "smtp" | "lmtp");
    if route.next_hop.is_empty() || !by_smtp {
        return None;
    }
    let (host, port) = place(&route.next_hop);
    let own = door(postfix, &host, port)?;
    let message = format!(
        "{} sends mail for {} to `{}`, which is {} of this Postfix: it loops until Postfix bounces it (too many hops)",
        route.origin(),
        some(names.iter().map(String::as_str))?,
        route.next_hop,
        own.name
    );
    let unfinished = PendingFinding::new(codes::ROUTE_LOOPS, about(postfix, route), message);
    let host = format!(
        "the host of the mailboxes as its next hop (`{}:[HOST]`)",
        route.transport
    );
    let relayhost = place(postfix.value("relayhost"));
    let elsewhere = !relayhost.0.is_empty() && door(postfix, &relayhost.0, relayhost.1).is_none();
    Some(match &route.source {
        Origin::Parameter("relay_transport") if elsewhere => unfinished
            .edit([Edit::main(
                "relay_transport",
                Change::Set("relay".to_owned()),
            )])
            .or(format!(", so that it goes to `relayhost`; or write {host}")),
        Origin::Table { table, key } => {
            unfinished.say(format!("write `{key}` in `{table}` with {host}"))
        }
        Origin::Parameter(name) => unfinished.say(format!("write `{name}` with {host}")),
        Origin::Mx => unfinished,
    })
}

/// Returns a finding about primary domains for which no setting names a next hop, and whose MX is this host.
fn to_its_own_mx(postfix: &Postfix, facts: &Facts) -> Option<PendingFinding> {
    let own = postfix.value("myhostname");
    let is_here = |domain: &&Domain| match facts.dns.domains.get(*domain) {
        Some(Mx::Targets(targets)) => targets
            .iter()
            .any(|target| target.eq_ignore_ascii_case(own)),
        _ => false,
    };
    let relayed = |domain: &&Domain| class(postfix, domain.as_str()) == "relay_transport";
    let lost = facts.readdress.primary.iter().filter(|domain| {
        relayed(domain)
            && of_domain(postfix, domain.as_str()).source == Origin::Mx
            && is_here(domain)
    });
    let lost: Vec<_> = lost.map(Domain::as_str).collect();
    let first = lost.first()?;
    let message = format!(
        "no setting says where mail for {} goes after readdress: Postfix follows its MX record, which is this \
         host (`{own}`), and bounces it (`loops back to myself`)",
        some(lost.iter().copied())?
    );
    let tables = words(postfix.written("transport_maps"));
    let help = match tables.first().map(|table| ListItem::parse(table)) {
        None => format!(
            "name the host of the mailboxes: `{} -e 'transport_maps = inline:{{ {first}=relay:[HOST] }}'`, \
             or write `relayhost = [HOST]` if all mail goes there",
            postfix.command("postconf")
        ),
        Some(_) => format!(
            "name the host of the mailboxes: `{first} relay:[HOST]` into `{}`",
            tables.join(", ")
        ),
    };
    Some(PendingFinding::new(codes::ROUTE_LOOPS, &postfix.main_cf, message).say(help))
}
