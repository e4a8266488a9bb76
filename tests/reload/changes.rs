//! The ways in which a file changes. Most tests have notifications alone, so that a watch that misses changes fails.
//!
//! Where the first change could be noticed by luck, the test makes several changes: a watch that was lost misses the
//! second one.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant, SystemTime};

use readdress::daemon::reload::ReloadOutcome;
use readdress::daemon::watch::{WatchSettings, WatchedPath};
use readdress::engine::FileKind;
use tokio::time::{sleep, timeout};

use crate::bench::{A_WHILE, Bench, NOTIFIED, PATIENCE, RESCANNED, rename_over, skip, watch};

#[tokio::test]
async fn written_in_place() {
    let bench = Bench::new(NOTIFIED).await;
    bench.becomes("one").await;
    for text in ["two", "three", "four"] {
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
    }
    assert_eq!(bench.generation(), 4);
}

#[tokio::test]
async fn renamed_over() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["two", "three", "four"] {
        rename_over(&bench.rules, "a.rules", text);
        bench.becomes(text).await;
    }
}

#[tokio::test]
async fn deleted_and_made_anew() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["two", "three"] {
        fs::remove_file(bench.file("a.rules")).unwrap();
        bench.becomes("").await;
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
    }
}

#[tokio::test]
async fn a_file_comes() {
    let bench = Bench::new(NOTIFIED).await;
    fs::write(bench.file("b.rules"), "two").unwrap();
    bench.becomes("one|two").await;
    fs::rename(bench.file("b.rules"), bench.file("0.rules")).unwrap();
    bench.becomes("two|one").await;
}

#[tokio::test]
async fn the_directory_is_removed_and_made_anew() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["two", "three"] {
        fs::remove_dir_all(&bench.rules).unwrap();
        bench
            .status(|status| matches!(status.outcome, Some(ReloadOutcome::Refused { .. })))
            .await;
        fs::create_dir(&bench.rules).unwrap();
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
    }
    fs::write(bench.file("a.rules"), "four").unwrap();
    bench.becomes("four").await;
}

#[tokio::test]
async fn the_directory_is_made_anew_at_once() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["two", "three", "four"] {
        fs::remove_dir_all(&bench.rules).unwrap();
        fs::create_dir(&bench.rules).unwrap();
        fs::write(bench.file("a.rules"), text).unwrap();
        bench.becomes(text).await;
        let later = format!("{text} later");
        fs::write(bench.file("a.rules"), &later).unwrap();
        bench.becomes(&later).await;
    }
}

#[tokio::test]
async fn another_directory_takes_its_place() {
    let bench = Bench::new(NOTIFIED).await;
    for text in ["two", "three"] {
        let new = bench.base.path().join("new");
        fs::create_dir(&new).unwrap();
        fs::write(new.join("a.rules"), text).unwrap();
        fs::rename(
            &bench.rules,
            bench.base.path().join(format!("before {text}")),
        )
        .unwrap();
        fs::rename(&new, &bench.rules).unwrap();
        bench.becomes(text).await;
        let later = format!("{text} later");
        fs::write(bench.file("a.rules"), &later).unwrap();
        bench.becomes(&later).await;
    }
}

#[tokio::test]
async fn a_directory_above_is_replaced() {
    let bench = Bench::with(NOTIFIED, |base| {
        let rules = base.join("etc/readdress/rules");
        fs::create_dir_all(&rules).unwrap();
        fs::write(rules.join("a.rules"), "one").unwrap();
        rules
    })
    .await;
    fs::rename(bench.base.path().join("etc"), bench.base.path().join("old")).unwrap();
    fs::create_dir_all(&bench.rules).unwrap();
    fs::write(bench.file("a.rules"), "two").unwrap();
    bench.becomes("two").await;
    fs::write(bench.file("a.rules"), "three").unwrap();
    bench.becomes("three").await;
}

/// Kubernetes: `a.rules -> ..data/a.rules`, `..data -> ..N`, and only `..data` is ever replaced.
#[tokio::test]
async fn the_data_link_is_swapped() {
    if FileKind::of("..data") != FileKind::Skipped {
        return skip("the engine does not pass over hidden files yet");
    }
    let publish = |rules: &std::path::Path, number: usize| {
        let data = rules.join(format!("..{number}"));
        fs::create_dir(&data).unwrap();
        fs::write(data.join("a.rules"), format!("a{number}")).unwrap();
        fs::write(data.join("b.rules"), format!("b{number}")).unwrap();
        symlink(format!("..{number}"), rules.join("..data_tmp")).unwrap();
        fs::rename(rules.join("..data_tmp"), rules.join("..data")).unwrap();
        if number > 0 {
            fs::remove_dir_all(rules.join(format!("..{}", number - 1))).unwrap();
        }
    };
    let bench = Bench::with(NOTIFIED, |base| {
        let rules = base.join("rules");
        fs::create_dir(&rules).unwrap();
        publish(&rules, 0);
        symlink("..data/a.rules", rules.join("a.rules")).unwrap();
        symlink("..data/b.rules", rules.join("b.rules")).unwrap();
        rules
    })
    .await;
    for number in 1..20 {
        publish(&bench.rules, number);
        if number % 4 == 0 {
            bench.becomes(&format!("a{number}|b{number}")).await;
        }
    }
    bench.becomes("a19|b19").await;
    for text in bench.seen.lock().unwrap().iter() {
        let (a, b) = text.split_once('|').unwrap_or(("a", "b"));
        assert_eq!(a.trim_start_matches('a'), b.trim_start_matches('b'), "torn");
    }
}

#[tokio::test]
async fn the_link_to_the_directory_is_swapped() {
    let bench = Bench::with(NOTIFIED, |base| {
        for name in ["one", "two"] {
            fs::create_dir(base.join(name)).unwrap();
            fs::write(base.join(name).join("a.rules"), name).unwrap();
        }
        symlink("one", base.join("rules")).unwrap();
        base.join("rules")
    })
    .await;
    symlink("two", bench.base.path().join("new")).unwrap();
    fs::rename(bench.base.path().join("new"), &bench.rules).unwrap();
    bench.becomes("two").await;
    fs::write(bench.file("a.rules"), "three").unwrap();
    bench.becomes("three").await;
}

#[tokio::test]
async fn what_a_link_leads_to_is_written() {
    let bench = Bench::with(NOTIFIED, |base| {
        fs::create_dir(base.join("rules")).unwrap();
        fs::create_dir(base.join("elsewhere")).unwrap();
        fs::write(base.join("elsewhere/a"), "one").unwrap();
        symlink("../elsewhere/a", base.join("rules/a.rules")).unwrap();
        base.join("rules")
    })
    .await;
    let elsewhere = bench.base.path().join("elsewhere");
    fs::write(elsewhere.join("a"), "two").unwrap();
    bench.becomes("two").await;
    rename_over(&elsewhere, "a", "three");
    bench.becomes("three").await;
    // A link that is made later leads to a directory that was not watched.
    fs::create_dir(bench.base.path().join("late")).unwrap();
    fs::write(bench.base.path().join("late/b"), "b").unwrap();
    symlink("../late/b", bench.file("b.rules")).unwrap();
    bench.becomes("three|b").await;
    fs::write(bench.base.path().join("late/b"), "c").unwrap();
    bench.becomes("three|c").await;
}

#[tokio::test]
async fn only_a_rescan_sees_a_write_through_a_hard_link() {
    for (settings, seen) in [(NOTIFIED, false), (RESCANNED, true)] {
        let bench = Bench::new(settings).await;
        let elsewhere = bench.base.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::hard_link(bench.file("a.rules"), elsewhere.join("a")).unwrap();
        // The link changed the ctime. That change must be over before the write.
        sleep(A_WHILE).await;
        fs::write(elsewhere.join("a"), "two").unwrap();
        if seen {
            bench.becomes("two").await;
        } else {
            sleep(A_WHILE).await;
            assert_eq!(bench.last(), "one");
            // The change is found as soon as somebody requests a reload.
            bench.handle.reload().await.unwrap();
            assert_eq!(bench.last(), "two");
        }
    }
}

#[tokio::test]
async fn touching_is_no_reload() {
    let bench = Bench::new(RESCANNED).await;
    let path = bench.file("a.rules");
    let unchanged = |bench: &Bench, since: SystemTime| {
        let status = bench.handle.status();
        matches!(
            status.outcome,
            Some(ReloadOutcome::Unchanged { generation: 1 })
        ) && status.at > Some(since)
    };
    let steps: [&dyn Fn(); 4] = [
        &|| fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap(),
        &|| {
            File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(SystemTime::now())
                .unwrap()
        },
        &|| fs::write(&path, "one").unwrap(),
        &|| rename_over(&bench.rules, "a.rules", "one"),
    ];
    for step in steps {
        let since = SystemTime::now();
        step();
        let started = Instant::now();
        while !unchanged(&bench, since) && started.elapsed() < PATIENCE {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(unchanged(&bench, since), "it is read, and found unchanged");
    }
    assert_eq!((bench.compiled(), bench.generation()), (1, 1));
}

#[tokio::test]
async fn reading_does_not_wake_the_reader() {
    let bench = Bench::new(NOTIFIED).await;
    fs::write(bench.file("a.rules"), "two").unwrap();
    bench.becomes("two").await;
    sleep(A_WHILE).await;
    let mut outcomes = bench.handle.subscribe();
    outcomes.mark_unchanged();
    fs::read(bench.file("a.rules")).unwrap();
    sleep(A_WHILE).await;
    assert!(!outcomes.has_changed().unwrap());
}

/// A file is written in place, through a hard link about which no notification comes.
#[tokio::test]
async fn a_slow_writer_is_waited_for() {
    for through_link in [false, true] {
        let settings = WatchSettings {
            quiet: Duration::from_millis(300),
            latest: Duration::from_secs(60),
            ..RESCANNED
        };
        let bench = Bench::new(settings).await;
        let link = bench.base.path().join("link");
        fs::hard_link(bench.file("a.rules"), &link).unwrap();
        sleep(A_WHILE).await;
        let path = if through_link {
            link
        } else {
            bench.file("a.rules")
        };
        let mut file = File::create(path).unwrap();
        let mut text = String::new();
        for number in 0..150 {
            let piece = format!("{number}\n");
            file.write_all(piece.as_bytes()).unwrap();
            text.push_str(&piece);
            sleep(Duration::from_millis(5)).await;
        }
        bench.becomes(&text).await;
        assert_eq!(bench.compiled(), 2, "{:?}", bench.seen.lock().unwrap());
    }
}

/// A file that was read while it was written is read again, even if the system says that it has not changed since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_quiet_is_looked_at_again() {
    let base = tempfile::tempdir().unwrap();
    let mut watcher = watch(WatchedPath::Directory(base.path().to_owned()), RESCANNED).await;
    fs::write(base.path().join("a.rules"), "one").unwrap();
    let hidden = base.path().join(".busy");
    let busy = tokio::spawn(async move {
        loop {
            fs::write(&hidden, "").unwrap();
            sleep(Duration::from_millis(5)).await;
        }
    });
    // On a busy machine the writer may pause for long enough by itself.
    let mut number = 0;
    loop {
        let change = timeout(PATIENCE, watcher.changed()).await.unwrap();
        if !change.quiet {
            break;
        }
        number += 1;
        assert!(number < 20, "it is never seen to be busy");
        fs::write(base.path().join("a.rules"), number.to_string()).unwrap();
    }
    busy.abort();
    let change = timeout(PATIENCE, watcher.changed()).await.unwrap();
    assert!(change.quiet && !change.asked);
    assert!(timeout(A_WHILE, watcher.changed()).await.is_err());
}

#[tokio::test]
async fn a_writer_that_never_stops_is_not_waited_for() {
    let bench = Bench::new(NOTIFIED).await;
    let started = Instant::now();
    let mut number = 0;
    while bench.compiled() < 2 && started.elapsed() < PATIENCE {
        number += 1;
        rename_over(&bench.rules, "a.rules", &number.to_string());
        sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed();
    assert!(took >= NOTIFIED.latest, "{took:?}");
    assert!(took < PATIENCE);
    // The text that was read in the middle of writing is not taken for the final one.
    bench.becomes(&number.to_string()).await;
}

#[tokio::test]
async fn a_single_file_is_watched() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("etc/readdress.toml");
    let mut watcher = watch(WatchedPath::File(path.clone()), NOTIFIED).await;
    let steps: [&dyn Fn(); 5] = [
        &|| {
            fs::create_dir(base.path().join("etc")).unwrap();
            fs::write(&path, "one").unwrap();
        },
        &|| fs::write(&path, "two").unwrap(),
        &|| rename_over(&base.path().join("etc"), "readdress.toml", "three"),
        &|| fs::write(&path, "four").unwrap(),
        &|| fs::remove_file(&path).unwrap(),
    ];
    for (number, step) in steps.into_iter().enumerate() {
        step();
        let change = timeout(PATIENCE, watcher.changed()).await;
        let change = change.unwrap_or_else(|_| panic!("step {number} is not seen"));
        assert!(change.quiet && !change.asked);
    }
    fs::write(base.path().join("etc/other"), "").unwrap();
    assert!(timeout(A_WHILE, watcher.changed()).await.is_err());
}
