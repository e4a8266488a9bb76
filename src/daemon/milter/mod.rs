//! The milter: what MTAs connect to.
//!
//! indymilter speaks the protocol; this room holds what it leaves out.
//!
//! - [`serve`](serve()): the server, its limits and its end;
//! - `accept`: several sockets, too many connections, no descriptors left;
//! - `stream`: what indymilter reads and writes through; made of `frames`
//!   (framing, both directions), `dialogue` (inside a transaction or not),
//!   `deadline` (one timer), `peer` (TCP or Unix, tuned);
//! - `callbacks`: what indymilter calls; `session`: one connection's transaction;
//!   `apply`: the plan, action by action;
//! - `drain`: the phases of the end and the count of connections;
//! - `limits`: how many connections, and how long each may take; `gauges`: what others may read
//!   about them.
//!
//! Deliberately not here: binding (`daemon::listen`) and any decision about a
//! recipient (`engine`).

mod accept;
mod apply;
mod callbacks;
mod deadline;
mod dialogue;
mod drain;
mod frames;
mod gauges;
mod limits;
mod peer;
mod serve;
mod session;
mod stream;

pub use callbacks::callbacks;
pub use gauges::{Brake, Gauges};
pub use limits::Limits;
pub use serve::{GRACE, serve};
pub use session::{Session, Shared};
