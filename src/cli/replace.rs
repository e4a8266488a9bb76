//! Files that commands write: replaced as a whole, in one step.
//!
//! The new text is written beside the file under a random name that nobody can know beforehand and that
//! the daemon skips, brought to the disk, given mode and owner of the old file, and renamed. Another
//! program sees the old file or the new one, never a part. A new file gets the mode that the umask leaves.
//!
//! | what stands at the path | what happens |
//! |---|---|
//! | nothing, a file | the file is made, or replaced |
//! | a symbolic link of root or of the user who runs the command | the link stays, the file behind it is replaced |
//! | a symbolic link of another user | error: that user would choose which file is overwritten |
//! | a device, a pipe | the text is written into it |
//!
//! # Limits
//!
//! - Extended attributes and further hard links are not carried over.
//! - If owner or group cannot be kept, nothing is written.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

/// Longest chain of symbolic links, as the kernel has it.
const MAX_LINKS: usize = 40;

/// Puts `text` into the place of what stands at `path`.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    replace_if(path, text, |_| Ok(()))
}

/// Does the same if `allowed` has no objection at the last moment, when it gets the path of the file itself.
pub fn replace_if(
    path: &Path,
    text: &[u8],
    allowed: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path)?;
        return file.write_all(text);
    }
    let path = behind_links(path)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The umask takes from a new file what it takes from every file.
    let mode = if old.is_some() { 0o600 } else { 0o666 };
    let beside = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".tmp")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(|error| explained("cannot write beside it", folder, &error))?;
    if let Some(old) = &old {
        keep_owner(beside.as_file(), old)?;
    }
    beside.as_file().write_all(text)?;
    beside.as_file().sync_all()?;
    allowed(&path)?;
    beside.persist(&path).map_err(|error| error.error)?;
    // Without this the rename could be lost in a crash; some file systems do not know it.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Returns the path of the file itself, which need not exist.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let link = match fs::symlink_metadata(&path) {
            Ok(there) if there.is_symlink() => there,
            _ => return Ok(path),
        };
        let own = rustix::process::geteuid().as_raw();
        if link.uid() != 0 && link.uid() != own {
            let message = format!(
                "{} is a symbolic link of user {}, who is not you: name the file itself",
                path.display(),
                link.uid()
            );
            return Err(io::Error::other(message));
        }
        let target = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::from_raw_os_error(libc::ELOOP))
}

/// Gives the new file the owner, the group and the mode of the old one.
fn keep_owner(file: &File, old: &fs::Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid())).map_err(|error| {
            let what = format!("its owner {}:{} cannot be kept", old.uid(), old.gid());
            io::Error::new(
                error.kind(),
                format!("{what}: {error}; run as root or as the owner"),
            )
        })?;
    }
    // After the owner: a change of owner clears the set-id bits.
    file.set_permissions(old.permissions())
}

fn explained(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("{what} ({}): {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn mode_and_owner_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        // Only root can give files away.
        let given = chown(&file, Some(65534), Some(65534)).is_ok();
        replace(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(mode(&file), 0o640);
        if given {
            let new = fs::metadata(&file).unwrap();
            assert_eq!((new.uid(), new.gid()), (65534, 65534));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_has_the_mode_of_every_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a"), folder.path().join("b"));
        replace(&file, b"new").unwrap();
        fs::write(&other, "new").unwrap();
        assert_eq!(mode(&file), mode(&other));
    }

    #[test]
    fn no_planted_file_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        let file = folder.path().join("a.rules");
        symlink(&precious, folder.path().join("a.rules.tmp")).unwrap();
        replace(&file, b"new").unwrap();
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn a_link_of_ones_own_stays_and_one_of_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        if lchown(&link, Some(65534), None).is_ok() {
            let error = replace(&link, b"newer").unwrap_err().to_string();
            assert!(error.contains("symbolic link of user 65534"), "{error}");
            assert_eq!(fs::read(&file).unwrap(), b"new");
        }
    }

    #[test]
    fn an_objection_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "old").unwrap();
        let refused = replace_if(&file, b"new", |_| Err(io::Error::other("no")));
        assert!(refused.is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_written_into() {
        replace(Path::new("/dev/null"), b"text").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
