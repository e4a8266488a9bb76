//! Measures tables: bytes and time per rule, compared with the memory of this machine.
//!
//! Each size is measured in a separate process (`readdress-bench one-table FOLDER COUNT`), so that the memory of
//! another size does not count. The process prints its figures as one JSON object.
//!
//! # What the figures mean
//!
//! A look-up is [`Table::find`] for an address that was prepared before; a hit also reads the record of the rule. A
//! decision is everything that happens at RCPT: the path is parsed and folded, the received address is looked up,
//! then its target. The bare read follows pointers through as much memory as the table has; each read depends on the
//! one before.

use std::fs;
use std::hint::black_box;
use std::io::Result;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use readdress::daemon::reload::{ReloadHandle, ReloadOptions, ReloadOutcome, Reloader};
use readdress::daemon::state::live::LiveTable;
use readdress::engine::address::{ForwardPath, Mailbox};
use readdress::engine::rewrite::{Outcome, decide};
use readdress::engine::rule::Unknown;
use readdress::engine::table::{Address, Found};
use readdress::engine::{Settings, Table};
use serde_json::{Value, json};

use crate::{process, world};

/// The number of look-ups for a figure, unless [`LONGEST`] ends the measurement before.
const LOOKUPS: u64 = 400_000;

/// How many addresses are prepared at once.
const BATCH: usize = 64;

/// The number of regexes for which addresses are made. Every table has at least this number.
const FEW_REGEXES: u64 = 200;

/// The longest time of one measurement, in seconds.
const LONGEST: f64 = 3.0;

/// Measures `count` rules in a separate process.
pub fn measure(kind: &str, folder: &Path, count: u64) -> Result<Value> {
    let output = Command::new(std::env::current_exe()?)
        .arg(kind)
        .arg(folder)
        .arg(count.to_string())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        std::io::Error::other(format!("{kind} {count}: {error}\n{said}"))
    })
}

/// Loads `folder`. Returns the live table, the reloader, its handle, and the seconds that the load took.
async fn load(folder: &Path) -> (Arc<LiveTable>, Reloader, ReloadHandle, f64) {
    let live = Arc::new(LiveTable::new());
    let options = ReloadOptions::new(folder, Settings::default());
    let (mut reloader, handle) =
        Reloader::new(options, Arc::clone(&live)).expect("a thread can be had");
    let started = Instant::now();
    let outcome = reloader.load().await;
    let took = started.elapsed().as_secs_f64();
    assert!(
        matches!(outcome, ReloadOutcome::Live { .. }),
        "not live: {outcome:?}"
    );
    (live, reloader, handle, took)
}

/// Returns the seconds that it takes to read the files. The files are in the page cache, as they are for the load.
fn read_all(folder: &Path) -> f64 {
    let started = Instant::now();
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        black_box(fs::read(entry.path()).expect("a rules file"));
    }
    started.elapsed().as_secs_f64()
}

/// Returns the nanoseconds per decision. Checks each decision.
fn decisions(table: &Table, paths: &[String], good: impl Fn(usize, &Outcome) -> bool) -> f64 {
    let (started, mut done) = (Instant::now(), 0);
    for (at, path) in paths.iter().enumerate() {
        let decision = decide(table, &mailbox(path));
        assert!(good(at, &decision.outcome), "{path}: {decision:?}");
        done = at + 1;
        if done % 1024 == 0 && started.elapsed().as_secs_f64() > LONGEST {
            break;
        }
    }
    started.elapsed().as_secs_f64() * 1e9 / done as f64
}

/// Returns the nanoseconds per look-up. Addresses are prepared in small batches that stay in the cache, so that
/// only the table is read from memory.
fn look_ups(table: &Table, paths: &[String], good: impl Fn(&Found) -> bool) -> f64 {
    let (mut took, mut done) = (0.0, 0);
    for batch in paths.chunks(BATCH) {
        let prepared: Vec<_> = batch
            .iter()
            .map(|path| Address::new(mailbox(path), table))
            .collect();
        let started = Instant::now();
        for address in &prepared {
            assert!(good(&table.find(address)), "{address:?}");
        }
        took += started.elapsed().as_secs_f64();
        done += batch.len();
        if took > LONGEST {
            break;
        }
    }
    took * 1e9 / done as f64
}

fn mailbox(path: &str) -> Mailbox {
    match ForwardPath::parse(path.as_bytes()) {
        Ok(ForwardPath::Mailbox(mailbox)) => mailbox,
        _ => panic!("{path} is not a mailbox"),
    }
}

/// Returns the nanoseconds of a read that depends on the read before, in this number of bytes of memory.
fn chase(bytes: u64) -> f64 {
    // One number in each cache line, all in one cycle (Sattolo's algorithm).
    const LINE: usize = 16;
    let lines = usize::try_from(bytes / 64).unwrap_or(0).max(1024);
    let mut order: Vec<u32> = (0..lines as u32).collect();
    for at in (1..lines).rev() {
        let other = world::mix(at as u64) as usize % at;
        order.swap(at, other);
    }
    let mut memory = vec![0u32; lines * LINE];
    for (at, next) in order.iter().enumerate() {
        memory[at * LINE] = *next;
    }
    drop(order);
    let mut at = 0;
    let started = Instant::now();
    for _ in 0..LOOKUPS {
        at = memory[at as usize * LINE];
    }
    black_box(at);
    started.elapsed().as_secs_f64() * 1e9 / LOOKUPS as f64
}

fn drawn(count: u64, make: impl Fn(u64) -> String) -> Vec<String> {
    let numbers = (0..LOOKUPS).map(|at| world::mix(at) % count);
    numbers.map(|n| format!("<{}>", make(n))).collect()
}

fn hits(count: u64) -> (Vec<String>, Vec<String>) {
    let targets = (0..LOOKUPS).map(|at| world::target(world::mix(at) % count));
    (drawn(count, world::key), targets.collect())
}

fn time_of_hits(table: &Table, (keys, targets): &(Vec<String>, Vec<String>)) -> f64 {
    decisions(table, keys, |at, outcome| match outcome {
        Outcome::Replace(to) => to.len() == 1 && is(&to[0], &targets[at]),
        _ => false,
    })
}

fn is(mailbox: &Mailbox, text: &str) -> bool {
    let local = text.strip_suffix(mailbox.domain.as_str());
    local.and_then(|local| local.strip_suffix('@')) == Some(mailbox.local.as_str())
}

fn time_of_misses(table: &Table, paths: &[String]) -> f64 {
    decisions(table, paths, |_, outcome| *outcome == Outcome::Keep)
}

/// Adds one line, and waits until it is live. Returns the seconds, and the peak of memory during the reload in bytes.
async fn edit(folder: &Path, live: &LiveTable, handle: &ReloadHandle) -> (f64, u64) {
    let me = std::process::id();
    process::forget_peak(me);
    let before = live.pin().number;
    let started = Instant::now();
    let line = format!(
        "edited@{} somebody@{}\n",
        world::SECONDARY[0],
        world::PRIMARY[0]
    );
    fs::write(folder.join("99-edit.rules"), line).expect("the edit");
    let outcome = handle.reload().await;
    let took = started.elapsed().as_secs_f64();
    // The watcher may have reloaded before the request came.
    assert_eq!(live.pin().number, before + 1, "{outcome:?}");
    (took, process::peak(me))
}

/// Runs `one-table`: measures memory, times, and a reload.
pub async fn one(folder: &Path, count: u64) -> Value {
    let me = std::process::id();
    let (paths, misses) = (hits(count), drawn(count, world::miss));
    read_all(folder);
    let read = read_all(folder);
    let before = process::resident(me);
    process::forget_peak(me);
    let (live, mut reloader, handle, took) = load(folder).await;
    let first_peak = process::peak(me).saturating_sub(before);
    let bytes = process::resident(me).saturating_sub(before);
    let generation = live.pin();
    let table = generation.table.as_deref().expect("a table");
    // Warms the caches up.
    time_of_misses(table, &misses[..misses.len() / 10]);
    let hit = time_of_hits(table, &paths);
    let miss = time_of_misses(table, &misses);
    let find_hit = look_ups(table, &paths.0, |found| matches!(found, Found::Rule(_)));
    let unknown = Found::Unknown(Unknown::Keep);
    let find_miss = look_ups(table, &misses, |found| *found == unknown);
    let chased = chase(bytes);
    drop(generation);
    let running = tokio::spawn(async move { reloader.run().await });
    let (edited, peak) = edit(folder, &live, &handle).await;
    running.abort();
    fs::remove_file(folder.join("99-edit.rules")).expect("the edit");
    json!({
        "rules": count, "bytes": bytes, "load_seconds": took, "read_seconds": read,
        "first_peak": first_peak, "reload_peak": peak.saturating_sub(before),
        "hit_ns": hit, "miss_ns": miss, "find_hit_ns": find_hit, "find_miss_ns": find_miss, "chase_ns": chased, "edit_seconds": edited,
    })
}

/// Runs `mixed-table`: measures rules for whole domains and regexes besides rules for single addresses.
pub async fn mixed(folder: &Path, count: u64) -> Value {
    let (live, _reloader, _handle, took) = load(folder).await;
    let generation = live.pin();
    let table = generation.table.as_deref().expect("a table");
    let paths = hits(count);
    time_of_hits(table, &paths);
    let hit = time_of_hits(table, &paths);
    let miss = time_of_misses(table, &drawn(count, world::miss));
    // Fewer addresses: an address that no regex matches is tried with all of them.
    let drawn = (0..2000).map(world::mix);
    let regexes: Vec<_> = drawn
        .map(|n| format!("<jane.roe-{:x}@patterns.example>", n % FEW_REGEXES))
        .collect();
    let regex = decisions(table, &regexes, |_, outcome| match outcome {
        Outcome::Replace(to) => to.iter().all(|to| to.to_string().starts_with("roe.jane@")),
        _ => false,
    });
    json!({ "load_seconds": took, "hit_ns": hit, "miss_ns": miss, "regex_ns": regex })
}
