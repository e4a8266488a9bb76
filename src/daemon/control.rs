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
    health::{Health, Problem},
    listen::Kept,
    milter::{Gauges, Shared},
    record,
    reload::{ReloadHandle, ReloadOutcome},
    serve::{Stream, serve},
};
use crate::{
    config::{Mode, socket::Socket},
    engine::{Change, Diagnostic},
    report,
};

/// Longest request, in octets.
const MAX_REQUEST: u64 = 1 << 20;

/// Longest time of one connection.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Connections at one time.
pub const MAX_CONNECTIONS: usize = 16;

/// Changed rules of one kind that an answer names.
const SHOWN: usize = 20;

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
    /// Where the milter listens, as it really does.
    pub milter: Vec<String>,
    /// Likewise the socketmap.
    pub socketmap: Vec<String>,
    /// Milter connections that are served at one time.
    pub connection_limit: usize,
    /// What of the daemon is not well.
    pub health: Health,
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
        let (reader, mut writer) = tokio::io::split(stream);
        let mut request = Vec::new();
        BufReader::new(reader.take(MAX_REQUEST))
            .read_until(b'\n', &mut request)
            .await?;
        let answers = match serde_json::from_slice::<Value>(&request) {
            Ok(request) => self.answer(&request).await,
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

    async fn answer(&self, request: &Value) -> Vec<Value> {
        match request["command"].as_str() {
            Some("explain") => self.explain(request),
            Some("status") => vec![self.status()],
            Some("reload") => match self.reload.reload().await {
                Some(outcome) => vec![outcome_of(&outcome)],
                None => vec![problem("the daemon is stopping")],
            },
            Some(other) => vec![problem(&format!("this daemon knows no command `{other}`"))],
            None => vec![problem("the request names no command")],
        }
    }

    fn explain(&self, request: &Value) -> Vec<Value> {
        let generation = self.shared.live.pin();
        let Some(table) = &generation.table else {
            return vec![problem(
                "there is no table yet: the rules hold errors, and every recipient is deferred",
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

    fn status(&self) -> Value {
        let generation = self.shared.live.pin();
        let config = self.shared.config.load();
        let reload = self.reload.status();
        let table = generation.table.as_ref();
        let files = table.map(|table| table.rules_by_file().collect::<Vec<_>>());
        let files = files.unwrap_or_default();
        let files = files
            .iter()
            .map(|(file, rules)| json!({ "file": file, "rules": rules }));
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.started.elapsed().as_secs(),
            "generation": generation.number,
            "since": unix_seconds(generation.since),
            "age_seconds": generation.age().as_secs(),
            "rules": table.map_or(0, |table| table.len()),
            "files": files.collect::<Vec<_>>(),
            "directory": config.rules.display().to_string(),
            "mode": if config.mode == Mode::Observe { "observe" } else { "rewrite" },
            "milter": self.milter,
            "socketmap": self.socketmap,
            "connections": self.gauges.open(),
            "connection_limit": self.connection_limit,
            "problems": self.health.problems().iter().map(problem_of).collect::<Vec<_>>(),
            "reloads": { "live": reload.live, "refused": reload.refused },
            "last_reload": reload.outcome.as_ref().map(outcome_of),
        })
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The first rules of a list, each with its place, as a command prints them.
fn rules_of(changes: &[Change]) -> Vec<String> {
    let shown = changes.iter().take(SHOWN);
    shown
        .map(|change| format!("{} ({})", change.rule, change.place))
        .collect()
}

/// A part of the daemon that is not well, as a command prints it.
fn problem_of(problem: &Problem) -> Value {
    json!({
        "part": problem.part,
        "what": problem.what,
        "for_seconds": problem.since.elapsed().as_secs(),
    })
}

fn problem(message: &str) -> Value {
    json!({ "error": message })
}

/// What came of a reload, as a command prints it.
fn outcome_of(outcome: &ReloadOutcome) -> Value {
    let texts =
        |findings: &[Diagnostic]| findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    match outcome {
        ReloadOutcome::Unchanged { generation } => {
            json!({ "outcome": "unchanged", "generation": generation })
        }
        ReloadOutcome::Live {
            generation,
            rules,
            sources,
            changes,
            took,
            warnings,
        } => json!({
            "outcome": "live",
            "generation": generation,
            "rules": rules,
            "files": sources,
            "added": changes.added.len(),
            "removed": changes.removed.len(),
            "changed": changes.changed.len(),
            "added_rules": rules_of(&changes.added),
            "removed_rules": rules_of(&changes.removed),
            "changed_rules": rules_of(&changes.changed),
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "findings": texts(warnings),
        }),
        ReloadOutcome::Refused {
            diagnostics,
            serving,
        } => {
            json!({ "outcome": "refused", "generation": serving, "findings": texts(diagnostics) })
        }
    }
}
