//! A socket that accepts connections, and that notices when nobody can connect any more.
//!
//! In: a [`BoundSocket`]. Out: connections.
//!
//! If somebody removes the file of a Unix socket, no client can connect, and the system reports no error. So
//! the listener looks at the file every [`FILE_CHECK`]. If the file is missing, or if another file is there,
//! the listener logs that, `status` shows it, and the listener binds the path again as soon as the path is free,
//! with the mode and group that the file had. Only systemd can create the file of a socket that systemd handed
//! over: there the listener only reports the problem.
//!
//! # Limits
//!
//! | limit | value | |
//! |---|---|---|
//! | [`FILE_CHECK`] | 5 s | between two looks at the file |

use std::{io, time::Duration};

use tokio::{
    net::{TcpListener, UnixListener},
    time::{Instant, sleep_until},
};

use super::{
    bound::{BoundSocket, RawListener},
    local::{self, FileState, SocketFile},
    stream::Stream,
};
use crate::{
    config::socket::Socket,
    daemon::{listeners::ListenerKind, record, state::health::Health},
};

/// How often the listener looks at the file of its socket.
pub const FILE_CHECK: Duration = Duration::from_secs(5);

#[derive(Debug)]
enum Acceptable {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptable {
    fn new(listener: RawListener) -> io::Result<Self> {
        match listener {
            RawListener::Tcp(listener) => TcpListener::from_std(listener).map(Self::Tcp),
            RawListener::Unix(listener) => UnixListener::from_std(listener).map(Self::Unix),
        }
    }

    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => Ok(Stream::Tcp(listener.accept().await?.0)),
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

/// A socket that accepts connections. Dropping it closes the socket and removes its file.
#[derive(Debug)]
pub struct Listener {
    // Dropped before the socket. While the socket is open, no other daemon takes the path, and the number of the
    // file's inode cannot belong to another file.
    file: Option<SocketFile>,
    accepts: Acceptable,
    socket: Socket,
    /// The name among problems: `milter unix:/run/readdress/milter.sock`.
    name: String,
    health: Health,
    next_check: Instant,
}

impl Listener {
    /// Registers a socket with the runtime in which this is called.
    pub fn new(bound: BoundSocket, kind: ListenerKind, health: Health) -> io::Result<Self> {
        let BoundSocket {
            file,
            listener,
            socket,
            ..
        } = bound;
        Ok(Self {
            accepts: Acceptable::new(listener)?,
            file,
            name: format!("{} {socket}", kind.name()),
            socket,
            health,
            next_check: Instant::now() + FILE_CHECK,
        })
    }

    /// Returns the kind and the address, as problems name this listener.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Waits for the next connection.
    pub async fn accept(&mut self) -> io::Result<Stream> {
        loop {
            let Some(file) = &mut self.file else {
                return self.accepts.accept().await;
            };
            tokio::select! {
                biased;
                accepted = self.accepts.accept() => return accepted,
                () = sleep_until(self.next_check) => {
                    self.next_check = Instant::now() + FILE_CHECK;
                    match file.state() {
                        FileState::Ours => self.report_found(),
                        state => self.report_lost(state),
                    }
                }
            }
        }
    }

    fn report_found(&self) {
        if self.health.well(&self.name) {
            record::socket_bound_again(&self.socket);
        }
    }

    fn report_lost(&mut self, state: FileState) {
        let what = match state {
            FileState::Missing => "its file was removed",
            _ => "another file has its path",
        };
        let first = self.health.wrong(&self.name, what);
        if first {
            record::socket_lost(&self.socket, what);
        }
        if let Err(error) = self.bind_again() {
            let what = format!("{what}, no MTA can connect: {error}");
            self.health.wrong(&self.name, &what);
            if first {
                record::socket_lost(&self.socket, &what);
            }
            return;
        }
        self.report_found();
    }

    /// Binds the path again. Few clients can still wait at the old socket, because it was accepted on until now.
    fn bind_again(&mut self) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if !file.is_made_here() {
            return Err(
                "systemd made it: systemctl restart its .socket unit and readdress.service"
                    .to_owned(),
            );
        }
        let (listener, file) = local::bind_again(file).map_err(|error| error.to_string())?;
        let listener = UnixListener::from_std(listener).map_err(|error| error.to_string())?;
        // The file first: see the fields.
        self.file = Some(file);
        self.accepts = Acceptable::Unix(listener);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixStream;

    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
    };

    struct Fixture {
        _dir: tempfile::TempDir,
        path: PathBuf,
        health: Health,
    }

    fn listener() -> (Fixture, Listener) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.sock");
        let bound = super::super::bind::bind(&Socket::Unix(path.clone())).unwrap();
        let health = Health::default();
        let listener = Listener::new(bound, ListenerKind::Milter, health.clone()).unwrap();
        let fixture = Fixture {
            _dir: dir,
            path,
            health,
        };
        (fixture, listener)
    }

    /// Accepts one connection, which is tried until it is made.
    async fn accepts(listener: &mut Listener, path: &Path) {
        let connect = async {
            while UnixStream::connect(path).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let (accepted, ()) = tokio::join!(listener.accept(), connect);
        accepted.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_removed_file_is_made_again_as_it_was() {
        let (fixture, mut listener) = listener();
        accepts(&mut listener, &fixture.path).await;
        fs::set_permissions(&fixture.path, Permissions::from_mode(0o666)).unwrap();
        tokio::time::timeout(FILE_CHECK * 2, listener.accept())
            .await
            .unwrap_err();
        fs::remove_file(&fixture.path).unwrap();
        accepts(&mut listener, &fixture.path).await;
        let mode = fs::metadata(&fixture.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o666);
        assert!(fixture.health.problems().is_empty());
        drop(listener);
        assert!(!fixture.path.exists());
    }

    #[tokio::test(start_paused = true)]
    async fn what_stands_in_its_place_is_told_and_left_until_it_goes() {
        let (fixture, mut listener) = listener();
        fs::remove_file(&fixture.path).unwrap();
        fs::write(&fixture.path, "precious").unwrap();
        tokio::time::timeout(FILE_CHECK * 3, listener.accept())
            .await
            .unwrap_err();
        let problems = fixture.health.problems();
        let part = format!("milter unix:{}", fixture.path.display());
        assert_eq!(problems[0].part, part);
        assert!(
            problems[0].what.contains("there is a regular file at"),
            "{problems:?}"
        );
        assert_eq!(fs::read(&fixture.path).unwrap(), b"precious");
        fs::remove_file(&fixture.path).unwrap();
        accepts(&mut listener, &fixture.path).await;
        assert!(fixture.health.problems().is_empty());
    }
}
