//! A rules directory as a source: every file whose name has a known extension is a text.
//!
//! Texts come in byte order of the names. A file that cannot be read is a finding, and does not hide those
//! of others. Files of other programs are decoded (`engine::format::decode`), because they may be UTF-16;
//! places in them are places in the decoded text.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::access;
use super::comments::Comments;
use super::file::{self, Content};
use super::full_text::FullText;
use super::limits::{Encoding, Limits};
use super::rule_source::{CopyError, RuleSource, SourceState, TakeText};
use crate::daemon::history::Saved;
use crate::daemon::watch::{Signature, Watched, WatchedPath, names_in};
use crate::engine::{
    Diagnostic, FileKind, Severity, SourceKind, SourceText,
    diagnostic::{ForeignFormat, codes},
    store::ContentHash,
};

/// The files of one directory.
#[derive(Clone, Debug)]
pub struct RulesDirectory {
    path: PathBuf,
    watched: WatchedPath,
    limits: Limits,
}

impl RulesDirectory {
    /// The directory at `path`, which need not exist. Its files must keep to these limits.
    pub fn new(path: &Path, limits: Limits) -> Self {
        Self {
            path: path.to_owned(),
            watched: WatchedPath::Directory(path.to_owned()),
            limits,
        }
    }
}

impl Watched for RulesDirectory {
    fn signature(&self) -> Signature {
        self.watched.signature()
    }

    fn paths(&self) -> &[WatchedPath] {
        self.watched.paths()
    }
}

impl RuleSource for RulesDirectory {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&self, take: TakeText<'_>) -> SourceState {
        let mut state = SourceState {
            device: fs::metadata(&self.path).ok().map(|of| of.dev()),
            ..SourceState::default()
        };
        let names = match names_in(&self.path) {
            Ok(names) => names,
            Err(error) => {
                state.missing = error.kind() == io::ErrorKind::NotFound;
                state.diagnostics.push(unreadable(&self.path, &error));
                return state;
            }
        };
        let owner = access::owner(&self.path);
        state.diagnostics.extend(access::directory(&self.path));
        for name in names {
            let path = self.path.join(&name);
            let name = name.to_string_lossy().into_owned();
            match FileKind::of(&name) {
                FileKind::Skipped => {}
                FileKind::Unknown => state.diagnostics.push(not_read(&path, &name)),
                FileKind::Read(kind) => match read_kind(&path, &name, kind, &self.limits) {
                    Ok((text, full)) => {
                        state.diagnostics.extend(access::file(&path, &name, owner));
                        take(text, full);
                    }
                    Err(finding) => state.diagnostics.push(*finding),
                },
            }
        }
        state
    }

    fn read_again(&self, name: &str, hash: ContentHash) -> Option<SourceText> {
        let FileKind::Read(kind) = FileKind::of(name) else {
            return None;
        };
        let read = read_kind(&self.path.join(name), name, kind, &self.limits);
        let (text, now) = read.ok()?;
        (now.hash == hash).then_some(text)
    }

    fn copy(&self, name: &str, hash: ContentHash, to: &mut dyn Write) -> Result<(), CopyError> {
        file::copy(&self.path.join(name), hash, to)
    }

    fn saved(&self, name: &str) -> Option<Saved> {
        let of = fs::metadata(self.path.join(name)).ok()?;
        Some(Saved {
            user: of.uid(),
            at: of.modified().ok()?,
        })
    }
}

/// Reads one file as the file `name` of a rules directory would be read.
///
/// # Errors
///
/// A finding: no rules file has such a name, or the file cannot be read.
pub fn read_named(path: &Path, name: &str, limits: &Limits) -> Result<SourceText, Box<Diagnostic>> {
    let FileKind::Read(kind) = FileKind::of(name) else {
        return Err(Box::new(not_read(path, name)));
    };
    read_kind(path, name, kind, limits).map(|(text, _)| text)
}

pub(super) fn read_kind(
    path: &Path,
    name: &str,
    kind: SourceKind,
    limits: &Limits,
) -> Result<(SourceText, FullText), Box<Diagnostic>> {
    let read = file::read(path, encoding(kind), comments(kind), limits);
    let Content { text, full } = read.map_err(|refusal| {
        Box::new(Diagnostic::about_file(
            Severity::Error,
            refusal.code,
            name,
            refusal.message,
            refusal.help,
        ))
    })?;
    let text = SourceText {
        name: name.to_owned(),
        kind,
        bytes: text,
    };
    Ok((text, full))
}

/// Returns what a file of this kind may hold.
fn encoding(kind: SourceKind) -> Encoding {
    match kind {
        SourceKind::Foreign(_) => Encoding::Detected,
        SourceKind::Native | SourceKind::Expectations => Encoding::Utf8,
    }
}

/// Returns which lines of a file of this kind are comments.
fn comments(kind: SourceKind) -> Comments {
    match kind {
        SourceKind::Native
        | SourceKind::Expectations
        | SourceKind::Foreign(ForeignFormat::Virtual) => Comments::Lines,
        SourceKind::Foreign(ForeignFormat::Virtusertable) => Comments::FirstColumn,
        // In a table, a cell of several lines may contain such a line. In LDIF, a comment says whether the
        // export is complete.
        SourceKind::Foreign(ForeignFormat::Csv | ForeignFormat::Ldif) => Comments::None,
    }
}

fn unreadable(directory: &Path, error: &io::Error) -> Diagnostic {
    let refusal = file::refused(directory, error);
    Diagnostic::about_file(
        Severity::Error,
        codes::UNREADABLE_DIRECTORY,
        &directory.display().to_string(),
        refusal.message,
        refusal.help,
    )
}

/// Returns the warning about a name that no rules file has: it may be misspelt.
fn not_read(path: &Path, name: &str) -> Diagnostic {
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
        Some(match FileKind::meant(name) {
            Some(meant) => format!("rename it to `{meant}`, or begin the name with a dot"),
            None => "write rules in a file NAME.rules, or begin the name with a dot".to_owned(),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, read_directory};
    use super::*;

    fn findings(reading: &Reading<'_>) -> Vec<(Severity, &'static str)> {
        let findings = reading.diagnostics.iter();
        findings
            .map(|finding| (finding.severity, finding.code.word()))
            .collect()
    }

    #[test]
    fn files_are_read_in_byte_order_and_leftovers_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.rules", "a.rules", "B.rules", "é.rules", ".c.rules", "d.rules~",
        ] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let reading = read_directory(dir.path(), &Limits::default());
        let names: Vec<_> = reading.sources.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["B.rules", "a.rules", "b.rules", "é.rules"]);
        assert_eq!(reading.sources[1].bytes, b"a.rules");
        assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    }

    #[test]
    fn every_finding_comes_in_one_pass() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("10.rules"), [0; 20]).unwrap();
        fs::create_dir(dir.path().join("20.rules")).unwrap();
        fs::create_dir(dir.path().join("archive")).unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join("misspelt.rule"), b"").unwrap();
        fs::write(dir.path().join("30.rules"), b"good").unwrap();
        let reading = read_directory(dir.path(), &Limits::default());
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
        let reading = read_directory(&dir.path().join("gone"), &Limits::default());
        let wanted = [(Severity::Error, "unreadable-directory")];
        assert_eq!(findings(&reading), wanted);
        assert!(reading.missing);
    }

    #[test]
    fn an_empty_directory_gives_no_finding_here() {
        let dir = tempfile::tempdir().unwrap();
        let reading = read_directory(dir.path(), &Limits::default());
        assert!(reading.sources.is_empty() && reading.diagnostics.is_empty());
    }

    /// What a history keeps is the file as it is on the disk, not the text that is compiled.
    #[test]
    fn the_full_bytes_of_what_was_read_can_be_copied() {
        let dir = tempfile::tempdir().unwrap();
        let comment = [b"# ".as_slice(), &[b'x'; 1021], b"\n"].concat();
        let long = [&comment.repeat(3000)[..], b"a@b.example c@d.example\n"].concat();
        let wide: Vec<u8> = "\u{feff}mail\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        fs::write(dir.path().join("a.rules"), &long).unwrap();
        fs::write(dir.path().join("b.csv"), &wide).unwrap();
        let source = RulesDirectory::new(dir.path(), Limits::default());
        let reading = super::super::read(&source, &Default::default());
        assert!(reading.sources[0].bytes.len() < long.len() / 2);
        assert_ne!(reading.sources[1].bytes, wide);
        let entries = reading.manifest.entries();
        for (entry, full) in entries.iter().zip([&long, &wide]) {
            let mut copy = Vec::new();
            source.copy(&entry.name, entry.hash, &mut copy).unwrap();
            assert!(copy == *full, "{}", entry.name);
            assert_eq!(entry.hash, ContentHash::of(full));
        }
        let text = source.read_again("a.rules", entries[0].hash).unwrap();
        assert_eq!(text, reading.sources[0]);
        // Another content is never given for the one that was read.
        fs::write(dir.path().join("a.rules"), b"a@b.example x@d.example\n").unwrap();
        let copied = source.copy("a.rules", entries[0].hash, &mut Vec::new());
        assert!(matches!(copied, Err(CopyError::Changed)), "{copied:?}");
        assert_eq!(source.read_again("a.rules", entries[0].hash), None);
        fs::remove_file(dir.path().join("a.rules")).unwrap();
        let copied = source.copy("a.rules", entries[0].hash, &mut Vec::new());
        assert!(matches!(copied, Err(CopyError::Changed)), "{copied:?}");
    }

    #[test]
    fn a_copy_comes_in_blocks() {
        struct Largest(usize, usize);
        impl Write for Largest {
            fn write(&mut self, block: &[u8]) -> io::Result<usize> {
                *self = Self(self.0.max(block.len()), self.1 + block.len());
                Ok(block.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let text = b"a@b.example c@d.example\n".repeat(100_000);
        fs::write(dir.path().join("a.rules"), &text).unwrap();
        let source = RulesDirectory::new(dir.path(), Limits::default());
        let mut largest = Largest(0, 0);
        let hash = ContentHash::of(&text);
        source.copy("a.rules", hash, &mut largest).unwrap();
        assert!(largest.0 <= 64 << 10, "{} bytes at once", largest.0);
        assert_eq!(largest.1, text.len());
    }
}
