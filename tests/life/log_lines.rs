//! The log has one line for each recipient that was not simply kept (readdress-log(7)).

use readdress::mta::{MilterClient, Offer};

use crate::program::{Place, RULES, message, rcpt};

/// Returns the lines about recipients, without their time.
fn lines(log: &str) -> Vec<&str> {
    log.lines()
        .filter(|line| line.contains("orig_to="))
        .map(|line| line.split_once(" info ").map_or(line, |(_, rest)| rest))
        .collect()
}

#[tokio::test]
async fn each_recipient_that_changed_has_its_line() {
    let place = Place::new(&[("10-a.rules", RULES)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    let all = [
        "JD+news@domain2.com",
        "sales@domain2.com",
        "leaked@domain2.com",
        "later@domain2.com",
        "spamtrap@domain2.com",
        "nosuch@domain2.com",
        "anna@company.com",
        "x@elsewhere.example",
    ];
    message(&mut client, "4bXzQ1", &all).await;
    let log = place.logs("six lines", |log| lines(log).len() >= 6);
    let mut lines = lines(&log);
    lines.sort_unstable();
    let mut wanted = [
        "4bXzQ1: orig_to=<JD+news@domain2.com> to=<jdoe+news@company.com> rule=10-a.rules:4 action=replace gen=1",
        "4bXzQ1: orig_to=<sales@domain2.com> to=<anna@company.com>,<bob@company.com> rule=10-a.rules:5 action=replace gen=1",
        "4bXzQ1: orig_to=<leaked@domain2.com> rule=10-a.rules:6 action=reject reply=\"550 5.1.1 No such user\" gen=1",
        "4bXzQ1: orig_to=<spamtrap@domain2.com> rule=10-a.rules:9 action=discard gen=1",
    ];
    wanted.sort_unstable();
    for line in wanted {
        assert!(lines.contains(&line), "{line}\n{lines:#?}");
    }
    assert_eq!(lines.len(), 6, "what was kept has no line: {lines:#?}");
    let starts = |start: &str, part: &str| {
        let line = lines.iter().find(|line| line.starts_with(start));
        assert!(line.is_some_and(|line| line.contains(part)), "{lines:#?}");
    };
    starts(
        "4bXzQ1: orig_to=<later@domain2.com> rule=10-a.rules:7 action=defer",
        "reply=\"451 4.3.0 ",
    );
    starts(
        "4bXzQ1: orig_to=<nosuch@domain2.com> rule=10-a.rules:1 action=reject",
        "reply=\"550 5.1.1 ",
    );
}

#[tokio::test]
async fn the_generation_is_the_one_that_decided() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    rcpt(&mut client, "4b", "jd@domain2.com").await;
    let anna = RULES.replace("jd@domain2.com jdoe@", "jd@domain2.com anna@");
    place.save("a.rules", &anna);
    place.logged("table: generation=2 ");
    client.end_of_message(&[("i", "4b")]).await.unwrap();
    message(&mut client, "4c", &["jd@domain2.com"]).await;
    let log = place.logged("4c: ");
    let lines = lines(&log);
    assert!(
        lines[0].starts_with("4b: ") && lines[0].ends_with("gen=1"),
        "{lines:#?}"
    );
    assert!(lines[0].contains("to=<jdoe@company.com>"), "{lines:#?}");
    assert!(
        lines[1].contains("to=<anna@company.com>") && lines[1].ends_with("gen=2"),
        "{lines:#?}"
    );
}

/// Postfix may know the queue id only at the end of a message; a recipient that is refused has no queue id then.
#[tokio::test]
async fn without_an_id_it_is_noqueue() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let mut client = MilterClient::connect(&place.socket(), Offer::default())
        .await
        .unwrap();
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    client
        .rcpt(b"<leaked@domain2.com>", &[], &[])
        .await
        .unwrap();
    client.rcpt(b"<jd@domain2.com>", &[], &[]).await.unwrap();
    client.end_of_message(&[("i", "4bLate")]).await.unwrap();
    let log = place.logged("orig_to=<jd@domain2.com>");
    let lines = lines(&log);
    assert!(
        lines[0].starts_with("NOQUEUE: orig_to=<leaked@domain2.com>"),
        "{lines:#?}"
    );
    assert!(
        lines[1].starts_with("4bLate: orig_to=<jd@domain2.com>"),
        "{lines:#?}"
    );
}

/// No text that a sender writes can begin a new line or a new field of a log line.
#[tokio::test]
async fn no_address_forges_a_line() {
    let place = Place::new(&[("a.rules", "domain2.com secondary\n")]);
    let serving = place.serve();
    let mut client = serving.client().await;
    let forged = "x\r\n2026-01-01T00:00:00Z info 4b: orig_to=<y@z>\u{1b}[2J@domain2.com";
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    rcpt(&mut client, "4b\ninfo table: generation=99", forged).await;
    rcpt(&mut client, "4b", "\"\n\"@domain2.com").await;
    let field = "\"x> to=<ceo@acme.example> action=keep \"@domain2.com";
    rcpt(&mut client, "4b", field).await;
    rcpt(&mut client, "4b", "\u{202e}hidden\u{200b}@domain2.com").await;
    rcpt(&mut client, "4b", "last@domain2.com").await;
    let log = place.logged("orig_to=<last@domain2.com>");
    assert!(!log.contains('\u{1b}') && !log.contains('\r'), "{log:?}");
    for line in log.lines() {
        assert!(!line.starts_with("2026-01-01T00:00:00Z"), "{log}");
        assert!(!line.starts_with("info table"), "{log}");
        assert!(!line.contains(['\u{202e}', '\u{200b}']), "{line:?}");
        // A blank is before a field, or within quotes that begin after a `=`.
        let fields = line.split_once("orig_to=").map_or("", |(_, rest)| rest);
        assert!(
            !fields.starts_with('<') || !fields.contains("ceo@"),
            "{line}"
        );
    }
}
