//! The configuration file while the daemon runs: what takes effect, what waits, what is refused.

use crate::program::{BASE, Place, RULES, edits, message};

const IN_FORCE: &str = "configuration: changed file is in force";

fn saved(place: &Place, text: &str, times: usize) {
    place.configure(text);
    place.logs(IN_FORCE, |log| log.matches(IN_FORCE).count() == times);
}

#[tokio::test]
async fn the_mode_switches_live() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    let observe = format!("mode = \"observe\"\n{BASE}");
    saved(&place, &observe, 1);
    let all = [
        "jd@domain2.com",
        "leaked@domain2.com",
        "spamtrap@domain2.com",
    ];
    let (replies, end) = message(&mut client, "4b", &all).await;
    let passed = readdress::mta::Reply::Continue;
    assert!(replies.iter().all(|reply| *reply == passed), "{replies:?}");
    assert_eq!((edits(&end).len(), end.verdict), (0, passed));
    let log = place.logged("orig_to=<spamtrap@domain2.com>");
    for action in ["replace", "reject", "discard"] {
        let line = log
            .lines()
            .find(|line| line.contains(&format!("action={action}")));
        assert!(
            line.is_some_and(|line| line.contains("dry_run=true")),
            "{log}"
        );
    }

    saved(&place, BASE, 2);
    let (replies, end) = message(&mut client, "4c", &all).await;
    assert_ne!(replies[1], readdress::mta::Reply::Continue);
    assert_eq!(edits(&end).len(), 3, "{end:?}");
    // One that began before the switch ends as it began.
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    crate::program::rcpt(&mut client, "4d", "jd@domain2.com").await;
    saved(&place, &observe, 3);
    let end = client.end_of_message(&[("i", "4d")]).await.unwrap();
    assert_eq!(edits(&end).len(), 2, "{end:?}");
}

#[tokio::test]
async fn the_delimiter_switches_live() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    let added = async |client: &mut _, recipient: &str| {
        let (_, end) = message(client, "4b", &[recipient]).await;
        edits(&end).into_iter().find(|edit| edit.starts_with('+'))
    };
    let plus = added(&mut client, "jd+x@domain2.com").await.unwrap();
    assert!(plus.starts_with("+<jdoe+x@company.com>"), "{plus}");
    assert_eq!(added(&mut client, "jd-x@domain2.com").await, None);

    saved(
        &place,
        &format!("{BASE}[rewrite]\nrecipient_delimiter = \"-\"\n"),
        1,
    );
    place.logged("table: generation=2 ");
    let minus = added(&mut client, "jd-x@domain2.com").await.unwrap();
    assert!(minus.starts_with("+<jdoe-x@company.com>"), "{minus}");
    assert_eq!(added(&mut client, "jd+x@domain2.com").await, None);
}

#[tokio::test]
async fn the_reply_to_unknown_users_switches_live() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let mut client = serving.client().await;
    let (replies, _) = message(&mut client, "4b", &["nosuch@domain2.com"]).await;
    let old = format!("{replies:?}");
    let words = "[replies]\nunknown = '553 5.1.6 Write to info@company.com'\n";
    saved(&place, &format!("{BASE}{words}"), 1);
    place.logged("table: generation=2 ");
    let (replies, _) = message(&mut client, "4c", &["nosuch@domain2.com"]).await;
    let new = format!("{replies:?}");
    assert!(old.contains("550 5.1.1 User unknown"), "{old}");
    assert!(new.contains("553 5.1.6 Write to info@company.com"), "{new}");
}

#[tokio::test]
async fn what_waits_for_a_restart_is_named() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let changed = BASE
        .replace("milter.sock", "other.sock")
        .replace("20ms", "30ms");
    saved(&place, &format!("mode = \"observe\"\n{changed}"), 1);
    let log = place.logged("[reload] quiet");
    let named: Vec<_> = log
        .lines()
        .filter(|line| line.contains("waits for a restart"))
        .collect();
    assert_eq!(named.len(), 2, "{log}");
    assert!(named[0].contains("[milter] listen"), "{log}");
    // The old socket serves on; what needs no restart is in force.
    assert!(!place.join("other.sock").exists());
    let (_, end) = message(&mut serving.client().await, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 0, "{end:?}");
}

#[tokio::test]
async fn a_broken_file_changes_nothing() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    for (times, broken) in [
        format!("mode = \"observe\"\n{BASE}[rewrit]\n"),
        format!("mode = \"watch\"\n{BASE}"),
        "mode =".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        place.configure(broken);
        let refused = "configuration refused: ";
        let log = place.logs(refused, |log| log.matches(refused).count() == times + 1);
        assert!(log.contains("readdress.toml:"), "{log}");
        let (_, end) = message(&mut serving.client().await, "4b", &["jd@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2, "{end:?}");
    }
    std::fs::remove_file(place.join("readdress.toml")).unwrap();
    place.logs("a missing file", |log| {
        log.matches("configuration refused: ").count() == 4
    });
    // Mended with what was in force: nothing to tell, and nothing to wait for.
    place.configure(BASE);
    serving.signal("HUP", 1);
    assert_eq!(place.ask(&["status"]).status, Some(0));
    assert!(!place.log().contains(IN_FORCE), "{}", place.log());
}
