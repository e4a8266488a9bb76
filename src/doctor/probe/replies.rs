//! What the replies of the MTA to `--probe` mean.
//!
//! In: [`Answers`], and the findings so far. A reply that one of those findings explains is no new finding.

use super::{Answers, Expected, Probe, Question, Reply, Trust};
use crate::doctor::{
    Finding,
    codes::{self, Code},
    edits::{Change, Edit},
    facts::Facts,
    lists::some,
    pending::PendingFinding,
    postfix, sendmail,
};

/// Returns the findings about the replies. `already` are the findings so far.
pub fn examine(facts: &Facts, already: &[Finding]) -> Vec<PendingFinding> {
    let found = |wanted: &[Code]| already.iter().any(|finding| wanted.contains(&finding.code));
    match &facts.probe {
        Probe::Unasked => Vec::new(),
        // Another finding is about the cause.
        Probe::Impossible(_) if facts.readdress.broken.is_some() => Vec::new(),
        Probe::Impossible(reason) => {
            let message = format!("the MTA was not asked: {reason}");
            let help = "name its address: `readdress doctor --probe=HOST:PORT`";
            vec![PendingFinding::new(codes::UNSEEN, "probe", message).say(help)]
        }
        Probe::Failed { target, reason } => {
            let message = format!("the MTA was not reached: {reason}");
            let help = "start it, or name the address where it listens: `readdress doctor --probe=HOST:PORT`";
            vec![PendingFinding::new(codes::MTA_DOWN, target, message).say(help)]
        }
        Probe::Done(answers) => {
            let mut pending = Vec::new();
            if !answers.dsn && facts.sendmail.is_some() && !found(&[codes::DSN_OFF]) {
                pending.push(PendingFinding::from(sendmail::dsn_off(
                    &answers.target,
                    "EHLO offers no DSN",
                    "look for `noreceipts` in `confPRIVACY_FLAGS`, and at what Sendmail was compiled with",
                )));
            }
            match &answers.sender {
                Some(reply) => pending.extend(sender(answers, reply, &found)),
                None => pending.extend(recipients(answers, facts, &found)),
            }
            pending.extend(relay(answers, facts));
            pending
        }
    }
}

/// Findings because of which the MTA answers 451 to every sender.
const AWAY: &[Code] = &[
    codes::MILTER_DEAD,
    codes::DAEMON_DOWN,
    codes::SOCKET_DEAD,
    codes::SOCKET_MISSING,
    codes::SOCKET_MISSPELT,
    codes::SOCKET_OUT_OF_REACH,
    codes::SOCKET_CLOSED,
    codes::REFUSES_WHEN_DOWN,
];

fn sender(
    answers: &Answers,
    reply: &Reply,
    found: &impl Fn(&[Code]) -> bool,
) -> Option<PendingFinding> {
    let message = format!("the MTA refuses MAIL FROM:<>, as bounces have it: `{reply}`");
    let unfinished = PendingFinding::new(codes::PROBE_REFUSED, &answers.target, message);
    let help = "see the MTA's log, and its restrictions of senders and clients";
    (!found(AWAY)).then(|| unfinished.say(help))
}

/// Groups replies that differ only in the address.
fn grouped(
    answers: &Answers,
    wanted: impl Fn(&Question, &Reply) -> bool,
) -> Vec<(String, &Reply, Vec<&str>)> {
    let mut groups: Vec<(String, &Reply, Vec<&str>)> = Vec::new();
    for (question, reply) in &answers.replies {
        let Some(reply) = reply.as_ref().filter(|reply| wanted(question, reply)) else {
            continue;
        };
        let domain = question.address.rsplit('@').next().unwrap_or_default();
        let text = reply.to_string();
        let text = text.replace(&question.address, "").replace(domain, "");
        match groups.iter_mut().find(|(other, ..)| *other == text) {
            Some((_, _, addresses)) => addresses.push(&question.address),
            None => groups.push((text, reply, vec![&question.address])),
        }
    }
    groups
}

fn recipients(
    answers: &Answers,
    facts: &Facts,
    found: &impl Fn(&[Code]) -> bool,
) -> Vec<PendingFinding> {
    let mut pending = Vec::new();
    let refused = grouped(answers, |question, reply| {
        question.expected == Expected::Taken && !reply.taken()
    });
    for (_, reply, addresses) in refused {
        let cause = Cause::of(reply);
        let Some(names) = some(addresses.iter().copied()) else {
            continue;
        };
        if found(cause.explained_by()) {
            continue;
        }
        let (code, what) = match cause {
            Cause::Greylisting => (codes::PROBE_GREYLISTED, "puts off"),
            _ => (codes::PROBE_REFUSED, "refuses"),
        };
        let address = addresses.first().copied().unwrap_or_default();
        let message = format!("the MTA {what} {names}, which the table takes: `{reply}`");
        pending.push(cause.help(
            PendingFinding::new(code, &answers.target, message),
            address,
            facts,
        ));
    }
    let open = answers.replies.iter().filter(|(question, reply)| {
        question.expected == Expected::Refused && reply.as_ref().is_some_and(Reply::taken)
    });
    let open = some(open.map(|(question, _)| question.address.as_str()));
    if let Some(names) = open.filter(|_| !facts.readdress.observes && !found(UNASKED)) {
        let message = format!(
            "the MTA takes {names}, which nobody has and the table refuses: it does not ask readdress here"
        );
        let help = "`readdress doctor --print postfix` (or `sendmail`) shows what connects this port to readdress";
        pending
            .push(PendingFinding::new(codes::UNKNOWN_ACCEPTED, &answers.target, message).say(help));
    }
    pending
}

/// Findings because of which the MTA does not ask readdress about recipients.
const UNASKED: &[Code] = &[
    codes::MILTER_NOT_LISTED,
    codes::MILTER_NOT_AT_EVERY_PORT,
    codes::MILTERS_SWITCHED_OFF,
    codes::MILTER_BEHIND_PROXY,
    codes::CLIENTS_PASS,
    codes::PASSES_WHEN_DOWN,
    codes::MILTER_DEAD,
    codes::DAEMON_DOWN,
    codes::SOCKET_DEAD,
    codes::SOCKET_MISSING,
    codes::RELOAD_REFUSED,
    codes::OTHER_RULES,
    codes::NOT_LIVE,
];

/// Why the MTA refuses a recipient, as far as its reply says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    Greylisting,
    Relaying,
    Unverified,
    RelayMap,
    LocalMap,
    Access,
    Lookup,
    Other,
}

impl Cause {
    fn of(reply: &Reply) -> Self {
        let holds = |words: &str| reply.holds(words);
        match () {
            () if reply.greylists() => Self::Greylisting,
            () if holds("relay access denied") || holds("relaying denied") => Self::Relaying,
            () if holds("undeliverable address") || holds("unverified address") => Self::Unverified,
            () if holds("unknown in relay recipient table") => Self::RelayMap,
            () if holds("user unknown") => Self::LocalMap,
            () if holds("lookup failure") || holds("server configuration") => Self::Lookup,
            () if holds("access denied") || holds(" rejected: ") => Self::Access,
            () => Self::Other,
        }
    }

    /// Returns the codes of findings that have the same cause and say how to fix it.
    fn explained_by(self) -> &'static [Code] {
        match self {
            Self::Relaying => &[codes::DOMAIN_NOT_ACCEPTED, codes::PRIMARY_NOT_ACCEPTED],
            Self::Unverified => &[codes::VERIFIES_RECIPIENTS],
            Self::RelayMap => &[
                codes::RECIPIENT_REFUSED,
                codes::NOT_LIVE,
                codes::OTHER_RULES,
            ],
            Self::LocalMap => &[codes::DOMAIN_IN_OTHER_CLASS, codes::DOMAIN_IN_TWO_CLASSES],
            Self::Lookup => &[
                codes::SOCKET_MISSPELT,
                codes::MAP_DEAD,
                codes::MAP_OUT_OF_REACH,
                codes::DAEMON_DOWN,
                codes::SOCKET_DEAD,
                codes::SOCKET_MISSING,
                codes::RELOAD_REFUSED,
            ],
            Self::Other => AWAY,
            Self::Greylisting => &[],
            Self::Access => &[codes::ROUTE_REFUSES],
        }
    }

    fn help(self, unfinished: PendingFinding, address: &str, facts: &Facts) -> PendingFinding {
        let domain = address.rsplit('@').next().unwrap_or_default();
        let help = match self {
            Self::Greylisting => {
                "nothing has to be done: the MTA greylists, and accepts the mail at the next attempt".to_owned()
            }
            Self::Access => match &facts.postfix {
                Some(postfix) => return postfix::refusal(unfinished, postfix, address),
                None => {
                    format!("look for `{domain}` and its addresses in the access map of the MTA")
                }
            },
            Self::Relaying => format!(
                "the MTA must take mail for `{domain}`: see `readdress doctor --print postfix` (or `sendmail`)"
            ),
            Self::Unverified => {
                "take `reject_unverified_recipient` out: its probes pass no milter".to_owned()
            }
            Self::RelayMap | Self::LocalMap => format!(
                "the MTA has a list of recipients of its own that lacks `{address}`: see `readdress doctor \
                 --print postfix` (or `sendmail`) for one that the table answers"
            ),
            Self::Lookup => "a map of the MTA gave no answer: the MTA's log names it".to_owned(),
            Self::Other => "the MTA's log says which restriction or milter refused it".to_owned(),
        };
        unfinished.say(help)
    }
}

/// Returns findings about addresses elsewhere that the MTA accepted.
fn relay(answers: &Answers, facts: &Facts) -> Option<PendingFinding> {
    let taken = answers.replies.iter().filter(|(question, reply)| {
        question.expected == Expected::Relay && reply.as_ref().is_some_and(Reply::taken)
    });
    let names = some(taken.map(|(question, _)| question.address.as_str()))?;
    if let Trust::Trusted(why) = &answers.trust {
        let message = format!(
            "whether strangers may relay is not known: doctor asks as one of the MTA's own ({why})"
        );
        let help =
            "ask from a machine outside of these networks: `readdress doctor --probe=HOST:25`";
        return Some(PendingFinding::new(codes::UNSEEN, &answers.target, message).say(help));
    }
    let message = format!(
        "the MTA takes {names}, which lead elsewhere, from a stranger: it is an open relay"
    );
    let unfinished = PendingFinding::new(codes::OPEN_RELAY, &answers.target, message);
    Some(closing(unfinished, &answers.trust, facts))
}

/// Adds the help that makes an MTA refuse to relay.
fn closing(unfinished: PendingFinding, trust: &Trust, facts: &Facts) -> PendingFinding {
    let unfinished = match trust {
        Trust::Unknown => unfinished.say("unless this machine may relay there, "),
        _ => unfinished,
    };
    let set = |name: &str, value: &str| [Edit::main(name, Change::Set(value.to_owned()))];
    match (trust, &facts.postfix) {
        (Trust::Everybody, Some(_)) => unfinished
            .say("`mynetworks` holds every address: ")
            .edit(set("mynetworks", "127.0.0.0/8, [::1]/128"))
            .or("; add your own networks there"),
        (_, Some(_)) => unfinished.edit(set(
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
        )),
        (_, None) => unfinished
            .say("use the rule set that `readdress doctor --print sendmail` writes, unchanged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_mta_tell_the_cause() {
        let cause = |code, text: &str| {
            Cause::of(&Reply {
                code,
                text: text.to_owned(),
            })
        };
        for (code, text, wanted) in [
            (
                450,
                "4.2.0 <a@b>: Recipient address rejected: Greylisted, see http://x",
                Cause::Greylisting,
            ),
            (
                451,
                "4.7.1 Greylisting in action, please come back in 00:05:00",
                Cause::Greylisting,
            ),
            (454, "4.7.1 <a@b>: Relay access denied", Cause::Relaying),
            (550, "5.7.1 <a@b>... Relaying denied", Cause::Relaying),
            (
                554,
                "5.7.1 <a@b>: Recipient address rejected: Access denied",
                Cause::Access,
            ),
            (
                550,
                "5.1.1 <a@b>: Recipient address rejected: User unknown in relay recipient table",
                Cause::RelayMap,
            ),
            (550, "5.1.1 <a@b>... User unknown", Cause::LocalMap),
            (
                450,
                "4.1.1 <a@b>: Recipient address rejected: unverified address: x",
                Cause::Unverified,
            ),
            (451, "4.3.0 <a@b>: Temporary lookup failure", Cause::Lookup),
            (
                451,
                "4.7.1 Service unavailable - try again later",
                Cause::Other,
            ),
        ] {
            assert_eq!(cause(code, text), wanted, "{text}");
        }
    }
}
