//! Functions for all pages: where the pages are, how roff is written, and how a page is compared with the code.

use std::fs;
use std::path::Path;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A text as roff has it: no line begins with a control character, nothing is an escape or a ligature.
pub fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let text = text.replace('\'', "\\(aq").replace('`', "\\(ga");
    if text.starts_with('.') {
        format!("\\&{text}")
    } else {
        text
    }
}

/// The argument of a macro such as `.B`, as roff has it: a quotation mark would be taken for one of roff's own.
pub fn argument(text: &str) -> String {
    roff(text).replace('"', "\\(dq")
}

/// A text in which `words` are bold, as roff has it. A line that begins with a dot stays a macro.
pub fn prose(text: &str) -> String {
    let line = |line: &str| {
        if line.starts_with('.') {
            return line.to_owned();
        }
        let mut out = String::new();
        for (number, part) in line.split('`').enumerate() {
            match number % 2 {
                0 => out += &roff(part),
                _ => out += &format!("\\fB{}\\fR", roff(part)),
            }
        }
        out
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The file must be what the code says; `UPDATE_GOLDEN=1` writes it.
pub fn hold(path: &Path, wanted: &str) {
    let is = fs::read_to_string(path).unwrap_or_default();
    if is == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_GOLDEN").is_some(),
        "{} is not what the code says (UPDATE_GOLDEN=1 writes it)",
        path.display()
    );
    let folder = path.parent().expect("a folder");
    fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    fs::write(path, wanted).unwrap_or_else(|e| panic!("{path:?}: {e}"));
}
