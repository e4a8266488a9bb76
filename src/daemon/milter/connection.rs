//! One connection of an MTA, from the accept to its end: one task, and one write a round trip.
//!
//! Everything that has arrived is handled before anything is sent, though not at a stretch (`turn`). So the edits of a message and its
//! answer are in one `write`, and if the session dies between them, none of them is sent.
//!
//! | why a connection ends | log, gauge |
//! |---|---|
//! | the MTA closed it, or sent `Q` | |
//! | no milter protocol ([`Violation`]) | warning, `violations` |
//! | too slow: handshake, rest of a packet, next packet, reading our replies | warning, `timed_out` |
//! | it was idle, and another one needs its place | warning, `timed_out` |
//! | a drain or its deadline | |
//!
//! # Limits
//!
//! No further message is decided before less than [`MAX_UNSENT`] bytes are left that the MTA has not read. The
//! edits of one message are bounded in `message`.
//!
//! An answer larger than the socket's buffer needs more than one `write`, because the kernel takes
//! only part of it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Instant,
};

use super::{
    deadline::{Deadline, Wait},
    dialogue::{Dialogue, Next},
    drain::{Admission, Phase, PhaseWatch},
    filter::Filter,
    frames::{Incoming, Violation},
    peer::Peer,
    replies::Replies,
    turn::Turn,
};
use crate::daemon::record;

/// How much is read at once: many packets of an MTA.
const READ: usize = 8192;

/// Bytes of replies that may wait for the MTA to read, when a further command is handled.
const MAX_UNSENT: usize = 64 * 1024;

/// How long a connection may say nothing before it has to give way to others at the limit: an MTA that
/// waits for the next message of a session needs it.
pub const GRACE: Duration = Duration::from_secs(300);

/// The same for one that has not begun the protocol.
const FIRST_GRACE: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The MTA closed it, or it broke.
    Peer,
    /// What came is no milter protocol.
    Violation(Violation),
    /// Something did not happen in time.
    Timeout(Wait),
    /// It was idle, and another one needs its place.
    GivesWay,
    /// Ours to end: drain or deadline.
    Shutdown,
}

/// One connection.
pub struct Connection<F> {
    peer: Peer,
    incoming: Incoming,
    replies: Replies,
    dialogue: Dialogue<F>,
    deadline: Deadline,
    phase: PhaseWatch,
    admission: Admission,
    /// Commands have arrived that were not handled yet.
    behind: bool,
    /// The protocol had not begun when it was waited for last.
    silent: bool,
}

impl<F: Filter> Connection<F> {
    /// Serves `peer`; the time for the handshake runs from now on.
    pub fn new(peer: Peer, admission: Admission, filter: F) -> Self {
        peer.tune();
        admission.place().stay();
        admission.place().idle_from(Instant::now() + FIRST_GRACE);
        let connections = admission.shared();
        Self {
            behind: false,
            silent: true,
            incoming: Incoming::default(),
            replies: Replies::default(),
            dialogue: Dialogue::new(filter),
            deadline: Deadline::new(Wait::Handshake, connections.limits.handshake),
            phase: connections.phase(),
            peer,
            admission,
        }
    }

    /// Talks until it ends, and tells the log why, if that is worth a line.
    pub async fn run(mut self) {
        let end = loop {
            let handled = self.handle().await;
            if let Err(end) = poll_fn(|cx| self.poll_send(cx)).await {
                break end;
            }
            match handled {
                Ok(true) => {}
                Ok(false) => break End::Peer,
                Err(violation) => break End::Violation(violation),
            }
            if self.behind {
                continue;
            }
            if let Err(end) = poll_fn(|cx| self.poll_fill(cx)).await {
                break end;
            }
        };
        self.tell(end);
        // Whoever has gone does not hear it.
        let _ = self.peer.shutdown().await;
    }

    /// Answers every command that has arrived whole, as long as the MTA reads. Returns false if the
    /// conversation is over.
    async fn handle(&mut self) -> Result<bool, Violation> {
        let mut turn = Turn::begin();
        self.behind = true;
        while self.replies.unsent().len() < MAX_UNSENT {
            let Some(frame) = self.incoming.next()? else {
                self.behind = false;
                self.incoming.rest();
                break;
            };
            self.deadline.met();
            match self.dialogue.command(frame, &mut self.replies)? {
                Next::Command => {}
                // Apart, so that a connection that waits does not hold the space for it.
                Next::EndOfMessage => {
                    Box::pin(self.dialogue.end(&mut self.replies, &mut turn)).await;
                }
                Next::End => return Ok(false),
            }
            turn.give_way().await;
        }
        Ok(true)
    }

    /// Sends what was gathered.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        while !self.replies.unsent().is_empty() {
            match Pin::new(&mut self.peer).poll_write(cx, self.replies.unsent()) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.replies.sent(count);
                    self.deadline.met();
                }
                Poll::Ready(_) => return Poll::Ready(Err(End::Peer)),
                Poll::Pending => {
                    let time = self.admission.shared().limits.packet;
                    self.deadline.wait_for(Wait::Write, time);
                    ready!(self.deadline.poll(cx));
                    return Poll::Ready(Err(End::Timeout(Wait::Write)));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads more. The octets lie on the stack of this call, so that a connection that waits
    /// keeps no buffer.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            if self.phase.now() == Phase::Closing {
                return Poll::Ready(Err(End::Shutdown));
            }
            let mut space = [0; READ];
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut self.peer).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.peer.acknowledge_quickly();
                    self.incoming.push(buf.filled());
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(_) => return Poll::Ready(Err(End::Peer)),
                Poll::Pending => {}
            }
            if self.is_over() {
                return Poll::Ready(Err(End::Shutdown));
            }
            ready!(self.poll_late(cx))?;
        }
    }

    /// Whether the phase allows no further packet.
    fn is_over(&self) -> bool {
        // What has begun to arrive is not cut off: it may be a message.
        self.phase.now() == Phase::Draining
            && !self.dialogue.in_transaction()
            && !self.incoming.has_begun()
    }

    /// Waits for the deadline of what is missing, or for a new phase.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
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
            return Poll::Ready(Err(End::Timeout(wait)));
        }
        let place = self.admission.place();
        if self.incoming.is_negotiated() {
            let begins = std::mem::take(&mut self.silent);
            let in_message = self.dialogue.in_transaction() || self.incoming.has_begun();
            if begins || in_message {
                place.stay();
            }
            if !in_message {
                place.idle_from(Instant::now() + GRACE);
            }
        }
        if place.poll_asked(cx).is_ready() {
            return Poll::Ready(Err(End::GivesWay));
        }
        self.phase.poll_changed(cx).map(Ok)
    }

    /// Tells the log and the gauges why it ends.
    fn tell(&self, end: End) {
        let shared = self.admission.shared();
        let gauges = &shared.gauges;
        let (counter, rate_limit, why) = match end {
            End::Peer | End::Shutdown => return,
            End::Timeout(wait) => (
                &gauges.timed_out,
                &shared.timeouts,
                format!("{wait} in time"),
            ),
            End::GivesWay => (
                &gauges.timed_out,
                &shared.timeouts,
                "it was idle, and another one needed its place".to_owned(),
            ),
            End::Violation(violation) => (
                &gauges.violations,
                &shared.violations,
                violation.to_string(),
            ),
        };
        counter.fetch_add(1, Relaxed);
        if let Some(held) = rate_limit.release() {
            record::connection_closed(&self.peer.name(), &why, held);
        }
    }
}

#[cfg(test)]
mod tests;
