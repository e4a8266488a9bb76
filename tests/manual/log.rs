//! readdress-log(7) is made from the events of the log.

use readdress::daemon::{log::Event, record::events};

use crate::{
    page::{argument, hold, prose, root},
    sources::sources,
};

const HEAD: &str = r#".\" Written from src/daemon/record/: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS\-LOG 7 "" readdress "Log lines of readdress"
.nh
.ad l
.SH NAME
readdress\-log \- what each line in the log of readdress means, and what to do
.SH DESCRIPTION
Under systemd the daemon logs to the journal, otherwise to standard error. Each event is one line. A line
begins with the queue id of the MTA or with the subject, then come fields,
.IR key = value .
A value with blanks or quotes is in quotes. Characters that could forge a line are escaped. Fields keep their
meaning and their order from version to version; new fields come last.
.PP
In the journal each field can be searched by its name in upper case:
.PP
.RS 4
.nf
journalctl \-u readdress ORIG_TO='<jd@domain2.com>'
journalctl \-u readdress GENERATION=41
journalctl \-u readdress \-p warning
.fi
.RE
.PP
On standard error a line begins with the time in UTC and the level:
.PP
.RS 4
.nf
2026\-05\-04T08:15:00.123456Z info table: generation=7 rules=812 changed=+3\-1~2 files=2 took=4ms
.fi
.RE
.PP
The keys
.BR level " and " addresses
of the section
.B [log]
in readdress.toml(5) choose which lines are logged, and hide addresses in them.
"#;

const TAIL: &str = r#".SH SEE ALSO
.BR readdress (8),
.BR readdress.toml (5),
.BR readdress\-findings (7),
.BR journalctl (1)
"#;

fn entry(event: &Event) -> String {
    let when: Vec<_> = event.when.iter().map(|line| line.trim()).collect();
    let level = event.level.as_str().to_lowercase();
    let mut text = format!(
        ".TP\n.B {}\nLevel \\fB{level}\\fR. {}\n",
        argument(event.line),
        prose(&when.join("\n"))
    );
    if !event.fields.is_empty() {
        text += ".RS\n";
        for (name, meaning) in event.fields {
            text += &format!(".TP 14\n.B {name}\n{}\n", prose(meaning));
        }
        text += ".RE\n";
    }
    for (heading, sentences) in [("Next", event.next), ("To do", event.advice)] {
        if !sentences.is_empty() {
            text += &format!(".IP\n{heading}: {}\n", prose(sentences));
        }
    }
    text
}

#[test]
fn the_page_of_the_log_says_what_the_code_says() {
    let mut text = format!("{HEAD}.SH LINES\n");
    for (subject, events) in events() {
        text += &format!(".SS {subject}\n");
        text.extend(events.iter().map(entry));
    }
    hold(
        &root().join("packaging/man/readdress-log.7"),
        &(text + TAIL),
    );
}

/// Log lines are written in one room, with a macro that needs an event for each line. No other file may use the macros
/// of `tracing`, and in that room only this macro may use them.
#[test]
fn no_line_is_written_without_an_event() {
    let macros = ["event!", "error!", "warn!", "info!", "debug!", "trace!"];
    let mut found = Vec::new();
    for source in sources("src") {
        let text = source.production().lines().enumerate();
        for (number, line) in text {
            let code = line.split("//").next().unwrap_or_default();
            let used = macros.iter().any(|name| {
                code.match_indices(name).any(|(at, _)| {
                    let before = code[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                })
            });
            if used {
                found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert_eq!(
        found.len(),
        1,
        "write a line with an event of its own: {found:#?}"
    );
    assert!(
        found[0].starts_with("src/daemon/log/event.rs:"),
        "{found:#?}"
    );
}

/// Every file of the room that defines events is a part of the manual.
#[test]
fn no_event_is_left_out() {
    let defined: usize = sources("src/daemon/record")
        .iter()
        .map(|source| source.text.matches("\nevents! {").count())
        .sum();
    // The events about dropped lines have no file there: the queue of the log defines them.
    assert_eq!(events().len(), defined + 1);
}
