//! Notifications of the system (inotify), as hints that it is worth looking.
//!
//! In: targets. Out: [`Hints::hinted`], which returns when something that matters may have happened.
//!
//! | limit | source | when reached |
//! |---|---|---|
//! | `fs.inotify.max_user_instances`, `max_user_watches`, open files | sysctl, `LimitNOFILE=` | [`Mode::RescanOnly`], one warning; tried again at each look |
//! | `fs.inotify.max_queued_events` | sysctl | one hint, the watches are renewed, one warning |
//!
//! A watch belongs to an inode, not to a path: after a rename it is deaf without a word. So the
//! watches are made anew whenever the way to the targets is another than it was.
//!
//! One descriptor serves as long as the daemon, and no thread: events are read where they are waited
//! for. Only adding watches touches the file system, and may take as long as that does; it is done
//! by [`Watches::renew`], on the thread of [`Jobs`](crate::daemon::jobs::Jobs).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Target;
use super::trail::Plan;
use crate::daemon::{health::Health, record};

/// What is asked for. Reading is not among it: our own must not wake us.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// After one of these a name may stand for something else.
const REPLACED: ReadFlags = ReadFlags::CREATE
    .union(ReadFlags::DELETE)
    .union(ReadFlags::MOVED_FROM)
    .union(ReadFlags::MOVED_TO);

/// After one of these a watch may be on what is no longer in its place.
const MOVED: ReadFlags = ReadFlags::DELETE_SELF
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::UNMOUNT);

/// Octets read at once; the longest event has 272.
const BUFFER: usize = 4096;

/// How changes are found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// By notification, and by looking every now and then.
    Notified,
    /// By looking every now and then alone.
    RescanOnly,
}

impl Mode {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::RescanOnly => "rescan-only",
        }
    }
}

/// The inotify descriptor, which two own: who adds watches, and who reads events.
#[derive(Clone, Debug)]
struct Shared(Arc<OwnedFd>);

impl AsRawFd for Shared {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Which watches there are.
#[derive(Debug, Default)]
struct Watched {
    inotify: Option<Shared>,
    directories: HashMap<i32, PathBuf>,
    plan: Plan,
}

/// The half that adds watches, used by one job at a time, and that tells what an event means.
#[derive(Debug)]
pub(super) struct Watches {
    watched: Mutex<Watched>,
    /// The watches may be on what is no longer there.
    stale: AtomicBool,
    overflowed: AtomicBool,
    warned_of_overflow: AtomicBool,
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the watches fit the way to `targets` as it is now. Blocks as long as the file system does;
    /// the lock is held no longer than it takes to put the new state in place.
    pub fn renew(&self, targets: &[Target]) -> io::Result<()> {
        if self.overflowed.swap(false, Ordering::AcqRel)
            && !self.warned_of_overflow.swap(true, Ordering::AcqRel)
        {
            record::watch_overflowed();
        }
        // Taken back before the plan is made: what comes after is for the next time.
        let stale = self.stale.swap(false, Ordering::AcqRel);
        let plan = Plan::of(targets);
        let before = {
            let watched = self.lock();
            if !stale && watched.inotify.is_some() && watched.plan == plan {
                return Ok(());
            }
            watched.inotify.clone()
        };
        let watched = watch(before, plan);
        let mut now = self.lock();
        match watched {
            Ok(watched) => {
                let old = std::mem::replace(&mut *now, watched);
                now.forget(&old);
                Ok(())
            }
            Err(error) => {
                // Watches count against a limit of all programs: half of them are of no use.
                *now = Watched::default();
                Err(error)
            }
        }
    }

    /// Returns true if the event is worth a look.
    fn receive(&self, watch: i32, events: ReadFlags, name: Option<&Path>) -> bool {
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.overflowed.store(true, Ordering::Release);
            self.stale.store(true, Ordering::Release);
            return true;
        }
        let watched = self.lock();
        let Some(directory) = watched.directories.get(&watch) else {
            // A watch that was taken back, or one that is being added.
            return !events.contains(ReadFlags::IGNORED);
        };
        if events.intersects(MOVED) {
            self.stale.store(true, Ordering::Release);
            return true;
        }
        let Some(name) = name else {
            // The directory itself: its permissions, or that its watch has ended.
            let ended = events.contains(ReadFlags::IGNORED);
            self.stale.fetch_or(ended, Ordering::AcqRel);
            return true;
        };
        let path = directory.join(name);
        if events.intersects(REPLACED) && on_the_way(&watched.plan, &path) {
            self.stale.store(true, Ordering::Release);
        }
        matters(&watched.plan, &path)
    }
}

impl Watched {
    /// Takes back the watches of `old` that are none of these.
    fn forget(&self, old: &Self) {
        let Some(inotify) = &self.inotify else { return };
        for watch in old.directories.keys() {
            if !self.directories.contains_key(watch) {
                // The system has taken back those of directories that are gone.
                let _ = inotify::remove_watch(inotify.0.as_fd(), *watch);
            }
        }
    }
}

fn watch(before: Option<Shared>, plan: Plan) -> io::Result<Watched> {
    let inotify = match before {
        Some(inotify) => inotify,
        None => Shared(Arc::new(inotify::init(
            CreateFlags::CLOEXEC | CreateFlags::NONBLOCK,
        )?)),
    };
    let mut directories = HashMap::new();
    for directory in plan.directories.keys() {
        match inotify::add_watch(inotify.0.as_fd(), directory, EVENTS) {
            Ok(watch) => drop(directories.insert(watch, directory.clone())),
            // Not there, or not for us to read: the directory above it tells, or the next look.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Watched {
        inotify: Some(inotify),
        directories,
        plan,
    })
}

/// The half that waits for events.
#[derive(Debug)]
pub(super) struct Hints {
    watches: Arc<Watches>,
    events: Option<AsyncFd<Shared>>,
    /// How a lack of notifications is called among the problems: `watch of rules`.
    part: String,
    health: Health,
}

impl Hints {
    /// No watch yet.
    pub fn new(part: String, health: Health) -> Self {
        Self {
            part,
            health,
            watches: Arc::new(Watches {
                watched: Mutex::default(),
                stale: AtomicBool::new(true),
                overflowed: AtomicBool::new(false),
                warned_of_overflow: AtomicBool::new(false),
            }),
            events: None,
        }
    }

    /// The half that adds watches.
    pub fn watches(&self) -> Arc<Watches> {
        Arc::clone(&self.watches)
    }

    pub fn mode(&self) -> Mode {
        match self.events {
            Some(_) => Mode::Notified,
            None => Mode::RescanOnly,
        }
    }

    /// Waits at the descriptor of the watches as they are after a renewal that ended so.
    pub fn renewed(&mut self, renewal: io::Result<()>) {
        match renewal.and_then(|()| self.wait_at()) {
            Ok(()) => {
                if self.health.well(&self.part) {
                    record::watch_restored();
                }
            }
            Err(error) => {
                self.events = None;
                *self.watches.lock() = Watched::default();
                // Said once, not at every look.
                let what = format!("rescan-only, changes are seen later: {error}");
                if self.health.wrong(&self.part, &what) {
                    record::watch_unavailable(&error);
                }
            }
        }
    }

    fn wait_at(&mut self) -> io::Result<()> {
        let inotify = self.watches.lock().inotify.clone();
        let Some(inotify) = inotify else {
            self.events = None;
            return Ok(());
        };
        let known = self.events.as_ref();
        if known.is_none_or(|events| !Arc::ptr_eq(&events.get_ref().0, &inotify.0)) {
            // First the old one goes, which counts against the limits.
            self.events = None;
            #[allow(
                deprecated,
                reason = "the descriptor stays open as long as it is registered"
            )]
            let events = AsyncFd::with_interest(inotify, Interest::READABLE)?;
            self.events = Some(events);
        }
        Ok(())
    }

    /// Returns when there is something worth a look; never without notifications.
    pub async fn hinted(&self) {
        let Some(events) = &self.events else {
            return std::future::pending().await;
        };
        loop {
            let Ok(mut ready) = events.readable().await else {
                return std::future::pending().await;
            };
            // All that is there is one hint.
            let hint = self.read(events.get_ref());
            ready.clear_ready();
            if hint {
                return;
            }
        }
    }

    /// Reads until nothing is left. Returns true if one of the events is worth a look.
    fn read(&self, inotify: &Shared) -> bool {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(inotify.0.as_fd(), &mut buffer);
        let mut hint = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event
                        .file_name()
                        .map(|name| Path::new(OsStr::from_bytes(name.to_bytes())));
                    hint |= self.watches.receive(event.wd(), event.events(), name);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return hint,
                Err(_) => {
                    self.watches.stale.store(true, Ordering::Release);
                    return true;
                }
            }
        }
    }
}

fn on_the_way(plan: &Plan, path: &Path) -> bool {
    plan.steps.contains(path) || plan.directories.contains_key(path)
}

fn matters(plan: &Plan, path: &Path) -> bool {
    on_the_way(plan, path)
        || path
            .parent()
            .is_some_and(|parent| plan.whole.contains(parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Watch 1 is on /etc, watch 2 on /etc/rules.
    fn watches() -> Arc<Watches> {
        let watches = Hints::new(String::new(), Health::default()).watches();
        let mut watched = watches.lock();
        let plan = &mut watched.plan;
        plan.directories.insert("/etc".into(), None);
        plan.directories.insert("/etc/rules".into(), None);
        plan.steps.insert("/etc".into());
        plan.steps.insert("/etc/rules".into());
        plan.whole.insert("/etc/rules".into());
        watched.directories.insert(1, "/etc".into());
        watched.directories.insert(2, "/etc/rules".into());
        drop(watched);
        watches
    }

    /// Whether the event is a hint, and whether it asks for new watches.
    fn told(watch: i32, events: ReadFlags, name: &str) -> (bool, bool) {
        let watches = watches();
        watches.stale.store(false, Ordering::Release);
        let name = (!name.is_empty()).then(|| Path::new(name));
        let hint = watches.receive(watch, events, name);
        (hint, watches.stale.load(Ordering::Acquire))
    }

    #[test]
    fn reading_is_not_asked_for() {
        assert!(!EVENTS.intersects(WatchFlags::OPEN));
        assert!(!EVENTS.intersects(WatchFlags::ACCESS));
        assert!(!EVENTS.intersects(WatchFlags::CLOSE_NOWRITE));
    }

    #[test]
    fn writing_is_a_hint_and_leaves_the_watches() {
        for events in [
            ReadFlags::CLOSE_WRITE,
            ReadFlags::MODIFY,
            ReadFlags::ATTRIB,
            ReadFlags::MOVED_FROM,
        ] {
            assert_eq!(told(2, events, "a"), (true, false), "{events:?}");
        }
        assert_eq!(told(2, ReadFlags::ATTRIB, ""), (true, false));
    }

    #[test]
    fn what_happens_beside_the_way_is_no_hint() {
        assert_eq!(told(1, ReadFlags::MODIFY, "passwd"), (false, false));
        assert_eq!(told(1, ReadFlags::DELETE, "rules.old"), (false, false));
    }

    #[test]
    fn a_replaced_directory_asks_for_new_watches() {
        assert_eq!(told(1, ReadFlags::DELETE, "rules"), (true, true));
        assert_eq!(told(1, ReadFlags::MOVED_TO, "rules"), (true, true));
        assert_eq!(told(2, ReadFlags::DELETE_SELF, ""), (true, true));
        assert_eq!(told(2, ReadFlags::UNMOUNT, ""), (true, true));
        assert_eq!(told(2, ReadFlags::IGNORED, ""), (true, true));
    }

    #[test]
    fn a_watch_that_was_taken_back_is_no_hint() {
        assert_eq!(told(3, ReadFlags::IGNORED, ""), (false, false));
        assert_eq!(told(3, ReadFlags::CREATE, "a"), (true, false));
    }

    #[test]
    fn an_overflow_asks_for_new_watches() {
        assert_eq!(told(-1, ReadFlags::QUEUE_OVERFLOW, ""), (true, true));
    }

    #[tokio::test]
    async fn one_descriptor_serves_for_all_renewals() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::fs::canonicalize(dir.path()).unwrap().join("rules");
        let targets = [Target::Directory(path.clone())];
        let mut hints = Hints::new("watch".to_owned(), Health::default());
        let watches = hints.watches();
        let mut descriptors = Vec::new();
        for _ in 0..5 {
            hints.renewed(watches.renew(&targets));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).unwrap();
            hints.hinted().await;
            hints.renewed(watches.renew(&targets));
            std::fs::write(path.join("a.rules"), "").unwrap();
            hints.hinted().await;
            descriptors.push(hints.events.as_ref().unwrap().as_raw_fd());
        }
        descriptors.dedup();
        assert_eq!(descriptors.len(), 1);
        let all = watches.lock().directories.len();
        let plan = watches.lock().plan.directories.len();
        assert_eq!(all, plan, "watches of replaced directories are taken back");
    }
}
