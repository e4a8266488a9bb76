//! The MTA's side of the milter protocol, for `try`, `demo` and the tests.
//!
//! [`MilterClient`] offers what Postfix and Sendmail offer, does what the milter requested, and returns the milter's edits
//! in the order in which they came. As both MTAs do, it writes a macro packet and its command separately, and leaves
//! Nagle's algorithm on: so a milter that makes an MTA wait makes this client wait, too.
//!
//! Deliberately not here: SMTP, queues and any knowledge of addresses.

mod client;
mod packet;

pub use client::{ClientError, Macro, MilterClient, READ_TIMEOUT};
pub use packet::{Edit, EndOfMessage, Negotiated, Offer, REPLY_LIMIT, Reply, bits, frame};

#[cfg(test)]
mod tests;
