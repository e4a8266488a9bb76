//! The only room with tokio, files, sockets, clock and tracing.
