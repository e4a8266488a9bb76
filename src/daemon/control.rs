//! The control socket: commands ask the running daemon.
//!
//! In: one line of JSON, `{"command":"explain","addresses":["jd@domain2.com"]}`. Out: lines of JSON,
//! then the end of the connection: one request a connection.
//!
//! Who may ask: root, the daemon's own user, and whoever the mode of the socket (0660) lets in, which
//! are the members of its group. A socket that is open to everybody serves the first two alone.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | octets of a request | 1 MiB | the connection is closed |
//! | time for a request and its answer | 60 s | the connection is closed |
//! | connections at one time | 16 | further ones wait |

mod keys;
mod outcome;
mod status;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    sync::Mutex,
    time::timeout,
};

use super::{
    health::Health,
    listen::Kept,
    milter::{Gauges, Shared},
    record::{self, Sockets, Veil},
    reload::{Accept, ReloadHandle},
    serve::{Stream, serve},
    settings::SettingsHandle,
};
use crate::{config::socket::Socket, report};

/// Longest request, in octets.
const MAX_REQUEST: u64 = 1 << 20;

/// Longest time of one connection.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Connections at one time.
pub const MAX_CONNECTIONS: usize = 16;

/// What the commands may ask about.
#[derive(Clone, Debug)]
pub struct Control {
    /// The live table and the configuration.
    pub shared: Arc<Shared>,
    /// The reloader.
    pub reload: ReloadHandle,
    /// The milter's connections.
    pub gauges: Arc<Gauges>,
    /// When the daemon started.
    pub started: Instant,
    /// Milter connections that are served at one time.
    pub connection_limit: usize,
    /// What of the daemon is not well.
    pub health: Health,
    /// Follows the configuration file.
    pub settings: SettingsHandle,
    /// The sockets, as they really are.
    pub sockets: Sockets,
    /// Which of them systemd handed over.
    pub handed: Handed,
    /// How a table that is held back is accepted.
    pub accept: Option<Accept>,
    /// Whether rules may be shown.
    pub veil: Veil,
}

/// Which sockets systemd handed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handed {
    /// Those of the milter.
    pub milter: bool,
    /// Those of the socketmap.
    pub socketmap: bool,
    /// The control socket.
    pub control: bool,
}

/// Who may ask.
#[derive(Clone, Copy, Debug)]
struct Entrance {
    /// Everybody can open the socket.
    open_to_all: bool,
    own: u32,
}

impl Entrance {
    fn new(socket: &Socket) -> Self {
        let mode = match socket {
            Socket::Unix(path) => fs::metadata(path).map(|of| of.permissions().mode()),
            // Whoever reaches a port is nobody in particular.
            _ => Ok(0o777),
        };
        Self {
            open_to_all: mode.is_ok_and(|mode| mode & 0o006 != 0),
            own: rustix::process::geteuid().as_raw(),
        }
    }

    fn lets(self, user: Option<u32>) -> bool {
        match user {
            Some(0) => true,
            Some(user) if user == self.own => true,
            _ => !self.open_to_all,
        }
    }
}

impl Control {
    /// Answers until the future is dropped.
    pub async fn serve(self, listener: Arc<Mutex<Kept>>) {
        let entrance = Entrance::new(listener.lock().await.socket());
        serve(listener, MAX_CONNECTIONS, |stream| {
            let control = self.clone();
            async move {
                if !entrance.lets(stream.user()) {
                    record::control_refused(stream.user());
                    return;
                }
                // A connection that takes too long, or breaks, has nobody to be told.
                let _ = timeout(MAX_TIME, control.connection(stream)).await;
            }
        })
        .await;
    }

    async fn connection(&self, stream: Box<dyn Stream>) -> io::Result<()> {
        let user = stream.user();
        let (reader, mut writer) = tokio::io::split(stream);
        let mut request = Vec::new();
        BufReader::new(reader.take(MAX_REQUEST))
            .read_until(b'\n', &mut request)
            .await?;
        let answers = match serde_json::from_slice::<Value>(&request) {
            Ok(request) => self.answer(&request, user).await,
            Err(error) => vec![problem(&format!("the request is no JSON: {error}"))],
        };
        let mut text = String::new();
        for answer in answers {
            text.push_str(&answer.to_string());
            text.push('\n');
        }
        writer.write_all(text.as_bytes()).await?;
        writer.shutdown().await
    }

    async fn answer(&self, request: &Value, user: Option<u32>) -> Vec<Value> {
        match request["command"].as_str() {
            Some("explain") => self.explain(request),
            Some("status") => vec![self.status()],
            Some("config") => self.keys(),
            Some("reload") => vec![self.reload_all().await],
            Some("accept") => match request["digest"].as_str() {
                Some(digest) => vec![self.accept(digest, user).await],
                None => vec![problem("the request names no digest")],
            },
            Some(other) => vec![problem(&format!("this daemon knows no command `{other}`"))],
            None => vec![problem("the request names no command")],
        }
    }

    /// Reads the configuration, then the rules.
    async fn reload_all(&self) -> Value {
        self.settings.read().await;
        match self.reload.reload().await {
            Some(outcome) => {
                let outcome = self.outcome(&outcome, Some(SystemTime::now()));
                let file = status::configuration(&self.settings.status());
                outcome::with(outcome, json!({ "configuration": file }))
            }
            None => problem("the daemon is stopping"),
        }
    }

    /// Accepts what has this digest: a table, or the configuration file.
    async fn accept(&self, digest: &str, user: Option<u32>) -> Value {
        if self.settings.accept(digest.to_owned(), user).await {
            return json!({ "outcome": "configuration" });
        }
        match self.reload.accept(digest.to_owned(), user).await {
            Some(Ok(outcome)) => self.outcome(&outcome, Some(SystemTime::now())),
            Some(Err(reason)) => problem(&reason),
            None => problem("the daemon is stopping"),
        }
    }

    fn explain(&self, request: &Value) -> Vec<Value> {
        let generation = self.shared.live.pin();
        let Some(table) = &generation.table else {
            return vec![problem(
                "there is no table yet, and every recipient is deferred: `readdress status` says why",
            )];
        };
        let addresses = request["addresses"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let addresses = addresses.iter().filter_map(Value::as_str);
        addresses
            .flat_map(|address| report::explain(table, address, Some(generation.number)))
            .collect()
    }
}

fn problem(message: &str) -> Value {
    json!({ "error": message })
}
