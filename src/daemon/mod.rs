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
//! | 9 | [`source`], [`watch`] | reads files; tells that they changed |
//! | 10 | [`reload`], [`milter`] | files to the live table; the MTA's side |
//! | 11 | [`settings`], [`control`], [`signals`] | the configuration while it runs; the commands; the signals |

pub mod control;
pub mod listen;
pub mod live;
pub mod log;
pub mod milter;
pub mod record;
pub mod reload;
pub mod settings;
pub mod signals;
pub mod source;
pub mod watch;

use std::{fmt, future::Future, sync::Arc};

use arc_swap::ArcSwap;

use self::{
    control::Control,
    listen::{BindError, Bound},
    live::LiveTable,
    milter::{Gauges, Limits, Shared},
    reload::{ReloadOptions, Reloader},
    settings::Source,
    watch::WatchSettings,
};
use crate::config::{Config, socket::Socket};

/// How a socket is called that systemd hands over for the control commands.
const CONTROL_NAME: &str = "control";

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

/// Serves until `shutdown` resolves and the messages under way have ended.
pub async fn run(start: Start, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
    let Start {
        config,
        source,
        handed,
    } = start;
    let (control_handed, mut sockets): (Vec<_>, Vec<_>) = handed
        .into_iter()
        .partition(|bound| bound.name() == Some(CONTROL_NAME));
    if sockets.is_empty() {
        sockets = config
            .milter
            .listen
            .iter()
            .map(listen::bind)
            .collect::<Result<_, _>>()
            .map_err(StartError)?;
    }
    let control_socket = control_socket(control_handed, &config)?;
    let names: Vec<Socket> = sockets.iter().map(|bound| bound.socket().clone()).collect();
    record::started(&config, &names);

    let live = Arc::new(LiveTable::new());
    let options = ReloadOptions {
        watch: WatchSettings {
            quiet: config.reload.quiet,
            latest: config.reload.latest,
            rescan: config.reload.rescan,
        },
        ..ReloadOptions::new(&config.rules, config.settings.clone())
    };
    let veil = options.veil.clone();
    veil.set(config.addresses);
    let (mut reloader, reload) = Reloader::new(options, Arc::clone(&live));
    reloader.load().await;
    let limits = Limits {
        max_connections: config.milter.max_connections,
        drain: config.milter.drain,
        ..Limits::default()
    };
    let gauges = Arc::new(Gauges::default());
    let shared = Arc::new(Shared {
        live,
        config: ArcSwap::from_pointee(config),
        names: record::Names::default(),
    });

    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(reloader.run());
    let hangups = signals::hangups();
    tasks.spawn(settings::follow(
        source,
        Arc::clone(&shared),
        reload.clone(),
        hangups,
        veil,
    ));
    if let Some(bound) = control_socket {
        let control = Control {
            shared: Arc::clone(&shared),
            reload,
            gauges: Arc::clone(&gauges),
        };
        tasks.spawn(control.serve(bound));
    }
    milter::serve(
        sockets,
        milter::callbacks(&shared),
        limits,
        gauges,
        shutdown,
    )
    .await;
    tasks.shutdown().await;
    record::stopped();
    Ok(())
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
