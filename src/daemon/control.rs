//! The control socket: commands ask the running daemon.
//!
//! In: one line of JSON, `{"command":"explain","addresses":["jd@domain2.com"]}`. Out: lines of JSON,
//! then the end of the connection: one request a connection.
//!
//! Who may ask: root, the daemon's own user, and whoever the mode of the socket (0660) lets in, which
//! are the members of its group. A socket that is open to everybody serves the first two alone. The mode is
//! looked at for each connection ([`access`]).
//!
//! An answer of several lines is made line by line, and each line is sent before the next one is made.
//! Between two lines all others on this thread have their turn, recipients of messages too: they wait for
//! one line at most, which is below a millisecond for a list of 500.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of a request | 256 KiB | an error is answered |
//! | recipients that one request asks about | 1000 | an error follows their answers |
//! | bytes of an answer | 64 MiB | an error ends it |
//! | time until the request is there | 5 s | the connection is closed |
//! | time for a client to read a line | 10 s | the connection is closed |
//! | time for a request and its answer | 60 s | the connection is closed |
//! | connections at one time | 16 | the one idle longest is closed |

mod access;
mod keys;
mod outcome;
mod status;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    sync::Mutex,
    task::yield_now,
    time::timeout,
};

use super::{
    listen::Kept,
    milter::Gauges,
    places::Place,
    record::{self, Sockets},
    reload::{Accept, ReloadHandle},
    serve::{Stream, serve},
    settings::SettingsHandle,
    state::State,
};
use crate::report;

/// Longest request, in bytes.
const MAX_REQUEST: u64 = 256 << 10;

/// Most recipients that one request asks about.
const MAX_RECIPIENTS: usize = 1000;

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// Longest time until the request is there.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// Longest time for a client to read a line.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// Longest time of one connection.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Connections at one time.
pub const MAX_CONNECTIONS: usize = 16;

/// What the commands may ask about.
#[derive(Clone, Debug)]
pub struct Control {
    /// The live table, the configuration, and what is not well.
    pub state: Arc<State>,
    /// The reloader.
    pub reload: ReloadHandle,
    /// The milter's connections.
    pub gauges: Arc<Gauges>,
    /// When the daemon started.
    pub started: Instant,
    /// Milter connections that are served at one time.
    pub connection_limit: usize,
    /// Follows the configuration file.
    pub settings: SettingsHandle,
    /// The sockets, as they really are.
    pub sockets: Sockets,
    /// Which of them systemd handed over.
    pub handed: Handed,
    /// How a table that is held back is accepted.
    pub accept: Option<Accept>,
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

impl Control {
    /// Answers until the future is dropped.
    pub async fn serve(self, listener: Arc<Mutex<Kept>>) {
        let socket = Arc::new(listener.lock().await.socket().clone());
        serve(listener, MAX_CONNECTIONS, |stream, place| {
            let (control, socket) = (self.clone(), Arc::clone(&socket));
            async move {
                if !access::may_ask(&socket, stream.user()) {
                    record::control_refused(stream.user());
                    return;
                }
                // A connection that takes too long, or breaks, has nobody to be told.
                let _ = timeout(MAX_TIME, control.connection(stream, &place)).await;
            }
        })
        .await;
    }

    async fn connection(&self, stream: Box<dyn Stream>, place: &Place) -> io::Result<()> {
        let user = stream.user();
        let (reader, writer) = tokio::io::split(stream);
        let mut writer = Answer { writer, bytes: 0 };
        let mut request = Vec::new();
        let mut reader = BufReader::new(reader.take(MAX_REQUEST));
        tokio::select! {
            () = place.asked() => return Ok(()),
            read = timeout(REQUEST_TIME, reader.read_until(b'\n', &mut request)) => read??,
        };
        if !place.busy() {
            return Ok(());
        }
        match serde_json::from_slice::<Value>(&request) {
            Err(_) if request.len() as u64 >= MAX_REQUEST => {
                let reason = format!("the request is longer than {MAX_REQUEST} bytes");
                writer.line(&problem(&reason)).await?;
            }
            Ok(request) if request["command"] == "explain" => {
                self.explain(&request, &mut writer).await?;
            }
            Ok(request) => {
                for line in self.answer(&request, user).await {
                    writer.line(&line).await?;
                }
            }
            Err(error) => {
                let problem = problem(&format!("the request is no JSON: {error}"));
                writer.line(&problem).await?;
            }
        }
        writer.writer.shutdown().await
    }

    async fn answer(&self, request: &Value, user: Option<u32>) -> Vec<Value> {
        match request["command"].as_str() {
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

    /// Explains each address, or each recipient of a log line, in a line of its own.
    async fn explain<W: AsyncWrite + Unpin>(
        &self,
        request: &Value,
        answer: &mut Answer<W>,
    ) -> io::Result<()> {
        let generation = self.state.live.pin();
        let Some(table) = &generation.table else {
            let reason = "there is no table yet, and every recipient is deferred: `readdress status` says why";
            return answer.line(&problem(reason)).await;
        };
        let addresses = request["addresses"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let explained = addresses
            .iter()
            .filter_map(Value::as_str)
            .flat_map(|address| report::explain(table, address, Some(generation.number)));
        for (number, line) in explained.enumerate() {
            if number == MAX_RECIPIENTS || answer.bytes > MAX_ANSWER {
                let reason = format!("{number} recipients are explained: ask for the others apart");
                return answer.line(&problem(&reason)).await;
            }
            answer.line(&line).await?;
            yield_now().await;
        }
        Ok(())
    }
}

/// An answer under way.
struct Answer<W> {
    writer: W,
    /// What was sent of it.
    bytes: usize,
}

impl<W: AsyncWrite + Unpin> Answer<W> {
    /// Sends a line; a client that does not read has no more of them made.
    async fn line(&mut self, line: &Value) -> io::Result<()> {
        let text = format!("{line}\n");
        self.bytes += text.len();
        timeout(WRITE_TIME, self.writer.write_all(text.as_bytes())).await?
    }
}

fn problem(message: &str) -> Value {
    json!({ "error": message })
}
