//! Milters and maps that an MTA lists and that do not answer.

use super::Case;
use crate::machine::Mta::{Postfix, Sendmail};

pub const CASES: &[Case] = &[
    // A wrong port. readdress replaces it, and there is no second finding that readdress is not listed.
    Case {
        codes: &["milter-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main = machine.main.replace(
                "smtpd_milters = inet:127.0.0.1:{milter}",
                "smtpd_milters = inet:127.0.0.1:{dead}",
            );
        },
        says: &[
            "`inet:127.0.0.1:{dead}`: Connection refused",
            "postconf -e 'smtpd_milters = inet:127.0.0.1:{milter}'",
            "postconf -e 'non_smtpd_milters = inet:127.0.0.1:{milter}'",
        ],
    },
    // Two entries of one list that do not answer are one finding. The entry that answers stays.
    Case {
        codes: &["milter-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = { inet:127.0.0.1:{dead}, command_timeout=5s }, \
                             unix:/x/y, inet:127.0.0.1:{other}\n";
        },
        says: &[
            "`unix:/x/y`: No such file",
            "postconf -e 'smtpd_milters = inet:127.0.0.1:{other}, inet:127.0.0.1:{milter}'",
        ],
    },
    // Beside readdress: the entry that does not answer is removed, and readdress' entry stays as it is.
    Case {
        codes: &["milter-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = inet:127.0.0.1:{dead}, { inet:127.0.0.1:{milter}, \
                             default_action=tempfail }\n";
        },
        says: &["smtpd_milters = { inet:127.0.0.1:{milter}, default_action=tempfail }'"],
    },
    Case {
        codes: &["milter-away"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = { inet:127.0.0.1:{dead}, default_action=accept }, \
                             inet:127.0.0.1:{milter}\n";
        },
        says: &["mail passes without it"],
    },
    // A line of master.cf.
    Case {
        codes: &["milter-dead"],
        mta: Postfix,
        change: |machine| {
            machine.master +=
                "10025 inet n - n - - smtpd\n  -o smtpd_milters=inet:127.0.0.1:{dead}\n";
        },
        says: &[
            "master.cf (10025/inet)",
            "postconf -P '10025/inet/smtpd_milters=inet:127.0.0.1:{milter}'",
        ],
    },
    // The two ports of the daemon, confused.
    Case {
        codes: &["milter-dead"],
        mta: Postfix,
        change: |machine| machine.main += "smtpd_milters = inet:127.0.0.1:{map}\n",
        says: &["the socketmap of readdress listens there"],
    },
    Case {
        codes: &["map-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_recipient_maps = socketmap:inet:127.0.0.1:{milter}:recipients\n";
        },
        says: &["the milter of readdress listens there"],
    },
    Case {
        codes: &["map-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main +=
                "relay_recipient_maps = proxy:socketmap:inet:127.0.0.1:{dead}:recipients\n";
        },
        says: &[
            "`relay_recipient_maps`",
            "Connection refused",
            "relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:recipients'",
        ],
    },
    // Maps in braces, after other words, and in a parameter that the administrator has defined.
    Case {
        codes: &["map-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main += "debug_peer_list = inet:127.0.0.1:{dead}\n\
                             smtpd_relay_restrictions = { check_recipient_access socketmap:$debug_peer_list:rewrite }, \
                             permit_mynetworks, reject_unauth_destination\n";
        },
        says: &[
            "`smtpd_relay_restrictions`",
            "{ check_recipient_access socketmap:inet:127.0.0.1:{map}:rewrite }, permit_mynetworks",
        ],
    },
    // A map that the daemon does not have.
    Case {
        codes: &["map-dead"],
        mta: Postfix,
        change: |machine| {
            machine.main += "transport_maps = socketmap:inet:127.0.0.1:{map}:transport\n";
        },
        says: &["answers `PERM no map transport"],
    },
    Case {
        codes: &["map-dead"],
        mta: Postfix,
        change: |machine| {
            machine.configure("listen = [\"inet:127.0.0.1:{map}\"]", "listen = []");
        },
        says: &["write `listen = [\"inet:127.0.0.1:{map}\"]` below `[socketmap]`"],
    },
    Case {
        codes: &["milter-dead"],
        mta: Sendmail,
        change: |machine| machine.mc("inet:{milter}@127.0.0.1", "inet:{dead}@127.0.0.1"),
        says: &[
            "`Xreaddress`",
            "INPUT_MAIL_FILTER(`readdress', `S=inet:{milter}@127.0.0.1, F=T",
        ],
    },
    Case {
        codes: &["milter-away"],
        mta: Sendmail,
        change: |machine| {
            machine.mc(
                "INPUT_MAIL_FILTER",
                "INPUT_MAIL_FILTER(`first', `S=inet:{dead}@127.0.0.1')dnl\nINPUT_MAIL_FILTER",
            );
        },
        says: &["`Xfirst`", "delete the line INPUT_MAIL_FILTER(`first', …)"],
    },
    Case {
        codes: &["map-dead"],
        mta: Sendmail,
        change: |machine| {
            machine.mc(
                "Krecipients socket -T<TMPF> inet:{map}@",
                "Krecipients socket -T<TMPF> inet:{dead}@",
            );
        },
        says: &["Krecipients socket -T<TMPF> inet:{map}@127.0.0.1"],
    },
    // Postfix' spelling.
    Case {
        codes: &["socket-misspelt"],
        mta: Sendmail,
        change: |machine| machine.mc("inet:{milter}@127.0.0.1", "inet:127.0.0.1:{milter}"),
        says: &[
            "Sendmail does not start",
            "write `S=inet:{milter}@127.0.0.1` in place of `S=inet:127.0.0.1:{milter}`",
        ],
    },
    Case {
        codes: &["socket-misspelt"],
        mta: Sendmail,
        change: |machine| {
            machine.mc(
                "Krecipients socket -T<TMPF> inet:{map}@127.0.0.1",
                "Krecipients socket -T<TMPF> inet:127.0.0.1:{map}",
            );
        },
        says: &["every question to it fails"],
    },
    Case {
        codes: &["dsn-off"],
        mta: Sendmail,
        change: |machine| {
            machine.mc += "define(`confPRIVACY_FLAGS', `authwarnings,noreceipts')dnl\n"
        },
        says: &["without ORCPT and NOTIFY", "`confPRIVACY_FLAGS`"],
    },
];
