//! `readdress reload` and `readdress accept`: what came of the request, and the exit status.
//!
//! | status | meaning |
//! |---|---|
//! | 0 | the files are in force, whether or not something had changed |
//! | 1 | the rules or the configuration file were refused |
//! | 2 | the daemon could not be asked, or there was nothing to accept |
//! | 3 | the new table is held back |

use super::{
    Exit, ask, files,
    flags::{Accept, Control},
    outcome, output, status,
};
use crate::protocol::{Command, Outcome, Reload, Request};

/// Runs `readdress reload`.
pub fn run(flags: &Control) -> Exit {
    tell(flags, &Request::new(Command::Reload), "last reload")
}

/// Runs `readdress accept DIGEST`.
pub fn accept(flags: &Accept) -> Exit {
    let request = Request::accept(flags.digest.clone());
    tell(&flags.control, &request, "accepted")
}

fn tell(flags: &Control, request: &Request, label: &str) -> Exit {
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
        Outcome::Held(_) => Exit::Held,
        Outcome::Refused(_) => Exit::Findings,
        _ if refused.is_some() => Exit::Findings,
        _ => Exit::Fine,
    }
}
