//! A command and a daemon of different versions, as after an upgrade without a restart: they understand
//! each other, or the command says who is older and what to do.
//!
//! The daemons here are fakes: each answers as it is written in the test, whatever the real one would say.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    thread,
};

use serde_json::Value;

use crate::program::{Place, RULES, Said};

/// Runs a command against a daemon that gives these answers, by the command that each is for. The last
/// one is for every other command.
fn against(answers: &[(&'static str, &'static str)], arguments: &[&str]) -> Said {
    let place = Place::new(&[("a.rules", RULES)]);
    let listener = UnixListener::bind(place.join("control.sock")).unwrap();
    let answers = answers.to_vec();
    // The thread ends with the process: it waits for the next connection for ever.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            stream.read_to_string(&mut request).unwrap();
            let request: Value = serde_json::from_str(&request).unwrap();
            let command = &request["command"];
            let (last, named) = answers.split_last().unwrap();
            let answer = named.iter().find(|(name, _)| command == name);
            stream
                .write_all(answer.unwrap_or(last).1.as_bytes())
                .unwrap();
        }
    });
    place.ask(arguments)
}

/// What a daemon said before answers had numbers.
const OLD_STATUS: &str = r#"{"version":"0.0.9","generation":4,"rules":12,"mode":"rewrite","milter":["unix:/m.sock"],"connections":3,"connection_limit":1000,"last_reload":{"outcome":"live","generation":4,"rules":12,"files":1,"added":0,"removed":0,"changed":0,"took_ms":5}}
"#;

const OLD_UNKNOWN: &str = "{\"error\":\"this daemon knows no command `accept`\"}\n";

#[test]
fn an_older_daemon_is_understood() {
    let said = against(&[("", OLD_STATUS)], &["status"]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    for line in [
        "version      0.0.9, up for 0 s\n",
        "generation   4, live for 0 s, ",
        "rules        12 from ",
        "milter       unix:/m.sock\n",
        "connections  3 of 1000\n",
        "last reload  generation 4 is live: 12 rules, +0-0~0, 5 ms\n",
    ] {
        assert!(said.out.contains(line), "{line}: {said:?}");
    }
    // What the daemon does not say is not made up.
    for row in ["\nsettings", "\nstate", "\nlast change"] {
        assert!(!said.out.contains(row), "{row}: {said:?}");
    }
    let steps = r#"{"address":"jd@domain2.com","action":"keep","to":["jd@domain2.com"],"reply":null,"steps":[{"address":"jd@domain2.com","file":"a.rules","line":3,"rule":"@domain2.com keep","why":"this rule is for it"}],"generation":4}
"#;
    let said = against(&[("", steps)], &["explain", "--live", "jd@domain2.com"]);
    assert_eq!(
        said.out,
        "jd@domain2.com\n  jd@domain2.com  a.rules:3  @domain2.com keep   (this rule is for it)\n  => keep\n"
    );
}

#[test]
fn an_older_daemon_that_lacks_a_command_is_to_be_restarted() {
    let daemons = [("status", OLD_STATUS), ("", OLD_UNKNOWN)];
    let said = against(&daemons, &["accept", "0123456789abcdef"]);
    assert_eq!(
        (said.status, &*said.err),
        (
            Some(2),
            "readdress: this daemon knows no command `accept`; the daemon (version 0.0.9) is older than this command: restart it after the upgrade\n"
        ),
        "{said:?}"
    );
    // A daemon with a number says which kind of failure it is, and its own version.
    let numbered = "{\"error\":\"unknown\",\"code\":\"unknown-command\",\"version\":\"0.1.0\",\"protocol\":1}\n";
    let wanted =
        "the daemon (version 0.1.0) does not know \"accept\": restart it after the upgrade\n";
    let said = against(&[("", numbered)], &["accept", "0123456789abcdef"]);
    assert_eq!(
        (said.status, said.err),
        (Some(2), format!("readdress: {wanted}"))
    );
    let said = against(&[("", numbered)], &["explain", "--live", "a@b.example"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("does not know \"explain\""), "{said:?}");
    let said = against(&[("", numbered)], &["who", "--live", "a@b.example"]);
    let wanted = "readdress: the daemon (version 0.1.0) does not know \"who\": restart it after the upgrade\n";
    assert_eq!((said.status, &*said.err), (Some(2), wanted), "{said:?}");
    // Without a word about the version it is asked for, and missing in the end.
    let said = against(&[("", OLD_UNKNOWN)], &["accept", "0123456789abcdef"]);
    assert!(
        said.err.contains("; the daemon is older than this command"),
        "{said:?}"
    );
}

#[test]
fn what_a_newer_daemon_says_besides_is_ignored() {
    let status = r#"{"version":"0.9.0","generation":4,"rules":12,"moon":{"phase":3},"degraded":[{"what":"history","why":"the history is full","mail":"nothing","severity":3}],"last_reload":{"outcome":"rolled-back","to":3,"generation":4,"at":5},"protocol":9}
"#;
    let said = against(&[("", status)], &["status"]);
    assert_eq!((said.status, &*said.err), (Some(1), ""), "{said:?}");
    let first = said.out.lines().next().unwrap();
    assert!(
        first.starts_with("DEGRADED since ") && first.ends_with(": the history is full; nothing")
    );
    let last = "last reload  rolled-back: generation 4 serves on; this command does not know this outcome\n";
    assert!(said.out.contains(last), "{said:?}");
    // Words that the command does not know are kept.
    let said = against(&[("", status)], &["status", "--json"]);
    for word in [
        "\"what\":\"history\"",
        "\"outcome\":\"rolled-back\",\"generation\":4",
    ] {
        assert!(said.out.contains(word), "{word}: {said:?}");
    }
    let explained = r#"{"address":"a@b.example","action":"quarantine","to":[],"reply":null,"steps":[{"address":"a@b.example","file":"a.rules","line":3,"rule":"a@b.example quarantine","why":"it is Monday","reason":"weekday"}],"generation":4,"protocol":9}
"#;
    let said = against(&[("", explained)], &["explain", "--live", "a@b.example"]);
    assert_eq!(
        said.out,
        "a@b.example\n  a@b.example  a.rules:3  a@b.example quarantine   (it is Monday)\n  => quarantine\n"
    );
}

#[test]
fn a_newer_daemon_that_is_not_understood_is_called_newer() {
    for (command, answer) in [
        ("status", "{\"generation\":\"four\",\"protocol\":9}\n"),
        ("reload", "{\"result\":\"fine\",\"protocol\":9}\n"),
        ("config", "{\"setting\":[],\"protocol\":9}\n"),
    ] {
        let said = against(&[("", answer)], &[command, "--socket", "unix:control.sock"]);
        assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
        assert!(said.err.contains("the answer is not understood: "));
        let wanted = "; the daemon is newer than this command: use the command of its version\n";
        assert!(said.err.ends_with(wanted), "{said:?}");
    }
}

/// An older command asks the real daemon: it gets what it got before there were numbers.
#[test]
fn the_daemon_answers_an_older_command() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let ask = |request: &str| {
        let mut stream = UnixStream::connect(place.join("control.sock")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str::<Value>(answer.lines().next().unwrap()).unwrap()
    };
    let status = ask("{\"command\":\"status\"}\n");
    assert_eq!(
        (&status["generation"], &status["protocol"]),
        (&1.into(), &readdress::protocol::VERSION.into())
    );
    let nobody = ask("{\"command\":\"accept\",\"digest\":\"0123\"}\n");
    assert_eq!(nobody["code"], "not-held", "{nobody}");
    // A newer command asks for what this daemon does not have.
    let blame = ask("{\"command\":\"blame\",\"protocol\":9,\"since\":{\"days\":3}}\n");
    assert_eq!(blame["code"], "unknown-command", "{blame}");
    assert_eq!(blame["version"], env!("CARGO_PKG_VERSION"), "{blame}");
    assert!(blame["error"].as_str().unwrap().contains("`blame`"));
}
