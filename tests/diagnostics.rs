//! Golden files of findings: one small input for every code, and the text that people read.
//!
//! `tests/diagnostics/NAME/` holds the files of one rules directory, or a `readdress.toml`, and
//! `expected.txt`: all findings as they are printed. `UPDATE_GOLDEN=1 cargo test --test diagnostics`
//! writes what comes out; read it by eye before it is committed: is it the right severity, does it
//! say what happened, does the help say what to write?
//!
//! # Limits
//!
//! With an `import.txt` or `export.txt` beside them, which holds the word of a format, the findings are
//! those of that command.
//!
//! Findings about files as a whole have no case here: they depend on owners, modes and sizes.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use readdress::config;
use readdress::engine::address::Domain;
use readdress::engine::diagnostic::{Code, codes};
use readdress::engine::format::{ImportFormat, Options};
use readdress::engine::{Diagnostic, Settings, SourceText, compile, load};
use readdress::export::{self, ExportFormat};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The entries of a directory, sorted.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|e| panic!("{directory:?}: {e}"));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn cases() -> Vec<PathBuf> {
    let all = entries(&root().join("tests/diagnostics"));
    all.into_iter().filter(|path| path.is_dir()).collect()
}

/// The word of a format, and a primary domain if one is named.
fn imported(words: &[u8]) -> (ImportFormat, Options) {
    let mut words = words.split(u8::is_ascii_whitespace);
    let word = words.next().unwrap_or_default();
    let known = [
        ImportFormat::Exchange55Routing,
        ImportFormat::Google,
        ImportFormat::Postfixadmin,
    ];
    let is = |format: &ImportFormat| format.name().as_bytes() == word;
    let domain = words.next().and_then(|name| std::str::from_utf8(name).ok());
    let options = Options {
        primary_domains: domain.into_iter().flat_map(Domain::parse).collect(),
        ..Options::default()
    };
    (known.into_iter().find(is).expect("a format"), options)
}

fn exported(word: &[u8]) -> ExportFormat {
    let known = [ExportFormat::Virtual, ExportFormat::Virtusertable];
    let is = |format: &ExportFormat| format.word().as_bytes() == word.trim_ascii();
    known.into_iter().find(is).expect("a format")
}

/// All findings of one case.
fn findings(case: &Path) -> Vec<Diagnostic> {
    let mut sources = Vec::new();
    let (mut wanted_import, mut wanted_export) = (None, None);
    for path in entries(case) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        match name {
            "expected.txt" => {}
            "import.txt" => wanted_import = Some(imported(&bytes)),
            "export.txt" => wanted_export = Some(exported(&bytes)),
            "readdress.toml" => return config::parse(name, &bytes).err().unwrap_or_default(),
            _ => sources.push(SourceText::new(name, bytes)),
        }
    }
    let settings = Settings::default();
    match (wanted_import, wanted_export) {
        (Some((format, options)), _) => {
            load::import(&sources[0], format, &options, &settings).diagnostics
        }
        (_, Some(format)) => {
            let table = compile(&sources, &settings).table.expect("a table");
            export::export(&table, &sources, format, None).diagnostics
        }
        _ => compile(&sources, &settings).diagnostics,
    }
}

fn rendered(case: &Path) -> String {
    let all = findings(case);
    all.iter()
        .map(|finding| finding.render("") + "\n")
        .collect()
}

#[test]
fn every_case_prints_what_is_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (came, golden) = (rendered(&case), case.join("expected.txt"));
        assert!(!came.is_empty(), "{case:?} has no findings");
        if update {
            fs::write(&golden, &came).unwrap_or_else(|e| panic!("{golden:?}: {e}"));
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&came) {
            wrong.push(format!("{}:\n{came}", case.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "other findings than expected (UPDATE_GOLDEN=1 writes them):\n{}",
        wrong.join("\n")
    );
}

/// Nobody is told that something is wrong without being told what to write.
#[test]
fn every_finding_has_help() {
    for case in cases() {
        for finding in findings(&case).iter() {
            assert!(finding.advice().is_some(), "{}: {finding}", case.display());
        }
    }
}

/// A file of nothing but errors does not fill the log.
#[test]
fn the_rest_is_counted() {
    let source = SourceText::new("a.rules", b"x@domain2.com\n".repeat(1003));
    let found = compile(&[source], &Settings::default()).diagnostics;
    assert_eq!(found.len(), 1001);
    let last = found.last().map(ToString::to_string);
    assert_eq!(
        last.as_deref(),
        Some("a.rules: error: 3 more findings are not shown [more]")
    );
}

fn rust_files(directory: &Path, into: &mut Vec<PathBuf>) {
    for path in entries(directory) {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Codes that no small input brings about, with the reason.
const WITHOUT_CASE: [(Code, &str); 2] = [
    (
        codes::MORE,
        "needs a thousand findings: `the_rest_is_counted` shows it",
    ),
    (
        codes::TOO_MANY_RULES,
        "needs 4 GiB of rules: the unit tests of `engine::store` lower the limit",
    ),
];

#[test]
fn every_code_has_a_case() {
    let shown: Vec<Code> = cases()
        .iter()
        .flat_map(|case| findings(case))
        .map(|finding| finding.code)
        .collect();
    let about_files = codes::about_files();
    let missing: Vec<_> = codes::all()
        .filter(|code| !shown.contains(code) && !about_files.contains(code))
        .filter(|code| WITHOUT_CASE.iter().all(|(other, _)| other != code))
        .collect();
    assert!(
        missing.is_empty(),
        "no case in tests/diagnostics for {missing:?}"
    );
}

/// Every severity that a code may have is written down, and no other one.
#[test]
fn severities_are_those_of_the_table() {
    for finding in cases().iter().flat_map(|case| findings(case)) {
        let allowed = finding.code.severities();
        assert!(allowed.contains(&finding.severity), "{finding}");
    }
}

#[test]
fn every_code_is_used() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let mut used = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let production = text.split("#[cfg(test)]\nmod tests {").next();
        for (_, behind) in production
            .unwrap_or_default()
            .match_indices("codes::")
            .map(|(at, word)| text.split_at(at + word.len()))
        {
            let end =
                behind.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
            used.insert(
                behind[..end.unwrap_or(behind.len())]
                    .replace('_', "-")
                    .to_lowercase(),
            );
        }
    }
    let unused: Vec<_> = codes::all()
        .filter(|code| !used.contains(code.word()))
        .collect();
    assert!(unused.is_empty(), "no finding has these codes: {unused:?}");
}
