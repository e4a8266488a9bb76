//! `readdress fmt`: native files in the canonical layout, their meaning untouched.
//!
//! A file is replaced as a whole (`cli::replace`).
//!
//! # Limits
//!
//! | case | what happens |
//! |---|---|
//! | a file with an error | left as it is, its findings printed, exit status 1 |
//! | a file that changes meanwhile | left as it is, exit status 2 |
//! | owner or group that this user cannot give | left as it is, exit status 2 |

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Exit,
    flags::Fmt,
    output::{self, Paint},
    replace::replace_if,
};
use crate::{
    daemon::source,
    engine::{FileKind, SourceKind, SourceText, syntax::format},
};

/// Runs the command.
pub fn run(flags: &Fmt) -> Exit {
    let mut exit = Exit::Fine;
    let mut files = Vec::new();
    for path in &flags.paths {
        match files_of(path) {
            Ok(found) => files.extend(found),
            Err(error) => {
                output::error(&format!("readdress: {}: {error}", path.display()));
                exit = Exit::Failed;
            }
        }
    }
    for path in files {
        exit = worse(exit, one(&path, flags.check));
    }
    exit
}

/// Returns the worse of two exit statuses.
fn worse(one: Exit, other: Exit) -> Exit {
    match (one, other) {
        (Exit::Failed, _) | (_, Exit::Failed) => Exit::Failed,
        (Exit::Findings, _) | (_, Exit::Findings) => Exit::Findings,
        (Exit::Held, _) | (_, Exit::Held) => Exit::Held,
        (Exit::Fine, Exit::Fine) => Exit::Fine,
    }
}

/// Returns a file itself, or the native files of a directory, sorted by name.
fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if is_native(&name(&file)) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn is_native(name: &str) -> bool {
    matches!(
        FileKind::of(name),
        FileKind::Read(SourceKind::Native | SourceKind::Expectations)
    )
}

fn one(path: &Path, check: bool) -> Exit {
    let shown = path.display();
    let failed = |what: String| {
        output::error(&format!("readdress: {shown}: {what}"));
        Exit::Failed
    };
    if !is_native(&name(path)) {
        return failed("is not a native file; fmt lays out .rules and .expect files".to_owned());
    }
    let bytes = match source::read_whole(path) {
        Ok(bytes) => bytes,
        Err(reason) => return failed(reason),
    };
    let source = SourceText::new(name(path), bytes);
    let text = match format(&source) {
        Ok(text) => text,
        Err(findings) => {
            let folder = path.parent().unwrap_or(Path::new("")).join("");
            let folder = folder.display().to_string();
            for finding in findings {
                output::error(&finding.render(&folder));
            }
            output::error(&format!("readdress: {shown}: left as it is"));
            return Exit::Findings;
        }
    };
    if text == source.bytes {
        return Exit::Fine;
    }
    let paint = Paint::stdout();
    if check {
        output::line(&format!("{shown}: {}", paint.warn("would be laid out")));
        return Exit::Findings;
    }
    match replace(path, &source.bytes, &text) {
        Ok(()) => {
            output::line(&format!("{shown}: {}", paint.good("laid out")));
            Exit::Fine
        }
        Err(error) => failed(format!("left as it is: {error}")),
    }
}

/// Puts a new file into the place of one that held `old`.
fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
    replace_if(path, new, |file| unchanged(file, old))
}

/// Returns an error if the file has changed since it was read: an editor may have saved it.
fn unchanged(real: &Path, old: &[u8]) -> io::Result<()> {
    if fs::read(real)? == old {
        return Ok(());
    }
    Err(io::Error::other(
        "it was changed meanwhile; run the command again",
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn fmt(check: bool, paths: &[&Path]) -> Exit {
        run(&Fmt {
            check,
            paths: paths.iter().map(|path| path.to_path_buf()).collect(),
        })
    }

    #[test]
    fn a_directory_is_laid_out_once_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "a@d.example keep\r\n").unwrap();
        fs::write(folder.path().join("notes.txt"), "a  b\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(fmt(true, &[folder.path()]), Exit::Findings);
        assert_eq!(fs::read(&file).unwrap(), b"a@d.example keep\r\n");
        assert_eq!(fmt(false, &[folder.path()]), Exit::Fine);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, "a@d.example                     keep\n");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(fmt(true, &[folder.path()]), Exit::Fine);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        let link = folder.path().join("b.rules");
        fs::write(&file, "a@d.example keep\n").unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(fmt(false, &[&link]), Exit::Fine);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&file).unwrap().contains("  keep"));
    }

    #[test]
    fn errors_leave_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (bad, other) = (folder.path().join("a.rules"), folder.path().join("b.txt"));
        fs::write(&bad, "a@d.example\n").unwrap();
        fs::write(&other, "a  b\n").unwrap();
        assert_eq!(fmt(false, &[&bad]), Exit::Findings);
        assert_eq!(fs::read(&bad).unwrap(), b"a@d.example\n");
        assert_eq!(fmt(false, &[&other]), Exit::Failed);
        assert_eq!(
            fmt(false, &[&folder.path().join("none.rules")]),
            Exit::Failed
        );
    }

    #[test]
    fn a_file_that_was_saved_meanwhile_is_the_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rules");
        fs::write(&file, "new\n").unwrap();
        assert!(replace(&file, b"old\n", b"laid out\n").is_err());
        assert_eq!(fs::read(&file).unwrap(), b"new\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_shipped_rules_are_laid_out() {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        assert_eq!(fmt(true, &[&rules]), Exit::Fine);
    }
}
