//! Signals: TERM and INT end the daemon, HUP reads configuration and rules again, other signals do nothing.
//!
//! Once a stream of a signal was made, the signal no longer has its default effect, as long as the process lives.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::record;

/// Returns a stream of a signal; `None` if the system does not allow it.
fn stream(kind: SignalKind) -> Option<Signal> {
    signal(kind)
        .map_err(|error| record::signal_missing(kind.as_raw_value(), &error))
        .ok()
}

/// Prevents that a signal sent by mistake ends the process, which is the default effect of these signals.
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
        // The stream may be dropped: the handler stays.
        drop(stream(kind));
    }
}

/// Returns a stream of SIGHUP.
pub fn reload_signals() -> ReloadSignals {
    ReloadSignals(stream(SignalKind::hangup()))
}

/// A stream of SIGHUP.
#[derive(Debug)]
pub struct ReloadSignals(Option<Signal>);

impl ReloadSignals {
    /// Waits for the next signal. Several signals that come close together count as one.
    pub async fn next(&mut self) {
        match &mut self.0 {
            Some(stream) => {
                stream.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Resolves at the first TERM or INT, also if the signal comes before the future is awaited. A second signal ends the
/// process at once.
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
