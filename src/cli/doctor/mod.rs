//! `readdress doctor`: what is wrong on this machine around the table, or the lines that connect an MTA
//! to readdress.

mod files;
mod live;
mod mta;
mod print;
mod probe;

use super::{
    Exit, failed,
    files::counted,
    flags::{Doctor, Mta},
    output::{self, Progress},
};
use crate::{
    config::socket::Socket,
    doctor::{
        facts::{Facts, Postfix},
        gather::{Failed, Gathered, dns, paths},
        postfix, wiring,
    },
};

/// Runs the command.
pub fn run(flags: &Doctor) -> Exit {
    match gather(flags) {
        Ok(facts) => match flags.print {
            Some(mta) => wire(mta, &facts),
            None => print::tell(flags, &facts),
        },
        Err(exit) => exit,
    }
}

fn gather(flags: &Doctor) -> Result<Facts, Exit> {
    let flags = &files::absolute(flags);
    let (mut config, misconfigured) = files::configuration(flags)?;
    let status = live::status(&config.control);
    // If a list of sockets cannot be read from the file, only the running daemon knows them.
    let unread = |section| config.origins.is_unread(section, "listen");
    let hidden = unread("milter") || unread("socketmap");
    if let Ok(status) = &status {
        if hidden {
            config.milter.listen.clear();
            config.socketmap.clear();
        }
        live::use_real_sockets(status, &mut config);
    }
    if let Some(rules) = &flags.rules {
        config.rules.clone_from(rules);
    }
    if !flags.listen.is_empty() {
        config.milter.listen.clone_from(&flags.listen);
    }
    let loaded = files::rules(flags, &config)?;
    let loaded = loaded.as_ref();
    let table = loaded.and_then(|loaded| loaded.table.as_deref());
    let mut facts = Facts {
        readdress: files::ours(flags, &config, &misconfigured, loaded),
        groups: paths::groups(),
        ..Facts::default()
    };
    facts.readdress.sockets_unknown = hidden && status.is_err();
    let failed_to = |error: Failed| failed(&error.0);
    let (postfix, sendmail) = mta::mtas(flags, &facts.readdress).map_err(failed_to)?;
    if let (Gathered::Absent, Gathered::Absent) = (&postfix, &sendmail) {
        facts.unseen.push(mta::no_mta());
    }
    facts.postfix = postfix.found(&mut facts.unseen);
    if let (Some(mta), Some(table)) = (&facts.postfix, table) {
        facts.added = postfix::decided(&postfix::added_addresses(mta), table);
    }
    facts.sendmail = sendmail.found(&mut facts.unseen);
    for socket in config.milter.listen.iter().chain(&config.socketmap) {
        if let Socket::Unix(path) = socket {
            facts.paths.insert(path.clone(), paths::walk(path));
        }
    }
    if flags.print.is_none() {
        ask_dns(flags, &mut facts);
        facts.daemon = live::daemon(&status, &facts.readdress, &config, loaded);
        probe::ask(flags, table, &mut facts);
    }
    mta::connections(&mut facts);
    Ok(facts)
}

fn ask_dns(flags: &Doctor, facts: &mut Facts) {
    let domains: Vec<_> = facts.readdress.inbound().cloned().collect();
    let _progress = Progress::start(&format!(
        "asking DNS about {}",
        counted(domains.len(), "domain")
    ));
    facts.dns = dns::ask(flags.dns, &domains);
}

/// Prints the lines that connect an MTA to readdress.
fn wire(mta: Mta, facts: &Facts) -> Exit {
    if let Some(words) = facts.postfix.as_ref().and_then(Postfix::broken) {
        return failed(&format!("Postfix cannot read its configuration: {words}"));
    }
    if facts.readdress.broken.is_some() {
        return failed(&format!(
            "the rules have errors: fix what `readdress check {}` shows first",
            facts.readdress.rules.display()
        ));
    }
    output::line(&match mta {
        Mta::Postfix => wiring::postfix(facts),
        Mta::Sendmail => wiring::sendmail(facts),
    });
    Exit::Fine
}
