//! The texts of rule files, each distinct one once, under the hash of its bytes.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::whole_file;
use crate::engine::store::ContentHash;

/// Writes the bytes of a text; false if they are others by now.
pub(super) type Fill<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<bool>;

/// The directory of texts.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    directory: PathBuf,
}

/// Why a text was not kept.
enum NotKept {
    /// The file holds other bytes by now.
    Changed,
    Failed(io::Error),
}

impl From<io::Error> for NotKept {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Texts {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the path of a text.
    pub fn path(&self, hash: ContentHash) -> PathBuf {
        self.directory.join(format!("{:032x}", hash.0))
    }

    /// Keeps a text, which `fill` writes unless it is here already. Returns false if its bytes are others by now.
    pub fn keep(&self, hash: ContentHash, fill: Fill<'_>) -> io::Result<bool> {
        let path = self.path(hash);
        if path.try_exists()? {
            return Ok(true);
        }
        let filled = whole_file::replace(&path, |file| match fill(file)? {
            true => Ok(()),
            false => Err(NotKept::Changed),
        });
        match filled {
            Ok(()) => Ok(true),
            Err(NotKept::Changed) => Ok(false),
            Err(NotKept::Failed(error)) => Err(error),
        }
    }

    /// Returns the sizes of these texts together, in bytes.
    pub fn bytes(&self, hashes: &HashSet<u128>) -> u64 {
        let sizes = hashes.iter().map(|hash| {
            let metadata = fs::metadata(self.path(ContentHash(*hash)));
            metadata.map_or(0, |of| of.len())
        });
        sizes.sum()
    }

    /// Removes every text but these.
    pub fn remove_others(&self, kept: &HashSet<u128>) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hash = u128::from_str_radix(&name, 16).ok();
            if hash.is_some_and(|hash| !kept.contains(&hash)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
