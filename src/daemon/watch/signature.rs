//! A cheap answer to "may something have changed?": what the system says about files, without reading
//! them.
//!
//! If a signature differs, the file is read, and its content shows if something really changed. A signature is
//! valid while the daemon runs; it is never kept on disk.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::hash::Hash;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use crate::engine::FileKind;

/// Two equal signatures say that nothing has changed, as far as the system knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signature(u128);

impl Signature {
    /// Returns the signature of something that a value describes.
    pub fn of(described: &impl Hash) -> Self {
        let mut hasher = Xxh3::new();
        described.hash(&mut hasher);
        Self(hasher.digest128())
    }
}

/// A directory as the system describes it.
#[derive(Hash)]
struct Directory {
    /// Device and inode: another directory may have taken its place.
    identity: Option<(u64, u64)>,
    /// Why the directory cannot be listed.
    problem: Option<io::ErrorKind>,
    entries: Vec<Entry>,
}

#[derive(Hash)]
struct Entry {
    name: OsString,
    /// Where a symbolic link ends.
    link: Option<PathBuf>,
    /// `None` if the file does not exist, or is not read.
    state: Option<FileState>,
}

/// What the system says about one file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
}

impl FileState {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Returns the part that changes with every write.
    pub(crate) fn written(&self) -> impl PartialEq + use<> {
        (self.size, self.mtime, self.ctime)
    }
}

/// Returns the signature of the rules files in `dir`.
pub(super) fn of_directory(dir: &Path) -> Signature {
    let identity = fs::metadata(dir).map(|metadata| (metadata.dev(), metadata.ino()));
    let names = names_in(dir);
    let problem = names.as_ref().err().map(io::Error::kind);
    let names = names.unwrap_or_default().into_iter();
    Signature::of(&Directory {
        identity: identity.ok(),
        problem,
        entries: names.filter_map(|name| relevant(dir, name)).collect(),
    })
}

/// Returns the signature of one file, which need not exist.
pub(super) fn of_file(path: &Path) -> Signature {
    let name = path.file_name().unwrap_or_default().to_owned();
    Signature::of(&described(path, name))
}

/// Returns the names in `dir`, in byte order.
pub(crate) fn names_in(dir: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    Ok(names)
}

/// Returns nothing for a file that is skipped without a word.
fn relevant(dir: &Path, name: OsString) -> Option<Entry> {
    match FileKind::of(&name.to_string_lossy()) {
        FileKind::Skipped => None,
        FileKind::Read(_) => Some(described(&dir.join(&name), name)),
        // There is a warning about its name; its content does not matter.
        FileKind::Unknown => Some(Entry {
            name,
            link: None,
            state: None,
        }),
    }
}

fn described(path: &Path, name: OsString) -> Entry {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let end = || fs::canonicalize(path).or_else(|_| fs::read_link(path)).ok();
    Entry {
        name,
        link: is_link.then(end).flatten(),
        state: fs::metadata(path).ok().as_ref().map(FileState::of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

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
        let before = of_directory(dir.path());
        std::thread::sleep(Duration::from_millis(20));
        write("two");
        assert_ne!(of_directory(dir.path()), before);
    }

    #[test]
    fn reading_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.rules"), "one").unwrap();
        let before = of_directory(dir.path());
        fs::read(dir.path().join("a.rules")).unwrap();
        assert_eq!(of_directory(dir.path()), before);
    }

    #[test]
    fn a_link_to_an_equal_file_elsewhere_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("rules");
        fs::create_dir(&rules).unwrap();
        fs::write(dir.path().join("one"), "text").unwrap();
        fs::hard_link(dir.path().join("one"), dir.path().join("two")).unwrap();
        let link = rules.join("a.rules");
        symlink("../one", &link).unwrap();
        let before = of_directory(&rules);
        fs::remove_file(&link).unwrap();
        symlink("../two", &link).unwrap();
        assert_ne!(of_directory(&rules), before);
    }

    #[test]
    fn a_directory_in_the_place_of_another_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("rules");
        let missing = of_directory(&rules);
        fs::create_dir(&rules).unwrap();
        let before = of_directory(&rules);
        assert_ne!(before, missing);
        fs::rename(&rules, dir.path().join("old")).unwrap();
        fs::create_dir(&rules).unwrap();
        assert_ne!(of_directory(&rules), before);
    }

    #[test]
    fn a_new_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("readdress.toml");
        let before = of_file(&path);
        fs::write(&path, "").unwrap();
        assert_ne!(of_file(&path), before);
    }
}
