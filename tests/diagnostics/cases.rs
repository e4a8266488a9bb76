//! The inputs of the golden files.

use std::fs;
use std::path::{Path, PathBuf};

use readdress::config;
use readdress::engine::address::Domain;
use readdress::engine::format::{ImportFormat, Options};
use readdress::engine::{Diagnostic, Settings, SourceText, compile, load};
use readdress::export::{self, ExportFormat};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the entries of a directory, sorted.
pub fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|e| panic!("{directory:?}: {e}"));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

/// What is done with the files of a case.
#[derive(Clone)]
enum Command {
    Check,
    Configure,
    Export(ExportFormat),
    Import(ImportFormat, Options),
}

/// One input.
#[derive(Clone)]
pub struct Case {
    /// Its directory.
    pub path: PathBuf,
    /// Its files.
    pub sources: Vec<SourceText>,
    command: Command,
}

/// Returns all cases.
pub fn cases() -> Vec<Case> {
    let all = entries(&root().join("tests/diagnostics"));
    let all = all.into_iter().filter(|path| path.is_dir());
    all.map(Case::read).collect()
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let mut case = Self {
            sources: Vec::new(),
            command: Command::Check,
            path,
        };
        for path in entries(&case.path) {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.expect("a name").to_owned();
            let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            match &*name {
                "expected.txt" => continue,
                "import.txt" => case.command = imported(&bytes),
                "export.txt" => case.command = exported(&bytes),
                _ => {
                    if name == "readdress.toml" {
                        case.command = Command::Configure;
                    }
                    case.sources.push(SourceText::new(name, bytes));
                }
            }
        }
        case
    }

    /// Returns all findings.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let settings = Settings::default();
        match &self.command {
            Command::Check => compile(&self.sources, &settings).diagnostics,
            Command::Configure => {
                let file = &self.sources[0];
                config::parse(&file.name, &file.bytes)
                    .err()
                    .unwrap_or_default()
            }
            Command::Export(format) => {
                let table = compile(&self.sources, &settings).table.expect("a table");
                export::export(&table, &self.sources, *format, None).diagnostics
            }
            Command::Import(format, options) => {
                load::import(&self.sources[0], *format, options, &settings).diagnostics
            }
        }
    }
}

/// The word of a format, and a primary domain if one is named.
fn imported(words: &[u8]) -> Command {
    let mut words = words.split(u8::is_ascii_whitespace);
    let word = words.next().unwrap_or_default();
    let is = |format: &ImportFormat| format.name().as_bytes() == word;
    let domain = words.next().and_then(|name| std::str::from_utf8(name).ok());
    let options = Options {
        primary_domains: domain.into_iter().flat_map(Domain::parse).collect(),
        ..Options::default()
    };
    let known = ImportFormat::ALL.into_iter().find(is);
    Command::Import(known.expect("a format"), options)
}

fn exported(word: &[u8]) -> Command {
    let is = |format: &ExportFormat| format.word().as_bytes() == word.trim_ascii();
    let known = ExportFormat::ALL.into_iter().find(is);
    Command::Export(known.expect("a format"))
}
