//! Finds configuration files without errors that were emptied or cut off. Such a file is held back until
//! somebody accepts it.
//!
//! | the new file is held back when | because |
//! |---|---|
//! | it has no setting, and the old file had some | a program that fails to write leaves such a file |
//! | it is the beginning of the old file and ends within a line | it was cut off |
//! | it is the beginning of the old file, and more than one setting is gone | it was cut off at the end of a line |
//!
//! The last setting of a file may be deleted, because an administrator does that on purpose.

use crate::config::Config;
use crate::engine::{Diagnostic, Severity, diagnostic::codes, store::ContentHash};

/// How many settings at the end of a file may be deleted together.
const DELETED_ON_PURPOSE: usize = 1;

/// Returns the digest of a file, which names the file for `readdress accept`. It differs from the digest of
/// every rules file.
pub fn digest(text: &[u8]) -> String {
    let whole = [b"readdress.toml\0", text].concat();
    format!("{:016x}", ContentHash::of(&whole).0 >> 64)
}

/// Returns the finding about a file that looks emptied or cut off, `None` for any other file. `accept` is the
/// command that accepts the file.
pub fn suspect(name: &str, old: &Config, new: &Config, accept: Option<&str>) -> Option<Diagnostic> {
    let (was, is) = (old.origins.lines(), new.origins.lines());
    let (before, now) = (&*old.origins.text, &*new.origins.text);
    let gone = was.saturating_sub(is);
    let settings = |number| match number {
        1 => "1 setting".to_owned(),
        number => format!("{number} settings"),
    };
    // A file without its last line end has the same settings.
    let rest = before.strip_prefix(now).map(<[u8]>::trim_ascii);
    let beginning = rest.is_some_and(|rest| !rest.is_empty());
    let within_a_line = !now.ends_with(b"\n");
    let (code, message) = if was > 0 && is == 0 {
        let message = format!("has no setting any more; before it had {}", settings(was));
        (codes::EMPTIED, message)
    } else if beginning && (within_a_line || gone > DELETED_ON_PURPOSE) {
        let gone = match gone {
            0 => "it ends within a line".to_owned(),
            gone => format!("{} fewer", settings(gone)),
        };
        let message = format!("is only the beginning of the file that is in force: {gone}");
        (codes::CUT_OFF, message)
    } else {
        return None;
    };
    let help = match accept {
        Some(words) => format!("save the whole file; or, if this is what you want: {words}"),
        None => "save the whole file; or restart, if this is what you want".to_owned(),
    };
    Some(Diagnostic::about_file(
        Severity::Error,
        code,
        name,
        message,
        Some(help),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const OLD: &str =
        "mode = \"observe\"\n[milter]\nmax_connections = 100\n[log]\nlevel = \"warn\"\n";

    fn code(new: &str) -> Option<&'static str> {
        let read = |text: &str| parse("c", text.as_bytes()).unwrap();
        let finding = suspect("c", &read(OLD), &read(new), Some("readdress accept 1"));
        finding.map(|finding| finding.code.word())
    }

    #[test]
    fn a_file_that_was_emptied_or_cut_off_is_suspect() {
        assert_eq!(code(""), Some("emptied"));
        assert_eq!(code("# nothing\n"), Some("emptied"));
        assert_eq!(code("[milter]\n"), Some("emptied"));
        let mut cut = 0;
        for length in 0..OLD.len() {
            let text = &OLD[..length];
            if parse("c", text.as_bytes()).is_err() {
                continue;
            }
            cut += 1;
            let last_setting = length >= OLD.find("[log]").unwrap() && text.ends_with('\n');
            let whole = text == OLD.trim_end();
            assert_eq!(code(text).is_none(), last_setting || whole, "{text:?}");
        }
        assert!(cut > 5, "{cut}");
    }

    /// A number that is cut is another number, and every setting is still there.
    #[test]
    fn a_value_that_was_cut_is_suspect() {
        let read = |text: &str| parse("c", text.as_bytes()).unwrap();
        let (old, new) = (
            read("[milter]\nmax_connections = 100\n"),
            read("[milter]\nmax_connections = 10"),
        );
        let finding = suspect("c", &old, &new, None).unwrap();
        assert_eq!(finding.code, codes::CUT_OFF);
        assert!(finding.message.ends_with("it ends within a line"));
    }

    #[test]
    fn an_edit_is_not() {
        let meant = OLD.replace("level = \"warn\"\n", "");
        assert_eq!(code(&meant), None, "the last setting was deleted");
        assert_eq!(code("mode = \"observe\"\n[log]\nlevel = \"warn\"\n"), None);
        assert_eq!(code("mode = \"rewrite\"\n"), None);
        assert_eq!(code(OLD), None);
    }
}
