//! The milter: what MTAs connect to.
//!
//! indymilter knows the protocol's commands, flags and negotiation; its own session loop costs two
//! tasks a connection and a write an action, so the loop is ours. From the socket inwards:
//!
//! - `serve`: the server, its limits and its end;
//! - `accept`: several sockets, too many connections, no descriptors left;
//! - `workers`: one thread a processor, each connection on one of them; `turn`: how long a
//!   connection may work before the others of its thread;
//! - `connection`: one connection, one task, one write a round trip; made of `peer` (TCP or Unix,
//!   tuned), `frames` (packets in place), `replies` (gathered), `deadline` (one timer);
//! - `dialogue`: the protocol; `macros`: those that matter, of the right recipient; `mta`: which MTA
//!   it is, and how it has to be spoken to;
//! - `filter`: the inner interface; `rewriting`: the daemon's filter; `session`: one connection;
//!   `message`: what is kept of its message;
//! - `drain`: the phases of the end and the count of connections;
//! - `limits`: how many connections, and how long each may take; `gauges`: what others may read
//!   about them.
//!
//! Deliberately not here: binding (`daemon::listen`) and any decision about a
//! recipient (`engine`).

mod accept;
mod connection;
mod deadline;
mod dialogue;
mod drain;
mod filter;
mod frames;
mod gauges;
mod limits;
mod macros;
mod message;
mod mta;
mod peer;
mod replies;
mod rewriting;
mod serve;
mod session;
mod turn;
mod workers;

pub use filter::{Answer, Filter, Strings, Wanted};
pub use gauges::Gauges;
pub use limits::Limits;
pub use macros::Macros;
pub use mta::Mta;
pub use replies::{Edits, HoldsNul};
pub use serve::{GRACE, LINGER, Server};
pub use session::{Session, Shared};
pub use turn::Turn;
pub use workers::{Ends, Workers};
