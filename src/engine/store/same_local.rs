//! Compares local-parts of one domain, without making a key of each.

use crate::engine::address::{LocalCase, fold};

/// Returns true if two local-parts are the same mailbox in one domain.
pub fn same_local(one: &str, other: &str, case: LocalCase) -> bool {
    if one == other {
        return true;
    }
    // After composition, a letter beyond ASCII may be an ASCII letter (the Kelvin sign).
    let ascii = one.is_ascii() && other.is_ascii();
    match case {
        LocalCase::Ignore if ascii => one.eq_ignore_ascii_case(other),
        LocalCase::Strict if ascii => false,
        _ => fold(one, case) == fold(other, case),
    }
}
