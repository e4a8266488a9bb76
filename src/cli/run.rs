//! `readdress run`: the daemon.

use std::panic;

use super::{Exit, failed, flags, output};
use crate::daemon::{
    self, Start, descriptors, jobs, listen, log::Log, record, settings::Source, signals,
};

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
    if let Err(error) = descriptors::raise() {
        return failed(&error.to_string());
    }
    let log = match Log::start(config.level) {
        Ok(log) => log,
        Err(error) => return failed(&error.to_string()),
    };
    log_panics();
    // One thread: the milter brings its own, and a pool of threads panics, or hangs, where the system
    // has none to give.
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
        // Not before the sockets are bound, which a resolver may hold up: until then TERM ends the
        // process as it is.
        daemon::run(start, async { signals::termination().await }).await
    });
    runtime.shutdown_background();
    // The log's last lines before the reason, which goes to the terminal.
    drop(log);
    match ended {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&error.to_string()),
    }
}

/// Where standard error is no place for them, panics are seen all the same.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = jobs::message(panic.payload());
        match panic.location() {
            Some(place) => record::panicked(place, &message),
            None => record::panicked(&"nowhere", &message),
        }
    }));
}
