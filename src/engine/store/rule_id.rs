//! The number by which the rooms above name a stored rule.

/// The number of a rule. Numbers grow in the order of files and lines, with gaps.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RuleId(pub(super) u32);

#[cfg(test)]
impl RuleId {
    /// Returns a number for tests that have no rules.
    pub fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub fn number(self) -> u32 {
        self.0
    }
}
