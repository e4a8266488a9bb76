//! The daemon starts with rules that are broken or missing, and that are fixed later; MTAs that offer too little.

use readdress::mta::{ClientError, MilterClient, Offer, Reply};

use crate::program::{Place, RULES, edits, message, rcpt};

fn code(reply: &Reply) -> &str {
    match reply {
        Reply::Code(text) => text,
        other => panic!("{other:?}"),
    }
}

/// The daemon prints the findings, defers every recipient, and waits for a corrected file.
#[tokio::test]
async fn broken_rules_defer_everything_until_they_are_fixed() {
    let place = Place::new(&[("a.rules", "domain2.com secondary\n\njd@domain2.com rejct\n")]);
    let serving = place.serve();
    let log = place.logged("every recipient is deferred");
    assert!(log.contains("a.rules:3:16: error: "), "{log}");
    let mut client = serving.client().await;
    for round in 0..2 {
        let id = format!("4b{round}");
        let all = ["jd@domain2.com", "x@elsewhere.example", "<>", "jd"];
        for recipient in all {
            client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
            let reply = rcpt(&mut client, &id, recipient).await;
            assert!(code(&reply).starts_with("451 4.3.0 "), "{reply:?}");
            client.abort().await.unwrap();
        }
    }
    place.save("a.rules", RULES);
    place.logged("table: generation=1 ");
    // A connection from before the change, and a message that begins now.
    let (replies, end) = message(&mut client, "4c", &["jd@domain2.com"]).await;
    assert_eq!(replies, [Reply::Continue]);
    assert_eq!(
        edits(&end),
        [
            "-<jd@domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com"
        ]
    );
}

/// A message that began without a table ends without one: all its recipients get the same decision.
#[tokio::test]
async fn a_message_from_before_the_first_table_stays_deferred() {
    let place = Place::new(&[("a.rules", "broken\n")]);
    let serving = place.serve();
    let mut client = serving.client().await;
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    let first = rcpt(&mut client, "4b", "jd@domain2.com").await;
    place.save("a.rules", RULES);
    place.logged("table: generation=1 ");
    let second = rcpt(&mut client, "4b", "anna@company.com").await;
    for reply in [first, second] {
        assert!(code(&reply).starts_with("451 4.3.0 "), "{reply:?}");
    }
}

#[tokio::test]
async fn a_missing_directory_is_like_broken_rules() {
    let place = Place::new(&[]);
    std::fs::remove_dir(place.join("rules")).unwrap();
    let serving = place.serve();
    place.logged("every recipient is deferred");
    std::fs::create_dir(place.join("rules")).unwrap();
    place.save("a.rules", RULES);
    // The directory above is watched as well, so the daemon does not need a rescan, which would take 30 s. The empty
    // directory may have been a table of its own.
    place.logged(" rules=12 ");
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4c", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2, "{end:?}");
}

/// An MTA that cannot delete recipients is refused: its mail must not pass unchanged, and the log must say so.
#[tokio::test]
async fn an_mta_that_cannot_change_recipients_is_refused() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let (add, delete, header) = (0x4, 0x8, 0x1);
    for actions in [0, header, add, delete, add | header] {
        let offer = Offer {
            actions,
            ..Offer::default()
        };
        let refused = MilterClient::connect(&place.socket(), offer).await;
        match refused.map(drop) {
            Err(ClientError::Closed | ClientError::Unexpected(_)) => {}
            other => panic!("{actions:#x}: {other:?}"),
        }
    }
    let log = place.logged("connection refused");
    assert!(log.contains("add and delete recipients"), "{log}");
    // Adding and deleting recipients is enough, and the daemon still works.
    let offer = Offer {
        actions: add | delete,
        ..Offer::default()
    };
    let mut client = MilterClient::connect(&place.socket(), offer).await.unwrap();
    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end), ["-<jd@domain2.com>", "+<jdoe@company.com>"]);
    // The MTA did not say which program it is. Only Postfix is known to discard a message without recipients.
    for (client, expected) in [
        (&mut client, Reply::Discard),
        (&mut serving.client().await, Reply::Continue),
    ] {
        let (_, end) = message(client, "4c", &["spamtrap@domain2.com"]).await;
        assert_eq!(edits(&end), ["-<spamtrap@domain2.com>"]);
        assert_eq!(end.verdict, expected);
    }
}

/// Flags override the file, and keys that the file does not have get their defaults. (The test names the control
/// socket, because its default path is outside of the folder.)
#[tokio::test]
async fn flags_win_over_the_file() {
    let place = Place::new(&[]);
    place.configure("rules = \"nowhere\"\n[control]\nlisten = \"unix:control.sock\"\n");
    std::fs::create_dir(place.join("others")).unwrap();
    std::fs::write(place.join("others/a.rules"), RULES).unwrap();
    let config = place.text("readdress.toml");
    let socket = format!("unix:{}", place.text("milter.sock"));
    let arguments = ["run", "--config", &config, "--listen", &socket, "--rules"];
    let mut command = place.command(&[&arguments[..], &[&place.text("others")]].concat());
    command.stderr(std::fs::File::create(place.join("log")).unwrap());
    let mut serving = place.launch(command);
    serving.ready();
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["jd+x@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2, "{end:?}");
    // When the file is read again, it has the same values, and flags still override it.
    serving.signal("HUP", 1);
    place.ask(&["reload"]);
    let status = place.ask(&["status"]);
    assert!(status.out.contains(&place.text("others")), "{status:?}");
    assert!(
        place.log().contains("table: generation=1 "),
        "{}",
        place.log()
    );
}
