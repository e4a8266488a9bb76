//! The record of what was live last, in the state directory: a daemon that starts without rules knows from
//! it whether there were any.
//!
//! One file for each rules directory, `live-HASH.json`: the directory, the digest of its texts, and each
//! file with the number of its rules. No address is in it.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`LARGEST`] | 16 MiB | the file counts as damaged |
//!
//! # Invariants
//!
//! - A file is written beside the old one, flushed, and renamed over it: after a crash at any byte one of
//!   the two is there, whole.
//! - Nothing here ends the daemon. Without a state directory it serves, and says what it cannot know.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::guard::{Before, Extent};

/// Largest file that is read.
const LARGEST: u64 = 16 << 20;

/// Where records are kept, for one rules directory.
#[derive(Clone, Debug)]
pub struct Marks {
    state: PathBuf,
    rules: PathBuf,
}

/// What was live last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The digest of the texts.
    pub digest: String,
    /// Its files.
    pub extent: Extent,
}

/// What reading the record showed.
#[derive(Debug, Eq, PartialEq)]
pub enum Recorded {
    /// There is none yet.
    Nothing,
    /// This was live.
    Live(Mark),
    /// It cannot be used, for this reason.
    Damaged(String),
}

impl Recorded {
    /// The same as the guard wants it. The device of a directory may be another after a restart, so it is
    /// not recorded.
    pub fn before(&self) -> Before {
        match self {
            Self::Nothing => Before::Nothing,
            Self::Live(mark) => Before::Table(mark.extent.clone()),
            Self::Damaged(_) => Before::Unknown,
        }
    }
}

impl Marks {
    /// Records in the directory `state` about the rules directory `rules`.
    pub fn new(state: &Path, rules: &Path) -> Self {
        let absolute = std::path::absolute(rules).unwrap_or_else(|_| rules.to_owned());
        Self {
            state: state.to_owned(),
            rules: absolute,
        }
    }

    /// The state directory.
    pub fn directory(&self) -> &Path {
        &self.state
    }

    /// The file of this rules directory.
    pub fn file(&self) -> PathBuf {
        let hash = xxh3_64(self.rules.as_os_str().as_encoded_bytes());
        self.state.join(format!("live-{hash:016x}.json"))
    }

    /// Returns why no record can be written here, if that is so.
    pub fn problem(&self) -> Option<String> {
        let probe = self.beside("probe");
        let written = File::create(&probe).map(drop);
        // What was not made need not be removed.
        let _ = fs::remove_file(&probe);
        written.err().map(|error| error.to_string())
    }

    /// Reads the record. Blocks.
    pub fn read(&self) -> Recorded {
        let file = match File::open(self.file()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Recorded::Nothing,
            Err(error) => return Recorded::Damaged(error.to_string()),
        };
        let mut text = String::new();
        match file.take(LARGEST).read_to_string(&mut text) {
            Ok(_) => match parsed(&text) {
                Some(mark) => Recorded::Live(mark),
                None => Recorded::Damaged("it is not what readdress writes".to_owned()),
            },
            Err(error) => Recorded::Damaged(error.to_string()),
        }
    }

    /// Replaces the record. Blocks until it is on the disk.
    pub fn write(&self, mark: &Mark) -> io::Result<()> {
        let files = mark.extent.files.iter();
        let files = files.map(|(name, lines)| json!({ "file": name, "lines": lines }));
        let text = json!({
            "directory": self.rules.display().to_string(),
            "digest": mark.digest,
            "files": files.collect::<Vec<_>>(),
            "lines": mark.extent.lines(),
        });
        let beside = self.beside("new");
        let replaced =
            flushed(&beside, &format!("{text}\n")).and_then(|()| fs::rename(&beside, self.file()));
        if replaced.is_err() {
            // What was not made need not be removed.
            let _ = fs::remove_file(&beside);
        }
        replaced?;
        // The rename itself: without it a crash may bring the old record back, which is whole as well.
        File::open(&self.state)?.sync_all()
    }

    /// A file that no other daemon of this directory writes at the same time.
    fn beside(&self, word: &str) -> PathBuf {
        let own = std::process::id();
        self.file().with_extension(format!("{own}.{word}"))
    }
}

/// Writes a file and waits until it is on the disk.
fn flushed(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The number of lines at the end must be the sum: a file that was cut and repaired by hand is no record.
fn parsed(text: &str) -> Option<Mark> {
    let value: Value = serde_json::from_str(text).ok()?;
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let file = |entry: &Value| Some((entry["file"].as_str()?.to_owned(), number(&entry["lines"])?));
    let files = value["files"].as_array()?.iter().map(file);
    let extent = Extent {
        files: files.collect::<Option<Vec<_>>>()?,
        device: None,
    };
    let mark = Mark {
        digest: value["digest"].as_str()?.to_owned(),
        extent,
    };
    (number(&value["lines"])? == mark.extent.lines()).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(lines: usize) -> Mark {
        Mark {
            digest: "0123".to_owned(),
            extent: Extent {
                files: vec![("a.rules".to_owned(), lines), ("b.csv".to_owned(), 2)],
                device: None,
            },
        }
    }

    #[test]
    fn what_is_written_is_read_and_each_directory_has_its_own() {
        let state = tempfile::tempdir().unwrap();
        let marks = Marks::new(state.path(), Path::new("/etc/readdress/rules"));
        assert_eq!(marks.read(), Recorded::Nothing);
        for lines in [1, 12] {
            marks.write(&mark(lines)).unwrap();
            assert_eq!(marks.read(), Recorded::Live(mark(lines)));
        }
        let other = Marks::new(state.path(), Path::new("/srv/rules"));
        assert_eq!(other.read(), Recorded::Nothing);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    /// Whatever is left of the file by a damaged disk: it is the whole record, or none.
    #[test]
    fn a_damaged_record_is_never_taken_for_a_whole_one() {
        let state = tempfile::tempdir().unwrap();
        let marks = Marks::new(state.path(), Path::new("rules"));
        marks.write(&mark(12)).unwrap();
        let whole = fs::read(marks.file()).unwrap();
        for length in 0..whole.len() - 1 {
            fs::write(marks.file(), &whole[..length]).unwrap();
            let read = marks.read();
            assert!(matches!(read, Recorded::Damaged(_)), "{length}: {read:?}");
            assert_eq!(read.before(), Before::Unknown);
        }
        let other = String::from_utf8(whole).unwrap().replace("12", "13");
        fs::write(marks.file(), other.replacen("13", "7", 1)).unwrap();
        assert!(matches!(marks.read(), Recorded::Damaged(_)));
        fs::write(marks.file(), b"\xff\xfe").unwrap();
        assert!(matches!(marks.read(), Recorded::Damaged(_)));
    }

    #[test]
    fn a_directory_that_is_not_there_is_said() {
        let state = tempfile::tempdir().unwrap();
        let marks = Marks::new(&state.path().join("gone"), Path::new("rules"));
        assert_eq!(marks.read(), Recorded::Nothing);
        assert!(marks.problem().is_some());
        assert!(marks.write(&mark(1)).is_err());
        let marks = Marks::new(state.path(), Path::new("rules"));
        assert_eq!(marks.problem(), None);
    }
}
