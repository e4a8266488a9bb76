//! Lost rules: the old table stays live, also over a restart, until the rules are back or somebody accepts the table
//! that is held back.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use readdress::mta::Reply;
use serde_json::Value;

use crate::program::{BASE, Place, RULES, Said, Serving, edits, message, rcpt};

/// Returns the answer of `status`, as JSON.
fn status(place: &Place) -> (Option<i32>, Value) {
    let said = place.ask(&["status", "--json"]);
    let value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
    (said.status, value)
}

/// Returns the words of the command that accepts the table, as the program printed them, without the name of the
/// program.
fn words(place: &Place) -> Vec<String> {
    let (code, status) = status(place);
    assert_eq!(code, Some(1), "{status}");
    let words = status["last_reload"]["accept"].as_str().unwrap();
    let words = words.strip_prefix("readdress ").unwrap();
    words.split(' ').map(str::to_owned).collect()
}

/// Runs the command that the program printed.
fn accept(place: &Place) -> Said {
    let words = words(place);
    place.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn causes(status: &Value) -> Vec<&str> {
    let causes = status["last_reload"]["causes"].as_array();
    let causes = causes.map_or(&[][..], Vec::as_slice);
    causes.iter().filter_map(|c| c["cause"].as_str()).collect()
}

/// Checks that rules are in force: one address is rewritten, another is refused.
async fn serves(serving: &Serving<'_>) {
    let mut client = serving.client().await;
    let all = ["jd@domain2.com", "nosuch@domain2.com"];
    let (replies, end) = message(&mut client, "4b", &all).await;
    assert_eq!(replies[0], Reply::Continue);
    assert!(format!("{:?}", replies[1]).contains("550 5.1.1"));
    assert_eq!(edits(&end)[0], "-<jd@domain2.com>");
}

/// Checks that every recipient is deferred.
async fn defers(serving: &Serving<'_>) {
    let mut client = serving.client().await;
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    for recipient in ["jd@domain2.com", "x@elsewhere.example"] {
        let reply = rcpt(&mut client, "4c", recipient).await;
        assert!(format!("{reply:?}").contains("451 4.3.0"), "{reply:?}");
    }
}

/// Each way in which all rules are lost, with the cause that the daemon gives.
type Way = (&'static str, fn(&Place));

fn ways() -> [Way; 6] {
    [
        ("no-rules", |place| {
            fs::remove_file(place.join("rules/a.rules")).unwrap();
        }),
        ("no-rules", |place| {
            fs::write(place.join("rules/a.rules"), "").unwrap();
        }),
        ("no-rules", |place| place.save("a.rules", "# nothing\n\n")),
        ("no-rules", |place| {
            fs::rename(place.join("rules/a.rules"), place.join("rules/a.rules.bak")).unwrap();
        }),
        ("vanished", |place| {
            fs::rename(place.join("rules"), place.join("moved")).unwrap();
        }),
        ("no-rules", |place| {
            fs::rename(place.join("rules"), place.join("moved")).unwrap();
            fs::create_dir(place.join("rules")).unwrap();
        }),
    ]
}

#[tokio::test]
async fn a_table_of_no_rules_never_replaces_one_with_rules() {
    for (number, (cause, lose)) in ways().into_iter().enumerate() {
        let place = Place::new(&[("a.rules", RULES)]);
        let serving = place.serve();
        lose(&place);
        let reload = place.ask(&["reload"]);
        assert_eq!(reload.status, Some(3), "{number}: {reload:?}");
        serves(&serving).await;
        assert_eq!(place.ask(&["status", "--ready"]).status, Some(0));
        let (code, status) = status(&place);
        assert_eq!((code, causes(&status)), (Some(1), vec![cause]), "{number}");
        let text = place.ask(&["status"]).out;
        assert!(text.starts_with("DEGRADED since 20"), "{text}");
        assert!(text.contains("generation 1 serves on"), "{text}");
        let log = place.logged("readdress accept ");
        assert!(log.contains("still serving generation=1"), "{log}");
        for printed in [&text, &reload.out, &log] {
            assert!(printed.contains(&words(&place).join(" ")), "{printed}");
        }
        // A second reload changes nothing, and the log does not report another table.
        assert_eq!(place.ask(&["reload"]).status, Some(3));
        assert_eq!(place.log().matches("table held back").count(), 1);
        place.logged("table still held back: digest=");
    }
}

#[tokio::test]
async fn what_is_held_back_ends_when_the_rules_are_back() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    fs::rename(place.join("rules"), place.join("moved")).unwrap();
    place.logged("table held back");
    fs::rename(place.join("moved"), place.join("rules")).unwrap();
    place.logged("table fixed: still serving generation=1");
    assert_eq!(status(&place).0, Some(0));
    // Other rules than before are a new table, which nobody needs to accept.
    fs::remove_file(place.join("rules/a.rules")).unwrap();
    place.logs("held twice", |log| {
        log.matches("table held back").count() == 2
    });
    place.save("b.rules", RULES);
    place.logged("table: generation=2 ");
    serves(&serving).await;
}

#[tokio::test]
async fn what_is_accepted_goes_live_and_nothing_else() {
    let place = Place::new(&[
        ("a.rules", RULES),
        ("b.rules", "carl@company.com mailbox\n"),
    ]);
    let serving = place.serve();
    fs::write(place.join("rules/a.rules"), "").unwrap();
    assert_eq!(place.ask(&["reload"]).status, Some(3));
    let (_, held) = status(&place);
    assert_eq!(causes(&held), ["emptied"]);
    let old = words(&place);

    // Somebody accepts a table after the files have changed again: the command is refused.
    fs::write(place.join("rules/b.rules"), "").unwrap();
    assert_eq!(place.ask(&["reload"]).status, Some(3));
    let said = place.run(&old.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains(&words(&place)[1]), "{said:?}");
    serves(&serving).await;

    let said = accept(&place);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.out.contains("generation 2 is live: 0 rules"),
        "{said:?}"
    );
    assert!(said.out.contains("removed "), "{said:?}");
    let log = place.logged("table accepted: digest=");
    assert!(log.contains("table: generation=2 rules=0 "), "{log}");
    let (code, status) = status(&place);
    assert_eq!((code, &status["generation"]), (Some(0), &2.into()));
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    // There is nothing left to accept.
    let digest = held["last_reload"]["digest"].as_str().unwrap();
    let said = place.ask(&["accept", digest]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("no table is held back"), "{said:?}");
}

/// Twenty rules may be lost; above that the share decides, and a new share takes effect at once.
#[test]
fn max_shrink_is_watched() {
    // The first ones are deleted: a file that loses its last rules may have been cut off.
    let many = |number: usize| -> String {
        let lines = (0..80)
            .skip(80 - number)
            .map(|n| format!("u{n}@company.com mailbox\n"));
        lines.collect()
    };
    let place = Place::new(&[("a.rules", RULES), ("b.rules", &many(80))]);
    let _serving = place.serve();
    place.save("b.rules", &many(60));
    assert_eq!(place.ask(&["reload"]).status, Some(0), "twenty less");
    place.save("b.rules", &many(59));
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    place.save("b.rules", &many(38));
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    assert!(said.out.contains("21 of 7"), "{said:?}");
    assert!(said.out.contains("max_shrink allows 20%"), "{said:?}");
    place.configure(&format!("{BASE}max_shrink = \"40%\"\n"));
    place.logged("table: generation=4 ");
    // A whole file may be removed, if its rules are within the limit.
    fs::remove_file(place.join("rules/b.rules")).unwrap();
    assert_eq!(place.ask(&["reload"]).status, Some(3));
}

/// Whoever looks at what is held back sees whose mail it concerns, unless the log hides addresses.
#[test]
fn what_is_held_back_says_whose_mail_it_concerns() {
    let place = Place::new(&[
        ("a.rules", RULES),
        ("b.rules", "carl@domain2.com bob@company.com\n"),
    ]);
    let _serving = place.serve();
    fs::write(place.join("rules/b.rules"), "").unwrap();
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    let line = "carl@domain2.com  bob@company.com -> reject 550 5.1.1";
    assert!(said.out.contains(line), "{said:?}");
    let (_, held) = status(&place);
    let reload = &held["last_reload"];
    assert_eq!(reload["differences_total"], 1, "{reload}");
    assert_eq!(reload["differences_more"], false, "{reload}");
    let difference = &reload["differences"][0];
    assert_eq!(difference["address"], "carl@domain2.com", "{reload}");
    assert_eq!(difference["rule_before"], "b.rules:1", "{reload}");
    place.logged("table: held back: carl@domain2.com: bob@company.com -> reject 550 5.1.1");
    place.configure(&format!("{BASE}[log]\naddresses = \"hash\"\n"));
    place.logs("the setting is in force", |_| {
        status(&place).1["last_reload"]["differences"]
            .as_array()
            .is_some_and(Vec::is_empty)
    });
    let (_, held) = status(&place);
    assert_eq!(held["last_reload"]["differences_total"], 1, "{held}");
    assert!(!place.ask(&["status"]).out.contains("carl@"));
}

/// An export that returned far more rows than before, and the limit for that.
#[test]
fn max_growth_is_watched() {
    let rows = |number: usize| -> String {
        let lines = (0..number).map(|n| format!("u{n}@company.com mailbox\n"));
        lines.collect()
    };
    let place = Place::new(&[("a.rules", RULES), ("b.rules", &rows(30))]);
    let _serving = place.serve();
    place.save("b.rules", &rows(80));
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    assert!(
        said.out.contains("max_growth allows 100% at once"),
        "{said:?}"
    );
    assert_eq!(causes(&status(&place).1), ["grown"]);
    place.configure(&format!("{BASE}max_growth = \"200%\"\n"));
    place.logged("table: generation=2 ");
}

/// Edits as administrators make them are live at once.
#[test]
fn what_is_plainly_meant_is_never_held_back() {
    let place = Place::new(&[
        ("a.rules", RULES),
        ("b.rules", "carl@company.com mailbox\n"),
    ]);
    let _serving = place.serve();
    let without = |number: usize| -> String {
        let lines = RULES.lines().enumerate();
        let kept = lines.filter(|(at, _)| !(3..3 + number).contains(at));
        kept.map(|(_, line)| format!("{line}\n")).collect()
    };
    let steps: [&dyn Fn(); 5] = [
        &|| place.save("a.rules", &without(1)),
        &|| place.save("a.rules", &without(3)),
        &|| place.save("a.rules", &format!("{RULES}old@domain2.com reject\n")),
        &|| place.save("b.rules", "# carl@company.com mailbox\n"),
        &|| fs::remove_file(place.join("rules/b.rules")).unwrap(),
    ];
    for (number, step) in steps.iter().enumerate() {
        step();
        let said = place.ask(&["reload"]);
        assert_eq!(said.status, Some(0), "{number}: {said:?}");
    }
    assert!(!place.log().contains("held back"), "{}", place.log());
}

/// The directory is exchanged as if a file system were mounted over it, with other rules in it.
#[test]
fn another_file_system_is_held_back() {
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        return println!("SKIPPED: there is no second file system");
    };
    let place = Place::new(&[("a.rules", RULES)]);
    fs::rename(place.join("rules"), place.join("here")).unwrap();
    symlink("here", place.join("rules")).unwrap();
    let _serving = place.serve();
    fs::write(other.path().join("a.rules"), RULES.replace("jdoe@", "bob@")).unwrap();
    symlink(other.path(), place.join("link")).unwrap();
    fs::rename(place.join("link"), place.join("rules")).unwrap();
    let (_, status) = {
        assert_eq!(place.ask(&["reload"]).status, Some(3));
        status(&place)
    };
    assert_eq!(causes(&status), ["other-mount"]);
    assert_eq!(accept(&place).status, Some(0));
    // From now on, the rules are there.
    fs::write(other.path().join("a.rules"), RULES).unwrap();
    assert_eq!(place.ask(&["reload"]).status, Some(0));
}

/// The table that was live last serves, until the rules are back or somebody accepts that they are gone.
#[tokio::test]
async fn a_start_without_rules_serves_the_last_good_table() {
    for (number, (cause, lose)) in ways().into_iter().enumerate() {
        let place = Place::new(&[("a.rules", RULES)]);
        drop(place.serve());
        lose(&place);
        let serving = place.serve();
        serves(&serving).await;
        place.logged("history: the last good table serves: generation=1");
        assert_eq!(place.ask(&["status", "--ready"]).status, Some(0));
        let (code, held) = status(&place);
        assert_eq!((code, causes(&held)), (Some(1), vec![cause]), "{number}");
        assert_eq!(
            (&held["generation"], &held["snapshot"]),
            (&1.into(), &1.into())
        );
        let text = place.ask(&["status"]).out;
        assert!(text.starts_with("DEGRADED since "), "{text}");
        let serves_on = "generation 1, the last good one, serves from the history";
        assert!(text.contains(serves_on), "{text}");
        if number % 2 == 0 {
            let _ = fs::create_dir(place.join("rules"));
            place.save("a.rules", RULES);
            place.logged("table fixed: still serving generation=1");
            serves(&serving).await;
        } else {
            assert_eq!(accept(&place).status, Some(0));
            let mut client = serving.client().await;
            let (_, end) = message(&mut client, "4d", &["jd@domain2.com"]).await;
            assert_eq!(edits(&end), [""; 0], "{number}");
            // The table was accepted, so the next start holds nothing back.
            drop(serving);
            let _serving = place.serve();
            if cause != "vanished" {
                assert_eq!(status(&place).0, Some(0), "{number}");
            }
        }
    }
}

/// The rules have an error, and the daemon before this one left no table: nothing can serve.
#[tokio::test]
async fn a_first_start_with_an_error_defers_until_it_is_fixed() {
    let place = Place::new(&[("a.rules", &format!("{RULES}x@domain2.com rejct\n"))]);
    let serving = place.serve();
    defers(&serving).await;
    assert_eq!(place.ask(&["status", "--ready"]).status, Some(1));
    place.save("a.rules", RULES);
    place.logged("table: generation=1 rules=12");
    serves(&serving).await;
}

/// The same with a table before it, for files that are broken, unreadable, or in another format by now.
#[tokio::test]
async fn a_start_with_broken_rules_serves_the_last_good_table() {
    let broken: [fn(&Place); 3] = [
        |place| place.save("a.rules", &format!("{RULES}x@domain2.com rejct\n")),
        |place| {
            fs::remove_file(place.join("rules/a.rules")).unwrap();
            fs::create_dir(place.join("rules/a.rules")).unwrap();
        },
        |place| fs::write(place.join("rules/a.rules"), [0xff, 0xfe, 0]).unwrap(),
    ];
    for (number, breaks) in broken.iter().enumerate() {
        let place = Place::new(&[("a.rules", RULES)]);
        drop(place.serve());
        breaks(&place);
        let serving = place.serve();
        serves(&serving).await;
        let (code, refused) = status(&place);
        assert_eq!(
            (code, &refused["snapshot"]),
            (Some(1), &1.into()),
            "{number}"
        );
        assert_eq!(refused["last_reload"]["outcome"], "refused", "{number}");
    }
}

/// The file was emptied while no daemon was running, and another file has rules.
#[tokio::test]
async fn a_start_with_an_emptied_file_serves_the_last_good_table() {
    let place = Place::new(&[
        ("a.rules", RULES),
        ("b.rules", "carl@company.com mailbox\n"),
    ]);
    drop(place.serve());
    fs::write(place.join("rules/a.rules"), "").unwrap();
    let serving = place.serve();
    assert_eq!(causes(&status(&place).1), ["emptied"]);
    serves(&serving).await;
}

#[tokio::test]
async fn a_first_start_without_rules_is_harmless() {
    let place = Place::new(&[]);
    let serving = place.serve();
    assert_eq!(status(&place).0, Some(0));
    let mut client = serving.client().await;
    let (replies, end) = message(&mut client, "4d", &["jd@domain2.com"]).await;
    assert_eq!(
        (&replies[..], edits(&end).len()),
        (&[Reply::Continue][..], 0)
    );
}

/// The newest generation cannot serve, because its text is damaged: the one before it does.
#[tokio::test]
async fn a_damaged_text_of_the_history_is_never_served() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    place.save(
        "a.rules",
        &RULES.replace("jdoe@company.com\n", "bob@company.com\n"),
    );
    place.logged("table: generation=2");
    place.logs("both are kept", |_| {
        let files = history_files(&place.join("state"));
        files.iter().any(|file| file.ends_with("generations/2"))
    });
    drop(serving);
    let text = history_files(&place.join("state"))
        .into_iter()
        .find(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.contains("jd@domain2.com bob@company.com")
        });
    fs::write(text.unwrap(), RULES.replace("jdoe@", "foreign@")).unwrap();
    place.save("a.rules", "broken\n");
    let serving = place.serve();
    serves(&serving).await;
    place.logged("history: generation=2 cannot serve: a.rules: error: its text is damaged");
    place.logged("history: the last good table serves: generation=1");
    let explained = place.ask(&["explain", "--generation", "2", "jd@domain2.com"]);
    assert_eq!(explained.status, Some(2), "{explained:?}");
    assert!(explained.err.contains("[record-damaged]"), "{explained:?}");
    assert!(!explained.out.contains("foreign@"), "{explained:?}");
}

/// Going back outlives a restart, and a damaged mark of it: nobody wants the files that somebody went back from.
#[tokio::test]
async fn a_rollback_outlives_a_restart_and_its_damaged_mark() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    place.save(
        "a.rules",
        &RULES.replace("jd@domain2.com", "new@domain2.com"),
    );
    place.logged("table: generation=2");
    let back = place.ask(&["rollback", "1", "-m", "jd@ gets no mail"]);
    assert_eq!(back.status, Some(0), "{back:?}");
    serves(&serving).await;
    drop(serving);
    for damaged in [false, true] {
        if damaged {
            let marks = history_files(&place.join("state"));
            let mark = marks.iter().find(|file| file.ends_with("rollback"));
            fs::write(mark.unwrap(), "{").unwrap();
        }
        let serving = place.serve();
        serves(&serving).await;
        assert_eq!(status(&place).1["last_reload"]["outcome"], "rolled-back");
    }
    let _serving = place.serve();
    assert_eq!(place.ask(&["rollback", "--end"]).status, Some(0));
    assert_eq!(status(&place).0, Some(0));
}

/// Returns every file below a directory.
fn history_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(history_files(&path)),
            false => files.push(path),
        }
    }
    files
}

/// With a damaged record nobody knows whether there were rules: a table with rules goes live, and a table without rules
/// is held back.
#[tokio::test]
async fn a_damaged_record_is_said() {
    let place = Place::new(&[("a.rules", RULES)]);
    drop(place.serve());
    let damage = || {
        for file in history_files(&place.join("state")) {
            fs::write(file, "{\"lines\":").unwrap();
        }
    };
    damage();
    let serving = place.serve();
    place.logged("history: damaged: file=");
    serves(&serving).await;
    drop(serving);
    damage();
    fs::remove_file(place.join("rules/a.rules")).unwrap();
    let serving = place.serve();
    defers(&serving).await;
    assert_eq!(causes(&status(&place).1), ["unknown"]);
}

/// There is no state directory, or nobody can write to it, or none is configured: mail is served, and the log says so.
#[tokio::test]
async fn a_daemon_without_a_state_directory_serves() {
    let place = Place::new(&[("a.rules", RULES)]);
    fs::remove_dir_all(place.join("state")).unwrap();
    let mut serving = place.serve();
    serves(&serving).await;
    let line = "history: not recorded: directory=";
    assert!(place.log().contains(line), "{}", place.log());
    let text = place.ask(&["status"]).out;
    assert!(text.contains("NOT RECORDED: "), "{text}");
    serving.signal("TERM", 1);
    serving.end();
    // A file has the path of the directory, so nobody can write into it, not even root.
    fs::write(place.join("state"), "").unwrap();
    serves(&place.serve()).await;
    let log = place.logs("it twice", |log| log.matches(line).count() == 2);
    assert!(!log.contains("panicked"), "{log}");
}

/// Although the configuration was named by a relative path, the printed command works in any directory.
#[test]
fn what_is_printed_can_be_typed_anywhere() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut command = place.command(&["run", "--config", "readdress.toml"]);
    command.stderr(place.log_file());
    let mut serving = place.launch(command);
    serving.ready();
    place.save("a.rules", "");
    assert_eq!(place.ask(&["reload"]).status, Some(3));
    let words = words(&place);
    let mut command = place.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    command.current_dir("/");
    let said = crate::program::said(command);
    assert_eq!(said.status, Some(0), "{said:?}");
    let directory = &status(&place).1["directory"];
    assert_eq!(*directory, place.text("rules"));
}

/// A daemon that somebody starts by hand on a directory of its own neither reads nor writes records.
#[test]
fn a_daemon_by_hand_leaves_no_trace() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&BASE.replace("state = \"state\"\n", ""));
    let config = place.text("readdress.toml");
    let arguments = ["run", "--config", &config, "--rules", &place.text("rules")];
    let mut command = place.command(&arguments);
    command.stderr(place.log_file());
    let mut serving = place.launch(command);
    serving.ready();
    let (_, status) = status(&place);
    assert!(status["state"]["directory"].is_null(), "{status}");
    assert!(!place.log().contains("state: "), "{}", place.log());
}
