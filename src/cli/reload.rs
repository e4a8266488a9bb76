//! `readdress reload` and `readdress accept`: what came of it, and as which exit status.
//!
//! | status | meaning |
//! |---|---|
//! | 0 | the files are live, also where nothing had changed |
//! | 1 | the rules or the configuration were refused |
//! | 2 | the daemon could not be asked, or there was nothing to accept |
//! | 3 | the new table is held back |

use serde_json::{Value, json};

use super::{
    Exit, ask,
    flags::{Accept, Control},
    outcome, output, status,
};

/// `readdress reload`.
pub fn run(flags: &Control) -> Exit {
    match ask::one(flags, &ask::command("reload")) {
        Ok(answer) => told(flags, &answer, "last reload"),
        Err(exit) => exit,
    }
}

/// `readdress accept DIGEST`.
pub fn accept(flags: &Accept) -> Exit {
    let request = json!({ "command": "accept", "digest": flags.digest });
    match ask::one(&flags.control, &request) {
        Ok(answer) => told(&flags.control, &answer, "accepted"),
        Err(exit) => exit,
    }
}

fn told(flags: &Control, answer: &Value, label: &str) -> Exit {
    let refused = &answer["configuration"]["refused"];
    if flags.json {
        output::line(&answer.to_string());
    } else if answer["outcome"] == "configuration" {
        output::line("the configuration file is in force");
    } else {
        if refused.is_object() {
            status::print_configuration(&answer["configuration"]);
        }
        outcome::print_rules(answer);
        outcome::print_rules_findings(answer);
        outcome::print(label, answer);
    }
    match answer["outcome"].as_str() {
        Some("held") => Exit::Held,
        Some("refused") => Exit::Findings,
        _ if refused.is_object() => Exit::Findings,
        _ => Exit::Fine,
    }
}
