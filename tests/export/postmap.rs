//! Postfix's own postmap reads an exported file: no warning, and every key is found.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use readdress::export::ExportFormat;

use super::world::World;

const RULES: &str = "company.com primary unknown=reject\ndomain2.com secondary\nmünchen.example secondary\n\
    @domain2.com @company.com\njdoe@company.com mailbox jd@domain2.com, jd@münchen.example\n\
    anna@company.com mailbox\nsales@domain2.com anna@company.com, jdoe@company.com\n\
    \"john doe\"@domain2.com jdoe@company.com\n\"a\\\"b,c\"@domain2.com anna@company.com\n\
    archive@domain2.com keep\njd+news@domain2.com anna@company.com\nleaked@domain2.com reject 550 5.1.1 \"Gone\"\n";

/// Where `tests/peers/install` has put Postfix; `None`, loudly, where it has not.
fn postfix() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let peers = fs::canonicalize(target).ok()?.join("peers");
    if peers.join("complete").exists() {
        return Some(peers.join("postfix"));
    }
    // Not by a macro, whose output the test harness keeps to itself when a test passes.
    let _ = writeln!(
        std::io::stderr(),
        "SKIP: exported maps are NOT read by postmap: run tests/peers/install"
    );
    None
}

fn postmap(prefix: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(prefix.join("usr/sbin/postmap"))
        .arg("-c")
        .arg(folder)
        .args(arguments)
        .env("LD_LIBRARY_PATH", prefix.join("usr/lib/postfix"))
        .output()
        .expect("postmap")
}

#[test]
fn postmap_finds_every_key() {
    let Some(prefix) = postfix() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let main = format!(
        "compatibility_level = 3.6\nsmtputf8_enable = yes\nmyhostname = mx.company.test\n\
         mail_owner = mail\nsetgid_group = games\ndaemon_directory = {0}/usr/lib/postfix/sbin\n\
         shlib_directory = {0}/usr/lib/postfix\nmeta_directory = {0}/etc/postfix\n",
        prefix.display()
    );
    fs::write(folder.join("main.cf"), main).expect("main.cf");
    let world = World::new(RULES).expect("a table");
    for format in [
        ExportFormat::Virtual,
        ExportFormat::Recipients,
        ExportFormat::Generic,
    ] {
        let text = world.export(format).text;
        let file = folder.join("map");
        fs::write(&file, &text).expect("the map");
        let map = format!("texthash:{}", file.display());
        let mut keys = 0;
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            // The columns are parted by two blanks at least, or by one behind a long key.
            let at = line
                .rfind("  ")
                .map_or_else(|| line.find("@d"), Some)
                .expect("two columns");
            let key = line[..at].split("  ").next().expect("a key").trim();
            let value = line[key.len()..].trim();
            let output = postmap(&prefix, folder, &["-q", key, &map]);
            let shown = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(shown, "", "{key}");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).trim_end(),
                value,
                "{key} in\n{text}"
            );
            keys += 1;
        }
        assert!(keys > 1, "{text}");
        for unknown in ["nosuch@domain2.com", "leaked@domain2.com"] {
            let output = postmap(&prefix, folder, &["-q", unknown, &map]);
            assert!(!output.status.success(), "{unknown}");
        }
    }
}
