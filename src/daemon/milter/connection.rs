//! One connection of an MTA, from the accept to its end: one task, and one write a round trip.
//!
//! The connection handles everything that has arrived before it sends anything, with stops for the other
//! connections of the thread. So the edits of a message and its answer go out in one `write`, and if the session
//! fails between them, none of them is sent.
//!
//! | why a connection ends | log line, counter |
//! |---|---|
//! | the MTA closed it, or sent `Q` | |
//! | what came is not the milter protocol ([`Violation`]) | warning, `violations` |
//! | the MTA was too slow: handshake, rest of a packet, next packet, reading replies | warning, `timed_out` |
//! | the connection was idle, and another one needed its slot | warning, `timed_out` |
//! | the daemon stops | |
//!
//! # Limits
//!
//! The connection decides no further message while the MTA has not read [`MAX_UNSENT`] or more bytes of replies.
//! `session` limits the edits of one message.
//!
//! An answer larger than the socket's buffer needs more than one `write`, because the kernel takes only part
//! of it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Instant,
};

use super::{
    context::ServerContext,
    deadline::{Deadline, Wait},
    dialogue::{Dialogue, Next},
    drain::{Phase, PhaseWatch},
    filter::Filter,
    frames::{Incoming, Violation},
    replies::Replies,
};
use crate::daemon::{accept::Slot, listen::Stream, record, time_slice::TimeSlice};

/// How many bytes are read at once: many packets of an MTA.
const READ: usize = 8192;

/// How many bytes of replies may wait for the MTA when a further command is handled.
const MAX_UNSENT: usize = 64 * 1024;

/// How long a connection may be idle before it has to give way to a new one at the limit. An MTA that waits for
/// the next message of a session needs this time.
pub const GRACE: Duration = Duration::from_secs(300);

/// How long a connection that has not begun the protocol may be idle before it has to give way.
const FIRST_GRACE: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The MTA closed the connection, or the connection broke.
    Peer,
    /// What came is not the milter protocol.
    Violation(Violation),
    /// Something did not happen in time.
    Timeout(Wait),
    /// The connection was idle, and a new connection needs its slot.
    GivesWay,
    /// The daemon stops.
    Shutdown,
}

/// One connection.
pub struct Connection<F> {
    stream: Stream,
    incoming: Incoming,
    replies: Replies,
    dialogue: Dialogue<F>,
    deadline: Deadline,
    phase: PhaseWatch,
    slot: Slot,
    shared: Arc<ServerContext>,
    /// True if commands have arrived that were not handled yet.
    behind: bool,
    /// True if the protocol had not begun when the connection waited last.
    silent: bool,
}

impl<F: Filter> Connection<F> {
    /// Makes a connection. The time for the handshake runs from now on.
    pub fn new(stream: Stream, slot: Slot, shared: Arc<ServerContext>, filter: F) -> Self {
        stream.acknowledge_quickly();
        slot.keep();
        slot.idle_from(Instant::now() + FIRST_GRACE);
        Self {
            behind: false,
            silent: true,
            incoming: Incoming::default(),
            replies: Replies::default(),
            dialogue: Dialogue::new(filter),
            deadline: Deadline::new(Wait::Handshake, shared.limits.handshake),
            phase: shared.phase(),
            stream,
            slot,
            shared,
        }
    }

    /// Serves the connection until its end, and logs the reason where the table above says so.
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
        self.report(end);
        // The peer may have gone.
        let _ = self.stream.shutdown().await;
    }

    /// Answers every command that has arrived completely, as long as the MTA reads. Returns false if the
    /// conversation is over.
    async fn handle(&mut self) -> Result<bool, Violation> {
        let mut slice = TimeSlice::begin();
        self.behind = true;
        while self.replies.unsent().len() < MAX_UNSENT {
            let Some(frame) = self.incoming.next()? else {
                self.behind = false;
                self.incoming.give_memory_back();
                break;
            };
            self.deadline.met();
            match self.dialogue.command(frame, &mut self.replies)? {
                Next::Command => {}
                // Boxed, so that a connection that waits does not hold the memory for it.
                Next::EndOfMessage => {
                    Box::pin(self.dialogue.end(&mut self.replies, &mut slice)).await;
                }
                Next::End => return Ok(false),
            }
            slice.yield_if_used_up().await;
        }
        Ok(true)
    }

    /// Sends the gathered replies.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        while !self.replies.unsent().is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, self.replies.unsent()) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.replies.sent(count);
                    self.deadline.met();
                }
                Poll::Ready(_) => return Poll::Ready(Err(End::Peer)),
                Poll::Pending => {
                    let time = self.shared.limits.packet;
                    self.deadline.wait_for(Wait::Write, time);
                    ready!(self.deadline.poll(cx));
                    return Poll::Ready(Err(End::Timeout(Wait::Write)));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads more. The buffer is on the stack of this call, so that a connection that waits keeps no buffer.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            if self.phase.now() == Phase::Closing {
                return Poll::Ready(Err(End::Shutdown));
            }
            let mut space = [0; READ];
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.stream.acknowledge_quickly();
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

    /// Returns true if the phase allows no further packet.
    fn is_over(&self) -> bool {
        // A packet that has begun to arrive is read to its end: it may begin a message.
        self.phase.now() == Phase::Draining
            && !self.dialogue.in_transaction()
            && !self.incoming.has_begun()
    }

    /// Waits until the missing packet is late, until another connection needs the slot, or until a new phase.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let limits = &self.shared.limits;
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
        if self.incoming.is_negotiated() {
            let begins = std::mem::take(&mut self.silent);
            let in_message = self.dialogue.in_transaction() || self.incoming.has_begun();
            if begins || in_message {
                self.slot.keep();
            }
            if !in_message {
                self.slot.idle_from(Instant::now() + GRACE);
            }
        }
        if self.slot.poll_asked_to_leave(cx).is_ready() {
            return Poll::Ready(Err(End::GivesWay));
        }
        self.phase.poll_changed(cx).map(Ok)
    }

    /// Counts and logs the reason of the end.
    fn report(&self, end: End) {
        let counters = self.slot.counters();
        let (counter, rate_limit, why) = match end {
            End::Peer | End::Shutdown => return,
            End::Timeout(wait) => (
                &counters.timed_out,
                &self.shared.timeouts,
                format!("{wait} in time"),
            ),
            End::GivesWay => (
                &counters.timed_out,
                &self.shared.timeouts,
                "it was idle, and the limit left no room for a new connection".to_owned(),
            ),
            End::Violation(violation) => (
                &counters.violations,
                &self.shared.violations,
                violation.to_string(),
            ),
        };
        counter.fetch_add(1, Relaxed);
        if let Some(held) = rate_limit.release() {
            record::connection_closed(&self.stream.peer_name(), &why, held);
        }
    }
}

#[cfg(test)]
mod tests;
