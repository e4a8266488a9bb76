//! `readdress explain`: what happens to an address, and which lines decide it.

use serde_json::{Value, json};

use super::{
    Exit, ask, failed,
    files::{self, counted},
    flags::Explain,
    output,
};
use crate::{engine::Severity, report};

/// Runs the command.
pub fn run(flags: &Explain) -> Exit {
    let explained = if flags.live {
        live(flags)
    } else {
        from_files(flags)
    };
    let explained = match explained {
        Ok(explained) => explained,
        Err(exit) => return exit,
    };
    for object in explained {
        if let Some(reason) = object["error"].as_str() {
            return failed(reason);
        }
        output::line(&if flags.json {
            object.to_string()
        } else {
            report::text(&object)
        });
    }
    Exit::Fine
}

fn live(flags: &Explain) -> Result<Vec<Value>, Exit> {
    let request = json!({ "command": "explain", "addresses": flags.addresses });
    ask::ask(None, flags.config.as_deref(), &request)
}

fn from_files(flags: &Explain) -> Result<Vec<Value>, Exit> {
    let mut loaded = files::load(flags.rules.as_deref(), flags.config.as_deref())?;
    let Some(table) = loaded.table.clone() else {
        loaded
            .diagnostics
            .retain(|finding| finding.severity == Severity::Error);
        loaded.complain();
        let errors = counted(loaded.tally().errors, "error");
        output::error(&format!(
            "readdress: {errors} in the rules: there is no table to explain from"
        ));
        return Err(Exit::Findings);
    };
    Ok(flags
        .addresses
        .iter()
        .flat_map(|address| report::explain(&table, address, None))
        .collect())
}
