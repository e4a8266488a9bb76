//! Files in, rules and findings out, as short texts.

use readdress::engine::{
    SourceText,
    diagnostic::Findings,
    format::{self, ImportFormat, Options, decode},
    syntax::Parsed,
};

/// What came out of some files.
#[derive(Debug)]
pub struct Read {
    /// Domain lines and rules, in order.
    pub rules: Vec<String>,
    /// `file:line:column: severity code`.
    pub findings: Vec<String>,
    /// Messages and helps.
    pub words: String,
    /// What was passed over.
    pub skipped: Vec<String>,
}

/// A file as the daemon would have read it.
pub fn source(name: &str, bytes: &[u8]) -> SourceText {
    SourceText::new(name, decode::decode(bytes.to_vec()).0)
}

/// A sample.
pub fn sample(name: &str) -> String {
    let path = format!(
        "{}/tests/formats/samples/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads one file in place.
pub fn read(name: &str, text: impl AsRef<[u8]>) -> Read {
    let sources = [source(name, text.as_ref())];
    let mut findings = Findings::new(&sources);
    let parsed = format::parse(
        &sources,
        &Options::default(),
        &readdress::engine::store::Reuse::default(),
        &mut findings,
    );
    shown(parsed, findings)
}

/// Reads one file as `import` does.
pub fn import(format: ImportFormat, text: impl AsRef<[u8]>, options: &Options) -> Read {
    let sources = [source("file", text.as_ref())];
    let mut findings = Findings::new(&sources);
    let parsed = format::import(&sources[0], format, options, &mut findings);
    shown(parsed, findings)
}

fn shown(parsed: Parsed, findings: Findings<'_>) -> Read {
    let domains = parsed
        .declarations
        .iter()
        .chain(&parsed.domains)
        .map(ToString::to_string);
    let rules = domains
        .chain(parsed.rules.iter().map(|rule| rule.to_string()))
        .collect();
    let found = findings.into_diagnostics();
    let findings = found.iter().map(|d| {
        let at = &d.excerpt;
        format!(
            "{}:{}:{}: {} {}",
            at.file,
            at.line,
            at.column,
            d.severity.word(),
            d.code
        )
    });
    Read {
        rules,
        findings: findings.collect(),
        words: found
            .iter()
            .map(|d| format!("{}\n{}\n", d.message, d.advice().unwrap_or_default()))
            .collect(),
        skipped: parsed.skipped.iter().map(ToString::to_string).collect(),
    }
}

impl Read {
    /// Holds rules and findings against what they should be.
    #[track_caller]
    pub fn is(&self, rules: &[&str], findings: &[&str]) -> &Self {
        assert_eq!(self.rules, rules, "{}", self.words);
        assert_eq!(self.findings, findings, "{}", self.words);
        self
    }

    /// Holds the counts against what they should be.
    #[track_caller]
    pub fn skips(&self, skipped: &[&str]) -> &Self {
        assert_eq!(self.skipped, skipped);
        self
    }

    /// Asserts that a message or a help contains these words.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(
            self.words.contains(words),
            "{words:?} is not in {}",
            self.words
        );
        self
    }
}

/// One file in place, of which only the findings matter.
#[track_caller]
pub fn finds(name: &str, text: &str, findings: &[&str]) -> Read {
    let read = read(name, text);
    assert_eq!(read.findings, findings, "{}", read.words);
    read
}

/// A domain.
pub fn domain(text: &str) -> readdress::engine::address::Domain {
    readdress::engine::address::Domain::parse(text).unwrap()
}
