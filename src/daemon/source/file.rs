//! One file, read whole, or the reason why not.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | block | 64 KiB | the file is judged after each |
//! | line, file, attempts | [`Limits`] | the file is refused |
//! | comments, blank lines | `comments` | their text is left out; the file is refused |
//!
//! A reading counts only if size, mtime and ctime are the same before and after it, and the size is
//! that of what was read: of 60 copies of a large file read in the middle, 2 parsed without an error
//! and had lost rules. ctime is looked at because `cp -p` and `rsync -t` set mtime back.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;

use super::Limits;
use super::access;
use super::comments::{Comments, Cutter, IDLE};
use super::signature::Stamp;
use crate::engine::diagnostic::{Code, codes};
use crate::engine::format::decode;

/// How much is read at once.
const BLOCK: u64 = 64 * 1024;

/// Why a file is not read.
#[derive(Debug)]
pub(super) struct Refusal {
    /// A stable short word.
    pub code: Code,
    /// A sentence in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Refusal {
    fn new(code: Code, message: String) -> Self {
        Self {
            code,
            message,
            help: None,
        }
    }
}

/// What the bytes of a file may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    /// UTF-8; a NUL makes it no text.
    Utf8,
    /// What its first bytes tell; the content is decoded.
    Told,
    /// Anything: the content is given as it is.
    Any,
}

/// Reads the file behind `path`, again if it changes meanwhile.
pub(super) fn read(
    path: &Path,
    encoding: Encoding,
    comments: Comments,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    for attempt in 0..limits.attempts.max(1) {
        if attempt > 0 {
            thread::sleep(limits.pause);
        }
        if let Some(bytes) = read_once(path, encoding, comments, limits)? {
            return match encoding {
                Encoding::Told => decoded(bytes, limits),
                Encoding::Utf8 | Encoding::Any => Ok(bytes),
            };
        }
    }
    Err(Refusal {
        code: codes::BEING_WRITTEN,
        message: "is being written: it changed each time while it was read".to_owned(),
        help: Some("write to another name, then rename: mv FILE.tmp FILE".to_owned()),
    })
}

/// The content as UTF-8, its lines held against the limit once more: UTF-16 was let through.
fn decoded(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let wide = decode::utf16(&bytes).is_some();
    let (bytes, _) = decode::decode(bytes);
    if wide {
        Lines::default().judge(&bytes, limits)?;
    }
    Ok(bytes)
}

/// `None` if the file changed while it was read.
fn read_once(
    path: &Path,
    encoding: Encoding,
    comments: Comments,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Refusal> {
    let refuse = |error: io::Error| refused(path, &error);
    // Before it is opened, because opening alone makes some devices act.
    only_regular(&fs::metadata(path).map_err(refuse)?)?;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        // Somebody holds a lease on it, that is, has it open in order to write.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
        Err(error) => return Err(refused(path, &error)),
    };
    let before = file.metadata().map_err(refuse)?;
    only_regular(&before)?;
    if let Some((message, help)) = access::private_file(path, &file, &before) {
        return Err(Refusal {
            code: codes::LINK_TO_PRIVATE_FILE,
            message,
            help: Some(help),
        });
    }
    let mut blocks = Blocks {
        path,
        size: before.len(),
        encoding,
        limits,
        cutter: Cutter::new(comments),
    };
    let (bytes, length) = blocks.read(&mut file)?;
    let after = file.metadata().map_err(refuse)?;
    let stable =
        Stamp::of(&before).content() == Stamp::of(&after).content() && after.len() == length;
    Ok(stable.then_some(bytes))
}

/// Reads one file block by block.
struct Blocks<'f> {
    path: &'f Path,
    /// As the system has it.
    size: u64,
    encoding: Encoding,
    limits: &'f Limits,
    cutter: Cutter,
}

impl Blocks<'_> {
    /// Returns the content without what is not kept of it, and how many bytes were read.
    fn read(&mut self, file: &mut File) -> Result<(Vec<u8>, u64), Refusal> {
        if self.size > self.limits.file {
            return Err(too_large(self.limits));
        }
        let mut content = Vec::new();
        let mut length = 0;
        let mut lines = Lines {
            encoding: Some(self.encoding),
            ..Lines::default()
        };
        loop {
            self.make_room(&mut content, length)?;
            let start = content.len();
            let block = file.take(BLOCK).read_to_end(&mut content);
            let count = block.map_err(|error| refused(self.path, &error))?;
            if count == 0 {
                return Ok((content, length));
            }
            lines.judge(content.get(start..).unwrap_or_default(), self.limits)?;
            length += count as u64;
            if length > self.limits.file {
                return Err(too_large(self.limits));
            }
            if lines.wide != Some(true) && !self.cutter.cut(&mut content) {
                let message = format!(
                    "holds more than {} MiB of blank lines and comments",
                    IDLE >> 20
                );
                return Err(Refusal::new(codes::FILE_TOO_LARGE, message));
            }
        }
    }

    /// Makes room for a block, and asks the system for no more than half of what is there already, or
    /// is known to come: a file of comments alone needs little.
    fn make_room(&self, content: &mut Vec<u8>, length: u64) -> Result<(), Refusal> {
        // And a little more, lest the reading ask for as much again.
        const ROOM: usize = BLOCK as usize + 64;
        if content.capacity() - content.len() >= ROOM {
            return Ok(());
        }
        let left = usize::try_from(self.size.saturating_sub(length)).unwrap_or(usize::MAX);
        let wanted = (content.len() / 2).min(left).saturating_add(ROOM);
        content.try_reserve_exact(wanted).map_err(|_| {
            let message = format!("does not fit into memory: {} bytes", self.size);
            Refusal::new(codes::FILE_TOO_LARGE, message)
        })
    }
}

/// Counts lines from block to block.
#[derive(Default)]
struct Lines {
    /// Line ends seen so far.
    ended: u64,
    /// Octets seen of the line that has not ended yet.
    open: usize,
    /// What the bytes may be; nothing where they are decoded.
    encoding: Option<Encoding>,
    /// They are UTF-16: told by the first block.
    wide: Option<bool>,
}

impl Lines {
    fn judge(&mut self, block: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if self.encoding == Some(Encoding::Any) {
            return Ok(());
        }
        let told = self.encoding == Some(Encoding::Told);
        let wide = *self
            .wide
            .get_or_insert(told && decode::utf16(block).is_some());
        let binary = !wide && memchr::memchr(0, block).is_some();
        // An octet of UTF-16 may look like a line end; its lines are judged when it is decoded, and
        // here only lest one of them be endless.
        let limit = if wide {
            limits.line.saturating_mul(4)
        } else {
            limits.line
        };
        let next_end = |rest: &[u8]| match told {
            true => memchr::memchr2(b'\n', b'\r', rest),
            false => memchr::memchr(b'\n', rest),
        };
        let mut rest = block;
        while let Some(end) = next_end(rest) {
            let (piece, behind) = rest.split_at(end);
            self.hold(piece, binary, limit, limits)?;
            self.open = 0;
            self.ended += u64::from(behind.first() == Some(&b'\n'));
            rest = behind.get(1..).unwrap_or_default();
        }
        self.hold(rest, binary, limit, limits)
    }

    /// Holds a piece of a line against what a line may be.
    fn hold(
        &mut self,
        piece: &[u8],
        binary: bool,
        limit: usize,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        self.open += piece.len();
        if binary && piece.contains(&0) {
            return Err(self.refuse(codes::BINARY_FILE, "holds a NUL byte: this is no text"));
        }
        if self.open > limit {
            let message = format!("is longer than {} bytes", limits.line);
            return Err(self.refuse(codes::LINE_TOO_LONG, &message));
        }
        Ok(())
    }

    fn refuse(&self, code: Code, what: &str) -> Refusal {
        Refusal::new(code, format!("line {} {what}", self.ended + 1))
    }
}

fn too_large(limits: &Limits) -> Refusal {
    let message = format!("is larger than {} bytes", limits.file);
    Refusal::new(codes::FILE_TOO_LARGE, message)
}

/// Refuses whatever could block a reader, or never end.
fn only_regular(metadata: &Metadata) -> Result<(), Refusal> {
    let kind = metadata.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    let message = format!("is {what}, not a regular file");
    Err(Refusal::new(codes::NOT_A_FILE, message))
}

/// The refusal for an error of the system at `path`.
pub(super) fn refused(path: &Path, error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Refusal {
            code: codes::NO_PERMISSION,
            message: format!(
                "cannot be read: permission denied for {} ({})",
                path.display(),
                who(path)
            ),
            help: Some("chmod or chgrp it so that the user readdress runs as can read it".into()),
        },
        io::ErrorKind::NotFound => Refusal::new(
            codes::UNREADABLE_FILE,
            format!("does not exist: {}", path.display()),
        ),
        _ => Refusal::new(codes::UNREADABLE_FILE, format!("cannot be read: {error}")),
    }
}

/// Both sides of a denied permission.
fn who(path: &Path) -> String {
    let file = match fs::metadata(path) {
        Ok(metadata) => format!(
            "mode {:04o}, owner {}:{}",
            metadata.permissions().mode() & 0o7777,
            metadata.uid(),
            metadata.gid()
        ),
        Err(_) => "a directory above it cannot be searched".to_owned(),
    };
    let user = rustix::process::geteuid().as_raw();
    format!("{file}; readdress runs as user {user}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SMALL: Limits = Limits {
        line: 8,
        file: 100,
        attempts: 3,
        pause: Duration::from_millis(1),
    };

    fn judged(content: &[u8]) -> Result<Vec<u8>, (&'static str, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.rules");
        fs::write(&path, content).unwrap();
        read(&path, Encoding::Utf8, Comments::None, &SMALL)
            .map_err(|refusal| (refusal.code.word(), refusal.message))
    }

    #[test]
    fn bytes_come_through_unchanged() {
        for content in [
            &b""[..],
            b"a",
            b"a\n",
            b"\n\n",
            b"a\r\nb",
            b"\xff\xfe\n",
            b"12345678\n12345678",
        ] {
            assert_eq!(judged(content).unwrap(), content);
        }
    }

    #[test]
    fn a_refusal_names_the_line() {
        let (code, message) = judged(b"a\nb\n123456789").unwrap_err();
        assert_eq!(
            (code, message.as_str()),
            ("line-too-long", "line 3 is longer than 8 bytes")
        );
        let (code, message) = judged(b"a\nb\0\nc\n").unwrap_err();
        assert_eq!(code, "binary-file");
        assert!(message.starts_with("line 2 "), "{message}");
    }

    #[test]
    fn the_first_fault_of_a_file_is_the_one_named() {
        assert_eq!(judged(b"123456789\n\0").unwrap_err().0, "line-too-long");
        assert_eq!(judged(b"\0\n123456789").unwrap_err().0, "binary-file");
    }

    #[test]
    fn a_large_file_is_refused() {
        assert_eq!(judged(&b"a\n".repeat(50)).unwrap().len(), 100);
        assert_eq!(judged(&b"a\n".repeat(51)).unwrap_err().0, "file-too-large");
    }

    #[test]
    fn lines_are_counted_across_blocks() {
        let limits = Limits {
            line: 10,
            ..Limits::default()
        };
        let mut lines = Lines::default();
        lines.judge(b"one\ntw", &limits).unwrap();
        lines.judge(b"o\nthr", &limits).unwrap();
        let refusal = lines.judge(b"eeeeeeee", &limits).unwrap_err();
        assert!(
            refusal.message.starts_with("line 3 "),
            "{}",
            refusal.message
        );
    }
}
