//! Local-parts, in internal and external form (RFC 5321 section 4.1.2).
//!
//! Reading is as lenient as MTAs are: dots anywhere, quoted and unquoted parts side by side, an unquoted `@`
//! before the last one. [`LocalPart::is_strict`] returns true if the text also fits the grammar.
//!
//! # Invariants
//!
//! - No CR, LF, NUL or other control character: a local-part can be sent as it is.
//! - Quoted and unquoted spellings of one local-part have one internal form.

use std::{fmt, sync::Arc};

use unicase::UniCase;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::Domain;

/// A local-part in internal form (unquoted), in its original spelling. A clone costs no memory.
#[derive(Clone)]
pub struct LocalPart {
    text: Arc<str>,
    /// True if it was written without quotes. It is then passed on without quotes, even if the grammar requires
    /// them (`a..b`), because the MTA accepted it without.
    bare: bool,
}

/// How local-parts are compared.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LocalCase {
    /// Upper and lower case are the same, by full case folding.
    #[default]
    Ignore,
    /// Upper and lower case differ.
    Strict,
}

/// Why a text is not a local-part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LocalPartError {
    /// The text is empty. An empty local-part is written `""`.
    Empty,
    /// A character needs quotes, or cannot be in a local-part at all.
    BadCharacter(char),
    /// A `"` is not closed.
    UnclosedQuote,
}

impl fmt::Display for LocalPartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the local-part is empty"),
            Self::BadCharacter(c) if c.is_control() => {
                write!(
                    f,
                    "a local-part cannot hold the control character {}",
                    c.escape_default()
                )
            }
            Self::BadCharacter(c) => write!(f, "`{c}` must stand in quotes in a local-part"),
            Self::UnclosedQuote => f.write_str("a quote is not closed"),
        }
    }
}

impl LocalPart {
    /// A local-part that nobody has. It stands for all addresses of a domain that no rule names.
    pub const NOBODY: &'static str = "readdress0probe";

    /// Reads the external form.
    pub fn parse(external: &str) -> Result<Self, LocalPartError> {
        if external.is_empty() {
            return Err(LocalPartError::Empty);
        }
        if external.bytes().all(is_plain) {
            return Ok(Self::stored(external, true));
        }
        let mut text = String::with_capacity(external.len());
        let mut quoted = false;
        let mut bare = true;
        let mut characters = external.chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => {
                    quoted = !quoted;
                    bare = false;
                }
                '\\' if quoted => match characters.next() {
                    Some(c) if !c.is_control() => text.push(c),
                    Some(c) => return Err(LocalPartError::BadCharacter(c)),
                    None => return Err(LocalPartError::UnclosedQuote),
                },
                c if c.is_control() => return Err(LocalPartError::BadCharacter(c)),
                c if quoted || is_atext(c) || c == '.' || c == '@' => text.push(c),
                c => return Err(LocalPartError::BadCharacter(c)),
            }
        }
        if quoted {
            return Err(LocalPartError::UnclosedQuote);
        }
        Ok(Self {
            text: text.into(),
            bare,
        })
    }

    /// Makes a local-part from its internal form. It is printed with quotes if the grammar requires them.
    pub fn from_internal(text: &str) -> Result<Self, LocalPartError> {
        match text.chars().find(|c| c.is_control()) {
            Some(c) => Err(LocalPartError::BadCharacter(c)),
            None => Ok(Self {
                text: text.into(),
                bare: false,
            }),
        }
    }

    /// Makes a local-part again from its stored internal form, and from whether it was [bare](Self::is_bare).
    pub fn stored(text: &str, bare: bool) -> Self {
        Self {
            text: text.into(),
            bare,
        }
    }

    /// Returns true if it was written without quotes, and is passed on without quotes.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// Returns the internal form, in its original spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the form that is compared: NFC, and case-folded unless `case` is strict.
    pub fn folded(&self, case: LocalCase) -> String {
        fold(&self.text, case)
    }

    /// Returns the key of a mailbox with this local-part.
    pub(super) fn folded_at(&self, domain: &Domain, case: LocalCase) -> String {
        let mut key = String::with_capacity(self.text.len() + 1 + domain.as_str().len());
        fold_into(&mut key, &self.text, case);
        key.push('@');
        key.push_str(domain.as_str());
        key
    }

    /// Returns true if it holds `%`, `!` or `@`, with which old mail systems name another host.
    pub fn routes(&self) -> bool {
        self.text.contains(['%', '!', '@'])
    }

    /// Returns true if it was written as RFC 5321 requires: a Dot-string or a Quoted-string.
    pub fn is_strict(&self) -> bool {
        !self.bare || is_dot_string(&self.text)
    }
}

/// Returns a text in NFC, and case-folded unless `case` is strict.
pub fn fold(text: &str, case: LocalCase) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(&mut folded, text, case);
    folded
}

fn fold_into(folded: &mut String, text: &str, case: LocalCase) {
    match case {
        LocalCase::Ignore if text.is_ascii() => {
            let start = folded.len();
            folded.push_str(text);
            if let Some(new) = folded.get_mut(start..) {
                new.make_ascii_lowercase();
            }
        }
        LocalCase::Ignore => {
            let composed: String = text.nfc().collect();
            folded.extend(UniCase::unicode(composed).to_folded_case().nfc());
        }
        LocalCase::Strict if is_nfc(text) => folded.push_str(text),
        LocalCase::Strict => folded.extend(text.nfc()),
    }
}

impl fmt::Display for LocalPart {
    /// The external form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bare || is_dot_string(&self.text) {
            return f.write_str(&self.text);
        }
        f.write_str("\"")?;
        for c in self.text.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

impl fmt::Debug for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

impl PartialEq for LocalPart {
    /// Compares the spelling without quotes. [`Mailbox::key`](super::Mailbox::key) decides whether two mailboxes
    /// are
    /// the same.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for LocalPart {}

/// Returns true for the plain characters of which most local-parts consist.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'=')
}

/// RFC 5322 section 3.2.3, with the characters beyond ASCII of RFC 6531 section 3.3.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && !c.is_whitespace())
}

/// Dot-string of RFC 5321 section 4.1.2: atoms with single dots between them.
fn is_dot_string(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn prints(external: &str, internal: &str, printed: &str) {
        let local = LocalPart::parse(external).unwrap();
        assert_eq!(
            (local.as_str(), local.to_string().as_str()),
            (internal, printed)
        );
    }

    #[test]
    fn forms() {
        prints("jd", "jd", "jd");
        prints("\"jd\"", "jd", "jd");
        prints("\"john doe\"", "john doe", "\"john doe\"");
        prints("\"a\\\"b\\\\c\"", "a\"b\\c", "\"a\\\"b\\\\c\"");
        prints("john.\"q public\"", "john.q public", "\"john.q public\"");
        prints("\"\"", "", "\"\"");
        prints("a..b", "a..b", "a..b");
        prints("\"a..b\"", "a..b", "\"a..b\"");
        prints("jörg", "jörg", "jörg");
        prints("a@b", "a@b", "a@b");
        prints("\"a@b\"", "a@b", "\"a@b\"");
    }

    #[test]
    fn refused() {
        assert_eq!(LocalPart::parse(""), Err(LocalPartError::Empty));
        assert_eq!(
            LocalPart::parse("john doe"),
            Err(LocalPartError::BadCharacter(' '))
        );
        assert_eq!(
            LocalPart::parse("jd(c)"),
            Err(LocalPartError::BadCharacter('('))
        );
        assert_eq!(LocalPart::parse("\"a"), Err(LocalPartError::UnclosedQuote));
        assert_eq!(
            LocalPart::parse("\"a\\"),
            Err(LocalPartError::UnclosedQuote)
        );
        assert_eq!(
            LocalPart::parse("\"a\rb\""),
            Err(LocalPartError::BadCharacter('\r'))
        );
        assert_eq!(
            LocalPart::parse("a\u{85}b"),
            Err(LocalPartError::BadCharacter('\u{85}'))
        );
        assert!(LocalPart::from_internal("a\0b").is_err());
    }

    #[test]
    fn compared_without_case_and_composed() {
        assert_eq!(
            fold("JÜRGEN", LocalCase::Ignore),
            fold("ju\u{308}rgen", LocalCase::Ignore)
        );
        assert_eq!(
            fold("ΣΊΣΥΦΟΣ", LocalCase::Ignore),
            fold("σίσυφος", LocalCase::Ignore)
        );
        assert_eq!(fold("Jd", LocalCase::Ignore), "jd");
        assert_ne!(fold("Jd", LocalCase::Strict), fold("jd", LocalCase::Strict));
        assert_eq!(fold("ju\u{308}", LocalCase::Strict), "jü");
    }

    #[test]
    fn routing_spellings() {
        for routes in ["a%b", "a!b", "\"a@b\"", "a@b"] {
            assert!(LocalPart::parse(routes).unwrap().routes(), "{routes}");
        }
        assert!(!LocalPart::parse("a+b=c").unwrap().routes());
    }
}
