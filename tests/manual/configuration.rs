//! The sample file and readdress.toml(5) are made from the keys of the configuration.

use readdress::config::{Key, SECTIONS, keys, sample};

use crate::page::{hold, prose, roff, root};

const HEAD: &str = r#".\" Written from src/config/keys.rs: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS.TOML 5 "" readdress "Configuration of readdress"
.SH NAME
readdress.toml \- configuration of readdress
.SH DESCRIPTION
.B /etc/readdress/readdress.toml
is a TOML file: sections in brackets, and lines
.IR "key = value" .
Every key has a default, so an empty or a missing file works. Relative paths are relative to the file.
.PP
The daemon reads the file when it is saved. A new value takes effect as the entry of its key says. If the
file has a mistake, or was emptied or cut off, then nothing changes, and the log and
.B readdress status
say what is wrong: all mistakes at once, each with its place and a suggestion.
.B readdress config
shows the settings in force and where each comes from.
.PP
A socket is written as Postfix writes it
.RB ( inet:HOST:PORT ", " unix:PATH )
or as Sendmail writes it
.RB ( inet:PORT@HOST ", " local:PATH ).
If systemd hands over sockets, they are used instead of the configured ones; their names are
.BR milter ", " socketmap " and " control .
Flags of
.B readdress run
override the file.
"#;

const TAIL: &str = r#".SH EXAMPLES
A milter on a local port as well, and the maps for Postfix:
.PP
.RS 4
.nf
[milter]
listen = ["unix:/run/readdress/milter.sock", "inet:127.0.0.1:8892"]

[socketmap]
listen = ["unix:/run/readdress/socketmap.sock"]
.fi
.RE
.PP
A trial: readdress logs what it would do, with hashes in place of addresses, and changes nothing:
.PP
.RS 4
.nf
mode = "observe"

[log]
addresses = "hash"
.fi
.RE
.SH FILES
.TP
.B /etc/readdress/readdress.toml
the file that is read if no other file is named
.SH SEE ALSO
.BR readdress (8),
.BR readdress\-rules (5),
.BR readdress\-log (7),
.BR readdress\-findings (7)
"#;

fn entry(key: &Key) -> String {
    let meaning: Vec<_> = key.meaning().collect();
    let paragraphs = meaning.join("\n").replace("\n\n", "\n.IP\n");
    format!(
        ".TP\n.B {}\n{}\n.IP\nValues: {}.\n.br\nDefault: \\fB{}\\fR.\n.br\nExample: \\fB{}\\fR.\n.br\n{}\n",
        roff(key.name),
        prose(&paragraphs),
        roff(&key.values()),
        roff(&key.default()),
        roff(key.example),
        key.effect.sentence()
    )
}

#[test]
fn the_page_of_the_configuration_says_what_the_code_says() {
    let mut text = format!("{HEAD}.SH KEYS\n");
    for (section, about) in SECTIONS {
        text += &match *section {
            "" => format!("{about}\n"),
            name => format!(".SS [{name}]\n{about}\n"),
        };
        let keys = keys().filter(|key| key.section == *section);
        text.extend(keys.map(entry));
    }
    hold(
        &root().join("packaging/man/readdress.toml.5"),
        &(text + TAIL),
    );
}

#[test]
fn the_sample_file_says_what_the_code_says() {
    hold(&root().join("packaging/readdress.toml"), &sample());
}

/// The examples of the page are configurations, and no line of the sample is too long for a terminal.
#[test]
fn the_examples_are_configurations() {
    let examples = TAIL.split(".nf\n").skip(1);
    let examples = examples.filter_map(|rest| rest.split(".fi\n").next());
    let mut seen = 0;
    for example in examples {
        let read = readdress::config::parse("example", example.as_bytes());
        assert!(read.is_ok(), "{example}: {read:?}");
        seen += 1;
    }
    assert_eq!(seen, 2);
    for line in sample().lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
