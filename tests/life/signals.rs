//! Signals: HUP reads configuration and rules again; of all other signals, only TERM and INT end the daemon.

use std::fs;
use std::time::Duration;

use crate::program::{BASE, Place, RULES, edits, message};

const CARL: &str = "carl@company.com mailbox carol@domain2.com\n";

#[tokio::test]
async fn a_hangup_reads_rules_and_configuration() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    place.save("b.rules", CARL);
    place.configure(&format!("mode = \"observe\"\n{BASE}"));
    serving.signal("HUP", 1);
    place.logged("table: generation=2 ");
    place.logged("configuration: changed file is in force");
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["carol@domain2.com"]).await;
    assert_eq!(edits(&end), [""; 0], "observed only");
    place.logged("orig_to=<carol@domain2.com> to=<carl@company.com>");
}

/// Without a change the generation stays. The log says that the files were read, and only the signal can be the reason.
#[test]
fn a_hangup_without_a_change_is_no_new_generation() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = place.serve();
    let file = fs::File::options()
        .append(true)
        .open(place.join("rules/a.rules"));
    file.unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    serving.signal("HUP", 1);
    place.logged("table unchanged: generation=1");
    for _ in 0..5 {
        serving.signal("HUP", 1);
        assert_eq!(place.ask(&["reload"]).status, Some(0));
    }
    let log = place.log();
    assert_eq!(log.matches("table: generation=").count(), 1, "{log}");
}

#[tokio::test]
async fn no_other_signal_ends_the_daemon() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let mut client = serving.client().await;
    for signal in ["HUP", "USR1", "USR2", "PIPE", "ALRM", "QUIT", "IO"] {
        serving.signal(signal, 3);
        let (_, end) = message(&mut client, signal, &["jd@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2, "{signal}");
        assert_eq!(serving.ended(), None, "{signal}");
    }
    drop(client);
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0), "it ended by a signal before");
}

/// Many signals become a few reloads; mail goes on, and a change that comes meanwhile is found.
#[tokio::test]
async fn a_storm_of_hangups_is_weathered() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let mut client = serving.client().await;
    let storm = {
        let pid = serving.pid().to_string();
        tokio::task::spawn_blocking(move || {
            let script = "i=0; while [ $i -lt 2000 ]; do kill -HUP $1 || exit; i=$((i+1)); done";
            let mut command = std::process::Command::new("sh");
            command.args(["-c", script, "sh", &pid]).status().unwrap()
        })
    };
    let mut messages = 0;
    while !storm.is_finished() || messages < 20 {
        let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2);
        messages += 1;
        tokio::task::yield_now().await;
    }
    assert!(storm.await.unwrap().success());
    place.save("b.rules", CARL);
    serving.signal("HUP", 1);
    place.logged("table: generation=2 ");
    assert_eq!(serving.ended(), None);
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0));
}

/// A reload and a stop are requested at the same time: the daemon stops, in order.
#[test]
fn a_stop_during_reloads_is_a_stop() {
    for _ in 0..5 {
        let place = Place::new(&[("a.rules", RULES)]);
        let mut serving = place.serve();
        place.save("b.rules", CARL);
        serving.signal("HUP", 50);
        serving.signal("TERM", 1);
        assert_eq!(serving.end().code(), Some(0), "{}", place.log());
        assert!(!place.log().contains("panicked"), "{}", place.log());
    }
}

/// A reload that is requested happens although the directory is never quiet.
#[test]
fn a_hangup_does_not_wait_for_a_quiet_that_never_comes() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&BASE.replace("20ms", "400ms").replace("500ms", "1s"));
    let serving = place.serve();
    place.save("b.rules", CARL);
    serving.signal("HUP", 1);
    let started = std::time::Instant::now();
    while !place.log().contains("table: generation=2 ") {
        // A file that changes all the time, and that is not a rules file.
        fs::write(
            place.join("rules/.noise"),
            format!("{:?}", started.elapsed()),
        )
        .unwrap();
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{}",
            place.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
