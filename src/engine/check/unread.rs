//! Lines that could not be read because of an error.

use std::collections::HashSet;

use crate::engine::address::Mailbox;

/// The words of lines that could not be read because of an error.
pub(super) struct UnreadLines(pub HashSet<String>);

impl UnreadLines {
    /// Returns true if one of the lines may contain an address.
    pub fn may_name(&self, mailbox: &Mailbox) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let domain = mailbox.domain.as_str();
        let has = |word: &str| self.0.contains(word);
        has(domain) || has(&format!("@{domain}")) || has(&mailbox.to_string().to_lowercase())
    }
}
