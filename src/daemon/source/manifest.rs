//! Which texts a table was made from: their names, their kinds and the hashes of their contents.
//!
//! Two equal manifests are the same content: compiling it again would give the same table. The digest of a
//! manifest is what people copy to `readdress accept`. XXH3 is not cryptographic: who may write the rules
//! need not forge it.

use std::fmt::{self, Write as _};

use xxhash_rust::xxh3::Xxh3;

use super::full_text::FullText;
use crate::engine::{SourceKind, SourceText, store::ContentHash};

/// All texts of one reading, in their order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Manifest {
    entries: Vec<ManifestEntry>,
}

/// One text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestEntry {
    /// Its name.
    pub name: String,
    /// What it is written in.
    pub kind: SourceKind,
    /// The hash of its full content.
    pub hash: ContentHash,
    /// The length of its full content, in bytes.
    pub length: u64,
    /// Its full content ends with a line end.
    pub ends_line: bool,
}

impl ManifestEntry {
    /// Returns what is known of its full content.
    pub fn full(&self) -> FullText {
        FullText {
            hash: self.hash,
            length: self.length,
            ends_line: self.ends_line,
        }
    }
}

impl Manifest {
    /// Adds the next text.
    pub fn add(&mut self, text: &SourceText, full: FullText) {
        self.entries.push(ManifestEntry {
            name: text.name.clone(),
            kind: text.kind,
            hash: full.hash,
            length: full.length,
            ends_line: full.ends_line,
        });
    }

    /// The texts, in their order.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// Returns the digest: 16 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hasher = Xxh3::new();
        for entry in &self.entries {
            // With the length of the name, so that nothing can move from one text to the next unnoticed.
            hasher.update(&entry.name.len().to_le_bytes());
            hasher.update(entry.name.as_bytes());
            hasher.update(&entry.hash.0.to_le_bytes());
            let mut kind = String::new();
            // Writing to a string does not fail.
            let _ = write!(kind, "{:?}", entry.kind);
            hasher.update(kind.as_bytes());
        }
        format!("{:016x}", hasher.digest128() >> 64)
    }
}

/// The digest.
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[(&str, &str)]) -> Manifest {
        let mut manifest = Manifest::default();
        for (name, text) in texts {
            let full = FullText::of(text.as_bytes());
            manifest.add(&SourceText::new(*name, *text), full);
        }
        manifest
    }

    #[test]
    fn different_contents_have_different_digests() {
        let one = of(&[("a", "xy"), ("b", "z")]);
        assert_eq!(one.digest(), of(&[("a", "xy"), ("b", "z")]).digest());
        let mut other_kind = one.clone();
        other_kind.entries[0].kind = SourceKind::Expectations;
        for other in [
            of(&[("a", "x"), ("b", "yz")]),
            of(&[("b", "z"), ("a", "xy")]),
            of(&[("a", "xy")]),
            of(&[("axy", ""), ("b", "z")]),
            other_kind,
        ] {
            assert_ne!(one, other);
            assert_ne!(one.digest(), other.digest());
        }
    }
}
