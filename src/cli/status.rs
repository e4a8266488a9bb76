//! `readdress status`: what is really in force, and what is wrong with it.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FILES`] | 20 rules files | "and N more files" |
//! | findings | 10 | "N more", and the command that shows them all |

use serde_json::Value;

use super::{
    Exit, ask,
    flags::Status,
    outcome::{self, count, number, strings},
    output::{self, Paint},
    time::{ago, moment, span},
};

/// Rules files that are listed.
const FILES: usize = 20;

/// Runs the command.
pub fn run(flags: &Status) -> Exit {
    let control = &flags.control;
    let answer = match ask::one(control, &ask::command("status")) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    if control.json {
        output::json(&answer);
    } else {
        print(&answer);
    }
    let ready = flags.ready && number(&answer, "generation") > 0;
    let well = ["degraded", "problems"];
    let well = well.iter().all(|key| list(&answer, key).is_empty());
    match ready || well {
        true => Exit::Fine,
        false => Exit::Findings,
    }
}

fn list<'v>(answer: &'v Value, key: &str) -> &'v [Value] {
    answer[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(answer: &'v Value, key: &str) -> &'v str {
    answer[key].as_str().unwrap_or_default()
}

fn row(label: &str, value: &str) {
    output::line(&format!("{label:<12} {value}"));
}

/// What is wrong comes first.
fn print_degraded(answer: &Value) {
    for trouble in list(answer, "degraded") {
        let since = number(trouble, "since");
        output::line(&Paint::stdout().bad(&format!(
            "DEGRADED since {} ({}): {}; {}",
            moment(since),
            ago(since),
            text(trouble, "why"),
            text(trouble, "mail")
        )));
    }
    for problem in list(answer, "problems") {
        output::line(&Paint::stdout().bad(&format!(
            "DEGRADED     {}: {}, for {}",
            text(problem, "part"),
            text(problem, "what"),
            span(number(problem, "for_seconds"))
        )));
    }
}

fn print(answer: &Value) {
    print_degraded(answer);
    let uptime = span(number(answer, "uptime_seconds"));
    row(
        "version",
        &format!("{}, up for {uptime}", text(answer, "version")),
    );
    let live = match number(answer, "generation") {
        0 => "0: no table yet, every recipient is deferred (451 4.3.0)".to_owned(),
        generation => format!(
            "{generation}, live for {}, since {}",
            span(number(answer, "age_seconds")),
            moment(number(answer, "since"))
        ),
    };
    row("generation", &live);
    print_files(answer);
    row("mode", text(answer, "mode"));
    for key in ["milter", "socketmap"] {
        let sockets: Vec<_> = strings(answer, key).collect();
        row(
            key,
            if sockets.is_empty() {
                "none".to_owned()
            } else {
                sockets.join(", ")
            }
            .as_str(),
        );
    }
    row("control", answer["control"].as_str().unwrap_or("none"));
    let (open, limit) = (
        number(answer, "connections"),
        number(answer, "connection_limit"),
    );
    row("connections", &format!("{open} of {limit}"));
    print_configuration(&answer["configuration"]);
    print_state(&answer["state"]);
    let last = &answer["last_reload"];
    let (change, at) = (&answer["last_change"], number(&answer["last_reload"], "at"));
    if change.is_object() && last["outcome"] != "live" {
        outcome::print("last change", change);
        row("", &moment(number(change, "at")));
    }
    outcome::print_rules_findings(last);
    outcome::print("last reload", last);
    if last.is_object() {
        row("", &moment(at));
    }
}

fn print_files(answer: &Value) {
    let directory = text(answer, "directory");
    row(
        "rules",
        &format!("{} from {directory}", number(answer, "rules")),
    );
    let files = list(answer, "files");
    for file in files.iter().take(FILES) {
        row(
            "",
            &format!("{:>8}  {}", number(file, "rules"), text(file, "file")),
        );
    }
    let more = files.len().saturating_sub(FILES);
    if more > 0 {
        row("", &format!("and {more} more files"));
    }
}

/// The configuration file, what is wrong with it, and what of it waits.
pub fn print_configuration(configuration: &Value) {
    let file = text(configuration, "file");
    let refused = &configuration["refused"];
    if refused.is_object() {
        let since = moment(number(refused, "since"));
        let errors = count(refused, "errors", "error");
        let line = format!("{file} REFUSED since {since}: {errors}");
        row("settings", &Paint::stdout().bad(&line));
        outcome::print_findings(refused, &format!("readdress check --config {file}"));
    } else {
        let settings = match number(configuration, "settings") {
            0 => "every setting has its default".to_owned(),
            _ => count(configuration, "settings", "setting"),
        };
        row("settings", &format!("{file} is in force: {settings}"));
    }
    for waiting in list(configuration, "waiting") {
        let [key, new, old] = ["key", "file", "in_force"].map(|name| text(waiting, name));
        let line = format!("waits for a restart: {key} = {new} (in force: {old})");
        row("", &Paint::stdout().warn(&line));
    }
    let change = &configuration["last_change"];
    if change.is_object() {
        let keys: Vec<_> = list(change, "keys")
            .iter()
            .map(|key| text(key, "key"))
            .collect();
        let at = moment(number(change, "at"));
        row("", &format!("last change {at}: {}", keys.join(", ")));
    }
}

fn print_state(state: &Value) {
    let line = match (state["directory"].as_str(), state["problem"].as_str()) {
        (None, _) => "none: a later start without rules is taken for a first start".to_owned(),
        (Some(directory), None) => directory.to_owned(),
        (Some(directory), Some(problem)) => {
            let problem = format!("{directory} NOT RECORDED: {problem}");
            Paint::stdout().warn(&problem)
        }
    };
    row("state", &line);
}
