//! A whole export of each format, with its traps, through `check` and `import`.
//!
//! `whole/NAME.EXTENSION` is the export. `NAME.check` and `NAME.import` hold what the commands print.
//! `UPDATE_GOLDEN=1` writes them.

use std::{fs, path::Path, process::Command};

/// The exports, and the format for `import`.
const EXPORTS: [(&str, &str); 8] = [
    ("exchange55.csv", "exchange55"),
    ("gam.csv", "google"),
    ("directory.ldif", "ldif"),
    ("pairs.csv", "pairs"),
    ("postfix.virtual", "virtual"),
    ("postfixadmin.csv", "postfixadmin"),
    ("powershell.csv", "microsoft365"),
    ("sendmail.virtusertable", "virtusertable"),
];

/// Returns what a command prints, and its exit status.
fn run(dir: &Path, arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .current_dir(dir)
        .args(arguments)
        .args(["--config", "readdress.toml"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    format!(
        "{}--- standard error\n{}--- exit status {}\n",
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
        out.status.code().unwrap(),
    )
}

#[test]
fn check_and_import_print_what_the_golden_files_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats/whole");
    let mut wrong = Vec::new();
    for (name, format) in EXPORTS {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(folder.join(name), dir.path().join(name)).unwrap();
        fs::write(dir.path().join("readdress.toml"), "").unwrap();
        let stem = name.split('.').next().unwrap();
        for (command, arguments) in [
            ("check", vec!["check", name]),
            ("import", vec!["import", "--partial", format, name]),
        ] {
            let path = folder.join(format!("{stem}.{command}"));
            let (said, held) = (run(dir.path(), &arguments), fs::read_to_string(&path));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, said).unwrap();
            } else if held.as_deref().unwrap_or_default() != said {
                wrong.push(format!("{}:\n{said}", path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_GOLDEN=1 writes\n{}",
        wrong.join("\n")
    );
}
