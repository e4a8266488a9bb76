//! The configuration as the commands read it: named, missing, empty, wrong.

use crate::program::{Place, RULES};

fn place() -> Place {
    Place::new(&[("a.rules", RULES)])
}

#[test]
fn a_named_file_must_be_there() {
    let place = place();
    for command in [
        &["run"][..],
        &["check", "rules"],
        &["doctor"],
        &["expect", "rules"],
        &["explain", "a@b.example"],
        &["try", "--from", "a@b.example", "--rcpt", "c@d.example"],
        &["status"],
        &["reload"],
    ] {
        let said = place.run(&[command, &["--config", "missing.toml"]].concat());
        assert_eq!(
            (said.status, &*said.out),
            (Some(2), ""),
            "{command:?} {said:?}"
        );
        assert!(said.err.contains("missing.toml"), "{said:?}");
    }
}

#[test]
fn an_empty_file_has_every_default() {
    let place = place();
    place.configure("");
    let said = place.ask(&["check", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let said = place.ask(&["explain", "--rules", "rules", "jd+x@domain2.com"]);
    assert!(
        said.out.contains("=> replace by jdoe+x@company.com"),
        "{said:?}"
    );
}

#[test]
fn settings_of_the_file_count() {
    let place = place();
    place.configure("[rewrite]\nrecipient_delimiter = \"-\"\n");
    let said = place.ask(&["explain", "--rules", "rules", "jd-x@domain2.com"]);
    assert!(
        said.out.contains("=> replace by jdoe-x@company.com"),
        "{said:?}"
    );
}

/// All findings in one pass, each with place and suggestion; nothing is done with such a file.
#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let place = place();
    place.configure("mod = \"observe\"\n[reload]\nquite = \"1s\"\n[logs]\naddresses = \"hash\"\n");
    for command in [&["run"][..], &["check", "rules"], &["status"]] {
        let said = place.ask(command);
        assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
        for wanted in [
            "readdress.toml:1:1: error: ",
            "did you mean `mode`?",
            "readdress.toml:3:1: error: ",
            "did you mean `quiet`?",
            "readdress.toml:4:",
        ] {
            assert!(said.err.contains(wanted), "{wanted}\n{}", said.err);
        }
    }
}

#[test]
fn a_wrong_value_is_an_error_at_its_place() {
    let place = place();
    for (text, at) in [
        ("mode = \"watch\"\n", ":1:"),
        ("[milter]\nlisten = [\"nonsense\"]\n", ":2:"),
        ("[reload]\nquiet = \"soon\"\n", ":2:"),
        ("[log]\n\naddresses = \"none\"\n", ":3:"),
        ("[rewrite]\nrecursion_limit = -1\n", ":2:"),
        ("mode = \n", ":1:"),
    ] {
        place.configure(text);
        let said = place.ask(&["run"]);
        assert_eq!(said.status, Some(2), "{text} {said:?}");
        let place = format!("readdress.toml{at}");
        assert!(said.err.contains(&place), "{text} {said:?}");
    }
}

/// `explain` shows the words that the daemon says, and expectations are held against them.
#[test]
fn the_reply_to_unknown_users_is_shown_and_expected() {
    let place = place();
    place.save(
        "b.expect",
        "nosuch@domain2.com reject 553 5.1.6 \"Not here\"\n",
    );
    place.configure("[replies]\nunknown = '553 5.1.6 Not here'\n");
    let said = place.ask(&["explain", "--rules", "rules", "nosuch@domain2.com"]);
    assert!(
        said.out.contains("=> reject 553 5.1.6 Not here"),
        "{said:?}"
    );
    let said = place.ask(&["expect", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    place.configure("");
    let said = place.ask(&["expect", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
}
