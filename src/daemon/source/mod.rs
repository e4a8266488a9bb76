//! Where rule text comes from: the files of the rules directory, read whole and without trust.
//!
//! In: a directory. Out: a [`Reading`]: the content of every file that could be read, in byte order
//! of the names, and a finding for every one that could not. Nothing is parsed here, not even as
//! UTF-8: that is the engine's business, which has the place of every byte. Files of foreign formats
//! are decoded (`engine::format::decode`), because they may be UTF-16: places are those in the decoded
//! text.
//!
//! # Limits
//!
//! | limit | default | when reached |
//! |---|---|---|
//! | [`Limits::line`] | 64 KiB | error `line-too-long`, with the line's number |
//! | [`Limits::file`] | 4 GiB - 1 | error `file-too-large` |
//! | [`Limits::attempts`] | 4 readings, 50 ms apart | error `being-written` |
//!
//! A limit is met while the file is read, a block at a time, so a file of one endless line costs
//! the memory of [`Limits::line`] and a block, and one of comments alone that of a megabyte.
//!
//! # Invariants
//!
//! - Nothing here waits for a writer: pipes, devices and sockets are refused before they are opened,
//!   and opened without blocking should they take a file's place in between.
//! - A finding in one file does not hide those in others.

mod access;
mod comments;
mod file;
mod signature;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::engine::{
    Diagnostic, FileKind, Severity, SourceKind, SourceText,
    diagnostic::{ForeignFormat, codes},
    store::hash,
};

use comments::Comments;

use crate::engine::format::decode::{self, Decoded};

pub use access::configuration as configuration_access;
pub use signature::{Fingerprint, Signature, file_signature, fingerprint, signature};

/// How much of a file is accepted, and how long a writer is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Longest line, in octets, its end not counted.
    pub line: usize,
    /// Largest file, in octets.
    pub file: u64,
    /// How often a file that changes while it is read is read before it is refused.
    pub attempts: u32,
    /// The wait between two of these attempts.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 64 * 1024,
            file: u64::from(u32::MAX),
            attempts: 4,
            pause: Duration::from_millis(50),
        }
    }
}

/// What one reading of the directory found.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The files that could be read, in byte order of their names.
    pub sources: Vec<SourceText>,
    /// What tells the content of each of them from another ([`hash`]).
    pub hashes: Vec<u128>,
    /// Whether the text of each of them was left out.
    pub left_out: Vec<bool>,
    /// The findings about files and the directory, in the same order.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the directory does not exist.
    pub vanished: bool,
    /// The device of the directory: another one is another mount.
    pub device: Option<u64>,
}

/// Octets of a text that is worth being left out: if a finding has to show a line of it, all is read and
/// compiled once more.
const WORTH_LEAVING_OUT: usize = 1 << 20;

/// Whether the file with this name and [`hash`] is known, so that its text may be left out.
pub type Known<'k> = &'k dyn Fn(&str, u128) -> bool;

impl Reading {
    fn add(&mut self, mut source: SourceText, known: Known<'_>) {
        let hash = hash(&source.bytes);
        let is_known = source.bytes.len() >= WORTH_LEAVING_OUT && known(&source.name, hash);
        self.hashes.push(hash);
        self.left_out.push(is_known);
        if is_known {
            source.bytes = Vec::new();
        }
        self.sources.push(source);
    }

    /// The files that hold nothing, or white space alone.
    pub fn blank(&self) -> Vec<String> {
        let given = self.sources.iter().zip(&self.left_out);
        let blank = given.filter(|(source, left_out)| !**left_out && is_blank(&source.bytes));
        blank.map(|(source, _)| source.name.clone()).collect()
    }

    /// Whether a file is missing from `sources` that should be there.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// A byte order mark is no text either.
fn is_blank(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii().is_empty()
}

/// Reads every file of `dir`.
///
/// Files belong together (a swap of Kubernetes' `..data` exchanges all of them), so a directory that
/// is another after the reading than before it is read again, [`Limits::attempts`] times at most.
pub fn read(dir: &Path, limits: &Limits) -> Reading {
    read_new(dir, limits, &|_, _| false)
}

/// [`read`], without the texts of files that are known: one text is in memory at a time.
pub fn read_new(dir: &Path, limits: &Limits, known: Known<'_>) -> Reading {
    read_as(dir, limits, known, FileKind::of)
}

/// [`read_new`], with the kinds of files told by `kind_of`.
fn read_as(
    dir: &Path,
    limits: &Limits,
    known: Known<'_>,
    kind_of: fn(&str) -> FileKind,
) -> Reading {
    let mut before = signature(dir);
    let mut reading = read_once(dir, limits, known, kind_of);
    for _ in 1..limits.attempts {
        let after = signature(dir);
        if after == before {
            break;
        }
        before = after;
        reading = read_once(dir, limits, known, kind_of);
    }
    reading
}

fn read_once(
    dir: &Path,
    limits: &Limits,
    known: Known<'_>,
    kind_of: fn(&str) -> FileKind,
) -> Reading {
    let mut reading = Reading {
        device: fs::metadata(dir).ok().map(|metadata| metadata.dev()),
        ..Reading::default()
    };
    let names = match list(dir) {
        Ok(names) => names,
        Err(error) => {
            reading.vanished = error.kind() == io::ErrorKind::NotFound;
            let refusal = file::refused(dir, &error);
            reading.diagnostics.push(Diagnostic::about_file(
                Severity::Error,
                codes::UNREADABLE_DIRECTORY,
                &dir.display().to_string(),
                refusal.message,
                refusal.help,
            ));
            return reading;
        }
    };
    let owner = access::owner(dir);
    reading.diagnostics.extend(access::directory(dir));
    for name in names {
        let path = dir.join(&name);
        let name = name.to_string_lossy().into_owned();
        match kind_of(&name) {
            FileKind::Skipped => {}
            FileKind::Unknown => reading.diagnostics.push(passed_over(&path, &name)),
            FileKind::Read(_) => match read_named(&path, &name, limits) {
                Ok(source) => {
                    reading
                        .diagnostics
                        .extend(access::file(&path, &name, owner));
                    reading.add(source, known);
                }
                Err(finding) => reading.diagnostics.push(*finding),
            },
        }
    }
    reading
}

/// What may be in a file of this kind.
fn encoding(kind: SourceKind) -> file::Encoding {
    match kind {
        SourceKind::Foreign(_) => file::Encoding::Told,
        SourceKind::Native | SourceKind::Expectations => file::Encoding::Utf8,
    }
}

/// Which lines of a file of this kind are comments.
fn comments(kind: SourceKind) -> Comments {
    match kind {
        SourceKind::Native
        | SourceKind::Expectations
        | SourceKind::Foreign(ForeignFormat::Virtual) => Comments::Lines,
        SourceKind::Foreign(ForeignFormat::Virtusertable) => Comments::FirstColumn,
        // In a table a cell of several lines may have such a line; in LDIF a comment says whether the
        // export is whole.
        SourceKind::Foreign(_) => Comments::None,
    }
}

/// Reads one file that is to be what a file called `name` would be in a rules directory.
///
/// # Errors
///
/// A finding: the name is none of a rules file, or the file cannot be read.
pub fn read_named(path: &Path, name: &str, limits: &Limits) -> Result<SourceText, Box<Diagnostic>> {
    let FileKind::Read(kind) = FileKind::of(name) else {
        return Err(Box::new(passed_over(path, name)));
    };
    match file::read(path, encoding(kind), comments(kind), limits) {
        Ok(bytes) => Ok(SourceText {
            name: name.to_owned(),
            kind,
            bytes,
        }),
        Err(refusal) => Err(Box::new(Diagnostic::about_file(
            Severity::Error,
            refusal.code,
            name,
            refusal.message,
            refusal.help,
        ))),
    }
}

/// Reads one file that is named rather than found, whatever its kind; `None` for `encoding` leaves it
/// to the bytes to tell it. The error is a sentence.
pub fn read_file(path: &Path, encoding: Option<&str>) -> Result<(Vec<u8>, Decoded), String> {
    let bytes = file::read(
        path,
        file::Encoding::Any,
        Comments::None,
        &Limits::default(),
    )
    .map_err(|refusal| refusal.message)?;
    match encoding {
        None => Ok(decode::decode(bytes)),
        Some(name) => decode::decode_by_name(&bytes, name)
            .ok_or_else(|| format!("`{name}` is no encoding that is known; try windows-1252")),
    }
}

/// Reads one file as it is. The error is a sentence.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, String> {
    file::read(
        path,
        file::Encoding::Any,
        comments::Comments::None,
        &Limits::default(),
    )
    .map_err(|refusal| refusal.message)
}

/// The warning about an entry that is no rules file, lest a misspelt one vanish in silence.
fn passed_over(path: &Path, name: &str) -> Diagnostic {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Diagnostic::about_file(
            Severity::Warning,
            codes::SUBDIRECTORY,
            name,
            "is a directory: the files in it are not read".to_owned(),
            Some("move them up, or begin the directory's name with a dot".to_owned()),
        );
    }
    Diagnostic::about_file(
        Severity::Warning,
        codes::UNKNOWN_EXTENSION,
        name,
        "is not read: its extension is none of those of rules files".to_owned(),
        Some("write rules in a file NAME.rules, or begin the name with a dot".to_owned()),
    )
}

/// The names in `dir`, in byte order.
fn list(dir: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for the engine's list of extensions.
    fn kind(name: &str) -> FileKind {
        if name.starts_with('.') || name.ends_with('~') {
            FileKind::Skipped
        } else if name.ends_with(".rules") {
            FileKind::Read(SourceKind::Native)
        } else {
            FileKind::Unknown
        }
    }

    fn findings(reading: &Reading) -> Vec<(Severity, &'static str)> {
        reading
            .diagnostics
            .iter()
            .map(|diagnostic| (diagnostic.severity, diagnostic.code.word()))
            .collect()
    }

    #[test]
    fn files_are_read_in_byte_order_and_leftovers_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.rules", "a.rules", "B.rules", "é.rules", ".c.rules", "d.rules~",
        ] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let reading = read_as(dir.path(), &Limits::default(), &|_, _| false, kind);
        let names: Vec<_> = reading.sources.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["B.rules", "a.rules", "b.rules", "é.rules"]);
        assert_eq!(reading.sources[1].bytes, b"a.rules");
        assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    }

    #[test]
    fn every_finding_comes_in_one_pass() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("10.rules"), b"a\0b").unwrap();
        fs::create_dir(dir.path().join("20.rules")).unwrap();
        fs::create_dir(dir.path().join("archive")).unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join("misspelt.rule"), b"").unwrap();
        fs::write(dir.path().join("30.rules"), b"good").unwrap();
        let reading = read_as(dir.path(), &Limits::default(), &|_, _| false, kind);
        assert_eq!(
            findings(&reading),
            [
                (Severity::Error, "binary-file"),
                (Severity::Error, "not-a-file"),
                (Severity::Warning, "subdirectory"),
                (Severity::Warning, "unknown-extension"),
            ]
        );
        assert_eq!(reading.sources.len(), 1);
        assert!(reading.has_errors());
    }

    #[test]
    fn a_missing_directory_is_a_finding() {
        let dir = tempfile::tempdir().unwrap();
        let reading = read_as(
            &dir.path().join("gone"),
            &Limits::default(),
            &|_, _| false,
            kind,
        );
        assert_eq!(
            findings(&reading),
            [(Severity::Error, "unreadable-directory")]
        );
    }

    #[test]
    fn an_empty_directory_is_no_finding_of_ours() {
        let dir = tempfile::tempdir().unwrap();
        let reading = read_as(dir.path(), &Limits::default(), &|_, _| false, kind);
        assert!(reading.sources.is_empty() && reading.diagnostics.is_empty());
    }
}
