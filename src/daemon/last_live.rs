//! Records in the state directory what was live last. A daemon that starts without rules learns from it
//! whether there were any.
//!
//! There is one file for each rules directory, `live-HASH.json`: the directory, the digest of its texts, and
//! each file with the number of its rules. It contains no address.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`LARGEST`] | 16 MiB | a larger file counts as damaged |
//!
//! # Invariants
//!
//! - A file is written beside the old one, flushed, and renamed over it: after a crash at any byte one of
//!   the two is complete.
//! - Nothing here ends the daemon. Without a state directory it serves, and reports what it cannot know.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::guard::{LastTable, RuleCounts};

/// Largest file that is read.
const LARGEST: u64 = 16 << 20;

/// Keeps the record of one rules directory.
#[derive(Clone, Debug)]
pub struct LastLiveRecord {
    state: PathBuf,
    rules: PathBuf,
}

/// What was live last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastLive {
    /// The digest of the texts.
    pub digest: String,
    /// Its files.
    pub counts: RuleCounts,
}

/// What reading the record showed.
#[derive(Debug, Eq, PartialEq)]
pub enum Recorded {
    /// There is no record yet.
    Nothing,
    /// This was live.
    Live(LastLive),
    /// The record cannot be used, for this reason.
    Damaged(String),
}

impl Recorded {
    /// Returns what the guard compares with. The device of a directory may be another one after a restart,
    /// so it is not recorded.
    pub fn last_table(&self) -> LastTable {
        match self {
            Self::Nothing => LastTable::Nothing,
            Self::Live(last) => LastTable::Table(last.counts.clone()),
            Self::Damaged(_) => LastTable::Unknown,
        }
    }
}

impl LastLiveRecord {
    /// For records in the directory `state` about the rules directory `rules`.
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

    /// Returns the path of the record.
    pub fn file(&self) -> PathBuf {
        let hash = xxh3_64(self.rules.as_os_str().as_encoded_bytes());
        self.state.join(format!("live-{hash:016x}.json"))
    }

    /// Returns why no record can be written here, if that is so.
    pub fn problem(&self) -> Option<String> {
        let probe = self.beside("probe");
        let written = File::create(&probe).map(drop);
        // An error is fine: a file that was not made need not be removed.
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
                Some(last) => Recorded::Live(last),
                None => Recorded::Damaged("it is not what readdress writes".to_owned()),
            },
            Err(error) => Recorded::Damaged(error.to_string()),
        }
    }

    /// Replaces the record. Blocks until it is on the disk.
    pub fn write(&self, last: &LastLive) -> io::Result<()> {
        let files = last.counts.files.iter();
        let files = files.map(|(name, lines)| json!({ "file": name, "lines": lines }));
        let text = json!({
            "directory": self.rules.display().to_string(),
            "digest": last.digest,
            "files": files.collect::<Vec<_>>(),
            "lines": last.counts.lines(),
        });
        let beside = self.beside("new");
        let replaced =
            flushed(&beside, &format!("{text}\n")).and_then(|()| fs::rename(&beside, self.file()));
        if replaced.is_err() {
            // An error is fine: a file that was not made need not be removed.
            let _ = fs::remove_file(&beside);
        }
        replaced?;
        // Flushes the rename. Without this, a crash may bring back the old record, which is complete too.
        File::open(&self.state)?.sync_all()
    }

    /// Returns the path of a file that no other daemon of this directory writes at the same time.
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

/// The number of lines at the end must be the sum. A file that was cut off and repaired by hand is damaged.
fn parsed(text: &str) -> Option<LastLive> {
    let value: Value = serde_json::from_str(text).ok()?;
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let file = |entry: &Value| Some((entry["file"].as_str()?.to_owned(), number(&entry["lines"])?));
    let files = value["files"].as_array()?.iter().map(file);
    let counts = RuleCounts {
        files: files.collect::<Option<Vec<_>>>()?,
        device: None,
    };
    let last = LastLive {
        digest: value["digest"].as_str()?.to_owned(),
        counts,
    };
    (number(&value["lines"])? == last.counts.lines()).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(lines: usize) -> LastLive {
        LastLive {
            digest: "0123".to_owned(),
            counts: RuleCounts {
                files: vec![("a.rules".to_owned(), lines), ("b.csv".to_owned(), 2)],
                device: None,
            },
        }
    }

    #[test]
    fn what_is_written_is_read_and_each_directory_has_its_own() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("/etc/readdress/rules"));
        assert_eq!(record.read(), Recorded::Nothing);
        for lines in [1, 12] {
            record.write(&last(lines)).unwrap();
            assert_eq!(record.read(), Recorded::Live(last(lines)));
        }
        let other = LastLiveRecord::new(state.path(), Path::new("/srv/rules"));
        assert_eq!(other.read(), Recorded::Nothing);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    /// Whatever a damaged disk leaves of the file: the result is the complete record, or none.
    #[test]
    fn a_damaged_record_is_never_taken_for_a_whole_one() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        record.write(&last(12)).unwrap();
        let whole = fs::read(record.file()).unwrap();
        for length in 0..whole.len() - 1 {
            fs::write(record.file(), &whole[..length]).unwrap();
            let read = record.read();
            assert!(matches!(read, Recorded::Damaged(_)), "{length}: {read:?}");
            assert_eq!(read.last_table(), LastTable::Unknown);
        }
        let other = String::from_utf8(whole).unwrap().replace("12", "13");
        fs::write(record.file(), other.replacen("13", "7", 1)).unwrap();
        assert!(matches!(record.read(), Recorded::Damaged(_)));
        fs::write(record.file(), b"\xff\xfe").unwrap();
        assert!(matches!(record.read(), Recorded::Damaged(_)));
    }

    #[test]
    fn a_directory_that_is_not_there_is_said() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(&state.path().join("gone"), Path::new("rules"));
        assert_eq!(record.read(), Recorded::Nothing);
        assert!(record.problem().is_some());
        assert!(record.write(&last(1)).is_err());
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        assert_eq!(record.problem(), None);
    }
}
