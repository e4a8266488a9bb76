//! An address that can be stored without being parsed: its text is already in canonical form.
//!
//! Which text may be stored so is decided by the reader of lines, `syntax::plain`.

/// A local-part of letters, digits, `-`, `_` and `.`, in front of a domain in lower case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlainAddress<'a> {
    /// Left of the `@`.
    pub local: &'a str,
    /// Right of it.
    pub domain: &'a str,
}

impl PlainAddress<'_> {
    /// Returns the number of bytes, `@` included.
    #[expect(clippy::len_without_is_empty, reason = "an address is never empty")]
    pub fn len(&self) -> usize {
        self.local.len() + 1 + self.domain.len()
    }
}
