//! `--probe`: asks the MTA by SMTP whether it accepts the addresses that the table accepts.
//!
//! Pure: [`questions`] chooses the addresses, [`examine`] draws conclusions from the replies. For each domain the
//! MTA is asked about an address that the table knows and about one that it does not know; it is also asked about
//! addresses elsewhere, which only an open relay accepts. No message is ever sent: RSET follows RCPT.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | domains | 50 | a line says how many others were not asked about |
//!
//! Local-parts that are not ASCII are left out. What happens to a message after RCPT is not checked.

mod questions;
mod replies;
mod trust;
mod values;

pub use questions::questions;
pub(super) use replies::examine;
pub use trust::{ProbeTarget, Trust, trusts};
pub use values::{Answers, DOMAINS, Expected, Probe, Question, Reply};
