//! `--probe`: chooses a port of the MTA, and asks there about addresses.

use super::mta::place;
use crate::{
    cli::{
        files::counted,
        flags::{Doctor, ProbeAt},
        output::Progress,
    },
    doctor::{
        facts::Facts,
        gather::{postconf, probe},
        postfix,
        probe::{Expected, Probe, ProbeTarget, questions},
        sendmail,
    },
    engine::Table,
};

/// Asks the MTA if the flags say so, and puts its answers among the facts.
pub fn ask(flags: &Doctor, table: Option<&Table>, facts: &mut Facts) {
    let Some(at) = &flags.probe else { return };
    let Some(table) = table else {
        facts.probe = Probe::Impossible("the rules have errors".to_owned());
        return;
    };
    let Some(approach) = approach(at, facts) else {
        let reason = "no port was found where it takes mail from strangers";
        facts.probe = Probe::Impossible(reason.to_owned());
        return;
    };
    let (questions, left) = questions(table);
    let known = questions
        .iter()
        .filter(|question| question.expected == Expected::Taken)
        .map(|question| question.address.clone());
    let known: Vec<_> = known.collect();
    let _progress = Progress::start(&format!(
        "asking {}:{}, {}",
        approach.host,
        approach.port,
        counted(questions.len(), "question")
    ));
    facts.probe = probe::ask(&approach, questions, left);
    if let Some(postfix) = &mut facts.postfix {
        postconf::ask_access(place(flags), postfix, &known);
    }
}

fn approach(at: &ProbeAt, facts: &Facts) -> Option<ProbeTarget> {
    let (postfix, sendmail) = (facts.postfix.as_ref(), facts.sendmail.as_ref());
    let (host, port) = match at {
        ProbeAt::Place(host, port) => (host.clone(), *port),
        ProbeAt::Found => postfix
            .and_then(postfix::address)
            .or_else(|| sendmail.and_then(sendmail::address))?,
    };
    let networks = postfix.map(|postfix| postfix.value("mynetworks"));
    Some(ProbeTarget::new(&host, port, networks, sendmail.is_some()))
}
