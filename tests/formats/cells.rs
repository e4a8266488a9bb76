//! Cells as people paste them and scripts write them, and columns that nobody reads.

use proptest::prelude::*;

use super::support::{finds, import, read};
use readdress::engine::format::{ImportFormat, Options};

#[test]
fn pasted_from_outlook_and_excel() {
    for to in [
        "a@c.com; b@c.com",
        "\"Anna A <a@c.com>; Doe, Bob <b@c.com>\"",
        "\"\"\"Doe, Anna\"\" <a@c.com>; b@c.com\"",
        "mailto:a@c.com;mailto:b@c.com",
        "'a@c.com'; 'b@c.com'",
        "\"\"\"a@c.com; b@c.com\"\"\"",
        "\"[\"\"a@c.com\"\",\"\"b@c.com\"\"]\"",
        "\"<a@c.com>, <b@c.com>\"",
        "\"a@c.com;\nb@c.com\"",
    ] {
        read("p.csv", format!("from,to\nx@d.com,{to}\n")).is(&["x@d.com a@c.com, b@c.com"], &[]);
    }
    for from in [
        "mailto:x@d.com",
        "X <x@d.com>",
        "'x@d.com'",
        "\"\"\"x@d.com\"\"\"",
        "<x@d.com>",
    ] {
        read("p.csv", format!("from,to\n{from},a@c.com\n")).is(&["x@d.com a@c.com"], &[]);
    }
    read("p.csv", "from,to\na@c.com,mailbox x@d.com; Y <y@d.com>\n").is(
        &["x@d.com a@c.com", "y@d.com a@c.com", "a@c.com mailbox"],
        &[],
    );
    // What native rules say stays as it is.
    read("p.csv", "from,to\nx@d.com,\"reject 550 5.1.1 \"\"gone; see <a@c.com>\"\"\"\n\"\"\"john doe\"\"@d.com\",a@c.com\n")
        .is(
            &["x@d.com reject 550 5.1.1 \"gone; see <a@c.com>\"", "\"john doe\"@d.com a@c.com"],
            &[],
        );
}

#[test]
fn no_address_is_made_up() {
    for (to, column) in [
        ("John Doe", 9),
        ("John", 9),
        ("John Doe; b@c.com", 9),
        ("b@c.com; John", 18),
        ("\"Doe, John; b@c.com\"", 10),
        ("John a@c.com; b@c.com", 9),
        ("a@c.com <b@c.com>", 9),
    ] {
        let read = read("p.csv", format!("from,to\nx@d.com,{to}\n"));
        read.is(&[], &[&format!("p.csv:2:{column}: error bad-target")]);
        assert!(!read.words.contains("John@"), "{}", read.words);
    }
    read("p.csv", "from,to\nx@d.com; y@d.com,a@c.com\n").is(&[], &["p.csv:2:1: error bad-pattern"]);
}

#[test]
fn pasted_cells_of_other_tables() {
    for cell in [
        "jd@d.com; x@d.com",
        "\"JD <jd@d.com>, mailto:x@d.com\"",
        "\"[\"\"jd@d.com\"\",\"\"x@d.com\"\"]\"",
    ] {
        let rules = ["jd@d.com a@c.com", "x@d.com a@c.com", "a@c.com mailbox"];
        read(
            "m.csv",
            format!("PrimarySmtpAddress,EmailAddresses\nAnna <a@c.com>,{cell}\n"),
        )
        .is(&rules, &[]);
        read(
            "g.csv",
            format!("Primary Email,Email Alias\na@c.com,{cell}\n"),
        )
        .is(&rules, &[]);
    }
    read("g.csv", "X <x@d.com>,A <a@c.com>; b@c.com\n").is(&["x@d.com a@c.com, b@c.com"], &[]);
    finds(
        "m.csv",
        "PrimarySmtpAddress,EmailAddresses\na@c.com,John Doe\n",
        &["m.csv:2:9: error cut-off"],
    );
}

#[test]
fn lists_of_graph_and_csvde() {
    let rules = ["jd@d.com a@c.com", "jörg@d.com a@c.com", "a@c.com mailbox"];
    for list in [
        "\"[\"\"SMTP:a@c.com\"\",\"\"smtp:jd@d.com\"\",\"\"smtp:jörg@d.com\"\",\"\"SIP:a@c.com\"\"]\"",
        "\"[\"\"SMTP:a@c.com\"\",\"\"smtp:jd@d.com\"\",\"\"smtp:j\\u00f6rg@d.com\"\",\"\"SIP:a@c.com\"\"]\"",
        "SMTP:a@c.com;smtp:jd@d.com;X'736d74703a6ac3b6726740642e636f6d';SIP:a@c.com",
    ] {
        read(
            "u.csv",
            format!("DN,mail,proxyAddresses\n\"CN=A,DC=c,DC=com\",a@c.com,{list}\n"),
        )
        .is(&rules, &[])
        .skips(&["skipped: 1 sip in u.csv"]);
    }
    // A list that was cut off is no shorter list.
    let read = read(
        "u.csv",
        "mail,proxyAddresses\na@c.com,\"[\"\"SMTP:a@c.com\"\",\"\"smtp:j\"\n",
    );
    assert!(
        read.findings.iter().any(|f| f.contains("error")),
        "{:?}",
        read.rules
    );
}

#[test]
fn addresses_in_several_columns() {
    let rules = ["jd@d.com a@c.com", "x@d.com a@c.com", "a@c.com mailbox"];
    for (header, row) in [
        (
            "UPN,ProxyAddress_1,ProxyAddress_2,ProxyAddress_3",
            "a@c.com,SMTP:a@c.com,smtp:jd@d.com,smtp:x@d.com",
        ),
        (
            "Name,PrimarySmtpAddress,EmailAddress1,EmailAddress2",
            "A,a@c.com,jd@d.com,x@d.com",
        ),
        ("Email,Alias 1,Alias 2", "a@c.com,jd@d.com,x@d.com"),
        (
            "mail,proxyAddresses.0,proxyAddresses.1",
            "a@c.com,smtp:jd@d.com,smtp:x@d.com",
        ),
    ] {
        read("m.csv", format!("{header}\n{row}\n")).is(&rules, &[]);
    }
}

/// Reports with one address a row and the user principal name beside it.
#[test]
fn one_address_a_row_beside_the_principal_name() {
    let rows = "ProxyAddress,Name,UPN,Type\nsmtp:jd@d.com,A,a@c.com,User\nSMTP:b@c.com,B,b@c.com,User\nSMTP:a.primary@c.com,A,A@c.com,User\nsmtp:x@d.com,A,a@c.com,User\nSIP:a@c.com,A,a@c.com,User\n";
    read("m.csv", rows)
        .is(
            &[
                "jd@d.com a.primary@c.com",
                "x@d.com a.primary@c.com",
                "a.primary@c.com mailbox",
                "b@c.com mailbox",
            ],
            &["m.csv:1:19: warning unread-column"],
        )
        .skips(&["skipped: 1 sip in m.csv"]);
    // The name alone is no primary address.
    finds(
        "m.csv",
        "ProxyAddress,UPN\nsmtp:jd@d.com,a@c.com\n",
        &["m.csv:2:1: error no-primary"],
    )
    .says("--primary-from upn");
    let options = Options {
        primary_from: Some(readdress::engine::format::PrimaryFrom::PrincipalName),
        ..Options::default()
    };
    import(
        ImportFormat::Microsoft365,
        "ProxyAddress,UPN\nsmtp:jd@d.com,a@c.com\n",
        &options,
    )
    .is(&["jd@d.com a@c.com", "a@c.com mailbox"], &[]);
}

#[test]
fn every_print_of_gam() {
    read("g.csv", "Type,Email,Target\nUser,a@c.com,\nUserAlias,jd@d.com,a@c.com\nUserNEAlias,a@c.com.test-google-a.com,a@c.com\nGroup,all@c.com,\nGroupAlias,x@d.com,all@c.com\n")
        .is(
            &[
                "a@c.com mailbox",
                "jd@d.com a@c.com",
                "a@c.com mailbox",
                "all@c.com mailbox",
                "x@d.com all@c.com",
                "all@c.com mailbox",
            ],
            &[],
        )
        .skips(&["skipped: 1 non-editable in g.csv"]);
    finds(
        "g.csv",
        "Type,Email,Target\nUserAlias,jd@d.com,\n",
        &["g.csv:2:1: error empty-cell"],
    );
    read("g.csv", "primaryEmail,emails.0.address,emails.0.primary,emails.0.type,emails.1.address,emails.1.primary,emails.1.type,emails.2.address,emails.2.type\na@c.com,a@c.com,True,,jd@d.com,,,anna@home.example,home\n")
        .is(
            &["jd@d.com a@c.com", "a@c.com mailbox"],
            &["g.csv:1:110: warning unread-column"],
        )
        .says("the column `emails.2.address` holds 1 address and is not read");
}

#[test]
fn columns_that_are_not_read_are_named() {
    let named = |name: &str, header: &str, row: &str, column: usize, count: &str| {
        finds(
            name,
            &format!("{header}\n{row}\n"),
            &[&format!("{name}:1:{column}: warning unread-column")],
        )
        .says(&format!("holds {count} and is not read"));
    };
    named(
        "p.csv",
        "from,to,cc",
        "jd@d.com,a@c.com,b@c.com",
        9,
        "1 address",
    );
    named(
        "m.csv",
        "mail,proxyAddresses,otherMailbox",
        "a@c.com,smtp:jd@d.com,x@d.com; y@d.com",
        21,
        "2 addresses",
    );
    named(
        "m.csv",
        "PrimarySmtpAddress,EmailAddresses,ForwardingSmtpAddress",
        "a@c.com,smtp:jd@d.com,smtp:x@home.example",
        35,
        "1 address",
    );
    named(
        "g.csv",
        "Alias,Target,Owner",
        "jd@d.com,a@c.com,boss@c.com",
        14,
        "1 address",
    );
    named(
        "s.csv",
        "address,goto,active,reply_to",
        "jd@d.com,a@c.com,1,b@c.com",
        21,
        "1 address",
    );
    named(
        "o.csv",
        "Obj-Class,E-mail Addresses,Secondary-Proxy-Addresses,Extension-Attribute-1",
        "Mailbox,SMTP:a@c.com,smtp:jd@d.com,x@d.com",
        54,
        "1 address",
    );
}

#[test]
fn columns_that_say_what_is_read_are_not_named() {
    let named = |header: &str, row: &str, column: usize| {
        let text = format!("{header}\n{row}\n");
        finds(
            "m.csv",
            &text,
            &[&format!("m.csv:1:{column}: warning unread-column")],
        );
    };
    // What a column that is read says as well is not lost; comments are for people.
    finds(
        "m.csv",
        "mail,proxyAddresses,UserPrincipalName\na@c.com,SMTP:a@c.com+smtp:jd@d.com,A@c.com\n",
        &[],
    );
    finds(
        "p.csv",
        "from,to,comment\njd@d.com,a@c.com,asked b@c.com\n",
        &[],
    );
    // Part of another address is another address.
    named(
        "mail,proxyAddresses,other",
        "joann@c.com,smtp:jd@d.com,ann@c.com",
        21,
    );
}

#[test]
fn contacts_by_their_column() {
    read("m.csv", "PrimarySmtpAddress,EmailAddresses,ExternalEmailAddress\nx@d.com,SMTP:x@d.com;smtp:y@d.com,SMTP:x@home.example\n")
        .is(&["y@d.com x@d.com"], &[])
        .skips(&["skipped: 1 target-address in m.csv"]);
}

#[test]
fn files_that_yield_nothing_or_mailboxes_alone() {
    finds("p.csv", "", &["p.csv:0:1: warning empty-file"]);
    finds("p.csv", "from,to\n", &["p.csv:0:1: warning nothing-read"]);
    finds(
        "p.csv",
        "from,to\n#x@d.com,a@c.com\n",
        &["p.csv:0:1: warning nothing-read"],
    );
    finds(
        "s.csv",
        "address,goto,active\njd@d.com,a@c.com,0\n",
        &["s.csv:0:1: warning nothing-read"],
    );
    finds(
        "m.csv",
        "PrimarySmtpAddress,EmailAddresses\na@c.com,SMTP:a@c.com\nb@c.com,\n",
        &["m.csv:0:1: warning no-secondaries"],
    )
    .says("2 mailboxes and no secondary address");
    finds("p.csv", "from,to\nd.com,secondary\n", &[]);
    finds("p.csv", "from,to\na@c.com,mailbox\n", &[]);
}

#[test]
fn rows_of_another_length() {
    for (name, text) in [
        (
            "m.csv",
            "PrimarySmtpAddress,EmailAddresses,Type\na@c.com,SMTP:a@c.com;smtp:x@d.com,User\nb@c.com,SMTP:b",
        ),
        (
            "g.csv",
            "Alias,Target,TargetType\nx@d.com,a@c.com,User\ny@d.com,a@c\n",
        ),
        (
            "s.csv",
            "address,goto,active\nx@d.com,a@c.com,1\ny@d.com,a@c.com\n",
        ),
    ] {
        finds(name, text, &[&format!("{name}:3:1: error short-row")]);
    }
    let old = "Obj-Class,E-mail Addresses,Secondary-Proxy-Addresses\nMailbox,SMTP:a@c.com,smtp:x@d.com\nMailbox,SMTP:b@c.com";
    finds(
        "o.csv",
        &format!("{old}\n"),
        &["o.csv:3:1: warning short-row"],
    );
    finds("o.csv", old, &["o.csv:3:1: error short-row"]);
}

/// Names of columns that are known, nearly known, and unknown.
fn column() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "from",
        "to",
        "mail",
        "proxyAddresses",
        "ProxyAddress_1",
        "UPN",
        "PrimarySmtpAddress",
        "EmailAddresses",
        "Address",
        "Alias",
        "Target",
        "Aliases",
        "primaryEmail",
        "Email Alias",
        "aliases.0",
        "emails.0.address",
        "emails.1.address",
        "address",
        "goto",
        "forwarding",
        "source",
        "destination",
        "email",
        "Type",
        "Other Email",
        "Recovery",
        "targetAddress",
        "description",
    ])
}

fn pasted() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        "[a-z]{3}@(d|e)\\.com",
        "smtp:[a-z]{3}@(d|e)\\.com",
        "SMTP:[a-z]{3}@c\\.com",
        "mailto:[a-z]{3}@c\\.com",
        "[A-Z][a-z]{2} [A-Z] <[a-z]{3}@c\\.com>",
        "<[a-z]{3}@c\\.com>",
        Just(String::new()),
        Just("John Doe".to_owned()),
    ];
    (
        prop::collection::vec(one, 1..3),
        prop::sample::select(vec!["; ", ",", " ", "|", "\n"]),
    )
        .prop_map(|(all, between)| all.join(between))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    /// Every address of a table is in a rule, or something is said.
    #[test]
    fn no_address_is_lost_in_silence(
        header in prop::collection::vec(column(), 2..5),
        rows in prop::collection::vec(prop::collection::vec(pasted(), 5), 1..3),
    ) {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let row = |cells: &Vec<String>| {
            let cells: Vec<_> = cells.iter().take(header.len()).map(quoted).collect();
            cells.join(",")
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        let text = format!("{}\n{}\n", header.join(","), rows.join("\n"));
        let read = read("t.csv", &text);
        let said = !read.findings.is_empty() || !read.skipped.is_empty();
        let rules = read.rules.join("\n");
        let body = text.split_once('\n').map_or("", |(_, body)| body);
        for word in body.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '@' | '.'))) {
            let comment = header.contains(&"description");
            prop_assert!(!word.contains('@') || said || comment || rules.contains(word), "{word} of\n{text}\n{rules}");
        }
        prop_assert!(!rules.contains("Doe@") && !rules.contains("John"), "{rules}");
    }
}
