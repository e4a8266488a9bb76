//! Records in the state directory which table was live last. A daemon that starts without rules learns from the
//! record whether there were rules before.
//!
//! There is one file for each rules directory, `live-HASH.json`: the directory, the digest of its texts, and
//! each rule file with the number of its rules ([`Written`]). The record contains no address.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`LARGEST`] | 16 MiB | a larger file counts as damaged |
//!
//! # Invariants
//!
//! - A new record is written beside the old one, flushed, and renamed over the old one: after a crash at any byte,
//!   one of the two is complete.
//! - An error here does not end the daemon. Without a state directory the daemon serves, and reports what it cannot
//!   know.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::guard::{LastTable, RuleCounts};

/// The size of the largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// Keeps the record of one rules directory.
#[derive(Clone, Debug)]
pub struct LastLiveRecord {
    state: PathBuf,
    rules: PathBuf,
}

/// The table that was live last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastLive {
    /// The digest of the texts.
    pub digest: String,
    /// How many rules each rule file has.
    pub counts: RuleCounts,
}

/// The JSON object that a record consists of.
#[derive(Deserialize, Serialize)]
struct Written {
    /// The rules directory, for people who read the file.
    directory: Option<String>,
    digest: String,
    files: Vec<WrittenFile>,
    /// The number of all rules and domain lines: the sum over `files`.
    lines: usize,
}

/// One rule file in a record.
#[derive(Deserialize, Serialize)]
struct WrittenFile {
    file: String,
    lines: usize,
}

impl Written {
    fn new(directory: &Path, last: &LastLive) -> Self {
        let files = last.counts.files.iter();
        let files = files.map(|(file, lines)| WrittenFile {
            file: file.clone(),
            lines: *lines,
        });
        Self {
            directory: Some(directory.display().to_string()),
            digest: last.digest.clone(),
            files: files.collect(),
            lines: last.counts.lines(),
        }
    }

    /// Returns the table; `None` if the number of all lines is not their sum. A file that was cut off and repaired by
    /// hand is damaged.
    fn last_live(self) -> Option<LastLive> {
        let files = self.files.into_iter();
        let counts = RuleCounts {
            files: files.map(|entry| (entry.file, entry.lines)).collect(),
            device: None,
        };
        (counts.lines() == self.lines).then_some(LastLive {
            digest: self.digest,
            counts,
        })
    }
}

/// The result of reading the record.
#[derive(Debug, Eq, PartialEq)]
pub enum Recorded {
    /// There is no record yet.
    Nothing,
    /// This table was live.
    Live(LastLive),
    /// The record cannot be used, for this reason.
    Damaged(String),
}

impl Recorded {
    /// Returns the table with which the guard compares a new table. The device of a directory may be another one
    /// after a restart, so the record does not contain the device.
    pub fn last_table(&self) -> LastTable {
        match self {
            Self::Nothing => LastTable::Nothing,
            Self::Live(last) => LastTable::Table(last.counts.clone()),
            Self::Damaged(_) => LastTable::Unknown,
        }
    }
}

impl LastLiveRecord {
    /// Makes the keeper of the record in the directory `state` about the rules directory `rules`.
    pub fn new(state: &Path, rules: &Path) -> Self {
        let absolute = std::path::absolute(rules).unwrap_or_else(|_| rules.to_owned());
        Self {
            state: state.to_owned(),
            rules: absolute,
        }
    }

    /// Returns the state directory.
    pub fn directory(&self) -> &Path {
        &self.state
    }

    /// Returns the path of the record.
    pub fn file(&self) -> PathBuf {
        let hash = xxh3_64(self.rules.as_os_str().as_encoded_bytes());
        self.state.join(format!("live-{hash:016x}.json"))
    }

    /// Returns why no record can be written here; `None` if records can be written.
    pub fn problem(&self) -> Option<String> {
        let probe = self.beside("probe");
        let written = File::create(&probe).map(drop);
        // An error is fine: a file that was not made need not be removed.
        let _ = fs::remove_file(&probe);
        written.err().map(|error| error.to_string())
    }

    /// Reads the record. This call blocks.
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

    /// Replaces the record. This call blocks until the new record is on the disk.
    pub fn write(&self, last: &LastLive) -> io::Result<()> {
        let text = serde_json::to_string(&Written::new(&self.rules, last))?;
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

/// Writes a file and waits until the file is on the disk.
fn flushed(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Returns the table that a record holds; `None` if the record is damaged.
fn parsed(text: &str) -> Option<LastLive> {
    serde_json::from_str::<Written>(text).ok()?.last_live()
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
    fn a_written_record_is_read_and_each_directory_has_its_own() {
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

    /// A disk that loses data may leave any part of the file. The result is the complete record, or none.
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

    /// A crash leaves a part of the new file beside the old one, and the old one is read.
    #[test]
    fn a_crash_at_any_byte_of_a_write_leaves_the_record_before() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("/etc/readdress/rules"));
        record.write(&last(500)).unwrap();
        let new = fs::read(record.file()).unwrap();
        record.write(&last(12)).unwrap();
        for length in 0..=new.len() {
            fs::write(record.beside("new"), &new[..length]).unwrap();
            assert_eq!(record.read(), Recorded::Live(last(12)), "{length}");
        }
        // The next write is not hindered by what is left, and leaves one file.
        record.write(&last(13)).unwrap();
        assert_eq!(record.read(), Recorded::Live(last(13)));
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    /// A write that fails leaves the record before, and nothing beside it.
    #[test]
    fn a_write_that_fails_leaves_the_record_before() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        record.write(&last(12)).unwrap();
        fs::create_dir(record.beside("new")).unwrap();
        assert!(record.write(&last(13)).is_err());
        assert_eq!(record.read(), Recorded::Live(last(12)));
    }

    #[test]
    fn a_record_of_any_wrong_shape_is_damaged() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"digest":"0","files":[],"lines":1}"#,
            r#"{"digest":"0","files":[{"file":"a","lines":1}],"lines":2}"#,
            r#"{"digest":"0","files":[{"file":"a","lines":-1}],"lines":-1}"#,
            r#"{"digest":"0","files":[{"file":"a"}],"lines":0}"#,
            r#"{"digest":"0","files":[{"lines":1}],"lines":1}"#,
            r#"{"digest":"0","files":{},"lines":0}"#,
            r#"{"digest":7,"files":[],"lines":0}"#,
            r#"{"files":[],"lines":0}"#,
            r#"{"digest":"0","files":[]}"#,
            r#"{"digest":"0","files":[],"lines":0} x"#,
        ] {
            fs::write(record.file(), text).unwrap();
            let read = record.read();
            assert!(matches!(read, Recorded::Damaged(_)), "{text}: {read:?}");
            assert!(read.last_table().had_rules(), "rules may have been live");
        }
        fs::write(record.file(), r#"{"digest":"0","files":[],"lines":0}"#).unwrap();
        assert!(!record.read().last_table().had_rules());
    }

    #[test]
    fn one_directory_has_one_record_however_it_is_written() {
        let state = tempfile::tempdir().unwrap();
        let here = std::env::current_dir().unwrap();
        let relative = LastLiveRecord::new(state.path(), Path::new("rules"));
        let absolute = LastLiveRecord::new(state.path(), &here.join("rules"));
        assert_eq!(relative.file(), absolute.file());
        relative.write(&last(1)).unwrap();
        assert_eq!(absolute.read(), Recorded::Live(last(1)));
    }

    #[test]
    fn files_of_older_versions_are_read() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        let files = r#""files":[{"file":"a.rules","lines":12},{"file":"b.csv","lines":2}]"#;
        for text in [
            format!(r#"{{"directory":"/rules","digest":"0123",{files},"lines":14}}"#),
            format!(r#"{{"digest":"0123",{files},"lines":14,"later":{{}}}}"#),
        ] {
            fs::write(record.file(), text).unwrap();
            assert_eq!(record.read(), Recorded::Live(last(12)));
        }
    }

    #[test]
    fn a_missing_state_directory_is_reported() {
        let state = tempfile::tempdir().unwrap();
        let record = LastLiveRecord::new(&state.path().join("gone"), Path::new("rules"));
        assert_eq!(record.read(), Recorded::Nothing);
        assert!(record.problem().is_some());
        assert!(record.write(&last(1)).is_err());
        let record = LastLiveRecord::new(state.path(), Path::new("rules"));
        assert_eq!(record.problem(), None);
    }
}
