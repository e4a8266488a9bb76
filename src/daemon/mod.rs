//! The daemon: sockets, files, threads, clock and log. This page describes how the daemon starts and ends.
//!
//! Start: bind the sockets, so that no client is refused while rules are read → start every thread → read the rules
//! → serve on every socket → tell systemd. If a step fails, the daemon ends with an exit status other than 0; it
//! never serves on only some of its sockets. No thread is started later, except the thread for file notifications if
//! the system refused it at the start.
//!
//! End: close the milter's sockets → wait until messages under way end, or until the `drain` time is over → end all
//! tasks.
//!
//! SIGHUP reads configuration and rules again. TERM and INT end the daemon; a second TERM or INT ends it at once.
//! Other signals do nothing.
//!
//! | storey | module | what it does |
//! |---|---|---|
//! | 7 | [`guard`] | decides if a new table lost too many rules |
//! | 7 | [`listeners`], [`log`] | the list of all kinds of listeners; where log lines go |
//! | 8 | [`record`] | every log line |
//! | 8 | [`state`] | what several modules share: live table, configuration in force, problems, counters |
//! | 7 | [`history`] | every table that went live, on disk |
//! | 8 | [`listen`], [`keepalive`] | sockets and connections; finds peers that have vanished |
//! | 8 | [`traffic`] | which addresses got mail lately |
//! | 8 | [`rate_limit`], [`time_slice`] | limits repeated warnings; how long a connection may work before others get their turn |
//! | 8 | [`jobs`], [`descriptors`], [`memory`] | a thread for work that blocks; open files; memory |
//! | 8, 9 | [`watch`], [`source`] | waits until files may have changed; reads the texts of rules |
//! | 9 | [`supervise`], [`accept`] | starts tasks again if they end; accepts connections |
//! | 10 | [`session`], [`reload`] | decides about a message; makes the live table from files |
//! | 10 | [`milter`], [`socketmap`] | the protocols of MTAs |
//! | 11 | [`settings`], [`status`] | the configuration while the daemon runs; the state of the daemon, in one value |
//! | 11 | [`control`], [`signals`], [`mod@notify`] | the commands; the signals; systemd |

pub mod accept;
pub mod control;
pub mod descriptors;
mod error;
pub mod guard;
pub mod history;
pub mod jobs;
pub mod keepalive;
pub mod listen;
pub mod listeners;
pub mod log;
pub mod memory;
pub mod milter;
pub mod notify;
pub mod rate_limit;
pub mod record;
pub mod reload;
mod services;
pub mod session;
pub mod settings;
pub mod signals;
pub mod socketmap;
mod sockets;
pub mod source;
pub mod state;
pub mod status;
pub mod supervise;
pub mod time_slice;
pub mod traffic;
pub mod watch;

use std::{future::Future, pin::pin, sync::Arc, time::Instant};

use tokio::{runtime::Handle, sync::Mutex, time::timeout};

pub use self::error::RunError;
use self::{
    descriptors::ConnectionLimits,
    error::system,
    history::History,
    listen::BoundSocket,
    listeners::ListenerKind,
    milter::{Server, Workers, WorkersGuard},
    notify::{Notifier, Signs},
    reload::{ReloadHandle, ReloadOptions, Reloader},
    services::Services,
    settings::{SettingsHandle, SettingsTask, Source},
    sockets::Sockets,
    state::{State, live::LiveTable},
    status::StatusReporter,
    supervise::Supervisor,
    traffic::Traffic,
    watch::Watcher,
};
use crate::config::Config;

/// What the daemon starts with.
#[derive(Debug)]
pub struct Start {
    /// The configuration, with the flags of the command line.
    pub config: Config,
    /// Where the configuration came from.
    pub source: Source,
    /// The sockets that systemd handed over.
    pub handed: Vec<BoundSocket>,
    /// Shows if the log is still written. `None` if the daemon has no log thread.
    pub log: Option<log::LogThread>,
}

/// All threads of the daemon, except the thread of the log.
struct Threads {
    workers: Workers,
    _workers_guard: WorkersGuard,
    settings: Watcher,
    reloader: Reloader,
    traffic: Traffic,
}

impl Threads {
    /// Starts all threads, or returns an error. The thread for notifications starts first, although the daemon can do
    /// without it: so it cannot be missing while a later thread starts.
    fn start(
        mut options: ReloadOptions,
        live: &Arc<LiveTable>,
        (source, config): (&Source, &Config),
    ) -> Result<(Self, ReloadHandle), RunError> {
        let health = options.health.clone();
        let traffic = Traffic::start(options.history.as_ref(), config, health.clone())
            .map_err(system("start the thread that remembers addresses"))?;
        options.traffic = Some(traffic.clone());
        let (reloader, reload) = Reloader::new(options, Arc::clone(live))
            .map_err(system("start the thread that reads rules"))?;
        let settings = source
            .watcher(config, health)
            .map_err(system("start the thread that reads the configuration"))?;
        let (workers, workers_guard) =
            Workers::start().map_err(system("start the threads of the milter"))?;
        let threads = Self {
            workers,
            _workers_guard: workers_guard,
            settings,
            reloader,
            traffic,
        };
        Ok((threads, reload))
    }
}

/// A daemon that has read its rules once.
struct Daemon {
    state: Arc<State>,
    reload: ReloadHandle,
    settings: SettingsHandle,
    traffic: Traffic,
    supervisor: Supervisor,
}

impl Daemon {
    /// Begins to serve on all sockets, or on none.
    fn open(
        &self,
        sockets: Sockets,
        workers: &Workers,
    ) -> Result<(Server, StatusReporter), RunError> {
        let limits = self.connection_limits(&sockets)?;
        let reporter = StatusReporter {
            state: Arc::clone(&self.state),
            reload: self.reload.clone(),
            settings: self.settings.clone(),
            counters: Arc::default(),
            traffic: self.traffic.clone(),
            started: Instant::now(),
            connection_limit: limits.milter,
            sockets: sockets.list(),
            accept: sockets.accept(),
        };
        let services = Services {
            reporter: reporter.clone(),
            limits,
            workers,
            supervisor: &self.supervisor,
        };
        Ok((services.start(sockets)?, reporter))
    }

    /// Returns how many connections are served at one time. With few open files allowed, these are fewer than the
    /// configuration asks for.
    fn connection_limits(&self, sockets: &Sockets) -> Result<ConnectionLimits, RunError> {
        let wanted = ConnectionLimits {
            milter: self.state.config.load().milter.max_connections,
            socketmap: ListenerKind::Socketmap.traits().max_connections,
        };
        let socketmaps = sockets.list().of(ListenerKind::Socketmap).count();
        let limits = descriptors::divide(wanted, socketmaps).map_err(RunError::Files)?;
        if limits != wanted {
            let files = descriptors::allowed();
            record::connections_limited(files, limits.milter, wanted.milter, limits.socketmap);
            let what = format!(
                "{files} open files allow {} milter connections, not {}; raise LimitNOFILE=",
                limits.milter, wanted.milter
            );
            self.supervisor.health().wrong("limits", &what);
        }
        Ok(limits)
    }

    /// Tells systemd that the daemon is ready, and follows rules and configuration from now on.
    fn follow(&self, reporter: StatusReporter, task: SettingsTask, reloader: Reloader) {
        let notifier = Notifier { reporter };
        notifier.ready();
        let on = Handle::current();
        let keeps = &self.supervisor;
        keeps.keep("status of systemd", &on, move || notifier.clone().follow());
        // The reloader and the settings live outside of their tasks, so that a new task continues with their state.
        let reloader = Arc::new(Mutex::new(reloader));
        keeps.keep("reloader", &on, move || {
            let reloader = Arc::clone(&reloader);
            async move { reloader.lock().await.run().await }
        });
        let (traffic, state) = (self.traffic.clone(), Arc::clone(&self.state));
        keeps.keep("traffic", &on, move || {
            let (traffic, state) = (traffic.clone(), Arc::clone(&state));
            async move { traffic.run(&state).await }
        });
        let task = Arc::new(Mutex::new(task));
        keeps.keep("configuration", &on, move || {
            let task = Arc::clone(&task);
            async move { task.lock().await.run(signals::reload_signals()).await }
        });
    }

    /// Serves until `shutdown` resolves, or until a task has ended too often; then until the messages under way have
    /// ended.
    async fn serve(
        &self,
        (server, workers): (&Server, &Workers),
        log: Option<log::LogThread>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let signs = Signs {
            workers,
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
        // Does not wait longer for a task that hangs.
        let _ = timeout(milter::GRACE, self.supervisor.shutdown()).await;
        self.traffic.finish(&self.state.config.load_full()).await;
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
    record::started(&config, &sockets.list());
    let state = Arc::new(State::new(Arc::default(), config.clone()));
    let options = ReloadOptions {
        health: state.health.clone(),
        redaction: state.redaction.clone(),
        accept: sockets.accept(),
        history: history(&config, &source),
        ..ReloadOptions::from(&config)
    };
    let (mut threads, reload) = Threads::start(options, &state.live, (&source, &config))?;
    let mut shutdown = pin!(shutdown);
    let load = async {
        threads.traffic.open(&config).await;
        threads.reloader.load().await
    };
    tokio::select! {
        _ = load => {}
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
        traffic: threads.traffic,
    };
    let (server, reporter) = daemon.open(sockets, &threads.workers)?;
    daemon.follow(reporter, task, threads.reloader);
    daemon
        .serve((&server, &threads.workers), log, shutdown)
        .await
}

/// Returns where the daemon records what goes live; `None` if it records nothing. If somebody starts a second
/// daemon by hand with `--rules`, it must not write to the state directory of the installed daemon. So with `--rules`,
/// the daemon records only if the configuration file names a state directory.
fn history(config: &Config, source: &Source) -> Option<History> {
    if !config.origins.is_written("", "state") {
        if source.rules.is_some() {
            return None;
        }
        if !config.state.is_dir() {
            record::no_state(&config.state);
            return None;
        }
    }
    Some(History::new(&config.state, &config.rules))
}
