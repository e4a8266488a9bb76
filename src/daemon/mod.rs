//! The only room with tokio, files, sockets, clock and tracing; here: in which order it starts and stops.
//!
//! Start: bind the sockets (so that nobody is refused while rules are read) → start every thread →
//! read the rules → serve on every socket → tell systemd. What fails on this way ends the daemon with a
//! status that is not 0: one that serves in part is none. No thread is started later, but for that of
//! notifications, where the system had none to give before.
//! Stop: close the listeners → let messages under way end, or the drain's deadline pass → done.
//! SIGHUP reads configuration and rules again; TERM and INT end the daemon, a second one at once; no
//! other signal does.
//!
//! | storey | room | what it does |
//! |---|---|---|
//! | 8 | [`record`], [`log`] | every log line; where log lines go |
//! | 8 | [`live`], [`listen`] | the table that serves; sockets |
//! | 8 | [`places`], [`keepalive`] | connections at one time, and which of them gives way; peers that vanished |
//! | 8 | [`accepting`], [`rate_limit`] | failures to accept; warnings that strangers can cause |
//! | 8 | [`health`], [`jobs`] | what is not well; a thread for work that blocks |
//! | 8 | [`descriptors`], [`memory`] | how many files may be open; how much memory there is |
//! | 8 | [`guard`], [`last_live`] | whether a new table is held back; the record of what was live last |
//! | 9 | [`state`] | the live table, the configuration in force, what is not well: what several rooms share |
//! | 8 | [`file_status`] | what is known of the configuration file |
//! | 9 | [`source`], [`watch`], [`serve`](mod@serve) | reads files; tells that they changed; accepts for the small protocols |
//! | 9 | [`supervise`] | starts tasks again that end |
//! | 10 | [`reload`], [`milter`], [`socketmap`] | files to the live table; what the MTA asks |
//! | 11 | [`status`] | how the daemon stands, in one value |
//! | 11 | [`settings`], [`control`], [`signals`], [`mod@notify`] | the configuration while it runs; the commands; the signals; systemd |

pub mod accepting;
pub mod control;
pub mod descriptors;
mod error;
pub mod file_status;
pub mod guard;
pub mod health;
pub mod jobs;
pub mod keepalive;
pub mod last_live;
pub mod listen;
pub mod live;
pub mod log;
pub mod memory;
pub mod milter;
pub mod notify;
pub mod places;
mod questions;
pub mod rate_limit;
pub mod record;
pub mod reload;
pub mod serve;
pub mod settings;
pub mod signals;
pub mod socketmap;
mod sockets;
pub mod source;
pub mod state;
pub mod status;
pub mod supervise;
pub mod watch;

use std::{future::Future, pin::pin, sync::Arc, time::Instant};

use tokio::{runtime::Handle, sync::Mutex, time::timeout};

pub use self::error::RunError;
use self::{
    descriptors::Connections,
    error::system,
    last_live::LastLiveRecord,
    listen::Bound,
    live::LiveTable,
    milter::{Ends, Gauges, Limits, Server, Session, Shared, Workers},
    notify::{Notifier, Signs},
    questions::Questions,
    reload::{ReloadHandle, ReloadOptions, Reloader},
    settings::{SettingsHandle, SettingsTask, Source},
    sockets::Sockets,
    state::State,
    status::StatusReporter,
    supervise::Supervisor,
    watch::Watcher,
};
use crate::config::Config;

/// What a daemon starts with.
#[derive(Debug)]
pub struct Start {
    /// The configuration, flags included.
    pub config: Config,
    /// Where it came from, to be read again.
    pub source: Source,
    /// Sockets that systemd handed over; they come first.
    pub handed: Vec<Bound>,
    /// Tells whether the log is still written, where there is one.
    pub log: Option<log::LogThread>,
}

/// Every thread that the daemon will ever have, but for that of the log.
struct Threads {
    workers: Workers,
    /// Dropping them ends the workers.
    _ends: Ends,
    settings: Watcher,
    reloader: Reloader,
}

impl Threads {
    /// Those without which there are no notifications come before others without which there is no
    /// daemon: it starts with all of them, or not at all, if too few threads may be had.
    fn start(
        options: ReloadOptions,
        live: &Arc<LiveTable>,
        (source, config): (&Source, &Config),
    ) -> Result<(Self, ReloadHandle), RunError> {
        let health = options.health.clone();
        let (reloader, reload) = Reloader::new(options, Arc::clone(live))
            .map_err(system("start the thread that reads rules"))?;
        let settings = source
            .watcher(config, health)
            .map_err(system("start the thread that reads the configuration"))?;
        let (workers, ends) =
            Workers::start().map_err(system("start the threads of the milter"))?;
        let threads = Self {
            workers,
            _ends: ends,
            settings,
            reloader,
        };
        Ok((threads, reload))
    }
}

/// A daemon whose first table is decided.
struct Daemon {
    state: Arc<State>,
    reload: ReloadHandle,
    settings: SettingsHandle,
    gauges: Arc<Gauges>,
    supervisor: Supervisor,
}

impl Daemon {
    /// Serves on every socket from now on, or on none.
    fn open(
        &self,
        sockets: Sockets,
        workers: &Workers,
    ) -> Result<(Server, StatusReporter), RunError> {
        let config = self.state.config.load_full();
        let connections = self.connections(&config, &sockets)?;
        let reporter = StatusReporter {
            state: Arc::clone(&self.state),
            reload: self.reload.clone(),
            settings: self.settings.clone(),
            gauges: Arc::clone(&self.gauges),
            started: Instant::now(),
            connection_limit: connections.milter,
            sockets: sockets.names(),
            accept: sockets.accept(),
        };
        let questions = Questions {
            reporter: reporter.clone(),
            connections,
        };
        let milter = questions.serve(sockets, workers, &self.supervisor)?;
        let shared = Arc::new(Shared::new(Arc::clone(&self.state)));
        let limits = Limits {
            max_connections: connections.milter,
            ..Limits::from(&config.milter)
        };
        let started = Server::start(
            milter,
            move || Session::new(Arc::clone(&shared)),
            limits,
            Arc::clone(&self.gauges),
            workers,
            self.supervisor.health().clone(),
        );
        let server = started.map_err(system("wait for milter connections"))?;
        Ok((server, reporter))
    }

    /// How many connections may be served, which is less than wanted where few files may be open.
    fn connections(&self, config: &Config, sockets: &Sockets) -> Result<Connections, RunError> {
        let wanted = Connections {
            milter: config.milter.max_connections,
            socketmap: socketmap::MAX_CONNECTIONS,
        };
        let divided =
            descriptors::divide(wanted, sockets.socketmap.len()).map_err(RunError::Files)?;
        if divided != wanted {
            let files = descriptors::allowed();
            record::connections_limited(files, divided.milter, wanted.milter, divided.socketmap);
            let what = format!(
                "{files} open files allow {} milter connections, not {}; raise LimitNOFILE=",
                divided.milter, wanted.milter
            );
            self.supervisor.health().wrong("limits", &what);
        }
        Ok(divided)
    }

    /// Tells systemd that mail may come, and follows rules and configuration from now on.
    fn follow(&self, reporter: StatusReporter, task: SettingsTask, reloader: Reloader) {
        let notifier = Notifier { reporter };
        notifier.ready();
        let on = Handle::current();
        let keeps = &self.supervisor;
        keeps.keep("status of systemd", &on, move || notifier.clone().follow());
        // Kept beside the tasks, so that what they know outlives them.
        let reloader = Arc::new(Mutex::new(reloader));
        keeps.keep("reloader", &on, move || {
            let reloader = Arc::clone(&reloader);
            async move { reloader.lock().await.run().await }
        });
        let task = Arc::new(Mutex::new(task));
        keeps.keep("configuration", &on, move || {
            let task = Arc::clone(&task);
            async move { task.lock().await.run(signals::hangups()).await }
        });
    }

    /// Serves until `shutdown` resolves, or a task was given up, and the messages under way have ended.
    async fn serve(
        &self,
        server: &Server,
        log: Option<log::LogThread>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let signs = Signs {
            gauges: Arc::clone(&self.gauges),
            supervisor: &self.supervisor,
            accepting: server.accepting(),
            log,
        };
        let mut given_up = None;
        let end = async {
            tokio::select! {
                () = shutdown => {}
                task = self.supervisor.given_up() => given_up = Some(task),
                task = server.accepting().given_up() => given_up = Some(task),
            }
            notify::stopping();
        };
        tokio::select! {
            () = server.serve(end) => {}
            () = signs.give() => {}
        }
        // One that hangs is left behind.
        let _ = timeout(milter::GRACE, self.supervisor.shutdown()).await;
        record::stopped();
        given_up.map_or(Ok(()), |task| Err(RunError::GivenUp(task)))
    }
}

/// Serves until `shutdown` resolves and the messages under way have ended.
pub async fn run(start: Start, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    let Start {
        config,
        source,
        handed,
        log,
    } = start;
    let sockets = Sockets::bind(handed, &config).map_err(RunError::Bind)?;
    record::started(&config, &sockets.names());
    let state = Arc::new(State::new(Arc::default(), config.clone()));
    let options = ReloadOptions {
        health: state.health.clone(),
        redaction: state.redaction.clone(),
        accept: sockets.accept(),
        last_live: last_live_record(&config, &source),
        ..ReloadOptions::from(&config)
    };
    let (mut threads, reload) = Threads::start(options, &state.live, (&source, &config))?;
    let mut shutdown = pin!(shutdown);
    tokio::select! {
        _ = threads.reloader.load() => {}
        () = &mut shutdown => {
            record::stopped();
            return Ok(());
        }
    }
    let (task, settings) = SettingsTask::new(
        threads.settings,
        source,
        Arc::clone(&state),
        reload.clone(),
        sockets.accept(),
    );
    let daemon = Daemon {
        supervisor: Supervisor::new(state.health.clone()),
        state,
        reload,
        settings,
        gauges: Arc::default(),
    };
    let (server, reporter) = daemon.open(sockets, &threads.workers)?;
    daemon.follow(reporter, task, threads.reloader);
    daemon.serve(&server, log, shutdown).await
}

/// Returns where to record what was live last. A daemon that is started by hand on a directory of its own
/// leaves no trace in the state directory of the installed one, unless the file names a directory.
fn last_live_record(config: &Config, source: &Source) -> Option<LastLiveRecord> {
    if !config.origins.is_written("", "state") {
        if source.rules.is_some() {
            return None;
        }
        if !config.state.is_dir() {
            record::no_state(&config.state);
            return None;
        }
    }
    Some(LastLiveRecord::new(&config.state, &config.rules))
}
