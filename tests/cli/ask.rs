//! `readdress status` and `reload`: what the running daemon says of itself, and as which exit status.

use serde_json::Value;

use crate::program::{BASE, Place, RULES};

/// A directory that is left alone for so long that a save and the command after it are one reload.
fn patient() -> Place {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&BASE.replace("20ms", "1s").replace("500ms", "10s"));
    place
}

fn json(place: &Place, command: &str) -> (Option<i32>, Value) {
    let said = place.ask(&[command, "--json"]);
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    (said.status, serde_json::from_str(&said.out).unwrap())
}

#[test]
fn a_reload_is_live_unchanged_or_refused() {
    let place = patient();
    let _serving = place.serve();
    let (status, answer) = json(&place, "reload");
    assert_eq!((status, &answer["outcome"]), (Some(0), &"unchanged".into()));

    place.save("b.rules", "carl@company.com mailbox carol@domain2.com\n");
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("generation 2 is live: "), "{said:?}");
    assert!(said.out.contains("-0~0, "), "{said:?}");

    place.save("b.rules", "carl@company.com mailbx\n");
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.out.contains("b.rules:1:18: error: "), "{said:?}");
    assert!(
        said.out.contains("REFUSED: generation 2 serves on"),
        "{said:?}"
    );

    place.save("b.rules", "carl@company.com mailbox carol@domain2.com\n");
    let (status, answer) = json(&place, "reload");
    assert_eq!(
        (status, &answer["generation"]),
        (Some(0), &2.into()),
        "{answer}"
    );
    assert_eq!(
        answer["outcome"], "unchanged",
        "what serves is what the files hold"
    );
}

#[test]
fn the_status_is_that_of_the_daemon() {
    let place = patient();
    let _serving = place.serve();
    let (status, answer) = json(&place, "status");
    assert_eq!(status, Some(0), "{answer}");
    assert_eq!(
        (&answer["generation"], &answer["mode"]),
        (&1.into(), &"rewrite".into())
    );
    assert_eq!(answer["directory"], place.text("rules"));
    assert_eq!(answer["last_reload"]["outcome"], "live");
    let text = place.ask(&["status"]).out;
    assert!(text.contains("\ngeneration   1, live for "), "{text}");
    assert!(text.contains(&place.text("rules")), "{text}");

    place.save("b.rules", "carl@company.com mailbx\n");
    place.ask(&["reload"]);
    let said = place.ask(&["status"]);
    assert_eq!(
        said.status,
        Some(1),
        "a refused table is worth a status: {said:?}"
    );
    assert!(said.out.contains("b.rules:1:18: error: "), "{said:?}");
    assert!(said.out.contains("\ngeneration   1, live for "), "{said:?}");
}

#[test]
fn a_daemon_without_a_table_is_refused_generation_zero() {
    let place = Place::new(&[("a.rules", "broken\n")]);
    let _serving = place.serve();
    for command in ["status", "reload"] {
        let said = place.ask(&[command]);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.out.contains("no table yet"), "{said:?}");
        assert!(said.out.contains("a.rules:1:"), "{said:?}");
    }
}

#[test]
fn without_a_daemon_there_is_no_answer() {
    let place = patient();
    for socket in ["unix:nobody.sock", "inet:127.0.0.1:9", "nonsense"] {
        for command in ["status", "reload"] {
            let said = place.run(&[command, "--json", "--socket", socket]);
            assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
            assert!(said.err.contains(socket), "{said:?}");
        }
    }
    // A socket that is left over from a daemon that was killed.
    drop(std::os::unix::net::UnixListener::bind(place.join("control.sock")).unwrap());
    let said = place.ask(&["status"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("is the daemon running?"), "{said:?}");
}

/// Somebody else's daemon on that socket: no JSON, or none at all.
#[test]
fn an_answer_that_is_none_is_an_error() {
    use std::io::{Read, Write};
    let place = patient();
    let listener = std::os::unix::net::UnixListener::bind(place.join("control.sock")).unwrap();
    for answer in [
        "",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "{\"error\":\"not here\"}\n",
    ] {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                stream.read_to_string(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let said = place.ask(&["status"]);
            assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
            assert!(said.err.starts_with("readdress: "), "{said:?}");
        });
    }
}
