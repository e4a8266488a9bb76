//! The only room with tokio, files, sockets, clock and tracing; here: in which order it starts and stops.
//!
//! Start: bind the sockets (so that nobody is refused while rules are read) → read the rules → serve.
//! Stop: close the listeners → let messages under way end, or the drain's deadline pass → done.
//! SIGHUP reads configuration and rules again; TERM and INT end the daemon, a second one at once; no
//! other signal does.
//!
//! | storey | room | what it does |
//! |---|---|---|
//! | 8 | [`record`], [`log`] | every log line; where log lines go |
//! | 8 | [`live`], [`listen`] | the table that serves; sockets |
//! | 8 | [`places`], [`keepalive`] | connections at one time, and which of them gives way; peers that vanished |
//! | 8 | [`accepting`], [`brake`] | failures to accept; warnings that strangers can cause |
//! | 8 | [`guard`], [`mark`] | whether a new table is held back; the record of what was live last |
//! | 9 | [`source`], [`watch`], [`serve`](mod@serve) | reads files; tells that they changed; accepts for the small protocols |
//! | 10 | [`reload`], [`milter`], [`socketmap`] | files to the live table; what the MTA asks |
//! | 9 | [`file_status`] | what is known of the configuration file |
//! | 11 | [`settings`], [`control`], [`signals`], [`mod@notify`] | the configuration while it runs; the commands; the signals; systemd |

pub mod accepting;
pub mod brake;
pub mod control;
pub mod file_status;
pub mod guard;
pub mod keepalive;
pub mod listen;
pub mod live;
pub mod log;
pub mod mark;
pub mod milter;
pub mod notify;
pub mod places;
pub mod record;
pub mod reload;
pub mod serve;
pub mod settings;
pub mod signals;
pub mod socketmap;
pub mod source;
pub mod watch;

use std::{
    fmt, fs::DirBuilder, future::Future, os::unix::fs::DirBuilderExt, path::Path, pin::pin,
    sync::Arc, time::Instant,
};

use tokio::task::JoinSet;

use self::{
    control::{Control, Handed},
    listen::{BindError, Bound},
    live::LiveTable,
    mark::Marks,
    milter::{Gauges, Limits, Session, Shared},
    notify::Notifier,
    record::Veil,
    reload::{Accept, ReloadHandle, ReloadOptions, Reloader},
    settings::{Follower, SettingsHandle, Source},
};
use crate::config::{Config, socket::Socket};

/// Where the sockets are by default.
const RUNTIME_DIRECTORY: &str = "/run/readdress";

/// How sockets are called that systemd hands over for other things than the milter.
const CONTROL_NAME: &str = "control";
const SOCKETMAP_NAME: &str = "socketmap";

/// What a daemon starts with.
#[derive(Debug)]
pub struct Start {
    /// The configuration, flags included.
    pub config: Config,
    /// Where it came from, to be read again.
    pub source: Source,
    /// Sockets that systemd handed over; they come first.
    pub handed: Vec<Bound>,
}

/// Why a daemon did not start.
#[derive(Debug)]
pub struct StartError(BindError);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StartError {}

/// The sockets of one daemon, bound.
struct Sockets {
    milter: Vec<Bound>,
    control: Option<Bound>,
    socketmap: Vec<Bound>,
}

impl Sockets {
    /// What systemd handed over comes first; the rest is bound as configured.
    fn bind(handed: Vec<Bound>, config: &Config) -> Result<Self, StartError> {
        let named = |name| move |bound: &Bound| bound.name() == Some(name);
        let (control, rest): (Vec<_>, Vec<_>) = handed.into_iter().partition(named(CONTROL_NAME));
        let (socketmap, milter): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(named(SOCKETMAP_NAME));
        let bind = |sockets: &[Socket]| {
            sockets
                .iter()
                .map(listen::bind)
                .collect::<Result<Vec<_>, _>>()
                .map_err(StartError)
        };
        let or = |handed: Vec<Bound>, sockets: &[Socket]| match handed.is_empty() {
            true => bind(sockets),
            false => Ok(handed),
        };
        Ok(Self {
            milter: or(milter, &config.milter.listen)?,
            control: control_socket(control, config)?,
            socketmap: or(socketmap, &config.socketmap)?,
        })
    }
}

impl Sockets {
    /// Answers what the MTA and the commands ask; the milter's sockets are left.
    fn serve_questions(
        self,
        tasks: &mut JoinSet<()>,
        shared: &Arc<Shared>,
        gauges: &Arc<Gauges>,
        (reload, settings): (ReloadHandle, SettingsHandle),
        veil: Veil,
    ) -> Vec<Bound> {
        let (sockets, handed, accept) = (self.names(), self.handed(), self.accept());
        for bound in self.socketmap {
            tasks.spawn(socketmap::run(bound, Arc::clone(shared)));
        }
        if let Some(bound) = self.control {
            let control = Control {
                shared: Arc::clone(shared),
                reload,
                gauges: Arc::clone(gauges),
                started: Instant::now(),
                settings,
                sockets,
                handed,
                accept,
                veil,
            };
            tasks.spawn(control.serve(bound));
        }
        self.milter
    }

    /// Where they are.
    fn names(&self) -> record::Sockets {
        record::Sockets {
            milter: names(&self.milter),
            socketmap: names(&self.socketmap),
            control: self
                .control
                .as_ref()
                .map(|bound| bound.socket().to_string()),
        }
    }

    /// Which of them systemd handed over.
    fn handed(&self) -> Handed {
        let handed = |bound: &Bound| bound.name().is_some();
        Handed {
            milter: self.milter.iter().any(handed),
            socketmap: self.socketmap.iter().any(handed),
            control: self.control.as_ref().is_some_and(handed),
        }
    }

    /// How somebody accepts what is held back.
    fn accept(&self) -> Option<Accept> {
        let control = self.control.as_ref();
        control.map(|bound| Accept::on(bound.socket()))
    }
}

/// Serves until `shutdown` resolves and the messages under way have ended.
pub async fn run(start: Start, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
    let Start {
        config,
        source,
        handed,
    } = start;
    make_runtime_directory(&config);
    let sockets = Sockets::bind(handed, &config)?;
    record::started(&config, &sockets.names());
    let limits = Limits::from(&config.milter);
    let live = Arc::new(LiveTable::new());
    let options = ReloadOptions {
        accept: sockets.accept(),
        marks: marks(&config, &source),
        ..ReloadOptions::from(&config)
    };
    let veil = options.veil.clone();
    let (mut reloader, reload) = Reloader::new(options, Arc::clone(&live));
    let mut shutdown = pin!(shutdown);
    tokio::select! {
        _ = reloader.load() => {}
        () = &mut shutdown => return Ok(()),
    }
    let gauges = Arc::new(Gauges::default());
    let shared = Arc::new(Shared::new(Arc::clone(&live), config));
    let (follower, settings) = Follower::new(
        source,
        Arc::clone(&shared),
        reload.clone(),
        veil.clone(),
        sockets.accept(),
    );
    let notifier = Notifier {
        live,
        reload: reload.clone(),
        settings: settings.clone(),
        veil: veil.clone(),
    };
    notifier.ready();
    let mut tasks = JoinSet::new();
    tasks.spawn(notifier.follow());
    tasks.spawn(notify::live(Arc::clone(&gauges)));
    tasks.spawn(reloader.run());
    tasks.spawn(follower.run(signals::hangups()));
    let milter = sockets.serve_questions(&mut tasks, &shared, &gauges, (reload, settings), veil);
    milter::serve(
        milter,
        move || Session::new(Arc::clone(&shared)),
        limits,
        gauges,
        async {
            shutdown.await;
            notify::stopping();
        },
    )
    .await;
    tasks.shutdown().await;
    record::stopped();
    Ok(())
}

/// Where these sockets are.
fn names(sockets: &[Bound]) -> Vec<String> {
    let names = sockets.iter().map(|bound| bound.socket().to_string());
    names.collect()
}

/// Where it is recorded what was live last. A daemon that is started by hand on a directory of its own
/// leaves no trace in the state directory of the installed one, unless the file names a directory.
fn marks(config: &Config, source: &Source) -> Option<Marks> {
    if !config.origins.is_written("", "state") {
        if source.rules.is_some() {
            return None;
        }
        if !config.state.is_dir() {
            record::no_state(&config.state);
            return None;
        }
    }
    Some(Marks::new(&config.state, &config.rules))
}

/// Makes `/run/readdress` where a socket with its default path wants it: systemd does so before the
/// start, and a daemon that is started by hand should come up all the same. Where that fails, the
/// bind says what is missing.
fn make_runtime_directory(config: &Config) {
    let sockets = config.milter.listen.iter().chain([&config.control]);
    let wanted = sockets.filter_map(|socket| match socket {
        Socket::Unix(path) => path.parent(),
        Socket::Inet { .. } | Socket::Inet6 { .. } => None,
    });
    let runtime = Path::new(RUNTIME_DIRECTORY);
    if wanted.into_iter().any(|directory| directory == runtime) && !runtime.exists() {
        let made = DirBuilder::new().mode(0o755).create(runtime);
        if let Err(error) = made {
            record::runtime_directory_missing(runtime, &error);
        }
    }
}

/// The control socket. One that nobody asked for may be missing: a second daemon, or one that is
/// tried out without `/run/readdress`, serves mail all the same.
fn control_socket(handed: Vec<Bound>, config: &Config) -> Result<Option<Bound>, StartError> {
    if let Some(bound) = handed.into_iter().next() {
        return Ok(Some(bound));
    }
    match listen::bind(&config.control) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if config.control_written => Err(StartError(error)),
        Err(error) => {
            record::control_missing(&error);
            Ok(None)
        }
    }
}
