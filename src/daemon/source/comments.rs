//! Comments that take more memory than they are worth: cut while a file is read.
//!
//! In: the content of a file, as it grows block by block. Out: the same without the texts of comments
//! beyond the first [`KEPT`] bytes of them. Lines stay lines, so that every finding has its place; only
//! comment lines lose their text, never one that stands behind a rule.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`KEPT`] | 1 MiB of comment lines in a file | of further ones `#` is left |
//! | [`IDLE`] | 64 MiB of comment lines and blank lines, as they are left | the file is refused |

/// Bytes of comment lines that a file keeps as they are. The comments of files that people write stay whole.
pub(super) const KEPT: usize = 1 << 20;

/// Bytes of comment lines and blank lines, once the comments are cut.
pub(super) const IDLE: usize = 64 << 20;

/// Which lines of a file are comments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comments {
    /// Lines whose first word begins with `#`.
    Lines,
    /// Lines whose first byte is `#`.
    FirstColumn,
    /// None: a line that begins with `#` may be a part of something else.
    None,
}

/// Cuts the comments of one file.
#[derive(Debug)]
pub(super) struct Cutter {
    comments: Comments,
    /// Where the first line begins that was not complete yet.
    done: usize,
    /// Bytes of comments that were kept.
    kept: usize,
    /// Bytes of comments and blank lines that are left.
    idle: usize,
}

impl Cutter {
    /// Nothing was read yet.
    pub fn new(comments: Comments) -> Self {
        Self {
            comments,
            done: 0,
            kept: 0,
            idle: 0,
        }
    }

    /// Cuts the lines that were completed since the last call. Returns false where too much is left that
    /// is no rule.
    pub fn cut(&mut self, content: &mut Vec<u8>) -> bool {
        if self.comments == Comments::None {
            return true;
        }
        let (mut from, mut to) = (self.done, self.done);
        while let Some(length) = memchr::memchr(b'\n', content.get(from..).unwrap_or_default()) {
            let next = from + length + 1;
            let line = content.get(from..next).unwrap_or_default();
            let kept = match self.kind(line) {
                Kind::Rule => next - from,
                Kind::Blank => {
                    self.idle += next - from;
                    next - from
                }
                Kind::Comment if self.kept + line.len() <= KEPT => {
                    self.kept += line.len();
                    self.idle += next - from;
                    next - from
                }
                Kind::Comment => {
                    // White space in front stays in front: it says that the line above goes on.
                    let indented = line.first() != Some(&b'#');
                    let left: &[u8] = if indented { b" #\n" } else { b"#\n" };
                    if let Some(place) = content.get_mut(from..from + left.len()) {
                        place.copy_from_slice(left);
                    }
                    self.idle += left.len();
                    left.len()
                }
            };
            content.copy_within(from..from + kept, to);
            (from, to) = (next, to + kept);
        }
        let open = content.len() - from;
        content.copy_within(from.., to);
        content.truncate(to + open);
        self.done = to;
        self.idle <= IDLE
    }

    fn kind(&self, line: &[u8]) -> Kind {
        let text = line.trim_ascii_start();
        match (text.first(), self.comments) {
            (None, _) => Kind::Blank,
            (Some(b'#'), Comments::Lines) => Kind::Comment,
            (Some(b'#'), _) if text.len() == line.len() => Kind::Comment,
            _ => Kind::Rule,
        }
    }
}

enum Kind {
    Rule,
    Comment,
    Blank,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text that comes in blocks of this size; `None` where it is refused.
    fn cut(comments: Comments, text: &[u8], block: usize) -> Option<Vec<u8>> {
        let mut cutter = Cutter::new(comments);
        let mut content = Vec::new();
        for block in text.chunks(block) {
            content.extend_from_slice(block);
            if !cutter.cut(&mut content) {
                return None;
            }
        }
        Some(content)
    }

    fn beyond() -> Vec<u8> {
        let line = [b"# ".as_slice(), &[b'x'; 1021], b"\n"].concat();
        line.repeat(KEPT / 1024)
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        let text = b"# one\na@b c@d # two\n  # three\n\n \t\n  e@f\r\n# four";
        for block in [1, 7, 1000] {
            assert_eq!(cut(Comments::Lines, text, block).unwrap(), text);
        }
    }

    #[test]
    fn beyond_the_limit_lines_stay_and_their_text_goes() {
        let text = b"# one\na@b c@d # two\n  # three\n\n\t#\n  e@f\n#\n# four";
        let wanted = b"#\na@b c@d # two\n #\n\n #\n  e@f\n#\n# four";
        let long = [beyond(), text.to_vec()].concat();
        for block in [13, 1000, 1 << 16] {
            let left = cut(Comments::Lines, &long, block).unwrap();
            assert_eq!(&left[..KEPT], &long[..KEPT]);
            assert_eq!(
                String::from_utf8_lossy(&left[KEPT..]),
                String::from_utf8_lossy(wanted)
            );
        }
        let left = cut(Comments::FirstColumn, &long, 1000).unwrap();
        let wanted = b"#\na@b c@d # two\n  # three\n\n\t#\n  e@f\n#\n# four";
        assert_eq!(&left[KEPT..], wanted);
        assert_eq!(cut(Comments::None, &long, 1000).unwrap(), long);
    }

    #[test]
    fn memory_is_that_of_the_rules() {
        let mut cutter = Cutter::new(Comments::Lines);
        let mut content = Vec::new();
        let block = beyond();
        for _ in 0..20 {
            content.extend_from_slice(&block);
            assert!(cutter.cut(&mut content));
        }
        assert!(content.len() < 2 * KEPT, "{}", content.len());
    }

    #[test]
    fn blank_lines_without_end_are_refused() {
        let mut cutter = Cutter::new(Comments::Lines);
        let mut content = Vec::new();
        let blank = [&[b' '; (1 << 20) - 1], b"\n".as_slice()].concat();
        let accepted = (0..100).take_while(|_| {
            content.extend_from_slice(&blank);
            cutter.cut(&mut content)
        });
        assert_eq!(accepted.count(), 64);
    }
}
