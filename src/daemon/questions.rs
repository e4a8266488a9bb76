//! Starts what answers the MTA's questions and the commands: socketmap and control.

use std::{future::Future, sync::Arc};

use tokio::{runtime::Handle, sync::Mutex};

use super::{
    control::Control,
    descriptors::Connections,
    error::{RunError, system},
    listen::{Bound, Kept},
    milter::Workers,
    socketmap,
    sockets::Sockets,
    status::StatusReporter,
    supervise::Supervisor,
};

/// What answers the MTA and the commands, but for the milter.
pub(super) struct Questions {
    pub reporter: StatusReporter,
    pub connections: Connections,
}

impl Questions {
    /// Answers on these sockets from now on, or on none. Returns those of the milter, which are left.
    pub fn serve(
        self,
        all: Sockets,
        workers: &Workers,
        supervisor: &Supervisor,
    ) -> Result<Vec<Bound>, RunError> {
        let handed = all.handed();
        for (number, bound) in all.socketmap.into_iter().enumerate() {
            // The second thread first: the first one accepts for the milter.
            let on = workers.any(number + 1);
            let listener = listener(bound, "socketmap", on, supervisor)?;
            let (state, limit) = (Arc::clone(&self.reporter.state), self.connections.socketmap);
            let run = move |listener| socketmap::run(listener, Arc::clone(&state), limit);
            keep(listener, on, supervisor, run);
        }
        if let Some(bound) = all.control {
            let control = Control {
                reporter: self.reporter,
                handed,
            };
            let on = Handle::current();
            let listener = listener(bound, "control", &on, supervisor)?;
            let run = move |listener| control.clone().serve(listener);
            keep(listener, &on, supervisor, run);
        }
        Ok(all.milter)
    }
}

/// A socket that is accepted on by the runtime `on`.
fn listener(
    bound: Bound,
    part: &str,
    on: &Handle,
    supervisor: &Supervisor,
) -> Result<Kept, RunError> {
    let _runtime = on.enter();
    let doing = format!("wait for connections to {}", bound.socket());
    Kept::new(bound, part, supervisor.health().clone()).map_err(system(&doing))
}

fn keep<F: Future<Output = ()> + Send + 'static>(
    listener: Kept,
    on: &Handle,
    supervisor: &Supervisor,
    run: impl Fn(Arc<Mutex<Kept>>) -> F + Send + 'static,
) {
    let name = listener.name().to_owned();
    let listener = Arc::new(Mutex::new(listener));
    supervisor.keep(&name, on, move || run(Arc::clone(&listener)));
}
