//! The key under which a pattern with a local-part and a domain is indexed.

use crate::engine::address::{LocalCase, fold};

/// Returns the key of a mailbox with this local-part.
pub(super) fn key(local: &str, domain: &str, case: LocalCase) -> String {
    let mut key = fold(local, case);
    key.push('@');
    key.push_str(domain);
    key
}
