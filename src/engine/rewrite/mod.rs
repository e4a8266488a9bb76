//! Storey 4: one recipient to one decision.
//!
//! [`decide`] asks the table, fills the targets in, and gives them back to the table until nothing
//! matches (spec section 2.2). It is a pure function of the table and the address.

mod decision;
mod expand;
mod fill;
mod onward;
mod seen;

pub use decision::{Decision, Outcome, Reason, Step};
pub use expand::{decide, decide_in_any_case};
pub use onward::{Onward, onward};
