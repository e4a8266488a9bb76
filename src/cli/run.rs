//! `readdress run`: the daemon.

use super::{Exit, failed, flags, output};
use crate::daemon::{self, Start, listen, log::Log, settings::Source, signals};

/// Runs the command.
pub fn run(flags: flags::Run) -> Exit {
    // Before any thread: descriptors are taken out of the environment.
    let handed = match listen::from_environment() {
        Ok(handed) => handed,
        Err(error) => return failed(&error.to_string()),
    };
    let source = Source {
        file: flags.config,
        rules: flags.rules,
        listen: flags.listen,
    };
    let config = match source.read() {
        Ok(config) => config,
        Err(findings) => {
            findings
                .iter()
                .for_each(|finding| output::error(&finding.to_string()));
            return Exit::Failed;
        }
    };
    let log = match Log::start(&config.level) {
        Ok(log) => log,
        Err(error) => return failed(&error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("no threads: {error}")),
    };
    let ended = runtime.block_on(async {
        signals::disarm();
        daemon::run(
            Start {
                config,
                source,
                handed,
            },
            signals::termination(),
        )
        .await
    });
    runtime.shutdown_background();
    // The log's last lines before the reason, which goes to the terminal.
    drop(log);
    match ended {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&error.to_string()),
    }
}
