//! Storey 4: from one recipient to one decision.
//!
//! [`decide`] looks the address up in the table, fills the targets in, and looks these up again until nothing
//! matches. Its result depends only on the table and the address.

mod decision;
mod expand;
mod fill;
mod seen;
mod single;

pub use decision::{Decision, Limit, Outcome, Reason, Step};
pub use expand::{decide, decide_in_any_case, decide_within};
pub use fill::{FillError, fill};
pub use single::{Rewritten, rewrite_once};
