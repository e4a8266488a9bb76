//! The sockets of one daemon: handed over by systemd, or bound as configured.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};

use super::{
    control::Handed,
    listen::{self, BindError, Bound},
    record,
    reload::Accept,
};
use crate::config::{Config, socket::Socket};

/// Where the sockets are by default.
const RUNTIME_DIRECTORY: &str = "/run/readdress";

/// How sockets are called that systemd hands over for other things than the milter.
const CONTROL_NAME: &str = "control";
const SOCKETMAP_NAME: &str = "socketmap";

/// The sockets, bound.
#[derive(Debug)]
pub(super) struct Sockets {
    /// What MTAs send mail through.
    pub milter: Vec<Bound>,
    /// What the commands ask.
    pub control: Option<Bound>,
    /// What MTAs ask about addresses.
    pub socketmap: Vec<Bound>,
}

impl Sockets {
    /// What systemd handed over comes first; the rest is bound as configured.
    pub fn bind(handed: Vec<Bound>, config: &Config) -> Result<Self, BindError> {
        make_runtime_directory(config);
        let named = |name| move |bound: &Bound| bound.name() == Some(name);
        let (control, rest): (Vec<_>, Vec<_>) = handed.into_iter().partition(named(CONTROL_NAME));
        let (socketmap, milter): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(named(SOCKETMAP_NAME));
        let bind = |sockets: &[Socket]| sockets.iter().map(listen::bind).collect();
        let or = |handed: Vec<Bound>, sockets: &[Socket]| match handed.is_empty() {
            true => bind(sockets),
            false => Ok(handed),
        };
        Ok(Self {
            milter: or(milter, &config.milter.listen)?,
            control: control_socket(control, config)?,
            socketmap: or(socketmap, &config.socketmap)?,
        })
    }

    /// Where they are.
    pub fn names(&self) -> record::Sockets {
        record::Sockets {
            milter: names(&self.milter),
            socketmap: names(&self.socketmap),
            control: self
                .control
                .as_ref()
                .map(|bound| bound.socket().to_string()),
        }
    }

    /// Which of them systemd handed over.
    pub fn handed(&self) -> Handed {
        let handed = |bound: &Bound| bound.name().is_some();
        Handed {
            milter: self.milter.iter().any(handed),
            socketmap: self.socketmap.iter().any(handed),
            control: self.control.as_ref().is_some_and(handed),
        }
    }

    /// How somebody accepts what is held back.
    pub fn accept(&self) -> Option<Accept> {
        let control = self.control.as_ref();
        control.map(|bound| Accept::on(bound.socket()))
    }
}

/// Where these sockets are.
fn names(sockets: &[Bound]) -> Vec<String> {
    let names = sockets.iter().map(|bound| bound.socket().to_string());
    names.collect()
}

/// Makes `/run/readdress` where a socket with its default path wants it: systemd does so before the
/// start, and a daemon that is started by hand should come up all the same. Where that fails, the
/// bind says what is missing.
fn make_runtime_directory(config: &Config) {
    let sockets = config.milter.listen.iter().chain([&config.control]);
    let wanted = sockets.filter_map(|socket| match socket {
        Socket::Unix(path) => path.parent(),
        Socket::Inet { .. } | Socket::Inet6 { .. } => None,
    });
    let runtime = Path::new(RUNTIME_DIRECTORY);
    if wanted.into_iter().any(|directory| directory == runtime) && !runtime.exists() {
        let made = DirBuilder::new().mode(0o755).create(runtime);
        if let Err(error) = made {
            record::runtime_directory_missing(runtime, &error);
        }
    }
}

/// The control socket. One that nobody asked for may be missing: a second daemon, or one that is
/// tried out without `/run/readdress`, serves mail all the same.
fn control_socket(handed: Vec<Bound>, config: &Config) -> Result<Option<Bound>, BindError> {
    if let Some(bound) = handed.into_iter().next() {
        return Ok(Some(bound));
    }
    match listen::bind(&config.control) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if config.origins.is_written("control", "listen") || error.is_shortage() => {
            Err(error)
        }
        Err(error) => {
            record::control_missing(&error);
            Ok(None)
        }
    }
}
