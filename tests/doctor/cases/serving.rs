//! Mistakes in the rules and the configuration, and a daemon that does not serve them.

use super::Case;
use crate::machine::Mta::Postfix;

pub const CASES: &[Case] = &[
    // The domains are not known, so there is no finding about the MTA.
    Case {
        codes: &["rules-broken", "reload-refused"],
        mta: Postfix,
        change: |machine| machine.rules += "jd@domain2.com\n",
        says: &[
            "the rules have 1 error",
            "it has no table, and every recipient is deferred",
        ],
    },
    // The part of the configuration that can be read is used.
    Case {
        codes: &["config-broken", "daemon-down"],
        mta: Postfix,
        change: |machine| {
            machine.daemon = false;
            machine.configure("[milter]", "[milter]\nmax_conections = 1");
        },
        says: &[
            "readdress.toml:3",
            "max_conections",
            "checks the rest without it",
        ],
    },
    // The daemon's sockets are not known then, and there are no findings about them.
    Case {
        codes: &["config-broken", "daemon-down"],
        mta: Postfix,
        change: |machine| {
            machine.daemon = false;
            machine.configure("[\"inet:127.0.0.1:{milter}\"]", "[\"inet:127.0.0.1\"]");
            machine.main = machine
                .main
                .replace("inet:127.0.0.1:{milter}", "inet:127.0.0.1:{other}");
        },
        says: &["readdress.toml:3"],
    },
    // The running daemon keeps the sockets with which it was started.
    Case {
        codes: &["config-broken"],
        mta: Postfix,
        change: |machine| {
            machine.then =
                "sed -i 's/^listen = .\"inet:127.0.0.1:{milter}\".$/listen = ?/' readdress.toml"
                    .to_owned();
        },
        says: &["readdress.toml:3"],
    },
    Case {
        codes: &["rules-broken", "daemon-down"],
        mta: Postfix,
        change: |machine| {
            machine.daemon = false;
            machine.then = "mv rules elsewhere".to_owned();
        },
        says: &[
            "there is no such directory",
            "write `rules = \"DIRECTORY\"` into ",
        ],
    },
    Case {
        codes: &["no-postmaster"],
        mta: Postfix,
        change: |machine| machine.rules = machine.rules.replace("abuse@* p", "xabuse@* p"),
        says: &["abuse@xn--exmple-cua.test", "a.rules:3"],
    },
    Case {
        codes: &["writable-by-everybody"],
        mta: Postfix,
        change: |machine| machine.then = "chmod 777 rules".to_owned(),
        says: &["every user may write", "chmod o-w "],
    },
    Case {
        codes: &["foreign-owner"],
        mta: Postfix,
        change: |machine| machine.then = "chown 65534 readdress.toml".to_owned(),
        says: &["belongs to user 65534", "chown root "],
    },
    Case {
        codes: &["daemon-down"],
        mta: Postfix,
        change: |machine| machine.daemon = false,
        says: &["readdress run --config "],
    },
    Case {
        codes: &["other-rules"],
        mta: Postfix,
        change: |machine| {
            machine.then = "cp -r rules others".to_owned();
            machine.arguments = vec!["--rules".to_owned(), "{dir}/others".to_owned()];
        },
        says: &["the daemon reads /"],
    },
    Case {
        codes: &["not-live"],
        mta: Postfix,
        change: |machine| {
            machine.then = "cp -r rules others
                    sed -i 's/^jd@domain2.com .*/jd@domain2.com postmaster@company.com/' others/a.rules
                    mv rules/a.rules x; rm -r rules; ln -s others rules; rm -rf x"
                    .to_owned();
            machine.config = format!(
                "{}[reload]\nquiet = \"1h\"\nlatest = \"1h\"\n",
                machine.config
            );
        },
        says: &[
            "for `jd@domain2.com` the files give `replace by postmaster@company.com`, but the daemon gives \
                 `replace by jdoe@company.com`",
            "readdress reload",
        ],
    },
    Case {
        codes: &["observes"],
        mta: Postfix,
        change: |machine| machine.config = format!("mode = \"observe\"\n{}", machine.config),
        says: &["write `mode = \"rewrite\"`"],
    },
    Case {
        codes: &["socket-missing"],
        mta: Postfix,
        change: |machine| {
            let two = "[\"inet:127.0.0.1:{milter}\", \"unix:{dir}/second.sock\"]";
            machine.configure("[\"inet:127.0.0.1:{milter}\"]", two);
            machine.then = "rm second.sock".to_owned();
        },
        says: &["second.sock", "restart the daemon"],
    },
    Case {
        codes: &["socket-dead"],
        mta: Postfix,
        change: |machine| {
            machine.then =
                "sed -i 's/:{map}\"/:{map}\", \"inet:127.0.0.1:1\"/' readdress.toml".to_owned();
            machine.config = format!(
                "{}[reload]\nquiet = \"1h\"\nlatest = \"1h\"\n",
                machine.config
            );
        },
        says: &["inet:127.0.0.1:1", "Connection refused"],
    },
    Case {
        codes: &["unseen"],
        mta: Postfix,
        change: |machine| {
            machine.then = "chmod 0 control.sock".to_owned();
            machine.powerless = true;
        },
        says: &["the daemon could not be asked", "run doctor as root"],
    },
];
