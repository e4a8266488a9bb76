//! `readdress status`, `reload` and `config` where something is wrong, or a lot: what is broken is said, the
//! daemon is asked all the same, the output is bounded, and addresses stay hidden where the log hides them.

use serde_json::Value;

use crate::program::{BASE, Place, RULES};

/// Many errors, each on a line of its own.
fn broken(errors: usize) -> String {
    let lines = (0..errors).map(|n| format!("secret{n}@domain2.com rejct\n"));
    format!("{RULES}{}", lines.collect::<String>())
}

fn json(place: &Place, command: &str) -> Value {
    let said = place.ask(&[command, "--json"]);
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// 3,000 findings are counted as such everywhere, and ten are printed.
#[test]
fn three_thousand_findings_are_counted_and_ten_are_shown() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = place.serve();
    place.save("a.rules", &broken(3000));
    let said = place.ask(&["reload"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    for said in [said, place.ask(&["status"])] {
        assert_eq!(said.status, Some(1), "{said:?}");
        assert_eq!(said.out.matches(": error: ").count(), 10, "{said:?}");
        assert!(
            said.out.contains("\n2990 more: readdress check"),
            "{said:?}"
        );
        assert!(said.out.lines().count() < 80, "{said:?}");
    }
    let status = json(&place, "status");
    assert_eq!(status["last_reload"]["errors"], 3000);
    assert_eq!(status["last_reload"]["findings_more"], 2990);
    let log = place.logged("table refused: ");
    assert!(
        log.contains("table refused: errors=3000 still serving generation=1"),
        "{log}"
    );
    assert!(log.contains("table: and 2900 more findings"), "{log}");
    let check = place.ask(&["check", "rules"]);
    assert!(
        check.out.contains("rules/: 3000 errors, 0 warnings;"),
        "{check:?}"
    );
    // What was printed can be typed.
    let (_, advice) = place
        .ask(&["status"])
        .out
        .split_once("2990 more: readdress ")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let words: Vec<_> = advice.lines().next().unwrap().split(' ').collect();
    assert_eq!(place.ask(&words).status, Some(1));
}

/// The first line says since when, why, and what happens to mail; a hangup does not forget the last change.
#[test]
fn a_degraded_daemon_says_so_first() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    place.save("b.rules", "carl@company.com mailbox carol@domain2.com\n");
    place.logged("table: generation=2 ");
    serving.signal("HUP", 1);
    place.logged("table unchanged: generation=2");
    let text = place.ask(&["status"]).out;
    assert!(
        text.contains("last change  generation 2 is live: "),
        "{text}"
    );
    assert!(
        text.contains("last reload  nothing to do: generation 2 matches the files"),
        "{text}"
    );
    for socket in ["milter.sock", "control.sock"] {
        assert!(
            text.contains(&format!("unix:{}", place.text(socket))),
            "{text}"
        );
    }
    assert!(text.contains("\nsocketmap    none\n"), "{text}");
    place.save("b.rules", "carl@company.com mailbx\n");
    place.logged("table refused: ");
    let since = json(&place, "status")["degraded"][0]["since"].clone();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    place.save("b.rules", "carl@company.com mailbxx\n");
    place.logs("twice", |log| log.matches("table refused: ").count() == 2);
    let status = json(&place, "status");
    assert_eq!(status["degraded"][0]["since"], since, "it is one trouble");
    assert_eq!(status["last_change"]["generation"], 2);
    let text = place.ask(&["status"]).out;
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("DEGRADED since 20"), "{first}");
    assert!(
        first.ends_with("the rules were refused: 1 error; generation 2 serves on"),
        "{first}"
    );
}

/// The file is broken, and the daemon is there: it answers, and what is broken is said.
#[test]
fn a_broken_configuration_file_does_not_keep_the_daemon_from_answering() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    for broken in [
        format!("mode = \"watch\"\n{BASE}"),
        format!("{BASE}[rewrit]\nx = 1\n"),
        format!("{BASE}[log]\nlevel = \"info\n"),
    ] {
        place.configure(&broken);
        for (command, status) in [("reload", 1), ("status", 1), ("config", 1)] {
            let said = place.ask(&[command]);
            assert_eq!(said.status, Some(status), "{command} {said:?}");
            let all = format!("{}{}", said.out, said.err);
            assert!(all.contains("readdress.toml:"), "{command} {said:?}");
            assert!(all.contains("error: "), "{command} {said:?}");
            assert!(said.out.lines().count() > 3, "{command} {said:?}");
        }
        let text = place.ask(&["status"]).out;
        assert!(
            text.contains("the configuration file was refused: "),
            "{text}"
        );
        assert!(text.contains(" REFUSED since 20"), "{text}");
    }
    // Without a daemon nobody answers, and the errors are said.
    drop(serving);
    for command in ["status", "reload", "config"] {
        let said = place.ask(&[command]);
        assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
        assert!(said.err.contains("readdress.toml:"), "{said:?}");
    }
}

/// `status`, `reload` and what systemd shows hold no address, as the log does not.
#[test]
fn addresses_stay_hidden() {
    // So patient that a save and the command after it are one reload.
    let base = BASE.replace("20ms", "5s").replace("500ms", "30s");
    for setting in ["domain", "hash"] {
        let place = Place::new(&[("a.rules", RULES)]);
        place.configure(&format!("{base}[log]\naddresses = \"{setting}\"\n"));
        let _serving = place.serve();
        place.save(
            "b.rules",
            "secret1@company.com mailbox secret2@domain2.com\n",
        );
        let mut all = place.ask(&["reload"]).out;
        place.save("b.rules", "secret1@company.com discard\n");
        all += &place.ask(&["reload", "--json"]).out;
        all += &place.ask(&["status"]).out;
        std::fs::remove_file(place.join("rules/b.rules")).unwrap();
        all += &place.ask(&["reload"]).out;
        place.save("a.rules", &broken(5));
        all += &place.ask(&["reload"]).out;
        all += &place.ask(&["status", "--json"]).out;
        assert!(!all.contains("secret"), "{all}");
        assert!(all.contains("added        b.rules:1\n"), "{all}");
        assert!(all.contains("removed      b.rules:1\n"), "{all}");
        assert!(all.contains("a.rules:14:"), "{all}");
    }
}

#[test]
fn config_says_where_each_setting_comes_from() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&format!("{BASE}[log]\naddresses = \"hash\"\n"));
    let check = |text: &str, rules: &str| {
        for line in [
            &format!("rules = \"{}\"", place.text("rules")),
            rules,
            "mode = \"rewrite\"",
            "# default",
            "addresses = \"hash\"",
            "readdress.toml:11\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert_eq!(
            text.matches(" = ").count(),
            readdress::config::keys().count()
        );
    };
    let said = place.ask(&["config"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("no daemon answers: "), "{said:?}");
    check(&said.out, "readdress.toml:1\n");
    let config = place.text("readdress.toml");
    let mut command = place.command(&["run", "--config", &config, "--rules", &place.text("rules")]);
    command.stderr(place.log_file());
    let mut serving = place.launch(command);
    serving.ready();
    let said = place.ask(&["config"]);
    assert!(
        said.out.contains("in force in the running daemon"),
        "{said:?}"
    );
    check(&said.out, "# flag --rules\n");
    // What is printed is a file that says the same.
    place.configure(&said.out);
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    assert!(!place.log().contains("changed file"), "{}", place.log());
    let json = place.ask(&["config", "--json"]);
    let keys: Vec<Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(keys.len(), readdress::config::keys().count());
    assert_eq!(keys[0]["key"], "rules");
}

/// An emptied directory is worth a word before a daemon reads it; one that is not there is an error.
#[test]
fn check_warns_of_a_directory_without_rules() {
    let place = Place::new(&[]);
    let said = place.ask(&["check", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.out.contains("rules/: warning: the directory is empty"),
        "{said:?}"
    );
    assert!(said.out.contains("0 errors, 1 warning"), "{said:?}");
    assert_eq!(place.ask(&["check", "--strict", "rules"]).status, Some(1));
    place.save("README.rules", "# nothing yet\n");
    let said = place.ask(&["check", "rules"]);
    assert!(
        said.out.contains("no file in the directory holds a rule"),
        "{said:?}"
    );
    let said = place.ask(&["check", "nowhere"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("nowhere does not exist"), "{said:?}");
}
