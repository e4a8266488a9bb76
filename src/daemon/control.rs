//! The control socket: commands ask the running daemon.
//!
//! In: one line of JSON, `{"command":"explain","addresses":["jd@domain2.com"]}`. Out: lines of JSON,
//! then the end of the connection: one request a connection. Whoever may open the socket (mode
//! 0660) may ask.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | octets of a request | 1 MiB | the connection is closed |
//! | time for a request and its answer | 60 s | the connection is closed |
//! | connections at one time | 16 | further ones wait |

use std::{io, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use super::{
    listen::Bound,
    milter::{Gauges, Shared},
    record,
    reload::{ReloadHandle, ReloadOutcome},
    serve::{Stream, serve},
};
use crate::{config::Mode, engine::Diagnostic, report};

/// Longest request, in octets.
const MAX_REQUEST: u64 = 1 << 20;

/// Longest time of one connection.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Connections at one time.
const MAX_CONNECTIONS: usize = 16;

/// What the commands may ask about.
#[derive(Clone, Debug)]
pub struct Control {
    /// The live table and the configuration.
    pub shared: Arc<Shared>,
    /// The reloader.
    pub reload: ReloadHandle,
    /// The milter's connections.
    pub gauges: Arc<Gauges>,
}

impl Control {
    /// Answers until the future is dropped.
    pub async fn serve(self, bound: Bound) {
        let answered = serve(bound, MAX_CONNECTIONS, |stream| {
            let control = self.clone();
            async move {
                // A connection that takes too long, or breaks, has nobody to be told.
                let _ = timeout(MAX_TIME, control.connection(stream)).await;
            }
        });
        if let Err(error) = answered.await {
            record::control_missing(&error);
        }
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
        json!({
            "generation": generation.number,
            "age_seconds": generation.age().as_secs(),
            "rules": generation.table.as_ref().map_or(0, |table| table.len()),
            "directory": config.rules.display().to_string(),
            "mode": if config.mode == Mode::Observe { "observe" } else { "rewrite" },
            "connections": self.gauges.open(),
            "last_reload": self.reload.status().outcome.as_ref().map(outcome_of),
        })
    }
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
