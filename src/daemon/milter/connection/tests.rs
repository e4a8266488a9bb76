//! One connection with an MTA played octet by octet.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use indymilter::{Actions, ProtoOpts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    task::JoinHandle,
};

use super::*;
use crate::daemon::milter::{
    Gauges, Limits,
    drain::Connections,
    filter::{Answer, Strings, Wanted},
    macros::Macros,
    replies::Edits,
};

const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
const MAIL: &[u8] = b"\0\0\0\x05M<s>\0";
const RCPT: &[u8] = b"\0\0\0\x05R<a>\0";
const END: &[u8] = b"\0\0\0\x01E";
const DELETION: &[u8] = b"\0\0\0\x05-<a>\0";
const CONTINUE: &[u8] = b"\0\0\0\x01c";

/// Deletes every recipient; dies at the end of a message in the way that it is told to.
struct Deleting {
    count: usize,
    dies: bool,
}

impl Filter for Deleting {
    fn negotiate(&mut self, _: Actions, _: ProtoOpts) -> Option<Wanted> {
        Some(Wanted {
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

    async fn end(&mut self, _: &Macros, edits: &mut Edits<'_>, _: &mut Turn) -> Answer {
        for _ in 0..self.count {
            edits.delete_recipient(b"<a>").unwrap();
        }
        assert!(!self.dies, "asked for by the test");
        Answer::Continue
    }

    fn abort(&mut self) {}
}

fn serve(dies: bool) -> (Arc<Connections>, JoinHandle<()>, UnixStream) {
    let connections = Connections::new(Limits::default(), Arc::<Gauges>::default());
    let (ours, mta) = UnixStream::pair().unwrap();
    let admission = connections.admit().unwrap();
    let filter = Deleting { count: 0, dies };
    let connection = Connection::new(Peer::Unix(ours), admission, filter);
    (connections, tokio::spawn(connection.run()), mta)
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
    let (connections, served, mut mta) = serve(false);
    assert_eq!(ask(&mut mta, OFFER).await.get(4), Some(&b'O'));
    let message = [MAIL, RCPT, RCPT, END].concat();
    let answer = ask(&mut mta, &message).await;
    let wanted = [CONTINUE, CONTINUE, DELETION, DELETION, CONTINUE].concat();
    assert_eq!(answer, wanted);
    mta.write_all(b"\0\0\0\x01Q").await.unwrap();
    served.await.unwrap();
    assert_eq!(connections.gauges.open(), 0);
    assert_eq!(connections.gauges.violations.load(Relaxed), 0);
}

#[tokio::test]
async fn a_death_between_edits_sends_none_of_them() {
    let (connections, served, mut mta) = serve(true);
    ask(&mut mta, OFFER).await;
    assert_eq!(ask(&mut mta, &[MAIL, RCPT].concat()).await, CONTINUE);
    mta.write_all(END).await.unwrap();
    let mut all = Vec::new();
    mta.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, b"");
    assert!(served.await.unwrap_err().is_panic());
    assert_eq!(connections.gauges.open(), 0);
}

#[tokio::test]
async fn what_came_before_a_violation_is_answered() {
    let (connections, served, mut mta) = serve(false);
    ask(&mut mta, OFFER).await;
    let broken = [MAIL, RCPT, b"\0\0\0\x03R<a"].concat();
    assert_eq!(ask(&mut mta, &broken).await, CONTINUE);
    served.await.unwrap();
    assert_eq!(connections.gauges.violations.load(Relaxed), 1);
}

#[tokio::test]
async fn a_packet_in_pieces_is_waited_for() {
    let (_connections, _served, mut mta) = serve(false);
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
    let (connections, served, mut mta) = serve(false);
    ask(&mut mta, OFFER).await;
    let start = tokio::time::Instant::now();
    served.await.unwrap();
    assert!(start.elapsed() >= connections.limits.idle);
    assert_eq!(connections.gauges.timed_out.load(Relaxed), 1);
}
