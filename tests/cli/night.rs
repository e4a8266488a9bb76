//! What README answers at 3 a.m.: each command of the block, in the story that the block tells.
//!
//! Each line that the block shows is one that the command prints; moments and spans of time differ.

use std::fmt::Write;

use crate::program::{Place, Said};

const README: &str = include_str!("../../README.md");

/// Returns the block of README that begins with `start`.
fn block(start: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("\n```{start}")).unwrap();
    rest.split("\n```").next().unwrap()
}

/// Returns a line with one form for all moments and spans of time.
fn timeless(line: &str) -> String {
    let mut words = Vec::new();
    for word in line.split(' ') {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let time = digits >= 6 && word.chars().all(|c| c.is_ascii_digit() || "-:".contains(c));
        words.push(if time { "TIME" } else { word });
    }
    let line = words.join(" ");
    // "(3 h 12 min)", "(0 s)"
    match (line.find(" UTC ("), line.find("): ")) {
        (Some(from), Some(to)) if from < to => format!("{} (SPAN{}", &line[..from], &line[to..]),
        _ => line,
    }
}

/// The rules of README; sales@ loses Anna, with a reason; then a mistake is saved.
fn story(place: &Place) {
    let rules = block("rules\n").to_owned() + "\n";
    place.save("company.rules", &rules);
    let serving = place.serve();
    let sales = "sales@domain2.com               anna@company.com, bob@company.com";
    let changed = rules.replace(sales, "sales@domain2.com               bob@company.com");
    assert_ne!(rules, changed);
    place.save("company.rules", &changed);
    let said = place.ask(&["reload", "-m", "Anna is on leave"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let broken = changed + "shop@domain2.com                ana@company.com\n";
    place.save("company.rules", &broken);
    place.logged("table refused: errors=1 still serving generation=2");
    play(place);
    drop(serving);
}

/// Runs each command of the block, and compares.
fn play(place: &Place) {
    let mut said: Option<(String, Said)> = None;
    let mut commands = 0;
    for line in block("text\n$ readdress status").lines() {
        let line = line.trim_end();
        let command = match line.strip_prefix("$ readdress ") {
            Some(command) => command.to_owned(),
            // The block begins behind its first command.
            None if commands == 0 => "status".to_owned(),
            None if line.is_empty() || line.starts_with("# ") => continue,
            None => {
                let (command, said) = said.as_ref().unwrap();
                let shown = timeless(line);
                let printed = said.out.lines().map(|own| timeless(own.trim_end()));
                let printed: Vec<_> = printed.collect();
                assert!(printed.contains(&shown), "{command}\n{shown}\n{printed:#?}");
                continue;
            }
        };
        commands += 1;
        let arguments = shell_words(&command);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        said = Some((command.clone(), place.ask(&arguments)));
    }
    assert!(commands >= 6, "{commands} commands");
}

/// Parts a command line at blanks outside of single quotes.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => write!(words.last_mut().unwrap(), "{c}").unwrap(),
        }
    }
    words
}

#[test]
fn the_questions_of_the_night_have_the_answers_that_readme_shows() {
    story(&Place::new(&[]));
}
