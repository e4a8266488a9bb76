//! Storey 4: one recipient to one decision.
//!
//! [`decide`] asks the table, fills the targets in, and gives them back to the table until nothing
//! matches. It is a pure function of the table and the address.

mod decision;
mod expand;
mod fill;
mod onward;
mod seen;

pub use decision::{Decision, Limit, Outcome, Reason, Step};
pub use expand::{decide, decide_in_any_case, decide_within};
pub use onward::{Onward, onward};
