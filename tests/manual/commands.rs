//! readdress(8) and the completions are made from the definitions of the commands.

use clap::{Command, CommandFactory, Parser};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use readdress::{
    cli::flags::{
        Flags,
        guide::{GUIDES, Guide},
    },
    config::DEFAULT_FILE,
};

use crate::{
    page::{hold, prose, roff, root},
    sources::sources,
};

const HEAD: &str = r#".\" Written from src/cli/flags.rs and src/cli/flags/: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS 8 "" readdress "readdress"
"#;

const TAIL: &str = r#".SH LOG
Each event is one line, in the journal or on standard error. One line for each recipient that was not simply
kept:
.PP
.RS 4
.nf
4bXzQ1: orig_to=<jd@domain2.com> to=<jdoe@company.com> rule=10\-company.rules:7 action=replace gen=3
.fi
.RE
.PP
readdress\-log(7) has every line, with what it means and what to do.
.SH TABLES THAT ARE HELD BACK
A table that changed in a way that nobody means does not go live, neither after a save nor at a start. The table before it
stays in force until the files change again, or until somebody types the
.B readdress accept
.I DIGEST
that
.B readdress status
and the log show, with the first addresses that would fare differently. A table is held back if
.IP \(bu 2
the rules directory vanished, holds no rule any more, or is on another file system than before;
.IP \(bu 2
a file lost all its rules. A native file in which somebody left some text may have had three rules;
.IP \(bu 2
a file became the beginning of what it was, and ends within a line or lost more than three rules. Its old text must be in
the history for that;
.IP \(bu 2
a file lost rules together with its last line end;
.IP \(bu 2
a domain with 20 addresses or more is in no rule any more;
.IP \(bu 2
more than 20 rules or addresses, and more than
.B max_shrink
of them, are gone;
.IP \(bu 2
more than 20 rules, and more than
.B max_growth
of all, were added to files that were there before.
.PP
Write a file under a hidden name and rename it: then no part of it is ever read.
.SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
The daemon takes no new connections and waits for messages that have begun, for as long as
.B drain
allows. A second signal ends it at once.
.TP
.B SIGHUP
The daemon reads the configuration and the rules now.
.SH EXIT STATUS
What the numbers mean for all commands; each command above has its own list.
.TP
.B 0
done, and nothing is wrong
.TP
.B 1
done, and something is wrong: errors in the rules, an expectation that does not hold, a refused reload
.TP
.B 2
could not run: wrong flags, no such file or directory, no daemon
.TP
.B 3
.BR "readdress reload" :
the new table is held back
.SH JSON
With
.B \-\-json
each command prints one object a line. Fields may be added; those that are there keep their meaning. A line of
.B readdress explain
(steps in the order in which they decide), and one of
.BR "readdress who" ,
for each address or pattern that reaches a mailbox:
.PP
.RS 4
.nf
{"address":"jd@domain2.com","action":"replace","to":["jdoe@company.com"],"reply":null,
 "steps":[{"address":"jd@domain2.com","file":"a.rules","line":4,"rule":"jd@domain2.com jdoe@company.com",
           "why":"","reason":"rule","note":"Helpdesk 4711","owner":"anna@company.com"}],"generation":7}
{"address":"jdoe@company.com","outcome":"keep","from":"@domain2.com (jdoe)","kind":"pattern",
 "example":"jdoe@domain2.com","steps":[{"address":"jdoe@domain2.com","file":"a.rules","line":3,
           "rule":"@domain2.com @company.com"}],"generation":7}
.fi
.RE
.PP
A line of
.BR "readdress history" ,
.B "readdress diff"
and
.BR "readdress blame" ;
times are seconds since 1970, outcomes are written as in files of expectations:
.PP
.RS 4
.nf
{"generation":7,"digest":"5f1c0a9be2d37764","at":1795874812,"by":"anna (sudo)","why":"Ticket 4711","cause":"save",
 "rollback_to":null,"rules":812,"added":3,"removed":1,"changed":2,"live":true,"whole":true}
{"address":"info@domain2.com","before":"anna@company.com","after":"bob@company.com",
 "rule_before":"a.rules:4","rule_after":"a.rules:6"}
{"address":"info@domain2.com","outcome":"replace by bob@company.com","rule":"a.rules:6","note":"Helpdesk 4711",
 "owner":"anna@company.com","since":{"generation":7,"digest":"5f1c0a9be2d37764","at":1795874812,"by":"anna (sudo)",
 "why":"Ticket 4711","cause":"save","rollback_to":null,"rules":812,"added":3,"removed":1,"changed":2,"live":true,
 "whole":true},"before":"replace by anna@company.com","rule_before":"a.rules:4"}
.fi
.RE
.SH FILES
.TP
.B /etc/readdress/readdress.toml
the configuration, see readdress.toml(5)
.TP
.B /etc/readdress/rules/
the rules, see readdress\-rules(5) and readdress\-formats(7)
.TP
.B /run/readdress/
the sockets, if the configuration does not name others
.TP
.B /var/lib/readdress/
the history of the tables that went live, for going back and for the next start
.SH ENVIRONMENT
.TP
.B NO_COLOR
If it is set and not empty, the commands use no colour.
.TP
.BR CLICOLOR=0 ", " TERM=dumb
The commands use no colour.
.TP
.B CLICOLOR_FORCE
If it is set, not empty and not 0, the commands use colour without a terminal too, unless
.B NO_COLOR
is set.
.TP
.B MAIL_CONFIG
The directory of Postfix\(aqs main.cf, for
.B readdress doctor
without \-\-postfix\-config.
.TP
.B PATH
Where
.B readdress doctor
looks for the programs of the MTA.
.TP
.BR VISUAL ", " EDITOR
The editor of
.BR readdress\ edit ;
without them
.IR /usr/bin/editor ,
or vi(1).
.TP
.B SUDO_USER
Whom the history names if root runs
.BR readdress\ reload ,
.BR readdress\ accept " or"
.B readdress\ rollback
through sudo(8).
.TP
.BR LISTEN_PID ", " LISTEN_FDS ", " LISTEN_FDNAMES
Sockets that systemd hands over to the daemon, see sd_listen_fds(3).
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_PID ", " WATCHDOG_USEC
Where the daemon tells systemd how it is, see sd_notify(3).
.TP
.B JOURNAL_STREAM
If it names standard error, the daemon logs to the journal with all fields, see systemd.exec(5).
.SH SEE ALSO
.BR readdress.toml (5),
.BR readdress\-rules (5),
.BR readdress\-findings (7),
.BR readdress\-formats (7),
.BR readdress\-log (7),
.BR postconf (5)
"#;

/// What the parts call an apostrophe.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Returns one part of a page, without its heading.
fn part(render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    render(&mut bytes).expect("writing to memory");
    let text = String::from_utf8(bytes).expect("UTF-8");
    // The definitions of strings and the heading of every part are left out.
    text.lines()
        .filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
        .filter(|line| !line.starts_with(".SH "))
        .map(|line| bold(line) + "\n")
        .collect()
}

/// Returns a line of roff in which `words` are bold.
fn bold(line: &str) -> String {
    let parts = line.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => part.to_owned(),
        _ => format!("\\fB{part}\\fR"),
    });
    parts.collect()
}

/// Returns how a command is called, as its help shows it.
fn synopsis(command: &mut Command) -> String {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let lines: Vec<_> = usage.lines().map(|line| roff(line.trim())).collect();
    format!("{}\n", lines.join("\n.br\n"))
}

fn guide(command: &str) -> &'static Guide {
    let guide = GUIDES.iter().find(|guide| guide.command == command);
    guide.unwrap_or_else(|| panic!("no exit statuses and examples for {command}"))
}

fn subcommand(command: &Command) -> String {
    let name = format!("readdress {}", command.get_name());
    let exits = guide(command.get_name()).exits;
    // `--help` is named once for all commands.
    let command = command.clone().disable_help_flag(true);
    let mut command = command.bin_name(&name).display_name(&name);
    let mut text = format!(".SS {}\n{}", roff(&name), synopsis(&mut command));
    let man = Man::new(command);
    text.push_str(".PP\n");
    text += &part(|out| man.render_description_section(out));
    text += &part(|out| man.render_options_section(out));
    text += ".PP\nExit status of this command:\n";
    for (status, meaning) in exits {
        text += &format!(".TP 4\n.B {status}\n{}\n", prose(meaning));
    }
    text
}

fn examples(commands: &Command) -> String {
    let mut text = String::from(".SH EXAMPLES\n");
    for command in commands.get_subcommands() {
        for (line, meaning) in guide(command.get_name()).examples {
            text += &format!(".TP\n.B {}\n{}\n", roff(line), prose(meaning));
        }
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
    text += &synopsis(&mut command.clone());
    text += ".SH DESCRIPTION\n";
    text += &part(|out| man.render_description_section(out));
    text += ".SH COMMANDS\n";
    text.extend(command.get_subcommands().map(subcommand));
    text += &examples(&command);
    // A page that is compared must not contain the date of a build.
    hold(&root().join("packaging/man/readdress.8"), &(text + TAIL));
}

/// Returns the words of a command line; single quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Every command has a guide, every guide has a command, and the program accepts each example.
#[test]
fn every_command_has_exit_statuses_and_examples_that_work() {
    let command = Flags::command();
    let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let guides: Vec<_> = GUIDES.iter().map(|guide| guide.command).collect();
    assert_eq!(guides, names);
    for guide in GUIDES {
        assert!(!guide.examples.is_empty(), "{}", guide.command);
        assert!(guide.exits.len() > 1, "{}", guide.command);
        for (line, _) in guide.examples {
            let words = words(line);
            assert_eq!(words[1], guide.command, "{line}");
            if let Err(error) = Flags::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}

/// The page names every environment variable that the program reads: every name in capitals in the files that ask for
/// variables.
#[test]
fn no_variable_is_missing() {
    let is_name = |word: &&str| {
        let capitals = |c: char| c.is_ascii_uppercase() || c == '_';
        word.len() > 3 && word.chars().all(capitals)
    };
    let mut seen = 0;
    for source in sources("src") {
        let code = source.production();
        if !code.contains("env::var") {
            continue;
        }
        let lines = code.lines().filter(|line| !line.trim().starts_with("//"));
        for name in lines.flat_map(|line| line.split('"').skip(1).step_by(2)) {
            if is_name(&name) {
                assert!(TAIL.contains(name), "{}: {name}", source.path);
                seen += 1;
            }
        }
    }
    assert!(seen > 7, "the variables were not found");
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

/// The help of `--config` names the file that is read without this flag.
#[test]
fn help_names_the_default_configuration() {
    let mut seen = 0;
    for command in Flags::command().get_subcommands() {
        let flags = command.get_arguments();
        for flag in flags.filter(|flag| flag.get_long() == Some("config")) {
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                help.contains(DEFAULT_FILE),
                "{}: {help}",
                command.get_name()
            );
            seen += 1;
        }
    }
    assert!(seen > 5, "the flags were not found");
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

/// The page shows every field of the objects that are one a line, and no field that does not exist.
#[test]
fn every_field_of_json_is_shown() {
    let shapes = include_str!("../cli/shapes.txt");
    let (_, json) = TAIL.split_once(".SH JSON").unwrap();
    let (json, _) = json.split_once(".SH FILES").unwrap();
    let mut seen = 0;
    for block in shapes.split("\n\n") {
        let (name, fields) = block.split_once('\n').unwrap_or_default();
        let commands = ["explain --live", "who", "history", "diff", "blame"];
        if !commands.iter().any(|command| name.starts_with(command)) {
            continue;
        }
        for line in fields.lines() {
            let path = line.trim().split(':').next().unwrap_or_default();
            // What the MTA does, and the class of a domain, belong to questions of their own.
            if path.starts_with("mta") || path.starts_with("reply.") || path == "class" {
                continue;
            }
            let field = path.rsplit('.').next().unwrap_or_default();
            let field = field.trim_end_matches("[]");
            assert!(json.contains(&format!("\"{field}\":")), "{name}: {path}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} fields");
    let exists = |name: &str| shapes.contains(&format!("{name}:"));
    let fields = json.split("\":").filter_map(|part| part.rsplit('"').next());
    for field in fields.take(json.matches("\":").count()) {
        assert!(exists(field), "{field} does not exist");
    }
}
