//! Traps of LDIF and of directories.

use super::support::{finds, import, read};
use readdress::engine::format::{ImportFormat, Options};

/// An object with these lines.
fn object(lines: &str) -> String {
    format!("dn: CN=a\n{lines}\n")
}

/// The warning of a file with mailboxes alone.
const ALONE: &str = "a.ldif:0:1: warning no-secondaries";

#[test]
fn folds_inside_of_everything() {
    read("a.ldif", "# a com\n ment\ndn: CN=a,\n OU=b\r\nproxyAddresses: SMTP:a@c\r\n .com\nproxyAddresses:: c21\n 0cDp4QGQuY29t\n")
        .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    // Exactly one space is taken out.
    finds(
        "a.ldif",
        &object("proxyAddresses: SMTP:a@c\n  .com"),
        &["a.ldif:2:17: error bad-target"],
    );
    finds(
        "a.ldif",
        " x\ndn: CN=a\n",
        &["a.ldif:1:2: error continuation"],
    );
}

#[test]
fn ways_to_write_a_value() {
    read(
        "a.ldif",
        object("PROXYADDRESSES:SMTP:a@c.com\nproxyaddresses;lang-de:    smtp:x@d.com"),
    )
    .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    finds(
        "a.ldif",
        &object("proxyAddresses:< file:///etc/passwd"),
        &["a.ldif:2:18: error url-value"],
    );
    finds(
        "a.ldif",
        &object("proxyAddresses:: !!!"),
        &["a.ldif:2:18: error bad-base64"],
    );
    // The first decodes to a NUL, the second to what is no UTF-8.
    finds(
        "a.ldif",
        &object("proxyAddresses:: c210cDoAQGQuY29t"),
        &["a.ldif:2:18: error bad-base64"],
    );
    finds(
        "a.ldif",
        &object("proxyAddresses:: c210cDr/QGQuY29t"),
        &["a.ldif:2:18: error bad-base64"],
    );
    finds("a.ldif", &object("nonsense"), &["a.ldif:2:1: error syntax"]);
}

#[test]
fn records() {
    let two = "version: 1\n\n\ndn:: Q049YQ==\nmail: a@c.com\n\n\n\ndn: CN=b\nmail: b@c.com\n";
    read("a.ldif", two).is(&["a@c.com mailbox", "b@c.com mailbox"], &[ALONE]);
    finds("a.ldif", "mail: a@c.com\n", &["a.ldif:1:7: error syntax"]);
}

#[test]
fn change_records() {
    read("a.ldif", "dn: CN=a\nchangetype: delete\n\ndn: CN=b\nchangetype: modrdn\nnewrdn: CN=c\n\ndn: CN=d\nchangetype: modify\nreplace: displayName\ndisplayName: D\n-\n")
        .is(&[], &["a.ldif:0:1: warning nothing-read"])
        .skips(&["skipped: 1 deleted, 1 other-changes, 1 renamed in a.ldif"]);
    read("a.ldif", "dn: CN=a\nchangetype: modify\nreplace: proxyAddresses\nproxyAddresses: SMTP:a@c.com\nproxyAddresses: smtp:x@d.com\n-\n")
        .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    finds(
        "a.ldif",
        "dn: CN=a\nchangetype: modify\ndelete: proxyAddresses\nproxyAddresses: SMTP:a@c.com\n-\n",
        &["a.ldif:3:9: error change-record"],
    );
}

#[test]
fn which_address_is_the_primary_one() {
    finds(
        "a.ldif",
        &object("proxyAddresses: SMTP:a@c.com\nproxyAddresses: SMTP:b@c.com"),
        &["a.ldif:3:22: error two-primaries"],
    );
    read(
        "a.ldif",
        object("mail: a@c.com\nproxyAddresses: smtp:x@d.com"),
    )
    .is(
        &["x@d.com a@c.com", "a@c.com mailbox"],
        &["a.ldif:2:7: warning no-primary"],
    );
    finds(
        "a.ldif",
        &object("proxyAddresses: smtp:x@d.com"),
        &["a.ldif:1:5: error no-primary"],
    );
    // The first `mail` is the primary address, wherever another attribute does not mark one.
    read(
        "a.ldif",
        object("mail: a@c.com\nmail: b@c.com\nmail: B@C.com"),
    )
    .is(&["b@c.com a@c.com", "a@c.com mailbox"], &[]);
}

#[test]
fn values_seen_in_the_wild() {
    read("a.ldif", object("mail: jdoe@c.com\nproxyAddresses: =EX:/o=x\nproxyAddresses: SMTP:JDoe@c.com\notherMailbox: smtp:x@d.com\notherMailbox: jd@home.example\nproxyAddresses: X400:c=US;a= ;p=x"))
        .is(&["x@d.com JDoe@c.com", "JDoe@c.com mailbox"], &["a.ldif:6:15: warning unread-attribute"])
        .skips(&["skipped: 1 ex, 1 x400 in a.ldif"]);
    read("a.ldif", object("objectClass: contact\ntargetAddress: SMTP:ann@partner.example\nproxyAddresses: SMTP:ann@partner.example\nproxyAddresses: smtp:ann@d.com"))
        .is(&["ann@d.com ann@partner.example"], &[])
        .skips(&["skipped: 1 target-address in a.ldif"]);
}

#[test]
fn disabled_accounts_may_be_shared_mailboxes() {
    let text = object("userAccountControl: 514\nproxyAddresses: SMTP:a@c.com");
    read("a.ldif", &text).is(&["a@c.com mailbox"], &[ALONE]);
    let options = Options {
        skip_disabled: true,
        ..Options::default()
    };
    import(ImportFormat::Ldif, &text, &options)
        .is(&[], &["file:0:1: warning nothing-read"])
        .skips(&["skipped: 1 disabled in file"]);
}

#[test]
fn a_page_that_is_exactly_full() {
    let entries = |count| {
        (0..count)
            .map(|n| format!("dn: CN={n}\nmail: a{n}@c.com\n\n"))
            .collect::<String>()
    };
    finds(
        "a.ldif",
        &entries(1000),
        &["a.ldif:0:1: warning page-limit", ALONE],
    );
    finds("a.ldif", &entries(999), &[ALONE]);
}

#[test]
fn utf16_as_ldifde_writes_it() {
    let text = object("proxyAddresses: SMTP:jörg@c.com");
    let bytes: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    read("a.ldif", bytes).is(&["jörg@c.com mailbox"], &[ALONE]);
}

/// Active Directory gives 1500 values of an attribute at a time, and says so in an option.
#[test]
fn a_part_of_the_values() {
    let part = object("mail: a@c.com\nproxyAddresses;range=0-1499: SMTP:a@c.com");
    finds("a.ldif", &part, &["a.ldif:3:1: error cut-off"]).says("rest");
    let whole = object("mail: a@c.com\nproxyAddresses;range=0-*: SMTP:a@c.com");
    read("a.ldif", whole).is(&["a@c.com mailbox"], &[ALONE]);
    let other = object("mail: a@c.com\nmember;range=0-1499: CN=b");
    read("a.ldif", other).is(&["a@c.com mailbox"], &[ALONE]);
}

/// A line with a space in it continues the one before; two objects would become one.
#[test]
fn a_blank_line_that_is_not_blank() {
    let two = "dn: CN=a\nmail: a@c.com\n \ndn: CN=b\nmail: b@c.com\n";
    finds("a.ldif", two, &["a.ldif:4:5: error syntax"]).says("empty line");
}

/// iRedMail, qmail-ldap, GOsa, Zimbra, Kolab, Sendmail's own: each as its product writes it.
#[test]
fn attributes_of_many_products() {
    let both = ["x@d.com a@c.com", "y@d.com a@c.com", "a@c.com mailbox"];
    for name in [
        "mailAlias",
        "mailAlternateAddress",
        "mailEquivalentAddress",
        "mailLocalAddress",
        "shadowAddress",
        "gosaMailAlternateAddress",
        "zimbraMailAlias",
        "alias",
        "mail",
    ] {
        let text = object(&format!("mail: a@c.com\n{name}: x@d.com\n{name}: y@d.com"));
        read("a.ldif", text).is(&both, &[]);
    }
    // Zimbra names the primary address, and repeats the aliases in `mail` in any order.
    let zimbra = "zimbraMailDeliveryAddress: a@c.com\nmail: x@d.com\nmail: a@c.com\nzimbraMailAlias: x@d.com\nzimbraMailAlias: y@d.com";
    read("a.ldif", object(zimbra)).is(&both, &[]);
    // An attribute `alias` may be anything.
    read("a.ldif", object("mail: a@c.com\nalias: anna"))
        .is(&["a@c.com mailbox"], &[ALONE])
        .skips(&["skipped: 1 alias-without-domain in a.ldif"]);
    // Without `mail` nothing tells whose the addresses are.
    finds(
        "a.ldif",
        &object("mailAlternateAddress: x@d.com"),
        &["a.ldif:1:5: error no-primary"],
    );
}

/// Which attributes are not read is said once, with how many addresses they hold.
#[test]
fn attributes_that_are_not_read() {
    let text = "dn: uid=a,dc=c\nmail: a@c.com\nmailAlternateAddress: x@d.com\nmailForwardingAddress: anna@home.example\nuid: a@c.com\nuserPrincipalName: a@corp.local\n\n\
                dn: uid=b,dc=c\nmail: b@c.com\nmailForwardingAddress: b@c.com\nMailForwardingAddress: bob@home.example\nmemberOf: mail=a@c.com,dc=c\ndescription: write to bob@home.example\ncompanyAlias:: Ym9iQGQuY29t\n";
    read("a.ldif", text)
        .is(
            &["x@d.com a@c.com", "a@c.com mailbox", "b@c.com mailbox"],
            &[
                "a.ldif:4:24: warning unread-attribute",
                "a.ldif:14:16: warning unread-attribute",
            ],
        )
        .says("`mailForwardingAddress` holds 2 addresses and is not read")
        .says("`companyAlias` holds 1 address and is not read")
        .skips(&["skipped: 1 userprincipalname in a.ldif"]);
    // Active Directory: `mail` beside `SMTP:` is another address.
    read(
        "a.ldif",
        object("mail: old@c.com\nproxyAddresses: SMTP:a@c.com\nproxyAddresses: smtp:x@d.com"),
    )
    .is(
        &["x@d.com a@c.com", "a@c.com mailbox"],
        &["a.ldif:2:7: warning unread-attribute"],
    );
}

#[test]
fn aliases_of_nis() {
    let alias = |cn: &str, members: &str| {
        format!("dn: cn=sales,dc=c\nobjectClass: nisMailAlias\ncn: {cn}\n{members}")
    };
    let two = "rfc822MailMember: a@c.com\nrfc822MailMember: b@c.com\n";
    read("a.ldif", alias("sales@d.com", two)).is(&["sales@d.com a@c.com, b@c.com"], &[]);
    read("a.ldif", alias("sales", two))
        .is(
            &[],
            &[
                "a.ldif:0:1: warning nothing-read",
                "a.ldif:3:5: warning unread-alias",
            ],
        )
        .says("--local-domain");
    let options = Options {
        local_domain: Some(super::support::domain("d.com")),
        ..Options::default()
    };
    let local = "rfc822MailMember: a@c.com\nrfc822MailMember: bob\n";
    import(ImportFormat::Ldif, alias("sales", local), &options)
        .is(&["sales@d.com a@c.com, bob@d.com"], &[]);
    // Half of a list is worse than none.
    finds(
        "a.ldif",
        &alias("sales@d.com", local),
        &["a.ldif:5:19: error no-domain"],
    );
    for member in ["|/bin/prog", "/var/mail/x", ":include:/etc/list"] {
        finds(
            "a.ldif",
            &alias("sales@d.com", &format!("rfc822MailMember: {member}\n")),
            &["a.ldif:4:19: error not-an-address"],
        );
    }
    // A list with an address of its own.
    read(
        "a.ldif",
        format!("dn: cn=Sales,dc=c\ncn: Sales\nmail: sales@d.com\nmailAlternateAddress: info@d.com\n{two}"),
    )
    .is(&["sales@d.com a@c.com, b@c.com", "info@d.com a@c.com, b@c.com"], &[]);
}

/// An entry that is good, and what ldapsearch may write around it.
fn answer(before: &str, after: &str) -> String {
    format!("{before}dn: CN=a\nmail: a@c.com\nmailAlias: x@d.com\n\n{after}")
}

#[test]
fn answers_that_are_whole() {
    for (before, after) in [
        ("", ""),
        ("version: 1\n\n", ""),
        (
            "# extended LDIF\n#\n# LDAPv3\n# base <dc=c> with scope subtree\n#\n\n",
            "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 2\n# numEntries: 1\n",
        ),
        (
            "# extended LDIF\n#\n\n",
            "# search result\n# result: 0 Success\n\n# numResponses: 2\n# numEntries: 1\n",
        ),
        (
            "",
            "# search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n# numResponses: 2\n# numEntries: 1\n",
        ),
        (
            "version: 1\n\n#\n# LDAPv3\n#\n\n",
            "# search result\n\n# numResponses: 2\n# numEntries: 1\n",
        ),
        ("# result: as of Monday\n", ""),
    ] {
        let text = answer(before, after);
        read("a.ldif", &text).is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    }
    // Two pages and one count, as ldapsearch 2.5 writes them.
    let head = "# extended LDIF\n#\n# LDAPv3\n#\n\n";
    let page = |cookie: &str| {
        format!("# search result\nsearch: 2\nresult: 0 Success\npagedresults: cookie={cookie}\n")
    };
    let first = answer(head, &page("AQAAAA=="));
    let second = format!("{head}dn: CN=b\nmail: b@c.com\n\n{}", page(""));
    let both = format!("{first}{second}\n# numResponses: 4\n# numEntries: 2\n");
    read("a.ldif", &both).is(
        &["x@d.com a@c.com", "a@c.com mailbox", "b@c.com mailbox"],
        &[],
    );
    finds("a.ldif", &first, &["a.ldif:13:15: error cut-off"]).says("pages");
}

#[test]
fn answers_that_say_that_they_are_not_whole() {
    for (result, says) in [
        ("4 Size limit exceeded", "pr=500/noprompt"),
        ("3 Time limit exceeded", "-l 0"),
        ("11 Administrative limit exceeded", "pr=500/noprompt"),
        ("10 Referral", "names"),
        ("51 Server is busy", "again"),
        ("4", "answer: 4\n"),
    ] {
        let record = answer(
            "",
            &format!("# search result\nsearch: 2\nresult: {result}\n"),
        );
        finds("a.ldif", &record, &["a.ldif:7:9: error cut-off"]).says(says);
        let comment = answer("", &format!("# search result\n\n# result: {result}\n"));
        finds("a.ldif", &comment, &["a.ldif:7:1: error cut-off"]).says(says);
    }
    let fewer = answer("", "# numResponses: 3\n# numEntries: 2\n");
    finds("a.ldif", &fewer, &["a.ldif:6:1: error cut-off"])
        .says("counted 2 entries, and this file has 1");
    let headless = answer("# extended LDIF\n#\n# LDAPv3\n\n", "");
    finds("a.ldif", &headless, &["a.ldif:3:1: error cut-off"]).says("no result");
}

#[test]
fn referrals() {
    let parts = "# refldap://ForestDnsZones.c.com/DC=ForestDnsZones,DC=c,DC=com\n\n# refldap://c.com/CN=Configuration,DC=c,DC=com\n\n";
    read("a.ldif", answer("", parts))
        .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[])
        .skips(&["skipped: 2 referral in a.ldif"]);
    let child = "# refldap://child.c.com/DC=child,DC=c,DC=com\n\n# search reference\nref: ldap://b.c.com/DC=b,DC=c,DC=com??sub\n";
    finds(
        "a.ldif",
        &answer("", child),
        &["a.ldif:5:1: error referral"],
    )
    .says("2 referrals")
    .says("3268");
}

/// A copy that was cut off ends within a line, at whatever byte.
#[test]
fn a_file_that_was_cut_off() {
    let whole = "dn: CN=a\nmail: a@c.com\nproxyAddresses:: U01UUDphQGMuY29t\nproxyAddresses: smtp:x@d.com\n\n";
    read("a.ldif", whole).is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    for end in 1..whole.len() {
        let cut = &whole[..end];
        if !cut.ends_with('\n') {
            let found = read("a.ldif", cut).findings;
            assert!(
                found.iter().any(|f| f.contains(" error ")),
                "{cut:?}: {found:?}"
            );
        }
    }
    finds("a.ldif", whole.trim_end(), &["a.ldif:4:1: error cut-off"]);
}
