//! Files that are as they were when the table before this one was made: their rules are taken over and
//! not read again.
//!
//! Only native files without findings and domain lines are: nothing of them but their rules matters
//! to other files. Whether a file is the same is told by its name and a hash of 128 bits (XXH3). Who
//! reads the files may leave the text of such a file out, so that it takes no memory.
//!
//! # What it gains
//!
//! A line edited beside ten million rules is live in about three fifths of the time that a full load
//! takes (`tests/bench/run table`); the rest is index and checks, which look at the whole.

use xxhash_rust::xxh3::xxh3_128;

use super::Packed;
use crate::engine::diagnostic::{SourceKind, SourceText};

/// What was read from one file.
#[derive(Clone, Debug)]
pub struct FileRead {
    name: Box<str>,
    hash: u128,
    /// Numbers of the domains that its rules name, and whether targets are in them; `None` where the
    /// file has to be read again.
    domains: Option<Box<[(u32, bool)]>>,
}

impl FileRead {
    /// Whether both were read from one text under one name.
    pub fn is(&self, other: &Self) -> bool {
        self.hash == other.hash && self.name == other.name
    }

    /// One that was read just now; `clean` says that nothing came of it but rules.
    pub fn new(source: &SourceText, hash: u128, clean: bool, rules: &mut Packed) -> Self {
        let domains = rules.end_file();
        let native = source.kind == SourceKind::Native;
        Self {
            name: source.name.as_str().into(),
            hash,
            domains: (native && clean).then(|| domains.into()),
        }
    }
}

/// The rules of a table that serves, and the files that they were read from; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'p> {
    /// Its rules.
    pub rules: Option<&'p Packed>,
    /// Its files, in their order.
    pub files: &'p [FileRead],
    /// Of each file that is read now, the hash of its content, where it is known.
    pub hashes: &'p [u128],
    /// Of each file that is read now, whether it is one of those, and its text was left out.
    pub left_out: &'p [bool],
}

impl Past<'_> {
    /// Whether the rules of a file can be taken over, if its content has this hash.
    pub fn has(&self, name: &str, hash: u128) -> bool {
        self.position(name, hash).is_some()
    }

    /// Whether the text of a file was left out.
    pub fn is_left_out(&self, file: u32) -> bool {
        self.left_out
            .get(file as usize)
            .copied()
            .unwrap_or_default()
    }

    /// The hash of a file that is read now.
    pub fn hash_of(&self, file: u32, source: &SourceText) -> u128 {
        let known = self.hashes.get(file as usize).copied();
        known.unwrap_or_else(|| hash(&source.bytes))
    }

    /// Where a file stands that can be taken over.
    fn position(&self, name: &str, hash: u128) -> Option<usize> {
        self.rules?;
        let same =
            |read: &FileRead| read.hash == hash && *read.name == *name && read.domains.is_some();
        self.files.iter().position(same)
    }

    /// Takes the rules of a file over; whether it was there, and as it is now.
    pub fn take(
        &self,
        (file, name, hash): (u32, &str, u128),
        rules: &mut Packed,
    ) -> Option<FileRead> {
        let at = self.position(name, hash)?;
        let read = self.files.get(at)?;
        let domains = read.domains.as_deref()?;
        let was = u32::try_from(at).ok()?;
        rules
            .adopt(self.rules?, was, file, domains)
            .then(|| read.clone())
    }
}

/// What tells one content from another.
pub fn hash(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}
