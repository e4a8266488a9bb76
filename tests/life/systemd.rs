//! What the daemon gets from systemd and tells systemd: sockets by their names, readiness, status, signs of life. A
//! restart refuses no client while systemd keeps the socket. The tests play systemd with a datagram socket and some
//! descriptors.

use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use readdress::config::socket::Socket;

use crate::program::{PATIENCE, Place, RULES, connect, edits, message};

/// A datagram socket to which a daemon sends its status.
struct Systemd(UnixDatagram);

impl Systemd {
    fn new(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// Returns the next message that contains this text.
    fn hears(&self, wanted: &str) -> String {
        let started = Instant::now();
        let mut heard = Vec::new();
        while started.elapsed() < PATIENCE {
            let mut bytes = [0; 4096];
            let Ok(count) = self.0.recv(&mut bytes) else {
                break;
            };
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if text.contains(wanted) {
                return text;
            }
            heard.push(text);
        }
        panic!("systemd did not hear {wanted:?}, but {heard:?}");
    }
}

#[test]
fn systemd_hears_of_the_start_of_every_reload_and_of_the_end() {
    let place = Place::new(&[("a.rules", RULES)]);
    let systemd = Systemd::new(&place.join("notify.sock"));
    let mut command = place.daemon();
    command
        .env("NOTIFY_SOCKET", place.join("notify.sock"))
        .env("WATCHDOG_USEC", "200000");
    let mut serving = place.launch(command);
    let ready = systemd.hears("READY=1");
    assert!(
        ready.contains("STATUS=generation 1, 12 rules, live for less than a minute"),
        "{ready}"
    );
    for _ in 0..3 {
        systemd.hears("WATCHDOG=1");
    }
    place.save("a.rules", &format!("{RULES}x@domain2.com rejct\n"));
    let status = systemd.hears("DEGRADED");
    assert!(
        status.contains("generation 1, 12 rules") && status.contains("a.rules:14:"),
        "{status}"
    );
    place.save(
        "a.rules",
        &format!("{RULES}x@domain2.com anna@company.com\n"),
    );
    let status = systemd.hears("generation 2, 13 rules");
    assert!(!status.contains("DEGRADED"), "{status}");
    serving.signal("TERM", 1);
    systemd.hears("STOPPING=1");
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn broken_rules_are_no_reason_not_to_be_ready() {
    let place = Place::new(&[("a.rules", "x@domain2.com rejct\n")]);
    let systemd = Systemd::new(&place.join("notify.sock"));
    let mut command = place.daemon();
    command.env("NOTIFY_SOCKET", place.join("notify.sock"));
    let _serving = place.launch(command);
    let ready = systemd.hears("READY=1");
    assert!(
        ready.contains("STATUS=no table: every recipient is deferred; DEGRADED: a.rules:1:"),
        "{ready}"
    );
}

/// Returns the daemon with these sockets, started as systemd starts it.
fn handed(place: &Place, sockets: &[(&str, &UnixListener)]) -> Command {
    let names: Vec<_> = sockets.iter().map(|(name, _)| *name).collect();
    // Descriptors begin at 3; the shell puts the sockets there, and LISTEN_PID is the number of the shell.
    let script = format!(
        "export LISTEN_PID=$$ LISTEN_FDS={} LISTEN_FDNAMES={}; {} exec \"$0\" \"$@\"",
        sockets.len(),
        names.join(":"),
        ["exec 3<&0 </dev/null;", "exec 3<&0 4<&1 </dev/null >&2;"][sockets.len() - 1]
    );
    let daemon = place.daemon();
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--", "sh", "-c", &script])
        .args(daemon.get_args().skip_while(|word| *word != "--").skip(1))
        .current_dir(place.join(""));
    let copy = |listener: &UnixListener| Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    command.stdin(copy(sockets[0].1)).stderr(place.log_file());
    if let Some((_, second)) = sockets.get(1) {
        command.stdout(copy(second));
    }
    command
}

#[tokio::test]
async fn sockets_are_known_by_their_names() {
    let place = Place::new(&[("a.rules", RULES)]);
    let (milter, maps) = (place.join("given.sock"), place.join("maps.sock"));
    let listeners = (
        UnixListener::bind(&milter).unwrap(),
        UnixListener::bind(&maps).unwrap(),
    );
    let sockets = [("socketmap", &listeners.1), ("milter", &listeners.0)];
    let mut serving = place.launch(handed(&place, &sockets));
    place.logged("listen=");
    let mut client = connect(&Socket::Unix(milter.clone())).await;
    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    let asked = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::os::unix::net::UnixStream::connect(maps).unwrap();
        stream.write_all(b"25:recipients jd@domain2.com,").unwrap();
        let mut answer = [0; 64];
        let count = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..count]).into_owned()
    });
    let answer = asked.await.unwrap();
    assert!(answer.contains(":OK "), "{answer}");
    // The configured milter socket is not bound: the socket from systemd replaces it.
    assert!(!place.join("milter.sock").exists());
    serving.signal("TERM", 1);
    serving.end();
    assert!(milter.exists(), "the file is systemd's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_behind_a_socket_that_stays_refuses_nobody() {
    let place = Place::new(&[("a.rules", RULES)]);
    let path = place.join("given.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (socket, stopped) = (Socket::Unix(path), Arc::clone(&stop));
    let mut serving = place.launch(handed(&place, &[("milter", &listener)]));
    place.logged("listen=");
    let sender = tokio::spawn(async move {
        let mut sent = 0;
        while !stopped.load(Relaxed) {
            // Connecting and negotiating must never fail; the next daemon serves a connection that waits.
            let mut client = connect(&socket).await;
            let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
            assert_eq!(edits(&end).len(), 2);
            client.quit().await.unwrap();
            sent += 1;
        }
        sent
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        serving.signal("TERM", 1);
        assert_eq!(serving.end().code(), Some(0));
        drop(serving);
        serving = place.launch(handed(&place, &[("milter", &listener)]));
    }
    stop.store(true, Relaxed);
    let sent = sender.await.expect("no message was refused");
    assert!(sent > 10, "{sent} messages");
    drop(serving);
}

/// A user who may open the socket may use it. If everybody may open it, only root and the daemon's own user may.
#[test]
fn a_control_socket_that_is_open_to_all_serves_not_everybody() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(&[("a.rules", RULES)]);
    // Every directory on the way to the socket is open to everybody.
    fs::set_permissions(place.join(""), fs::Permissions::from_mode(0o755)).unwrap();
    let path = place.join("open.sock");
    // The program that cargo built may be in a directory where no other user can run it.
    fs::copy(env!("CARGO_BIN_EXE_readdress"), place.join("readdress")).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let ask = |mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let serving = place.launch(handed(&place, &[("control", &listener)]));
        place.logged("table: generation=");
        let asked = |user: &[&str]| {
            let mut command = Command::new("setpriv");
            command
                .args(user)
                .arg("--")
                .arg(place.join("readdress"))
                .args(["status", "--json", "--socket"])
                .arg(format!("unix:{}", path.display()));
            let said = crate::program::said(command);
            said.out + &said.err
        };
        let nobody = asked(&["--reuid=65534", "--regid=65534", "--clear-groups"]);
        let own = asked(&["--inh-caps=-all"]);
        drop(serving);
        (nobody, own)
    };
    if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
        println!("SKIPPED: only root can be somebody else");
        return;
    }
    let (nobody, own) = ask(0o666);
    // The daemon answers by closing the connection.
    let nothing = nobody.contains("readdress: ") && !nobody.contains("generation");
    assert!(nothing, "{nobody}");
    assert!(own.contains("\"generation\":1"), "{own}");
    let (nobody, own) = ask(0o660);
    assert!(nobody.contains("Permission denied"), "{nobody}");
    assert!(own.contains("\"generation\":1"), "{own}");
}
