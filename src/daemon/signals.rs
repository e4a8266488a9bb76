//! Signals: TERM and INT end the daemon, HUP reads everything again, no other one ends it.
//!
//! A signal whose stream exists no longer has its default effect, for as long as the process lives.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::record;

/// Streams of a signal; none where the system does not allow it.
fn stream(kind: SignalKind) -> Option<Signal> {
    signal(kind)
        .map_err(|error| record::signal_missing(kind.as_raw_value(), &error))
        .ok()
}

/// Takes the default effect, which is to end the process, from every signal that may come by mistake.
pub fn disarm() {
    let kinds = [
        SignalKind::hangup(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
        SignalKind::alarm(),
        SignalKind::pipe(),
        SignalKind::quit(),
        SignalKind::io(),
    ];
    for kind in kinds {
        // The stream may go: its handler stays.
        drop(stream(kind));
    }
}

/// Hangups as they come.
pub fn hangups() -> Hangups {
    Hangups(stream(SignalKind::hangup()))
}

/// A stream of SIGHUP.
#[derive(Debug)]
pub struct Hangups(Option<Signal>);

impl Hangups {
    /// The next one; several that come close together are one.
    pub async fn next(&mut self) {
        match &mut self.0 {
            Some(stream) => {
                stream.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Resolves at the first TERM or INT, also at one that comes before the future is awaited. A second
/// one ends the process at once.
pub fn termination() -> impl Future<Output = ()> {
    let mut both = (
        stream(SignalKind::terminate()),
        stream(SignalKind::interrupt()),
    );
    async move {
        ended(&mut both).await;
        record::stopping();
        tokio::spawn(async move {
            ended(&mut both).await;
            std::process::exit(1);
        });
    }
}

async fn ended((terminate, interrupt): &mut (Option<Signal>, Option<Signal>)) {
    let next = async |signal: &mut Option<Signal>| match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    };
    tokio::select! {
        () = next(terminate) => {}
        () = next(interrupt) => {}
    }
}
