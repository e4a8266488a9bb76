//! What a file of the rules directory is, told from its name alone (spec section 2).

/// The content of one rules file, as it was read.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// File name without its directory, as it is printed (`10-company.rules`).
    pub name: String,
    /// The bytes; whether they are UTF-8 is the parser's business.
    pub bytes: Vec<u8>,
}

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// It holds rules or expectations: read it.
    Read(Format),
    /// Hidden files and what editors and packagers leave behind: passed over in silence.
    Skipped,
    /// Any other extension: a warning, since a rule file misspelt must not vanish in silence.
    Unknown,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `.rules`.
    Native,
    /// `.expect`.
    Expectations,
    /// Another program's format.
    Foreign(Foreign),
}

/// Another program's format, told by the extension; which of the many tables a `.csv` holds is told
/// by its header row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Foreign {
    /// `.virtual`: Postfix virtual(5).
    Virtual,
    /// `.virtusertable`: Sendmail's virtusertable source.
    Virtusertable,
    /// `.csv`.
    Csv,
    /// `.ldif`: an export of Active Directory or of another directory.
    Ldif,
}

impl FileKind {
    /// Tells the kind from the file's name.
    pub fn of(name: &str) -> Self {
        if is_leftover(name) {
            return Self::Skipped;
        }
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("rules") => Self::Read(Format::Native),
            Some("expect") => Self::Read(Format::Expectations),
            Some("virtual") => Self::Read(Format::Foreign(Foreign::Virtual)),
            Some("virtusertable") => Self::Read(Format::Foreign(Foreign::Virtusertable)),
            Some("csv") => Self::Read(Format::Foreign(Foreign::Csv)),
            Some("ldif") => Self::Read(Format::Foreign(Foreign::Ldif)),
            _ => Self::Unknown,
        }
    }
}

/// `.*`, `*~`, `#*#`, `*.swp`, `*.tmp`, `*.bak`, `*.dpkg-*`, `*.rpm*`.
fn is_leftover(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    name.starts_with('.')
        || name.ends_with('~')
        || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'))
        || matches!(extension, "swp" | "tmp" | "bak")
        || extension.starts_with("dpkg-")
        || extension.starts_with("rpm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            ".hidden.rules",
            "a.rules~",
            "#a.rules#",
            "a.swp",
            "a.rules.tmp",
            "a.bak",
            "a.rules.dpkg-old",
            "a.rules.rpmnew",
            "a.rpmsave",
        ] {
            assert_eq!(FileKind::of(name), FileKind::Skipped, "{name}");
        }
        for name in [
            "README",
            "a.rule",
            "a.txt",
            "rules",
            "a.RULES",
            "a.rules.orig",
        ] {
            assert_eq!(FileKind::of(name), FileKind::Unknown, "{name}");
        }
        assert_eq!(
            FileKind::of("10-company.rules"),
            FileKind::Read(Format::Native)
        );
        assert_eq!(
            FileKind::of("a.b.expect"),
            FileKind::Read(Format::Expectations)
        );
        assert_eq!(
            FileKind::of("old.virtual"),
            FileKind::Read(Format::Foreign(Foreign::Virtual))
        );
    }
}
