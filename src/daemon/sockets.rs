//! The sockets of the daemon: handed over by systemd, or bound as configured.
//!
//! If systemd hands over a socket of a kind, the configured sockets of that kind are not bound.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};

use super::{
    listen::{self, BindError, BoundSocket},
    listeners::{ListenerKind, ListeningSocket, ListeningSockets},
    record,
    reload::Accept,
};
use crate::config::{Config, socket::Socket};

/// The directory of the default sockets.
const RUNTIME_DIRECTORY: &str = "/run/readdress";

/// The bound sockets, each with its kind, in the order of [`ListenerKind::ALL`].
#[derive(Debug)]
pub(super) struct Sockets(pub Vec<(ListenerKind, BoundSocket)>);

impl Sockets {
    /// Takes the sockets that systemd handed over, and binds the configured ones for all other kinds.
    pub fn bind(handed: Vec<BoundSocket>, config: &Config) -> Result<Self, BindError> {
        make_runtime_directory(config);
        let (mut handed, mut sockets) = (handed, Vec::new());
        for kind in ListenerKind::ALL {
            let (own, rest) = handed.into_iter().partition(|bound| kind_of(bound) == kind);
            handed = rest;
            let bound: Vec<_> = own;
            let bound = match bound.is_empty() {
                true => bind_configured(kind, config)?,
                false => bound,
            };
            sockets.extend(bound.into_iter().map(|bound| (kind, bound)));
        }
        Ok(Self(sockets))
    }

    /// Returns the list of the sockets.
    pub fn list(&self) -> ListeningSockets {
        let listening = self.0.iter().map(|(kind, bound)| ListeningSocket {
            kind: *kind,
            socket: bound.socket().clone(),
            from_systemd: bound.name().is_some(),
        });
        ListeningSockets(listening.collect())
    }

    /// Returns how somebody accepts a table that is held back; `None` without a control socket.
    pub fn accept(&self) -> Option<Accept> {
        let control = |(kind, _): &&(ListenerKind, _)| *kind == ListenerKind::Control;
        let control = self.0.iter().find(control);
        control.map(|(_, bound)| Accept::on(bound.socket()))
    }
}

/// Returns the kind of a socket that systemd handed over. A socket with an unknown name is one of the milter.
fn kind_of(bound: &BoundSocket) -> ListenerKind {
    let named = bound.name().and_then(ListenerKind::named);
    named.unwrap_or(ListenerKind::Milter)
}

/// Binds the configured sockets of one kind. Returns none if they cannot be bound and the daemon can do without.
fn bind_configured(kind: ListenerKind, config: &Config) -> Result<Vec<BoundSocket>, BindError> {
    let bound = kind.configured(config).iter().map(listen::bind).collect();
    match bound {
        Err(error) if !kind.is_required(config) && !error.is_shortage() => {
            record::control_missing(&error);
            Ok(Vec::new())
        }
        bound => bound,
    }
}

/// Creates `/run/readdress` if a configured socket needs it. systemd creates it before it starts the daemon; a daemon
/// that somebody starts by hand has to do that itself. If that fails, the error of the bind says what is missing.
fn make_runtime_directory(config: &Config) {
    let mut sockets = ListenerKind::ALL
        .iter()
        .flat_map(|kind| kind.configured(config));
    let runtime = Path::new(RUNTIME_DIRECTORY);
    let needs = |socket: &Socket| match socket {
        Socket::Unix(path) => path.parent() == Some(runtime),
        Socket::Inet { .. } | Socket::Inet6 { .. } => false,
    };
    if sockets.any(needs) && !runtime.exists() {
        let made = DirBuilder::new().mode(0o755).create(runtime);
        if let Err(error) = made {
            record::runtime_directory_missing(runtime, &error);
        }
    }
}
