//! A socket that is accepted on, and that notices when nobody can connect to it any more.
//!
//! In: a [`Bound`]. Out: connections. A Unix socket whose file was removed hears no more of anybody,
//! and nothing tells it so. So the file is looked at every [`LOOK`]: if it is gone, or another one
//! stands in its place, that is logged, `status` names it, and the path is bound again as soon as it
//! is free, with the mode and group that the file had. The file of a socket that systemd handed over
//! is systemd's to make: that case is only told.
//!
//! # Limits
//!
//! | limit | value | |
//! |---|---|---|
//! | [`LOOK`] | 5 s | between two looks |

use std::{io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    time::{Instant, sleep_until},
};

use super::{
    Bound, Listening, SocketFile,
    local::{self, Standing},
};
use crate::{
    config::socket::Socket,
    daemon::{health::Health, record},
};

/// How often the file of a socket is looked at.
pub const LOOK: Duration = Duration::from_secs(5);

/// A connection, over whichever socket it came.
#[derive(Debug)]
pub enum Accepted {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn new(listening: Listening) -> io::Result<Self> {
        match listening {
            Listening::Tcp(listener) => TcpListener::from_std(listener).map(Self::Tcp),
            Listening::Unix(listener) => UnixListener::from_std(listener).map(Self::Unix),
        }
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(s, _)| Accepted::Tcp(s)),
            Self::Unix(listener) => listener.accept().await.map(|(s, _)| Accepted::Unix(s)),
        }
    }
}

/// A socket that is accepted on. Dropping it stops listening and removes the socket file.
#[derive(Debug)]
pub struct Kept {
    // Dropped before the listener: while that one lives, a successor finds the path taken and its
    // inode cannot belong to another file.
    file: Option<SocketFile>,
    listener: Listener,
    socket: Socket,
    /// As problems are named: `milter unix:/run/readdress/readdress.sock`.
    name: String,
    health: Health,
    look_at: Instant,
}

impl Kept {
    /// Registers it with the runtime that this is called in. `part` is what it serves: `milter`.
    pub fn new(bound: Bound, part: &str, health: Health) -> io::Result<Self> {
        let Bound {
            file,
            listener,
            socket,
            ..
        } = bound;
        Ok(Self {
            listener: Listener::new(listener)?,
            file,
            name: format!("{part} {socket}"),
            socket,
            health,
            look_at: Instant::now() + LOOK,
        })
    }

    /// What it serves, and where.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The next connection.
    pub async fn accept(&mut self) -> io::Result<Accepted> {
        loop {
            let Some(file) = &mut self.file else {
                return self.listener.accept().await;
            };
            tokio::select! {
                biased;
                accepted = self.listener.accept() => return accepted,
                () = sleep_until(self.look_at) => {
                    self.look_at = Instant::now() + LOOK;
                    match file.standing() {
                        Standing::Ours => self.is_there(),
                        standing => self.is_lost(standing),
                    }
                }
            }
        }
    }

    fn is_there(&self) {
        if self.health.well(&self.name) {
            record::socket_bound_again(&self.socket);
        }
    }

    fn is_lost(&mut self, standing: Standing) {
        let what = match standing {
            Standing::Gone => "its file was removed",
            _ => "another file stands in its place",
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
        self.is_there();
    }

    /// Binds the path of its file anew; those who wait at the old socket cannot be many, since it was
    /// accepted on until now.
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
        // In this order: see the field.
        self.file = Some(file);
        self.listener = Listener::Unix(listener);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
    };

    struct Place {
        _dir: tempfile::TempDir,
        path: PathBuf,
        health: Health,
    }

    fn kept() -> (Place, Kept) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.sock");
        let bound = super::super::bind(&Socket::Unix(path.clone())).unwrap();
        let health = Health::default();
        let kept = Kept::new(bound, "milter", health.clone()).unwrap();
        let place = Place {
            _dir: dir,
            path,
            health,
        };
        (place, kept)
    }

    /// Accepts one connection, which is tried until it is made.
    async fn accepts(kept: &mut Kept, path: &Path) {
        let connect = async {
            while UnixStream::connect(path).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let (accepted, ()) = tokio::join!(kept.accept(), connect);
        accepted.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_removed_file_is_made_again_as_it_was() {
        let (place, mut kept) = kept();
        accepts(&mut kept, &place.path).await;
        fs::set_permissions(&place.path, Permissions::from_mode(0o666)).unwrap();
        tokio::time::timeout(LOOK * 2, kept.accept())
            .await
            .unwrap_err();
        fs::remove_file(&place.path).unwrap();
        accepts(&mut kept, &place.path).await;
        let mode = fs::metadata(&place.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o666);
        assert!(place.health.problems().is_empty());
        drop(kept);
        assert!(!place.path.exists());
    }

    #[tokio::test(start_paused = true)]
    async fn what_stands_in_its_place_is_told_and_left_until_it_goes() {
        let (place, mut kept) = kept();
        fs::remove_file(&place.path).unwrap();
        fs::write(&place.path, "precious").unwrap();
        tokio::time::timeout(LOOK * 3, kept.accept())
            .await
            .unwrap_err();
        let problems = place.health.problems();
        let part = format!("milter unix:{}", place.path.display());
        assert_eq!(problems[0].part, part);
        assert!(
            problems[0].what.contains("a regular file stands at"),
            "{problems:?}"
        );
        assert_eq!(fs::read(&place.path).unwrap(), b"precious");
        fs::remove_file(&place.path).unwrap();
        accepts(&mut kept, &place.path).await;
        assert!(place.health.problems().is_empty());
    }
}
