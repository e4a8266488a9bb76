//! Reads one file as a whole, or says why it cannot.
//!
//! # Limits
//!
//! | limit | default | when reached |
//! |---|---|---|
//! | [`Limits::line`] | 64 KiB | error `line-too-long`, with the line's number |
//! | [`Limits::file`] | 4 GiB - 1 | error `file-too-large` |
//! | [`Limits::attempts`] | 4 readings, 50 ms apart | error `being-written` |
//! | comments, blank lines | see `comments` | comments are removed; the file is refused |
//! | [`BLOCK`] | 64 KiB | the limits are checked after each block |
//!
//! So a file of one endless line costs the memory of [`Limits::line`] and a block, and a file of comments
//! alone costs a megabyte.
//!
//! # Invariants
//!
//! - A reading counts only if size, mtime and ctime are the same before and after it, and the size is that
//!   of what was read. Otherwise a copy under way could be read: of 60 copies of a large file read in the
//!   middle, 2 parsed without an error and had lost rules. ctime is compared because `cp -p` and
//!   `rsync -t` set mtime back.
//! - Nothing waits for a writer. Pipes, devices and sockets are refused before they are opened. The file is
//!   opened without blocking, in case one of them takes its place in between.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;

use xxhash_rust::xxh3::Xxh3;

use super::access;
use super::comments::{CommentRemover, Comments, MAX_BLANK};
use super::full_text::{FullText, ends_line};
use super::limits::{Encoding, Limits, Refusal};
use super::lines::LineCheck;
use super::rule_source::CopyError;
use crate::daemon::watch::FileState;
use crate::engine::{diagnostic::codes, format::decode, store::ContentHash};

/// Bytes that are read at once.
const BLOCK: u64 = 64 * 1024;

/// What was read of a file.
#[derive(Debug)]
pub(super) struct Content {
    /// The text: decoded, and without long comments.
    pub text: Vec<u8>,
    /// All bytes of the file, in brief.
    pub full: FullText,
}

/// Reads a file, and reads it again if it changes meanwhile.
pub(super) fn read(
    path: &Path,
    encoding: Encoding,
    comments: Comments,
    limits: &Limits,
) -> Result<Content, Refusal> {
    for attempt in 0..limits.attempts.max(1) {
        if attempt > 0 {
            thread::sleep(limits.pause);
        }
        if let Some(mut content) = read_once(path, encoding, comments, limits)? {
            if encoding == Encoding::Detected {
                content.text = decoded(content.text, limits)?;
            }
            return Ok(content);
        }
    }
    Err(Refusal {
        code: codes::BEING_WRITTEN,
        message: "is being written: it changed each time while it was read".to_owned(),
        help: Some("write to another name, then rename: mv FILE.tmp FILE".to_owned()),
    })
}

/// Writes all bytes of a file to `to`, a block at a time, and compares their hash with `hash`.
pub(super) fn copy(path: &Path, hash: ContentHash, to: &mut dyn Write) -> Result<(), CopyError> {
    let mut file = match open(path) {
        // A byte more than there were shows that the file grows, and one that grows for ever ends.
        Ok(Some((file, before))) => file.take(before.len().saturating_add(1)),
        Ok(None) => return Err(CopyError::Changed),
        Err(_) if !path.exists() => return Err(CopyError::Changed),
        Err(refusal) => return Err(CopyError::Unreadable(refusal.message)),
    };
    let mut hasher = Xxh3::new();
    let mut block = Vec::with_capacity(BLOCK as usize);
    loop {
        block.clear();
        let read = file.by_ref().take(BLOCK).read_to_end(&mut block);
        match read {
            Err(error) => return Err(CopyError::Unreadable(refused(path, &error).message)),
            Ok(0) => break,
            Ok(_) => hasher.update(&block),
        }
        to.write_all(&block).map_err(CopyError::Unwritable)?;
    }
    match ContentHash(hasher.digest128()) == hash {
        true => Ok(()),
        false => Err(CopyError::Changed),
    }
}

/// Returns the content as UTF-8. The limit of lines is checked once more, because UTF-16 passed the first
/// check.
fn decoded(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let wide = decode::utf16(&bytes).is_some();
    let (bytes, _) = decode::decode(bytes);
    if wide {
        LineCheck::default().check(&bytes, limits)?;
    }
    Ok(bytes)
}

/// Returns nothing if the file changed while it was read.
fn read_once(
    path: &Path,
    encoding: Encoding,
    comments: Comments,
    limits: &Limits,
) -> Result<Option<Content>, Refusal> {
    let Some((mut file, before)) = open(path)? else {
        return Ok(None);
    };
    let mut blocks = Blocks {
        path,
        size: before.len(),
        encoding,
        limits,
        comments: CommentRemover::new(comments),
        hasher: Xxh3::new(),
        ends_line: false,
    };
    let (text, length) = blocks.read(&mut file)?;
    let after = file.metadata().map_err(|error| refused(path, &error))?;
    let unchanged = FileState::of(&before).written() == FileState::of(&after).written();
    let full = FullText {
        hash: ContentHash(blocks.hasher.digest128()),
        length,
        ends_line: blocks.ends_line,
    };
    let content = Content { text, full };
    Ok((unchanged && after.len() == length).then_some(content))
}

/// Opens a regular file. Returns nothing if somebody is about to write it.
fn open(path: &Path) -> Result<Option<(File, Metadata)>, Refusal> {
    let refuse = |error: io::Error| refused(path, &error);
    // Checked before it is opened, because opening alone makes some devices act.
    only_regular(&fs::metadata(path).map_err(refuse)?)?;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        // Somebody holds a lease on it: has it open in order to write.
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
    Ok(Some((file, before)))
}

/// Reads one file block by block.
struct Blocks<'f> {
    path: &'f Path,
    /// The size that the system reports.
    size: u64,
    encoding: Encoding,
    limits: &'f Limits,
    comments: CommentRemover,
    hasher: Xxh3,
    /// What was read ends with a line end.
    ends_line: bool,
}

impl Blocks<'_> {
    /// Returns the content without long comments, and how many bytes were read.
    fn read(&mut self, file: &mut File) -> Result<(Vec<u8>, u64), Refusal> {
        if self.size > self.limits.file {
            return Err(too_large(self.limits));
        }
        let mut content = Vec::new();
        let mut length = 0;
        let mut lines = LineCheck::new(self.encoding);
        loop {
            self.make_room(&mut content, length)?;
            let start = content.len();
            let block = file.take(BLOCK).read_to_end(&mut content);
            let count = block.map_err(|error| refused(self.path, &error))?;
            if count == 0 {
                return Ok((content, length));
            }
            let block = content.get(start..).unwrap_or_default();
            self.hasher.update(block);
            self.ends_line = ends_line(block, self.ends_line);
            lines.check(block, self.limits)?;
            length += count as u64;
            if length > self.limits.file {
                return Err(too_large(self.limits));
            }
            if lines.wide != Some(true) && !self.comments.remove(&mut content) {
                let message = format!(
                    "holds more than {} MiB of blank lines and comments",
                    MAX_BLANK >> 20
                );
                return Err(Refusal::new(codes::FILE_TOO_LARGE, message));
            }
        }
    }

    /// Makes room for a block. Asks the system for no more than half of what is there already, and for no
    /// more than what is known to come, because a file of comments alone needs little.
    fn make_room(&self, content: &mut Vec<u8>, length: u64) -> Result<(), Refusal> {
        // A little more than a block, or reading would double the capacity.
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

/// Returns the refusal for an error of the system at `path`.
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
        io::ErrorKind::NotFound => {
            Refusal::new(codes::UNREADABLE_FILE, "does not exist".to_owned())
        }
        _ => Refusal::new(codes::UNREADABLE_FILE, format!("cannot be read: {error}")),
    }
}

/// Describes both sides of a denied permission: the file and the user.
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
            .map(|content| content.text)
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
        let (code, message) = judged(b"a\nb\0\0\0\0\0\0\0\0\0\nc\n").unwrap_err();
        assert_eq!(code, "binary-file");
        assert!(message.starts_with("line 2 "), "{message}");
    }

    #[test]
    fn the_first_fault_of_a_file_is_the_one_named() {
        assert_eq!(
            judged(b"123456789\n\0\0\0\0\0\0\0\0\0").unwrap_err().0,
            "line-too-long"
        );
        assert_eq!(
            judged(b"\0\0\0\0\0\0\0\0\0\n123456789").unwrap_err().0,
            "binary-file"
        );
    }

    #[test]
    fn a_large_file_is_refused() {
        assert_eq!(judged(&b"a\n".repeat(50)).unwrap().len(), 100);
        assert_eq!(judged(&b"a\n".repeat(51)).unwrap_err().0, "file-too-large");
    }
}
