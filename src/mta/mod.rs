//! The MTA's side of the milter protocol, for `try`, `demo` and the tests.
//!
//! [`MilterClient`] offers what Postfix and Sendmail offer, honours what the
//! milter asked for, and gives its edits in the order of the wire. It writes a
//! macro packet and its command apart and leaves Nagle's algorithm on, as both
//! MTAs do, so that a milter that stalls an MTA stalls it as well.
//!
//! Deliberately not here: SMTP, queues and any knowledge of addresses.

mod client;
mod packet;

pub use client::{ClientError, Macro, MilterClient, READ_TIMEOUT};
pub use packet::{Edit, EndOfMessage, Negotiated, Offer, REPLY_LIMIT, Reply, bits, frame};
