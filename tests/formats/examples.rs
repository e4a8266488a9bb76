//! The examples of the reference, whole.

use super::support::{domain, finds, import, read, sample};
use readdress::engine::format::{ImportFormat, Options};

#[test]
fn postfix_virtual() {
    read("example.virtual", sample("example.virtual")).is(
        &[
            "domain2.com secondary",
            "jd@domain2.com jdoe@company.com",
            "sales@domain2.com anna@company.com, bob@company.com, carol@company.com",
            "jane+news@domain2.com newsletter@company.com",
            "old@domain2.com keep",
            "@domain2.com @company.com",
        ],
        &[],
    );
}

#[test]
fn virtusertable() {
    read("example.virtusertable", sample("example.virtusertable")).is(
        &[
            "info@domain2.com info-list@company.com detail=drop",
            "jd@domain2.com jdoe@company.com detail=drop",
            "joe@domain2.com reject 550 5.0.0 \"No such user here\"",
            "jax@domain2.com reject 550 5.7.0 \"Address invalid\"",
            "old+*@domain2.com new+*@company.com",
            "old+@domain2.com new+@company.com",
            "X+*@domain2.com Z+*@company.com",
            "+*@domain2.com @company.com",
            "/.+\\+@domain2\\.com/ @company.com",
            "@domain2.com @company.com detail=keep",
            "@domain3.com jane@company.com detail=drop",
        ],
        &[],
    );
}

#[test]
fn exchange55() {
    read("kb.csv", sample("exchange55-kb.csv")).is(
        &[
            "User1@org2.com User1@org.com",
            "User1@org3.com User1@org.com",
            "User2@org2.com User1@org.com",
        ],
        &[],
    );
    read("users.csv", sample("exchange55.csv"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "john.doe@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
                "kyoshida@company.com mailbox",
            ],
            &[],
        )
        .skips(&["skipped: 1 custom, 1 ms, 1 x400 in users.csv"]);
}

#[test]
fn exchange55_routing() {
    let options = Options {
        primary_domains: vec![domain("company.com")],
        ..Options::default()
    };
    import(
        ImportFormat::Exchange55Routing,
        sample("routing.txt"),
        &options,
    )
    .is(
        &[
            "company.com primary",
            "domain2.com secondary",
            "exact.com secondary",
            "cpandl.net external",
            "@*.company.com @company.com",
            "@*.domain2.com @domain2.com",
        ],
        &[],
    );
    let read = import(
        ImportFormat::Exchange55Routing,
        sample("routing.txt"),
        &Options::default(),
    );
    assert_eq!(read.findings.len(), 3);
    read.says("--primary-domain");
}

#[test]
fn ldif() {
    read("ad.ldif", sample("directory.ldif"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "a.very.long.local.part.that.forces.folding@subsidiary.domain2.com jdoe@company.com",
                "jörg@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
            ],
            &[],
        )
        .skips(&["skipped: 1 sip, 1 x400, 1 x500 in ad.ldif"]);
    finds(
        "ad.ldif",
        &sample("change.ldif"),
        &["ad.ldif:3:6: error change-record"],
    );
}

#[test]
fn microsoft365() {
    read("m.csv", sample("microsoft365.csv"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
            ],
            &[
                "m.csv:4:21: error cut-off",
                "m.csv:5:20: error lossy-value",
                "m.csv:6:20: error lossy-value",
            ],
        )
        .skips(&["skipped: 1 x500 in m.csv"])
        .says("Get-Recipient -ResultSize Unlimited | ForEach-Object");
    read("m.csv", sample("addresses.csv")).is(
        &[
            "jdoe@company.com mailbox",
            "jd@domain2.com jdoe@company.com",
            "jdoe@company.com mailbox",
            "anna@company.com mailbox",
        ],
        &[],
    );
    read("m.csv", sample("admin-centre.csv")).is(
        &[
            "jd@domain2.com jdoe@company.com",
            "john+news@domain2.com jdoe@company.com",
            "jdoe@company.com mailbox",
        ],
        &[],
    );
}

#[test]
fn google() {
    read("g.csv", sample("gam-aliases.csv")).is(
        &[
            "jd@domain2.com jdoe@company.com",
            "jdoe@company.com mailbox",
            "sales@domain2.com sales-team@company.com",
            "sales-team@company.com mailbox",
        ],
        &[],
    );
    let one_owner = [
        "jd@domain2.com jdoe@company.com",
        "john.doe@domain2.com jdoe@company.com",
        "jdoe@company.com mailbox",
    ];
    read("g.csv", sample("gam-onerow.csv")).is(&one_owner, &[]);
    read("g.csv", sample("gam-users.csv"))
        .is(&one_owner, &[])
        .skips(&["skipped: 1 non-editable in g.csv"]);
    read("g.csv", sample("address-map.csv")).is(
        &[
            "jd@domain2.com jdoe@company.com",
            "sales@domain2.com anna@company.com",
        ],
        &[],
    );
    read("g.csv", sample("google-template.csv"))
        .is(&[], &["g.csv:1:1: error no-aliases"])
        .says("gam print aliases");
}

#[test]
fn postfixadmin_dump() {
    import(
        ImportFormat::Postfixadmin,
        sample("postfixadmin.sql"),
        &Options::default(),
    )
    .is(
        &[
            "@domain2.com @company.com",
            "jd@company.com jdoe@company.com",
            "jdoe@company.com mailbox",
            "@company.com catchall@company.com",
            "sales@company.com anna@company.com, bob@company.com",
        ],
        &[],
    );
}

#[test]
fn pairs() {
    read("p.csv", sample("pairs.csv")).is(
        &[
            "jd@domain2.com jdoe@company.com",
            "sales@domain2.com anna@company.com, bob@company.com",
            "@domain3.com @company.com",
        ],
        &[],
    );
}

#[test]
fn iredmail() {
    read("iredmail.ldif", sample("iredmail.ldif"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "john.doe@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
                "sales@domain2.com sales@company.com",
                "sales@company.com mailbox",
            ],
            &["iredmail.ldif:22:24: warning unread-attribute"],
        )
        .says("the attribute `mailForwardingAddress` holds 1 address and is not read");
}

/// The server gave two entries of many, and said so.
#[test]
fn qmail_ldap_cut() {
    read("qmail.ldif", sample("qmail-ldap-cut.ldif"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "john.doe@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
                "info@domain2.com anna@company.com",
                "anna@company.com mailbox",
            ],
            &["qmail.ldif:22:9: error cut-off"],
        )
        .says("the server says that this is not the whole answer: 4 Size limit exceeded");
}

/// The members of Zimbra's lists are not read, and its accounts may forward.
#[test]
fn zimbra() {
    read("zimbra.ldif", sample("zimbra.ldif"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "j.doe@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
                "sales@domain2.com sales@company.com",
                "sales@company.com mailbox",
            ],
            &[
                "zimbra.ldif:13:34: warning unread-attribute",
                "zimbra.ldif:24:30: warning unread-attribute",
            ],
        )
        .says("`zimbraPrefMailForwardingAddress` holds 1 address")
        .says("`zimbraMailForwardingAddress` holds 2 addresses");
}

#[test]
fn nis_aliases() {
    read("nis.ldif", sample("nis-aliases.ldif"))
        .is(
            &["sales@domain2.com anna@company.com, bob@company.com"],
            &["nis.ldif:13:5: warning unread-alias"],
        )
        .says("2 aliases (`rfc822MailMember`) not read: the name has no domain");
    let options = Options {
        local_domain: Some(domain("company.com")),
        ..Options::default()
    };
    import(ImportFormat::Ldif, sample("nis-aliases.ldif"), &options).is(
        &[
            "sales@domain2.com anna@company.com, bob@company.com",
            "root@company.com jdoe@company.com",
            "postmaster@company.com jdoe@company.com",
        ],
        &[],
    );
}
