//! A private folder and private ports for one run.
//!
//! Folders are made below `/run`. Every directory above them belongs to root, and only root may write to it, which
//! Sendmail demands of the directories above a milter's socket. Everybody may search these directories, which Postfix
//! needs after it has given up root. `/tmp` fails the first condition, a home directory the second.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder that is removed when the value is dropped, also by a panic.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("readdress-test.{}.{count}.{name}", process::id());
        let mut path = Path::new("/run").join(&name);
        // A run that was killed may have left a folder with the same process id.
        let _ = fs::remove_dir_all(&path);
        if fs::create_dir(&path).is_err() {
            // Without root only the fake MTA runs, and any folder will do.
            path = std::env::temp_dir().join(&name);
            fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        open_for_all(&path);
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a subfolder that everybody may search.
    pub fn subfolder(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(&path).expect("a subfolder of the test folder");
        open_for_all(&path);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::env::var_os("READDRESS_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn open_for_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod of a test folder");
}

/// The ports that tests use. They are below the range from which the kernel takes the ports of outgoing connections:
/// such a connection could take a port between the choice here and the bind of the MTA.
const PORTS: std::ops::Range<u32> = 20_000..32_000;

/// Returns a port on which no process listens, and which this process does not give away twice.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let size = PORTS.end - PORTS.start;
    // Test programs that run at the same time begin with different ports.
    let start = process::id().wrapping_mul(97);
    for _ in 0..size {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = (PORTS.start + start.wrapping_add(step) % size) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in {PORTS:?}");
}
