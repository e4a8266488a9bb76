//! `readdress explain`: what happens to an address, and which lines decide it.

use std::io::{self, BufRead};

use serde_json::{Value, json};

use super::{
    Exit, ask, failed,
    files::{self, counted},
    flags::Explain,
    output,
};
use crate::{engine::Severity, report};

/// Runs the command. What is no address is refused, and the others are explained all the same.
pub fn run(flags: &Explain) -> Exit {
    let texts = match texts(&flags.addresses) {
        Ok(texts) => texts,
        Err(error) => return failed(&format!("standard input: {error}")),
    };
    let explained = if flags.live {
        live(flags, &texts)
    } else {
        from_files(flags, &texts)
    };
    let explained = match explained {
        Ok(explained) => explained,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Fine;
    for object in explained {
        if let Some(reason) = object["error"].as_str() {
            exit = failed(&report::printable(reason));
            continue;
        }
        output::line(&if flags.json {
            object.to_string()
        } else {
            report::text(&object)
        });
    }
    exit
}

/// What is asked about; the lines of standard input take the place of `-`.
fn texts(addresses: &[String]) -> io::Result<Vec<String>> {
    let mut texts = Vec::with_capacity(addresses.len());
    for address in addresses {
        if address != "-" {
            texts.push(address.clone());
            continue;
        }
        for line in io::stdin().lock().split(b'\n') {
            let line = String::from_utf8_lossy(&line?).trim().to_owned();
            texts.extend(Some(line).filter(|line| !line.is_empty()));
        }
    }
    Ok(texts)
}

fn live(flags: &Explain, texts: &[String]) -> Result<Vec<Value>, Exit> {
    let request = json!({ "command": "explain", "addresses": texts });
    ask::ask(None, flags.config.as_deref(), &request)
}

/// Explains from files. A broken expectation is said, and is no reason not to answer: it is then that
/// somebody asks.
fn from_files(flags: &Explain, texts: &[String]) -> Result<Vec<Value>, Exit> {
    let mut loaded = files::load(flags.rules.as_deref(), flags.config.as_deref())?;
    if loaded.table.is_none() {
        loaded
            .diagnostics
            .retain(|finding| finding.severity == Severity::Error);
        loaded.complain();
    }
    let errors = counted(loaded.tally().errors, "error");
    let Some(table) = loaded.table.clone().or(loaded.unexpected.clone()) else {
        output::error(&format!(
            "readdress: {errors} in the rules: there is no table to explain from"
        ));
        return Err(Exit::Findings);
    };
    if loaded.table.is_none() {
        output::error("readdress: this table breaks expectations and would not go live");
    }
    Ok(texts
        .iter()
        .flat_map(|address| report::explain(&table, address, None))
        .collect())
}
