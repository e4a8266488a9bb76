//! The socketmap protocol of Postfix (socketmap_table(5)) and Sendmail: the MTA asks which domains and recipients
//! the live table has, so that nobody has to maintain a second table.
//!
//! This room decides nothing itself: the engine looks up each key as it does for the milter. Every request is
//! answered from the table that is live when the request comes.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of a request | 100000, the limit of Postfix for a reply | the connection is closed |
//! | time until the first request | 30 s | the connection is closed |
//! | time between two requests | 1 h | the connection is closed |
//! | time for a client to read an answer | 30 s | the connection is closed |
//! | connections at one time | see `listeners` | the connection that has been idle longest is closed; its client connects again |

mod netstring;
mod request;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{io::BufStream, time::timeout};

use super::{accept::Slot, listen::Stream, state::State};

/// Longest time between two requests. Postfix closes the connection after 10 s by itself, Sendmail never does.
const IDLE: Duration = Duration::from_secs(3600);

/// Longest time until the first request: both MTAs connect only to send a request.
const FIRST: Duration = Duration::from_secs(30);

/// Longest time for a client to read an answer.
const WRITE: Duration = Duration::from_secs(30);

/// Answers the requests of one connection until its end.
pub async fn serve(stream: Stream, slot: Slot, state: Arc<State>) {
    let mut stream = BufStream::new(stream);
    let mut patience = FIRST;
    loop {
        let request = tokio::select! {
            () = slot.asked_to_leave() => return,
            request = timeout(patience, netstring::read(&mut stream)) => request,
        };
        let request = match request {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) => return,
            Ok(Err(_)) => {
                slot.counters().violations.fetch_add(1, Relaxed);
                return;
            }
            Err(_) => {
                slot.counters().timed_out.fetch_add(1, Relaxed);
                return;
            }
        };
        if !slot.busy() {
            return;
        }
        let answer = {
            let generation = state.live.pin();
            request::answer(generation.table.as_deref(), state.observes(), &request)
        };
        let written = timeout(WRITE, netstring::write(&mut stream, answer.as_bytes())).await;
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
        slot.idle();
        patience = IDLE;
    }
}
