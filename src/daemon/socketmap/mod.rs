//! The socketmap protocol of Postfix (socketmap_table(5)) and Sendmail: the MTA asks the live table
//! which domains and recipients are ours, so that no second map has to be kept in step.
//!
//! It is the milter's road entered at the lookup: no decision is made here. Every question is
//! answered from the table that is live when it comes.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | octets of a request | 100000, as Postfix has for a reply | the connection is closed |
//! | time until the first request | 30 s | the connection is closed |
//! | time between two requests | 1 h | the connection is closed |
//! | time for a client to read an answer | 30 s | the connection is closed |
//! | connections at one time | 1000 a listener | the one idle longest is closed; its client connects again |

mod netstring;
mod request;

use std::{sync::Arc, time::Duration};

use tokio::{io::BufStream, sync::Mutex, time::timeout};

use super::{
    listen::Kept,
    places::Place,
    serve::{Stream, serve},
    state::State,
};

/// Longest time between two requests. Postfix leaves after 10 s by itself, Sendmail stays.
const IDLE: Duration = Duration::from_secs(3600);

/// Longest time until the first request: both MTAs connect in order to ask.
const FIRST: Duration = Duration::from_secs(30);

/// Longest time for a client to read an answer.
const WRITE: Duration = Duration::from_secs(30);

/// Connections at one time, where enough files may be open.
pub const MAX_CONNECTIONS: usize = 1000;

/// Answers on one socket until the future is dropped, `connections` at one time.
pub async fn run(listener: Arc<Mutex<Kept>>, state: Arc<State>, connections: usize) {
    serve(listener, connections, |stream, place| {
        connection(stream, place, Arc::clone(&state))
    })
    .await;
}

async fn connection(stream: Box<dyn Stream>, place: Place, state: Arc<State>) {
    let mut stream = BufStream::new(stream);
    let mut patience = FIRST;
    loop {
        let request = tokio::select! {
            () = place.asked() => return,
            request = timeout(patience, netstring::read(&mut stream)) => request,
        };
        let Ok(Ok(Some(request))) = request else {
            return;
        };
        if !place.busy() {
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
        place.idle();
        patience = IDLE;
    }
}
