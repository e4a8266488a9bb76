//! Small files that are whole or not there: a line of JSON, and a line with the hash of the first one.
//!
//! A file is written under another name, flushed and renamed. After a crash at any byte, the file before is still
//! there, and a part of the new one at most beside it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::xxh3_128;

use super::damage::Damage;

/// The largest file, in bytes.
const LARGEST: u64 = 16 << 20;

/// Rights of the files: rules are personal data.
pub(super) const PRIVATE: u32 = 0o600;

/// Reads a value; none if the file is not there.
///
/// # Errors
///
/// The file cannot be read, or is not what [`write`] writes.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Damage> {
    let damage = |error: &io::Error| Damage::unreadable(path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(damage(&error)),
    };
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| damage(&error))?;
    let Some(line) = checked(&text) else {
        return Err(Damage::new(
            path,
            "it is cut off, or its hash is another one",
        ));
    };
    let value = serde_json::from_str(line);
    value
        .map(Some)
        .map_err(|error| Damage::new(path, format!("it is not what this version writes: {error}")))
}

/// Returns the first line if the second one is its hash.
fn checked(text: &str) -> Option<&str> {
    let (line, rest) = text.split_once('\n')?;
    (rest.strip_suffix('\n')? == hash(line)).then_some(line)
}

fn hash(line: &str) -> String {
    format!("{:032x}", xxh3_128(line.as_bytes()))
}

/// Writes a value in place of what is there.
///
/// # Errors
///
/// The file cannot be written. What was there before is still there.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let line = serde_json::to_string(value)?;
    let text = format!("{line}\n{}\n", hash(&line));
    replace(path, |file| file.write_all(text.as_bytes()))
}

/// Has `fill` write a new file, and puts it in the place of `path`.
///
/// # Errors
///
/// What `fill` returns, or what keeps the file from being made, flushed or renamed. What was there before is still
/// there, and nothing is left beside it.
pub(crate) fn replace<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let beside = beside(path);
    let written = fresh(&beside).map_err(E::from).and_then(|mut file| {
        fill(&mut file)?;
        Ok(file.sync_all()?)
    });
    let replaced = written.and_then(|()| Ok(fs::rename(&beside, path)?));
    if replaced.is_err() {
        // An error is fine: a file that was not made need not be removed.
        let _ = fs::remove_file(&beside);
    }
    replaced?;
    Ok(flush_directory(path)?)
}

/// Makes a file for the daemon alone.
fn fresh(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options.mode(PRIVATE).open(path)
}

/// Returns a name beside `path` that no other process uses. A directory has at most one such file of a process: it
/// works upon one file at a time.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!("{BEGUN}{}", std::process::id()))
}

/// How the names of files begin that are being written.
pub(crate) const BEGUN: &str = ".new-";

/// Removes the files of a directory that a process began and did not put in their place, because it was killed.
///
/// # Errors
///
/// The directory cannot be read, or a file cannot be removed.
pub(super) fn remove_begun(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(BEGUN.as_bytes())
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Flushes a rename or a removal, which otherwise may be undone by a crash.
pub(super) fn flush_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
