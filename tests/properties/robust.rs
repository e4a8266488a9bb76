//! Whatever a file or an envelope contains: no panic, a place for every finding, and an end within limited time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select};
use readdress::config;
use readdress::engine::{
    Diagnostic, Settings, SourceText,
    address::{DsnParameters, ForwardPath, without_route},
    compile,
    transaction::{Received, Transaction},
};

/// The words of which files and commands are made, in any order.
const WORDS: [&str; 40] = [
    "a@one.test",
    "@one.test",
    "@*.one.test",
    "+*@one.test",
    "a+*@one.test",
    "a@*",
    "one.test",
    "primary",
    "secondary",
    "external",
    "keep",
    "mailbox",
    "reject",
    "defer",
    "moved",
    "discard",
    "550",
    "5.1.1",
    "\"text\"",
    "detail=drop",
    "unknown=reject",
    "/(a|b)*@one/",
    "/",
    "$1@one.test",
    ",",
    "#",
    "\"",
    "\\",
    "\n",
    "\n ",
    "\t",
    "\r\n",
    "\u{feff}",
    "ä@bücher.test",
    "\u{202e}",
    "[milter]",
    "listen =",
    "= [",
    "'''",
    "\u{0}",
];

fn words() -> impl Strategy<Value = Vec<u8>> {
    let gap = select(&["", " ", "\n"][..]);
    vec((select(&WORDS[..]), gap), 0..40).prop_map(|list| {
        let text: String = list
            .into_iter()
            .map(|(word, gap)| format!("{word}{gap}"))
            .collect();
        text.into_bytes()
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => words(), 1 => vec(any::<u8>(), 0..200), 1 => "\\PC{0,60}".prop_map(String::into_bytes)]
}

fn source(name: &str, bytes: &[u8]) -> SourceText {
    SourceText::new(name, bytes.to_vec())
}

/// Checks that every finding has its place in its file, and is printed without characters that drive a terminal.
fn placed(found: &[Diagnostic], sources: &[SourceText]) -> Result<(), TestCaseError> {
    for diagnostic in found {
        let notes = diagnostic.notes.iter().map(|note| &note.excerpt);
        for place in std::iter::once(&diagnostic.excerpt).chain(notes) {
            let source = sources.iter().find(|source| source.name == place.file);
            let Some(source) = source else {
                return Err(TestCaseError::fail(format!("no such file: {diagnostic}")));
            };
            let lines: Vec<_> = source.bytes.split(|b| *b == b'\n').collect();
            prop_assert!(place.line as usize <= lines.len(), "{}", diagnostic);
            if let Some(line) = (place.line as usize)
                .checked_sub(1)
                .and_then(|at| lines.get(at))
            {
                let width = String::from_utf8_lossy(line).chars().count();
                prop_assert!(
                    place.column >= 1 && place.column as usize <= width + 1,
                    "{}",
                    diagnostic
                );
            }
        }
        let printed = diagnostic.render("dir/");
        let drives = |c: char| c.is_control() && c != '\n' && c != '\t';
        prop_assert!(!printed.contains(drives), "{:?}", printed);
        prop_assert!(!diagnostic.message.is_empty() && !diagnostic.code.word().is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(1500))]

    #[test]
    fn any_rules_and_expectations(one in bytes(), two in bytes(), three in bytes()) {
        let sources = [
            source("a.rules", &one),
            source("b.rules", &two),
            source("c.expect", &three),
        ];
        let compiled = compile(&sources, &Settings::default());
        placed(&compiled.diagnostics, &sources)?;
        let error = compiled.diagnostics.iter().any(|d| d.severity == readdress::engine::Severity::Error);
        prop_assert_eq!(compiled.table.is_none(), error);
    }

    #[test]
    fn any_configuration(text in bytes()) {
        if let Err(found) = config::parse("readdress.toml", &text) {
            prop_assert!(!found.is_empty());
            placed(&found, &[source("readdress.toml", &text)])?;
        }
    }

    #[test]
    fn any_path_and_parameters(paths in vec(bytes(), 0..5), parameter in bytes(), macros in bytes()) {
        let rules = [source("a.rules", b"@one.test @two.test\n/(.*)@x\\.test/ ${1}@two.test\n")];
        let Some(table) = compile(&rules, &Settings::default()).table else {
            return Err(TestCaseError::fail("the table"));
        };
        let mut transaction = Transaction::new(Arc::new(table), false);
        let parameters = [&parameter[..], b"NOTIFY=,", b"ORCPT=;"];
        for path in &paths {
            let _ = ForwardPath::parse(path);
            // A path without its source route is the end of the received path, byte for byte.
            let left = without_route(path);
            let tail = left.strip_prefix(b"<").unwrap_or(&left);
            prop_assert!(path.ends_with(tail));
            transaction.recipient(Received {
                path,
                parameters: &parameters,
                mta_address: Some(&macros),
                mta_mailer: None,
                no_client: true,
            });
        }
        let plan = transaction.finish();
        prop_assert!(plan.deletions.len() <= paths.len());
        for addition in &plan.additions {
            let sent = format!("<{}> {}", addition.mailbox, addition.dsn);
            prop_assert!(!sent.contains(['\r', '\n', '\0']), "{:?}", sent);
        }
    }

    /// The values of NOTIFY and ORCPT that are passed on are equal when they are read again.
    #[test]
    fn parameters_come_back(notify in "(NEVER|((SUCCESS|failure|Delay),?){1,3})", orcpt in "rfc822;[ -~+=äB0-9A-F]{1,9}") {
        let given = [format!("NOTIFY={notify}"), format!("orcpt={orcpt}")];
        let read = |list: &[String]| DsnParameters::parse(list.iter().map(|p| p.as_bytes()));
        let dsn = read(&given);
        let printed: Vec<_> = dsn.to_string().split_whitespace().map(str::to_owned).collect();
        prop_assert_eq!(read(&printed), dsn.clone());
        prop_assert!(dsn.orcpt.is_none_or(|o| *o == *orcpt && o.is_ascii()));
    }
}

/// Files that are made to be slow. The bound is generous: it finds steps that take minutes.
#[test]
fn hostile_files_end_soon() {
    let many = |line: &str, times: usize| line.repeat(times).into_bytes();
    let chain: String = (0..1200)
        .map(|n| format!("c{n}@one.test c{}@one.test\n", n + 1))
        .collect();
    let fan: String = (0..300)
        .map(|n| format!("f{n}@one.test f{}@one.test, f{}@one.test\n", n + 1, n + 2))
        .collect();
    let files = [
        many("@", 200_000),
        many("\"a", 100_001),
        many("(", 100_000),
        [b"/".as_slice(), &many("(", 50_000), b"/ keep"].concat(),
        b"/((a{1000}){1000}){1000}@x/ keep\n".to_vec(),
        many("/(a|aa)*(b|bb)*@one\\.test/ keep\n", 300),
        many("a@one.test b@one.test\n", 20_000),
        many(" a@one.test\n", 50_000),
        many("x y z\n", 50_000),
        chain.into_bytes(),
        fan.into_bytes(),
    ];
    for (number, bytes) in files.into_iter().enumerate() {
        let begun = Instant::now();
        let compiled = compile(&[source("a.rules", &bytes)], &Settings::default());
        let took = begun.elapsed();
        println!(
            "file {number}: {took:?}, {} findings",
            compiled.diagnostics.len()
        );
        assert!(
            took < Duration::from_secs(20),
            "file {number} took {took:?}"
        );
        assert!(compiled.diagnostics.len() <= 1001, "file {number}");
    }
}

/// A regex is tried on any text that a sender writes: the time grows in proportion to the length.
#[test]
fn hostile_addresses_end_soon() {
    let rules = [source(
        "a.rules",
        b"/(a|aa)*(a|aa)*b@one\\.test/ keep\n@one.test secondary@two.test\n",
    )];
    let table = compile(&rules, &Settings::default())
        .table
        .expect("a table");
    let mut transaction = Transaction::new(Arc::new(table), true);
    let path = format!("<{}@one.test>", "a".repeat(900));
    let begun = Instant::now();
    for _ in 0..100 {
        transaction.recipient(Received {
            path: path.as_bytes(),
            ..Received::default()
        });
    }
    assert_eq!(transaction.finish().deletions.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10));
}
