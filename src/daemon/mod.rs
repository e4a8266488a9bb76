//! The only room with tokio, files, sockets, clock and tracing.

pub mod listen;
pub mod milter;
