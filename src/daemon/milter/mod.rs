//! The milter: MTAs connect to it, and ask about each recipient.
//!
//! indymilter knows the commands, flags and negotiation of the protocol. Its own session loop needs two tasks for
//! each connection and one write for each edit, so this room has a loop of its own. A connection stays on one
//! worker thread, and no command passes from one thread to another. From the socket inwards:
//!
//! | file | what it does |
//! |---|---|
//! | `server` | gives accepted connections to the workers; ends the service |
//! | `workers` | one thread for each processor |
//! | `connection` | one connection: one task, one write a round trip |
//! | `frames`, `replies`, `deadline` | packets of the MTA, replies to it, one timer for all waits |
//! | `dialogue` | the protocol: which step it is, and whether it is answered |
//! | `macros`, `mta` | the macros that matter; what differs between MTAs |
//! | `filter`, `session_filter` | what the dialogue asks; the answers, translated from a session |
//! | `context`, `drain`, `limits` | what connections share; the phases of the end; times and numbers |
//!
//! Deliberately not here: accepting (`daemon::accept`), what is decided about a message (`daemon::session`), and
//! any decision about a recipient (`engine`).

mod connection;
mod context;
mod deadline;
mod dialogue;
mod drain;
mod filter;
mod frames;
mod limits;
mod macros;
mod mta;
mod replies;
mod server;
mod session_filter;
mod workers;

pub use filter::{Answer, Filter, Requests, Strings};
pub use limits::Limits;
pub use macros::Macros;
pub use mta::Mta;
pub use replies::{Edits, NulInEdit};
pub use server::{GRACE, LINGER, Server};
pub use session_filter::SessionFilter;
pub use workers::{Workers, WorkersGuard};
