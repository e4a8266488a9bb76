//! What the commands that ask about addresses have in common: what is asked about, the table that answers
//! from files, and requests that are not too long for the daemon.

use std::{
    io::{self, BufRead},
    path::Path,
    sync::Arc,
};

use serde::de::DeserializeOwned;

use super::{
    Exit, ask,
    files::{self, counted},
    output,
};
use crate::{
    engine::{Severity, Table},
    protocol::Request,
};

/// Returns the texts that are asked about. Replaces `-` by the lines of standard input.
pub fn texts(addresses: &[String]) -> io::Result<Vec<String>> {
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

/// Asks the daemon about addresses, in as many requests as they need.
pub fn live<T: DeserializeOwned>(
    config: Option<&Path>,
    texts: &[String],
    request: fn(Vec<String>) -> Request,
) -> Result<ask::Lines<T>, Exit> {
    let mut lines = Vec::new();
    let mut rest = texts;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(MAX_ADDRESSES).take_while(|address| {
            bytes += address.len();
            bytes <= MAX_REQUEST
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        lines.extend(ask::ask(None, config, &request(now.to_vec()))?);
        rest = later;
    }
    Ok(lines)
}

/// Returns the table of the files. If an expectation or a law is broken, reports that and returns the table nevertheless: a
/// broken expectation is a reason to ask.
pub fn table(rules: Option<&Path>, config: Option<&Path>) -> Result<Arc<Table>, Exit> {
    let mut loaded = files::load(rules, config)?;
    if loaded.table.is_none() {
        loaded
            .diagnostics
            .retain(|finding| finding.severity == Severity::Error);
        loaded.complain();
    }
    let errors = counted(loaded.tally().errors, "error");
    let Some(table) = loaded.table.clone().or(loaded.unexpected.clone()) else {
        output::error(&format!(
            "readdress: {errors} in the rules: there is no table to answer from"
        ));
        return Err(Exit::Findings);
    };
    if loaded.table.is_none() {
        output::error("readdress: this table breaks expectations or laws and would not go live");
    }
    Ok(table)
}
