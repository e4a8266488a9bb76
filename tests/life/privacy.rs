//! With `[log] addresses = "domain"` or `"hash"` no log line shows a local-part.
//!
//! The tables are personal data. Every local-part here contains the word `secret`, and the tests provoke every
//! kind of log line, so they fail if a single line shows a local-part.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use readdress::mta::Reply;

use crate::program::{BASE, Place, RULES, Said, message, rcpt, said};

const SECRETS: &str = "\
company.com primary unknown=reject
domain2.com secondary
secret1@domain2.com secret2@company.com
secret3@domain2.com moved secret4@partner.example
secret5@domain2.com reject 550 5.1.1 \"secret6 has left\"
secret7@domain2.com discard
secret2@company.com mailbox secret8@domain2.com
postmaster@company.com mailbox postmaster@domain2.com, abuse@domain2.com
";

/// Returns all log lines of a daemon with this setting.
async fn life(setting: &str) -> String {
    let place = Place::new(&[("a.rules", SECRETS)]);
    place.configure(&format!("{BASE}[log]\naddresses = \"{setting}\"\n"));
    let mut serving = place.serve();
    let mut client = serving.client().await;
    let all = [
        "secret1@domain2.com",
        "secret3@domain2.com",
        "SECRET5+secret@domain2.com",
        "secret7@domain2.com",
        "\"secret 9\"@domain2.com",
        "secret%x@domain2.com",
        "secret1@domain2.com@domain2.com",
        "\"secret10@secret11\"",
    ];
    message(&mut client, "4b", &all).await;
    reload_all(&place);
    // A file with findings of every kind: conflict, loop, expectation, and a warning that stays.
    for (times, broken) in [
        "secret1@domain2.com secret9@company.com\n",
        "secret9@domain2.com secret8@domain3.com\n",
        "secret9@domain2.com secretA@domain2.com\nsecretA@domain2.com secret9@domain2.com\n",
        "secret9@domain2.com secret9@company.com\n",
    ]
    .iter()
    .enumerate()
    {
        place.save("c.rules", broken);
        let refused = "table refused: ";
        place.logs(refused, |log| log.matches(refused).count() == times + 1);
    }
    place.save("c.rules", "");
    place.logged("empty");
    place.save("d.expect", "secret1@domain2.com secret9@company.com\n");
    place.logs("the fifth", |log| {
        log.matches("table refused: ").count() == 5
    });
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
    place.log()
}

/// Rules come, change and go.
fn reload_all(place: &Place) {
    for (generation, text) in [
        "secretB@domain2.com secret2@company.com\n",
        "secretB@domain2.com discard\n",
        "# nothing\n",
    ]
    .iter()
    .enumerate()
    {
        place.save("b.rules", text);
        place.logged(&format!("table: generation={} ", generation + 2));
    }
}

fn shows_no_secret(log: &str) {
    for line in log.lines() {
        assert!(!line.to_lowercase().contains("secret"), "{line}\n\n{log}");
    }
}

/// Places and counts stay, so that the administrator knows where to look.
fn still_says_where(log: &str) {
    for wanted in [
        "changed=+1-0~0",
        "changed=+0-0~1",
        "changed=+0-1~0",
        "table: added b.rules:1",
        "table: changed b.rules:1",
        "table: removed b.rules:1",
        "c.rules:1:1: error: [conflict]",
        "d.expect:1:1: error: [",
        "rule=a.rules:3 action=replace",
        "rule=a.rules:4 action=reject",
    ] {
        assert!(log.contains(wanted), "no {wanted}\n{log}");
    }
    assert!(
        log.contains("reply=\"551 5.1.6\"") || log.contains("reply=551"),
        "{log}"
    );
}

#[tokio::test]
async fn domains_alone() {
    let log = life("domain").await;
    shows_no_secret(&log);
    still_says_where(&log);
    assert!(
        log.contains("orig_to=<*@domain2.com> to=<*@company.com>"),
        "{log}"
    );
}

#[tokio::test]
async fn hashes() {
    let log = life("hash").await;
    shows_no_secret(&log);
    still_says_where(&log);
    assert!(!log.contains("@domain2.com>"), "{log}");
    let hash = |line: &str| line.split_once("orig_to=").unwrap().1[..18].to_owned();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("orig_to="))
        .collect();
    assert!(lines.len() > 4, "{log}");
    assert!(
        lines.iter().any(|line| hash(line) != hash(lines[0])),
        "{log}"
    );
}

/// Without a table every recipient is deferred, and the log lines about that hide local-parts as well.
#[tokio::test]
async fn without_a_table() {
    for setting in ["domain", "hash"] {
        let place = Place::new(&[("a.rules", "secret1@domain2.com secret2\n")]);
        place.configure(&format!("{BASE}[log]\naddresses = \"{setting}\"\n"));
        let serving = place.serve();
        let mut client = serving.client().await;
        for recipient in [
            "secret1@domain2.com",
            "\"secret@secret\"",
            "secret",
            "<secret@x",
        ] {
            client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
            let reply = rcpt(&mut client, "4b", recipient).await;
            assert!(matches!(reply, Reply::Code(_)), "{reply:?}");
        }
        let log = place.logs("four lines", |log| log.matches("orig_to=").count() == 4);
        assert!(log.contains("a.rules:1:"), "{log}");
        shows_no_secret(&log);
    }
}

/// The setting takes effect without a restart, for lines about recipients and about tables.
#[tokio::test]
async fn the_setting_switches_live() {
    let place = Place::new(&[("a.rules", SECRETS)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    message(&mut client, "4a", &["secret1@domain2.com"]).await;
    place.logged("orig_to=<secret1@domain2.com> to=<secret2@company.com>");
    place.configure(&format!("{BASE}[log]\naddresses = \"hash\"\n"));
    let before = place
        .logged("configuration: changed file is in force")
        .len();
    message(&mut client, "4b", &["secret1@domain2.com"]).await;
    place.save("b.rules", "secretB@domain2.com secret2@company.com\n");
    place.logged("table: generation=2 ");
    let log = place.logged("4b: ");
    let later = place.logs("added", |log| log.contains("table: added"));
    assert!(log.len() > before);
    shows_no_secret(&later[before..]);
}

/// Runs a command as a user who is neither root nor the daemon's, in the group of the socket, which is root's.
fn as_another(place: &Place, arguments: &[&str]) -> Said {
    let mut other = Command::new("setpriv");
    other
        .args(["--reuid=54321", "--regid=0", "--clear-groups", "--"])
        // The folder of the build may be closed to others.
        .arg(place.join("program"))
        .args(arguments)
        .arg("--config")
        .arg(place.join("readdress.toml"))
        .stdin(Stdio::null());
    said(other)
}

/// A member of the socket's group sees as much as the log shows; root sees everything.
#[test]
fn whoever_asks_sees_no_more_than_the_log_shows() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&format!("{BASE}[log]\naddresses = \"hash\"\n"));
    let _serving = place.serve();
    fs::set_permissions(place.join(""), Permissions::from_mode(0o755)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_readdress"), place.join("program")).unwrap();
    for (command, secret) in [
        (["explain", "--live", "jd@domain2.com"], "jdoe@company.com"),
        (["who", "--live", "jdoe@company.com"], "jd@domain2.com"),
    ] {
        let all = place.ask(&command);
        assert_eq!(all.status, Some(0), "{all:?}");
        assert!(all.out.contains(secret), "{all:?}");
        let less = as_another(&place, &command);
        assert_eq!(less.status, Some(0), "{less:?}");
        assert!(!less.out.contains(secret), "{less:?}");
        assert!(less.out.contains("a.rules:"), "{less:?}");
    }
    // The history is for root and the daemon's user alone.
    let refused = as_another(&place, &["history"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let help = "be root, or the user of the daemon";
    assert!(refused.err.contains(help), "{refused:?}");
}
