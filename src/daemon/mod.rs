//! The only room with tokio, files, sockets, clock and tracing.

pub mod live;
pub mod source;
