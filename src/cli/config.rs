//! `readdress config`: the settings in force, where each comes from, and which wait for a restart.
//!
//! The running daemon is asked. Where it does not answer, the file is read, and that is said.

use serde_json::{Value, json};

use super::{
    Exit, ask, failed, files,
    flags::Control,
    output::{self, Paint},
};
use crate::config::{Config, Key, keys, socket::Socket};
use crate::daemon::settings::Source;

/// Column in which the origin of a value begins.
const COLUMN: usize = 48;

/// Runs the command.
pub fn run(flags: &Control) -> Exit {
    let (config, findings) = match files::configuration_partly(flags.config.as_deref()) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    files::complain_about(&findings);
    let broken = !findings.is_empty();
    let socket = flags.socket.as_ref().unwrap_or(&config.control);
    let exit = if broken { Exit::Findings } else { Exit::Fine };
    match (asked(socket), &flags.socket) {
        (Ok(keys), _) => {
            let from = format!("in force in the running daemon ({socket})");
            print(flags, &from, &keys);
            exit
        }
        (Err(reason), Some(_)) => failed(&reason),
        // The errors are printed; a part of the file is no configuration.
        (Err(_), None) if broken => Exit::Failed,
        (Err(reason), None) => {
            let path = Source {
                file: flags.config.clone(),
                ..Source::default()
            };
            let path = path.path().display().to_string();
            let from = format!("of {path} and the defaults; no daemon answers: {reason}");
            print(flags, &from, &written(&config, &path));
            exit
        }
    }
}

/// What the running daemon says.
fn asked(socket: &Socket) -> Result<Vec<Value>, String> {
    let Socket::Unix(path) = socket else {
        return Err(format!(
            "{socket}: the control socket is a Unix socket (unix:PATH)"
        ));
    };
    let keys = ask::exchange(path, &ask::command("config"));
    let keys = keys.map_err(|error| format!("{socket}: {error}"))?;
    match keys.first() {
        None => Err(format!(
            "{socket}: the connection was closed without an answer"
        )),
        Some(first) => match first["error"].as_str() {
            Some(reason) => Err(format!("{socket}: {reason}")),
            None => Ok(keys),
        },
    }
}

/// The same from the file alone.
fn written(config: &Config, path: &str) -> Vec<Value> {
    let object = |key: &Key| {
        json!({
            "section": key.section,
            "key": key.name,
            "value": key.value(config),
            "from": config.origins.of(key).shown(&path),
            "waiting": null,
        })
    };
    keys().map(object).collect()
}

fn print(flags: &Control, from: &str, keys: &[Value]) {
    if flags.json {
        return keys.iter().for_each(output::json);
    }
    let paint = Paint::stdout();
    output::line(&paint.dim(&format!("# settings {from}")));
    let mut section = "";
    for key in keys {
        let [its, name, value, from] =
            ["section", "key", "value", "from"].map(|part| key[part].as_str().unwrap_or_default());
        if its != section {
            section = its;
            output::line("");
            output::line(&format!("[{section}]"));
        }
        let setting = format!("{name} = {value}");
        let from = paint.dim(&format!("# {from}"));
        output::line(&format!("{setting:<COLUMN$} {from}"));
        if let Some(waiting) = key["waiting"].as_str() {
            let line = format!("# waits for a restart: {name} = {waiting}");
            output::line(&paint.warn(&line));
        }
    }
}
