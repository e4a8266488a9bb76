//! Changes of the configuration file while the daemon runs: which take effect, wait for a restart, or are refused.

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
    // A message that began before the switch ends under the old setting.
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
    // An address with the old delimiter got mail, and would be refused.
    let log = place.logged("table held back: digest=");
    assert!(log.contains(": jd+x@domain2.com (1 message)"), "{log}");
    let digest = log.split("digest=").nth(1).and_then(|rest| rest.get(..16));
    let accepted = place.ask(&["accept", digest.unwrap()]);
    assert_eq!(accepted.status, Some(0), "{accepted:?}");
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
    // The old socket still serves; the keys that need no restart are in force.
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
    let socket = place.text("control.sock");
    let ask = |command| place.run(&[command, "--socket", &format!("unix:{socket}")]);
    assert_eq!(ask("status").status, Some(1));
    // The corrected file has the values that are in force: the log says so, and nothing changes.
    place.configure(BASE);
    place.logged("configuration fixed: the file is in force, refused for=");
    assert_eq!(place.ask(&["status"]).status, Some(0));
    assert!(!place.log().contains(IN_FORCE), "{}", place.log());
    drop(serving);
}

/// Each changed key is logged; turning rewriting off is a warning.
#[test]
fn every_change_is_named_with_its_values() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    let changed = format!("mode = \"observe\"\n{BASE}[log]\naddresses = \"hash\"\n");
    saved(&place, &changed, 1);
    let log = place.logged("[log] addresses");
    for line in [
        "warn configuration: mode = \"observe\" (before: \"rewrite\"): nothing is rewritten or refused any more",
        "info configuration: [log] addresses = \"hash\" (before: \"full\")",
    ] {
        assert!(log.contains(line), "{line}\n{log}");
    }
    saved(&place, &changed.replace("observe", "rewrite"), 2);
    place.logged("info configuration: mode = \"rewrite\" (before: \"observe\")");
    // A changed comment changes no setting.
    place.configure(&format!(
        "# a comment\n{}",
        changed.replace("observe", "rewrite")
    ));
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    assert_eq!(place.log().matches(IN_FORCE).count(), 2);
}

/// A socket that waits for a restart is not shown as served, and is named again only if it changes.
#[test]
fn a_key_that_waits_keeps_the_value_that_is_in_force() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    std::fs::create_dir(place.join("others")).unwrap();
    std::fs::write(place.join("others/b.rules"), RULES).unwrap();
    let other = BASE.replace("rules = \"rules\"", "rules = \"others\"");
    saved(&place, &other, 1);
    let (rules, others) = (place.text("rules"), place.text("others"));
    let waits = format!("waits for a restart: rules = \"{others}\" (in force: \"{rules}\")");
    let status = place.ask(&["status"]);
    assert_eq!(status.status, Some(0), "{status:?}");
    assert!(status.out.contains(&waits), "{status:?}");
    assert!(
        status.out.contains(&format!("12 from {rules}\n")),
        "{status:?}"
    );
    let config = place.ask(&["config"]);
    assert!(
        config.out.contains(&format!("\nrules = \"{rules}\"")),
        "{config:?}"
    );
    assert!(
        config.out.contains("# waits for a restart: rules = "),
        "{config:?}"
    );
    // After another change the log names the settings that wait, and they still wait.
    saved(&place, &format!("mode = \"observe\"\n{other}"), 2);
    assert!(place.ask(&["status"]).out.contains(&waits));
    // When the change is undone, nothing waits.
    saved(&place, BASE, 3);
    assert!(!place.ask(&["status"]).out.contains("waits"));
    saved(&place, &other, 4);
    serving.signal("TERM", 1);
    serving.end();
    let _serving = place.serve();
    let status = place.ask(&["status"]);
    assert!(
        status.out.contains(&format!("12 from {others}\n")),
        "{status:?}"
    );
    assert!(!status.out.contains("waits"), "{status:?}");
}

/// A file that was emptied or cut off changes nothing, until somebody accepts it.
#[tokio::test]
async fn an_emptied_or_cut_file_changes_nothing() {
    let place = Place::new(&[("a.rules", RULES)]);
    let observe = format!("mode = \"observe\"\n{BASE}");
    place.configure(&observe);
    let serving = place.serve();
    let observes = async || {
        let (_, end) = message(&mut serving.client().await, "4b", &["jd@domain2.com"]).await;
        edits(&end).is_empty()
    };
    let socket = format!("unix:{}", place.text("control.sock"));
    for (times, text) in ["", "# nothing\n", "mode = \"observe\"\n", "mode"]
        .iter()
        .enumerate()
    {
        place.configure(text);
        let refused = "configuration refused: ";
        place.logs(refused, |log| log.matches(refused).count() == times + 1);
        assert!(observes().await, "{text:?}");
        let status = place.run(&["status", "--socket", &socket]);
        assert_eq!(status.status, Some(1), "{status:?}");
        let first = status.out.lines().next().unwrap();
        assert!(first.starts_with("DEGRADED since "), "{first}");
        assert!(
            first.contains("the settings before it stay in force"),
            "{first}"
        );
    }
    place.configure("");
    let log = place.logs("the fifth", |log| {
        log.matches("configuration refused: ").count() == 5
    });
    let (_, words) = log
        .rsplit_once("if this is what you want: readdress ")
        .unwrap();
    let words: Vec<_> = words.lines().next().unwrap().split(' ').collect();
    let said = place.run(&words);
    assert_eq!(said.status, Some(0), "{said:?}");
    place.logged("configuration: mode = \"rewrite\" (before: \"observe\")");
    assert!(!observes().await);
    let log = place.log();
    assert!(log.contains("configuration accepted: digest="), "{log}");
    // Sockets wait for a restart, so the daemon is still there.
    assert_eq!(place.run(&["status", "--socket", &socket]).status, Some(0));
}

/// A user who can write the configuration or the rules can redirect mail.
#[test]
fn files_that_everybody_may_write_are_told() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new(&[("a.rules", RULES)]);
    let mode = |name: &str, mode| {
        set_permissions(place.join(name), Permissions::from_mode(mode)).unwrap();
    };
    mode("readdress.toml", 0o666);
    mode("rules", 0o777);
    let _serving = place.serve();
    let config = place.text("readdress.toml");
    place.logged(&format!("{config}: warning: every user may write {config}"));
    let log = place.logged("[writable-by-everybody]");
    assert!(
        log.contains(&format!("{}: warning: every", place.text("rules"))),
        "{log}"
    );
    let check = place.run(&["check", "--config", "readdress.toml"]);
    assert_eq!(
        check.out.matches("[writable-by-everybody]").count(),
        2,
        "{}",
        check.out
    );
    assert_eq!(check.status, Some(0));
}
