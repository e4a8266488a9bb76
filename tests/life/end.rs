//! The end of the daemon: it takes no new connections, rewrites the messages under way, and leaves no file behind.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use readdress::mta::{ClientError, MilterClient, Offer, Reply};
use tokio::time::sleep;

use crate::program::{BASE, Place, RULES, edits, message, rcpt};

/// Waits until no process listens at the path of the milter.
async fn closed(place: &Place) {
    let end = Instant::now() + Duration::from_secs(5);
    while UnixStream::connect(place.join("milter.sock")).is_ok() {
        assert!(Instant::now() < end, "it still listens\n{}", place.log());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_message_under_way_ends_rewritten() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let mut busy = serving.client().await;
    let mut idle = serving.client().await;
    message(&mut idle, "4a", &["jd@domain2.com"]).await;
    busy.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    assert_eq!(
        rcpt(&mut busy, "4b", "jd@domain2.com").await,
        Reply::Continue
    );

    serving.signal("TERM", 1);
    place.logged("stopping: ");
    closed(&place).await;
    assert!(matches!(idle.read_packet().await, Err(ClientError::Closed)));
    assert_eq!(serving.ended(), None, "a message is under way");

    let second = rcpt(&mut busy, "4b", "sales@domain2.com").await;
    assert_eq!(second, Reply::Continue);
    let refused = rcpt(&mut busy, "4b", "leaked@domain2.com").await;
    assert_eq!(refused, Reply::Code("550 5.1.1 No such user".into()));
    let end = busy.end_of_message(&[("i", "4b")]).await.unwrap();
    let edits = edits(&end);
    assert_eq!(edits[..2], ["-<jd@domain2.com>", "-<sales@domain2.com>"]);
    assert_eq!(edits.len(), 5, "{edits:?}");
    assert_eq!(end.verdict, Reply::Continue);
    // The connection ends, and the daemon with it.
    assert!(matches!(busy.read_packet().await, Err(ClientError::Closed)));
    assert_eq!(serving.end().code(), Some(0));
    for socket in ["milter.sock", "control.sock"] {
        assert!(!place.join(socket).exists(), "{socket} is left");
    }
    let log = place.log();
    assert!(log.contains("4b: orig_to=<sales@domain2.com>"), "{log}");
    assert!(log.trim_end().ends_with(" stopped"), "{log}");
}

#[test]
fn interrupt_and_terminate_end_an_idle_daemon() {
    for signal in ["TERM", "INT"] {
        let place = Place::new(&[("a.rules", RULES)]);
        let mut serving = place.serve();
        serving.signal(signal, 1);
        assert_eq!(serving.end().code(), Some(0), "{signal}");
        assert!(!place.join("milter.sock").exists(), "{signal}");
    }
}

/// A message that never ends delays the end of the daemon by the `drain` time and no longer.
#[tokio::test]
async fn the_drain_has_an_end() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&BASE.replace("[control]", "drain = \"500ms\"\n[control]"));
    let mut serving = place.serve();
    let mut client = serving.client().await;
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    assert_eq!(
        rcpt(&mut client, "4b", "jd@domain2.com").await,
        Reply::Continue
    );
    serving.signal("TERM", 1);
    place.logged("stopping: ");
    // The connection is closed without an answer: the MTA defers the message.
    assert!(matches!(
        client.read_packet().await,
        Err(ClientError::Closed)
    ));
    assert_eq!(serving.end().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&BASE.replace("[control]", "drain = \"10m\"\n[control]"));
    let mut serving = place.serve();
    let mut client = serving.client().await;
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    rcpt(&mut client, "4b", "jd@domain2.com").await;
    serving.signal("TERM", 1);
    place.logged("stopping: ");
    assert_eq!(serving.ended(), None);
    serving.signal("TERM", 1);
    assert!(!serving.end().success(), "messages were cut");
}

/// An MTA goes on connecting during a restart: the new daemon takes the path over.
#[tokio::test]
async fn the_next_daemon_serves_at_the_same_path() {
    let place = Place::new(&[("a.rules", RULES)]);
    for round in 1..=3 {
        let mut serving = place.serve();
        let mut client = MilterClient::connect(&place.socket(), Offer::default())
            .await
            .unwrap();
        let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
        assert_eq!(edits(&end).len(), 2, "round {round}");
        serving.signal("TERM", 1);
        assert_eq!(serving.end().code(), Some(0), "round {round}");
    }
}
