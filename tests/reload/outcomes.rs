//! What a reload reports, how often, and which table is live meanwhile.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use readdress::daemon::guard::GuardLimits;
use readdress::daemon::history::Bounds;
use readdress::daemon::reload::{NewSettings, ReloadOutcome};
use readdress::daemon::watch::{Mode, WatchedPath};
use readdress::engine::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::bench::{A_WHILE, Bench, NOTIFIED, PATIENCE, RESCANNED, watch};

#[tokio::test]
async fn a_live_table_is_counted() {
    let bench = Bench::new(NOTIFIED).await;
    let status = bench.handle.status();
    assert_eq!((status.live, status.refused), (1, 0));
    assert_eq!(status.mode, Some(Mode::Notified));
    assert!(status.at.is_some());
    let Some(ReloadOutcome::Live {
        generation,
        sources,
        changes,
        ..
    }) = status.outcome
    else {
        panic!("{:?}", status.outcome);
    };
    assert_eq!((generation, sources), (1, 1));
    assert!(
        changes.added.is_empty(),
        "there was nothing to be held against"
    );
}

#[tokio::test]
async fn broken_rules_leave_the_old_table() {
    let bench = Bench::new(RESCANNED).await;
    let before = bench.live.pin();
    fs::write(bench.file("b.rules"), "broken").unwrap();
    let status = bench.status(|status| status.refused == 1).await;
    let Some(ReloadOutcome::Refused {
        diagnostics,
        serving,
    }) = status.outcome
    else {
        panic!("{:?}", status.outcome);
    };
    assert_eq!((diagnostics.len(), serving), (1, 1));
    assert!(Arc::ptr_eq(&before, &bench.live.pin()));
    // A rescan, a touched file or a request does not report the same errors again.
    fs::write(bench.file("b.rules"), "broken").unwrap();
    sleep(A_WHILE).await;
    let outcome = bench.handle.reload().await;
    assert!(matches!(
        outcome,
        Some(ReloadOutcome::Refused { serving: 1, .. })
    ));
    assert_eq!(bench.handle.status().refused, 1);
    assert_eq!(bench.compiled(), 2);
    // Other broken content is reported.
    fs::write(bench.file("b.rules"), "broken again").unwrap();
    bench.status(|status| status.refused == 2).await;
    // When the broken file is removed, the files are those of the live table again: no new generation.
    fs::remove_file(bench.file("b.rules")).unwrap();
    bench
        .status(|status| {
            matches!(
                status.outcome,
                Some(ReloadOutcome::Unchanged { generation: 1 })
            )
        })
        .await;
    assert!(Arc::ptr_eq(&before, &bench.live.pin()));
    assert_eq!(bench.compiled(), 3);
}

#[tokio::test]
async fn a_start_with_broken_rules_waits_until_they_are_fixed() {
    let bench = Bench::with(NOTIFIED, |base| {
        fs::write(base.join("a.rules"), "broken").unwrap();
        base.to_owned()
    })
    .await;
    assert_eq!(bench.generation(), 0);
    assert!(bench.live.pin().table.is_none());
    assert!(bench.refused());
    fs::write(bench.file("a.rules"), "fixed").unwrap();
    bench.becomes("fixed").await;
    assert_eq!(bench.generation(), 1);
    assert!(bench.live.pin().table.is_some());
}

#[tokio::test]
async fn a_start_without_a_directory_waits_for_it() {
    let bench = Bench::with(NOTIFIED, |base| base.join("later/rules")).await;
    assert!(bench.refused());
    fs::create_dir_all(&bench.rules).unwrap();
    fs::write(bench.file("a.rules"), "one").unwrap();
    bench.becomes("one").await;
    assert_eq!(bench.generation(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_the_whole_table_back() {
    let bench = Bench::new(NOTIFIED).await;
    fs::create_dir(bench.file("b.rules")).unwrap();
    fs::write(bench.file("c.rules"), "broken").unwrap();
    let status = bench.status(|status| status.refused > 0).await;
    let Some(ReloadOutcome::Refused { diagnostics, .. }) = status.outcome else {
        panic!("{:?}", status.outcome);
    };
    let codes: Vec<_> = diagnostics
        .iter()
        .map(|finding| finding.code.word())
        .collect();
    assert_eq!(codes, ["not-a-file", "syntax"], "both are said in one pass");
    assert_eq!(bench.generation(), 1);
}

/// The reason for an error may end without a change of the file: too many open files, a server that was away.
#[tokio::test]
async fn a_file_that_could_not_be_read_is_tried_again_in_silence() {
    let bench = Bench::new(RESCANNED).await;
    fs::create_dir(bench.file("b.rules")).unwrap();
    bench.status(|status| status.refused == 1).await;
    for _ in 0..3 {
        let last = bench.handle.status().at;
        bench.status(|status| status.at > last).await;
    }
    let status = bench.handle.status();
    assert_eq!((status.live, status.refused), (1, 1));
    assert_eq!(bench.compiled(), 2);
    fs::remove_dir(bench.file("b.rules")).unwrap();
    bench
        .status(|status| matches!(status.outcome, Some(ReloadOutcome::Unchanged { .. })))
        .await;
    sleep(A_WHILE).await;
    let last = bench.handle.status().at;
    sleep(A_WHILE).await;
    assert_eq!(
        bench.handle.status().at,
        last,
        "what could be read is left alone"
    );
}

#[tokio::test]
async fn a_compiler_that_breaks_down_is_a_refused_table() {
    let bench = Bench::new(NOTIFIED).await;
    fs::write(bench.file("a.rules"), "panic").unwrap();
    let status = bench.status(|status| status.refused == 1).await;
    let Some(ReloadOutcome::Refused { diagnostics, .. }) = status.outcome else {
        panic!("{:?}", status.outcome);
    };
    assert_eq!(diagnostics[0].code.word(), "internal-error");
    fs::write(bench.file("a.rules"), "two").unwrap();
    bench.becomes("two").await;
}

#[tokio::test]
async fn a_request_gets_its_outcome() {
    let bench = Bench::new(NOTIFIED).await;
    let outcome = bench.handle.reload().await;
    assert!(matches!(
        outcome,
        Some(ReloadOutcome::Unchanged { generation: 1 })
    ));
    fs::write(bench.file("a.rules"), "two").unwrap();
    let outcome = bench.handle.reload().await;
    assert!(
        matches!(outcome, Some(ReloadOutcome::Live { generation: 2, .. })),
        "{outcome:?}"
    );
    let settings = NewSettings {
        engine: Settings::default(),
        watch: RESCANNED,
        guard: GuardLimits::from(&readdress::config::Reload::default()),
        limits: readdress::config::Traffic::default(),
        bounds: Bounds::from(&readdress::config::History::default()),
    };
    assert!(bench.handle.reload_with(settings).await.is_some());
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let handle = bench.handle.clone();
            tokio::spawn(async move { handle.reload().await })
        })
        .collect();
    for request in waiting {
        let outcome = timeout(PATIENCE, request).await.unwrap().unwrap();
        assert!(outcome.is_some());
    }
}

#[tokio::test]
async fn a_request_to_a_reloader_that_has_ended_is_none() {
    let bench = Bench::new(NOTIFIED).await;
    let handle = bench.handle.clone();
    drop(bench);
    assert!(timeout(PATIENCE, handle.reload()).await.unwrap().is_none());
}

/// The test uses real signals, because the process must survive them as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_signals_is_one_running_and_one_pending() {
    let base = tempfile::tempdir().unwrap();
    let mut watcher = watch(WatchedPath::Directory(base.path().to_owned()), NOTIFIED).await;
    let waker = watcher.waker();
    let mut hangups = signal(SignalKind::hangup()).unwrap();
    let arrived = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&arrived);
    let forward = tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            count.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        }
    });
    let storm = || {
        let script = "n=0; while [ $n -lt 10000 ]; do kill -HUP $0; n=$((n+1)); done";
        let id = std::process::id().to_string();
        let shell = Command::new("sh").args(["-c", script, &id]).spawn();
        shell.unwrap()
    };
    let mut first = storm();
    assert!(timeout(PATIENCE, watcher.changed()).await.unwrap().asked);
    first.wait().unwrap();
    // A reload takes as long as the next series of signals: all of them are pending, and become one reload.
    let mut second = storm();
    while second.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(100)).await;
    assert!(arrived.load(Ordering::Relaxed) > 1, "there was a storm");
    assert!(timeout(PATIENCE, watcher.changed()).await.unwrap().asked);
    assert!(
        timeout(A_WHILE, watcher.changed()).await.is_err(),
        "nothing is left"
    );
    forward.abort();
}

#[tokio::test]
async fn a_storm_of_requests_reads_little() {
    let bench = Bench::new(NOTIFIED).await;
    let mut outcomes = bench.handle.subscribe();
    let mut readings = 0;
    outcomes.mark_unchanged();
    for _ in 0..10_000 {
        bench.handle.wake();
    }
    while timeout(A_WHILE, outcomes.changed()).await.is_ok() {
        readings += 1;
    }
    assert!((1..=2).contains(&readings), "{readings}");
}
