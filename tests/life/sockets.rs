//! The sockets on which the daemon listens: several at once, and paths that another file or daemon already has.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use crate::program::{BASE, Place, RULES, Said, connect, edits, message, said};

/// Returns a port that is free, if no other program takes it before the daemon does.
fn free_port(host: &str) -> Option<u16> {
    let listener = TcpListener::bind((host, 0)).ok()?;
    Some(listener.local_addr().unwrap().port())
}

/// Starts another daemon in the same folder, and waits until it gives up.
fn another(place: &Place, flags: &[&str]) -> Said {
    let mut command = std::process::Command::new("timeout");
    command
        .args(["20", env!("CARGO_BIN_EXE_readdress"), "run", "--config"])
        .arg(place.join("readdress.toml"))
        .args(flags)
        .stdin(std::process::Stdio::null());
    said(command)
}

#[tokio::test]
async fn all_sockets_are_served_at_once() {
    let place = Place::new(&[("a.rules", RULES)]);
    let v4 = format!("inet:127.0.0.1:{}", free_port("127.0.0.1").unwrap());
    let mut sockets = vec![v4, format!("unix:{}", place.text("milter.sock"))];
    match free_port("::1") {
        Some(port) => sockets.push(format!("inet6:[::1]:{port}")),
        None => println!("SKIPPED: this machine has no ::1"),
    }
    sockets.push(format!("local:{}", place.text("second.sock")));
    let words: Vec<_> = sockets.iter().map(|socket| format!("{socket:?}")).collect();
    place.configure(&BASE.replace("\"unix:milter.sock\"", &words.join(", ")));
    let mut serving = place.serve();
    let mut clients = Vec::new();
    for socket in &sockets {
        clients.push(connect(&socket.parse().unwrap()).await);
    }
    for client in &mut clients {
        let (_, end) = message(client, "4b", &["jd@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2);
    }
    let status = place.ask(&["status", "--json"]).out;
    let open = format!("\"connections\":{}", sockets.len());
    assert!(status.contains(&open), "{status}");
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
    assert!(!place.join("milter.sock").exists() && !place.join("second.sock").exists());
}

/// The first daemon keeps the path and its connections.
#[tokio::test]
async fn a_second_daemon_gives_way() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let mut client = serving.client().await;
    let inode = || {
        fs::symlink_metadata(place.join("milter.sock"))
            .unwrap()
            .ino()
    };
    let before = inode();
    let second = another(&place, &[]);
    assert_eq!(second.status, Some(2), "{second:?}");
    assert!(second.err.contains("milter.sock"), "{second:?}");
    assert!(!second.err.contains("panicked"), "{second:?}");
    assert_eq!(inode(), before, "the path was taken over");
    // With another milter socket, the path that the first daemon has is that of the control socket.
    let second = another(
        &place,
        &["--listen", &format!("unix:{}", place.text("other.sock"))],
    );
    assert_eq!(second.status, Some(2), "{second:?}");
    assert!(second.err.contains("control.sock"), "{second:?}");
    assert!(!place.join("other.sock").exists(), "its own socket is left");

    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    let (_, end) = message(&mut serving.client().await, "4c", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    assert_eq!(serving.ended(), None);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let place = Place::new(&[("a.rules", RULES)]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = format!("inet:127.0.0.1:{}", taken.local_addr().unwrap().port());
    let said = another(&place, &["--listen", &socket]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains(&socket), "{said:?}");
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let place = Place::new(&[("a.rules", RULES)]);
    drop(UnixListener::bind(place.join("milter.sock")).unwrap());
    drop(UnixListener::bind(place.join("control.sock")).unwrap());
    let serving = place.serve();
    let (_, end) = message(&mut serving.client().await, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    let mode = fs::metadata(place.join("milter.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o660, "{mode:o}");
}

/// A daemon that was killed leaves its socket files; the next daemon starts all the same.
#[tokio::test]
async fn after_a_crash_it_starts_again() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut first = place.serve();
    first.signal("KILL", 1);
    first.end();
    assert!(place.join("milter.sock").exists());
    let second = place.serve();
    let (_, end) = message(&mut second.client().await, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
}

/// A wrong path in the configuration must not cost a file.
#[test]
fn what_is_no_socket_is_never_deleted() {
    for path in ["milter.sock", "control.sock"] {
        let place = Place::new(&[("a.rules", RULES)]);
        fs::write(place.join(path), "precious").unwrap();
        let said = another(&place, &[]);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(
            said.err.contains(path) && said.err.contains("regular file"),
            "{said:?}"
        );
        assert_eq!(fs::read(place.join(path)).unwrap(), b"precious");

        fs::remove_file(place.join(path)).unwrap();
        fs::write(place.join("target"), "precious").unwrap();
        symlink("target", place.join(path)).unwrap();
        let said = another(&place, &[]);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(place.join(path).is_symlink(), "the link is gone");
        assert_eq!(fs::read(place.join("target")).unwrap(), b"precious");
    }
}

#[test]
fn a_missing_directory_is_named() {
    let place = Place::new(&[("a.rules", RULES)]);
    let said = another(
        &place,
        &["--listen", &format!("unix:{}", place.text("none/m.sock"))],
    );
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains(&place.text("none")), "{said:?}");
}

/// A socket file that was removed by mistake is noticed within seconds, and made again as it was.
#[tokio::test]
async fn a_removed_socket_file_is_bound_again() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let mode = || fs::metadata(place.join("milter.sock")).map(|there| there.mode() & 0o777);
    fs::remove_file(place.join("milter.sock")).unwrap();
    fs::remove_file(place.join("control.sock")).unwrap();
    let log = place.logs("both are bound again", |log| {
        log.matches("bound again").count() == 2
    });
    for name in ["milter.sock", "control.sock"] {
        let lost = format!("error socket: unix:{name}: its file was removed");
        let named = format!(
            "error socket: unix:{}: its file was removed",
            place.text(name)
        );
        assert!(log.contains(&lost) || log.contains(&named), "{log}");
    }
    assert_eq!(mode().unwrap(), 0o660);
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    assert_eq!(place.ask(&["status"]).status, Some(0));
    // If another file has the path, the daemon leaves that file alone and reports it.
    fs::remove_file(place.join("milter.sock")).unwrap();
    fs::write(place.join("milter.sock"), "precious").unwrap();
    place.logged("another file has its path, no MTA can connect: there is a regular file at");
    let status = place.ask(&["status"]);
    assert_eq!(status.status, Some(1), "{status:?}");
    assert!(
        status.out.starts_with("DEGRADED     milter unix:"),
        "{status:?}"
    );
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
    assert_eq!(fs::read(place.join("milter.sock")).unwrap(), b"precious");
}
