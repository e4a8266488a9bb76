//! Mistakes that only Sendmail can have.

use super::Case;
use crate::machine::{Machine, Mta::Sendmail};

pub const CASES: &[Case] = &[
    Case {
        codes: &["socket-unsafe"],
        mta: Sendmail,
        change: |machine| {
            in_an_open_directory(machine, "1777");
        },
        says: &[
            "everybody may write to `/",
            "(mode 1777)",
            "/run/readdress/milter.sock",
        ],
    },
    Case {
        codes: &["socket-unsafe"],
        mta: Sendmail,
        change: |machine| {
            in_an_open_directory(machine, "0775");
        },
        says: &["a group may write to `/", "(mode 0775)"],
    },
    Case {
        codes: &["subdomains-accepted"],
        mta: Sendmail,
        change: |machine| machine.relay_hosts_only = false,
        says: &["`domain2.com`", "FEATURE(`relay_hosts_only')dnl"],
    },
    Case {
        codes: &["open-relay"],
        mta: Sendmail,
        change: |machine| machine.mc += "R<NO> $*\t$@ $1\nR$*\t\t$# OK\n",
        says: &[
            "`R$* $# OK` in `Local_check_rcpt` lets anybody",
            "readdress doctor --print sendmail",
        ],
    },
    Case {
        codes: &["map-dead"],
        mta: Sendmail,
        change: |machine| {
            machine.configure("[socketmap]\nlisten = [\"inet:127.0.0.1:{map}\"]\n", "");
        },
        says: &[
            "`Kdomains` and `Krecipients` ask a map that does not answer",
            "write `listen = [\"inet:127.0.0.1:{map}\"]` below `[socketmap]`",
        ],
    },
    Case {
        codes: &["unseen"],
        mta: Sendmail,
        change: |machine| machine.mc += "FEATURE(`virtusertable', `hash -o {dir}/virtusers')dnl\n",
        says: &["makemap -u hash /"],
    },
];

/// Moves the socket of the milter into a directory with this mode.
fn in_an_open_directory(machine: &mut Machine, mode: &str) {
    machine.configure("inet:127.0.0.1:{milter}", "unix:{dir}/open/m.sock");
    machine.mc("inet:{milter}@127.0.0.1", "local:{dir}/open/m.sock");
    machine.files.push(("open/x", String::new()));
    machine.then = format!("chmod {mode} open");
}
