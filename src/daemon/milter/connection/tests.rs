//! One connection, with an MTA that the test plays byte by byte.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use indymilter::{Actions, ProtoOpts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    task::JoinHandle,
};

use super::*;
use crate::daemon::{
    accept::Slots,
    milter::{
        Limits,
        filter::{Answer, Requests, Strings},
        macros::Macros,
        replies::Edits,
    },
};

const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
const MAIL: &[u8] = b"\0\0\0\x05M<s>\0";
const RCPT: &[u8] = b"\0\0\0\x05R<a>\0";
const END: &[u8] = b"\0\0\0\x01E";
const DELETION: &[u8] = b"\0\0\0\x05-<a>\0";
const CONTINUE: &[u8] = b"\0\0\0\x01c";

/// Deletes every recipient; panics at the end of a message if it is told to.
struct Deleting {
    count: usize,
    panics: bool,
}

impl Filter for Deleting {
    fn negotiate(&mut self, _: Actions, _: ProtoOpts) -> Option<Requests> {
        Some(Requests {
            actions: Actions::DELETE_RCPT,
            steps: ProtoOpts::NOREPLY_MAIL,
            macros: &[],
        })
    }

    fn mail(&mut self, _: Strings<'_>) -> Answer {
        Answer::Continue
    }

    fn rcpt(&mut self, _: Strings<'_>, _: &Macros) -> Answer {
        self.count += 1;
        Answer::Continue
    }

    fn header(&mut self, _: &[u8], _: &[u8]) {}

    async fn end(&mut self, _: &Macros, edits: &mut Edits<'_>, _: &mut TimeSlice) -> Answer {
        for _ in 0..self.count {
            edits.delete_recipient(b"<a>").unwrap();
        }
        assert!(!self.panics, "asked for by the test");
        Answer::Continue
    }

    fn abort(&mut self) {}
}

/// Serves one connection with this filter, in one of these slots.
async fn connect<F: Filter>(
    slots: &Arc<Slots>,
    limits: Limits,
    filter: F,
) -> (JoinHandle<()>, UnixStream) {
    let (ours, mta) = UnixStream::pair().unwrap();
    let slot = slots.take(Duration::ZERO).await.unwrap();
    let connection = Connection::new(Stream::Unix(ours), slot, ServerContext::new(limits), filter);
    (tokio::spawn(connection.run()), mta)
}

async fn serve(panics: bool) -> (Arc<Slots>, JoinHandle<()>, UnixStream) {
    let slots = Slots::new(10, Arc::default());
    let filter = Deleting { count: 0, panics };
    let (served, mta) = connect(&slots, Limits::default(), filter).await;
    (slots, served, mta)
}

/// Sends `bytes`, and reads all that comes at once.
async fn ask(mta: &mut UnixStream, bytes: &[u8]) -> Vec<u8> {
    mta.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 1024];
    let count = mta.read(&mut answer).await.unwrap();
    answer.truncate(count);
    answer
}

#[tokio::test]
async fn edits_and_verdict_are_one_write_with_the_replies_before_them() {
    let (slots, served, mut mta) = serve(false).await;
    assert_eq!(ask(&mut mta, OFFER).await.get(4), Some(&b'O'));
    let message = [MAIL, RCPT, RCPT, END].concat();
    let answer = ask(&mut mta, &message).await;
    let wanted = [CONTINUE, CONTINUE, DELETION, DELETION, CONTINUE].concat();
    assert_eq!(answer, wanted);
    mta.write_all(b"\0\0\0\x01Q").await.unwrap();
    served.await.unwrap();
    assert_eq!(slots.counters().open(), 0);
    assert_eq!(slots.counters().violations.load(Relaxed), 0);
}

#[tokio::test]
async fn a_death_between_edits_sends_none_of_them() {
    let (slots, served, mut mta) = serve(true).await;
    ask(&mut mta, OFFER).await;
    assert_eq!(ask(&mut mta, &[MAIL, RCPT].concat()).await, CONTINUE);
    mta.write_all(END).await.unwrap();
    let mut all = Vec::new();
    mta.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, b"");
    assert!(served.await.unwrap_err().is_panic());
    assert_eq!(slots.counters().open(), 0);
}

#[tokio::test]
async fn what_came_before_a_violation_is_answered() {
    let (slots, served, mut mta) = serve(false).await;
    ask(&mut mta, OFFER).await;
    let broken = [MAIL, RCPT, b"\0\0\0\x03R<a"].concat();
    assert_eq!(ask(&mut mta, &broken).await, CONTINUE);
    served.await.unwrap();
    assert_eq!(slots.counters().violations.load(Relaxed), 1);
}

#[tokio::test]
async fn a_packet_in_pieces_is_waited_for() {
    let (_slots, _served, mut mta) = serve(false).await;
    for byte in &OFFER[..OFFER.len() - 1] {
        mta.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
        assert!(mta.try_read(&mut [0; 8]).is_err(), "answered too early");
    }
    let answer = ask(&mut mta, &OFFER[OFFER.len() - 1..]).await;
    assert_eq!(answer.get(4), Some(&b'O'));
}

#[tokio::test(start_paused = true)]
async fn two_hours_of_silence_are_patience_enough() {
    let (slots, served, mut mta) = serve(false).await;
    ask(&mut mta, OFFER).await;
    let start = tokio::time::Instant::now();
    served.await.unwrap();
    assert!(start.elapsed() >= Limits::default().idle);
    assert_eq!(slots.counters().timed_out.load(Relaxed), 1);
}

/// A filter whose edits of each message have 32 KiB.
struct LargeEdits(Arc<std::sync::atomic::AtomicUsize>);

impl Filter for LargeEdits {
    fn negotiate(&mut self, _: Actions, _: ProtoOpts) -> Option<Requests> {
        Some(Requests {
            actions: Actions::DELETE_RCPT,
            steps: ProtoOpts::NOREPLY_MAIL,
            macros: &[],
        })
    }

    fn mail(&mut self, _: Strings<'_>) -> Answer {
        Answer::Continue
    }

    fn rcpt(&mut self, _: Strings<'_>, _: &Macros) -> Answer {
        Answer::Continue
    }

    fn header(&mut self, _: &[u8], _: &[u8]) {}

    async fn end(&mut self, _: &Macros, edits: &mut Edits<'_>, _: &mut TimeSlice) -> Answer {
        self.0.fetch_add(1, Relaxed);
        edits.delete_recipient(&[b'a'; 32 * 1024]).unwrap();
        Answer::Continue
    }

    fn abort(&mut self) {}
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_not_worked_for() {
    const MESSAGES: usize = 200;
    let slots = Slots::new(10, Arc::default());
    let ends = Arc::default();
    let filter = LargeEdits(Arc::clone(&ends));
    let (served, mut mta) = connect(&slots, Limits::default(), filter).await;
    ask(&mut mta, OFFER).await;
    mta.write_all(&[MAIL, RCPT, END].concat().repeat(MESSAGES))
        .await
        .unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // What the buffer of the socket takes, and what waits beside it.
    assert!(ends.load(Relaxed) < 50, "{ends:?} messages were decided");
    mta.shutdown().await.unwrap();
    let mut all = Vec::new();
    mta.read_to_end(&mut all).await.unwrap();
    served.await.unwrap();
    assert_eq!(ends.load(Relaxed), MESSAGES);
    let one = 2 * CONTINUE.len() + 32 * 1024 + b"\0\0\0\0-\0".len();
    assert_eq!(all.len(), MESSAGES * one);
}

/// Returns true if a connection at the limit is served while this one, which has sent `said`, is open.
async fn gives_way(said: &[u8], idle: Duration) -> bool {
    let limits = Limits {
        handshake: Duration::from_secs(7200),
        ..Limits::default()
    };
    let slots = Slots::new(1, Arc::default());
    let filter = Deleting {
        count: 0,
        panics: false,
    };
    let (served, mut mta) = connect(&slots, limits, filter).await;
    if !said.is_empty() {
        ask(&mut mta, said).await;
    }
    tokio::time::sleep(idle).await;
    let taken = slots.take(Duration::ZERO).await.is_some();
    assert_eq!(served.is_finished(), taken);
    taken
}

#[tokio::test(start_paused = true)]
async fn the_silent_give_way_and_messages_do_not() {
    let long = GRACE + Duration::from_secs(1);
    assert!(!gives_way(b"", FIRST_GRACE / 2).await);
    assert!(gives_way(b"", FIRST_GRACE).await, "it has said nothing");
    assert!(!gives_way(OFFER, GRACE / 2).await, "an MTA waits for mail");
    assert!(gives_way(OFFER, long).await);
    assert!(!gives_way(&[OFFER, MAIL, RCPT].concat(), long).await);
    assert!(gives_way(&[OFFER, MAIL, RCPT, END].concat(), long).await);
}
