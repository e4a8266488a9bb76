//! Traps of Exchange 5.5 exports and of PowerShell's.

use super::support::{domain, finds, import, read};
use readdress::engine::format::{ImportFormat, Options, PrimaryFrom};

/// A file of Exchange 5.5 with these rows.
fn old(rows: &str) -> String {
    format!("Obj-Class,Mode,Alias Name,E-mail Addresses,Secondary-Proxy-Addresses\n{rows}\n")
}

/// A PowerShell export with these rows.
fn new(rows: &str) -> String {
    format!("PrimarySmtpAddress,EmailAddresses,RecipientTypeDetails\n{rows}\n")
}

#[test]
fn the_column_decides_not_the_case() {
    read(
        "o.csv",
        old("Mailbox,,a,smtp:a@c.com,SMTP:x@d.com%SMTP:y@d.com"),
    )
    .is(
        &["x@d.com a@c.com", "y@d.com a@c.com", "a@c.com mailbox"],
        &[],
    );
    finds(
        "o.csv",
        &old("Mailbox,,a,SMTP:a@c.com%SMTP:b@c.com,"),
        &["o.csv:2:25: error two-primaries"],
    );
}

#[test]
fn first_header_classes_and_modes() {
    let options = Options::default();
    let wrong = import(
        ImportFormat::Exchange55,
        "Directory Name;Obj-Class\nx;Mailbox\n",
        &options,
    );
    assert_eq!(wrong.findings, ["file:1:1: error unknown-header"]);
    wrong.says("check the column delimiter");
    finds(
        "o.csv",
        &old("Folder,,a,SMTP:a@c.com,"),
        &["o.csv:2:1: error unknown-class"],
    );
    finds(
        "o.csv",
        &old("dl,Rename,a,SMTP:a@c.com,"),
        &["o.csv:2:4: error unknown-mode"],
    );
    read(
        "o.csv",
        old("MAILBOX,delete,a,SMTP:a@c.com,\ndl,Create,b,SMTP:b@c.com,"),
    )
    .is(&["b@c.com mailbox"], &["o.csv:0:1: warning no-secondaries"])
    .skips(&["skipped: 1 deleted in o.csv"]);
}

#[test]
fn names_of_columns_of_every_version() {
    read(
        "o.csv",
        "Obj-Class,E-mail-addresses,secondary proxy addresses\nmailbox,SMTP:a@c.com,smtp:x@d.com\n",
    )
    .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    finds(
        "o.csv",
        "Obj-Class,E-mail Addresses\nMailbox,SMTP:a@c.com\n",
        &["o.csv:1:1: warning no-secondaries"],
    )
    .says("Q153028");
}

#[test]
fn separators_that_the_import_file_chose() {
    let options = Options {
        column_sep: Some('\t'),
        mv_sep: Some('&'),
        quote: Some('\''),
        ..Options::default()
    };
    let text = "Obj-Class\tE-mail Addresses\tSecondary-Proxy-Addresses\nMailbox\tSMTP:a@c.com\t'smtp:x@d.com&smtp:y@d.com'\n";
    import(ImportFormat::Exchange55, text, &options).is(
        &["x@d.com a@c.com", "y@d.com a@c.com", "a@c.com mailbox"],
        &[],
    );
}

#[test]
fn values_that_were_quoted_one_by_one() {
    read(
        "o.csv",
        old("Mailbox,,a,SMTP:a@c.com,\"smtp:x@d.com\"%\"smtp:y@d.com\""),
    )
    .is(
        &["x@d.com a@c.com", "y@d.com a@c.com", "a@c.com mailbox"],
        &[],
    );
}

#[test]
fn orders_to_remove_are_no_addresses() {
    for order in ["~DEL", "~del<SMTP:x@d.com>", "~DEL<SMTP:>%~DEL<X400:>"] {
        let read = read("o.csv", old(&format!("Mailbox,,a,SMTP:a@c.com,{order}")));
        assert_eq!(read.findings[0], "o.csv:2:25: error removal-order");
    }
}

#[test]
fn cells_that_were_cut_off() {
    finds(
        "o.csv",
        &old("Mailbox,,a,SMTP:a@c.com,smtp:x@d.com%smtp:y@"),
        &["o.csv:2:43: error cut-off"],
    );
    finds(
        "o.csv",
        &old("Mailbox,,a,SMTP:a@c.com,smtp:x@d.com%smt"),
        &["o.csv:2:38: error no-type"],
    );
    finds(
        "o.csv",
        &old("Mailbox,,a,SMTP:a@c.com,TOOLONGTYPE:x"),
        &["o.csv:2:25: error no-type"],
    )
    .says("longer than 8");
    let long = format!("smtp:{}@d.com", "x".repeat(244));
    assert_eq!(long.len(), 255);
    let cut = read("o.csv", old(&format!("Mailbox,,a,SMTP:a@c.com,{long}")));
    assert_eq!(cut.findings, ["o.csv:2:25: error cut-off"]);
}

#[test]
fn a_mailbox_whose_address_exchange_made() {
    let text = old("Mailbox,,jdoe,,smtp:jd@d.com");
    finds("o.csv", &text, &["o.csv:2:1: error no-primary"]).says("--primary-from alias@DOMAIN");
    let options = Options {
        primary_from: Some(PrimaryFrom::Alias(domain("c.com"))),
        ..Options::default()
    };
    import(ImportFormat::Exchange55, &text, &options)
        .is(&["jd@d.com jdoe@c.com", "jdoe@c.com mailbox"], &[]);
}

#[test]
fn every_inner_separator_of_powershell() {
    for list in [
        "SMTP:a@c.com;smtp:x+n@d.com",
        "SMTP:a@c.com|smtp:x+n@d.com",
        "\"SMTP:a@c.com, smtp:x+n@d.com\"",
        "\"{SMTP:a@c.com, smtp:x+n@d.com}\"",
        "SMTP:a@c.com smtp:x+n@d.com",
        "SMTP:a@c.com+smtp:x+n@d.com",
        "\"SMTP:a@c.com\nsmtp:x+n@d.com\"",
        "SMTP:a@c.com; smtp:x+n@d.com",
    ] {
        read("m.csv", new(&format!("a@c.com,{list},UserMailbox")))
            .is(&["x+n@d.com a@c.com", "a@c.com mailbox"], &[]);
    }
}

#[test]
fn the_place_of_a_value_on_a_later_line_of_its_cell() {
    finds(
        "m.csv",
        &new("a@c.com,\"SMTP:a@c.com\nsmtp:x?@d.com\",UserMailbox"),
        &["m.csv:3:6: error lossy-value"],
    );
}

#[test]
fn which_address_is_the_primary_one() {
    read(
        "m.csv",
        new("a@c.com,smtp:a@c.com;smtp:b@c.com,UserMailbox"),
    )
    .is(&["b@c.com a@c.com", "a@c.com mailbox"], &[]);
    finds(
        "m.csv",
        &new(",smtp:a@c.com;smtp:b@c.com,UserMailbox"),
        &["m.csv:2:1: error no-primary"],
    );
    finds(
        "m.csv",
        &new(",SMTP:a@c.com;SMTP:b@c.com,UserMailbox"),
        &["m.csv:2:20: error two-primaries"],
    );
    read("m.csv", "DN;proxyAddress\nCN=a;SMTP:a@c.com,smtp:x@d.com\n")
        .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
    let upn = "User principal name,Proxy addresses\na@c.com,smtp:x@d.com\n";
    finds("m.csv", upn, &["m.csv:2:1: error no-primary"]);
    let options = Options {
        primary_from: Some(PrimaryFrom::PrincipalName),
        ..Options::default()
    };
    import(ImportFormat::Microsoft365, upn, &options)
        .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
}

#[test]
fn values_that_powershell_lost() {
    for lost in [
        "System.String[]",
        "System.Object[]",
        "Microsoft.Exchange.Data.ProxyAddressCollection",
        "Microsoft.Exchange.Data.MultiValuedProperty`1[x]",
    ] {
        let read = finds(
            "m.csv",
            &new(&format!("a@c.com,{lost},UserMailbox")),
            &["m.csv:2:9: error lossy-value"],
        );
        read.says("-Encoding UTF8");
    }
    for cut in [
        "\"{SMTP:a@c.com, smtp:b@c.com…}\"",
        "\"{SMTP:a@c.com, smtp:b@c.com...}\"",
        "\"{SMTP:a@c.com, smtp:b\"",
    ] {
        finds(
            "m.csv",
            &new(&format!("a@c.com,{cut},UserMailbox")),
            &["m.csv:2:10: error cut-off"],
        );
    }
    finds(
        "m.csv",
        &new("a@c.com,SMTP:a@c.com;smtp:j?rg@d.com,UserMailbox"),
        &["m.csv:2:27: error lossy-value"],
    );
}

#[test]
fn what_is_counted_and_left_out() {
    read(
        "m.csv",
        new("a@c.com,SMTP:a@c.com;SPO:x;SIP:a@c.com;EUM:1;x500:/o=a;smtp:a@c.onmicrosoft.com;smtp:a@c.mail.onmicrosoft.com,UserMailbox\n\
             g_x#EXT#@c.onmicrosoft.com,SMTP:g@x.com,GuestMailUser\n\
             SystemMailbox{1}@c.com,SMTP:SystemMailbox{1}@c.com,UserMailbox\n\
             DiscoverySearchMailbox{2}@c.com,SMTP:DiscoverySearchMailbox{2}@c.com,DiscoveryMailbox"),
    )
    .is(&["a@c.com mailbox"], &["m.csv:0:1: warning no-secondaries"])
    .skips(&["skipped: 1 eum, 1 guests, 2 onmicrosoft, 1 sip, 1 spo, 2 system, 1 x500 in m.csv"]);
    read(
        "m.csv",
        "mail,ProxyAddresses,Soft deletion time stamp\na@c.com,SMTP:a@c.com,2024-01-01\n",
    )
    .is(&[], &["m.csv:0:1: warning nothing-read"])
    .skips(&["skipped: 1 soft-deleted in m.csv"]);
    let options = Options {
        keep_onmicrosoft: true,
        ..Options::default()
    };
    import(
        ImportFormat::Microsoft365,
        new("a@c.com,SMTP:a@c.com;smtp:a@c.onmicrosoft.com,UserMailbox"),
        &options,
    )
    .is(&["a@c.onmicrosoft.com a@c.com", "a@c.com mailbox"], &[]);
}

#[test]
fn contacts_have_no_mailbox_here() {
    read(
        "m.csv",
        new("ann@partner.example,SMTP:ann@partner.example;smtp:ann@d.com,MailContact"),
    )
    .is(&["ann@d.com ann@partner.example"], &[]);
}

/// Event 233.
#[test]
fn two_primary_addresses_of_one_type() {
    for kind in ["SMTP", "X400", "MS"] {
        let row = format!("Mailbox,,a,SMTP:a@c.com%{kind}:b@c.com%{kind}:e@c.com,");
        let found = read("e.csv", old(&row));
        let last = found.findings.last().unwrap();
        assert!(last.ends_with("error two-primaries"), "{kind}: {last}");
        found.says(&format!("two of type {kind}"));
    }
}

/// Q152449: a letter of two bytes at a boundary of 4 KB loses one of them.
#[test]
fn half_letters_of_the_old_export() {
    let rows = old("Mailbox,,a,SMTP:a@c.com,smtp:\u{fffd}@d.com");
    let found = read("e.csv", rows);
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    assert!(found.findings[0].ends_with("error lossy-value"));
    found.says("Q152449").says("--encoding");
}

#[test]
fn a_column_that_names_another_primary_address() {
    let rows = |named: &str| new(&format!("{named},SMTP:a@c.com;smtp:jd@d.com,UserMailbox"));
    let rules = ["jd@d.com a@c.com", "a@c.com mailbox"];
    read("m.csv", rows("A@C.com")).is(&rules, &[]);
    let found = read("m.csv", rows("b@c.com"));
    found.says("`b@c.com`").says("`SMTP:` marks `a@c.com`");
    found.is(&rules, &["m.csv:2:1: warning other-primary"]);
}

#[test]
fn characters_that_nobody_sees_between_the_values_of_a_cell() {
    let rules = ["jd@d.com a@c.com", "a@c.com mailbox"];
    for list in [
        "\u{a0}SMTP:a@c.com;smtp:jd@d.com",
        "SMTP:a@c.com\u{a0};smtp:jd@d.com",
        "SMTP:a@c.com;\u{a0}smtp:jd@d.com\u{200b}",
        "SMTP:a@c.com;smtp:\u{a0}jd@d.com",
    ] {
        let found = read("m.csv", new(&format!("a@c.com,{list},UserMailbox")));
        assert_eq!(found.rules, rules, "{list:?}: {}", found.words);
        assert!(!found.findings.is_empty(), "{list:?}");
        for finding in &found.findings {
            assert!(
                finding.ends_with("warning unseen-character"),
                "{list:?}: {finding}"
            );
        }
    }
}

#[test]
fn addresses_that_begin_like_the_name_of_a_class() {
    let list = "SMTP:System.Admin@c.com;smtp:microsoft.com@d.com";
    read(
        "m.csv",
        new(&format!("System.Admin@c.com,{list},UserMailbox")),
    )
    .is(
        &[
            "microsoft.com@d.com System.Admin@c.com",
            "System.Admin@c.com mailbox",
        ],
        &[],
    );
    let bare = "PrimarySmtpAddress,Address\nSystem.Admin@c.com,System.Root@d.com\n";
    read("m.csv", bare).is(
        &[
            "System.Root@d.com System.Admin@c.com",
            "System.Admin@c.com mailbox",
        ],
        &[],
    );
}

#[test]
fn every_mailbox_of_the_system_itself() {
    let rows: String = [
        "SystemMailbox{1}",
        "HealthMailbox0a",
        "DiscoverySearchMailbox{2}",
        "FederatedEmail.4c",
        "extest_1",
    ]
    .iter()
    .map(|local| format!("{local}@c.com,SMTP:{local}@c.com;smtp:{local}@d.com,UserMailbox\n"))
    .collect();
    read("m.csv", new(&rows))
        .is(&[], &["m.csv:0:1: warning nothing-read"])
        .skips(&["skipped: 5 system in m.csv"]);
}

#[test]
fn links_to_addresses() {
    read(
        "m.csv",
        new("a@c.com,mailto:a@c.com;smtp:MailTo:x@d.com,UserMailbox"),
    )
    .is(&["x@d.com a@c.com", "a@c.com mailbox"], &[]);
}
