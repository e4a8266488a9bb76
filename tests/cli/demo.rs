//! `readdress demo`: on a terminal it waits behind each screen and follows the reader's edits; elsewhere it runs
//! through.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::program::{Place, said};
use crate::terminal::Terminal;

/// The prompt behind each screen but the last.
const PROMPT: &str = "-- Enter: next screen   q and Enter: leave -- ";

/// The folder of the demo, in the place that stands for the system's temporary folder.
fn folders(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.join(".")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_demo = |path: &PathBuf| path.to_string_lossy().contains("readdress-demo-");
    paths.filter(is_demo).collect()
}

/// Shows the next screen, and holds its size against a terminal of 80 columns and 24 lines.
fn next_screen(terminal: &mut Terminal, number: usize) {
    let before = terminal.text().len();
    terminal.press("\n");
    let text = terminal.wait(&format!("screen {number}"), |text| {
        text.len() > before + 1 && text.ends_with(" -- ")
    });
    fits(&text[before + 1..], number);
}

fn fits(screen: &str, number: usize) {
    assert!(screen.starts_with(&format!("\n{number}. ")), "{screen}");
    assert!(screen.lines().count() <= 24, "{screen}");
    for line in screen.lines() {
        assert!(line.chars().count() <= 79, "{line}");
    }
}

#[test]
fn each_screen_waits_and_the_last_one_follows_edits() {
    let place = Place::new(&[]);
    let mut terminal = Terminal::start(&place, "demo", "1");
    let first = terminal.ends_with(PROMPT);
    fits(&first, 1);
    sleep(Duration::from_millis(500));
    assert_eq!(terminal.text(), first, "it does not wait");
    for number in 2..=7 {
        next_screen(&mut terminal, number);
    }
    assert!(terminal.text().ends_with("-- Enter: end of the demo -- "));

    // The path stands alone on a line, so that it can be copied.
    let text = terminal.text();
    let path = text
        .lines()
        .rev()
        .find(|line| line.ends_with("/rules/10-company.rules"));
    let path = PathBuf::from(path.unwrap().trim());
    let rules = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{rules}me@domain2.com bob@company.com\n")).unwrap();
    let text = terminal.ends_with("watching; Enter: end of the demo -- ");
    let (_, shown) = text.split_once("7. Your turn").unwrap();
    for line in [
        "\n  + me@domain2.com bob@company.com\n",
        " is live, with 22 rules. Mail goes:\n",
        "\n  me@domain2.com          -->  bob@company.com\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }

    let before = text.len();
    fs::write(&path, format!("{rules}me@domain2.com bob@compny.com\n")).unwrap();
    let text = terminal.wait("the mistake", |text| {
        text[before..].ends_with("end of the demo -- ")
    });
    let shown = &text[before..];
    let place_of_mistake = format!("10-company.rules:{}:16: error: ", rules.lines().count() + 1);
    for line in [
        "\n  - me@domain2.com bob@company.com\n  + me@domain2.com bob@compny.com\n",
        &place_of_mistake,
        " stays in force.\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(!text.contains('\u{1b}'), "NO_COLOR: {text:?}");

    terminal.press("\n");
    assert_eq!(terminal.end(), Some(0));
    assert!(terminal.text().contains("That was it."));
    assert_eq!(folders(&place), Vec::<PathBuf>::new());
}

/// `q`, or Ctrl-C: nothing is left behind.
#[test]
fn it_can_be_left_at_any_screen() {
    for keys in ["q\n", "\u{3}"] {
        let place = Place::new(&[]);
        let mut terminal = Terminal::start(&place, "demo", "");
        let shown = terminal.wait("a prompt", |text| text.contains(PROMPT.trim()));
        assert!(shown.contains("\u{1b}[1m1. "), "{shown:?}");
        assert_eq!(folders(&place).len(), 1);
        terminal.press(keys);
        assert_eq!(terminal.end(), Some(0), "{keys:?}");
        assert!(!terminal.text().contains("2. A message"), "{keys:?}");
        assert_eq!(folders(&place), Vec::<PathBuf>::new(), "{keys:?}");
    }
}

#[test]
fn without_a_terminal_it_runs_through() {
    let place = Place::new(&[]);
    let said_through = place.run(&["demo"]);
    assert_eq!((said_through.status, &*said_through.err), (Some(0), ""));
    for (wanted, there) in [
        ("\n6. Somebody makes a mistake", true),
        ("sales@domain2.com       -->  anna@company.com ", true),
        ("Your turn", false),
        ("Enter", false),
    ] {
        let out = &said_through.out;
        assert_eq!(out.contains(wanted), there, "{wanted}\n{out}");
    }
    // With --pause it waits for lines, and leaves at their end.
    let paused = said(place.command(&["demo", "--pause"]));
    assert_eq!(paused.status, Some(0), "{paused:?}");
    assert!(paused.out.ends_with(PROMPT) && !paused.out.contains("\n2. "));
}
