//! Checks who may write the files that decide where mail goes, and which links may be followed.
//!
//! Whoever can write a rules file, the directory or the configuration can redirect mail. So there is a
//! warning about a file that everybody may write, or that belongs to a user who should not own it; the file
//! is read nevertheless. A group that may write is the administrator's decision and gives no warning.
//!
//! These users may own files: root, the user who runs this program, the account `readdress`, and, for the
//! files of a directory, the owner of the directory, who could replace them anyway.
//!
//! # Links
//!
//! A finding prints the line that it is about. If root reads the directory, a symbolic link of another user
//! could lead to a file of secrets. So root follows a link only if root owns it, or if its owner may read the
//! file: as the owner of the file, or because everybody may. This is checked after the file was opened, so
//! that replacing the link in between shows nothing.
//!
//! # Limits
//!
//! - Groups and access control lists are ignored: root does not follow a link to a file that its owner may
//!   read only as a member of a group.
//! - A volume of Kubernetes has mode 0777 although nobody can write to it. It is recognised by root's link
//!   `..data`.

use std::fs::{self, File, Metadata};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::engine::{Diagnostic, Severity, diagnostic::codes};

/// The account of the packages.
const ACCOUNT: &str = "readdress";

/// The bit of a mode that lets every user write.
const WRITE: u32 = 0o002;

/// The bit of a directory's mode with which only the owner of an entry may remove or rename it.
const STICKY: u32 = 0o1000;

/// Returns the owner of a directory.
pub(super) fn owner(directory: &Path) -> Option<u32> {
    fs::metadata(directory).ok().map(|of| of.uid())
}

/// Returns the warning about the rules directory, if others can change what is in it.
pub(super) fn directory(directory: &Path) -> Option<Diagnostic> {
    let name = directory.display().to_string();
    let of = fs::metadata(directory).ok()?;
    let data = fs::symlink_metadata(directory.join("..data"));
    if data.is_ok_and(|data| data.is_symlink() && data.uid() == 0) {
        return None;
    }
    finding(directory, &name, &of, None).or_else(|| {
        let path = fs::canonicalize(directory).ok()?;
        let above = path.ancestors().skip(1).find(|above| {
            let mode = fs::metadata(above).map_or(0, |of| of.mode());
            mode & WRITE != 0 && mode & STICKY == 0
        })?;
        Some(writable(
            &name,
            above,
            "can be replaced: every user may write",
        ))
    })
}

/// Returns the warning about a file in a directory of this owner.
pub(super) fn file(path: &Path, name: &str, owner: Option<u32>) -> Option<Diagnostic> {
    finding(path, name, &fs::metadata(path).ok()?, owner)
}

/// Returns the warning about the configuration file, if others than root and this user can write it.
pub fn configuration(path: &Path) -> Option<Diagnostic> {
    let of = fs::metadata(path).ok()?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    finding(&path, &path.display().to_string(), &of, None)
}

fn finding(path: &Path, name: &str, of: &Metadata, also: Option<u32>) -> Option<Diagnostic> {
    if of.mode() & WRITE != 0 {
        return Some(writable(name, path, "every user may write"));
    }
    let own = rustix::process::geteuid().as_raw();
    let user = of.uid();
    if user == 0 || user == own || Some(user) == also || Some(user) == account() {
        return None;
    }
    Some(Diagnostic::about_file(
        Severity::Warning,
        codes::FOREIGN_OWNER,
        name,
        format!("belongs to user {user}, who can redirect mail with it"),
        Some(format!("give it to root: chown root {}", quoted(path))),
    ))
}

fn writable(name: &str, path: &Path, what: &str) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Warning,
        codes::WRITABLE_BY_EVERYBODY,
        name,
        format!("{what} {}, and so redirect mail", path.display()),
        Some(format!(
            "take this permission away: chmod o-w {}",
            quoted(path)
        )),
    )
}

/// Returns the path quoted for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,=".contains(c);
    if text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the number of the daemon's account, from `/etc/passwd`, read once.
fn account() -> Option<u32> {
    static ACCOUNT_ID: OnceLock<Option<u32>> = OnceLock::new();
    *ACCOUNT_ID.get_or_init(|| user(&fs::read_to_string("/etc/passwd").ok()?, ACCOUNT))
}

fn user(passwd: &str, name: &str) -> Option<u32> {
    let fields = passwd.lines().map(|line| line.split(':'));
    let mut found = fields.filter_map(|mut fields| {
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())
    });
    found.next()?
}

/// Returns a message and a help if root opened `file` at `path` through a link, and the owner of the link may not
/// read the file.
pub(super) fn private_file(path: &Path, file: &File, of: &Metadata) -> Option<(String, String)> {
    if !rustix::process::geteuid().is_root() {
        // The kernel has decided already.
        return None;
    }
    let entry = fs::symlink_metadata(path).ok()?;
    let is_itself = (entry.dev(), entry.ino()) == (of.dev(), of.ino());
    if is_itself || (entry.is_symlink() && entry.uid() == 0) {
        return None;
    }
    let opened = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    if may_read(entry.uid(), of, &opened.unwrap_or_default()) {
        return None;
    }
    let user = entry.uid();
    Some((
        format!(
            "is a link of user {user} to a file that this user may not read, so root does not read it either"
        ),
        format!(
            "if the link is right, give it to root: chown -h root {}",
            quoted(path)
        ),
    ))
}

/// Returns true if a user may read a file and reach it, without any group.
fn may_read(user: u32, of: &Metadata, path: &Path) -> bool {
    let allows = |of: &Metadata, owner: u32, others: u32| match of.uid() == user {
        true => of.mode() & owner != 0,
        false => of.mode() & others != 0,
    };
    let above: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_owned).collect();
    allows(of, 0o400, 0o004)
        && above
            .iter()
            .filter_map(|above| fs::metadata(above).ok())
            .all(|above| allows(&above, 0o100, 0o001))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    use super::super::{Limits, read_directory};
    use super::*;

    /// A user who owns nothing.
    const NOBODY: u32 = 65534;

    /// A directory that everybody may enter, as `/etc/readdress/rules` is.
    fn place() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        dir
    }

    fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    fn codes(dir: &Path) -> Vec<(String, &'static str)> {
        let found = read_directory(dir, &Limits::default()).diagnostics;
        let named = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
        let codes = found
            .into_iter()
            .map(|one| (named(one.excerpt.file), one.code.word()));
        codes.collect()
    }

    #[test]
    fn what_everybody_may_write_is_a_warning_and_is_read() {
        let dir = place();
        let rules = dir.path().join("rules");
        fs::create_dir(&rules).unwrap();
        let file = rules.join("a.rules");
        fs::write(&file, "a@b.example keep\n").unwrap();
        for group_may in [0o644, 0o664] {
            fs::set_permissions(&file, Permissions::from_mode(group_may)).unwrap();
            assert_eq!(codes(&rules), []);
        }
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        assert_eq!(codes(&rules), [("a.rules".into(), "writable-by-everybody")]);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&rules, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(codes(&rules), [("rules".into(), "writable-by-everybody")]);
        assert_eq!(read_directory(&rules, &Limits::default()).sources.len(), 1);
        // As in a volume of Kubernetes.
        if is_root() {
            symlink(".", rules.join("..data")).unwrap();
            assert_eq!(codes(&rules), []);
            fs::remove_file(rules.join("..data")).unwrap();
        }
        fs::set_permissions(&rules, Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let found = directory(&rules).unwrap();
        assert!(found.message.starts_with("can be replaced"), "{found}");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(directory(&rules).is_none());
    }

    #[test]
    fn the_help_can_be_pasted() {
        let dir = place();
        let file = dir.path().join("it's a.toml");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let found = configuration(&file).unwrap();
        let help = found.help.unwrap();
        let command = help.split_once(": ").unwrap().1;
        let status = std::process::Command::new("sh")
            .args(["-c", command])
            .status();
        assert!(status.unwrap().success(), "{command}");
        assert!(configuration(&file).is_none());
    }

    #[test]
    fn a_foreign_owner_is_a_warning_once() {
        let dir = place();
        let file = dir.path().join("a.rules");
        fs::write(&file, "a@b.example keep\n").unwrap();
        if chown(&file, Some(NOBODY), None).is_err() {
            return;
        }
        assert_eq!(codes(dir.path()), [("a.rules".into(), "foreign-owner")]);
        // The owner of the directory is named for the directory alone.
        chown(dir.path(), Some(NOBODY), None).unwrap();
        let found = codes(dir.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, "foreign-owner");
    }

    #[test]
    fn root_shows_nothing_that_the_owner_of_a_link_may_not_read() {
        if !is_root() {
            return;
        }
        let (dir, other) = (place(), place());
        let secret = other.path().join("secret");
        fs::write(&secret, "root:hash\n").unwrap();
        let link = dir.path().join("a.rules");
        symlink(&secret, &link).unwrap();
        let refused = [("a.rules".to_owned(), "link-to-private-file")];
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        mode(&secret, 0o600);
        assert_eq!(codes(dir.path()), [], "root's own link");
        lchown(&link, Some(NOBODY), None).unwrap();
        assert_eq!(codes(dir.path()), refused);
        mode(&secret, 0o644);
        assert_eq!(codes(dir.path()), [], "everybody may read it");
        mode(other.path(), 0o700);
        assert_eq!(codes(dir.path()), refused, "but not reach it");
        mode(other.path(), 0o755);
        mode(&secret, 0o600);
        chown(&secret, Some(NOBODY), None).unwrap();
        let found = codes(dir.path());
        assert_eq!(found, [("a.rules".into(), "foreign-owner")], "his own file");
    }

    #[test]
    fn the_account_is_found_by_its_name() {
        let passwd = "root:x:0:0::/:/bin/sh\nreaddress:x:997:996::/:/sbin/nologin\n";
        assert_eq!(user(passwd, "readdress"), Some(997));
        assert_eq!(user(passwd, "readd"), None);
    }
}
