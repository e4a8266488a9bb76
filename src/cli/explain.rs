//! `readdress explain`: what happens to an address, and which lines decide it.

use std::io::{self, BufRead};

use super::{
    Exit, ask, codes, failed,
    files::{self, counted},
    flags::{Explain, Place},
    history::Recorded,
    output,
};
use crate::{
    engine::Severity,
    protocol::{Explained, Failure, Request},
    report,
};

/// Runs the command. Reports a text that is not an address as an error, and explains the other addresses.
pub fn run(flags: &Explain) -> Exit {
    if let [word] = flags.addresses.as_slice()
        && let Some(exit) = codes::explain(word, flags.json)
    {
        return exit;
    }
    let texts = match texts(&flags.addresses) {
        Ok(texts) => texts,
        Err(error) => return failed(&format!("standard input: {error}")),
    };
    let explained = match flags.generation {
        Some(generation) => from_history(flags, generation, &texts),
        None if flags.live => live(flags, &texts),
        None => from_files(flags, &texts),
    };
    let explained = match explained {
        Ok(explained) => explained,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Fine;
    for explained in explained {
        match explained {
            Ok(explained) if flags.json => output::json(&explained),
            Ok(explained) => output::line(&report::text(&explained)),
            Err(failure) => exit = failed(&report::printable(&failure.error)),
        }
    }
    exit
}

/// Returns the texts to explain. Replaces `-` by the lines of standard input.
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

/// The largest size of the addresses in one request, in bytes. The daemon accepts requests of twice this size,
/// which leaves room for JSON.
const MAX_REQUEST: usize = 64 << 10;

/// The largest number of addresses in one request.
const MAX_ADDRESSES: usize = 100;

fn live(flags: &Explain, texts: &[String]) -> Result<ask::Lines<Explained>, Exit> {
    let mut explained = Vec::new();
    let mut rest = texts;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(MAX_ADDRESSES).take_while(|address| {
            bytes += address.len();
            bytes <= MAX_REQUEST
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        let request = Request::explain(now.to_vec());
        explained.extend(ask::ask(None, flags.config.as_deref(), &request)?);
        rest = later;
    }
    Ok(explained)
}

/// Explains from files. If an expectation is broken, reports that and explains the addresses nevertheless: a
/// broken expectation is a reason to ask.
fn from_files(flags: &Explain, texts: &[String]) -> Result<Vec<Result<Explained, Failure>>, Exit> {
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
        output::error("readdress: this table breaks expectations or laws and would not go live");
    }
    Ok(texts
        .iter()
        .flat_map(|address| report::explain(&table, address, None))
        .collect())
}

/// Explains from a generation of the history.
fn from_history(
    flags: &Explain,
    generation: u64,
    texts: &[String],
) -> Result<Vec<Result<Explained, Failure>>, Exit> {
    let place = Place {
        rules: flags.rules.clone(),
        config: flags.config.clone(),
    };
    let recorded = Recorded::open(&place)?;
    let table = recorded.table(recorded.entry(generation)?)?.table;
    let explained = texts
        .iter()
        .flat_map(|text| report::explain(&table, text, Some(generation)));
    Ok(explained.collect())
}
