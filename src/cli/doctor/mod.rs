//! `readdress doctor`: what is wrong with the machine around the table, or the lines that connect an
//! MTA to it.

use std::{
    fs, io,
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Exit, ask, failed,
    files::{self, Loaded, counted},
    flags::{Doctor, Format, Mta},
    output::{self, Paint, Progress},
};
use crate::{
    config::{Config, socket::Socket},
    daemon::settings::Source,
    doctor::{
        Finding, Severity, examine,
        facts::{Answer, Daemon, Dead, Facts, Ours, Postfix, Sendmail, Unseen},
        gather::{self, Seen, dns, paths, postconf, sendmail},
        wiring,
    },
    engine::{Severity as RuleSeverity, address::Mailbox},
    report,
};

/// Runs the command.
pub fn run(flags: &Doctor) -> Exit {
    match gather(flags) {
        Ok(facts) => match flags.print {
            Some(mta) => print(mta, &facts),
            None => tell(flags, &examine(&facts)),
        },
        Err(exit) => exit,
    }
}

fn gather(flags: &Doctor) -> Result<Facts, Exit> {
    let source = Source {
        file: flags.config.clone(),
        ..Source::default()
    };
    let mut config = files::configuration(flags.config.as_deref())?;
    if let Some(rules) = &flags.rules {
        config.rules.clone_from(rules);
    }
    really_listening(&mut config);
    if !flags.listen.is_empty() {
        config.milter.listen.clone_from(&flags.listen);
    }
    let loaded = files::load(Some(&config.rules), flags.config.as_deref())?;
    let mut facts = Facts {
        ours: ours(source.path(), &config, &loaded),
        groups: paths::groups(),
        ..Facts::default()
    };
    let failed_to = |error: gather::Failed| failed(&error.0);
    let (postfix, sendmail) = mtas(flags, &facts.ours).map_err(failed_to)?;
    if let (Seen::Absent, Seen::Absent) = (&postfix, &sendmail) {
        facts.unseen.push(no_mta());
    }
    facts.postfix = postfix.known(&mut facts.unseen);
    facts.sendmail = sendmail.known(&mut facts.unseen);
    let sockets = config.milter.listen.iter().chain(&config.socketmap);
    for socket in sockets {
        if let Socket::Unix(path) = socket {
            facts.paths.insert(path.clone(), paths::walk(path));
        }
    }
    if flags.print.is_none() {
        let domains: Vec<_> = facts.ours.inbound().cloned().collect();
        let _progress = Progress::start(&format!(
            "asking DNS about {}",
            counted(domains.len(), "domain")
        ));
        facts.dns = dns::ask(flags.dns, &domains);
        facts.daemon = daemon(&facts.ours, &config, &loaded);
    }
    Ok(facts)
}

/// Puts the sockets first that the running daemon has: systemd may have handed them over, so that no
/// configuration names them.
fn really_listening(config: &mut Config) {
    let Socket::Unix(path) = &config.control else {
        return;
    };
    let status = ask::exchange(path, &json!({ "command": "status" }));
    let Some(status) = status.ok().and_then(|answers| answers.into_iter().next()) else {
        return;
    };
    let sockets = |key: &str| -> Vec<Socket> {
        let list = status[key].as_array().map_or(&[][..], Vec::as_slice);
        let names = list.iter().filter_map(Value::as_str);
        names.filter_map(|name| name.parse().ok()).collect()
    };
    for (kept, key) in [
        (&mut config.milter.listen, "milter"),
        (&mut config.socketmap, "socketmap"),
    ] {
        let mut all = sockets(key);
        kept.retain(|socket| !all.contains(socket));
        all.append(kept);
        *kept = all;
    }
}

/// Who names one MTA means that one.
fn mtas(flags: &Doctor, ours: &Ours) -> Result<(Seen<Postfix>, Seen<Sendmail>), gather::Failed> {
    let place = postconf::Place {
        program: flags.postconf.as_deref(),
        directory: flags.postfix_config.as_deref(),
    };
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

fn ours(file: &Path, config: &Config, loaded: &Loaded) -> Ours {
    let mut ours = Ours::new(file, config, loaded.table.as_deref());
    if loaded.table.is_none() {
        let errors = loaded.count(RuleSeverity::Error);
        ours.broken = Some(format!("the rules have {}", counted(errors, "error")));
    }
    let lost = loaded
        .diagnostics
        .iter()
        .filter(|finding| finding.code == "no-postmaster");
    ours.postmasters = lost
        .map(|finding| {
            let (place, help) = (&finding.excerpt, finding.help.clone());
            let place = format!("{}{}:{}", loaded.prefix, place.file, place.line);
            (place, finding.message.clone(), help.unwrap_or_default())
        })
        .collect();
    ours
}

/// Asks the running daemon how it is, and what it would do.
fn daemon(ours: &Ours, config: &Config, loaded: &Loaded) -> Daemon {
    let Socket::Unix(control) = &config.control else {
        return Daemon::Down("the control socket is a Unix socket (unix:PATH)".to_owned());
    };
    let status = match ask::exchange(control, &json!({ "command": "status" })) {
        Ok(answers) => answers.into_iter().next().unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Daemon::Closed(error.to_string());
        }
        Err(error) => return Daemon::Down(error.to_string()),
    };
    let last = &status["last_reload"];
    let findings = last["findings"].as_array().into_iter().flatten();
    let refused = (last["outcome"] == "refused").then(|| {
        findings
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    });
    let sockets = config.milter.listen.iter().chain(&config.socketmap);
    Daemon::Up(Answer {
        generation: status["generation"].as_u64().unwrap_or_default(),
        directory: directory(&status, ours),
        refused,
        differing: differing(control, ours, loaded),
        dead: sockets
            .filter_map(|socket| Some((socket.clone(), dead(socket)?)))
            .collect(),
    })
}

/// The directory that the daemon reads, in our own spelling if it is ours.
fn directory(status: &Value, ours: &Ours) -> PathBuf {
    let theirs = PathBuf::from(status["directory"].as_str().unwrap_or_default());
    match (fs::canonicalize(&theirs), fs::canonicalize(&ours.rules)) {
        (Ok(one), Ok(other)) if one == other => ours.rules.clone(),
        _ => theirs,
    }
}

/// Addresses about which the daemon decides otherwise than the files: those of rules, and one in each
/// domain for which there is none.
fn differing(control: &Path, ours: &Ours, loaded: &Loaded) -> Vec<(String, String, String)> {
    let Some(table) = &loaded.table else {
        return Vec::new();
    };
    let named = ours
        .originals
        .iter()
        .chain(&ours.targets)
        .map(Mailbox::to_string);
    let unknown = ours
        .inbound()
        .map(|domain| format!("readdress0doctor@{domain}"));
    let addresses: Vec<_> = named.chain(unknown).collect();
    let request = json!({ "command": "explain", "addresses": addresses });
    // Without a table of its own it says so, which is found elsewhere.
    let live = ask::exchange(control, &request).unwrap_or_default();
    let outcome = |explained: &Value| {
        let text = report::text(explained);
        let line = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("=> "));
        line.unwrap_or_default().to_owned()
    };
    let differs = |live: &Value| {
        let address = live["address"].as_str()?;
        let explained = report::explain(table, address, None);
        let (files, live) = (outcome(explained.first()?), outcome(live));
        (files != live).then(|| (address.to_owned(), files, live))
    };
    live.iter().filter_map(differs).collect()
}

/// Whether nobody answers on a socket. The connection is closed at once, as an MTA may do.
fn dead(socket: &Socket) -> Option<Dead> {
    let connected = match socket {
        Socket::Unix(path) => UnixStream::connect(path).map(drop),
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            TcpStream::connect((host.as_str(), *port)).map(drop)
        }
    };
    match connected {
        // Who may open it is looked at for the MTA's user, not for whoever runs doctor.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Dead::Missing),
        Err(error) => Some(Dead::Silent(error.to_string())),
        Ok(()) => None,
    }
}

fn print(mta: Mta, facts: &Facts) -> Exit {
    if facts.ours.broken.is_some() {
        return failed(&format!(
            "the rules have errors: mend what `readdress check {}` shows first",
            facts.ours.rules.display()
        ));
    }
    output::line(&match mta {
        Mta::Postfix => wiring::postfix(facts),
        Mta::Sendmail => wiring::sendmail(facts),
    });
    Exit::Fine
}

fn tell(flags: &Doctor, findings: &[Finding]) -> Exit {
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.code.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match flags.format {
        Format::Json => findings
            .iter()
            .for_each(|finding| output::line(&object(finding).to_string())),
        Format::Text => {
            let paint = Paint::stdout();
            findings
                .iter()
                .for_each(|finding| output::line(&text(finding, paint)));
            let summary = format!(
                "{}, {}, {}",
                counted(errors, "error"),
                counted(warnings, "warning"),
                counted(count(Severity::Note), "note")
            );
            output::line(&match errors {
                0 => paint.good(&summary),
                _ => paint.bad(&summary),
            });
        }
    }
    if errors > 0 || (flags.strict && warnings > 0) {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// As `check` prints its findings, with a line between two of them.
fn text(finding: &Finding, paint: Paint) -> String {
    let word = format!("{}:", finding.code.severity.word());
    let word = match finding.code.severity {
        Severity::Error => paint.bad(&word),
        Severity::Warning => paint.warn(&word),
        Severity::Note => paint.dim(&word),
    };
    let [about, message, help] =
        [&finding.about, &finding.message, &finding.help].map(|text| report::printable(text));
    format!(
        "{about}: {word} {message} [{}]\nhelp: {help}\n",
        finding.code.word
    )
}

/// A finding as one object: `{"about","severity","code","message","help"}`.
fn object(finding: &Finding) -> Value {
    json!({
        "about": finding.about,
        "severity": finding.code.severity.word(),
        "code": finding.code.word,
        "message": finding.message,
        "help": finding.help,
    })
}
