//! Reloads under load: every message is decided with one table, and no message is lost.
//!
//! [`CONNECTIONS`] connections send messages with several recipients as fast as they are answered. During this time a
//! rules file is replaced by rename, at least [`SWAPS`] times a second. Every target of one variant is in a domain with
//! the number of the variant, its stamp, so a message that was decided with two tables shows two stamps. Every tenth
//! variant is broken and must have no effect: the stamp of a broken variant is never seen.
//!
//! # What the numbers mean
//!
//! A swap is a file that was replaced; a generation is a table that went live. The daemon waits until a directory is
//! quiet, so it may read once for several swaps. With `quiet = "5ms"`, without optimisation and with all senders on the
//! same two cores, 55 swaps a second became 24 generations a second, and a message saw each of them. [`GENERATIONS`] is
//! a fifth of that, for a busy machine. The second test shows without files that the swap itself can be faster: it
//! replaces the live table of a server in this process [`REPLACED`] times a second. More than 200 swaps a second were
//! measured.
//!
//! # Limits
//!
//! The first test runs for [`RUN`], the second for half of that. A client must get an answer within 10 s, or the test
//! fails.

#![cfg(feature = "daemon")]
#![allow(clippy::disallowed_macros, reason = "a test reports its measurements")]

#[path = "support/program.rs"]
mod program;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use program::{BASE, Place, connect, message};
use readdress::config::{Config, socket::Socket};
use readdress::daemon::listen;
use readdress::daemon::milter::{Limits, Server, SessionFilter, Workers};
use readdress::daemon::session::Sessions;
use readdress::daemon::state::State;
use readdress::daemon::state::counters::Counters;
use readdress::daemon::state::health::Health;
use readdress::daemon::state::live::LiveTable;
use readdress::engine::{Settings, SourceText, compile};
use readdress::mta::{Edit, EndOfMessage, Reply};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// The number of connections that send at the same time.
const CONNECTIONS: usize = 8;

/// How long the connections send.
const RUN: Duration = Duration::from_secs(7);

/// The smallest number of files that are replaced in a second.
const SWAPS: f64 = 50.0;

/// The smallest number of tables that must go live in a second, on average.
const GENERATIONS: f64 = 5.0;

/// The smallest number of tables that are replaced in a second without files.
const REPLACED: f64 = 50.0;

/// The number of tables that the second test uses in turn.
const TABLES: u64 = 40;

/// The tests run one after the other: two loads at the same time would disturb each other's numbers.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The recipients of every message, and the local-parts that they become.
const RECIPIENTS: [(&str, &[&str]); 5] = [
    ("jd@domain2.com", &["jdoe"]),
    ("sales@domain2.com", &["anna", "bob"]),
    ("whoever+x@domain2.com", &["whoever+x"]),
    ("chain@domain3.com", &["carl"]),
    ("john.roe@domain2.com", &["roe.john"]),
];

/// Returns a table whose targets are all in the domain of `stamp`.
fn rules(stamp: u64) -> String {
    let domain = format!("gen{stamp}.company.example");
    format!(
        "{domain} primary\ndomain2.com secondary\ndomain3.com secondary\n\
         @domain2.com @{domain}\njd@domain2.com jdoe@{domain}\n\
         sales@domain2.com anna@{domain}, bob@{domain}\n\
         chain@domain3.com link@domain2.com\nlink@domain2.com carl@{domain}\n\
         /(john)\\.(\\w+)@domain2\\.com/ $2.$1@{domain}\n\
         postmaster@* postmaster@{domain}\nabuse@* postmaster@{domain}\n"
    )
}

/// Returns true if a variant is broken: its stamp must never be seen.
fn is_broken(stamp: u64) -> bool {
    stamp % 10 == 9
}

/// The result of one connection, or of all.
#[derive(Debug, Default)]
struct Seen {
    messages: u64,
    stamps: BTreeSet<u64>,
    /// How often a connection saw another stamp than in its previous message.
    changes: u64,
}

/// Returns the one stamp of a message. Every recipient must have its targets, and there must be no other edit.
fn stamp(replies: &[Reply], end: &EndOfMessage) -> u64 {
    assert!(
        replies.iter().all(|reply| *reply == Reply::Continue),
        "{replies:?}"
    );
    assert_eq!(end.verdict, Reply::Continue);
    let (mut deleted, mut added, mut stamps) = (Vec::new(), Vec::new(), BTreeSet::new());
    for edit in &end.edits {
        match edit {
            Edit::Delete(path) => deleted.push(inside(path)),
            Edit::Add { address, .. } => {
                let address = inside(address);
                let (local, domain) = address.split_once('@').unwrap();
                let number = domain
                    .strip_prefix("gen")
                    .and_then(|rest| rest.split_once('.'));
                stamps.insert(number.expect("a stamp").0.parse().expect("a number"));
                added.push(local.to_owned());
            }
            other => panic!("{other:?}"),
        }
    }
    deleted.sort();
    added.sort();
    let mut received: Vec<_> = RECIPIENTS.iter().map(|(address, _)| *address).collect();
    let mut wanted: Vec<_> = RECIPIENTS.iter().flat_map(|(_, to)| *to).copied().collect();
    received.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(deleted, received);
    assert_eq!(added, wanted);
    assert_eq!(stamps.len(), 1, "a torn table: {:?}", program::edits(end));
    stamps.pop_first().unwrap()
}

fn inside(path: &[u8]) -> String {
    let path = std::str::from_utf8(path).unwrap();
    path.strip_prefix('<')
        .and_then(|path| path.strip_suffix('>'))
        .unwrap()
        .to_owned()
}

/// Sends until it is told to stop, on a connection that is renewed from time to time.
async fn send(socket: Socket, stop: Arc<AtomicBool>) -> Seen {
    let received: Vec<_> = RECIPIENTS.iter().map(|(address, _)| *address).collect();
    let (mut seen, mut last) = (Seen::default(), None);
    while !stop.load(Relaxed) {
        let mut client = connect(&socket).await;
        for _ in 0..100 {
            let (replies, end) = message(&mut client, "4bXz", &received).await;
            let stamp = stamp(&replies, &end);
            seen.messages += 1;
            seen.changes += u64::from(last.replace(stamp).is_some_and(|last| last != stamp));
            seen.stamps.insert(stamp);
        }
        client.quit().await.unwrap();
    }
    seen
}

/// Starts all connections; [`finish`] ends them.
fn load(socket: &Socket) -> (Arc<AtomicBool>, Vec<JoinHandle<Seen>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let senders = (0..CONNECTIONS)
        .map(|_| tokio::spawn(send(socket.clone(), Arc::clone(&stop))))
        .collect();
    (stop, senders)
}

async fn finish((stop, senders): (Arc<AtomicBool>, Vec<JoinHandle<Seen>>)) -> Seen {
    stop.store(true, Relaxed);
    let mut all = Seen::default();
    for sender in senders {
        let seen = sender.await.expect("the oracle holds in every connection");
        all.messages += seen.messages;
        all.changes += seen.changes;
        all.stamps.extend(seen.stamps);
    }
    all
}

/// Saves one variant after the other until [`RUN`] is over. Returns how many.
async fn swap_files(place: &Place) -> u64 {
    let (started, mut stamp) = (Instant::now(), 0);
    while started.elapsed() < RUN {
        stamp += 1;
        let broken = if is_broken(stamp) {
            "x@domain2.com rejct\n"
        } else {
            ""
        };
        place.save("a.rules", &(rules(stamp) + broken));
        // The next time is calculated from the start, so that a slow moment is made up for.
        let due = Duration::from_secs_f64(stamp as f64 / (SWAPS * 1.1));
        sleep(due.saturating_sub(started.elapsed())).await;
    }
    stamp
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_under_load_tear_no_message() {
    let _turn = TURN.lock().await;
    let place = Place::new(&[("a.rules", &rules(0))]);
    place.configure(&BASE.replace("20ms", "5ms").replace("500ms", "20ms"));
    let mut serving = place.serve();
    let load = load(&place.socket());
    let swaps = swap_files(&place).await;
    // The variant that is saved last must be live in the end.
    place.save("a.rules", &rules(1_000_000));
    let reloaded = place.ask(&["reload", "--json"]);
    assert_eq!(reloaded.status, Some(0), "{reloaded:?}");
    let mut client = connect(&place.socket()).await;
    let received: Vec<_> = RECIPIENTS.iter().map(|(address, _)| *address).collect();
    let (replies, end) = message(&mut client, "4bLast", &received).await;
    assert_eq!(stamp(&replies, &end), 1_000_000);
    let seen = finish(load).await;
    assert_eq!(serving.ended(), None);
    let status: serde_json::Value =
        serde_json::from_str(&place.ask(&["status", "--json"]).out).unwrap();
    let generations = status["generation"].as_u64().unwrap();
    println!(
        "{swaps} swaps, {generations} generations, {} stamps seen, {} changes, {} messages in {RUN:?}",
        seen.stamps.len(),
        seen.changes,
        seen.messages
    );
    let least = |rate: f64| rate * RUN.as_secs_f64();
    assert!(swaps as f64 >= least(SWAPS), "{swaps} swaps");
    assert!(
        generations as f64 >= least(GENERATIONS),
        "{generations} generations"
    );
    assert!(
        seen.stamps.len() as f64 >= least(GENERATIONS) * 0.8,
        "{} stamps",
        seen.stamps.len()
    );
    assert!(
        !seen.stamps.iter().any(|stamp| is_broken(*stamp)),
        "{seen:?}"
    );
    assert!(
        place.log().contains("table refused: "),
        "no broken one was read"
    );
}

/// Serves until `shutdown` resolves.
async fn served(
    sockets: Vec<listen::BoundSocket>,
    make: impl Fn() -> SessionFilter + Send + Sync + 'static,
    limits: Limits,
    counters: Arc<Counters>,
    shutdown: impl Future<Output = ()>,
) {
    let (workers, _guard) = Workers::start().unwrap();
    let server = Server::start(sockets, make, limits, counters, &workers, Health::default());
    server.unwrap().serve(shutdown).await;
}

/// Starts a server in this process, on a socket in `directory`.
fn server(
    live: &Arc<LiveTable>,
    directory: &std::path::Path,
) -> (Socket, oneshot::Sender<()>, JoinHandle<()>) {
    let bound = listen::bind(&Socket::Unix(directory.join("m.sock"))).unwrap();
    let socket = bound.socket().clone();
    let state = Arc::new(State::new(Arc::clone(live), Config::default()));
    let sessions = Arc::new(Sessions::new(state));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let counters = Arc::new(Counters::default());
    let served = served(
        vec![bound],
        move || SessionFilter::new(Arc::clone(&sessions)),
        Limits::default(),
        counters,
        shutdown,
    );
    (socket, stop, tokio::spawn(served))
}

fn table(stamp: u64) -> Arc<readdress::engine::Table> {
    let source = SourceText::new("a.rules", rules(stamp));
    let compiled = compile(&[source], &Settings::default());
    Arc::new(compiled.table.expect("a table without errors"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps_without_files_tear_no_message() {
    let _turn = TURN.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let live = Arc::new(LiveTable::new());
    let tables: Vec<_> = (0..TABLES).map(table).collect();
    live.replace(Arc::clone(&tables[0]));
    let (socket, stop, served) = server(&live, directory.path());
    let load = load(&socket);
    let (run, started, mut replaced) = (RUN / 2, Instant::now(), 0);
    for table in tables.iter().cycle() {
        if started.elapsed() > run {
            break;
        }
        replaced += 1;
        drop(live.replace(Arc::clone(table)));
        sleep(Duration::from_millis(2)).await;
    }
    let seen = finish(load).await;
    println!(
        "{replaced} times replaced, {} stamps seen, {} changes, {} messages in {run:?}",
        seen.stamps.len(),
        seen.changes,
        seen.messages
    );
    let least = REPLACED * run.as_secs_f64();
    assert!(f64::from(replaced) >= least, "{replaced} times replaced");
    assert_eq!(seen.stamps.len() as u64, TABLES, "{seen:?}");
    stop.send(()).unwrap();
    served.await.unwrap();
}
