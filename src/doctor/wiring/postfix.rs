//! Lines for `main.cf`.

use crate::doctor::{
    facts::{Facts, Postfix, Service},
    lists::words,
    postfix::{LISTEN, map, reachable, recipient_maps, stands_for},
};

/// Writes them; what `main.cf` has already is kept where it is a list.
///
/// Without a Postfix to look at, Debian's is assumed: smtpd confined to `/var/spool/postfix`.
pub fn postfix(facts: &Facts) -> String {
    let assumed;
    let postfix = match &facts.postfix {
        Some(postfix) => postfix,
        None => {
            assumed = debian();
            &assumed
        }
    };
    let mut lines = vec![
        "# The table's domains, in both spellings; the list is static, since smtpd remembers"
            .to_owned(),
        "# what a map said for as long as it lives. `postfix reload` after a change.".to_owned(),
    ];
    let domains = relayed(postfix, facts);
    let local = facts
        .readdress
        .secondary
        .iter()
        .flat_map(|domain| domain.spellings())
        .filter(|form| postfix.is_local(form));
    lines.extend(
        local.map(|form| format!("# Take {form} out of mydestination and the virtual_*_domains.")),
    );
    lines.push(format!("relay_domains = {}", domains.join(", ")));
    let name = "parent_domain_matches_subdomains";
    let rest = words(postfix.value(name))
        .into_iter()
        .filter(|word| *word != "relay_domains");
    lines.push("# No subdomains by default.".to_owned());
    lines.push(format!("{name} = {}", rest.collect::<Vec<_>>().join(", ")));
    recipients(postfix, facts, &mut lines);
    milters(postfix, facts, &mut lines);
    lines.join("\n")
}

/// What there already is, and our domains that no local class has.
fn relayed(postfix: &Postfix, facts: &Facts) -> Vec<String> {
    // Our own maps give way to what they stand for.
    let mut list: Vec<_> = words(postfix.written("relay_domains"))
        .into_iter()
        .filter(|word| stands_for(postfix, facts, word).is_none())
        .map(str::to_owned)
        .collect();
    let readdress = &facts.readdress;
    let local = |form: &str| postfix.is_local(form);
    let primary = readdress
        .primary
        .iter()
        .flat_map(|domain| domain.spellings())
        .filter(|form| !local(form));
    for form in readdress
        .secondary
        .iter()
        .flat_map(|domain| domain.spellings())
        .chain(primary)
    {
        if !list.iter().any(|word| word.to_lowercase() == form) {
            list.push(form);
        }
    }
    list
}

fn recipients(postfix: &Postfix, facts: &Facts, lines: &mut Vec<String>) {
    let Some(map) = map(postfix, facts) else {
        // A map that nobody serves would defer all mail.
        lines.push(
            "# The milter refuses unknown recipients. To let Postfix ask the table, write"
                .to_owned(),
        );
        lines.push("#     [socketmap]".to_owned());
        lines.push(format!("#     {LISTEN}"));
        lines.push(format!(
            "# into {}, restart readdress, and print these lines again.",
            facts.readdress.file
        ));
        return;
    };
    lines.push("# Unknown recipients are refused by the table that rewrites.".to_owned());
    let list = recipient_maps(postfix, facts, &map);
    lines.push(format!("relay_recipient_maps = {list}"));
}

fn milters(postfix: &Postfix, facts: &Facts, lines: &mut Vec<String>) {
    lines.push(
        "# readdress stands last: what a milter behind it refuses it cannot see. Mail is"
            .to_owned(),
    );
    lines.push("# deferred while it is away, never passed on as it is.".to_owned());
    let chroot = postfix.doors().any(|door| door.chroot);
    let socket = reachable(&facts.readdress.milter, postfix.queue(), chroot).unwrap_or_else(|| {
        lines.push(format!("# It needs two lines in {}:", facts.readdress.file));
        lines.push("#     [milter]".to_owned());
        lines.push(format!(
            "#     listen = [\"unix:{}/readdress/milter.sock\"]",
            postfix.queue().display()
        ));
        "unix:readdress/milter.sock".to_owned()
    });
    let mut alone = true;
    for name in ["smtpd_milters", "non_smtpd_milters"] {
        let (list, own) = postfix.list_with(name, &socket, facts);
        alone &= own;
        lines.push(format!("{name} = {list}"));
    }
    if alone {
        lines.push("milter_default_action = tempfail".to_owned());
    }
}

fn debian() -> Postfix {
    let door = Service {
        name: "smtp/inet".to_owned(),
        chroot: true,
        command: "smtpd".to_owned(),
        ..Service::default()
    };
    let mut postfix = Postfix {
        services: vec![door],
        ..Postfix::default()
    };
    let values = [
        ("queue_directory", "/var/spool/postfix"),
        (
            "parent_domain_matches_subdomains",
            "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,\
             qmqpd_authorized_clients,relay_domains,smtpd_access_maps",
        ),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    postfix.values.extend(values);
    postfix
}
