//! What `import` prints, read as native rules, is the table of the file read in place.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::support::{domain, sample, source};
use readdress::engine::{
    Settings, SourceText, Table, Tally, compile,
    format::{ImportFormat, Options},
    load::import,
};

/// A table as text: classes of domains and rules, sorted.
fn text(table: &Table) -> Vec<String> {
    let domains = table.inbound_domains();
    let domains = domains.into_iter().map(|(domain, class)| {
        format!("{domain} {} {}", class.word(), table.unknown(domain).word())
    });
    let mut all: Vec<_> = domains
        .chain(table.rules().map(|rule| rule.to_string()))
        .collect();
    all.sort();
    all
}

/// Reads a file in place and by way of `import`: both give the same table, or both give none. Returns true
/// if there is a table.
#[track_caller]
fn both(name: &str, content: &str, format: ImportFormat) -> bool {
    let settings = Settings::default();
    let foreign = source(name, content.as_bytes());
    let place = compile(std::slice::from_ref(&foreign), &settings);
    let imported = import(&foreign, format, &Options::default(), &settings);
    let native: String = imported
        .lines
        .iter()
        .map(|(line, at)| format!("{line}  # source: {name}:{at}\n"))
        .collect();
    let native = SourceText::new("native.rules", native.into_bytes());
    let again = compile(std::slice::from_ref(&native), &settings);
    let Some(table) = &place.table else {
        let errors = Tally::of(&imported.diagnostics).errors;
        assert!(errors > 0, "only in place an error: {content}");
        return false;
    };
    let Some(again) = &again.table else {
        panic!(
            "{content}\n{:?}\n{}",
            again.diagnostics,
            String::from_utf8_lossy(&native.bytes)
        );
    };
    assert_eq!(text(table), text(again), "{content}");
    true
}

/// Reads many files of one format. Most of them must be tables: a reader that reads nothing would agree
/// with itself.
fn all_agree<S>(name: &str, format: ImportFormat, contents: S, content: impl Fn(S::Value) -> String)
where
    S: Strategy,
{
    let mut runner = TestRunner::new(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (tables, all) = (Cell::new(0), Cell::new(0));
    let result = runner.run(&contents, |value| {
        let is_table = both(name, &content(value), format);
        tables.set(tables.get() + u32::from(is_table));
        all.set(all.get() + 1);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (tables, all) = (tables.get(), all.get());
    assert!(tables * 8 > all, "{tables} of {all} files are tables");
}

#[test]
fn all_samples() {
    for (name, format) in [
        ("example.virtual", ImportFormat::Virtual),
        ("example.virtusertable", ImportFormat::Virtusertable),
        ("exchange55-kb.csv", ImportFormat::Exchange55),
        ("exchange55.csv", ImportFormat::Exchange55),
        ("directory.ldif", ImportFormat::Ldif),
        ("addresses.csv", ImportFormat::Microsoft365),
        ("admin-centre.csv", ImportFormat::Microsoft365),
        ("gam-aliases.csv", ImportFormat::Google),
        ("gam-onerow.csv", ImportFormat::Google),
        ("gam-users.csv", ImportFormat::Google),
        ("address-map.csv", ImportFormat::Google),
        ("pairs.csv", ImportFormat::Pairs),
    ] {
        assert!(both(name, &sample(name), format), "{name} is no table");
    }
}

#[test]
fn lines_are_sorted_and_a_second_import_is_the_same() {
    let options = Options {
        primary_domains: vec![domain("company.com")],
        ..Options::default()
    };
    let settings = Settings::default();
    let rows = [
        "b@d.com,x@c.com",
        "/z(.*)@d\\.com/,z@c.com",
        "/a(.*)@d\\.com/,y@c.com",
        "A@d.com,x@c.com",
    ];
    let forward = source(
        "p.csv",
        format!("from,to\n{}\n", rows.join("\n")).as_bytes(),
    );
    let lines = |source: &SourceText| -> Vec<String> {
        import(source, ImportFormat::Pairs, &options, &settings)
            .lines
            .into_iter()
            .map(|(line, _)| line)
            .collect()
    };
    assert_eq!(
        lines(&forward),
        [
            "A@d.com x@c.com",
            "b@d.com x@c.com",
            "/z(.*)@d\\.com/ z@c.com",
            "/a(.*)@d\\.com/ y@c.com"
        ]
    );
    let swapped = source(
        "p.csv",
        format!(
            "from,to\n{}\n{}\n{}\n{}\n",
            rows[3], rows[1], rows[2], rows[0]
        )
        .as_bytes(),
    );
    assert_eq!(lines(&forward), lines(&swapped));
}

/// Local-parts that need care in print, and plain ones.
fn local() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,2}",
        "[a-c]\\+[a-c]",
        Just("\"john doe\"".to_owned()),
        Just("a*b".to_owned()),
        Just("#x".to_owned()),
        Just("a..b".to_owned()),
        Just("jörg".to_owned()),
        Just("keep".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("d.com"),
        Just("e.com"),
        Just("c.com"),
        Just("bücher.example")
    ]
    .prop_map(str::to_owned)
}

fn address() -> impl Strategy<Value = String> {
    (local(), name()).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

#[test]
fn any_virtual() {
    let line = prop_oneof![
        (address(), address()).prop_map(|(a, b)| format!("{a} {b}")),
        (address(), address(), address()).prop_map(|(a, b, c)| format!("{a} {b},\n  {c}")),
        (name(), name()).prop_map(|(a, b)| format!("@{a} @{b}")),
        (name(), address()).prop_map(|(a, b)| format!("@{a} {b}")),
        name().prop_map(|a| format!("{a} x\nzz@{a} y@c.com")),
    ];
    let lines = prop::collection::vec(line, 1..6);
    all_agree("a.virtual", ImportFormat::Virtual, lines, |lines| {
        format!("{}\n", lines.join("\n"))
    });
}

#[test]
fn any_virtusertable() {
    let key = prop_oneof![
        address(),
        name().prop_map(|d| format!("@{d}")),
        name().prop_map(|d| format!("+*@{d}")),
        (local(), name()).prop_map(|(l, d)| format!("{l}+*@{d}")),
    ];
    let value = prop_oneof![
        address(),
        name().prop_map(|d| format!("%1@{d}")),
        name().prop_map(|d| format!("%1%3@{d}")),
        name().prop_map(|d| format!("x+%2@{d}")),
        Just("error:nouser 550 No".to_owned()),
    ];
    let line = (key, value).prop_map(|(key, value)| format!("{key} {value}"));
    let lines = prop::collection::vec(line, 1..5);
    all_agree(
        "a.virtusertable",
        ImportFormat::Virtusertable,
        lines,
        |lines| format!("{}\n", lines.join("\n")),
    );
}

#[test]
fn any_pairs() {
    let rows = prop::collection::vec((address(), address()), 1..6);
    all_agree("a.csv", ImportFormat::Pairs, rows, |rows| {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let rows = rows.iter();
        let rows: String = rows
            .map(|(a, b)| format!("{},{}\n", quoted(a), quoted(b)))
            .collect();
        format!("from,to\n{rows}")
    });
}

#[test]
fn any_directory() {
    let objects = prop::collection::vec(prop::collection::vec(address(), 1..4), 1..5);
    all_agree("a.ldif", ImportFormat::Ldif, objects, |objects| {
        let mut text = String::new();
        for object in &objects {
            text.push_str("dn: CN=x\n");
            for (at, address) in object.iter().enumerate() {
                let kind = if at == 0 { "SMTP" } else { "smtp" };
                text.push_str(&format!("proxyAddresses: {kind}:{address}\n"));
            }
            text.push('\n');
        }
        text
    });
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_a_reader(text in "(?s)[ -~\\t\\r\\né\u{200b}]{0,200}", head in 0..13_usize) {
        let heads = ["COPY alias (address, goto) FROM stdin;\n", "/*!40101 REPLACE alias SET address = '", "INSERT [dbo].[t] ([a]) VALUES (N'", "Type,Email,Target\n", "from,to\nx@d.com,", "", "from,to\n", "Obj-Class,E-mail Addresses,Secondary-Proxy-Addresses\n", "PrimarySmtpAddress,EmailAddresses\n", "Target,Aliases\n", "address,goto\n", "dn: x\n", "INSERT INTO alias VALUES ('"];
        let content = format!("{}{text}", heads[head]);
        for name in ["a.virtual", "a.virtusertable", "a.csv", "a.ldif"] {
            let source = source(name, content.as_bytes());
            compile(std::slice::from_ref(&source), &Settings::default());
        }
        let source = source("file", content.as_bytes());
        for format in [ImportFormat::Postfixadmin, ImportFormat::Exchange55Routing] {
            import(&source, format, &Options::default(), &Settings::default());
        }
    }
}
