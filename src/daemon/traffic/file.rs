//! The remembered addresses on disk: `STATE/traffic-HASH/addresses`, beside the history of the same rules directory.
//!
//! One line about the file, one line an address, and a line with the hash of all lines before it:
//!
//! ```text
//! traffic 1 remember=43200
//! 29731204 3 0 0 1 0 jd@domain2.com
//! 5d1b1f3a0c2e4d6f8a9b0c1d2e3f4a5b
//! ```
//!
//! An address has the minute of its last message since 1970, its counts, the newest first, and its key. Only the
//! daemon's user and root may read the file. It is written under another name, flushed, and renamed.
//!
//! # Limits
//!
//! A file of more than 512 MiB counts as damaged.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::addresses::{Addresses, COUNTS, Mail, RememberedAddress};
use crate::daemon::history::{
    Damage, History,
    whole_file::{self, BEGUN},
};

/// The largest file, in bytes.
const LARGEST: u64 = 512 << 20;

/// The name of the file.
const NAME: &str = "addresses";

/// How the first line begins.
const HEAD: &str = "traffic 1 remember=";

/// Returns the directory with the remembered addresses of a rules directory.
pub fn directory(history: &History) -> PathBuf {
    history.beside("traffic")
}

/// Returns the addresses that a daemon wrote and that are still remembered at this minute since 1970; `None` if there
/// is no file. Blocks.
///
/// # Errors
///
/// The file cannot be read, or is damaged.
pub fn remembered_on_disk(
    history: &History,
    remember: Duration,
    now: u32,
) -> Result<Option<Vec<RememberedAddress>>, Damage> {
    let mut addresses = Addresses::new(remember, usize::MAX);
    let found = read(&directory(history), &mut addresses)?;
    Ok(found.then(|| addresses.list(now)))
}

/// Reads the file of a directory into `addresses`. Returns false if there is none. Blocks.
pub(super) fn read(directory: &Path, addresses: &mut Addresses) -> Result<bool, Damage> {
    let path = directory.join(NAME);
    let unreadable = |error: io::Error| Damage::unreadable(&path, &error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    let damaged = |reason: &str| Damage::new(&path, reason);
    let lines =
        checked(&text).ok_or_else(|| damaged("it is cut off, or its hash is another one"))?;
    let foreign = || damaged("it is not what this version writes");
    let mut lines = lines.lines();
    let remember = lines.next().and_then(|head| head.strip_prefix(HEAD));
    let remember = remember.and_then(|minutes| minutes.parse().ok());
    let remember = remember.ok_or_else(foreign)?;
    for line in lines {
        let (key, mail) = address(line).ok_or_else(foreign)?;
        addresses.insert(key, mail, remember);
    }
    Ok(true)
}

/// Returns the lines before the last one, if that is their hash.
fn checked(text: &str) -> Option<&str> {
    let whole = text.strip_suffix('\n')?;
    let (lines, hash) = whole.rsplit_once('\n')?;
    let lines = text.get(..=lines.len())?;
    (hash == format!("{:032x}", xxh3_128(lines.as_bytes()))).then_some(lines)
}

fn address(line: &str) -> Option<(Arc<str>, Mail)> {
    let mut mail = Mail::default();
    let (last, mut rest) = line.split_once(' ')?;
    mail.last = last.parse().ok()?;
    for count in &mut mail.counts {
        let (number, behind) = rest.split_once(' ')?;
        *count = number.parse().ok()?;
        rest = behind;
    }
    rest.contains('@').then(|| (rest.into(), mail))
}

/// Writes the file of a directory, which is made if it is missing. Blocks.
///
/// # Errors
///
/// The file cannot be written. What was there before is still there.
pub(super) fn write(directory: &Path, addresses: &Addresses) -> io::Result<()> {
    // As with the history, the state directory itself is not made: it may be a mount that is missing.
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    whole_file::replace(&directory.join(NAME), |file| fill(file, addresses))
}

fn fill(file: &mut File, addresses: &Addresses) -> io::Result<()> {
    let (mut hash, mut line) = (Xxh3::new(), String::new());
    let mut file = BufWriter::new(file);
    let mut put = |line: &str| {
        hash.update(line.as_bytes());
        file.write_all(line.as_bytes())
    };
    put(&format!("{HEAD}{}\n", addresses.remember()))?;
    for (key, Mail { last, counts }) in addresses.iter() {
        line.clear();
        line.push_str(&last.to_string());
        for count in counts {
            line.push(' ');
            line.push_str(&count.to_string());
        }
        line.push(' ');
        line.push_str(key);
        line.push('\n');
        put(&line)?;
    }
    writeln!(file, "{:032x}", hash.digest128())?;
    file.flush()
}

/// Removes the directory and what is in it. Blocks.
///
/// # Errors
///
/// It is still there.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Removes what a daemon left behind that ended while it was writing. Blocks.
pub(super) fn remove_remains(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(BEGUN) {
            // An error is fine: the next start tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

const _: () = assert!(
    COUNTS == 5,
    "a change of the counts is another version of the file"
);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const NOW: u32 = 29_731_204;

    fn some() -> Addresses {
        let mut addresses = Addresses::new(DAY, 100);
        for (key, times) in [
            ("jd@domain2.com", 3),
            ("a b@x.example", 1),
            ("\u{fc}@x", 70),
        ] {
            (0..times).for_each(|_| addresses.add(key.into(), NOW));
        }
        addresses
    }

    fn list(addresses: &Addresses) -> Vec<(Arc<str>, u64)> {
        let list = addresses.list(NOW).into_iter();
        let mut list: Vec<_> = list.map(|one| (one.key, one.messages)).collect();
        list.sort();
        list
    }

    #[test]
    fn what_is_written_is_read_and_private() {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("traffic-1");
        let mut read_again = Addresses::new(DAY, 100);
        assert!(!read(&directory, &mut read_again).unwrap());
        write(&directory, &some()).unwrap();
        assert!(read(&directory, &mut read_again).unwrap());
        assert_eq!(list(&read_again), list(&some()));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&directory), mode(&directory.join(NAME))),
            (0o700, 0o600)
        );
        // Another time: the numbers stay.
        let mut longer = Addresses::new(DAY * 30, 100);
        read(&directory, &mut longer).unwrap();
        assert_eq!(list(&longer), list(&some()));
        // A daemon that ended while it was writing.
        fs::write(directory.join(".new-1"), "jd@").unwrap();
        remove_remains(&directory);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        remove(&directory).unwrap();
        remove(&directory).unwrap();
        assert!(!directory.exists());
    }

    #[test]
    fn a_file_that_is_cut_off_or_changed_is_refused() {
        let state = tempfile::tempdir().unwrap();
        write(state.path(), &some()).unwrap();
        let path = state.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read(state.path(), &mut Addresses::new(DAY, 100)).is_err()
        };
        for length in 0..whole.len() {
            assert!(refused(&whole[..length]), "{length}");
            let mut changed = whole.clone();
            changed[length] ^= 1;
            assert!(refused(&changed), "{length}");
        }
        assert!(!refused(&whole));
        let other = "traffic 2 remember=5\n";
        let hash = xxh3_128(other.as_bytes());
        assert!(refused(format!("{other}{hash:032x}\n").as_bytes()));
    }

    #[test]
    fn without_a_state_directory_nothing_is_made() {
        let state = tempfile::tempdir().unwrap();
        let missing = state.path().join("state");
        assert!(write(&missing.join("traffic-1"), &some()).is_err());
        assert!(!missing.exists());
    }
}
