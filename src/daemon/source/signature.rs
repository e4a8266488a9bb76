//! Two cheap answers to "is it the same?": of the files as the system describes them, and of their
//! content.
//!
//! | | costs | differs when |
//! |---|---|---|
//! | [`Signature`] | a stat for each file | something may have been written: read it |
//! | [`Fingerprint`] | a hash over the content, 128 bits (XXH3) | something else is written there: compile it |
//!
//! A signature is not kept on disk; a fingerprint is, as a digest that people copy. The hash is not cryptographic: who may write the rules need not forge it.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::{Reading, list};
use crate::engine::FileKind;

/// What the system says about the files of a directory, or about one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Device and inode of the directory: another one may have taken its place.
    directory: Option<(u64, u64)>,
    /// Why the directory cannot be listed.
    problem: Option<io::ErrorKind>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Entry {
    name: OsString,
    /// Where a symbolic link ends.
    target: Option<PathBuf>,
    /// `None` for what does not exist, and for what is not read.
    stamp: Option<Stamp>,
}

/// What the system says about one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The part that a write changes.
    pub(super) fn content(&self) -> impl PartialEq + use<> {
        (self.size, self.mtime, self.ctime)
    }
}

/// The signature of the files in `dir` that are read.
pub fn signature(dir: &Path) -> Signature {
    let directory = fs::metadata(dir).map(|metadata| (metadata.dev(), metadata.ino()));
    match list(dir) {
        Ok(names) => Signature {
            directory: directory.ok(),
            problem: None,
            entries: names
                .into_iter()
                .filter_map(|name| relevant(dir, name))
                .collect(),
        },
        Err(error) => Signature {
            directory: directory.ok(),
            problem: Some(error.kind()),
            entries: Vec::new(),
        },
    }
}

/// The signature of one file that need not exist.
pub fn file_signature(path: &Path) -> Signature {
    let name = path.file_name().unwrap_or_default().to_owned();
    Signature {
        directory: None,
        problem: None,
        entries: vec![described(path, name)],
    }
}

/// `None` for what is passed over in silence.
fn relevant(dir: &Path, name: OsString) -> Option<Entry> {
    match FileKind::of(&name.to_string_lossy()) {
        FileKind::Skipped => None,
        FileKind::Read(_) => Some(described(&dir.join(&name), name)),
        // Its name makes a warning; its content does not matter.
        FileKind::Unknown => Some(Entry {
            name,
            target: None,
            stamp: None,
        }),
    }
}

fn described(path: &Path, name: OsString) -> Entry {
    let link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    Entry {
        name,
        target: link
            .then(|| fs::canonicalize(path).or_else(|_| fs::read_link(path)).ok())
            .flatten(),
        stamp: fs::metadata(path).ok().as_ref().map(Stamp::of),
    }
}

/// The identity of a content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fingerprint(u128);

/// The digest: the first 16 hexadecimal digits, which people copy to `readdress accept`.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0 >> 64)
    }
}

/// The fingerprint of the files' names and contents.
pub fn fingerprint(reading: &Reading) -> Fingerprint {
    let mut hasher = Xxh3::new();
    for (source, hash) in reading.sources.iter().zip(&reading.hashes) {
        // Lengths go in, so that nothing can move from one file to the next unseen.
        hasher.update(&source.name.len().to_le_bytes());
        hasher.update(source.name.as_bytes());
        hasher.update(&hash.to_le_bytes());
    }
    Fingerprint(hasher.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SourceText;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

    fn of(files: &[(&str, &str)]) -> Fingerprint {
        let mut reading = Reading::default();
        for (name, text) in files {
            reading.add(SourceText::new(*name, *text), &|_, _| false);
        }
        fingerprint(&reading)
    }

    #[test]
    fn a_rewrite_with_the_same_size_and_mtime_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.rules");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(long_ago).unwrap();
        };
        write("one");
        let before = signature(dir.path());
        std::thread::sleep(Duration::from_millis(20));
        write("two");
        assert_ne!(signature(dir.path()), before);
    }

    #[test]
    fn nothing_done_is_nothing_seen() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.rules"), "one").unwrap();
        let before = signature(dir.path());
        fs::read(dir.path().join("a.rules")).unwrap();
        assert_eq!(signature(dir.path()), before);
    }

    #[test]
    fn a_link_to_an_equal_file_elsewhere_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("rules");
        fs::create_dir(&rules).unwrap();
        fs::write(dir.path().join("one"), "text").unwrap();
        fs::hard_link(dir.path().join("one"), dir.path().join("two")).unwrap();
        let link = rules.join("a.rules");
        symlink("../one", &link).unwrap();
        let before = signature(&rules);
        fs::remove_file(&link).unwrap();
        symlink("../two", &link).unwrap();
        assert_ne!(signature(&rules), before);
    }

    #[test]
    fn a_directory_in_the_place_of_another_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("rules");
        let missing = signature(&rules);
        fs::create_dir(&rules).unwrap();
        let before = signature(&rules);
        assert_ne!(before, missing);
        fs::rename(&rules, dir.path().join("old")).unwrap();
        fs::create_dir(&rules).unwrap();
        assert_ne!(signature(&rules), before);
    }

    #[test]
    fn a_file_that_comes_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("readdress.toml");
        let before = file_signature(&path);
        fs::write(&path, "").unwrap();
        assert_ne!(file_signature(&path), before);
    }

    #[test]
    fn fingerprints_tell_contents_apart() {
        let one = of(&[("a", "xy"), ("b", "z")]);
        assert_eq!(one, of(&[("a", "xy"), ("b", "z")]));
        for other in [
            &[("a", "x"), ("b", "yz")][..],
            &[("b", "z"), ("a", "xy")],
            &[("a", "xy")],
            &[("axy", ""), ("b", "z")],
        ] {
            assert_ne!(one, of(other));
        }
    }
}
