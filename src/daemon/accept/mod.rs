//! Accepting connections: one loop for every kind of listener.
//!
//! In: the bound sockets of one kind, and a function that serves a connection. The function says on which
//! thread a connection runs: the milter spreads connections over its worker threads, the other kinds serve a
//! connection on the thread that accepted it. [`listeners`](super::listeners) holds the parameters of each kind.
//!
//! A loop runs under a [`Supervisor`], which starts it again if it ends.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | connections at one time | see `listeners` | the connection that has been idle longest is closed, and the new one is served |
//! | waiting for an idle connection | see `listeners` | the new connection is closed, with a log line |
//! | open files, memory | what the system has | accepting pauses ([`pause`]); callers wait in the backlog |
//!
//! An MTA whose connection is closed takes its default action; in the backlog the MTA would hang.

pub mod pause;
mod slots;

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use tokio::{runtime::Handle, sync::Mutex, time::sleep};

use self::pause::{Pause, concerns_one_caller};
pub use self::slots::{LEAVING, Slot, Slots};
use super::{
    listen::{BoundSocket, Listener, Stream},
    listeners::ListenerKind,
    rate_limit::RateLimit,
    record,
    state::counters::Counters,
    supervise::Supervisor,
};

/// Accepts the connections of one kind of listener, within one limit.
#[derive(Debug)]
pub struct Acceptor {
    kind: ListenerKind,
    slots: Arc<Slots>,
    /// Limits the log lines about failures to accept.
    failures: RateLimit,
    /// Limits the log lines about connections that were closed at once.
    refusals: RateLimit,
}

impl Acceptor {
    /// Makes an acceptor for `max_connections` connections at one time.
    pub fn new(kind: ListenerKind, max_connections: usize, counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self {
            kind,
            slots: Slots::new(max_connections, counters),
            failures: RateLimit::default(),
            refusals: RateLimit::default(),
        })
    }

    /// Returns the slots of the connections.
    pub fn slots(&self) -> &Arc<Slots> {
        &self.slots
    }

    /// Begins to accept on all of these sockets, or on none. The loops run on the runtime `on`, under `supervisor`.
    pub fn start(
        self: &Arc<Self>,
        sockets: Vec<BoundSocket>,
        on: &Handle,
        supervisor: &Supervisor,
        serve: impl Fn(Stream, Slot) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let listeners = {
            let _runtime = on.enter();
            let register = |bound| Listener::new(bound, self.kind, supervisor.health().clone());
            let listeners = sockets.into_iter().map(register);
            listeners.collect::<io::Result<Vec<_>>>()?
        };
        let serve = Arc::new(serve);
        for listener in listeners {
            let name = listener.name().to_owned();
            let listener = Arc::new(Mutex::new(listener));
            let (acceptor, serve) = (Arc::clone(self), Arc::clone(&serve));
            supervisor.keep(&name, on, move || {
                let (acceptor, serve) = (Arc::clone(&acceptor), Arc::clone(&serve));
                let listener = Arc::clone(&listener);
                async move { acceptor.run(&listener, &*serve).await }
            });
        }
        Ok(())
    }

    /// Accepts connections and passes them to `serve`, until the future is dropped.
    async fn run(&self, listener: &Mutex<Listener>, serve: &(impl Fn(Stream, Slot) + Sync)) {
        // Only a task in whose place this one was started can still hold the listener.
        let mut listener = listener.lock().await;
        let socket = listener.socket().to_string();
        let mut pause = Pause::default();
        loop {
            match listener.accept().await {
                Ok(stream) => {
                    pause.reset();
                    stream.tune();
                    match self.slots.take(self.kind.traits().patience).await {
                        Some(slot) => serve(stream, slot),
                        None => self.refuse(&socket),
                    }
                }
                Err(error) if concerns_one_caller(&error) => {}
                Err(error) => {
                    self.slots.counters().accept_failures.fetch_add(1, Relaxed);
                    if let Some(held) = self.failures.release() {
                        record::accept_failed(&socket, &error, held);
                    }
                    sleep(pause.take()).await;
                }
            }
        }
    }

    /// Counts and logs a connection that is closed at once.
    fn refuse(&self, socket: &str) {
        self.slots.counters().refused.fetch_add(1, Relaxed);
        if let Some(held) = self.refusals.release() {
            record::connections_full(socket, self.slots.limit(), held);
        }
    }
}
