//! `readdress config`: the settings in force, where each value comes from, and which settings wait for a
//! restart.
//!
//! The running daemon is asked. If no daemon answers, the file is read, and the output says so.

use super::{
    Exit, ask, failed, files,
    flags::Control,
    output::{self, Paint},
};
use crate::{
    config::{Config, Key, keys, socket::Socket},
    daemon::settings::Source,
    protocol::{Command, Request, Setting},
};

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
        (Ok(settings), _) => {
            let from = format!("in force in the running daemon ({socket})");
            print(flags, &from, &settings);
            exit
        }
        (Err(reason), Some(_)) => failed(&reason),
        // The errors are printed. What can be read of the file is not a whole configuration.
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

/// Returns what the running daemon says, or why it says nothing.
fn asked(socket: &Socket) -> Result<Vec<Setting>, String> {
    let request = Request::new(Command::Config);
    let lines = ask::exchange(socket, &request).map_err(|error| format!("{socket}: {error}"))?;
    if lines.is_empty() {
        return Err(format!(
            "{socket}: the connection was closed without an answer"
        ));
    }
    let settings: Result<_, _> = lines.into_iter().collect();
    settings.map_err(|failure| {
        let reason = ask::reason(&request, &failure, socket);
        format!("{socket}: {reason}")
    })
}

/// Returns the same from the file alone.
fn written(config: &Config, path: &str) -> Vec<Setting> {
    let setting = |key: &Key| Setting {
        section: key.section.to_owned(),
        key: key.name.to_owned(),
        value: key.value(config),
        from: config.origins.of(key).shown(&path),
        waiting: None,
    };
    keys().map(setting).collect()
}

fn print(flags: &Control, from: &str, settings: &[Setting]) {
    if flags.json {
        return settings.iter().for_each(output::json);
    }
    let paint = Paint::stdout();
    output::line(&paint.dim(&format!("# settings {from}")));
    let mut section = "";
    for setting in settings {
        if setting.section != section {
            section = &setting.section;
            output::line("");
            output::line(&format!("[{section}]"));
        }
        let line = format!("{} = {}", setting.key, setting.value);
        let from = paint.dim(&format!("# {}", setting.from));
        output::line(&format!("{line:<COLUMN$} {from}"));
        if let Some(waiting) = &setting.waiting {
            let line = format!("# waits for a restart: {} = {waiting}", setting.key);
            output::line(&paint.warn(&line));
        }
    }
}
