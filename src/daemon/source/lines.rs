//! Checks the lines of a file while it is read: none may be too long, and none may hold many NUL bytes.

use super::limits::{Encoding, Limits, Refusal};
use crate::engine::{
    diagnostic::{Code, codes},
    format::decode,
};

/// NUL bytes that a file of rules may hold and still be read.
const MAX_NULS: usize = 8;

/// Checks lines from block to block.
#[derive(Default)]
pub(super) struct LineCheck {
    /// Line ends so far.
    ended: u64,
    /// Bytes so far of the line that has not ended yet.
    open: usize,
    /// NUL bytes so far.
    nuls: usize,
    /// The bytes are UTF-16, in a file that must not be.
    utf16: bool,
    /// What the bytes may be; nothing if they are decoded.
    encoding: Option<Encoding>,
    /// The bytes are UTF-16. The first block says so.
    pub wide: Option<bool>,
}

impl LineCheck {
    /// For a file in this encoding of which nothing was read yet.
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding: Some(encoding),
            ..Self::default()
        }
    }

    /// Checks the next block.
    pub fn check(&mut self, block: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if self.encoding == Some(Encoding::Any) {
            return Ok(());
        }
        let detected = self.encoding == Some(Encoding::Detected);
        let wide = *self
            .wide
            .get_or_insert(detected && decode::utf16(block).is_some());
        let binary = !wide && self.is_binary(block);
        // A byte of UTF-16 may look like a line end. Its lines are checked when it is decoded; here only
        // an endless one is refused.
        let limit = if wide {
            limits.line.saturating_mul(4)
        } else {
            limits.line
        };
        let next_end = |rest: &[u8]| match detected {
            true => memchr::memchr2(b'\n', b'\r', rest),
            false => memchr::memchr(b'\n', rest),
        };
        let mut rest = block;
        while let Some(end) = next_end(rest) {
            let (piece, behind) = rest.split_at(end);
            self.piece(piece, binary, limit, limits)?;
            self.open = 0;
            self.ended += u64::from(behind.first() == Some(&b'\n'));
            rest = behind.get(1..).unwrap_or_default();
        }
        self.piece(rest, binary, limit, limits)
    }

    /// Returns true if a NUL byte in a block shows that the file is not a text.
    ///
    /// The reader of rules names the places of a few NUL bytes, and says that UTF-16 must be UTF-8.
    fn is_binary(&mut self, block: &[u8]) -> bool {
        let first = self.nuls == 0 && self.ended == 0 && self.open == 0;
        self.nuls += memchr::memchr_iter(0, block).count();
        let native = self.encoding == Some(Encoding::Utf8);
        self.utf16 |= native && first && decode::utf16(block).is_some();
        let few = native && self.nuls <= MAX_NULS;
        self.nuls > 0 && !few && !self.utf16
    }

    /// Checks a piece of a line.
    fn piece(
        &mut self,
        piece: &[u8],
        binary: bool,
        limit: usize,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        self.open += piece.len();
        if binary && piece.contains(&0) {
            return Err(self.refusal(codes::BINARY_FILE, "holds a NUL byte: this is not text"));
        }
        if self.open > limit {
            let message = format!("is longer than {} bytes", limits.line);
            return Err(self.refusal(codes::LINE_TOO_LONG, &message));
        }
        Ok(())
    }

    fn refusal(&self, code: Code, what: &str) -> Refusal {
        Refusal::new(code, format!("line {} {what}", self.ended + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_across_blocks() {
        let limits = Limits {
            line: 10,
            ..Limits::default()
        };
        let mut lines = LineCheck::default();
        lines.check(b"one\ntw", &limits).unwrap();
        lines.check(b"o\nthr", &limits).unwrap();
        let refusal = lines.check(b"eeeeeeee", &limits).unwrap_err();
        assert!(
            refusal.message.starts_with("line 3 "),
            "{}",
            refusal.message
        );
    }

    use proptest::{collection::vec, prelude::*, sample::select};

    /// Returns the number of the first line that is too long, counted from 1 by `\n`; pieces end at `ends`.
    fn naive(text: &[u8], ends: &[u8], limit: usize) -> Option<usize> {
        let (mut line, mut length) = (1, 0);
        for byte in text {
            if ends.contains(byte) {
                line += usize::from(*byte == b'\n');
                length = 0;
            } else {
                length += 1;
            }
            if length > limit {
                return Some(line);
            }
        }
        None
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        /// Where the blocks of a file begin changes nothing. A file in an encoding of its own may have line ends of
        /// old Macintoshes.
        #[test]
        fn the_first_long_line_is_refused_however_the_blocks_fall(
            text in vec(select(b"aaa\n\r".to_vec()), 0..60),
            sizes in vec(1..9usize, 60),
            limit in 1..9usize,
            native in any::<bool>(),
        ) {
            let limits = Limits { line: limit, ..Limits::default() };
            let encoding = if native { Encoding::Utf8 } else { Encoding::Detected };
            let mut check = LineCheck::new(encoding);
            let (mut rest, mut refused) = (&text[..], None);
            for size in sizes {
                let (block, behind) = rest.split_at(size.min(rest.len()));
                rest = behind;
                refused = refused.or_else(|| check.check(block, &limits).err());
            }
            prop_assert!(rest.is_empty());
            let ends: &[u8] = if native { b"\n" } else { b"\r\n" };
            let wanted = naive(&text, ends, limit);
            let wanted = wanted.map(|line| format!("line {line} is longer than {limit} bytes"));
            prop_assert_eq!(refused.map(|refused| refused.message), wanted);
        }
    }

    /// A few NUL bytes in rules are findings with their places. More of them, or one in a file of another program,
    /// show that the file is no text.
    #[test]
    fn nul_bytes_show_that_a_file_is_no_text() {
        let with = |nuls: usize| [b"a@b c@d\n# ".as_slice(), &vec![0; nuls], b"\n"].concat();
        let refused = |encoding, text: &[u8], block| {
            let mut check = LineCheck::new(encoding);
            let limits = Limits::default();
            let mut blocks = text.chunks(block).map(|block| check.check(block, &limits));
            blocks.find_map(Result::err).map(|refused| refused.message)
        };
        let binary = Some("line 2 holds a NUL byte: this is not text".to_owned());
        for block in [4, 13, 1000] {
            assert_eq!(
                refused(Encoding::Utf8, &with(MAX_NULS), block),
                None,
                "{block}"
            );
            assert_eq!(
                refused(Encoding::Utf8, &with(MAX_NULS + 1), block),
                binary,
                "{block}"
            );
            assert_eq!(
                refused(Encoding::Detected, &with(1), block),
                binary,
                "{block}"
            );
            assert_eq!(refused(Encoding::Any, &with(99), block), None, "{block}");
        }
    }
}
