//! What is known of all bytes of a text, although they are not kept: their hash, their number, and whether the last
//! line is whole. That is enough to recognise a text that became the beginning of what it was.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use crate::engine::store::ContentHash;

/// Bytes that are read at once.
const BLOCK: u64 = 64 * 1024;

/// All bytes of a text, in brief.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FullText {
    /// Their hash.
    pub hash: ContentHash,
    /// How many there are.
    pub length: u64,
    /// They end with a line end.
    pub ends_line: bool,
}

impl FullText {
    /// The description of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            hash: ContentHash::of(bytes),
            length: bytes.len() as u64,
            ends_line: ends_line(bytes, false),
        }
    }

    /// Looks whether this text is the beginning of the file `path`, and shorter. Returns the byte that follows there;
    /// nothing if the file begins otherwise. Reads no more of the file than this text is long. Blocks.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn is_beginning_of(&self, path: &Path) -> io::Result<Option<u8>> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() <= self.length {
            return Ok(None);
        }
        let mut hasher = Xxh3::new();
        let mut left = self.length;
        let mut block = Vec::new();
        while left > 0 {
            block.clear();
            let read = file
                .by_ref()
                .take(BLOCK.min(left))
                .read_to_end(&mut block)?;
            if read == 0 {
                return Ok(None);
            }
            hasher.update(&block);
            left = left.saturating_sub(read as u64);
        }
        if ContentHash(hasher.digest128()) != self.hash {
            return Ok(None);
        }
        let mut next = [0];
        let read = file.read(&mut next)?;
        Ok(next.first().copied().filter(|_| read > 0))
    }
}

/// Returns true if a text ends with a line end after this block, in UTF-8 or UTF-16. `before` says the same of what
/// precedes the block.
pub(super) fn ends_line(block: &[u8], before: bool) -> bool {
    match block {
        [] => before,
        // The second byte of a line end in UTF-16.
        [0] => before,
        [.., b'\n'] | [.., b'\n', 0] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_is_found_in_each_encoding_and_across_blocks() {
        for (text, wanted) in [
            (&b"a\n"[..], true),
            (b"a\r\n", true),
            (b"a\r", false),
            (b"a", false),
            (b"", false),
            (b"a\0\n\0", true),
            (b"\0a\0\n", true),
            (b"a\0b\0", false),
        ] {
            assert_eq!(FullText::of(text).ends_line, wanted, "{text:?}");
            for at in 0..=text.len() {
                let (one, other) = text.split_at(at);
                assert_eq!(
                    ends_line(other, ends_line(one, false)),
                    wanted,
                    "{text:?} {at}"
                );
            }
        }
    }

    #[test]
    fn every_beginning_is_found_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old");
        let old: Vec<u8> = (0..BLOCK * 2 + 100).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &old).unwrap();
        let block = BLOCK as usize;
        for length in [0, 1, 99, block - 1, block, block + 1, old.len() - 1] {
            let (part, rest) = old.split_at(length);
            let found = FullText::of(part).is_beginning_of(&path).unwrap();
            assert_eq!(found, rest.first().copied(), "{length}");
            let mut other = part.to_vec();
            if let Some(last) = other.last_mut() {
                *last ^= 1;
                assert_eq!(FullText::of(&other).is_beginning_of(&path).unwrap(), None);
            }
        }
        assert_eq!(FullText::of(&old).is_beginning_of(&path).unwrap(), None);
        assert!(
            FullText::of(b"")
                .is_beginning_of(&dir.path().join("none"))
                .is_err()
        );
    }
}
