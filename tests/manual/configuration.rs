//! readdress.toml(5), from the keys of the configuration.

use readdress::config::keys::{KEYS, Key};

use crate::page::{hold, roff, root};

const HEAD: &str = r#".\" Written from src/config/keys.rs: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS.TOML 5 "" readdress "Configuration of readdress"
.SH NAME
readdress.toml \- configuration of readdress
.SH DESCRIPTION
.B /etc/readdress/readdress.toml
is TOML: sections in brackets, and lines
.IR "key = value" .
Every key has a default, so an empty or a missing file works. An unknown key is an error with a
suggestion; all errors are reported at once, each with its place. Relative paths are relative to the
file.
.PP
A saved change takes effect at once, unless the key says that it waits for a restart; a file with an
error, or one that was emptied or cut off, changes nothing, and the log and
.B readdress status
say what is wrong.
.B readdress config
prints the settings in force.
.PP
Sockets are written as Postfix writes them
.RB ( inet:HOST:PORT ", " unix:PATH )
or as Sendmail does
.RB ( inet:PORT@HOST ", " local:PATH ).
Sockets that systemd hands over come first; it names them
.BR milter ", " socketmap " or " control .
Flags of
.B readdress run
win over the file.
"#;

const TAIL: &str = r#".SH FILES
.TP
.B /etc/readdress/readdress.toml
what is read where no other file is named
.SH SEE ALSO
.BR readdress (8),
.BR readdress\-rules (5)
"#;

fn entry(key: &Key) -> String {
    let meaning = key.meaning.join("\n");
    let restart = if key.restart {
        " Waits for a restart."
    } else {
        ""
    };
    format!(
        ".TP\n.B {}\n{}\n.br\nDefault: \\fB{}\\fR.{restart}\n",
        roff(key.name),
        roff(&meaning),
        roff(key.default)
    )
}

#[test]
fn the_page_of_the_configuration_says_what_the_code_says() {
    let (mut text, mut section) = (HEAD.to_owned(), None);
    for key in KEYS {
        if section != Some(key.section) {
            section = Some(key.section);
            text += &match key.section {
                "" => ".SH KEYS\n".to_owned(),
                name => format!(".SS [{name}]\n"),
            };
        }
        text += &entry(key);
    }
    hold(
        &root().join("packaging/man/readdress.toml.5"),
        &(text + TAIL),
    );
}
