//! Files that are as they were when the table before this one was made: their rules are taken over and
//! not read again.
//!
//! Only native files without findings and domain lines are: nothing of them but their rules matters
//! to other files. Whether a file is the same is told by its name and a hash of 128 bits (XXH3).
//!
//! # What it gains
//!
//! A line edited in a directory of a million rules in another file is live in about two thirds of the
//! time that a full load takes (`tests/bench/run table`); the rest is index and checks, which look at
//! the whole.

use xxhash_rust::xxh3::xxh3_128;

use super::{FileKind, Format, Packed, SourceText};

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
    pub(super) fn new(source: &SourceText, hash: u128, clean: bool, rules: &mut Packed) -> Self {
        let domains = rules.end_file();
        let native = FileKind::of(&source.name) == FileKind::Read(Format::Native);
        Self {
            name: source.name.as_str().into(),
            hash,
            domains: (native && clean).then(|| domains.into()),
        }
    }
}

/// The rules of a table that serves, and the files that they were read from.
#[derive(Clone, Copy, Debug)]
pub struct Past<'p> {
    /// Its rules.
    pub rules: &'p Packed,
    /// Its files, in their order.
    pub files: &'p [FileRead],
}

impl Past<'_> {
    /// Takes the rules of a file over; whether it was there, and as it is now.
    pub(super) fn take(
        &self,
        (file, source, hash): (u32, &SourceText, u128),
        rules: &mut Packed,
    ) -> Option<FileRead> {
        let same = |read: &&FileRead| read.hash == hash && *read.name == *source.name;
        let at = self.files.iter().position(|read| same(&read))?;
        let read = self.files.get(at)?;
        let domains = read.domains.as_deref()?;
        let was = u32::try_from(at).ok()?;
        rules
            .adopt(self.rules, was, file, domains)
            .then(|| read.clone())
    }
}

/// What tells one content from another.
pub(super) fn hash(source: &SourceText) -> u128 {
    xxh3_128(&source.bytes)
}
