//! Each case changes one thing of a right machine, and expects the findings about it.

mod configuration;
mod connect;
mod dns;
mod mta;
mod postfix;
mod sendmail;
mod serving;

use std::collections::BTreeSet;

use readdress::doctor::codes;
use serde_json::Value;

use crate::machine::{Machine, Mta};
use crate::support::peers;

/// A change, and the findings that it causes.
pub struct Case {
    /// The codes of all findings.
    pub codes: &'static [&'static str],
    /// The MTA of the machine.
    pub mta: Mta,
    pub change: fn(&mut Machine),
    /// Texts of the messages and of the help.
    pub says: &'static [&'static str],
}

const ALL: [&[Case]; 7] = [
    configuration::CASES,
    connect::CASES,
    dns::CASES,
    serving::CASES,
    mta::CASES,
    postfix::CASES,
    sendmail::CASES,
];

/// Runs cases. Fails with the complaints about all of them.
fn run(cases: &[Case]) {
    if peers::unpacked().is_none() {
        return;
    }
    assert!(!cases.is_empty());
    let complaints: Vec<_> = cases
        .iter()
        .filter_map(|case| complaint(case).err())
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n\n"));
}

fn complaint(case: &Case) -> Result<(), String> {
    let mut machine = Machine::new(case.mta);
    (case.change)(&mut machine);
    machine.start();
    let said = machine.diagnose(&["--format", "json"]);
    let wrong = |what: &str| format!("{:?} {:?}: {what}\n{said:#?}", case.codes, case.says);
    let findings = said.findings();
    if words(&findings) != case.codes.iter().map(|code| (*code).to_owned()).collect() {
        return Err(wrong("other findings"));
    }
    for text in case.says {
        if !machine
            .usual(&said.out)
            .contains(&machine.filled(text).replace('"', "\\\""))
        {
            return Err(wrong(&format!("does not say {text:?}")));
        }
    }
    let worst = findings
        .iter()
        .any(|finding| finding["severity"] == "error");
    if said.status != Some(i32::from(worst)) {
        return Err(wrong("another exit status"));
    }
    for finding in &findings {
        let code = codes::ALL.iter().find(|code| finding["code"] == code.word);
        let severity = code.map(|code| code.severity.word());
        if severity != finding["severity"].as_str() {
            return Err(wrong("another severity"));
        }
    }
    fixed(&machine, &findings).map_err(|what| wrong(&what))
}

fn words(findings: &[Value]) -> BTreeSet<String> {
    let words = findings
        .iter()
        .filter_map(|finding| finding["code"].as_str());
    words.map(str::to_owned).collect()
}

/// Runs the postconf commands of the help: they fix the findings, and cause no new ones. Findings whose fix also
/// needs
/// a change of readdress' configuration are left out.
fn fixed(machine: &Machine, findings: &[Value]) -> Result<(), String> {
    let help = |finding: &Value| finding["help"].as_str().unwrap_or_default().to_owned();
    let by_command = |finding: &&Value| {
        let help = machine.usual(&help(finding));
        help.contains("`postconf -") && !help.contains("]` in ")
    };
    let (mendable, others): (Vec<_>, Vec<_>) = findings.iter().partition(by_command);
    if mendable.is_empty() {
        return Ok(());
    }
    let helps: Vec<_> = mendable.into_iter().map(help).collect();
    // The commands as they are printed. No Postfix runs here that could reload.
    let commands = helps.iter().flat_map(|help| help.split('`'));
    let script: Vec<_> = commands
        .filter(|text| text.starts_with('/') && text.contains("/postconf -c "))
        .collect();
    assert!(!script.is_empty(), "{helps:?}");
    machine.script(&script.join("\n"));
    let said = machine.diagnose(&["--format", "json"]);
    let others: Vec<_> = others.into_iter().cloned().collect();
    match words(&said.findings()) == words(&others) {
        true => Ok(()),
        false => Err(format!("after {script:?}: {said:#?}")),
    }
}

#[test]
fn findings_about_the_configuration() {
    run(configuration::CASES);
}

#[test]
fn findings_about_sockets_without_an_answer() {
    run(connect::CASES);
}

#[test]
fn findings_about_dns() {
    run(dns::CASES);
}

#[test]
fn findings_about_the_daemon() {
    run(serving::CASES);
}

#[test]
fn findings_about_both_mtas() {
    run(mta::CASES);
}

#[test]
fn findings_about_postfix() {
    run(postfix::CASES);
}

#[test]
fn findings_about_sendmail() {
    run(sendmail::CASES);
}

#[test]
fn every_code_is_provoked() {
    let cases = ALL.iter().copied().flatten();
    let provoked = cases.flat_map(|case| case.codes).copied();
    let provoked: BTreeSet<_> = provoked.chain(crate::live::provoked()).collect();
    let known: BTreeSet<_> = codes::ALL.iter().map(|code| code.word).collect();
    assert_eq!(provoked, known);
}
