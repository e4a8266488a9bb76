//! Traps of LDIF and of directories.

use super::support::{finds, import, read};
use readdress::engine::format::{ImportFormat, Options};

/// An object with these lines.
fn object(lines: &str) -> String {
    format!("dn: CN=a\n{lines}\n")
}

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
    let two = "version: 1\n\n\ndn:: Q049YQ==\nmail: a@c.com\n\n\n\ndn: CN=b\nmail: b@c.com";
    read("a.ldif", two).is(&["a@c.com mailbox", "b@c.com mailbox"], &[]);
    read("a.ldif", "dn: CN=a\nmail: a@c.com\n\n# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 2\n# refldap://x/y\n\nref: ldap://z/\n")
        .is(&["a@c.com mailbox"], &[])
        .skips(&["skipped: 2 referral in a.ldif"]);
    finds("a.ldif", "mail: a@c.com\n", &["a.ldif:1:7: error syntax"]);
}

#[test]
fn change_records() {
    read("a.ldif", "dn: CN=a\nchangetype: delete\n\ndn: CN=b\nchangetype: modrdn\nnewrdn: CN=c\n\ndn: CN=d\nchangetype: modify\nreplace: displayName\ndisplayName: D\n-\n")
        .is(&[], &[])
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
    finds(
        "a.ldif",
        &object("mail: a@c.com\nmail: b@c.com"),
        &["a.ldif:3:7: error two-primaries"],
    );
}

#[test]
fn values_seen_in_the_wild() {
    read("a.ldif", object("mail: jdoe@c.com\nproxyAddresses: =EX:/o=x\nproxyAddresses: SMTP:JDoe@c.com\notherMailbox: smtp:x@d.com\notherMailbox: jd@home.example\nproxyAddresses: X400:c=US;a= ;p=x"))
        .is(&["x@d.com JDoe@c.com", "JDoe@c.com mailbox"], &[])
        .skips(&["skipped: 1 ex, 1 other-mailbox, 1 x400 in a.ldif"]);
    read("a.ldif", object("objectClass: contact\ntargetAddress: SMTP:ann@partner.example\nproxyAddresses: SMTP:ann@partner.example\nproxyAddresses: smtp:ann@d.com"))
        .is(&["ann@d.com ann@partner.example"], &[])
        .skips(&["skipped: 1 target-address in a.ldif"]);
}

#[test]
fn disabled_accounts_may_be_shared_mailboxes() {
    let text = object("userAccountControl: 514\nproxyAddresses: SMTP:a@c.com");
    read("a.ldif", &text).is(&["a@c.com mailbox"], &[]);
    let options = Options {
        skip_disabled: true,
        ..Options::default()
    };
    import(ImportFormat::Ldif, &text, &options)
        .is(&[], &[])
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
        &["a.ldif:0:1: warning page-limit"],
    );
    finds("a.ldif", &entries(999), &[]);
}

#[test]
fn utf16_as_ldifde_writes_it() {
    let text = object("proxyAddresses: SMTP:jörg@c.com");
    let bytes: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    read("a.ldif", bytes).is(&["jörg@c.com mailbox"], &[]);
}

/// Active Directory gives 1500 values of an attribute at a time, and says so in an option.
#[test]
fn a_part_of_the_values() {
    let part = object("mail: a@c.com\nproxyAddresses;range=0-1499: SMTP:a@c.com");
    finds("a.ldif", &part, &["a.ldif:3:1: error cut-off"]).says("rest");
    let whole = object("mail: a@c.com\nproxyAddresses;range=0-*: SMTP:a@c.com");
    read("a.ldif", whole).is(&["a@c.com mailbox"], &[]);
    let other = object("mail: a@c.com\nmember;range=0-1499: CN=b");
    read("a.ldif", other).is(&["a@c.com mailbox"], &[]);
}

/// A line with a space in it continues the one before; two objects would become one.
#[test]
fn a_blank_line_that_is_not_blank() {
    let two = "dn: CN=a\nmail: a@c.com\n \ndn: CN=b\nmail: b@c.com\n";
    finds("a.ldif", two, &["a.ldif:4:5: error syntax"]).says("blank line");
}
