//! `readdress demo`: shows a newcomer the main job, screen by screen.
//!
//! A real daemon serves the shipped rules in a private folder. The demo sends it messages as an MTA would,
//! edits a rule, makes a mistake, and then lets the reader edit. Nothing is installed, and the folder is
//! removed at the end.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | the screens, in order |
//! | `stage.rs` | the daemon, the rules directory, the messages |
//! | `screen.rs` | what is printed, and the wait for Enter |
//! | `turn.rs` | the last screen, on which the reader edits |

mod screen;
mod stage;
mod turn;

use std::{io, time::Instant};

use super::{Exit, failed, flags::Demo};
use screen::Screen;
use stage::{FILES, Stage};

/// The recipients of the first message.
const RECIPIENTS: [&str; 4] = [
    "JD+invoice@Domain2.com",
    "sales@domain2.com",
    "anna@company.com",
    "john@domain2.com",
];

/// The rule that is added while the daemon runs.
const ADDED: &str = "john@domain2.com                jdoe@company.com";

/// A rule of the shipped files, and the same rule with a mistake.
const RIGHT: &str = "jd@domain2.com                  jdoe@company.com";
const WRONG: &str = "jd@domain2.com                  jdeo@company.com";

/// Runs the command.
pub fn run(flags: &Demo) -> Exit {
    let played = Stage::start().and_then(|mut stage| {
        let mut screen = Screen::new(flags, &stage);
        play(&mut stage, &mut screen)
    });
    match played {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&format!("demo: {error}")),
    }
}

/// One screen: prints itself.
type Page = fn(&mut Stage, &mut Screen) -> io::Result<()>;

/// Shows all screens, until the reader leaves.
fn play(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    let pages: [Page; 6] = [rules, message, arrows, explain, live_edit, mistake];
    for page in pages {
        page(stage, screen)?;
        if !screen.next() {
            return Ok(());
        }
    }
    if screen.waits() {
        turn::play(stage, screen)?;
    }
    screen.heading("That was it. README.md shows how to attach readdress to Postfix or Sendmail.");
    Ok(())
}

fn rules(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    let status = stage.wait_for(|status| status.generation == 1)?;
    screen.heading("1. A company has a mail domain, and gets a second one. Rules join them:");
    let shown = ["company.com", "domain2.com"];
    screen.good(&lines_of(&shown));
    screen.blank();
    let shown = ["@domain2.com", "jd@domain2.com", "sales@domain2.com"];
    screen.good(&lines_of(&shown));
    screen.blank();
    screen.say(
        "A primary domain has mailboxes. A secondary domain has none: its addresses exist \
         only through rules. Left is what a sender writes, right who gets the mail.",
    );
    screen.blank();
    screen.say(&format!(
        "A real daemon serves these rules now, and some more ({} in all), in a folder of its own. \
         It numbers each set of rules that goes live: this is generation 1. \
         No mail server is needed to see how it works.",
        status.rules
    ));
    Ok(())
}

/// Returns the lines of the shipped rules whose pattern is one of these.
fn lines_of(patterns: &[&str]) -> String {
    let files = FILES.iter().filter(|(name, _)| name.ends_with(".rules"));
    let lines = files.flat_map(|(_, text)| text.lines());
    let shown = lines.filter(|line| {
        let pattern = line.split_whitespace().next().unwrap_or_default();
        patterns.contains(&pattern)
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn message(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    screen.heading("2. A message arrives. This is what the mail server asks, and the answers:");
    let dialogue = stage.message(&RECIPIENTS, screen.paint())?.dialogue;
    dialogue.iter().for_each(|line| screen.line(line));
    screen.blank();
    screen.say(
        "At the end readdress has the mail server remove the recipients marked - and add those \
         marked +. Headers and text of the message stay as they are.",
    );
    screen.blank();
    screen.say(
        "ORCPT (original recipient, RFC 3461) is the address that the sender wrote, with a plus \
         sign spelt +2B. It travels with the message, so that a bounce names an address that the \
         sender knows.",
    );
    Ok(())
}

fn arrows(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    screen.heading("3. The same message, from what was received to what is delivered:");
    for recipient in RECIPIENTS {
        for line in stage.arrows(recipient, &RECIPIENTS)? {
            screen.line(&format!("  {line}"));
        }
    }
    let delivered = stage.message(&RECIPIENTS, screen.paint())?.envelope;
    screen.blank();
    screen.say(&format!(
        "The mail server delivers to  {}",
        delivered.join(" ")
    ));
    screen.blank();
    screen.say("Why was only bob added for sales?");
    screen.say(
        "Its rule names anna and bob, and anna is a recipient of this message already. \
         readdress adds only who is missing: nobody gets a message twice.",
    );
    screen.blank();
    screen.say("Why was john refused?");
    screen.say(
        "Nobody has this address. The sender hears it at once, while the message is being sent, \
         and no bounce has to be written later.",
    );
    Ok(())
}

fn explain(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    screen.heading("4. Which line decided? This is `readdress explain`, with file and line:");
    let text = stage.explain(&["jd@domain2.com", "john@domain2.com"])?;
    text.lines().for_each(|line| screen.say(line));
    Ok(())
}

fn live_edit(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    screen.heading("5. Somebody adds a line to 10-company.rules and saves. Nothing is restarted:");
    screen.good(&format!("+ {ADDED}"));
    let saved = Instant::now();
    stage.edit(|text| format!("{text}{ADDED}\n"))?;
    stage.wait_for(|status| status.generation == 2)?;
    let took = saved.elapsed().as_millis();
    screen.blank();
    screen.say(&format!(
        "Generation 2 is live {took} ms after the save. For 200 ms of them readdress waited \
         for more changes. The next message, on the same connection:"
    ));
    screen.blank();
    let dialogue = stage
        .message(&["john@domain2.com"], screen.paint())?
        .dialogue;
    dialogue.iter().for_each(|line| screen.line(line));
    screen.blank();
    let arrows = stage.arrows("john@domain2.com", &[])?;
    arrows.iter().for_each(|line| screen.say(line));
    Ok(())
}

fn mistake(stage: &mut Stage, screen: &mut Screen) -> io::Result<()> {
    screen.heading("6. Somebody makes a mistake. It does not go live, and readdress says why:");
    screen.bad(&format!("- {RIGHT}\n+ {WRONG}"));
    screen.blank();
    stage.edit(|text| text.replace(RIGHT, WRONG))?;
    let status = stage.wait_for(|status| status.refused().is_some())?;
    turn::show_refusal(&status, screen);
    screen.blank();
    screen.say(&format!(
        "Generation {} stays in force, and no mail is lost:",
        status.generation
    ));
    for line in stage.arrows("jd@domain2.com", &[])? {
        screen.say(&line);
    }
    stage.edit(|text| text.replace(WRONG, RIGHT))?;
    stage.wait_for(|status| status.refused().is_none())?;
    Ok(())
}
