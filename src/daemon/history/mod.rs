//! The history: every table that went live, on disk, so that one can look back and go back.
//!
//! A *generation* is recorded as the texts that it was made from, the settings that its meaning depends on, and
//! who made it live, when and why ([`Entry`]). Each distinct text is kept once, by its hash. The newest complete
//! generation is the *snapshot*: a daemon that starts while its rules are broken, missing or held back serves it.
//! The commands `history`, `diff`, `blame` and `explain --generation` read the same directory, also while no
//! daemon runs.
//!
//! # The directory
//!
//! One directory for each rules directory, `STATE/history-HASH/`, which only the daemon's user and root may enter,
//! because rules are personal data:
//!
//! | path | content |
//! |---|---|
//! | `generations/NUMBER` | an [`Entry`]: a line of JSON, and a line with its hash |
//! | `texts/HASH` | a text of a rule file, byte for byte |
//! | `rollback` | the [`Rollback`] in force, if there is one; a line of JSON, and a line with its hash |
//!
//! # Invariants
//!
//! - A file is written under another name, flushed, and renamed; texts before the entry that names them. A crash at
//!   any byte leaves what was there before.
//! - Every file is compared with its hash when it is read. What is damaged is named, and never used.
//! - What nothing names any more is removed when the next generation is recorded, entries before texts. A file
//!   that was begun when the daemon was killed is removed at the next start.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | `[history] keep` | 100 generations | the oldest is removed |
//! | `[history] max_size` | 1024 MiB of texts | the oldest is removed; the newest always stays |
//! | bytes of an entry | 16 MiB | it counts as damaged |

mod author;
mod damage;
mod entry;
mod rollback;
mod settings;
mod store;
mod texts;
pub(crate) mod whole_file;

pub use author::{Author, Saved, account};
pub use damage::Damage;
pub use entry::{Cause, Entry, Text, unix_seconds};
pub use rollback::Rollback;
pub use store::{Bounds, History, Listing};
