//! readdress(8) and the completions, from the definitions of the commands; the log lines, from the
//! file that writes them.

use std::fs;

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use readdress::cli::flags::Flags;

use crate::page::{hold, roff, root};

const HEAD: &str = r#".\" Written from src/cli/flags.rs and src/daemon/record.rs: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS 8 "" readdress "readdress"
"#;

const TAIL: &str = r#".SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
no new connections; messages under way may end, for as long as
.B drain
allows. A second one ends the daemon at once.
.TP
.B SIGHUP
reads the configuration and the rules now.
.SH EXIT STATUS
.TP
.B 0
done, and nothing is wrong
.TP
.B 1
done, and something is: errors in the rules, a broken expectation, a refused reload, a degraded daemon
.TP
.B 2
could not run: bad flags, no such directory, no daemon
.TP
.B 3
.BR "readdress reload" :
the new table is held back, and the old one serves on
.SH FILES
.TP
.B /etc/readdress/readdress.toml
the configuration, readdress.toml(5)
.TP
.B /etc/readdress/rules/
the rules, readdress\-rules(5); saving a file there makes it live
.TP
.B /run/readdress/
sockets, where the configuration names no other place
.TP
.B /var/lib/readdress/
what the daemon has to know after a restart: which files were live, with the number of their rules
.SH ENVIRONMENT
.TP
.B NO_COLOR
no colour, also on a terminal
.TP
.BR LISTEN_FDS ", " LISTEN_FDNAMES
sockets that systemd hands over
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC
where systemd is told how the daemon stands
.SH SEE ALSO
.BR readdress.toml (5),
.BR readdress\-rules (5),
.BR readdress\-formats (7),
.BR postconf (5)
"#;

/// What the parts call an apostrophe.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// One part of a page, without its heading.
fn part(render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    render(&mut bytes).expect("writing to memory");
    let text = String::from_utf8(bytes).expect("UTF-8");
    // Of every part the definitions of strings and the heading are left out.
    text.lines()
        .filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
        .filter(|line| !line.starts_with(".SH "))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn subcommand(command: &Command) -> String {
    let name = format!("readdress {}", command.get_name());
    // `--help` is named once, for all of them.
    let command = command.clone().disable_help_flag(true);
    let man = Man::new(command.bin_name(&name).display_name(&name));
    let mut text = format!(".SS {}\n", roff(&name));
    text += &part(|out| man.render_synopsis_section(out));
    text.push_str(".PP\n");
    text += &part(|out| man.render_description_section(out));
    text += &part(|out| man.render_options_section(out));
    text
}

/// Every line of the log with what it means: the examples and the sentences of `record.rs`
/// and `upkeep.rs`.
fn log_lines() -> String {
    let files = [
        "record",
        "record/upkeep",
        "record/held",
        "record/configuration",
        "record/connections",
    ];
    let read = |name: &str| {
        let path = root().join(format!("src/daemon/{name}.rs"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    let source: String = files.iter().copied().map(read).collect();
    let mut text = String::from(
        ".SH LOG LINES\nOne line for each event, the queue id or the event first, then key=value.\n",
    );
    let mut comment = Vec::new();
    for line in source.lines() {
        if let Some(doc) = line.strip_prefix("///") {
            comment.push(doc.trim());
            continue;
        }
        let comment = std::mem::take(&mut comment);
        let example = comment
            .iter()
            .find_map(|line| line.strip_prefix('`')?.strip_suffix('`'));
        let Some(example) = example.filter(|_| line.starts_with("pub fn ")) else {
            continue;
        };
        let meaning: Vec<_> = comment
            .iter()
            .take_while(|line| !line.is_empty())
            .copied()
            .collect();
        text += &format!(".TP\n.B {}\n{}\n", roff(example), roff(&meaning.join("\n")));
    }
    text
}

#[test]
fn the_page_of_the_program_says_what_the_code_says() {
    let command = Flags::command();
    let man = Man::new(command.clone());
    let mut text = format!("{HEAD}{APOSTROPHE}");
    text += ".SH NAME\n";
    text += &part(|out| man.render_name_section(out));
    text += ".SH SYNOPSIS\n";
    text += &part(|out| man.render_synopsis_section(out));
    text += ".SH DESCRIPTION\n";
    text += &part(|out| man.render_description_section(out));
    text += ".SH COMMANDS\n";
    for command in command.get_subcommands() {
        text += &subcommand(command);
    }
    text += &log_lines();
    // The date of a build has no place in a page that is compared.
    hold(&root().join("packaging/man/readdress.8"), &(text + TAIL));
}

#[test]
fn completions_say_what_the_code_says() {
    for (shell, file) in [
        (Shell::Bash, "readdress.bash"),
        (Shell::Zsh, "_readdress"),
        (Shell::Fish, "readdress.fish"),
    ] {
        let mut bytes = Vec::new();
        generate(shell, &mut Flags::command(), "readdress", &mut bytes);
        let text = String::from_utf8(bytes).expect("UTF-8");
        hold(&root().join("packaging/completions").join(file), &text);
    }
}

/// Help is read on a terminal of 80 columns.
#[test]
fn help_fits_a_terminal() {
    let mut command = Flags::command().term_width(80);
    command.build();
    let mut all: Vec<_> = command.get_subcommands().cloned().collect();
    all.push(command);
    for mut command in all {
        for text in [command.render_help(), command.render_long_help()] {
            for line in text.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    }
}
