//! Listening sockets and their connections: bound here, or handed over by systemd.
//!
//! In: a [`Socket`] of the configuration. Out: a [`BoundSocket`] that listens already, and that removes its socket
//! file when it is dropped; a [`Listener`] made of it returns each connection as a [`Stream`]. The loop that accepts
//! is in `daemon::accept`.
//!
//! # Limits
//!
//! - The backlog is [`BACKLOG`]; the kernel caps it at `net.core.somaxconn`.
//! - A host name with several addresses gives one socket: the first IPv4 address for `inet:`, the first IPv6
//!   address for `inet6:`. Names are looked up once, at the start, which may block for as long as the resolver does.
//! - `inet6:[::]:PORT` does not serve IPv4 (`IPV6_V6ONLY`).
//! - Every descriptor is close-on-exec.

mod bind;
mod bound;
mod error;
mod handed;
mod listener;
mod local;
mod lock;
mod stream;

pub use bind::bind;
pub use bound::{BoundSocket, RawListener};
pub use error::BindError;
pub use handed::from_environment;
pub use listener::{FILE_CHECK, Listener};
pub use local::{BACKLOG, SocketFile};
pub use stream::{DetachedStream, Stream};
