//! DNS.

use super::Case;
use crate::machine::Mta::Postfix;
use crate::zone::Data;

pub const CASES: &[Case] = &[
    Case {
        codes: &["domain-unknown"],
        mta: Postfix,
        change: |machine| machine.zone.remove("domain2.com"),
        says: &["domain2.com. IN MX 10 mx.company.com."],
    },
    Case {
        codes: &["mx-missing"],
        mta: Postfix,
        change: |machine| machine.zone.set("domain2.com", &[Data::Empty]),
        says: &["domain2.com. IN MX 10 mx.company.com."],
    },
    Case {
        codes: &["mx-implicit"],
        mta: Postfix,
        change: |machine| machine.zone.set("xn--exmple-cua.test", &[Data::Aaaa]),
        says: &["xn--exmple-cua.test. IN MX 10 mx.company.com."],
    },
    Case {
        codes: &["mx-null"],
        mta: Postfix,
        change: |machine| machine.zone.set("domain2.com", &[Data::Mx("")]),
        says: &["`MX 0 .`"],
    },
    Case {
        codes: &["mx-cname"],
        mta: Postfix,
        change: |machine| {
            machine
                .zone
                .set("mx.company.com", &[Data::Alias("host.company.com")]);
            machine.zone.set("host.company.com", &[Data::A]);
        },
        says: &[
            "the MX of `company.com`, `domain2.com`, `xn--exmple-cua.test` is an alias",
            "`company.com. IN MX 10 host.company.com.`, `domain2.com. IN MX 10 host.company.com.`",
        ],
    },
    // An alias of the right host. The line of the help fixes it.
    Case {
        codes: &["mx-cname"],
        mta: Postfix,
        change: |machine| {
            machine
                .zone
                .set("domain2.com", &[Data::Mx("mail.domain2.com")]);
            machine
                .zone
                .set("mail.domain2.com", &[Data::Alias("mx.company.com")]);
        },
        says: &[
            "its MX `mail.domain2.com` is an alias",
            "`domain2.com. IN MX 10 mx.company.com.`",
        ],
    },
    // An alias that leads elsewhere as well.
    Case {
        codes: &["mx-cname"],
        mta: Postfix,
        change: |machine| {
            machine
                .zone
                .set("domain2.com", &[Data::Mx("mail.domain2.com")]);
            machine
                .zone
                .set("mail.domain2.com", &[Data::Alias("old.example")]);
            machine.zone.set("old.example", &[Data::A]);
        },
        says: &["`domain2.com. IN MX 10 mx.company.com.`"],
    },
    Case {
        codes: &["mx-elsewhere"],
        mta: Postfix,
        change: |machine| {
            for domain in ["domain2.com", "xn--exmple-cua.test"] {
                machine.zone.set(domain, &[Data::Mx("old.example")]);
            }
            machine.zone.set("old.example", &[Data::A]);
        },
        says: &["the mail of `domain2.com`, `xn--exmple-cua.test` goes to `old.example`"],
    },
    Case {
        codes: &["mx-no-address"],
        mta: Postfix,
        change: |machine| {
            machine
                .zone
                .set("domain2.com", &[Data::Mx("gone.company.com")])
        },
        says: &["`gone.company.com` has no address"],
    },
    Case {
        codes: &["mx-elsewhere"],
        mta: Postfix,
        change: |machine| {
            let targets = [Data::Mx("mx.company.com"), Data::Mx("old.example")];
            machine.zone.set("domain2.com", &targets);
            machine.zone.set("old.example", &[Data::Aaaa]);
        },
        says: &["its mail goes to `old.example`", "goes to `mx.company.com`"],
    },
    Case {
        codes: &["dns-failed"],
        mta: Postfix,
        change: |machine| machine.zone.set("domain2.com", &[Data::Broken]),
        says: &["no answer for `domain2.com`", "--dns ADDRESS:PORT"],
    },
    Case {
        codes: &["dns-failed"],
        mta: Postfix,
        change: |machine| {
            for name in ["company.com", "domain2.com", "xn--exmple-cua.test"] {
                machine.zone.set(name, &[Data::Silent]);
            }
        },
        says: &["no answer for `company.com` and 2 more"],
    },
    Case {
        codes: &["wildcard-domains"],
        mta: Postfix,
        change: |machine| machine.rules += "@*.domain2.com @company.com\n",
        says: &["*.domain2.com. IN MX 10 mx.company.com."],
    },
];
