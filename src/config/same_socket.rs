//! One socket in two places of the file: a daemon cannot listen on it twice.
//!
//! The two notations of a socket are one socket, `localhost` and its address are not, because no name is looked up here.
//! Port 0 may stand there more than once: the system then chooses another port each time.

use std::{ops::Range, str::FromStr};

use super::{kind::Value, socket::Socket};

/// The sockets of a file, in the order in which they were read.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<(Range<usize>, Socket)>);

impl Listeners {
    /// Adds the sockets of a `listen` key: a text, or a list of texts.
    pub fn add(&mut self, value: &Value<'_>) {
        let one = std::slice::from_ref(value);
        let texts: &[Value<'_>] = match value.get_ref().as_array() {
            Some(array) => array,
            None => one,
        };
        for text in texts {
            let socket = text.get_ref().as_str().map(Socket::from_str);
            if let Some(Ok(socket)) = socket {
                self.0.push((text.span(), socket));
            }
        }
    }

    /// Returns each place where a socket is written again, and the place before it.
    pub fn repeated(mut self) -> Vec<(Range<usize>, Range<usize>)> {
        self.0.sort_by_key(|(at, _)| at.start);
        let mut repeated = Vec::new();
        let mut seen: Vec<(Range<usize>, Socket)> = Vec::new();
        for (at, socket) in self.0 {
            let any_port = matches!(
                socket,
                Socket::Inet { port: 0, .. } | Socket::Inet6 { port: 0, .. }
            );
            match seen.iter().find(|(_, other)| *other == socket) {
                Some((first, _)) if !any_port => repeated.push((at, first.clone())),
                _ => seen.push((at, socket)),
            }
        }
        repeated
    }
}
