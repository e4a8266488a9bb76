//! Lines for `main.cf`.

use crate::doctor::{
    facts::{Facts, Postfix, Service},
    lists::words,
    postfix::{LISTEN, map, reachable, recipient_maps, stands_for},
};

/// Returns the lines. Lists keep what `main.cf` has already.
///
/// If there is no Postfix, Debian's is assumed, whose smtpd has its chroot in `/var/spool/postfix`.
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
        "# The domains of the rules, in both spellings. The list is static, because smtpd remembers"
            .to_owned(),
        "# the answers of a map as long as it runs. Run `postfix reload` after a change.".to_owned(),
    ];
    let domains = relayed(postfix, facts);
    let local = facts
        .readdress
        .secondary
        .iter()
        .flat_map(|domain| domain.spellings())
        .filter(|form| postfix.is_local(form));
    lines.extend(
        local.map(|form| format!("# Remove {form} from mydestination and the virtual_*_domains.")),
    );
    lines.push(format!("relay_domains = {}", domains.join(", ")));
    let name = "parent_domain_matches_subdomains";
    let rest = words(postfix.value(name))
        .into_iter()
        .filter(|word| *word != "relay_domains");
    lines.push("# A domain does not stand for its subdomains.".to_owned());
    lines.push(format!("{name} = {}", rest.collect::<Vec<_>>().join(", ")));
    recipients(postfix, facts, &mut lines);
    milters(postfix, facts, &mut lines);
    lines.join("\n")
}

/// Returns the words that `relay_domains` has already, and the domains of the rules that no local class has.
fn relayed(postfix: &Postfix, facts: &Facts) -> Vec<String> {
    // Maps of readdress are replaced by the domains for which they stand.
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
        // A map at which nothing answers would defer all mail.
        lines.push(
            "# The milter refuses unknown recipients. To have Postfix ask the table as well, write"
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
    lines.push("# Postfix asks the same table which recipients exist.".to_owned());
    let list = recipient_maps(postfix, facts, &map);
    lines.push(format!("relay_recipient_maps = {list}"));
}

fn milters(postfix: &Postfix, facts: &Facts, lines: &mut Vec<String>) {
    lines.push(
        "# readdress must be the last milter: it cannot see what a later one refuses. While"
            .to_owned(),
    );
    lines.push("# readdress is away, mail is deferred, and never passes unchanged.".to_owned());
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
