//! The key of the index for a pattern with a local-part and a domain.

use crate::engine::address::{LocalCase, fold};

/// Returns the key `local@domain`. Folds the letter case of the local-part if `case` ignores it.
pub(super) fn key(local: &str, domain: &str, case: LocalCase) -> String {
    let mut key = fold(local, case);
    key.push('@');
    key.push_str(domain);
    key
}
