//! The addresses that one expansion has met.
//!
//! Nearly all meet two: these are compared one by one, and take no memory of their own. The set takes the
//! rest, so that a list of a thousand does not compare each with each.

use std::sync::Arc;

use hashbrown::HashSet;
use smallvec::SmallVec;

/// How many are compared one by one.
const FEW: usize = 4;

/// Keys of addresses.
#[derive(Debug, Default)]
pub(super) struct Seen {
    few: SmallVec<[Arc<str>; FEW]>,
    others: HashSet<Arc<str>>,
}

impl Seen {
    /// Whether it was met.
    pub fn contains(&self, key: &str) -> bool {
        self.few.iter().any(|seen| **seen == *key) || self.others.contains(key)
    }

    /// Adds one; whether it was not met before.
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
        let mut seen = Seen::default();
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
