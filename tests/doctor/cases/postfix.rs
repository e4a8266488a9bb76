//! Mistakes that only Postfix can have.

use super::Case;
use crate::machine::Mta::Postfix;

pub const CASES: &[Case] = &[
    Case {
        codes: &["domain-in-two-classes"],
        mta: Postfix,
        change: |machine| machine.main += "virtual_mailbox_domains = domain2.com\n",
        says: &["`domain2.com` is in `virtual_mailbox_domains` and in `relay_domains`"],
    },
    Case {
        codes: &["relay-domains-live"],
        mta: Postfix,
        change: |machine| {
            machine.main +=
                "relay_domains = company.com, socketmap:inet:127.0.0.1:{map}:secondary\n";
        },
        says: &["relay_domains = company.com, domain2.com, xn--exmple-cua.test, exämple.test'"],
    },
    Case {
        codes: &["subdomains-accepted"],
        mta: Postfix,
        change: |machine| {
            machine.main +=
                "parent_domain_matches_subdomains = mynetworks, relay_domains, smtpd_access_maps\n";
        },
        says: &["parent_domain_matches_subdomains = mynetworks, smtpd_access_maps'"],
    },
    Case {
        codes: &["milters-switched-off"],
        mta: Postfix,
        change: |machine| {
            machine.master = machine
                .master
                .replace("smtpd\n", "smtpd -o receive_override_options=no_milters\n")
        },
        says: &["postconf -P 'smtp/inet/receive_override_options="],
    },
    Case {
        codes: &["no-address-mappings"],
        mta: Postfix,
        change: |machine| {
            machine.main +=
                "receive_override_options = no_unknown_recipient_checks, no_address_mappings\n";
        },
        says: &["receive_override_options = no_unknown_recipient_checks'"],
    },
    Case {
        codes: &["milter-behind-proxy"],
        mta: Postfix,
        change: |machine| machine.main += "smtpd_proxy_filter = 127.0.0.1:10025\n",
        says: &["lets no milter change the recipients"],
    },
    Case {
        codes: &["local-mail-passes"],
        mta: Postfix,
        change: |machine| machine.main += "non_smtpd_milters = inet:127.0.0.1:{other}\n",
        says: &["non_smtpd_milters = inet:127.0.0.1:{other}, inet:127.0.0.1:"],
    },
    Case {
        codes: &["verifies-recipients"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_recipient_restrictions = permit_mynetworks, reject_unverified_recipient, \
                                 permit\n";
        },
        says: &["smtpd_recipient_restrictions = permit_mynetworks, permit'"],
    },
    Case {
        codes: &["verifies-recipients"],
        mta: Postfix,
        change: |machine| {
            machine.main += "smtpd_restriction_classes = strict\nstrict = reject_unverified_recipient\n\
                                 smtpd_recipient_restrictions = strict\n";
        },
        says: &["in `strict`"],
    },
    Case {
        codes: &["recipient-refused"],
        mta: Postfix,
        change: |machine| machine.main += "relay_recipient_maps = inline:{ jd@domain2.com=x }\n",
        says: &["lacks `jd@xn--exmple-cua.test`", ":recipients'"],
    },
    Case {
        codes: &["recipient-refused"],
        mta: Postfix,
        change: |machine| {
            machine.main += "relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:rewrite\n";
        },
        says: &["asks the map `rewrite`"],
    },
    Case {
        codes: &["unseen"],
        mta: Postfix,
        change: |machine| {
            machine
                .files
                .push(("ldap.cf", "search_base = dc=company\n".to_owned()));
            machine.main += "relay_recipient_maps = ldap:{dir}/ldap.cf\n";
        },
        says: &["`ldap:{dir}/ldap.cf` was not asked"],
    },
    Case {
        codes: &["old-map", "original-recipient-off"],
        mta: Postfix,
        change: |machine| {
            machine.main += "enable_original_recipient = no\n\
                                 recipient_canonical_maps = inline:{ jd@domain2.com=jdoe@company.com }\n";
        },
        says: &["enable_original_recipient = yes"],
    },
    Case {
        codes: &["delimiter-differs"],
        mta: Postfix,
        change: |machine| machine.main += "recipient_delimiter = +-\n",
        says: &[
            "is \"+-\" in Postfix and \"+\" in readdress",
            "write `recipient_delimiter = \"+-\"` below `[rewrite]`",
            "recipient_delimiter = +'",
        ],
    },
    Case {
        codes: &["socket-out-of-reach"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{milter}", "unix:{dir}/m.sock");
            machine.chroot("smtp      inet");
            machine.then = "chmod 0666 m.sock".to_owned();
        },
        says: &[
            "smtp/inet runs in a chroot, /",
            "/spool/readdress/milter.sock\"]` below `[milter]`",
            "smtpd_milters = unix:readdress/milter.sock'",
        ],
    },
    // A socket in the queue directory, with the path that only processes outside of the chroot see.
    Case {
        codes: &["socket-out-of-reach"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{milter}", "unix:{dir}/spool/rw/m.sock");
            machine.chroot("smtp      inet");
            machine.files.push(("spool/rw/x", String::new()));
            machine.then = "chmod 0666 spool/rw/m.sock".to_owned();
        },
        says: &["postconf -e 'smtpd_milters = unix:rw/m.sock'"],
    },
    // cleanup asks the milters about mail from sendmail(1).
    Case {
        codes: &["socket-out-of-reach"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{milter}", "unix:{dir}/spool/m.sock");
            machine.chroot("cleanup   unix");
            machine.then = "chmod 0666 spool/m.sock".to_owned();
        },
        says: &[
            "cleanup/unix runs in a chroot, /",
            "postconf -e 'non_smtpd_milters = unix:m.sock'",
        ],
    },
    Case {
        codes: &["map-out-of-reach"],
        mta: Postfix,
        change: |machine| {
            machine.move_socket("{map}", "unix:{dir}/map.sock");
            machine.chroot("smtp      inet");
            machine.then = "chmod 0666 map.sock".to_owned();
        },
        says: &["relay_recipient_maps = proxy:socketmap:unix:/"],
    },
];
