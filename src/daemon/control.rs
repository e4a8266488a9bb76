//! The control socket: commands ask the running daemon.
//!
//! In: one [`Request`] on one line, `{"protocol":1,"command":"explain","addresses":["jd@domain2.com"]}`.
//! Out: one or more lines of JSON, then the end of the connection. [`crate::protocol`] holds the types.
//!
//! Who may ask: root, the daemon's own user, and whoever the mode of the socket (0660) lets in, which
//! are the members of its group. A socket that is open to everybody answers only root and the daemon's
//! own user. The mode is checked for each connection ([`access`]).
//!
//! An answer of several lines is made line by line, and each line is sent before the next line is made.
//! Between two lines all other tasks of this thread have their turn, recipients of messages too: they wait
//! for one line at most, which takes less than a millisecond for a list of 500. What needs a walk over all
//! rules (`who`) is found on a thread of its own.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of a request | 256 KiB | the answer is a failure |
//! | recipients that one request asks about | 1000 | a failure follows their explanations |
//! | bytes of an answer | 64 MiB | a failure ends the answer |
//! | time until the request is there | 5 s | the connection is closed |
//! | time for a client to read a line | 10 s | the connection is closed |
//! | time for a request and its answer | 60 s | the connection is closed |
//! | connections at one time | 16 (`listeners`) | the connection that has been idle longest is closed |

mod access;
mod keys;
mod view;

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    task::yield_now,
    time::timeout,
};

use self::view::View;
use super::{
    accept::Slot,
    jobs::Jobs,
    listen::Stream,
    record,
    reload::{Asker, Order},
    status::StatusReporter,
};
use crate::{
    config::socket::Socket,
    protocol::{self, Command, Failure, FailureCode, Outcome, Reload, Request},
    report,
};

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

/// What the commands may ask about.
#[derive(Clone, Debug)]
pub struct Control {
    /// How the daemon stands, and the parts that the commands ask to act.
    pub reporter: StatusReporter,
    /// The thread for questions that need a walk over all rules.
    pub questions: Jobs,
}

impl Control {
    /// Answers the request of one connection to `socket`.
    pub async fn serve(&self, socket: &Socket, stream: Stream, slot: Slot) {
        if !access::may_ask(socket, stream.user()) {
            record::control_refused(stream.user());
            return;
        }
        // If a connection takes too long or breaks, nobody is left to hear of it.
        let _ = timeout(MAX_TIME, self.connection(stream, &slot)).await;
    }

    async fn connection(&self, stream: Stream, slot: &Slot) -> io::Result<()> {
        let user = stream.user();
        let (reader, writer) = tokio::io::split(stream);
        let mut answer = Answer { writer, bytes: 0 };
        let mut request = Vec::new();
        let mut reader = BufReader::new(reader.take(MAX_REQUEST));
        tokio::select! {
            () = slot.asked_to_leave() => return Ok(()),
            read = timeout(REQUEST_TIME, reader.read_until(b'\n', &mut request)) => read??,
        };
        if !slot.busy() {
            return Ok(());
        }
        match Request::read(&request) {
            Ok(request) => self.answer(request, user, &mut answer).await?,
            Err(_) if request.len() as u64 >= MAX_REQUEST => {
                let reason = format!("the request is longer than {MAX_REQUEST} bytes");
                answer
                    .failure(Failure::new(FailureCode::BadRequest, reason))
                    .await?;
            }
            Err(failure) => answer.failure(failure).await?,
        }
        answer.writer.shutdown().await
    }

    async fn answer<W: AsyncWrite + Unpin>(
        &self,
        request: Request,
        user: Option<u32>,
        answer: &mut Answer<W>,
    ) -> io::Result<()> {
        let asker = Asker {
            user,
            sudo: request.sudo,
            why: request.why,
        };
        match (request.command, request.digest) {
            (Command::Status, _) => answer.line(&Ok(self.reporter.status())).await,
            (Command::Config, _) => {
                for setting in keys::settings(&self.reporter) {
                    answer.line(&Ok(setting)).await?;
                }
                Ok(())
            }
            (Command::Reload, _) => answer.line(&self.reload(asker).await).await,
            (Command::Rollback, _) => {
                let order = match request.generation {
                    Some(to) => Order::RollBack { to },
                    None => Order::EndRollback,
                };
                answer.line(&self.order(order, asker).await).await
            }
            (Command::Accept, Some(digest)) => answer.line(&self.accept(digest, asker).await).await,
            (Command::Accept, None) => {
                let failure = Failure::new(FailureCode::BadRequest, "the request names no digest");
                answer.failure(failure).await
            }
            (Command::Explain, _) => self.explain(&request.addresses, user, answer).await,
            (Command::Who, _) => self.who(request.addresses, user, answer).await,
            (Command::Other(word), _) => {
                let reason = format!("this daemon does not know the command `{word}`");
                answer
                    .failure(Failure::new(FailureCode::UnknownCommand, reason))
                    .await
            }
        }
    }

    /// Reads the configuration, then the rules.
    async fn reload(&self, asker: Asker) -> Result<Reload, Failure> {
        let reporter = &self.reporter;
        reporter.settings.read().await;
        let outcome = reporter
            .reload
            .reload_for(asker)
            .await
            .ok_or_else(stopping)?;
        Ok(Reload {
            configuration: Some(reporter.configuration()),
            ..reporter.outcome(&outcome, Some(SystemTime::now()))
        })
    }

    /// Accepts what has this digest: a table, or the configuration file.
    async fn accept(&self, digest: String, asker: Asker) -> Result<Reload, Failure> {
        let reporter = &self.reporter;
        if reporter.settings.accept(digest.clone(), asker.user).await {
            return Ok(reporter.reload_of(Outcome::Configuration, Some(SystemTime::now())));
        }
        self.order(Order::Accept { digest }, asker).await
    }

    /// Has the reloader do something.
    async fn order(&self, order: Order, asker: Asker) -> Result<Reload, Failure> {
        let ends = matches!(order, Order::EndRollback);
        let code = match &order {
            Order::Accept { .. } => FailureCode::NotHeld,
            Order::RollBack { .. } => FailureCode::NoGeneration,
            Order::EndRollback => FailureCode::NotRolledBack,
        };
        let reporter = &self.reporter;
        let ordered = reporter.reload.order(order, asker.clone()).await;
        let done = ordered.ok_or_else(stopping)?;
        let mut outcome = done.map_err(|reason| Failure::new(code, reason))?;
        if ends {
            // The files count again, and what becomes of them is the answer.
            outcome = reporter
                .reload
                .reload_for(asker)
                .await
                .ok_or_else(stopping)?;
        }
        Ok(reporter.outcome(&outcome, Some(SystemTime::now())))
    }

    /// Says what reaches each address, as far as the user may see it. Another thread walks over the rules,
    /// for one question at a time.
    async fn who<W: AsyncWrite + Unpin>(
        &self,
        addresses: Vec<String>,
        user: Option<u32>,
        answer: &mut Answer<W>,
    ) -> io::Result<()> {
        let generation = self.reporter.state.live.pin();
        let Some(table) = generation.table.clone() else {
            return answer.failure(no_table()).await;
        };
        let view = View::of(&self.reporter.state, user);
        for address in addresses {
            let (table, number) = (Arc::clone(&table), generation.number);
            let job = move || report::who(&table, &address, Some(number));
            let lines = match self.questions.run(job).await {
                Ok(lines) => lines,
                Err(error) => {
                    let reason = format!("the question was not answered: {error}");
                    let failure = Failure::new(FailureCode::Other("internal-error".into()), reason);
                    return answer.failure(failure).await;
                }
            };
            for line in lines {
                if answer.bytes > MAX_ANSWER {
                    let reason = "the answer is longer than 64 MiB: ask the files instead";
                    return answer
                        .failure(Failure::new(FailureCode::TooMuch, reason))
                        .await;
                }
                answer.line(&line.map(|line| view.reached(line))).await?;
            }
            yield_now().await;
        }
        Ok(())
    }

    /// Explains each address, or each recipient of a log line, in a line of its own.
    async fn explain<W: AsyncWrite + Unpin>(
        &self,
        addresses: &[String],
        user: Option<u32>,
        answer: &mut Answer<W>,
    ) -> io::Result<()> {
        let generation = self.reporter.state.live.pin();
        let Some(table) = &generation.table else {
            return answer.failure(no_table()).await;
        };
        let view = View::of(&self.reporter.state, user);
        let explained = addresses
            .iter()
            .flat_map(|address| report::explain(table, address, Some(generation.number)));
        for (number, line) in explained.enumerate() {
            if number == MAX_RECIPIENTS || answer.bytes > MAX_ANSWER {
                let reason =
                    format!("only {number} recipients are explained: ask about the others apart");
                return answer
                    .failure(Failure::new(FailureCode::TooMuch, reason))
                    .await;
            }
            answer.line(&line.map(|line| view.explained(line))).await?;
            yield_now().await;
        }
        Ok(())
    }
}

fn no_table() -> Failure {
    let reason =
        "there is no table yet, and every recipient is deferred: `readdress status` says why";
    Failure::new(FailureCode::NoTable, reason)
}

fn stopping() -> Failure {
    Failure::new(FailureCode::Stopping, "the daemon is stopping")
}

/// An answer under way.
struct Answer<W> {
    writer: W,
    /// How many bytes were sent.
    bytes: usize,
}

impl<W: AsyncWrite + Unpin> Answer<W> {
    /// Sends a line. While the client does not read, no further line is made.
    async fn line<T: Serialize>(&mut self, line: &Result<T, Failure>) -> io::Result<()> {
        let text = protocol::line(line)? + "\n";
        self.bytes += text.len();
        timeout(WRITE_TIME, self.writer.write_all(text.as_bytes())).await?
    }

    async fn failure(&mut self, failure: Failure) -> io::Result<()> {
        self.line::<()>(&Err(failure)).await
    }
}
