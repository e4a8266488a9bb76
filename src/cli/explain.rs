//! `readdress explain`: what happens to an address, and which lines decide it.

use super::{
    Exit, codes, failed,
    flags::{Explain, Place},
    history::Recorded,
    output, questions,
};
use crate::{
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
    let texts = match questions::texts(&flags.addresses) {
        Ok(texts) => texts,
        Err(error) => return failed(&format!("standard input: {error}")),
    };
    let explained = match flags.generation {
        Some(generation) => from_history(flags, generation, &texts),
        None if flags.live => questions::live(flags.config.as_deref(), &texts, Request::explain),
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

/// Explains from files.
fn from_files(flags: &Explain, texts: &[String]) -> Result<Vec<Result<Explained, Failure>>, Exit> {
    let table = questions::table(flags.rules.as_deref(), flags.config.as_deref())?;
    let explained = texts
        .iter()
        .flat_map(|address| report::explain(&table, address, None));
    Ok(explained.collect())
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
