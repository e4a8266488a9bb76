//! Reads and writes the directory of the history.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    author::Author,
    damage::Damage,
    entry::{Entry, Text},
    rollback::Rollback,
    texts::Texts,
    whole_file::{self, BEGUN},
};
use crate::engine::store::ContentHash;

/// Rights of the directories: rules are personal data.
const PRIVATE: u32 = 0o700;

/// The history of one rules directory.
#[derive(Clone, Debug)]
pub struct History {
    /// The state directory.
    state: PathBuf,
    /// The rules directory, as an absolute path.
    rules: PathBuf,
    directory: PathBuf,
    texts: Texts,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Generations, one at least.
    pub keep: usize,
    /// Bytes of texts.
    pub max_size: u64,
}

impl From<&crate::config::History> for Bounds {
    fn from(config: &crate::config::History) -> Self {
        Self {
            keep: config.keep,
            max_size: config.max_size,
        }
    }
}

/// All generations that are recorded.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The readable ones, the oldest first.
    pub entries: Vec<Entry>,
    /// What cannot be read.
    pub damaged: Vec<Damage>,
    /// The highest number of a generation, be it readable or not; 0 if there is none.
    pub highest: u64,
}

impl Listing {
    /// Returns the entry of a generation.
    pub fn entry(&self, generation: u64) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.generation == generation)
    }
}

impl History {
    /// The history of the rules directory `rules`, in the directory `state`. Neither need exist.
    pub fn new(state: &Path, rules: &Path) -> Self {
        let rules = std::path::absolute(rules).unwrap_or_else(|_| rules.to_owned());
        let hash = xxh3_64(rules.as_os_str().as_encoded_bytes());
        let directory = state.join(format!("history-{hash:016x}"));
        Self {
            state: state.to_owned(),
            rules,
            texts: Texts::new(directory.join("texts")),
            directory,
        }
    }

    /// Returns the state directory.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Returns the rules directory, as an absolute path.
    pub fn rules(&self) -> &Path {
        &self.rules
    }

    /// Returns the directory of the history.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns a directory beside the history for something else about the same rules directory: `STATE/NAME-HASH`.
    pub fn beside(&self, name: &str) -> PathBuf {
        let own = self.directory.file_name().unwrap_or_default();
        let own = own.to_string_lossy();
        let hash = own.rsplit_once('-').map_or("", |(_, hash)| hash);
        self.state.join(format!("{name}-{hash}"))
    }

    /// Makes the directory ready to be written to, and removes files that were begun before a crash. Blocks.
    ///
    /// # Errors
    ///
    /// Nothing can be recorded here; the error says why.
    pub fn prepare(&self) -> io::Result<()> {
        // The state directory itself is not made: where its file system is not mounted, a history that begins
        // anew would hide the one that is there.
        for directory in self.directories() {
            match DirBuilder::new().mode(PRIVATE).create(&directory) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            // Before anything is written: what a crash left may be what fills the disk.
            whole_file::remove_begun(&directory)?;
        }
        // A disk that is full or read-only shows itself here, and not only at the next save.
        let probe = self.generations().join(format!("{BEGUN}probe"));
        fs::write(&probe, "probe")?;
        fs::remove_file(&probe)
    }

    /// Reads all entries. Blocks.
    ///
    /// # Errors
    ///
    /// The directory is there and cannot be read.
    pub fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        let mut numbers = Vec::new();
        let directory = match fs::read_dir(self.generations()) {
            Ok(directory) => directory,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(error),
        };
        for entry in directory {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        for number in numbers {
            listing.highest = number;
            let path = self.generation(number);
            match whole_file::read::<Entry>(&path) {
                Ok(Some(entry)) if entry.generation == number && entry.settings().is_some() => {
                    listing.entries.push(entry);
                }
                Ok(Some(_)) => {
                    let reason = "it is the entry of another generation, or its settings are none";
                    listing.damaged.push(Damage::new(&path, reason));
                }
                // It was removed meanwhile.
                Ok(None) => {}
                Err(damage) => listing.damaged.push(damage),
            }
        }
        Ok(listing)
    }

    /// Records a generation: its texts, then its entry, then removes what is beyond the bounds. `copy` writes the
    /// bytes of a text, and returns false if they are others by now; the text is then marked as not kept. Blocks.
    ///
    /// # Errors
    ///
    /// What was recorded before is as it was. The generation is recorded as a whole, or not at all; as a whole
    /// if only what is beyond the bounds could not be removed, or if the disk did not confirm what was written.
    pub fn record(
        &self,
        entry: &mut Entry,
        bounds: Bounds,
        copy: &mut dyn FnMut(&Text, &mut dyn Write) -> io::Result<bool>,
    ) -> io::Result<()> {
        self.prepare()?;
        for text in &mut entry.texts {
            let hash = text.content();
            let fill = &mut |to: &mut dyn Write| copy(text, to);
            let kept = self.texts.keep(hash, fill)?;
            text.kept = kept;
        }
        whole_file::write(&self.generation(entry.generation), entry)?;
        self.prune(bounds)
    }

    /// Adds a reason, and who gives it, to a generation that has none. Blocks.
    ///
    /// # Errors
    ///
    /// The entry cannot be read or written.
    pub fn add_reason(&self, number: u64, by: Author, why: Option<String>) -> io::Result<()> {
        let path = self.generation(number);
        let read = whole_file::read::<Entry>(&path);
        let Some(mut entry) = read.map_err(io::Error::other)? else {
            return Ok(());
        };
        if entry.why.is_some() {
            return Ok(());
        }
        (entry.by, entry.why) = (by, why);
        whole_file::write(&path, &entry)
    }

    /// Removes the oldest generations beyond the bounds, and texts that no generation names. The newest one stays,
    /// and so does the one that a rollback in force serves.
    fn prune(&self, bounds: Bounds) -> io::Result<()> {
        let listing = self.list()?;
        let served = match self.rollback() {
            Ok(rollback) => rollback.map(|rollback| rollback.to),
            // Nothing is removed that may be the one that serves.
            Err(_) => return Ok(()),
        };
        let mut kept = listing.entries;
        let mut removed = Vec::new();
        let mut removable = kept.len().saturating_sub(1);
        let mut at = 0;
        while at < removable {
            let many = kept.len() > bounds.keep.max(1);
            if !many && self.texts.bytes(&hashes(&kept)) <= bounds.max_size {
                break;
            }
            match kept.get(at).map(|entry| entry.generation) == served {
                true => at += 1,
                false => {
                    removed.push(kept.remove(at).generation);
                    removable -= 1;
                }
            }
        }
        for generation in removed {
            fs::remove_file(self.generation(generation))?;
        }
        whole_file::flush_directory(&self.generation(0))?;
        if listing.damaged.is_empty() {
            // A damaged entry does not say which texts it needs: then nothing is removed.
            self.texts.remove_others(&hashes(&kept))?;
        }
        Ok(())
    }

    /// Returns the path of a text. It is whole if its bytes have this hash.
    pub fn text(&self, hash: ContentHash) -> PathBuf {
        self.texts.path(hash)
    }

    /// Returns the rollback in force. Blocks.
    ///
    /// # Errors
    ///
    /// The mark is damaged: somebody went back to a generation, and which one is unknown.
    pub fn rollback(&self) -> Result<Option<Rollback>, Damage> {
        whole_file::read(&self.mark())
    }

    /// Puts a rollback into force, also for later starts. Blocks.
    ///
    /// # Errors
    ///
    /// The mark cannot be written.
    pub fn roll_back(&self, rollback: &Rollback) -> io::Result<()> {
        whole_file::write(&self.mark(), rollback)
    }

    /// Ends the rollback in force, also for later starts. Blocks.
    ///
    /// # Errors
    ///
    /// The mark cannot be removed.
    pub fn end_rollback(&self) -> io::Result<()> {
        match fs::remove_file(self.mark()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => whole_file::flush_directory(&self.mark()),
        }
    }

    /// Returns all directories, each after the one that it is in.
    fn directories(&self) -> [PathBuf; 3] {
        let texts = self.texts.directory().to_owned();
        [self.directory.clone(), self.generations(), texts]
    }

    fn generations(&self) -> PathBuf {
        self.directory.join("generations")
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.generations().join(number.to_string())
    }

    fn mark(&self) -> PathBuf {
        self.directory.join("rollback")
    }
}

/// Returns the hashes of all texts that these entries name.
fn hashes(entries: &[Entry]) -> HashSet<u128> {
    let texts = entries.iter().flat_map(|entry| &entry.texts);
    texts.map(|text| text.hash).collect()
}

#[cfg(test)]
mod tests;
