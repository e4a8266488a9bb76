//! The list at the end of doctor's output: what doctor checked, and the result of each check.
//!
//! Without this list, nobody could know if "no errors" means that everything is right, or that nothing was checked.

use super::{
    Finding, Severity,
    codes::{self, Code},
    domains,
    facts::{Daemon, Facts},
    listed::{Connection, Protocol},
    probe::{Answers, Expected, Probe, Trust},
};
use crate::config::socket::Socket;

/// The result of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CheckResult {
    /// There is no finding.
    Right,
    /// There is a finding.
    Wrong,
    /// Nothing was checked, or only a part.
    Unseen,
}

impl CheckResult {
    /// Returns the word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unseen => "unseen",
        }
    }

    fn of(right: bool) -> Self {
        if right { Self::Right } else { Self::Wrong }
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// What was checked: `rules`, `milter`, `probe`.
    pub what: &'static str,
    /// The result of the check.
    pub result: CheckResult,
    /// The file, socket or domain that was checked, and what was found.
    pub text: String,
}

impl Inspection {
    fn new(what: &'static str, result: CheckResult, text: impl Into<String>) -> Self {
        Self {
            what,
            result,
            text: text.into(),
        }
    }
}

/// Returns everything that was checked, in the order in which mail gets there.
pub fn inspections(facts: &Facts, findings: &[Finding]) -> Vec<Inspection> {
    let mut looks = vec![rules(facts)];
    looks.extend(dns(facts));
    looks.extend(mtas(facts, findings));
    let postfix = facts.postfix.iter().map(|postfix| &postfix.connections);
    let sendmail = facts.sendmail.iter().map(|sendmail| &sendmail.connections);
    for connections in postfix.chain(sendmail) {
        looks.extend(reached(connections, facts));
    }
    looks.extend(permissions(facts, findings));
    looks.push(daemon(facts, findings));
    looks.push(probe(facts, findings));
    let unseen = findings
        .iter()
        .filter(|finding| finding.code == codes::UNSEEN);
    looks.extend(unseen.map(|finding| {
        let text = format!("{}: {}", finding.about, finding.message);
        Inspection::new("not seen", CheckResult::Unseen, text)
    }));
    looks
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn rules(facts: &Facts) -> Inspection {
    let readdress = &facts.readdress;
    let place = readdress.rules.display();
    match &readdress.broken {
        Some(reason) => Inspection::new("rules", CheckResult::Wrong, format!("{place}: {reason}")),
        None => Inspection::new(
            "rules",
            CheckResult::Right,
            format!(
                "{place}: {} primary and {} secondary {}",
                readdress.primary.len(),
                readdress.secondary.len(),
                if readdress.secondary.len() == 1 {
                    "domain"
                } else {
                    "domains"
                }
            ),
        ),
    }
}

fn dns(facts: &Facts) -> Option<Inspection> {
    let all = facts.readdress.inbound().count();
    if all == 0 {
        return None;
    }
    let (right, unknown) = domains::right(facts);
    let result = match right == all {
        true => CheckResult::Right,
        false if right + unknown == all => CheckResult::Unseen,
        false => CheckResult::Wrong,
    };
    let failed = match unknown {
        0 => String::new(),
        unknown => format!("; {unknown} gave no answer"),
    };
    Some(Inspection::new(
        "DNS",
        result,
        format!(
            "the MX records of {right} of {} lead to the hosts of the primary domains{failed} (asked {})",
            counted(all, "domain"),
            facts.dns.server
        ),
    ))
}

fn mtas(facts: &Facts, findings: &[Finding]) -> Vec<Inspection> {
    let wrong = |file: &str| {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let about = findings.iter().filter(|finding| {
            finding.code.severity > Severity::Note && finding.about.starts_with(folder)
        });
        about.count()
    };
    let told = |file: &str, how: &str| match wrong(file) {
        0 => (CheckResult::Right, format!("{file}, {how}")),
        number => (
            CheckResult::Wrong,
            format!("{file}, {how}: {}", counted(number, "finding")),
        ),
    };
    let mut looks = Vec::new();
    if let Some(postfix) = &facts.postfix {
        let how = format!(
            "as postconf prints it, with {} of master.cf",
            counted(postfix.services.len(), "service")
        );
        let (result, text) = told(&postfix.main_cf, &how);
        looks.push(Inspection::new("Postfix", result, text));
    }
    if let Some(sendmail) = &facts.sendmail {
        let how = format!(
            "and {} that it names",
            counted(sendmail.files.len(), "file")
        );
        let (result, text) = told(&sendmail.cf, &how);
        looks.push(Inspection::new("Sendmail", result, text));
    }
    looks
}

/// Returns each socket once, with all parameters that name it.
fn reached(connections: &[Connection], facts: &Facts) -> Vec<Inspection> {
    let mut words: Vec<(&Connection, Vec<&str>)> = Vec::new();
    for connection in connections {
        let parameter = connection.listed.parameter.as_str();
        let same = words.iter_mut().find(|(other, _)| {
            other.listed.word == connection.listed.word
                && other.listed.protocol == connection.listed.protocol
        });
        match same {
            Some((_, parameters)) if parameters.contains(&parameter) => {}
            Some((_, parameters)) => parameters.push(parameter),
            None => words.push((connection, vec![parameter])),
        }
    }
    let looks = words.into_iter().map(|(connection, parameters)| {
        let (listed, answer) = (&connection.listed, &connection.answer);
        let up = matches!(facts.daemon, Daemon::Up(_));
        let who = match (&listed.protocol, listed.is_readdress && up) {
            _ if !answer.serves() => answer.to_string(),
            (Protocol::Milter, true) => "readdress answers".to_owned(),
            (Protocol::Milter, false) => "another milter answers".to_owned(),
            (Protocol::Map(_), true) => format!("readdress {answer}"),
            (Protocol::Map(_), false) => format!("another server {answer}"),
        };
        let what = match listed.protocol {
            Protocol::Milter => "milter",
            Protocol::Map(_) => "map",
        };
        let result = match answer {
            answer if answer.serves() => CheckResult::Right,
            answer if answer.fails() => CheckResult::Wrong,
            _ => CheckResult::Unseen,
        };
        let text = format!("{} ({}): {who}", listed.word, parameters.join(", "));
        Inspection::new(what, result, text)
    });
    looks.collect()
}

fn permissions(facts: &Facts, findings: &[Finding]) -> Option<Inspection> {
    let readdress = &facts.readdress;
    let sockets = readdress.milter.iter().chain(&readdress.socketmap);
    let files = sockets.filter(|socket| matches!(socket, Socket::Unix(_)));
    let (files, user) = (files.count(), user(facts));
    if files == 0 {
        return None;
    }
    let wrong = [
        codes::SOCKET_CLOSED,
        codes::SOCKET_UNSAFE,
        codes::SOCKET_OUT_OF_REACH,
        codes::MAP_OUT_OF_REACH,
        codes::SOCKET_MISSING,
    ];
    let hidden = facts
        .paths
        .values()
        .any(|walk| !walk.complete && !walk.missing);
    let result = match (any(findings, &wrong), hidden) {
        (true, _) => CheckResult::Wrong,
        (false, true) => CheckResult::Unseen,
        (false, false) => CheckResult::Right,
    };
    let text = format!(
        "every directory on the way to {}, for the user {user}",
        counted(files, "Unix socket")
    );
    Some(Inspection::new("permissions", result, text))
}

fn user(facts: &Facts) -> &str {
    let postfix = facts
        .postfix
        .as_ref()
        .and_then(|postfix| postfix.user.as_ref());
    let sendmail = facts
        .sendmail
        .as_ref()
        .and_then(|sendmail| sendmail.user.as_ref());
    postfix
        .or(sendmail)
        .map_or("root", |user| user.name.as_str())
}

fn any(findings: &[Finding], codes: &[Code]) -> bool {
    findings.iter().any(|finding| codes.contains(&finding.code))
}

fn daemon(facts: &Facts, findings: &[Finding]) -> Inspection {
    let wrong = [
        codes::RELOAD_REFUSED,
        codes::OTHER_RULES,
        codes::NOT_LIVE,
        codes::SOCKET_DEAD,
        codes::SOCKET_MISSING,
    ];
    let (result, text) = match &facts.daemon {
        Daemon::Unasked => (CheckResult::Unseen, "not asked".to_owned()),
        Daemon::Down(reason) => (CheckResult::Wrong, format!("does not answer: {reason}")),
        Daemon::Closed(reason) => (
            CheckResult::Unseen,
            format!("doctor may not ask it: {reason}"),
        ),
        Daemon::Up(answer) => {
            let same = answer.compared - answer.differing.len().min(answer.compared);
            let text = format!(
                "generation {} decides {same} of {} as the files do",
                answer.generation,
                match answer.compared {
                    1 => "1 address".to_owned(),
                    more => format!("{more} addresses"),
                }
            );
            (CheckResult::of(!any(findings, &wrong)), text)
        }
    };
    Inspection::new("daemon", result, text)
}

fn probe(facts: &Facts, findings: &[Finding]) -> Inspection {
    let wrong = [
        codes::PROBE_REFUSED,
        codes::UNKNOWN_ACCEPTED,
        codes::OPEN_RELAY,
    ];
    let (result, text) = match &facts.probe {
        Probe::Unasked => (
            CheckResult::Unseen,
            "the MTA was not asked about addresses: add --probe".to_owned(),
        ),
        Probe::Impossible(reason) => (CheckResult::Unseen, format!("not possible: {reason}")),
        Probe::Failed { target, reason } => (CheckResult::Wrong, format!("{target}: {reason}")),
        Probe::Done(answers) => {
            let result = match (any(findings, &wrong), complete(answers)) {
                (true, _) => CheckResult::Wrong,
                (false, _) if answers.sender.is_some() => CheckResult::Wrong,
                (false, false) => CheckResult::Unseen,
                (false, true) => CheckResult::Right,
            };
            (result, done(answers))
        }
    };
    Inspection::new("probe", result, text)
}

fn complete(answers: &Answers) -> bool {
    let trusted = matches!(answers.trust, Trust::Trusted(_));
    answers.left == 0 && answers.unfinished.is_none() && !trusted
}

/// Returns who was asked and what was replied: `127.0.0.1:25 (as a stranger) takes 3 of 3 …`.
fn done(answers: &Answers) -> String {
    let count = |expected: Expected, taken: bool| {
        let of = answers
            .replies
            .iter()
            .filter(|(question, _)| question.expected == expected);
        let replies = of.clone().filter_map(|(_, reply)| reply.as_ref());
        let so = replies.filter(|reply| (reply.code / 100 == 2) == taken);
        (so.count(), of.count())
    };
    let mut parts = Vec::new();
    for (expected, taken, what) in [
        (Expected::Taken, true, "takes {} that the table takes"),
        (Expected::Refused, false, "refuses {} that nobody has"),
        (Expected::Relay, false, "refuses {} that lead elsewhere"),
    ] {
        let (so, all) = count(expected, taken);
        if all > 0 {
            let number = format!("{so} of {all}");
            parts.push(what.replace("{}", &number));
        }
    }
    let trust = match &answers.trust {
        Trust::Stranger | Trust::Everybody => " (as a stranger)".to_owned(),
        Trust::Trusted(why) => format!(" (as one of its own: {why})"),
        Trust::Unknown => String::new(),
    };
    let mut text = match &answers.sender {
        Some(reply) => format!("refuses every sender: `{reply}`"),
        None => parts.join(", "),
    };
    if answers.left > 0 {
        text += &format!(
            "; {} were not asked about",
            counted(answers.left, "more domain")
        );
    }
    if let Some(reason) = &answers.unfinished {
        text += &format!("; it ended early: {reason}");
    }
    format!("{}{trust} {text}", answers.target)
}
