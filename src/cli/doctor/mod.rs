//! `readdress doctor`: what is wrong with the machine around the table, or the lines that connect an
//! MTA to it.

mod live;
mod print;
mod probe;

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Exit, failed,
    files::{self, Loaded, counted},
    flags::{Doctor, Mta},
    output::{self, Progress},
};
use crate::{
    config::{Config, DEFAULT_FILE, parse_partly, socket::Socket},
    daemon::settings::Source,
    doctor::{
        codes,
        facts::{Facts, Readdress, Postfix, Sendmail, Unseen},
        gather::{self, Seen, connect, dns, paths, postconf, sendmail},
        postfix, sendmail as sendmail_rooms, wiring,
    },
    engine::Diagnostic,
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
    let flags = &absolute(flags);
    let (mut config, misconfigured) = configuration(flags)?;
    let status = live::status(&config.control);
    // Where a list of sockets cannot be read, the running daemon alone knows them.
    let hidden = |one: &Diagnostic| one.excerpt.line == 0 || one.excerpt.text.contains("listen");
    let hidden = misconfigured.iter().any(hidden);
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
    let loaded = rules(flags, &config)?;
    let mut facts = Facts {
        readdress: ours(flags, &config, misconfigured, loaded.as_ref()),
        groups: paths::groups(),
        ..Facts::default()
    };
    facts.readdress.sockets_unknown = hidden && status.is_err();
    let failed_to = |error: gather::Failed| failed(&error.0);
    let (postfix, sendmail) = mtas(flags, &facts.readdress).map_err(failed_to)?;
    if let (Seen::Absent, Seen::Absent) = (&postfix, &sendmail) {
        facts.unseen.push(no_mta());
    }
    facts.postfix = postfix.known(&mut facts.unseen);
    let table = loaded.as_ref().and_then(|loaded| loaded.table.as_deref());
    if let (Some(mta), Some(table)) = (&facts.postfix, table) {
        facts.added = postfix::decided(&postfix::adding(mta), table);
    }
    facts.sendmail = sendmail.known(&mut facts.unseen);
    let sockets = config.milter.listen.iter().chain(&config.socketmap);
    for socket in sockets {
        if let Socket::Unix(path) = socket {
            facts.paths.insert(path.clone(), paths::walk(path));
        }
    }
    if flags.print.is_none() {
        let domains: Vec<_> = facts.readdress.inbound().cloned().collect();
        let _progress = Progress::start(&format!(
            "asking DNS about {}",
            counted(domains.len(), "domain")
        ));
        facts.dns = dns::ask(flags.dns, &domains);
        facts.daemon = live::daemon(&status, &facts.readdress, &config, loaded.as_ref());
        let table = loaded.as_ref().and_then(|loaded| loaded.table.as_deref());
        probe::ask(flags, table, &mut facts);
    }
    connections(&mut facts);
    Ok(facts)
}

/// The same flags with absolute paths, so that lines that are printed are right in every directory.
fn absolute(flags: &Doctor) -> Doctor {
    let path = |path: &Option<PathBuf>| {
        path.as_deref()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    };
    let here = std::env::current_dir().unwrap_or_default();
    Doctor {
        config: path(&flags.config),
        rules: path(&flags.rules),
        postfix_config: path(&flags.postfix_config),
        listen: flags
            .listen
            .iter()
            .map(|socket| socket.against(&here))
            .collect(),
        ..flags.clone()
    }
}

/// The configuration. One that is there and has an error is a finding, and what can be read of it is
/// used; one that was named and is not there is misuse.
fn configuration(flags: &Doctor) -> Result<(Config, Vec<Diagnostic>), Exit> {
    let source = Source {
        file: flags.config.clone(),
        ..Source::default()
    };
    match source.read() {
        Ok(config) => Ok((config, Vec::new())),
        Err(findings) if source.path().exists() && flags.print.is_none() => {
            // One that cannot be read at all is as an empty one.
            let text = fs::read(source.path()).unwrap_or_default();
            let (config, _) = parse_partly(&source.path().display().to_string(), &text);
            let directory = source.path().parent().unwrap_or(Path::new("."));
            Ok((config.against(directory), findings))
        }
        Err(findings) => {
            for finding in &findings {
                output::error(&finding.to_string());
            }
            Err(Exit::Failed)
        }
    }
}

/// The rules; none where the configured directory is not there.
fn rules(flags: &Doctor, config: &Config) -> Result<Option<Loaded>, Exit> {
    let directory = &config.rules;
    if directory.is_dir() {
        return Ok(Some(files::read(directory, config)));
    }
    match flags.rules.is_some() || flags.print.is_some() {
        true => Err(failed(&format!(
            "{} is no directory; name the rules directory",
            directory.display()
        ))),
        false => Ok(None),
    }
}

/// Connects to what the MTAs list.
fn connections(facts: &mut Facts) {
    let postfix = facts.postfix.as_ref();
    let in_postfix = postfix.map(|postfix| postfix::listed(postfix, facts));
    let sendmail = facts.sendmail.as_ref();
    let in_sendmail = sendmail.map(|sendmail| sendmail_rooms::listed(sendmail, facts));
    if let (Some(postfix), Some(listed)) = (&mut facts.postfix, in_postfix) {
        postfix.connections = connect::ask(listed, &facts.readdress);
    }
    if let (Some(sendmail), Some(listed)) = (&mut facts.sendmail, in_sendmail) {
        sendmail.connections = connect::ask(listed, &facts.readdress);
    }
}

/// Where Postfix is, where somebody said so.
fn place(flags: &Doctor) -> postconf::Place<'_> {
    postconf::Place {
        program: flags.postconf.as_deref(),
        directory: flags.postfix_config.as_deref(),
    }
}

/// Who names one MTA means that one.
fn mtas(flags: &Doctor, ours: &Readdress) -> Result<(Seen<Postfix>, Seen<Sendmail>), gather::Failed> {
    let place = place(flags);
    let postfix_named = place.program.is_some() || place.directory.is_some();
    let postfix = match flags.sendmail_cf.is_some() && !postfix_named {
        true => Seen::Absent,
        false => postconf::ask(place, ours)?,
    };
    let sendmail = match postfix_named && flags.sendmail_cf.is_none() {
        true => Seen::Absent,
        false => sendmail::read(flags.sendmail_cf.as_deref())?,
    };
    Ok((postfix, sendmail))
}

fn no_mta() -> Unseen {
    Unseen {
        about: "MTA".to_owned(),
        reason: "neither Postfix nor Sendmail was found".to_owned(),
        help: "name it with --postfix-config DIR or --sendmail-cf FILE".to_owned(),
    }
}

fn ours(
    flags: &Doctor,
    config: &Config,
    misconfigured: Vec<Diagnostic>,
    loaded: Option<&Loaded>,
) -> Readdress {
    let file = flags.config.as_deref();
    let file = file.unwrap_or(Path::new(DEFAULT_FILE));
    let table = loaded.and_then(|loaded| loaded.table.as_deref());
    let mut ours = Readdress::new(file, config, table);
    ours.misconfigured = misconfigured.iter().map(|one| told(one, "")).collect();
    // One line may have several findings: the first is the cause.
    ours.misconfigured.dedup_by(|one, first| one.0 == first.0);
    ours.exposed.extend(
        files::exposed(Some(file))
            .as_ref()
            .and_then(|one| exposed(one, "")),
    );
    let Some(loaded) = loaded else {
        ours.broken = Some("there is no such directory".to_owned());
        ours.missing = true;
        return ours;
    };
    if loaded.table.is_none() {
        let errors = loaded.tally().errors;
        ours.broken = Some(format!("the rules have {}", counted(errors, "error")));
    }
    let lost = loaded
        .diagnostics
        .iter()
        .filter(|finding| finding.code.word() == codes::NO_POSTMASTER.word);
    ours.postmasters = lost.map(|one| told(one, &loaded.prefix)).collect();
    let found = loaded.diagnostics.iter();
    ours.exposed
        .extend(found.filter_map(|one| exposed(one, &loaded.prefix)));
    ours
}

/// A finding of `check` about a file that others can write.
fn exposed(finding: &Diagnostic, prefix: &str) -> Option<(codes::Code, (String, String, String))> {
    let codes = [codes::WRITABLE_BY_EVERYBODY, codes::FOREIGN_OWNER];
    let code = codes
        .into_iter()
        .find(|code| code.word == finding.code.word())?;
    let (_, message, help) = told(finding, prefix);
    Some((code, (finding.excerpt.path(prefix), message, help)))
}

/// Place, sentence and help of a finding about a file.
fn told(finding: &Diagnostic, prefix: &str) -> (String, String, String) {
    let place = &finding.excerpt;
    let place = match place.line {
        0 => format!("{prefix}{}", place.file),
        line => format!("{prefix}{}:{line}", place.file),
    };
    let help = finding.advice();
    (place, finding.message.clone(), help.unwrap_or_default())
}

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
