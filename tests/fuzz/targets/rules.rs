//! Any bytes as a rules file and, behind a NUL, a file of expectations: no panic, every finding has a
//! place, and every rule that was read reads the same when it is printed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use readdress::engine::{
    Settings, SourceText, compile,
    rule::{Findings, parse},
};

fn source(name: &str, bytes: &[u8]) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// The canonical text of a rule is a rule, and the same one.
fn comes_back(printed: &str) {
    let sources = [source("a.rules", printed.as_bytes())];
    let mut findings = Findings::new(&sources);
    let again = parse(&sources, &mut findings);
    let [rule] = again.rules.as_slice() else {
        panic!(
            "{printed:?} is not one rule: {:?}",
            findings.into_diagnostics()
        );
    };
    assert_eq!(rule.to_string(), printed);
}

fuzz_target!(|data: &[u8]| {
    let (rules, expect) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &b""[..]),
    };
    let sources = [source("a.rules", rules), source("b.expect", expect)];
    let compiled = compile(&sources, &Settings::default());
    for finding in &compiled.diagnostics {
        let place = &finding.excerpt;
        let file = sources.iter().find(|source| source.name == place.file);
        let lines = file.map(|file| file.bytes.split(|byte| *byte == b'\n').count());
        assert!(
            lines.is_some_and(|lines| place.line as usize <= lines),
            "{finding}"
        );
    }
    for rule in parse(&sources, &mut Findings::new(&sources)).rules {
        comes_back(&rule.to_string());
    }
});
