//! Addresses that got mail: a table that would refuse them is held back.

use std::fs;

use serde_json::Value;

use crate::program::{BASE, Place, Said, Serving, edits, message};

const RULES: &str = "\
company.com primary unknown=reject
domain2.com secondary
@domain2.com @company.com
jd@company.com mailbox
anna@company.com mailbox
postmaster@company.com mailbox abuse@domain2.com
";

fn without(text: &str) -> String {
    let kept = RULES.lines().filter(|line| !line.contains(text));
    kept.map(|line| format!("{line}\n")).collect()
}

/// Sends a message to anna in the secondary domain, and to an address that does not exist.
async fn mail(serving: &Serving<'_>, times: usize) {
    let mut client = serving.client().await;
    for _ in 0..times {
        let all = [
            "Anna@domain2.com",
            "nosuch@domain2.com",
            "x@elsewhere.example",
        ];
        let (_, end) = message(&mut client, "4b", &all).await;
        let edits = edits(&end);
        assert!(edits[1].starts_with("+<Anna@company.com>"), "{edits:?}");
    }
}

fn status(place: &Place) -> Value {
    let said = place.ask(&["status", "--json"]);
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// Returns the causes for which the table is held back, each with its sentence.
fn causes(place: &Place) -> Vec<(String, String)> {
    let status = status(place);
    let causes = status["last_reload"]["causes"].as_array();
    let text = |cause: &Value, key: &str| cause[key].as_str().unwrap().to_owned();
    let causes = causes.into_iter().flatten();
    causes
        .map(|one| (text(one, "cause"), text(one, "text")))
        .collect()
}

/// Saves rules, and asks for a reload.
fn save(place: &Place, text: &str) -> Said {
    place.save("a.rules", text);
    place.ask(&["reload"])
}

const SENTENCE: &str = "1 address that got mail in the last 30 days would change; 1 would be refused although no line says so: anna@domain2.com (2 messages)";

#[tokio::test]
async fn a_table_that_refuses_who_got_mail_is_held_until_it_is_allowed() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    mail(&serving, 2).await;
    let said = save(&place, &without("anna@"));
    assert_eq!(said.status, Some(3), "{said:?}");
    let held = [("refused-traffic".to_owned(), SENTENCE.to_owned())];
    assert_eq!(causes(&place), held);
    let log = place.logged("readdress accept ");
    for printed in [said.out, place.ask(&["status"]).out, log] {
        assert!(printed.contains(SENTENCE), "{printed}");
    }
    mail(&serving, 1).await;
    place.configure(&format!("{BASE}[traffic]\nmax_refused = 1\n"));
    place.logged("table: generation=2 ");
    place.logged("traffic: 1 address that got mail in the last 30 days fares differently");
}

#[tokio::test]
async fn an_accepted_table_goes_live() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    mail(&serving, 2).await;
    assert_eq!(save(&place, &without("anna@")).status, Some(3));
    let digest = status(&place)["last_reload"]["digest"].clone();
    let said = place.ask(&["accept", digest.as_str().unwrap()]);
    assert_eq!(said.status, Some(0), "{said:?}");
    place.logged("traffic: 1 address that got mail in the last 30 days fares differently");
    // The address is refused by now: another save takes nothing from it.
    let said = save(
        &place,
        &format!("{}carl@company.com mailbox\n", without("anna@")),
    );
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[tokio::test]
async fn a_line_that_refuses_is_never_held() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    mail(&serving, 2).await;
    for action in ["reject", "defer", "moved anna@partner.example"] {
        let said = save(&place, &format!("{RULES}anna@domain2.com {action}\n"));
        assert_eq!(said.status, Some(0), "{said:?}");
    }
    // Nobody got mail there.
    let said = save(&place, &without("jd@"));
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[tokio::test]
async fn a_domain_that_got_mail_and_is_in_no_rule_is_held() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&format!("{BASE}[traffic]\nmax_refused = 5\n"));
    let serving = place.serve();
    mail(&serving, 2).await;
    let said = save(&place, &without("domain2.com"));
    assert_eq!(said.status, Some(3), "{said:?}");
    let sentence = "domain2.com is neither primary nor secondary any more; 1 address there got mail in the last 30 days (2 messages)";
    let causes = causes(&place);
    let wanted = ("lost-traffic".to_owned(), sentence.to_owned());
    assert!(causes.contains(&wanted), "{causes:?}");
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    mail(&serving, 2).await;
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
    drop(serving);
    // While no daemon runs, `diff` says what the files would do.
    place.save("a.rules", &without("anna@"));
    let diff = place.ask(&["diff"]);
    let line = "of these, 1 got mail in the last 30 days; 1 would be refused: anna@domain2.com (2 messages)";
    diff.prints(&[line]);
    let serving = place.serve();
    assert_eq!(causes(&place)[0].1, SENTENCE);
    mail(&serving, 1).await;
    assert_eq!(status(&place)["snapshot"], 1);
}

#[tokio::test]
async fn where_the_log_hides_addresses_nothing_is_kept_and_nothing_shown() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    mail(&serving, 1).await;
    serving.signal("TERM", 1);
    serving.end();
    assert_eq!(traces(&place), 1);
    let before = place.log().len();
    place.configure(&format!("{BASE}[log]\naddresses = \"hash\"\n"));
    let mut serving = place.serve();
    assert_eq!(traces(&place), 0, "the file is removed");
    mail(&serving, 3).await;
    let said = save(&place, &without("anna@"));
    assert_eq!(said.status, Some(3), "{said:?}");
    let (cause, text) = causes(&place).remove(0);
    assert_eq!(cause, "refused-traffic");
    assert!(
        text.ends_with("although no line says so (3 messages)"),
        "{text}"
    );
    let log = place.logged("readdress accept ");
    for printed in [
        said.out,
        place.ask(&["status"]).out,
        log[before..].to_owned(),
    ] {
        assert!(!printed.to_lowercase().contains("anna"), "{printed}");
    }
    serving.signal("TERM", 1);
    serving.end();
    assert_eq!(traces(&place), 0);
}

/// Returns how many directories with remembered addresses there are.
fn traces(place: &Place) -> usize {
    let entries = fs::read_dir(place.join("state")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with("traffic-"))
        .count()
}

/// The file is damaged: that is said, and the daemon remembers anew.
#[tokio::test]
async fn a_damaged_file_is_said() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    mail(&serving, 1).await;
    serving.signal("TERM", 1);
    serving.end();
    let entries = fs::read_dir(place.join("state")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path().join("addresses"));
    let file = paths.find(|path| path.exists()).unwrap();
    fs::write(&file, "traffic 1 remember=5\n").unwrap();
    let serving = place.serve();
    place.logged("traffic: damaged: file=");
    assert_eq!(status(&place)["traffic"]["addresses"], 0);
    mail(&serving, 2).await;
    place.logs("it is counted", |_| {
        status(&place)["traffic"]["addresses"] == 1
    });
    let text = place.ask(&["status"]).out;
    assert!(
        text.contains("1 address got mail in the last 30 days, kept in the state directory"),
        "{text}"
    );
}
