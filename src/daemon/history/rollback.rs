//! The mark of a rollback that is in force: until somebody ends it, the files of the rules directory do not count.

use serde::{Deserialize, Serialize};

use super::author::Author;

/// A rollback in force.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rollback {
    /// The generation whose texts serve.
    pub to: u64,
    /// Since when, in seconds since 1970.
    pub at: u64,
    /// Who asked for it.
    pub by: Author,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
