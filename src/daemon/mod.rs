//! The only room with tokio, files, sockets, clock and tracing.

pub mod live;
pub mod log;
pub mod record;
pub mod reload;
pub mod source;
pub mod watch;
pub mod listen;
pub mod milter;
