//! The place of a rule, as people write it: `file:line`.

use std::fmt;

/// Where a rule is written. Valid as long as its table exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RulePlace<'a> {
    /// File name without its directory.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u32,
}

impl fmt::Display for RulePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
