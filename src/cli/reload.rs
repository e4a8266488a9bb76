//! `readdress reload`, `accept` and `rollback`: what came of the request, and the exit status.
//!
//! | status | meaning |
//! |---|---|
//! | 0 | the files are in force, whether or not something had changed |
//! | 1 | the rules or the configuration file were refused |
//! | 2 | the daemon could not be asked, or there was nothing to accept or to go back to |
//! | 3 | the new table is held back, or a rollback is in force |

use super::{
    Exit, ask, files,
    flags::{self, Accept, Control},
    outcome, output, status,
};
use crate::protocol::{Command, Outcome, Reload, Request};

/// Runs `readdress reload`.
pub fn run(flags: &flags::Reload) -> Exit {
    let request = Request::new(Command::Reload);
    let request = because(request, flags.why.as_deref());
    tell(&flags.control, &request, "last reload")
}

/// Runs `readdress accept DIGEST`.
pub fn accept(flags: &Accept) -> Exit {
    let request = because(Request::accept(flags.digest.clone()), flags.why.as_deref());
    tell(&flags.control, &request, "accepted")
}

/// Runs `readdress rollback`.
pub fn rollback(flags: &flags::Rollback) -> Exit {
    let request = because(Request::rollback(flags.generation), flags.why.as_deref());
    let label = if flags.end { "files" } else { "rollback" };
    match tell(&flags.control, &request, label) {
        // What was asked for is done.
        Exit::Held if !flags.end => Exit::Fine,
        exit => exit,
    }
}

/// Adds why, and who called sudo.
pub fn because(request: Request, why: Option<&str>) -> Request {
    Request {
        why: why.map(str::to_owned),
        sudo: std::env::var("SUDO_USER").ok(),
        ..request
    }
}

/// Sends a request, prints what came of it, and returns the exit status.
pub fn tell(flags: &Control, request: &Request, label: &str) -> Exit {
    let (reload, findings) = match ask::one::<Reload>(flags, request) {
        Ok(answer) => (answer.value, answer.findings),
        Err(exit) => return exit,
    };
    let configuration = reload.configuration.as_ref();
    let refused = configuration.filter(|configuration| configuration.refused.is_some());
    if refused.is_none() {
        files::complain_about(&findings);
    }
    if flags.json {
        output::json(&reload);
    } else if reload.outcome == Outcome::Configuration {
        output::line("the configuration file is in force");
    } else {
        // A key that waits for a restart is named, or nobody knows why a new value has no effect.
        let unfinished = configuration.filter(|configuration| {
            configuration.refused.is_some() || !configuration.waiting.is_empty()
        });
        unfinished.into_iter().for_each(status::print_configuration);
        outcome::print_rules(&reload.outcome);
        outcome::print_rules_findings(&reload);
        outcome::print(label, Some(&reload.outcome));
    }
    match reload.outcome {
        Outcome::Held(_) | Outcome::RolledBack(_) => Exit::Held,
        Outcome::Refused(_) => Exit::Findings,
        _ if refused.is_some() => Exit::Findings,
        _ => Exit::Fine,
    }
}
