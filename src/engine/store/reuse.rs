//! Rules of unchanged texts: copied from an earlier table instead of being read again.
//!
//! Whoever reads texts offers each of them to a [`Reuse`], in the order in which they will be compiled,
//! and gives the same value to the compiler. The compiled table does not depend on it.
//!
//! A text is unchanged if its name and the hash of its content are those of a text of the earlier table.
//! Only native texts without findings and without domain lines are reused: other texts depend on nothing
//! of them but their rules. The bytes of a large unchanged text are dropped at once, so that they take no
//! memory. If a finding has to show a line of such a text, the text is fetched once more.
//!
//! # What it is worth
//!
//! A line edited beside ten million rules is live in about three fifths of the time that a full load
//! takes (`tests/bench/run table`), and the texts of those rules are never in memory as a whole.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`Reuse::drop_from`] | 1 MiB | the bytes of a larger unchanged text are dropped |

use std::fmt;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::rule_store::RuleStore;
use crate::engine::diagnostic::{SourceKind, SourceText};

/// Bytes of a text that is worth being dropped.
const LARGE: usize = 1 << 20;

/// What tells one content from another: a hash of 128 bits (XXH3), which is not cryptographic. Who may
/// write rules need not forge it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ContentHash(pub u128);

impl ContentHash {
    /// The hash of a content.
    pub fn of(content: &[u8]) -> Self {
        Self(xxh3_128(content))
    }
}

/// What was read from one text.
#[derive(Clone, Debug)]
pub struct FileRead {
    name: Box<str>,
    hash: ContentHash,
    /// Numbers of the domains that its rules name, and whether targets are in them. `None` if the text
    /// must be read again.
    domains: Option<Box<[(u32, bool)]>>,
}

impl FileRead {
    /// Returns true if both were read from the same content under the same name.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.hash == other.hash && self.name == other.name
    }
}

/// Fetches the text with a name once more; nothing if its content has another hash by now.
pub type Fetch<'t> = &'t dyn Fn(&str, ContentHash) -> Option<SourceText>;

/// What may be reused of an earlier table; nothing by default.
#[derive(Clone, Default)]
pub struct Reuse<'t> {
    earlier: Option<Earlier<'t>>,
    /// Bytes from which on an unchanged text is dropped, if that is not the default.
    large: Option<usize>,
    /// The texts that were offered, in their order.
    offered: Vec<Offered>,
}

#[derive(Clone)]
struct Earlier<'t> {
    rules: &'t RuleStore,
    files: &'t [FileRead],
    /// How many rules of each file are in use.
    counts: &'t [usize],
    fetch: Fetch<'t>,
    /// Numbers of the files that can be reused.
    numbers: HashMap<(&'t str, ContentHash), u32>,
}

#[derive(Clone, Debug)]
struct Offered {
    hash: ContentHash,
    /// The number of the same file in the earlier table, if it can be reused.
    unchanged: Option<u32>,
    dropped: bool,
}

impl fmt::Debug for Reuse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Reuse");
        shown
            .field("offered", &self.offered)
            .finish_non_exhaustive()
    }
}

impl<'t> Reuse<'t> {
    /// Reuses the files of a table: its rules, its files, and how many rules of each are in use.
    pub(crate) fn new(
        rules: &'t RuleStore,
        files: &'t [FileRead],
        counts: &'t [usize],
        fetch: Fetch<'t>,
    ) -> Self {
        if !rules.is_compact() {
            return Self::default();
        }
        let reusable = (0..).zip(files).filter(|(_, file)| file.domains.is_some());
        let numbers = reusable.map(|(number, file)| ((&*file.name, file.hash), number));
        Self {
            earlier: Some(Earlier {
                rules,
                files,
                counts,
                fetch,
                numbers: numbers.collect(),
            }),
            ..Self::default()
        }
    }

    /// Drops unchanged texts of this many bytes or more.
    pub fn drop_from(self, bytes: usize) -> Self {
        Self {
            large: Some(bytes),
            ..self
        }
    }

    /// Takes note of the next text, whose content has this hash. Drops its bytes if they are many and
    /// will not be needed.
    pub fn offer(&mut self, text: &mut SourceText, hash: ContentHash) {
        let unchanged = self.number(text, hash);
        let dropped = unchanged.is_some() && text.bytes.len() >= self.large.unwrap_or(LARGE);
        if dropped {
            text.bytes = Vec::new();
        }
        self.offered.push(Offered {
            hash,
            unchanged,
            dropped,
        });
    }

    /// How many rules will come from texts that were dropped.
    pub fn dropped_rules(&self) -> usize {
        let Some(earlier) = &self.earlier else {
            return 0;
        };
        let dropped = self.offered.iter().filter(|offered| offered.dropped);
        let numbers = dropped.filter_map(|offered| offered.unchanged);
        let counts = numbers.filter_map(|number| earlier.counts.get(number as usize));
        counts.sum()
    }

    /// An empty store, into which the unchanged rules can be copied.
    pub(crate) fn empty_store(&self) -> RuleStore {
        let earlier = self.earlier.as_ref();
        earlier.map_or_else(RuleStore::default, |earlier| {
            RuleStore::after(earlier.rules)
        })
    }

    /// Copies the rules of a text if it is unchanged, and returns what it is.
    pub(crate) fn copy(
        &self,
        file: u32,
        text: &SourceText,
        rules: &mut RuleStore,
    ) -> Option<FileRead> {
        let earlier = self.earlier.as_ref()?;
        let number = match self.offered.get(file as usize) {
            Some(offered) => offered.unchanged,
            None => self.number(text, self.hash(file, text)),
        }?;
        let read = earlier.files.get(number as usize)?;
        rules.copy_file(earlier.rules, number, file, read.domains.as_deref()?);
        Some(read.clone())
    }

    /// What was read just now from a text. `clean` says that it gave nothing but rules.
    pub(crate) fn read(
        &self,
        file: u32,
        text: &SourceText,
        clean: bool,
        rules: &mut RuleStore,
    ) -> FileRead {
        let domains = rules.end_file();
        let reusable = clean && text.kind == SourceKind::Native;
        FileRead {
            name: text.name.as_str().into(),
            hash: self.hash(file, text),
            domains: reusable.then(|| domains.into()),
        }
    }

    /// A text that was dropped, fetched once more because one of its lines has to be shown.
    pub(crate) fn dropped_text(&self, file: u32) -> Option<SourceText> {
        let offered = self.offered.get(file as usize)?;
        let number = offered.unchanged.filter(|_| offered.dropped)?;
        let earlier = self.earlier.as_ref()?;
        let read = earlier.files.get(number as usize)?;
        (earlier.fetch)(&read.name, read.hash)
    }

    fn number(&self, text: &SourceText, hash: ContentHash) -> Option<u32> {
        let numbers = &self.earlier.as_ref()?.numbers;
        let number = numbers.get(&(&*text.name, hash)).copied();
        number.filter(|_| text.kind == SourceKind::Native)
    }

    fn hash(&self, file: u32, text: &SourceText) -> ContentHash {
        let offered = self.offered.get(file as usize);
        offered.map_or_else(|| ContentHash::of(&text.bytes), |offered| offered.hash)
    }
}
