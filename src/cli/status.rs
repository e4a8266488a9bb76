//! `readdress status`: what is in force in the running daemon, and what is wrong.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`FILES`] | 20 rules files | "and N more files" |
//! | findings | 10 | "N more", and the command that shows them all |

use std::time::Duration;

use super::{
    Exit, ask, files,
    files::counted,
    flags, outcome,
    output::{self, Paint},
    time::{ago, moment, span},
};
use crate::config::days_in_words;
use crate::protocol::{Command, Configuration, Outcome, Request, StateDirectory, Status, Traffic};

/// How many rules files are listed.
const FILES: usize = 20;

/// Runs the command.
pub fn run(flags: &flags::Status) -> Exit {
    let control = &flags.control;
    let asked = ask::one::<Status>(control, &Request::new(Command::Status));
    let (status, findings) = match asked {
        Ok(answer) => (answer.value, answer.findings),
        Err(exit) => return exit,
    };
    let configuration = status.configuration.as_ref();
    if configuration.is_none_or(|configuration| configuration.refused.is_none()) {
        files::complain_about(&findings);
    }
    if control.json {
        output::json(&status);
    } else {
        print(&status);
    }
    let ready = flags.ready && status.generation > 0;
    match ready || status.is_well() {
        true => Exit::Fine,
        false => Exit::Findings,
    }
}

fn row(label: &str, value: &str) {
    output::line(&format!("{label:<12} {value}"));
}

/// Prints what is wrong.
fn print_degraded(status: &Status) {
    let bad = |line: &str| output::line(&Paint::stdout().bad(line));
    for degraded in &status.degraded {
        let since = degraded.since.unwrap_or_default();
        bad(&format!(
            "DEGRADED since {} ({}): {}; {}",
            moment(since),
            ago(since),
            degraded.why,
            degraded.mail
        ));
    }
    for problem in &status.problems {
        bad(&format!(
            "DEGRADED     {}: {}, for {}",
            problem.part,
            problem.what,
            span(problem.for_seconds)
        ));
    }
}

fn print(status: &Status) {
    // What is wrong comes first.
    print_degraded(status);
    let uptime = span(status.uptime_seconds);
    row("version", &format!("{}, up for {uptime}", status.version));
    let live = match status.generation {
        0 => "0: no table yet, every recipient is deferred (451 4.3.0)".to_owned(),
        generation => format!(
            "{generation}, live for {}, since {}",
            span(status.age_seconds),
            moment(status.since)
        ),
    };
    row("generation", &live);
    print_files(status);
    row("mode", &status.mode);
    for (label, sockets) in [("milter", &status.milter), ("socketmap", &status.socketmap)] {
        match sockets.is_empty() {
            true => row(label, "none"),
            false => row(label, &sockets.join(", ")),
        }
    }
    row("control", status.control.as_deref().unwrap_or("none"));
    let (open, limit) = (status.connections, status.connection_limit);
    row("connections", &format!("{open} of {limit}"));
    status.configuration.iter().for_each(print_configuration);
    status.state.iter().for_each(print_state);
    status.traffic.iter().for_each(print_traffic);
    print_reloads(status);
}

/// Prints the last reload, and the last one that changed the table if that is another one.
fn print_reloads(status: &Status) {
    let last = status.last_reload.as_ref();
    let was_live = last.is_some_and(|last| matches!(last.outcome, Outcome::Live(_)));
    if let (Some(change), false) = (&status.last_change, was_live) {
        outcome::print("last change", Some(&change.outcome));
        row("", &moment(change.at.unwrap_or_default()));
    }
    last.iter()
        .for_each(|last| outcome::print_rules_findings(last));
    outcome::print("last reload", last.map(|last| &last.outcome));
    if let Some(last) = last {
        row("", &moment(last.at.unwrap_or_default()));
    }
}

fn print_files(status: &Status) {
    row(
        "rules",
        &format!("{} from {}", status.rules, status.directory),
    );
    for file in status.files.iter().take(FILES) {
        row("", &format!("{:>8}  {}", file.rules, file.file));
    }
    let more = status.files.len().saturating_sub(FILES);
    if more > 0 {
        row("", &format!("and {more} more files"));
    }
}

/// Prints the state of the configuration file: its findings, and which settings wait for a restart.
pub fn print_configuration(configuration: &Configuration) {
    let file = &configuration.file;
    match &configuration.refused {
        Some(refused) => {
            let since = moment(refused.since);
            let errors = counted(refused.findings.errors, "error");
            let line = format!("{file} REFUSED since {since}: {errors}");
            row("settings", &Paint::stdout().bad(&line));
            let all = format!("readdress check --config {file}");
            outcome::print_findings(&refused.findings, &all);
        }
        None => {
            let settings = match configuration.settings {
                // The answer to `reload` does not contain this number.
                None => String::new(),
                Some(0) => ": every setting has its default".to_owned(),
                Some(settings) => format!(": {}", counted(settings, "setting")),
            };
            row("settings", &format!("{file} is in force{settings}"));
        }
    }
    for waiting in &configuration.waiting {
        let line = format!(
            "waits for a restart: {} = {} (in force: {})",
            waiting.key, waiting.file, waiting.in_force
        );
        row("", &Paint::stdout().warn(&line));
    }
    if let Some(change) = &configuration.last_change {
        let keys: Vec<_> = change.keys.iter().map(|key| &*key.key).collect();
        let at = moment(change.at);
        row("", &format!("last change {at}: {}", keys.join(", ")));
    }
}

fn print_state(state: &StateDirectory) {
    let line = match (&state.directory, &state.problem) {
        (None, _) => "none: a later start without rules looks like a first start".to_owned(),
        (Some(directory), None) => directory.clone(),
        (Some(directory), Some(problem)) => {
            let problem = format!("{directory} NOT RECORDED: {problem}");
            Paint::stdout().warn(&problem)
        }
    };
    row("state", &line);
}

/// Prints how many addresses got mail lately, and where they are kept.
fn print_traffic(traffic: &Traffic) {
    let remember = days_in_words(Duration::from_secs(traffic.remember_seconds));
    let kept = match (&traffic.directory, &traffic.problem) {
        (_, Some(problem)) => {
            let problem = format!("NOT KEPT: {problem}");
            Paint::stdout().warn(&problem)
        }
        (Some(_), None) => "kept in the state directory".to_owned(),
        (None, None) => "in memory alone".to_owned(),
    };
    let addresses = match traffic.addresses {
        1 => "1 address".to_owned(),
        number => format!("{number} addresses"),
    };
    row(
        "traffic",
        &format!("{addresses} got mail in the last {remember}, {kept}"),
    );
    if traffic.dropped > 0 {
        let dropped = counted(
            usize::try_from(traffic.dropped).unwrap_or(usize::MAX),
            "older one",
        );
        row(
            "",
            &format!("{dropped} dropped: there were too many addresses"),
        );
    }
    if traffic.missed > 0 {
        row(
            "",
            &format!(
                "{} recipients not counted: too many came at once",
                traffic.missed
            ),
        );
    }
}
