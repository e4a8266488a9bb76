//! Connections without replies at RCPT: when daemon and MTA agree on them, and what happens to a recipient that
//! nevertheless must be refused.

use readdress::mta::{EndOfMessage, MilterClient, Reply, bits};

use crate::program::{BASE, Place, RULES, connect, edits};

/// Rules of which no line refuses a recipient.
const PLAIN: &str = "company.com primary\ndomain2.com secondary\npostmaster@* postmaster@company.com\n\
    abuse@* postmaster@company.com\njd@domain2.com jdoe@company.com\nsales@domain2.com anna@company.com\n";

fn place(rules: &str, refusals: &str) -> Place {
    let place = Place::new(&[("a.rules", rules)]);
    let setting = format!("[milter]\nrefusals = \"{refusals}\"");
    place.configure(&BASE.replace("[milter]", &setting));
    place
}

/// Returns true if a new connection is told not to wait at RCPT.
async fn silent(place: &Place) -> bool {
    let client = connect(&place.socket()).await;
    client.negotiated().has(bits::NR_RCPT)
}

async fn send(client: &mut MilterClient, recipients: &[&str]) -> EndOfMessage {
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    for recipient in recipients {
        let path = format!("<{recipient}>");
        let reply = client.rcpt(path.as_bytes(), &[], &[("i", "4bSI")]).await;
        assert_eq!(reply.unwrap(), Reply::Continue, "nothing is waited for");
    }
    client.end_of_message(&[]).await.unwrap()
}

fn refusal(end: &EndOfMessage) -> String {
    assert!(end.edits.is_empty(), "{end:?}");
    match &end.verdict {
        Reply::Code(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn silence_needs_the_setting_and_a_table_that_refuses_nobody() {
    for (rules, refusals, wanted) in [
        (PLAIN, "socketmap", true),
        (PLAIN, "milter", false),
        (RULES, "socketmap", false),
        ("# nothing yet\n", "milter", true),
    ] {
        let place = place(rules, refusals);
        let _serving = place.serve();
        assert_eq!(silent(&place).await, wanted, "{refusals}: {rules}");
    }
}

#[tokio::test]
async fn without_replies_recipients_are_rewritten_all_the_same() {
    let place = place(PLAIN, "socketmap");
    let _serving = place.serve();
    let mut client = connect(&place.socket()).await;
    let end = send(&mut client, &["jd@domain2.com", "sales@domain2.com"]).await;
    assert_eq!(end.verdict, Reply::Continue);
    let wanted = "-<jd@domain2.com> -<sales@domain2.com> +<jdoe@company.com> ORCPT=rfc822;jd@domain2.com \
        +<anna@company.com> ORCPT=rfc822;sales@domain2.com";
    assert_eq!(edits(&end).join(" "), wanted);
}

#[tokio::test]
async fn who_cannot_be_refused_alone_is_refused_with_the_message() {
    let place = place(PLAIN, "socketmap");
    let _serving = place.serve();
    let mut client = connect(&place.socket()).await;
    let edited = format!("{PLAIN}leaked@domain2.com reject 550 5.7.1 \"Gone\"\n");
    place.save("a.rules", &edited);
    assert_eq!(place.ask(&["reload"]).status, Some(0));

    // If every recipient is refused permanently, the reply is that of the rule. If only some are, the client tries
    // again.
    let end = send(&mut client, &["leaked@domain2.com"]).await;
    assert_eq!(refusal(&end), "550 5.7.1 Gone");
    let end = send(&mut client, &["jd@domain2.com", "leaked@domain2.com"]).await;
    assert!(refusal(&end).starts_with("451 4.3.0 "), "{end:?}");
    // Other messages of this connection are served.
    let end = send(&mut client, &["jd@domain2.com"]).await;
    assert_eq!((end.verdict, end.edits.len()), (Reply::Continue, 2));
    assert!(!silent(&place).await, "the table refuses somebody now");
    place.logged("4bSI: refused as a whole: reply=\"451 4.3.0\"");
}

#[tokio::test]
async fn after_a_refusal_nobody_was_to_expect_the_next_try_is_answered_one_by_one() {
    let place = place(PLAIN, "socketmap");
    let _serving = place.serve();
    let mut client = connect(&place.socket()).await;
    let both = ["jd@domain2.com", "a%b@domain2.com"];
    let end = send(&mut client, &both).await;
    assert!(refusal(&end).starts_with("451 4.3.0 "), "{end:?}");

    let mut again = connect(&place.socket()).await;
    assert!(!again.negotiated().has(bits::NR_RCPT));
    again.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    let good = again.rcpt(b"<jd@domain2.com>", &[], &[]).await.unwrap();
    assert_eq!(good, Reply::Continue);
    let bad = again.rcpt(b"<a%b@domain2.com>", &[], &[]).await.unwrap();
    assert!(matches!(bad, Reply::Code(_)), "{bad:?}");
    // With another table, connections may do without replies again.
    place.save(
        "a.rules",
        &format!("{PLAIN}ann@domain2.com anna@company.com\n"),
    );
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    assert!(silent(&place).await);
}

#[tokio::test]
async fn a_table_that_comes_late_decides_the_next_message() {
    let place = place("# nothing yet\n", "milter");
    let _serving = place.serve();
    let mut client = connect(&place.socket()).await;
    let end = send(&mut client, &["jd@domain2.com"]).await;
    assert_eq!((end.verdict, end.edits.len()), (Reply::Continue, 0));
    place.save("a.rules", RULES);
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    let end = send(&mut client, &["leaked@domain2.com"]).await;
    assert_eq!(refusal(&end), "550 5.1.1 No such user");
    let end = send(&mut client, &["jd@domain2.com"]).await;
    assert_eq!((end.verdict, end.edits.len()), (Reply::Continue, 2));
}
