//! A test bench: a reloader on a directory of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use readdress::daemon::jobs::Jobs;
use readdress::daemon::reload::{
    ReloadHandle, ReloadOptions, ReloadOutcome, ReloadStatus, Reloader,
};
use readdress::daemon::source::{Limits, RuleSource, RulesDirectory};
use readdress::daemon::state::health::Health;
use readdress::daemon::state::live::LiveTable;
use readdress::daemon::watch::{WatchSettings, Watched, Watcher};
use readdress::engine::diagnostic::codes;
use readdress::engine::{self, Compiled, Diagnostic, Settings, Severity, SourceText};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Longer than the reloader needs for any change on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for the reloader to notice a change.
pub const A_WHILE: Duration = Duration::from_millis(600);

/// Waiting times that are short enough for a test. There is no rescan, so only notifications can tell of a change.
pub const NOTIFIED: WatchSettings = WatchSettings {
    quiet: Duration::from_millis(40),
    latest: Duration::from_millis(800),
    rescan: Duration::from_secs(3600),
};

/// The short waiting times, with a rescan.
pub const RESCANNED: WatchSettings = WatchSettings {
    rescan: Duration::from_millis(100),
    ..NOTIFIED
};

/// The texts that the stand-in for the compiler was given, one for each call.
pub type Seen = Arc<Mutex<Vec<String>>>;

/// A running reloader.
pub struct Bench {
    /// The temporary directory.
    pub base: TempDir,
    /// The rules directory in it.
    pub rules: PathBuf,
    /// The live table.
    pub live: Arc<LiveTable>,
    /// Sends requests to the reloader.
    pub handle: ReloadHandle,
    /// The texts that were compiled.
    pub seen: Seen,
    task: JoinHandle<()>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Bench {
    /// Starts a reloader on a directory with one file, `a.rules`, that contains `one`.
    pub async fn new(watch: WatchSettings) -> Self {
        Self::with(watch, |base| {
            let rules = base.join("rules");
            fs::create_dir(&rules).unwrap();
            fs::write(rules.join("a.rules"), "one").unwrap();
            rules
        })
        .await
    }

    /// Starts a reloader on the rules directory that `prepare` makes in a temporary directory.
    pub async fn with(watch: WatchSettings, prepare: impl FnOnce(&Path) -> PathBuf) -> Self {
        let base = tempfile::tempdir().unwrap();
        let rules = prepare(base.path());
        let limits = Limits {
            pause: Duration::from_millis(1),
            ..Limits::default()
        };
        let source = Arc::new(RulesDirectory::new(&rules, limits));
        Self::on(watch, source, (base, rules)).await
    }

    /// Starts a reloader on any source.
    pub async fn on(
        watch: WatchSettings,
        source: Arc<dyn RuleSource>,
        (base, rules): (TempDir, PathBuf),
    ) -> Self {
        let live = Arc::new(LiveTable::new());
        let seen = Seen::default();
        let mut options = ReloadOptions::with_source(source, Settings::default());
        options.watch = watch;
        let keep = Arc::clone(&seen);
        options.compile = Arc::new(move |sources, _, _| stand_in(sources, &keep));
        let (mut reloader, handle) = Reloader::new(options, Arc::clone(&live)).unwrap();
        reloader.load().await;
        let task = tokio::spawn(async move { reloader.run().await });
        Self {
            base,
            rules,
            live,
            handle,
            seen,
            task,
        }
    }

    /// Returns the path of a file in the rules directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.rules.join(name)
    }

    /// Returns the number of texts that were compiled so far.
    pub fn compiled(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Returns the text that was compiled last.
    pub fn last(&self) -> String {
        self.seen
            .lock()
            .unwrap()
            .last()
            .cloned()
            .unwrap_or_default()
    }

    /// Returns true if a text was compiled whose result is not published yet.
    fn busy(&self) -> bool {
        let status = self.handle.status();
        status.live + status.refused != self.compiled() as u64
    }

    /// Returns the number of the live generation.
    pub fn generation(&self) -> u64 {
        self.live.pin().number
    }

    /// Waits until `text` was compiled last and is live.
    pub async fn becomes(&self, text: &str) {
        let wanted = async {
            while self.last() != text || self.refused() || self.busy() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(PATIENCE, wanted).await.is_err() {
            panic!("wanted {text:?}, have {:?}", self.seen.lock().unwrap());
        }
    }

    /// Waits until the status is as `wanted`.
    pub async fn status(&self, wanted: impl Fn(&ReloadStatus) -> bool) -> ReloadStatus {
        let mut outcomes = self.handle.subscribe();
        let status = timeout(PATIENCE, outcomes.wait_for(|status| wanted(status)));
        status.await.expect("it comes in time").unwrap().clone()
    }

    /// Returns true if the last outcome is a refused table.
    pub fn refused(&self) -> bool {
        matches!(
            self.handle.status().outcome,
            Some(ReloadOutcome::Refused { .. })
        )
    }
}

fn stand_in(sources: &[SourceText], seen: &Seen) -> Compiled {
    let texts: Vec<_> = sources
        .iter()
        .map(|source| String::from_utf8_lossy(&source.bytes))
        .collect();
    let text = texts.join("|");
    seen.lock().unwrap().push(text.clone());
    assert!(!text.contains("panic"), "the compiler broke down");
    let mut compiled = engine::compile(&[], &Settings::default());
    compiled.diagnostics.clear();
    assert!(compiled.table.is_some(), "no rules are a table");
    if text.contains("broken") {
        compiled.table = None;
        let message = "is broken".to_owned();
        let finding =
            Diagnostic::about_file(Severity::Error, codes::SYNTAX, "a.rules", message, None);
        compiled.diagnostics.push(finding);
    }
    compiled
}

/// Returns a watcher that has looked at the files for the first time.
pub async fn watch(watched: impl Watched + 'static, settings: WatchSettings) -> Watcher {
    let jobs = Jobs::start("test", Health::default()).unwrap();
    let mut watcher = Watcher::new(Arc::new(watched), settings, jobs);
    watcher.begin().await;
    watcher
}

/// Reports on standard error that a test was skipped; the test harness would hide the output of a macro.
pub fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {reason}");
}

/// Writes to a file in `dir` and renames it over `name`, as careful editors do.
pub fn rename_over(dir: &Path, name: &str, text: &str) {
    let temporary = dir.join(format!(".{name}.tmp"));
    fs::write(&temporary, text).unwrap();
    fs::rename(&temporary, dir.join(name)).unwrap();
}
