//! Files so large that the reader leaves their texts out if the table already has their rules, with the real compiler.

use std::fs;
use std::sync::Arc;

use readdress::daemon::reload::{ReloadOptions, ReloadOutcome, Reloader};
use readdress::daemon::state::live::LiveTable;
use readdress::engine::{
    Settings, Table,
    address::{ForwardPath, Mailbox},
    rewrite::decide,
};

/// Rules that take more than a mebibyte.
const RULES: usize = 40_000;

fn mailbox(text: &str) -> Mailbox {
    match ForwardPath::parse(text.as_bytes()) {
        Ok(ForwardPath::Mailbox(mailbox)) => mailbox,
        other => panic!("{text}: {other:?}"),
    }
}

fn result(live: &LiveTable, address: &str) -> String {
    let generation = live.pin();
    let table = generation.table.as_deref().expect("a table");
    decide(table, &mailbox(address)).result()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_text_that_was_left_out_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let roles = "postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n";
    write(
        "0.rules",
        &format!("company.com primary\ndomain2.com secondary\n{roles}"),
    );
    let rules: String = (0..RULES)
        .map(|n| format!("user{n}@domain2.com user{n}@company.com\n"))
        .collect();
    assert!(rules.len() > 1 << 20);
    write("1.rules", &rules);
    let live = Arc::new(LiveTable::new());
    let options = ReloadOptions::new(dir.path(), Settings::default());
    let (mut reloader, handle) = Reloader::new(options, Arc::clone(&live)).unwrap();
    assert!(
        matches!(reloader.load().await, ReloadOutcome::Live { rules, .. } if rules == RULES + 2)
    );
    let running = tokio::spawn(async move { reloader.run().await });

    write("2.rules", "jd@domain2.com jdoe@company.com\n");
    handle.reload().await;
    let rules = live.pin().table.as_deref().map(Table::len);
    assert_eq!(rules, Some(RULES + 3));
    assert_eq!(result(&live, "jd@domain2.com"), "jdoe@company.com");
    assert_eq!(result(&live, "user7@domain2.com"), "user7@company.com");

    write("2.rules", "user7@domain2.com jdoe@company.com\n");
    let Some(ReloadOutcome::Refused { diagnostics, .. }) = handle.reload().await else {
        panic!("not refused");
    };
    let told = diagnostics[0].to_string();
    assert!(
        told.contains("1.rules:8:1: note: first written here"),
        "{told}"
    );
    assert!(
        told.contains("\nuser7@domain2.com user7@company.com\n"),
        "{told}"
    );
    assert_eq!(result(&live, "user7@domain2.com"), "user7@company.com");

    fs::remove_file(dir.path().join("2.rules")).unwrap();
    handle.reload().await;
    assert_eq!(result(&live, "jd@domain2.com"), "reject 550 5.1.1");
    running.abort();
}
