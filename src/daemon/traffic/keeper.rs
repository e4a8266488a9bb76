//! Keeps the remembered addresses while the daemon runs: merges what was recorded, writes the file, reads it at a start.
//!
//! All of that is done on a thread of its own, so that a state directory that hangs stops neither mail nor a reload:
//! nobody holds the lock of the addresses while the disk works.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`PATIENCE`] | 5 s | the state directory does not answer: the daemon starts, or ends, without it |

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, TryIter},
    },
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    addresses::{Addresses, RememberedAddress},
    file,
    recorder::Recorder,
};
use crate::{
    config::{Config, LogAddresses},
    daemon::{
        history::History,
        jobs::Jobs,
        record,
        state::{State, health::Health},
    },
};

/// The time between two merges.
const MERGE: Duration = Duration::from_millis(500);

/// The time between two writes.
const WRITE: Duration = Duration::from_secs(300);

/// The most addresses.
const ADDRESSES: usize = 1_000_000;

/// The longest wait for the state directory.
const PATIENCE: Duration = Duration::from_secs(5);

/// The addresses that got mail lately. Clones share them.
#[derive(Clone, Debug)]
pub struct Traffic {
    recorder: Recorder,
    kept: Arc<Mutex<Kept>>,
    /// Where the addresses are written; `None` if the daemon writes nothing.
    directory: Option<PathBuf>,
    jobs: Jobs,
    state: Arc<watch::Sender<TrafficState>>,
}

/// How the addresses stand, for `readdress status`.
#[derive(Clone, Debug, Default)]
pub struct TrafficState {
    /// How many addresses are remembered.
    pub addresses: usize,
    /// How many were dropped because there were too many.
    pub dropped: u64,
    /// How many recipients were not counted because too many came at once.
    pub missed: u64,
    /// Where the addresses are written; `None` if they are in memory alone.
    pub directory: Option<PathBuf>,
    /// Why they could not be written.
    pub problem: Option<String>,
}

/// What the lock protects.
#[derive(Debug)]
struct Kept {
    queue: Receiver<Arc<str>>,
    addresses: Addresses,
    /// Something came since the last write.
    changed: bool,
    /// The file was removed, because the log hides addresses.
    removed: bool,
}

impl Kept {
    fn merge(&mut self, now: u32) {
        let queued: TryIter<'_, _> = self.queue.try_iter();
        for key in queued {
            self.addresses.add(key, now);
            self.changed = true;
        }
    }
}

/// What the configuration says about the addresses.
#[derive(Clone, Copy)]
struct Wanted {
    remember: Duration,
    /// Nothing is written.
    hidden: bool,
}

impl From<&Config> for Wanted {
    fn from(config: &Config) -> Self {
        Self {
            remember: config.traffic.remember,
            hidden: config.addresses != LogAddresses::Full,
        }
    }
}

impl Traffic {
    /// Starts the thread. With a history, the addresses are written beside it.
    ///
    /// # Errors
    ///
    /// The system has no thread.
    pub fn start(history: Option<&History>, config: &Config, health: Health) -> io::Result<Self> {
        let (recorder, queue) = Recorder::new();
        let kept = Kept {
            queue,
            addresses: Addresses::new(config.traffic.remember, ADDRESSES),
            changed: false,
            removed: false,
        };
        Ok(Self {
            recorder,
            kept: Arc::new(Mutex::new(kept)),
            directory: history.map(file::directory),
            jobs: Jobs::start("traffic", health)?,
            state: Arc::default(),
        })
    }

    /// Returns what takes note of recipients.
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Returns the addresses that are remembered now, in any order.
    pub fn remembered(&self) -> Vec<RememberedAddress> {
        let now = minute();
        let mut kept = self.lock();
        kept.merge(now);
        kept.addresses.list(now)
    }

    /// Returns how the addresses stand.
    pub fn state(&self) -> TrafficState {
        let mut state = self.state.borrow().clone();
        state.missed = self.recorder.missed();
        // Whoever holds the lock is at work upon many addresses, and nobody waits for that.
        if let Ok(mut kept) = self.kept.try_lock() {
            kept.merge(minute());
            state.addresses = kept.addresses.len();
            state.dropped = kept.addresses.dropped();
        }
        state
    }

    /// Reads what the daemon before this one wrote; or removes it, if the log hides addresses.
    pub async fn open(&self, config: &Config) {
        let (traffic, wanted) = (self.clone(), Wanted::from(config));
        let work = self.jobs.run(move || traffic.read(wanted));
        if timeout(PATIENCE, work).await.is_err() {
            self.set_problem(Some("the state directory does not answer".to_owned()));
        }
    }

    /// Merges and writes, until the future is dropped.
    pub async fn run(&self, state: &State) {
        let mut write_at = Instant::now() + WRITE;
        loop {
            sleep(MERGE).await;
            let write = Instant::now() >= write_at;
            if write {
                write_at = Instant::now() + WRITE;
            }
            self.work(&state.config.load_full(), write).await;
        }
    }

    /// Writes what came since the last write: the daemon ends.
    pub async fn finish(&self, config: &Config) {
        // Somebody waits for the end; what is lost is little.
        let _ = timeout(PATIENCE, self.work(config, true)).await;
    }

    async fn work(&self, config: &Config, write: bool) {
        let (traffic, wanted) = (self.clone(), Wanted::from(config));
        // A panic is logged where it happens; the next turn works on.
        let _ = self.jobs.run(move || traffic.turn(wanted, write)).await;
    }

    fn read(&self, wanted: Wanted) {
        let Some(directory) = &self.directory else {
            return;
        };
        if !wanted.hidden {
            file::remove_remains(directory);
            let mut addresses = Addresses::new(wanted.remember, ADDRESSES);
            match file::read(directory, &mut addresses) {
                Ok(_) => {
                    addresses.expire(minute());
                    self.lock().addresses = addresses;
                }
                Err(damage) => record::traffic_damaged(&damage.file, &damage.reason),
            }
        }
        self.turn(wanted, false);
    }

    /// Merges, and brings the file to what is wanted. Blocks.
    fn turn(&self, wanted: Wanted, write: bool) {
        let now = minute();
        let mut kept = self.lock();
        kept.addresses.set_remember(wanted.remember);
        kept.merge(now);
        if write {
            kept.addresses.expire(now);
        }
        let directory = self.directory.as_ref();
        let remove = wanted.hidden && !kept.removed;
        let copy = (write && !wanted.hidden && kept.changed && directory.is_some())
            .then(|| kept.addresses.clone());
        kept.removed = wanted.hidden;
        // What is removed has to be written again if that is wanted later.
        kept.changed = copy.is_none() && (kept.changed || remove);
        let (addresses, dropped) = (kept.addresses.len(), kept.addresses.dropped());
        drop(kept);
        self.state.send_modify(|state| {
            state.addresses = addresses;
            state.dropped = dropped;
            state.directory = directory.filter(|_| !wanted.hidden).cloned();
        });
        let Some(directory) = directory else {
            return;
        };
        let done = match (remove, copy) {
            (true, _) => file::remove(directory),
            (false, Some(copy)) => file::write(directory, &copy),
            (false, None) => return,
        };
        if done.is_err() {
            let mut kept = self.lock();
            kept.changed = true;
            kept.removed = false;
        }
        self.set_problem(done.err().map(|error| error.to_string()));
    }

    /// Logs once why nothing is written.
    fn set_problem(&self, problem: Option<String>) {
        let is_new = self.state.send_if_modified(|state| {
            let is_new = state.problem != problem;
            state.problem.clone_from(&problem);
            is_new
        });
        if let (true, Some(problem), Some(directory)) = (is_new, problem, &self.directory) {
            record::traffic_not_written(directory, &problem);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the minutes since 1970.
fn minute() -> u32 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let minutes = since.map_or(0, |since| since.as_secs() / 60);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts in a state directory, as a daemon does.
    async fn start(state: &std::path::Path, config: &Config) -> Traffic {
        let history = History::new(state, &state.join("rules"));
        let traffic = Traffic::start(Some(&history), config, Health::default()).unwrap();
        traffic.open(config).await;
        traffic
    }

    fn config(addresses: LogAddresses) -> Config {
        Config {
            addresses,
            ..Config::default()
        }
    }

    fn counted(traffic: &Traffic) -> Vec<(String, u64)> {
        let list = traffic.remembered().into_iter();
        let mut list: Vec<_> = list
            .map(|one| (one.key.to_string(), one.messages))
            .collect();
        list.sort();
        list
    }

    /// Many threads record, while another one merges: nothing is counted twice, and nothing is lost.
    #[tokio::test]
    async fn threads_that_record_together_are_all_counted() {
        let state = tempfile::tempdir().unwrap();
        let traffic = start(state.path(), &Config::default()).await;
        let keys: Vec<Arc<str>> = (0..7).map(|n| format!("u{n}@x").into()).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (recorder, keys) = (traffic.recorder(), &keys);
                scope.spawn(move || {
                    (0..2100).for_each(|n| recorder.record(&keys[(n + thread) % 7]));
                });
            }
            (0..20).for_each(|_| drop(traffic.remembered()));
        });
        let all: Vec<_> = (0..7).map(|n| (format!("u{n}@x"), 1200)).collect();
        assert_eq!((counted(&traffic), traffic.state().missed), (all, 0));
    }

    #[tokio::test]
    async fn a_restart_keeps_what_the_log_shows() {
        let state = tempfile::tempdir().unwrap();
        let full = config(LogAddresses::Full);
        let traffic = start(state.path(), &full).await;
        traffic.recorder().record(&"jd@x".into());
        traffic.finish(&full).await;
        let again = start(state.path(), &full).await;
        assert_eq!(counted(&again), [("jd@x".to_owned(), 1)]);
        assert!(again.state().directory.is_some());
    }

    #[tokio::test]
    async fn where_addresses_are_hidden_nothing_is_on_disk() {
        for how in [LogAddresses::Hash, LogAddresses::Domain] {
            let state = tempfile::tempdir().unwrap();
            let (full, hidden) = (config(LogAddresses::Full), config(how));
            let traffic = start(state.path(), &full).await;
            traffic.recorder().record(&"jd@x".into());
            traffic.work(&full, true).await;
            let files = || std::fs::read_dir(state.path()).unwrap().count();
            assert_eq!(files(), 1);
            // The setting changes while the daemon runs.
            traffic.work(&hidden, false).await;
            assert_eq!((files(), counted(&traffic).len()), (0, 1));
            traffic.finish(&hidden).await;
            assert_eq!(files(), 0);
            // And before a start.
            traffic.work(&full, true).await;
            assert_eq!(files(), 1);
            let again = start(state.path(), &hidden).await;
            assert_eq!((files(), counted(&again).len()), (0, 0));
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_followed_by_a_new_one() {
        let state = tempfile::tempdir().unwrap();
        let full = config(LogAddresses::Full);
        let traffic = start(state.path(), &full).await;
        traffic.recorder().record(&"jd@x".into());
        traffic.finish(&full).await;
        let directory = traffic.state().directory.unwrap();
        std::fs::write(directory.join("addresses"), "traffic 1").unwrap();
        let again = start(state.path(), &full).await;
        assert_eq!(counted(&again), []);
        again.recorder().record(&"a@x".into());
        again.finish(&full).await;
        let third = start(state.path(), &full).await;
        assert_eq!(counted(&third), [("a@x".to_owned(), 1)]);
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_written_later() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("state");
        let full = config(LogAddresses::Full);
        let traffic = start(&path, &full).await;
        traffic.recorder().record(&"jd@x".into());
        traffic.work(&full, true).await;
        assert!(traffic.state().problem.is_some());
        std::fs::create_dir(&path).unwrap();
        traffic.work(&full, true).await;
        assert_eq!(traffic.state().problem, None);
        assert_eq!(counted(&start(&path, &full).await).len(), 1);
    }
}
