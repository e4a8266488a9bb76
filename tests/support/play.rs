//! Plays one scenario against one peer, and lists everything that was wrong.
//!
//! There are two phases: first the dialogue, with a daemon for this scenario behind the peer; later, when the queues of
//! the peers are empty, the comparison of what was delivered. One wait for all scenarios makes "nothing was delivered"
//! both certain and fast.

use std::sync::atomic::{AtomicU32, Ordering};

use super::daemon::Daemon;
use super::peer::{Peer, Session};
use super::scenario::{Expected, ExpectedCopy, Outcome, Scenario, Step};
use super::sink::Copy;
use super::smtp::Reply;

/// A message whose delivery is still to be checked.
struct Message {
    token: String,
    outcome: Outcome,
    /// What the fake MTA delivered.
    copies: Vec<Copy>,
}

/// A scenario after its dialogue.
pub struct Played {
    name: String,
    failures: Vec<String>,
    messages: Vec<Message>,
}

/// Plays the dialogue.
pub fn play(scenario: &Scenario, peer: &Peer) -> Played {
    let mut played = Played {
        name: scenario.name.clone(),
        failures: Vec::new(),
        messages: Vec::new(),
    };
    let ports = peer.milter_ports();
    let mut daemon = match Daemon::start(&scenario.files, &scenario.config, &ports) {
        Ok(daemon) => daemon,
        Err(error) => {
            played.failures.push(format!("{}: {error}", scenario.name));
            return played;
        }
    };
    let mut session = None;
    for (line, step) in &scenario.steps {
        if let Err(error) = played.step(step, &mut session, peer, &daemon, &scenario.resolves) {
            played
                .failures
                .push(format!("{}:{line}: {error}", scenario.name));
            break;
        }
    }
    if let Some(session) = session {
        session.quit();
    }
    if let Err(error) = daemon.stop() {
        played.failures.push(format!("{}: {error}", scenario.name));
    }
    let log = daemon.log();
    if log.contains("panicked") {
        played
            .failures
            .push(format!("{}: readdress panicked\n{log}", scenario.name));
    }
    for (line, words) in &scenario.log {
        if !log.lines().any(|found| found.contains(words.as_str())) {
            let place = format!("{}:{line}", scenario.name);
            played
                .failures
                .push(format!("{place}: no line of the log has `{words}`:\n{log}"));
        }
    }
    played
}

impl Played {
    fn step(
        &mut self,
        step: &Step,
        session: &mut Option<Session>,
        peer: &Peer,
        daemon: &Daemon,
        resolves: &[(String, String)],
    ) -> Result<(), String> {
        let failed = |error: std::io::Error| error.to_string();
        match step {
            Step::Connect { trusted } => {
                if let Some(session) = session.take() {
                    session.quit();
                }
                *session = Some(
                    peer.open(&daemon.socket(), *trusted, resolves)
                        .map_err(failed)?,
                );
                return Ok(());
            }
            Step::Edit {
                file,
                text,
                broken: false,
            } => return daemon.edit(file, text),
            Step::Edit {
                file,
                text,
                broken: true,
            } => return daemon.break_rules(file, text),
            _ => {}
        }
        if session.is_none() {
            *session = Some(
                peer.open(&daemon.socket(), false, resolves)
                    .map_err(failed)?,
            );
        }
        let open = session.as_mut().ok_or("no session")?;
        match step {
            Step::Mail { text, reply } => compare(&open.mail(text).map_err(failed)?, reply),
            Step::Rcpt { text, reply } => compare(&open.rcpt(text).map_err(failed)?, reply),
            Step::Reset => accepted(&open.reset().map_err(failed)?),
            Step::Ehlo => accepted(&open.ehlo().map_err(failed)?),
            Step::End { reply, outcome } => {
                static COUNT: AtomicU32 = AtomicU32::new(0);
                let token = format!("token-{}-", COUNT.fetch_add(1, Ordering::Relaxed));
                let (answer, copies) = open.end(&token).map_err(failed)?;
                self.messages.push(Message {
                    token,
                    outcome: outcome.clone(),
                    copies,
                });
                compare(&answer, reply)
            }
            Step::Connect { .. } | Step::Edit { .. } => Ok(()),
        }
    }

    /// Compares what was delivered. The queues of the peer must be empty.
    pub fn failures(mut self, peer: &Peer) -> Vec<String> {
        for message in &self.messages {
            let mut copies = message.copies.clone();
            copies.extend(peer.copies(&message.token));
            let place = format!("{}:{}", self.name, message.outcome.line);
            if let Some(diff) = difference(&message.outcome.copies, copies) {
                self.failures
                    .push(format!("{place}: not delivered as it should be\n{diff}"));
            }
            let bounces = peer.bounces(&message.token);
            for (to, words) in &message.outcome.bounces {
                let right = bounces.iter().any(|bounce| {
                    bounce.copies.iter().any(|copy| copy.address == *to) && bounce.holds(words)
                });
                if !right {
                    let to = show(to);
                    self.failures.push(format!(
                        "{place}: no bounce to <{to}> with `{words}`, but {}",
                        bounces
                            .iter()
                            .map(|b| String::from_utf8_lossy(&b.data))
                            .collect::<String>()
                    ));
                }
            }
            if message.outcome.bounces.is_empty() && !bounces.is_empty() {
                let text = String::from_utf8_lossy(&bounces[0].data);
                self.failures
                    .push(format!("{place}: a bounce that nobody expected\n{text}"));
            }
        }
        self.failures
    }
}

fn accepted(reply: &Reply) -> Result<(), String> {
    if reply.code == 250 {
        Ok(())
    } else {
        Err(format!("expected 250, got {reply}"))
    }
}

fn compare(reply: &Reply, expected: &Expected) -> Result<(), String> {
    let enhanced = expected.enhanced.as_deref();
    let right = reply.code == expected.code
        && enhanced.is_none_or(|code| reply.text.split(' ').next() == Some(code))
        && reply.text.contains(&expected.words);
    if right {
        return Ok(());
    }
    let enhanced = enhanced.map_or(String::new(), |code| format!(" {code}"));
    Err(format!(
        "expected {}{enhanced} {}\n    got      {reply}",
        expected.code, expected.words
    ))
}

/// Returns the copies as a diff: `-` is missing, `+` is too much, a space is right.
fn difference(expected: &[ExpectedCopy], mut copies: Vec<Copy>) -> Option<String> {
    let mut lines = Vec::new();
    let mut wrong = false;
    for wanted in expected {
        let found = copies.iter().position(|copy| fits(copy, wanted));
        let mark = if found.is_some() { ' ' } else { '-' };
        wrong |= found.is_none();
        if let Some(at) = found {
            copies.remove(at);
        }
        let absent: String = wanted
            .absent
            .iter()
            .map(|name| format!(" !{name}"))
            .collect();
        lines.push(format!(
            "  {mark} <{}> {}{absent}",
            show(&wanted.address),
            wanted.present.join(" ")
        ));
    }
    for copy in copies {
        wrong = true;
        lines.push(format!(
            "  + <{}> {}",
            show(&copy.address),
            copy.parameters.join(" ")
        ));
    }
    wrong.then(|| lines.join("\n"))
}

fn fits(copy: &Copy, wanted: &ExpectedCopy) -> bool {
    copy.address == wanted.address
        && wanted
            .present
            .iter()
            .all(|parameter| copy.parameters.contains(parameter))
        && !wanted
            .absent
            .iter()
            .any(|name| copy.parameters.iter().any(|p| p.starts_with(name)))
}

/// Returns an address as a scenario file writes it.
fn show(address: &[u8]) -> String {
    match std::str::from_utf8(address) {
        Ok(text) => text.to_owned(),
        Err(_) => address
            .iter()
            .map(|&byte| {
                if byte < 128 {
                    (byte as char).to_string()
                } else {
                    format!("\\x{byte:02X}")
                }
            })
            .collect(),
    }
}
