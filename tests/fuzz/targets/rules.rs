//! Any bytes as a rules file and, behind a NUL, a file of expectations: no panic, every finding has a
//! place, and every rule that was read reads the same when it is printed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use readdress::engine::{Settings, SourceText, compile};

fn source(name: &str, bytes: &[u8]) -> SourceText {
    SourceText::new(name, bytes.to_vec())
}

/// The canonical text of a rule is a rule, and the same one. By itself it may be refused: another rule may
/// have ended what is a loop without it.
fn comes_back(printed: &str) {
    let compiled = compile(
        &[source("a.rules", printed.as_bytes())],
        &Settings::default(),
    );
    let Some(table) = compiled.table else {
        return;
    };
    let again: Vec<_> = table.rules().map(|rule| rule.to_string()).collect();
    assert_eq!(again, [printed]);
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
    for rule in compiled.table.iter().flat_map(|table| table.rules()) {
        comes_back(&rule.to_string());
    }
});
