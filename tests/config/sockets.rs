//! Sockets in the notations of Postfix and Sendmail, and relative paths.

use std::path::Path;

use readdress::config::socket::Socket;

use super::{bad, good};

/// Postfix's notation, Sendmail's notation of the same socket, host and port.
const BOTH: &[(&str, &str, &str, u16)] = &[
    (
        "inet:127.0.0.1:8892",
        "inet:8892@127.0.0.1",
        "127.0.0.1",
        8892,
    ),
    ("inet:localhost:25", "inet:25@localhost", "localhost", 25),
    (
        "inet:mx-1.example.com:65535",
        "inet:65535@mx-1.example.com",
        "mx-1.example.com",
        65535,
    ),
    ("inet:0.0.0.0:1", "inet:1@0.0.0.0", "0.0.0.0", 1),
    ("inet:[::1]:8892", "inet:8892@[::1]", "::1", 8892),
    (
        "inet6:[2001:db8::25]:8892",
        "inet6:8892@2001:db8::25",
        "2001:db8::25",
        8892,
    ),
    ("inet6:[::]:8892", "inet6:8892@[::]", "::", 8892),
    ("inet6:mx.example:0", "inet6:0@mx.example", "mx.example", 0),
];

#[test]
fn both_mtas_notations_of_a_tcp_socket_give_one_socket() {
    for (postfix, sendmail, host, port) in BOTH {
        let socket: Socket = postfix.parse().unwrap();
        assert_eq!(sendmail.parse(), Ok(socket.clone()), "{sendmail}");
        let wanted = match postfix.starts_with("inet6:") {
            true => Socket::Inet6 {
                host: (*host).to_owned(),
                port: *port,
            },
            false => Socket::Inet {
                host: (*host).to_owned(),
                port: *port,
            },
        };
        assert_eq!(socket, wanted, "{postfix}");
        assert_eq!(socket.to_string(), *postfix);
    }
}

#[test]
fn the_two_families_are_never_mixed_up() {
    let one: Socket = "inet:[::1]:25".parse().unwrap();
    let other: Socket = "inet6:[::1]:25".parse().unwrap();
    assert_ne!(one, other);
}

#[test]
fn a_port_alone_is_reachable_from_this_machine_only() {
    for (text, shown) in [
        ("inet:8892", "inet:127.0.0.1:8892"),
        ("inet6:8892", "inet6:[::1]:8892"),
    ] {
        assert_eq!(text.parse::<Socket>().unwrap().to_string(), shown);
    }
}

/// What is wrong is named, and the advice is about that part.
#[test]
fn each_mistake_has_its_own_advice() {
    for (text, mistake, advice) in [
        (
            "milter",
            "\"milter\" is not a socket",
            "inet:127.0.0.1:8892",
        ),
        ("INET:127.0.0.1:1", "is not a socket", "inet:127.0.0.1:8892"),
        ("inet:h:x", "\"x\" is not a port", "up to 65535"),
        ("inet:h:70000", "\"70000\" is not a port", "up to 65535"),
        ("inet:h: 25", "\" 25\" is not a port", "up to 65535"),
        ("inet:-1@h", "\"-1\" is not a port", "up to 65535"),
        ("inet::25", "\"\" is not a host", "0.0.0.0"),
        ("inet:*:25", "\"*\" is not a host", "0.0.0.0"),
        ("inet:25@a b", "\"a b\" is not a host", "0.0.0.0"),
        ("inet:::1:25", "without brackets", "inet6:[::1]:8892"),
        ("unix:", "\"\" is not the path of a file", "milter.sock"),
        (
            "unix:/run/",
            "\"/run/\" is not the path of a file",
            "milter.sock",
        ),
    ] {
        let error = text.parse::<Socket>().expect_err(text);
        assert!(error.mistake().contains(mistake), "{text}: {error}");
        assert!(error.advice().contains(advice), "{text}: {error}");
    }
}

#[test]
fn a_path_that_does_not_fit_into_a_socket_address_is_refused_with_its_length() {
    for (length, fits) in [(107, true), (108, false), (4096, false)] {
        let text = format!("unix:/{}", "x".repeat(length - 1));
        match text.parse::<Socket>() {
            Ok(_) => assert!(fits, "{length}"),
            Err(error) => {
                assert!(!fits, "{length}");
                assert!(error.mistake().contains(&length.to_string()), "{error}");
            }
        }
    }
}

#[test]
fn a_socket_without_its_kind_is_suggested_in_full() {
    for (written, meant) in [
        ("/run/m.sock", "unix:/run/m.sock"),
        ("127.0.0.1:8892", "inet:127.0.0.1:8892"),
        ("tcp:127.0.0.1:8892", "inet:127.0.0.1:8892"),
        ("8892@mx.example", "inet:mx.example:8892"),
    ] {
        let found = bad(&format!("[milter]\nlisten = \"{written}\"\n"));
        let edits = &found[0].only_suggestion().expect("a suggestion").edits;
        assert_eq!(edits[0].text, format!("\"{meant}\""));
    }
}

#[test]
fn relative_paths_are_relative_to_the_file() {
    let config = good(
        "rules = \"rules\"\nstate = \"../state\"\n[milter]\nlisten = [\"unix:m.sock\", \"inet:1@h\"]\n\
         [socketmap]\nlisten = \"local:s/s.sock\"\n[control]\nlisten = \"unix:/run/c.sock\"\n",
    );
    let config = config.against(Path::new("/etc/readdress"));
    assert_eq!(config.rules, Path::new("/etc/readdress/rules"));
    assert_eq!(config.state, Path::new("/etc/readdress/../state"));
    let shown = |list: &[Socket]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        shown(&config.milter.listen),
        ["unix:/etc/readdress/m.sock", "inet:h:1"]
    );
    assert_eq!(shown(&config.socketmap), ["unix:/etc/readdress/s/s.sock"]);
    assert_eq!(config.control.to_string(), "unix:/run/c.sock");
}
