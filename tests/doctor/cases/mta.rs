//! Mistakes that both MTAs can have.

use super::Case;
use crate::machine::Mta::{Postfix, Sendmail};

pub const CASES: &[Case] = &[
    Case {
        codes: &["relays-for-target"],
        mta: Postfix,
        change: |machine| {
            machine.rules += "partner.example external\nann@domain2.com ann@partner.example\n";
            machine.main = machine
                .main
                .replace("relay_domains = ", "relay_domains = partner.example, ");
        },
        says: &[
            "accepts mail for `partner.example` from anybody",
            "write `postconf -e 'relay_domains = domain2.com, company.com,",
        ],
    },
    Case {
        codes: &["relays-for-target"],
        mta: Sendmail,
        change: |machine| {
            machine.rules += "partner.example external\nann@domain2.com ann@partner.example\n";
            machine.mc("RELAY_DOMAIN(`", "RELAY_DOMAIN(`partner.example ");
        },
        says: &["accepts mail for `partner.example` from anybody"],
    },
    Case {
        codes: &["milter-not-listed"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = { inet:127.0.0.1:{other}, command_timeout=5s }, \
                                 inet:localhost:{other}\n";
        },
        says: &[", command_timeout=5s }, inet:localhost:"],
    },
    Case {
        codes: &["milter-not-listed"],
        mta: Sendmail,
        change: |machine| machine.mc("inet:{milter}@127.0.0.1", "inet:{other}@127.0.0.1"),
        says: &[
            "write into sendmail.mc",
            "INPUT_MAIL_FILTER(`readdress'",
            "F=T",
        ],
    },
    Case {
        codes: &["milter-not-listed"],
        mta: Sendmail,
        change: |machine| machine.mc("INPUT_MAIL_FILTER", "MAIL_FILTER"),
        says: &["no port asks it"],
    },
    Case {
        codes: &["milter-not-at-every-port"],
        mta: Postfix,
        change: |machine| {
            machine.master += "10025 inet n - n - - smtpd\n  -o smtpd_milters=\n";
        },
        says: &[
            "10025/inet",
            "postconf -P '10025/inet/smtpd_milters=inet:127.0.0.1:",
        ],
    },
    Case {
        codes: &["milter-not-at-every-port"],
        mta: Sendmail,
        change: |machine| {
            machine.mc += "DAEMON_OPTIONS(`Name=Filter, Port=10025, InputMailFilters=other')dnl\n";
        },
        says: &["`Filter`", "InputMailFilters=other;readdress"],
    },
    Case {
        codes: &["milter-not-last"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = inet:127.0.0.1:{milter}, { inet:127.0.0.1:{other}, \
                                 default_action=accept }\n";
        },
        says: &[
            "smtpd_milters = { inet:127.0.0.1:{other}, default_action=accept }, inet:127.0.0.1:",
        ],
    },
    Case {
        codes: &["milter-not-last"],
        mta: Sendmail,
        change: |machine| {
            machine.mc(
                "LOCAL_CONFIG",
                "INPUT_MAIL_FILTER(`later', `S=inet:{other}@127.0.0.1')dnl\nLOCAL_CONFIG",
            );
        },
        says: &["confINPUT_MAIL_FILTERS', `later, readdress'"],
    },
    Case {
        codes: &["passes-when-down"],
        mta: Postfix,
        change: |machine| machine.main += "milter_default_action = accept\n",
        says: &["postconf -e 'milter_default_action = tempfail'"],
    },
    Case {
        codes: &["passes-when-down"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters = { inet:127.0.0.1:{milter}, default_action=accept }\n";
        },
        says: &[", default_action=tempfail }"],
    },
    // The settings of other milters stay.
    Case {
        codes: &["passes-when-down"],
        mta: Postfix,
        change: |machine| {
            machine.main += "milter_default_action = accept\n\
 smtpd_milters = inet:127.0.0.1:{other}, inet:127.0.0.1:{milter}\n";
        },
        says: &["{other}, { inet:127.0.0.1:", ", default_action=tempfail }'"],
    },
    Case {
        codes: &["passes-when-down"],
        mta: Sendmail,
        change: |machine| machine.mc("F=T, ", ""),
        says: &["(no `F=`)", "F=T"],
    },
    Case {
        codes: &["refuses-when-down"],
        mta: Postfix,
        change: |machine| machine.main += "milter_default_action = quarantine\n",
        says: &["put on hold", "tempfail"],
    },
    Case {
        codes: &["refuses-when-down"],
        mta: Sendmail,
        change: |machine| machine.mc("F=T", "F=R"),
        says: &["refused for good (`F=R`)"],
    },
    Case {
        codes: &["domain-not-accepted"],
        mta: Postfix,
        change: |machine| machine.main += "relay_domains = company.com, domain2.com\n",
        says: &["relay_domains = company.com, domain2.com, xn--exmple-cua.test, exämple.test'"],
    },
    Case {
        codes: &["domain-not-accepted"],
        mta: Sendmail,
        change: |machine| machine.mc("domain2.com ", ""),
        says: &["RELAY_DOMAIN(`domain2.com')dnl"],
    },
    Case {
        codes: &["primary-not-accepted"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_domains = domain2.com, exämple.test, xn--exmple-cua.test\n";
        },
        says: &["the primary domains `company.com`"],
    },
    Case {
        codes: &["primary-not-accepted"],
        mta: Sendmail,
        change: |machine| machine.mc(" company.com", ""),
        says: &["RELAY_DOMAIN(`company.com')dnl"],
    },
    Case {
        codes: &["domain-in-other-class"],
        mta: Postfix,
        change: |machine| {
            machine.main += "mydestination = localhost, domain2.com\n\
                                 relay_domains = company.com, exämple.test, xn--exmple-cua.test\n";
        },
        says: &[
            "postconf -e 'mydestination = localhost'",
            "xn--exmple-cua.test, domain2.com'",
        ],
    },
    Case {
        codes: &["domain-in-other-class"],
        mta: Sendmail,
        change: |machine| machine.mc("LOCAL_CONFIG\n", "LOCAL_CONFIG\nCwDomain2.com\n"),
        says: &["class w", "RELAY_DOMAIN(`domain2.com')dnl"],
    },
    Case {
        codes: &["label-form-missing"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_domains = domain2.com, company.com, exämple.test\n"
        },
        says: &["relay_domains = domain2.com, company.com, exämple.test, xn--exmple-cua.test"],
    },
    Case {
        codes: &["label-form-missing"],
        mta: Sendmail,
        change: |machine| machine.mc("exämple.test ", ""),
        says: &["exämple.test"],
    },
    Case {
        codes: &["recipients-unchecked"],
        mta: Postfix,
        change: |machine| machine.main += "relay_recipient_maps =\n",
        says: &["relay_recipient_maps = socketmap:inet:127.0.0.1:"],
    },
    // A list that is not empty is for all domains of relay_domains.
    Case {
        codes: &["recipients-unchecked"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_recipient_maps =\n\
                             relay_domains = a.example, company.com, domain2.com, exämple.test, \
                             xn--exmple-cua.test, {dir}/others\n";
            machine.files.push(("others", "b.example\n".to_owned()));
        },
        says: &[
            "relay_recipient_maps = inline:{ @a.example=any, @b.example=any }, socketmap:inet:",
        ],
    },
    Case {
        codes: &["recipients-unchecked"],
        mta: Sendmail,
        change: |machine| machine.mc("$(recipients", "$(other"),
        says: &["readdress doctor --print sendmail"],
    },
    Case {
        codes: &["rewritten-again"],
        mta: Postfix,
        change: |machine| {
            machine.main += "virtual_alias_maps = inline:{ jdoe@company.com=j@store.internal }\n";
        },
        says: &["`jdoe@company.com`", "into `j@store.internal`"],
    },
    Case {
        codes: &["rewritten-again"],
        mta: Sendmail,
        change: |machine| {
            machine.mc += "FEATURE(`virtusertable', `hash -o {dir}/virtusers')dnl\n";
            machine.files.push((
                "virtusers",
                "# old\njdoe@company.com\tj@store.internal\n".to_owned(),
            ));
        },
        says: &["`jdoe@company.com`", "into `j@store.internal`"],
    },
    Case {
        codes: &["old-map"],
        mta: Postfix,
        change: |machine| {
            machine
                .files
                .push(("virtual", "jd@domain2.com jdoe@company.com\n".to_owned()));
            machine.main += "virtual_alias_maps = texthash:{dir}/virtual\n";
        },
        says: &["remove it from `texthash:/"],
    },
    Case {
        codes: &["old-map"],
        mta: Sendmail,
        change: |machine| {
            machine.mc += "FEATURE(`virtusertable', `hash -o {dir}/virtusers')dnl\n";
            machine
                .files
                .push(("virtusers", "@domain2.com %1@company.com\n".to_owned()));
        },
        says: &["still has `@domain2.com` (for `%1@company.com`)"],
    },
    Case {
        codes: &["socket-closed"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{milter}", "unix:{dir}/closed/m.sock");
            machine.files.push(("closed/x", String::new()));
            machine.then =
                "chmod 0666 closed/m.sock; chgrp games closed; chmod 0750 closed".to_owned();
        },
        says: &["`mail` may not search `/", "usermod -aG games mail"],
    },
    Case {
        codes: &["socket-closed", "unseen"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{milter}", "unix:{dir}/closed/m.sock");
            machine.files.push(("closed/x", String::new()));
            machine.then = "chmod 0 closed".to_owned();
            machine.powerless = true;
        },
        says: &["no permission to look into `/", "run doctor as root"],
    },
    Case {
        codes: &["socket-closed"],
        mta: Sendmail,
        change: |machine| {
            machine.configure("inet:127.0.0.1:{milter}", "unix:{dir}/m.sock");
            machine.mc("inet:{milter}@127.0.0.1", "local:{dir}/m.sock");
            machine.mc += "define(`confRUN_AS_USER', `mail')dnl\n";
            machine.then = "chgrp games m.sock; chmod 0600 m.sock".to_owned();
        },
        says: &["`mail` may not write to `/", "chmod g+w /"],
    },
];
