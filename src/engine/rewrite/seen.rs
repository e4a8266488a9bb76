//! The addresses that one expansion has seen.
//!
//! Most expansions see two addresses. The first few are compared one by one and need no allocation. A set holds the
//! others, so that a list of a thousand addresses does not compare each with each.

use std::sync::Arc;

use hashbrown::HashSet;
use smallvec::SmallVec;

/// How many addresses are compared one by one.
const FEW: usize = 4;

/// Keys of addresses.
#[derive(Debug, Default)]
pub(super) struct SeenAddresses {
    few: SmallVec<[Arc<str>; FEW]>,
    others: HashSet<Arc<str>>,
}

impl SeenAddresses {
    /// Returns true if the address was seen.
    pub fn contains(&self, key: &str) -> bool {
        self.few.iter().any(|seen| **seen == *key) || self.others.contains(key)
    }

    /// Adds an address. Returns true if it was not seen before.
    pub fn insert(&mut self, key: &Arc<str>) -> bool {
        if self.contains(key) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(Arc::clone(key));
        } else {
            self.others.insert(Arc::clone(key));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once() {
        let keys: Vec<Arc<str>> = (0..3 * FEW).map(|at| at.to_string().into()).collect();
        let mut seen = SeenAddresses::default();
        for key in &keys {
            assert!(!seen.contains(key));
            assert!(seen.insert(key));
        }
        for key in &keys {
            assert!(seen.contains(key));
            assert!(!seen.insert(key));
        }
    }
}
