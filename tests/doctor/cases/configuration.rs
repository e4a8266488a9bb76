//! Mistakes in Postfix's own configuration.

use super::Case;
use crate::machine::{Machine, Mta::Postfix};

pub const CASES: &[Case] = &[
    // Postfix cannot read it.
    Case {
        codes: &["mta-config-broken"],
        mta: Postfix,
        change: |machine| machine.then = "echo 'foo bar' >>etc/main.cf".to_owned(),
        says: &[
            "missing '=' after attribute name: \"foo bar\"",
            "postfix check` prints nothing",
        ],
    },
    Case {
        codes: &["mta-config-broken"],
        mta: Postfix,
        change: |machine| machine.master += "smtps inet n y\n",
        says: &["master.cf: line 4: bad field count"],
    },
    // `postfix check` finds mistakes that postconf does not find.
    Case {
        codes: &["mta-config-broken"],
        mta: Postfix,
        change: |machine| {
            set_up(machine);
            machine.main += "default_process_limit = many\n";
        },
        says: &["bad numerical configuration: default_process_limit = many"],
    },
    Case {
        codes: &["mta-check"],
        mta: Postfix,
        change: |machine| {
            set_up(machine);
            machine.then += "; chmod 0777 etc/master.cf";
        },
        says: &["`postfix check` warns: ", "set-permissions"],
    },
    Case {
        codes: &["mta-config-odd"],
        mta: Postfix,
        change: |machine| machine.main += "smtpd_milter = inet:127.0.0.1:{milter}\n",
        says: &[
            "unused parameter: smtpd_milter",
            "did you mean `smtpd_milters`?",
        ],
    },
    Case {
        codes: &["mta-config-odd"],
        mta: Postfix,
        change: |machine| {
            machine.then = "sed -i '1 i recipient_delimiter = -' etc/main.cf".to_owned();
        },
        says: &[
            "overriding earlier entry: recipient_delimiter=-",
            "postconf -e 'recipient_delimiter = +'",
        ],
    },
    // Sendmail's spelling, and other wrong ones.
    Case {
        codes: &["socket-misspelt"],
        mta: Postfix,
        change: |machine| machine.main += "smtpd_milters = inet:{milter}@127.0.0.1\n",
        says: &[
            "smtpd ends with a fatal error",
            "postconf -e 'smtpd_milters = inet:127.0.0.1:{milter}'",
        ],
    },
    Case {
        codes: &["socket-misspelt"],
        mta: Postfix,
        change: |machine| {
            machine.master = machine.master.replace(
                "smtpd\n",
                "smtpd\n  -o smtpd_milters=inet:127.0.0.1:{milter}\n\
                 10025 inet n - n - - smtpd\n  -o smtpd_milters=127.0.0.1:{milter}\n",
            );
        },
        says: &[
            "every message is deferred",
            "postconf -P '10025/inet/smtpd_milters=inet:127.0.0.1:{milter}'",
        ],
    },
    Case {
        codes: &["socket-misspelt"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_recipient_maps = socketmap:inet:{map}@127.0.0.1:recipients\n";
        },
        says: &["relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:recipients'"],
    },
    // Clients whose mail does not pass readdress.
    Case {
        codes: &["clients-pass"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milter_maps = cidr:{dir}/clients\n";
            let clients = "# ours\n10.0.0.0/8 DISABLE\n192.0.2.1 inet:127.0.0.1:{other}\n";
            machine.files.push(("clients", clients.to_owned()));
        },
        says: &[
            "`DISABLE` for `10.0.0.0/8`, `192.0.2.1`",
            "postconf -e 'smtpd_milter_maps ='",
        ],
    },
    // Entries for other milters stay.
    Case {
        codes: &["clients-pass"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milter_maps = inline:{ 192.0.2.1=DISABLE, \
                             192.0.2.2=inet:127.0.0.1:{milter} }\n";
        },
        says: &["for `192.0.2.1`: ", "remove them from `inline:"],
    },
    // The port behind a content filter.
    Case {
        codes: &["asked-twice"],
        mta: Postfix,
        change: |machine| {
            machine.config += "[headers]\nx_original_to = true\n";
            filtered(machine, "");
        },
        says: &["postconf -P '10026/inet/receive_override_options=no_milters'"],
    },
    // Routes.
    Case {
        codes: &["route-refuses"],
        mta: Postfix,
        change: |machine| {
            machine.main += "transport_maps = inline:{ domain2.com=error:moved }\n";
        },
        says: &["`domain2.com` in `inline:{", "refuses it (550)"],
    },
    Case {
        codes: &["route-refuses"],
        mta: Postfix,
        change: |machine| {
            machine.main += "transport_maps = texthash:{dir}/transport\n";
            let text = "other.test smtp:\njd@domain2.com retry:later\n";
            machine.files.push(("transport", text.to_owned()));
        },
        says: &[
            "for `jd@domain2.com` to `retry:`",
            "defers it (450)",
            "sed -i 's/^jd@domain2",
        ],
    },
    Case {
        codes: &["route-refuses"],
        mta: Postfix,
        change: |machine| machine.main += "relay_transport = error:closed\n",
        says: &[
            "`relay_transport` sends mail for ",
            "postconf -e 'relay_transport = relay'",
        ],
    },
    Case {
        codes: &["route-loops"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_transport = relay:[127.0.0.1]\nrelayhost = [192.0.2.1]\n";
            machine.master += "relay unix - - n - - smtp\n";
        },
        says: &[
            "which is smtp/inet of this Postfix",
            "postconf -e 'relay_transport = relay'",
        ],
    },
    Case {
        codes: &["route-loops"],
        mta: Postfix,
        change: |machine| {
            machine.main += "transport_maps = inline:{ *=smtp:[localhost]:25 }\n";
            machine.master += "smtp unix - - n - - smtp\n";
        },
        says: &["`*` in `inline:{", "`smtp:[HOST]`"],
    },
    Case {
        codes: &["route-loops"],
        mta: Postfix,
        change: |machine| machine.main += "myhostname = mx.company.com\n",
        says: &[
            "`loops back to myself`",
            "transport_maps = inline:{ company.com=relay:[HOST] }",
        ],
    },
    // Recipients that Postfix adds.
    Case {
        codes: &["copy-not-rewritten"],
        mta: Postfix,
        change: |machine| machine.main += "always_bcc = jd@domain2.com\n",
        says: &["postconf -e 'always_bcc = jdoe@company.com'"],
    },
    Case {
        codes: &["copy-not-rewritten"],
        mta: Postfix,
        change: |machine| {
            machine.main += "sender_bcc_maps = texthash:{dir}/copies\n\
                             recipient_bcc_maps = inline:{ a@x.test=kept@company.com }\n";
            let text = "boss@company.com jd+boss@domain2.com\n";
            machine.files.push(("copies", text.to_owned()));
        },
        says: &["write `jdoe+boss@company.com` in place of `jd+boss@domain2.com`"],
    },
    // Classes of domains.
    Case {
        codes: &["domain-in-two-classes"],
        mta: Postfix,
        change: |machine| machine.main += "mydestination = localhost, company.com\n",
        says: &["postconf -e 'relay_domains = domain2.com, exämple.test, xn--exmple-cua.test'"],
    },
    Case {
        codes: &["relay-domains-live"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_domains = other.example, socketmap:inet:127.0.0.1:{map}:domains\n\
                 relay_recipient_maps = inline:{ @other.example=any }, \
                 socketmap:inet:127.0.0.1:{map}:recipients\n";
        },
        says: &[
            "relay_domains = other.example, domain2.com, xn--exmple-cua.test, exämple.test, company.com'",
        ],
    },
    // A domain that is delivered here stays here.
    Case {
        codes: &["relay-domains-live"],
        mta: Postfix,
        change: |machine| {
            machine.main += "mydestination = localhost, company.com\n\
                             relay_domains = socketmap:inet:127.0.0.1:{map}:domains\n";
        },
        says: &["relay_domains = domain2.com, xn--exmple-cua.test, exämple.test'"],
    },
    Case {
        codes: &["relay-domains-live"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_domains = socketmap:inet:127.0.0.1:{map}:secondary, company.com, \
                             domain2.com, exämple.test, xn--exmple-cua.test\n";
        },
        says: &["relay_domains = company.com, domain2.com, exämple.test, xn--exmple-cua.test'"],
    },
    // A map for senders that catches recipients as well.
    Case {
        codes: &["rewritten-again"],
        mta: Postfix,
        change: |machine| {
            machine.main += "canonical_maps = inline:{ @company.com=@domain2.com }\n";
        },
        says: &[
            "into `jdoe@domain2.com`",
            "postconf -e 'sender_canonical_maps = inline:{ @company.com=@domain2.com }'",
            "postconf -e 'canonical_maps ='",
        ],
    },
    // One line of main.cf is one finding, whatever services have it.
    Case {
        codes: &["milter-not-listed"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_milters =\n";
            machine.master += "submission inet n - n - - smtpd\n";
        },
        says: &["of smtp/inet, submission/inet does not name"],
    },
];

/// A queue directory that Postfix has set up, and programs where they are.
fn set_up(machine: &mut Machine) {
    let tools = crate::machine::tools();
    let root = tools.ancestors().nth(2).expect("usr/sbin");
    let root = root.display();
    machine.main += &format!(
        "command_directory = {root}/usr/sbin\ndaemon_directory = {root}/usr/lib/postfix/sbin\n\
         shlib_directory = {root}/usr/lib/postfix\nmeta_directory = {root}/etc/postfix\n\
         data_directory = {{dir}}/data\nsendmail_path = {root}/usr/sbin/sendmail\n\
         newaliases_path = {root}/usr/sbin/sendmail\nmailq_path = {root}/usr/sbin/sendmail\n\
         manpage_directory = {{dir}}/man\nhtml_directory = no\nreadme_directory = no\n\
         import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH\nmaillog_file = {{dir}}/mail.log\n\
         export_environment = MAIL_CONFIG LANG LD_LIBRARY_PATH\nmaillog_file_prefixes = {{dir}}\n"
    );
    machine.master += "postlog unix-dgram n - n - 1 postlogd\n";
    machine.then = "mkdir -p spool/active data; chown mail spool/active data".to_owned();
}

/// A content filter, and the port to which it hands mail back.
fn filtered(machine: &mut Machine, options: &str) {
    machine.master = machine.master.replace(
        "smtpd\n",
        &format!(
            "smtpd -o content_filter=smtp:[127.0.0.1]:10025\n10026 inet n - n - - smtpd\n{options}"
        ),
    );
}
