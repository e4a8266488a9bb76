//! `readdress who`: which addresses, lists and patterns reach an address.

use super::{Exit, failed, flags::Who, output, questions};
use crate::{
    protocol::{Failure, Reached, Request},
    report,
};

/// Runs the command. For what is no address there is an error, and the other addresses are answered all
/// the same.
pub fn run(flags: &Who) -> Exit {
    let texts = match questions::texts(&flags.addresses) {
        Ok(texts) => texts,
        Err(error) => return failed(&format!("standard input: {error}")),
    };
    let lines = if flags.live {
        questions::live(flags.config.as_deref(), &texts, Request::who)
    } else {
        from_files(flags, &texts)
    };
    match lines {
        Ok(lines) => show(lines, flags.json),
        Err(exit) => exit,
    }
}

fn from_files(flags: &Who, texts: &[String]) -> Result<Vec<Result<Reached, Failure>>, Exit> {
    let table = questions::table(flags.rules.as_deref(), flags.config.as_deref())?;
    let lines = texts
        .iter()
        .flat_map(|text| report::who(&table, text, None));
    Ok(lines.collect())
}

/// Shows the lines: those about one address together.
fn show(lines: Vec<Result<Reached, Failure>>, json: bool) -> Exit {
    let mut exit = Exit::Fine;
    let mut together: Vec<Reached> = Vec::new();
    let flush = |together: &mut Vec<Reached>| {
        if !together.is_empty() {
            output::line(&report::who_text(together));
            together.clear();
        }
    };
    for line in lines {
        match line {
            Ok(reached) if json => output::json(&reached),
            Ok(reached) => {
                if together
                    .first()
                    .is_some_and(|first| first.address != reached.address)
                {
                    flush(&mut together);
                }
                together.push(reached);
            }
            Err(failure) => {
                flush(&mut together);
                exit = failed(&report::printable(&failure.error));
            }
        }
    }
    flush(&mut together);
    exit
}
