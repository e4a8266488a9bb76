//! A text that rules are read from, and what its kind is.
//!
//! Every [`SourceText`] carries its kind. The engine looks at the kind only, never at the name: a text
//! need not be a file, and its name need not have an extension. [`FileKind::of`] is for those who make
//! texts from files.

use super::nearest;

/// The content of one source of rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceText {
    /// The name that findings and log lines show: that of the file, without its directory
    /// (`10-company.rules`).
    pub name: String,
    /// What the text is written in.
    pub kind: SourceKind,
    /// The bytes. They may be anything; the parser reports what is not UTF-8.
    pub bytes: Vec<u8>,
}

impl SourceText {
    /// A text with the kind that a file of this name has; native rules if the name has no known extension.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let name = name.into();
        let kind = match FileKind::of(&name) {
            FileKind::Read(kind) => kind,
            FileKind::Skipped | FileKind::Unknown => SourceKind::Native,
        };
        Self {
            name,
            kind,
            bytes: bytes.into(),
        }
    }
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SourceKind {
    /// readdress' own rules (`.rules`).
    Native,
    /// Expectations (`.expect`).
    Expectations,
    /// The format of another program.
    Foreign(ForeignFormat),
}

/// What to do with a file of the rules directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// Read it: it holds rules or expectations.
    Read(SourceKind),
    /// Skip it without a word: it is hidden, or an editor or packager left it behind.
    Skipped,
    /// Skip it with a warning: its extension is unknown. The name of a rules file may be misspelt.
    Unknown,
}

/// The format of another program. The header row of a `.csv` file says which of many tables it holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ForeignFormat {
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
    /// Returns the kind of a file with this name. The letter case of the extension is ignored: Windows
    /// programs write `USERS.CSV`, and the manuals of `ldifde` use `ad.ldf`.
    pub fn of(name: &str) -> Self {
        let extension = extension(name);
        if is_leftover(name, &extension) {
            return Self::Skipped;
        }
        match &*extension {
            "rules" => Self::Read(SourceKind::Native),
            "expect" => Self::Read(SourceKind::Expectations),
            "virtual" => Self::Read(SourceKind::Foreign(ForeignFormat::Virtual)),
            "virtusertable" => Self::Read(SourceKind::Foreign(ForeignFormat::Virtusertable)),
            "csv" => Self::Read(SourceKind::Foreign(ForeignFormat::Csv)),
            "ldif" | "ldf" => Self::Read(SourceKind::Foreign(ForeignFormat::Ldif)),
            _ => Self::Unknown,
        }
    }
}

/// Extensions that are read.
const EXTENSIONS: [&str; 7] = [
    "rules",
    "expect",
    "virtual",
    "virtusertable",
    "csv",
    "ldif",
    "ldf",
];

impl FileKind {
    /// Returns the name that a file was probably meant to have, if its extension is misspelt or `.txt` was
    /// put behind its name.
    pub fn meant(name: &str) -> Option<String> {
        let (stem, extension) = name.rsplit_once('.')?;
        if extension.eq_ignore_ascii_case("txt") {
            let known = matches!(Self::of(stem), Self::Read(_));
            return known.then(|| stem.to_owned());
        }
        let meant = nearest(&extension.to_lowercase(), EXTENSIONS)?;
        Some(format!("{stem}.{meant}"))
    }
}

/// Returns what follows the last dot, in lower case; nothing if there is no dot.
fn extension(name: &str) -> String {
    name.rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase()
}

/// Returns true for `.*`, `*~`, `#*#`, `*.swp`, `*.tmp`, `*.bak`, `*.dpkg-*`, `*.rpm*`.
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
    fn misspelt_names() {
        let meant = |name| FileKind::meant(name);
        assert_eq!(meant("30-x.rule").as_deref(), Some("30-x.rules"));
        assert_eq!(meant("30-x.rules.txt").as_deref(), Some("30-x.rules"));
        assert_eq!(meant("ad.ldiff").as_deref(), Some("ad.ldif"));
        for other in ["notes.txt", "README", "a.rules.orig"] {
            assert_eq!(meant(other), None, "{other}");
        }
        let known =
            |extension: &&str| matches!(FileKind::of(&format!("a.{extension}")), FileKind::Read(_));
        assert!(EXTENSIONS.iter().all(known));
    }

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
            ("10-company.rules", SourceKind::Native),
            ("a.RULES", SourceKind::Native),
            ("a.b.expect", SourceKind::Expectations),
            ("A.Expect", SourceKind::Expectations),
            ("old.virtual", SourceKind::Foreign(ForeignFormat::Virtual)),
            ("old.VIRTUAL", SourceKind::Foreign(ForeignFormat::Virtual)),
            (
                "a.VirtUserTable",
                SourceKind::Foreign(ForeignFormat::Virtusertable),
            ),
            ("USERS.CSV", SourceKind::Foreign(ForeignFormat::Csv)),
            ("users.Csv", SourceKind::Foreign(ForeignFormat::Csv)),
            ("ad.ldif", SourceKind::Foreign(ForeignFormat::Ldif)),
            ("ad.ldf", SourceKind::Foreign(ForeignFormat::Ldif)),
            ("AD.LDF", SourceKind::Foreign(ForeignFormat::Ldif)),
        ];
        for (name, kind) in read {
            assert_eq!(FileKind::of(name), FileKind::Read(kind), "{name}");
            assert_eq!(SourceText::new(name, "").kind, kind, "{name}");
        }
    }
}
