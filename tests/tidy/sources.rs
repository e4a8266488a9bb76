//! Reads the sources as text.

use std::fs;
use std::path::Path;

/// One source file.
#[derive(Clone)]
pub struct Source {
    /// The path below the root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// Returns the text without the module of tests at its end. Any other `#[cfg(test)]` hides nothing.
    pub fn production(&self) -> &str {
        let tests = "#[cfg(test)]\nmod tests {";
        self.text.split(tests).next().unwrap_or_default()
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns all Rust files below a folder of the root, sorted.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            // Files that a build left behind are not sources.
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            let below = path.strip_prefix(root()).expect("below the root");
            into.push(Source {
                path: below.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
}
