//! What happens to the connections of each kind of listener, and on which thread.
//!
//! | kind | accepted on | served on |
//! |---|---|---|
//! | milter | the first worker thread | the worker thread with the fewest connections |
//! | socketmap | a worker thread, another one for each socket | the same thread |
//! | control | the main thread | the same thread |

use std::sync::Arc;

use tokio::runtime::Handle;

use super::{
    accept::{Acceptor, Slot},
    control::Control,
    descriptors::ConnectionLimits,
    error::{RunError, system},
    jobs::Jobs,
    listen::{BoundSocket, Stream},
    listeners::ListenerKind,
    milter::{Limits, Server, SessionFilter, Workers},
    session::Sessions,
    socketmap,
    sockets::Sockets,
    state::counters::Counters,
    status::StatusReporter,
    supervise::Supervisor,
};

/// What the services of the daemon need.
pub(super) struct Services<'d> {
    /// The state of the daemon, and how the daemon stands.
    pub reporter: StatusReporter,
    /// How many connections are served at one time.
    pub limits: ConnectionLimits,
    /// The threads of the milter and of the socketmap.
    pub workers: &'d Workers,
    /// Keeps the tasks that accept, except those of the milter.
    pub supervisor: &'d Supervisor,
}

impl Services<'_> {
    /// Begins to serve on all sockets, or on none. Returns the milter server.
    pub fn start(self, sockets: Sockets) -> Result<Server, RunError> {
        let health = self.supervisor.health().clone();
        let control = Control {
            reporter: self.reporter.clone(),
            questions: Jobs::start("questions", health).map_err(system("start a thread"))?,
        };
        let (mut milter, mut socketmaps) = (Vec::new(), 0);
        let counters = Arc::<Counters>::default();
        for (kind, bound) in sockets.0 {
            match kind {
                ListenerKind::Milter => milter.push(bound),
                ListenerKind::Socketmap => {
                    socketmaps += 1;
                    // The first thread accepts for the milter.
                    let on = self.workers.nth(socketmaps);
                    let acceptor =
                        Acceptor::new(kind, self.limits.socketmap, Arc::clone(&counters));
                    let state = Arc::clone(&self.reporter.state);
                    self.accept(&acceptor, bound, on, move |stream, slot| {
                        tokio::spawn(socketmap::serve(stream, slot, Arc::clone(&state)));
                    })?;
                }
                ListenerKind::Control => {
                    let limit = kind.traits().max_connections;
                    let acceptor = Acceptor::new(kind, limit, Arc::default());
                    let (control, socket) = (control.clone(), Arc::new(bound.socket().clone()));
                    self.accept(&acceptor, bound, &Handle::current(), move |stream, slot| {
                        let (control, socket) = (control.clone(), Arc::clone(&socket));
                        tokio::spawn(async move { control.serve(&socket, stream, slot).await });
                    })?;
                }
            }
        }
        self.start_milter(milter)
    }

    /// Accepts on one socket.
    fn accept(
        &self,
        acceptor: &Arc<Acceptor>,
        bound: BoundSocket,
        on: &Handle,
        serve: impl Fn(Stream, Slot) + Send + Sync + 'static,
    ) -> Result<(), RunError> {
        let doing = format!("wait for connections to {}", bound.socket());
        let started = acceptor.start(vec![bound], on, self.supervisor, serve);
        started.map_err(system(&doing))
    }

    fn start_milter(&self, sockets: Vec<BoundSocket>) -> Result<Server, RunError> {
        let state = &self.reporter.state;
        let sessions = Sessions::new(Arc::clone(state)).recording(self.reporter.traffic.recorder());
        let sessions = Arc::new(sessions);
        let limits = Limits {
            max_connections: self.limits.milter,
            ..Limits::from(&state.config.load().milter)
        };
        let started = Server::start(
            sockets,
            move || SessionFilter::new(Arc::clone(&sessions)),
            limits,
            Arc::clone(&self.reporter.counters),
            self.workers,
            self.supervisor.health().clone(),
        );
        started.map_err(system("wait for milter connections"))
    }
}
