//! What a file of the rules directory is, told from its name alone.

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
    /// Tells the kind from the file's name. Letter case of the extension does not count: Windows
    /// programs write `USERS.CSV`, and `ldifde` manuals `ad.ldf`.
    pub fn of(name: &str) -> Self {
        let extension = extension(name);
        if is_leftover(name, &extension) {
            return Self::Skipped;
        }
        match &*extension {
            "rules" => Self::Read(Format::Native),
            "expect" => Self::Read(Format::Expectations),
            "virtual" => Self::Read(Format::Foreign(Foreign::Virtual)),
            "virtusertable" => Self::Read(Format::Foreign(Foreign::Virtusertable)),
            "csv" => Self::Read(Format::Foreign(Foreign::Csv)),
            "ldif" | "ldf" => Self::Read(Format::Foreign(Foreign::Ldif)),
            _ => Self::Unknown,
        }
    }
}

/// What follows the last dot, in lower case; nothing where there is no dot.
fn extension(name: &str) -> String {
    name.rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase()
}

/// `.*`, `*~`, `#*#`, `*.swp`, `*.tmp`, `*.bak`, `*.dpkg-*`, `*.rpm*`.
fn is_leftover(name: &str, extension: &str) -> bool {
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
            "a.RULES.BAK",
            "A.SWP",
            "a.Csv~",
            "a.rules.RPMNEW",
            "a.rules.DPKG-DIST",
        ] {
            assert_eq!(FileKind::of(name), FileKind::Skipped, "{name}");
        }
        for name in [
            "README",
            "a.rule",
            "a.txt",
            "rules",
            "RULES",
            "a.rules.orig",
        ] {
            assert_eq!(FileKind::of(name), FileKind::Unknown, "{name}");
        }
        let read = [
            ("10-company.rules", Format::Native),
            ("a.RULES", Format::Native),
            ("a.b.expect", Format::Expectations),
            ("A.Expect", Format::Expectations),
            ("old.virtual", Format::Foreign(Foreign::Virtual)),
            ("old.VIRTUAL", Format::Foreign(Foreign::Virtual)),
            ("a.VirtUserTable", Format::Foreign(Foreign::Virtusertable)),
            ("USERS.CSV", Format::Foreign(Foreign::Csv)),
            ("users.Csv", Format::Foreign(Foreign::Csv)),
            ("ad.ldif", Format::Foreign(Foreign::Ldif)),
            ("ad.ldf", Format::Foreign(Foreign::Ldif)),
            ("AD.LDF", Format::Foreign(Foreign::Ldif)),
        ];
        for (name, format) in read {
            assert_eq!(FileKind::of(name), FileKind::Read(format), "{name}");
        }
    }
}
