//! Removes long comments from a file while it is read, so that they take no memory.
//!
//! In: the content of a file, as it grows block by block. Out: the same content, in which comment lines
//! beyond the first [`MAX_COMMENTS`] bytes have no text. Every line stays a line, so that the places of
//! findings are right. A comment behind a rule stays.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MAX_COMMENTS`] | 1 MiB of comment lines in a file | only the `#` of further comment lines is kept |
//! | [`MAX_BLANK`] | 64 MiB of blank lines and of what is kept of comment lines | the file is refused |

/// Bytes of comment lines that are kept as they are. Files that people write have fewer.
pub(super) const MAX_COMMENTS: usize = 1 << 20;

/// Bytes of blank lines and of what is kept of comment lines.
pub(super) const MAX_BLANK: usize = 64 << 20;

/// Which lines of a file are comments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comments {
    /// Lines whose first word begins with `#`.
    Lines,
    /// Lines whose first byte is `#`.
    FirstColumn,
    /// No line: one that begins with `#` may be a part of something else.
    None,
}

/// Removes the comments of one file.
#[derive(Debug)]
pub(super) struct CommentRemover {
    comments: Comments,
    /// Where the first incomplete line begins.
    done: usize,
    /// Bytes of comments that were kept as they are.
    kept: usize,
    /// Bytes of blank lines and of what was kept of comments.
    blank: usize,
}

impl CommentRemover {
    /// For a file of which nothing was read yet.
    pub fn new(comments: Comments) -> Self {
        Self {
            comments,
            done: 0,
            kept: 0,
            blank: 0,
        }
    }

    /// Removes comments from the lines that were completed since the last call. Returns false if too much is
    /// left that is no rule.
    pub fn remove(&mut self, content: &mut Vec<u8>) -> bool {
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
                    self.blank += next - from;
                    next - from
                }
                Kind::Comment if self.kept + line.len() <= MAX_COMMENTS => {
                    self.kept += line.len();
                    self.blank += next - from;
                    next - from
                }
                Kind::Comment => {
                    // White space at the beginning stays: it says that the line above is continued.
                    let indented = line.first() != Some(&b'#');
                    let left: &[u8] = if indented { b" #\n" } else { b"#\n" };
                    if let Some(place) = content.get_mut(from..from + left.len()) {
                        place.copy_from_slice(left);
                    }
                    self.blank += left.len();
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
        self.blank <= MAX_BLANK
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

    /// Returns what is left of a text that comes in blocks of this size; nothing if it is refused.
    fn remaining(comments: Comments, text: &[u8], block: usize) -> Option<Vec<u8>> {
        let mut remover = CommentRemover::new(comments);
        let mut content = Vec::new();
        for block in text.chunks(block) {
            content.extend_from_slice(block);
            if !remover.remove(&mut content) {
                return None;
            }
        }
        Some(content)
    }

    fn beyond() -> Vec<u8> {
        let line = [b"# ".as_slice(), &[b'x'; 1021], b"\n"].concat();
        line.repeat(MAX_COMMENTS / 1024)
    }

    #[test]
    fn comments_of_usual_length_stay() {
        let text = b"# one\na@b c@d # two\n  # three\n\n \t\n  e@f\r\n# four";
        for block in [1, 7, 1000] {
            assert_eq!(remaining(Comments::Lines, text, block).unwrap(), text);
        }
    }

    #[test]
    fn beyond_the_limit_only_the_lines_stay() {
        let text = b"# one\na@b c@d # two\n  # three\n\n\t#\n  e@f\n#\n# four";
        let wanted = b"#\na@b c@d # two\n #\n\n #\n  e@f\n#\n# four";
        let long = [beyond(), text.to_vec()].concat();
        for block in [13, 1000, 1 << 16] {
            let left = remaining(Comments::Lines, &long, block).unwrap();
            assert_eq!(&left[..MAX_COMMENTS], &long[..MAX_COMMENTS]);
            assert_eq!(
                String::from_utf8_lossy(&left[MAX_COMMENTS..]),
                String::from_utf8_lossy(wanted)
            );
        }
        let left = remaining(Comments::FirstColumn, &long, 1000).unwrap();
        let wanted = b"#\na@b c@d # two\n  # three\n\n\t#\n  e@f\n#\n# four";
        assert_eq!(&left[MAX_COMMENTS..], wanted);
        assert_eq!(remaining(Comments::None, &long, 1000).unwrap(), long);
    }

    #[test]
    fn comments_take_no_memory() {
        let mut remover = CommentRemover::new(Comments::Lines);
        let mut content = Vec::new();
        let block = beyond();
        for _ in 0..20 {
            content.extend_from_slice(&block);
            assert!(remover.remove(&mut content));
        }
        assert!(content.len() < 2 * MAX_COMMENTS, "{}", content.len());
    }

    #[test]
    fn too_many_blank_lines_are_refused() {
        let mut remover = CommentRemover::new(Comments::Lines);
        let mut content = Vec::new();
        let blank = [&[b' '; (1 << 20) - 1], b"\n".as_slice()].concat();
        let accepted = (0..100).take_while(|_| {
            content.extend_from_slice(&blank);
            remover.remove(&mut content)
        });
        assert_eq!(accepted.count(), 64);
    }
}
