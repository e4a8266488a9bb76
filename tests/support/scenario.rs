//! The scenario files: one behaviour each, as rules, a dialogue, and what the next hop receives.
//!
//! ```text
//! # The sentence that is tested (a comment; `#` only at the start of a line).
//! peers postfix sendmail: why not the others
//! config
//!     mode = "observe"
//! rules
//!     domain2.com        secondary
//!     jd@domain2.com     jdoe@company.com
//! MAIL <s@sender.example> RET=HDRS
//! RCPT <jd@domain2.com> NOTIFY=NEVER -> 250
//! RCPT*3 <nosuch{n}@domain2.com> -> 550 5.1.1 no such user
//! END -> 250
//! to <jdoe@company.com> NOTIFY=NEVER !ORCPT
//! postfix: bounce <s@sender.example> Original-Recipient: rfc822;jd@domain2.com
//! ```
//!
//! - `postfix:`, `sendmail:`, `fake:` or several with commas: the line is for these peers only.
//! - A reply is its code, then its enhanced code, then words that it must contain.
//! - `to` lists every copy of the message before it, in any order. `to nothing` means that there is no copy.
//!   A parameter that is named must be as named, with `!` it must be absent; other parameters may be there.
//! - Other steps: `RSET`, `EHLO`, `CONNECT` (a new session), `CONNECT trusted` (from an address
//!   that may relay); `edit NAME`, `broken NAME` with an indented file (its table goes live, or must not);
//!   `file NAME` (before the start), `log WORDS` (a line of the log).
//! - `fake: resolves <received> other` makes the fake MTA resolve an address to another one, as Sendmail does
//!   with class w and a virtusertable: `{rcpt_addr}` shows the other address, and a deletion of one address that
//!   resolves to it deletes all of them.
//! - `*N` repeats a line, `{n}` is 1 to N. `\xHH` is a byte.

use std::fs;
use std::path::Path;

/// The names of the peers in scenario files.
pub const PEERS: [&str; 3] = ["fake", "postfix", "sendmail"];

/// One scenario file, as one peer plays it.
#[derive(Debug, Default)]
pub struct Scenario {
    pub name: String,
    pub config: String,
    /// The rules directory at the start: names and contents.
    pub files: Vec<(String, String)>,
    pub steps: Vec<(usize, Step)>,
    pub log: Vec<(usize, String)>,
    /// The addresses to which the fake MTA resolves others.
    pub resolves: Vec<(String, String)>,
}

#[derive(Debug)]
pub enum Step {
    Connect {
        trusted: bool,
    },
    Ehlo,
    Reset,
    /// The text after `MAIL FROM:`.
    Mail {
        text: Vec<u8>,
        reply: Expected,
    },
    /// The text after `RCPT TO:`.
    Rcpt {
        text: Vec<u8>,
        reply: Expected,
    },
    End {
        reply: Expected,
        outcome: Outcome,
    },
    Edit {
        file: String,
        text: String,
        broken: bool,
    },
}

/// The reply that the peer must give.
#[derive(Clone, Debug)]
pub struct Expected {
    pub code: u16,
    pub enhanced: Option<String>,
    pub words: String,
}

/// What must be delivered of one message.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub line: usize,
    pub copies: Vec<ExpectedCopy>,
    /// Who gets a bounce, and the text that it must have.
    pub bounces: Vec<(Vec<u8>, String)>,
    said: bool,
}

#[derive(Clone, Debug)]
pub struct ExpectedCopy {
    pub address: Vec<u8>,
    pub present: Vec<String>,
    pub absent: Vec<String>,
}

/// Reads a file for `peer`. Returns `Ok(None)` if the file is not for this peer.
pub fn read(path: &Path, peer: &str) -> Result<Option<Scenario>, String> {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
    parse(&text, &file, peer).map_err(|(line, message)| format!("{file}:{line}: {message}"))
}

/// Adds the number of the line to an error.
type Placed<T> = Result<T, (usize, String)>;

fn parse(text: &str, name: &str, peer: &str) -> Placed<Option<Scenario>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut scenario = Scenario {
        name: name.to_owned(),
        ..Scenario::default()
    };
    let mut wanted = true;
    let mut at = 0;
    while at < lines.len() {
        let number = at + 1;
        let line = lines[at].trim_end();
        at += 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            return Err((
                number,
                "an indented line belongs below rules, config, file or edit".into(),
            ));
        }
        let block = block(&lines, &mut at);
        let Some(line) = for_peer(line, peer).map_err(|error| (number, error))? else {
            continue;
        };
        if let Some(list) = line.strip_prefix("peers ") {
            let (names, reason) = list.split_once(':').unwrap_or((list, ""));
            if reason.trim().is_empty() {
                return Err((number, "say why: `peers postfix sendmail: reason`".into()));
            }
            wanted = names.split_whitespace().any(|name| name == peer);
            continue;
        }
        statement(line, number, block, &mut scenario).map_err(|error| (number, error))?;
    }
    if !wanted {
        return Ok(None);
    }
    finished(&scenario, lines.len())?;
    Ok(Some(scenario))
}

/// Checks that a file tests something, and that it says for every message what must be delivered.
fn finished(scenario: &Scenario, last: usize) -> Placed<()> {
    if scenario.files.is_empty() || scenario.steps.is_empty() {
        return Err((last, "a scenario needs rules and a dialogue".into()));
    }
    for (number, step) in &scenario.steps {
        if let Step::End { outcome, .. } = step
            && !outcome.said
        {
            return Err((
                *number,
                "END without `to`: write `to nothing` if nothing is delivered".into(),
            ));
        }
    }
    Ok(())
}

/// Takes the indented lines that follow, without their first four spaces.
fn block(lines: &[&str], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    while let Some(line) = lines.get(*at).filter(|line| line.starts_with("    ")) {
        text.push_str(&line[4..]);
        text.push('\n');
        *at += 1;
    }
    (!text.is_empty()).then_some(text)
}

/// Returns the line without its `postfix:` mark; `None` if the line is for other peers.
fn for_peer<'a>(line: &'a str, peer: &str) -> Result<Option<&'a str>, String> {
    let Some((mark, rest)) = line.split_once(": ") else {
        return Ok(Some(line));
    };
    if mark.contains(' ') {
        return Ok(Some(line));
    }
    let names: Vec<&str> = mark.split(',').collect();
    match names.iter().find(|name| !PEERS.contains(name)) {
        Some(name) => Err(format!("no peer is called {name}; there are {PEERS:?}")),
        None => Ok(names.contains(&peer).then(|| rest.trim_start())),
    }
}

fn statement(
    line: &str,
    number: usize,
    block: Option<String>,
    scenario: &mut Scenario,
) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (word, count) = match word.split_once('*') {
        Some((word, count)) => (
            word,
            count.parse().map_err(|_| format!("no number: {count}"))?,
        ),
        None => (word, 1_usize),
    };
    let takes_block = ["config", "rules", "file", "edit", "broken"].contains(&word);
    if takes_block != block.is_some() && word != "edit" {
        return Err(format!(
            "`{word}` {}",
            if takes_block {
                "needs an indented text"
            } else {
                "takes no text"
            }
        ));
    }
    let text = block.unwrap_or_default();
    let file = |rest: &str| {
        if rest.is_empty() {
            "10.rules".to_owned()
        } else {
            rest.to_owned()
        }
    };
    match word {
        "config" => scenario.config = text,
        "rules" => scenario.files.push((file(""), text)),
        "file" => scenario.files.push((file(rest), text)),
        "resolves" => {
            let (from, to) = rest.split_once("> ").ok_or("write `resolves <from> to`")?;
            scenario
                .resolves
                .push((from.trim_start_matches('<').to_owned(), to.to_owned()));
        }
        "log" => scenario.log.push((number, rest.to_owned())),
        "to" | "bounce" => {
            let outcome = last_outcome(scenario)?;
            for n in 1..=count {
                outcome_line(word, &rest.replace("{n}", &n.to_string()), outcome)?;
            }
        }
        _ => {
            for n in 1..=count {
                let rest = rest.replace("{n}", &n.to_string());
                let step = step(word, &rest, number, &text)?;
                scenario.steps.push((number, step));
            }
        }
    }
    Ok(())
}

/// Returns the message to which a `to` line belongs.
fn last_outcome(scenario: &mut Scenario) -> Result<&mut Outcome, String> {
    let mut steps = scenario.steps.iter_mut().rev();
    let end = steps.find_map(|(_, step)| match step {
        Step::End { outcome, .. } => Some(outcome),
        _ => None,
    });
    end.ok_or_else(|| "there is no END before it".to_owned())
}

fn step(word: &str, rest: &str, number: usize, text: &str) -> Result<Step, String> {
    let (command, reply) = match rest.rsplit_once("-> ") {
        Some((command, reply)) => (command.trim_end(), Some(expected(reply)?)),
        None => (rest, None),
    };
    let needed = || {
        reply
            .clone()
            .ok_or(format!("`{word}` needs its answer: `-> 250`"))
    };
    let file = if rest.is_empty() { "10.rules" } else { rest }.to_owned();
    Ok(match word {
        "CONNECT" => Step::Connect {
            trusted: rest == "trusted",
        },
        "EHLO" => Step::Ehlo,
        "RSET" => Step::Reset,
        "MAIL" => {
            let reply = reply.map_or_else(|| expected("250"), Ok)?;
            Step::Mail {
                text: bytes(command)?,
                reply,
            }
        }
        "RCPT" => Step::Rcpt {
            text: bytes(command)?,
            reply: needed()?,
        },
        "END" => Step::End {
            reply: needed()?,
            outcome: Outcome {
                line: number,
                ..Outcome::default()
            },
        },
        "edit" | "broken" => Step::Edit {
            file,
            text: text.to_owned(),
            broken: word == "broken",
        },
        _ => return Err(format!("unknown word `{word}`")),
    })
}

fn outcome_line(word: &str, rest: &str, outcome: &mut Outcome) -> Result<(), String> {
    outcome.said |= word == "to";
    if rest == "nothing" {
        return Ok(());
    }
    let path = rest.strip_prefix('<').ok_or("an address begins with `<`")?;
    let length = super::sink::path_length(path.as_bytes());
    let rest = path
        .get(length + 1..)
        .ok_or("an address ends with `>`")?
        .trim();
    let address = bytes(&path[..length])?;
    if word == "bounce" {
        outcome.bounces.push((address, rest.to_owned()));
        return Ok(());
    }
    let (absent, present): (Vec<&str>, Vec<&str>) = rest
        .split_whitespace()
        .partition(|parameter| parameter.starts_with('!'));
    outcome.copies.push(ExpectedCopy {
        address,
        present: present.into_iter().map(str::to_owned).collect(),
        absent: absent
            .into_iter()
            .map(|name| name[1..].to_owned() + "=")
            .collect(),
    });
    Ok(())
}

fn expected(reply: &str) -> Result<Expected, String> {
    let (code, rest) = reply.split_once(' ').unwrap_or((reply, ""));
    let code = code.parse().map_err(|_| format!("no reply code: {code}"))?;
    let (first, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let enhanced =
        first.split('.').count() == 3 && first.bytes().all(|byte| b"0123456789.".contains(&byte));
    Ok(if enhanced {
        Expected {
            code,
            enhanced: Some(first.to_owned()),
            words: words.to_owned(),
        }
    } else {
        Expected {
            code,
            enhanced: None,
            words: rest.to_owned(),
        }
    })
}

/// Returns the bytes of a text with `\xHH` in it.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).ok_or("two digits after \\x")?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| format!("no byte: \\x{digits}"))?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Ok(bytes)
}
