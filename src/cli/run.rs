//! `readdress run`: starts the daemon.

use std::panic;

use super::{Exit, failed, flags, output};
use crate::daemon::{
    self, Start, descriptors, jobs, listen, log::Log, record, settings::Source, signals,
};

/// Runs the command.
pub fn run(flags: flags::Run) -> Exit {
    // This comes before any thread starts, because it changes the environment.
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
    if let Err(error) = descriptors::raise() {
        return failed(&error.to_string());
    }
    let log = match Log::start(config.level) {
        Ok(log) => log,
        Err(error) => return failed(&error.to_string()),
    };
    log_panics();
    // One thread is enough: the milter starts its own. A pool of threads panics or hangs if the system has no
    // thread
    // left.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot wait for events: {error}")),
    };
    let start = Start {
        config,
        source,
        handed,
        log: Some(log.thread()),
    };
    let ended = runtime.block_on(async {
        signals::disarm();
        // Signals are caught only when the sockets are bound, which may wait for a resolver. Until then TERM
        // simply ends
        // the process.
        daemon::run(start, async { signals::termination().await }).await
    });
    runtime.shutdown_background();
    // The last lines of the log are written before the reason, which goes to the terminal.
    drop(log);
    match ended {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&error.to_string()),
    }
}

/// Writes panics into the log, because nobody may read standard error.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = jobs::message(panic.payload());
        match panic.location() {
            Some(place) => record::panicked(place, &message),
            None => record::panicked(&"nowhere", &message),
        }
    }));
}
