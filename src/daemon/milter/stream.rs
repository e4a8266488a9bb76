//! What indymilter reads and writes through.
//!
//! In one direction whole packets, one at a time; in the other one `write` for
//! each round trip, although indymilter flushes every reply: a flush is only
//! noted, and what was gathered leaves when the session asks for input that is
//! not there yet, or ends. So all edits of a message and its verdict are in one
//! `write`, and if the session dies between them, none of them is sent.
//!
//! A connection ends, for indymilter, by an end of file:
//!
//! | why | log, gauge |
//! |---|---|
//! | the MTA closed, or sent `Q` | |
//! | no milter protocol ([`Violation`]), or indymilter gave up on a command | warning, `violations` |
//! | too slow: handshake, rest of a packet, next packet, reading our replies | warning, `timed_out` |
//! | a drain or its deadline | |
//!
//! # Limits
//!
//! - Replies are gathered up to [`GATHER_LIMIT`]; a larger answer leaves in pieces.
//! - An answer larger than the socket's buffer needs more than one `write`,
//!   because the kernel takes only part of it.

use super::deadline::{Deadline, Wait};
use super::dialogue::Dialogue;
use super::drain::{Admission, Phase, PhaseWatch};
use super::frames::{Incoming, Outgoing, Violation};
use super::peer::Peer;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Replies that wait beyond this are sent before their round trip ends. The
/// edits of a message with a thousand recipients of the greatest length fit.
pub const GATHER_LIMIT: usize = 4 << 20;

/// How much is read at once: many packets of an MTA.
const READ: usize = 4096;

/// Why a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The MTA closed it, or it broke.
    Peer,
    Violation(Violation),
    /// indymilter closed it in the middle: a payload it cannot read, or a panic.
    Session,
    Timeout(Wait),
    /// Ours to end: drain or deadline.
    Shutdown,
}

/// One connection, between an MTA and indymilter.
pub struct MilterStream {
    peer: Peer,
    incoming: Incoming,
    outgoing: Outgoing,
    dialogue: Dialogue,
    deadline: Deadline,
    phase: PhaseWatch,
    ended: Option<End>,
    admission: Admission,
}

impl MilterStream {
    /// Serves `peer`; the time for the handshake runs from now on.
    pub fn new(peer: Peer, admission: Admission) -> Self {
        peer.tune();
        let connections = admission.shared();
        Self {
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            dialogue: Dialogue::default(),
            deadline: Deadline::new(Wait::Handshake, connections.limits.handshake),
            phase: connections.phase(),
            ended: None,
            peer,
            admission,
        }
    }

    /// Ends the connection and tells the log why, if it is worth a line.
    fn end(&mut self, end: End) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(end);
        let shared = self.admission.shared();
        let gauges = &shared.gauges;
        let (counter, brake, why) = match end {
            End::Peer | End::Shutdown => return,
            End::Timeout(wait) => (
                &gauges.timed_out,
                &shared.timeouts,
                format!("{wait} in time"),
            ),
            End::Violation(violation) => (
                &gauges.violations,
                &shared.violations,
                violation.to_string(),
            ),
            End::Session => (
                &gauges.violations,
                &shared.violations,
                "a command could not be handled".to_owned(),
            ),
        };
        counter.fetch_add(1, Relaxed);
        if let Some(held) = brake.release() {
            tracing::warn!(peer = %self.peer.name(), held, "milter connection closed: {why}");
        }
    }

    /// Sends what was gathered. Ready when all of it is gone or the connection
    /// has ended.
    fn poll_push(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.outgoing.unsent().is_empty() {
            match Pin::new(&mut self.peer).poll_write(cx, self.outgoing.unsent()) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.outgoing.sent(count);
                    self.deadline.met();
                }
                Poll::Ready(_) => {
                    self.end(End::Peer);
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    let time = self.admission.shared().limits.packet;
                    self.deadline.wait_for(Wait::Write, time);
                    ready!(self.deadline.poll(cx));
                    self.end(End::Timeout(Wait::Write));
                    return Poll::Ready(());
                }
            }
        }
        Poll::Ready(())
    }

    /// Whether the phase allows no further packet.
    fn is_over(&self) -> bool {
        match self.phase.now() {
            Phase::Serving => false,
            // What has begun to arrive is not cut off: it may be a message.
            Phase::Draining => !self.dialogue.in_transaction() && !self.incoming.has_begun(),
            Phase::Closing => true,
        }
    }

    /// Reads more. Ready when there is something to look at or the connection
    /// has ended.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; READ];
        let mut buf = ReadBuf::new(&mut space);
        match Pin::new(&mut self.peer).poll_read(cx, &mut buf) {
            Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                self.peer.acknowledge_quickly();
                self.incoming.push(buf.filled());
                return Poll::Ready(());
            }
            Poll::Ready(_) => {
                self.end(End::Peer);
                return Poll::Ready(());
            }
            Poll::Pending => {}
        }
        if self.is_over() {
            self.end(End::Shutdown);
            return Poll::Ready(());
        }
        self.poll_late(cx)
    }

    /// Waits for the deadline of what is missing, or for a new phase.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limits = &self.admission.shared().limits;
        let (wait, time) = if !self.incoming.is_negotiated() {
            (Wait::Handshake, limits.handshake)
        } else if self.incoming.has_begun() {
            (Wait::Packet, limits.packet)
        } else {
            (Wait::Idle, limits.idle)
        };
        self.deadline.wait_for(wait, time);
        if self.deadline.poll(cx).is_ready() {
            self.end(End::Timeout(wait));
            return Poll::Ready(());
        }
        self.phase.poll_changed(cx)
    }

    /// Goes on to the next whole packet. Ready when there is one to hand on or
    /// the connection has ended.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The session asks, so it is done with everything it was given.
        self.dialogue.asks_for_more();
        while self.ended.is_none() && self.incoming.ready().is_empty() {
            if self.phase.now() == Phase::Closing {
                ready!(self.poll_push(cx));
                self.end(End::Shutdown);
                break;
            }
            match self.incoming.advance() {
                Ok(Some(letter)) => {
                    self.dialogue.command(letter);
                    self.deadline.met();
                }
                Ok(None) => {
                    ready!(self.poll_push(cx));
                    if self.ended.is_none() {
                        ready!(self.poll_fill(cx));
                    }
                }
                Err(violation) => {
                    ready!(self.poll_push(cx));
                    self.end(End::Violation(violation));
                }
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for MilterStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.incoming.ready().is_empty() {
            ready!(this.poll_next(cx));
        }
        if this.ended.is_none() {
            let ready = this.incoming.ready();
            let count = ready.len().min(buf.remaining());
            buf.put_slice(ready.get(..count).unwrap_or_default());
            this.incoming.handed(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MilterStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.outgoing.unsent().len() > GATHER_LIMIT {
            ready!(this.poll_push(cx));
        }
        if this.ended.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let dialogue = &mut this.dialogue;
        this.outgoing.append(buf, |letter| dialogue.reply(letter));
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.outgoing.is_only_progress() {
            // Whether it went is seen at the next read.
            let _ = this.poll_push(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended.is_none() {
            this.outgoing.drop_unsettled();
            ready!(this.poll_push(cx));
            if this.phase.now() == Phase::Closing || this.dialogue.has_quit() {
                this.end(End::Peer);
            }
            this.end(End::Session);
        }
        Pin::new(&mut this.peer).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::super::drain::Connections;
    use super::super::gauges::Gauges;
    use super::super::limits::Limits;
    use super::*;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
    const DELETION: &[u8] = b"\0\0\0\x05-<a>\0";
    const CONTINUE: &[u8] = b"\0\0\0\x01c";
    const PROGRESS: &[u8] = b"\0\0\0\x01p";

    fn pair() -> (Arc<Connections>, MilterStream, UnixStream) {
        let connections = Connections::new(Limits::default(), Arc::<Gauges>::default());
        let (ours, mta) = UnixStream::pair().unwrap();
        let admission = connections.admit().unwrap();
        let stream = MilterStream::new(Peer::Unix(ours), admission);
        (connections, stream, mta)
    }

    /// What the MTA can read right now.
    fn arrived(mta: &UnixStream) -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        let count = mta.try_read(&mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }

    #[tokio::test]
    async fn replies_wait_for_the_end_of_the_round_trip() {
        let (_connections, mut stream, mut mta) = pair();
        for bytes in [DELETION, DELETION, CONTINUE] {
            stream.write_all(bytes).await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(arrived(&mta), b"");
        }
        mta.write_all(&OFFER[..3]).await.unwrap();
        let mut buffer = [0; 64];
        tokio::select! {
            biased;
            _ = stream.read(&mut buffer) => panic!("a packet was handed on in part"),
            () = tokio::task::yield_now() => {}
        }
        mta.readable().await.unwrap();
        assert_eq!(arrived(&mta), [DELETION, DELETION, CONTINUE].concat());
        mta.write_all(&OFFER[3..]).await.unwrap();
        let count = stream.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], OFFER);
    }

    #[tokio::test]
    async fn a_sign_of_life_leaves_at_once_but_takes_no_edits_along() {
        let (_connections, mut stream, mta) = pair();
        stream.write_all(PROGRESS).await.unwrap();
        stream.flush().await.unwrap();
        mta.readable().await.unwrap();
        assert_eq!(arrived(&mta), PROGRESS);
        stream
            .write_all(&[DELETION, PROGRESS].concat())
            .await
            .unwrap();
        stream.flush().await.unwrap();
        assert_eq!(arrived(&mta), b"");
    }

    #[tokio::test]
    async fn an_end_between_edits_sends_none_of_them() {
        let (connections, mut stream, mut mta) = pair();
        stream
            .write_all(&[CONTINUE, DELETION].concat())
            .await
            .unwrap();
        stream.shutdown().await.unwrap();
        drop(stream);
        let mut all = Vec::new();
        mta.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, CONTINUE);
        assert_eq!(connections.gauges.violations.load(Relaxed), 1);
        assert_eq!(connections.gauges.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn two_hours_of_silence_are_patience_enough() {
        let (connections, mut stream, mut mta) = pair();
        mta.write_all(OFFER).await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), OFFER.len());
        let start = tokio::time::Instant::now();
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
        assert!(start.elapsed() >= connections.limits.idle);
        assert_eq!(connections.gauges.timed_out.load(Relaxed), 1);
    }
}
