//! Which tables the guard lets through: real files, the real compiler and a history.
//!
//! A change is harmful if an address that reached somebody is refused, or goes to somebody else.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use readdress::daemon::history::History;
use readdress::daemon::reload::{
    Asker, Order, ReloadHandle, ReloadOptions, ReloadOutcome, Reloader,
};
use readdress::daemon::state::live::LiveTable;
use readdress::engine::compare::{Difference, compare};
use readdress::engine::{Settings, SourceText, Table, compile};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::bench::{NOTIFIED, skip};

/// An administrator may delete so many rules at the end of a file.
const FEW: usize = 3;

const DECLARED: &str = "\
# pattern                 action
company.com               primary unknown=reject
domain2.com               secondary

@domain2.com              @company.com
jd@domain2.com            jdoe@company.com
sales@domain2.com         anna@company.com, bob@company.com   # one to many
press@domain2.com         anna@company.com
info@domain2.com          anna@company.com,
                          bob@company.com
leaked@domain2.com        reject 550 5.1.1 \"No such user\"

jdoe@company.com          mailbox jd2@domain2.com, john.doe@domain2.com
anna@company.com          mailbox
bob@company.com           mailbox
postmaster@company.com    mailbox postmaster@domain2.com, abuse@domain2.com
";

const UNDECLARED: &str = "\
jdoe@company.com mailbox jd@domain2.com, john.doe@domain2.com
anna@company.com mailbox anna@domain2.com
bob@company.com mailbox bob@domain2.com
sales@domain2.com anna@company.com, bob@company.com
press@domain2.com anna@company.com
postmaster@domain2.com anna@company.com
abuse@domain2.com anna@company.com
info@domain3.com bob@company.com
post@domain3.com anna@company.com
postmaster@domain3.com anna@company.com
abuse@domain3.com anna@company.com
";

/// One rule of a file that stays.
const OTHER_FILE: &str = "carl@company.com mailbox carl@domain9.com\n";

/// A reloader with a history, on a directory of its own.
struct Place {
    base: TempDir,
    live: Arc<LiveTable>,
    handle: ReloadHandle,
    task: JoinHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Place {
    async fn new(files: &[(&str, &str)]) -> Self {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("rules")).unwrap();
        fs::create_dir(base.path().join("state")).unwrap();
        for (name, text) in files {
            fs::write(base.path().join("rules").join(name), text).unwrap();
        }
        Self::start(base).await
    }

    async fn start(base: TempDir) -> Self {
        let rules = base.path().join("rules");
        let mut options = ReloadOptions::new(&rules, Settings::default());
        options.watch = NOTIFIED;
        options.watch.quiet = std::time::Duration::from_millis(1);
        options.history = Some(History::new(&base.path().join("state"), &rules));
        let live = Arc::new(LiveTable::new());
        let (mut reloader, handle) = Reloader::new(options, Arc::clone(&live)).unwrap();
        reloader.load().await;
        let task = tokio::spawn(async move { reloader.run().await });
        Self {
            base,
            live,
            handle,
            task,
        }
    }

    /// Ends the reloader and starts another one on the same directories.
    async fn restart(mut self) -> Self {
        let base = std::mem::replace(&mut self.base, tempfile::tempdir().unwrap());
        drop(self);
        Self::start(base).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.base.path().join("rules").join(name)
    }

    /// Writes a file and returns the outcome of a reload.
    async fn save(&self, name: &str, text: &str) -> ReloadOutcome {
        let hidden = self.file(&format!(".{name}"));
        fs::write(&hidden, text).unwrap();
        fs::rename(hidden, self.file(name)).unwrap();
        self.handle.reload().await.unwrap()
    }
}

/// The words of the causes for which a table is held back; none if it is not.
fn words(outcome: &ReloadOutcome) -> Vec<&'static str> {
    match outcome {
        ReloadOutcome::Held { causes, .. } => causes.iter().map(|cause| cause.word()).collect(),
        ReloadOutcome::Refused { diagnostics, .. } => panic!("{diagnostics:?}"),
        _ => Vec::new(),
    }
}

fn table(name: &str, text: &str) -> Option<Table> {
    let source = SourceText::new(name, text);
    compile(&[source], &Settings::default()).table
}

fn is_harmful(difference: &Difference) -> bool {
    difference.before.delivers() && difference.before != difference.after
}

/// Counts of what became of the beginnings of a file.
#[derive(Debug, Default)]
struct Counts {
    refused: usize,
    held: usize,
    harmless: usize,
    plain_edits: usize,
}

/// Saves every beginning of a file, and checks that none goes live that does harm, unless it is what an
/// administrator does who deletes the last rules.
async fn every_beginning(text: &str) -> Counts {
    let place = Place::new(&[("a.rules", text)]).await;
    let whole = table("a.rules", text).unwrap();
    let lines = |table: &Table| table.lines_by_file().iter().map(|(_, n)| n).sum::<usize>();
    let mut counts = Counts::default();
    for end in 0..text.len() {
        let beginning = &text[..end];
        let outcome = place.save("a.rules", beginning).await;
        match outcome {
            ReloadOutcome::Refused { .. } => counts.refused += 1,
            ReloadOutcome::Held { .. } => counts.held += 1,
            ReloadOutcome::Live { .. } => {
                let live = place.live.pin();
                let live = live.table.as_deref().unwrap();
                let harm: Vec<_> = compare(&whole, live)
                    .into_iter()
                    .filter(is_harmful)
                    .collect();
                let lost = lines(&whole) - lines(live);
                let plain = beginning.ends_with('\n') && lost <= FEW;
                assert!(
                    harm.is_empty() || plain,
                    "{end}: {lost}: {harm:?}\n{beginning}"
                );
                match harm.is_empty() {
                    true => counts.harmless += 1,
                    false => counts.plain_edits += 1,
                }
                let back = place.save("a.rules", text).await;
                assert_eq!(words(&back), [""; 0], "back from {end}");
            }
            other => panic!("{end}: {other:?}"),
        }
    }
    assert_eq!(words(&place.save("a.rules", text).await), [""; 0]);
    counts
}

#[tokio::test]
async fn no_beginning_of_a_file_does_harm() {
    for (name, text) in [("declared", DECLARED), ("undeclared", UNDECLARED)] {
        let counts = every_beginning(text).await;
        let line = format!("{name}: {} beginnings: {counts:?}", text.len());
        let _ = writeln!(std::io::stderr(), "{line}");
        assert!(counts.held > 0 && counts.plain_edits > 0, "{counts:?}");
        assert!(counts.plain_edits <= FEW + 1, "{counts:?}");
    }
}

/// A start judges the files like a reload does.
#[tokio::test]
async fn a_start_holds_back_the_beginning_of_a_file() {
    let whole_lines = UNDECLARED.find("info@").unwrap();
    for end in [whole_lines, UNDECLARED.len() - 2] {
        let place = Place::new(&[("a.rules", UNDECLARED)]).await;
        fs::write(place.file("a.rules"), &UNDECLARED[..end]).unwrap();
        let place = place.restart().await;
        let outcome = place.handle.status().outcome.unwrap();
        assert_eq!(words(&outcome), ["cut-off"], "{end}");
        assert_eq!(place.live.pin().number, 1);
    }
    // The last rule was deleted.
    let place = Place::new(&[("a.rules", UNDECLARED)]).await;
    let end = UNDECLARED.trim_end().rfind('\n').unwrap() + 1;
    fs::write(place.file("a.rules"), &UNDECLARED[..end]).unwrap();
    let place = place.restart().await;
    let outcome = place.handle.status().outcome.unwrap();
    assert_eq!(words(&outcome), [""; 0]);
    assert_eq!(place.live.pin().number, 2);
}

/// Half of a file moved to another one: the rest is the beginning of what it was, and nothing is lost.
#[tokio::test]
async fn rules_that_moved_to_another_file_are_not_lost() {
    let place = Place::new(&[("a.rules", UNDECLARED)]).await;
    let half = UNDECLARED.find("sales@").unwrap();
    fs::write(place.file("b.rules"), &UNDECLARED[half..]).unwrap();
    fs::write(place.file("a.rules"), &UNDECLARED[..half]).unwrap();
    let outcome = place.handle.reload().await.unwrap();
    assert_eq!(words(&outcome), [""; 0]);
}

/// Rows of an export: mailboxes of one domain with an address in another.
fn csv(rows: impl Iterator<Item = usize>, domain: &str) -> String {
    let rows = rows.map(|n| format!("u{n}@{domain},u{n}@company.com\n"));
    format!("from,to\n{}", rows.collect::<String>())
}

/// A directory's answer: people with two addresses each.
fn ldif(people: impl Iterator<Item = (usize, &'static str)>) -> String {
    let people = people.map(|(n, domain)| {
        format!(
            "dn: CN=u{n},OU={domain},DC=company,DC=com\nmail: u{n}@company.com\n\
             proxyAddresses: SMTP:u{n}@company.com\nproxyAddresses: smtp:u{n}@{domain}\n\
             proxyAddresses: smtp:user.{n}@{domain}\n\n"
        )
    });
    format!("version: 1\n\n{}", people.collect::<String>())
}

/// What a program wrote in place of a file, and the causes for which that is held back.
struct Incident {
    what: &'static str,
    name: &'static str,
    before: String,
    after: String,
    causes: &'static [&'static str],
}

/// What a directory answers.
fn answers() -> Vec<Incident> {
    let both = |n: usize| {
        let domains = ["domain2.com", "domain3.com"];
        (0..n).map(move |at| (at, domains[at % 2]))
    };
    let incident = |what, before, after, causes| Incident {
        what,
        name: "a.ldif",
        before,
        after,
        causes,
    };
    let one = |n| both(n).filter(|(_, domain)| *domain == "domain2.com");
    let few = both(200).filter(|(n, domain)| *domain == "domain2.com" || *n < 20);
    vec![
        incident(
            "success with no entries",
            ldif(both(60)),
            "version: 1\n".to_owned(),
            // The other file holds a mailbox of the primary domain.
            &["emptied", "domain-gone", "domain-gone", "shrunk"],
        ),
        incident(
            "an OU that moved",
            ldif(both(60)),
            ldif(one(60)),
            &["domain-gone", "shrunk"],
        ),
        incident(
            "a small OU that moved",
            ldif(few),
            ldif(one(200)),
            &["domain-gone"],
        ),
    ]
}

/// What is left of an export.
fn exports() -> Vec<Incident> {
    let all = || csv(0..60, "domain2.com");
    let incident = |what, after, causes| Incident {
        what,
        name: "a.csv",
        before: all(),
        after,
        causes,
    };
    let and = |n| all() + csv(0..n, "domain4.com").trim_start_matches("from,to\n");
    let newer = csv(2..59, "domain2.com");
    vec![
        incident(
            "a header row alone",
            "from,to\n".to_owned(),
            &["emptied", "domain-gone", "shrunk"],
        ),
        incident(
            "its first half",
            csv(0..30, "domain2.com"),
            &["cut-off", "shrunk"],
        ),
        incident("its last half", csv(30..60, "domain2.com"), &["shrunk"]),
        incident(
            "a newer one, cut off",
            newer.trim_end().to_owned(),
            &["cut-off"],
        ),
        incident("as many rows again", and(62), &[]),
        incident("more than twice the rows", and(63), &["grown"]),
    ]
}

#[tokio::test]
async fn what_a_broken_query_returns_is_held_back() {
    for incident in answers().into_iter().chain(exports()) {
        let Incident {
            what, name, causes, ..
        } = incident;
        let place = Place::new(&[(name, &incident.before), ("b.rules", OTHER_FILE)]).await;
        let outcome = place.save(name, &incident.after).await;
        assert_eq!(words(&outcome), causes, "{what}: {outcome:?}");
        if causes.is_empty() {
            continue;
        }
        assert_eq!(place.live.pin().number, 1, "{what}");
        // The same at a start.
        let place = place.restart().await;
        let outcome = place.handle.status().outcome.unwrap();
        assert_eq!(words(&outcome), causes, "{what}, at a start");
        assert_eq!(place.live.pin().number, 1, "{what}");
        let back = place.save(name, &incident.before).await;
        assert_eq!(words(&back), [""; 0], "{what}");
    }
}

/// Every row twice, as from a join: whether it is an error or not, the mail goes where it went.
#[tokio::test]
async fn a_doubled_file_does_no_harm() {
    let (csv, ldif) = (
        csv(0..30, "domain2.com"),
        ldif((0..30).map(|n| (n, "domain2.com"))),
    );
    for (name, text) in [("a.rules", UNDECLARED), ("a.csv", &csv), ("a.ldif", &ldif)] {
        let place = Place::new(&[(name, text)]).await;
        let before = place.live.pin();
        let before = before.table.as_deref().unwrap();
        let outcome = place.save(name, &text.repeat(2)).await;
        assert!(
            !matches!(outcome, ReloadOutcome::Held { .. }),
            "{outcome:?}"
        );
        let after = place.live.pin();
        let after = after.table.as_deref().unwrap();
        assert_eq!(compare(before, after), [], "{name}");
    }
}

/// A program writes a file anew, and stalls at any place for longer than the watcher waits.
#[tokio::test]
async fn a_slow_writer_does_no_harm() {
    for step in [1, 7, 37, 100] {
        let text = ldif((0..6).map(|n| (n, "domain2.com"))).replace('\n', "\r\n");
        let place = Place::new(&[("a.ldif", &text), ("b.rules", OTHER_FILE)]).await;
        let whole = place.live.pin();
        let whole = whole.table.as_deref().unwrap();
        let mut file = fs::File::create(place.file("a.ldif")).unwrap();
        for piece in text.as_bytes().chunks(step * 3) {
            file.write_all(piece).unwrap();
            place.handle.reload().await.unwrap();
            let live = place.live.pin();
            let live = live.table.as_deref().unwrap();
            let lost = whole.len() - live.len();
            let harm: Vec<_> = compare(whole, live)
                .into_iter()
                .filter(is_harmful)
                .collect();
            assert!(harm.is_empty() || lost <= FEW, "{step}: {lost}: {harm:?}");
        }
        drop(file);
        let outcome = place.handle.reload().await.unwrap();
        assert_eq!(words(&outcome), [""; 0]);
        let live = place.live.pin();
        assert_eq!(compare(whole, live.table.as_deref().unwrap()), []);
    }
}

/// The volume with the rules is unmounted: what is left is an empty directory of the file system below.
#[tokio::test]
async fn an_unmounted_volume_is_held_back() {
    let Ok(volume) = tempfile::tempdir_in("/dev/shm") else {
        return skip("there is no second file system");
    };
    let place = Place::new(&[]).await;
    let (rules, below) = (
        place.base.path().join("rules"),
        place.base.path().join("below"),
    );
    fs::rename(&rules, &below).unwrap();
    fs::write(volume.path().join("a.rules"), UNDECLARED).unwrap();
    std::os::unix::fs::symlink(volume.path(), &rules).unwrap();
    let outcome = place.handle.reload().await.unwrap();
    assert_eq!(words(&outcome), [""; 0]);
    fs::remove_file(&rules).unwrap();
    fs::rename(&below, &rules).unwrap();
    let outcome = place.handle.reload().await.unwrap();
    assert_eq!(words(&outcome), ["no-rules", "other-mount"]);
}

/// One of two files is deleted: small ones may be, others are asked about.
#[tokio::test]
async fn a_deleted_file_is_held_back_for_what_was_in_it() {
    for (rows, domain, expected) in [
        (19, "domain2.com", &[][..]),
        (20, "domain2.com", &["domain-gone"]),
        // Another file names the domain.
        (20, "domain9.com", &[]),
        (60, "domain9.com", &["shrunk"]),
    ] {
        let place = Place::new(&[
            ("a.csv", &csv(0..rows, domain)),
            ("b.csv", "from,to\nsales@domain9.com,u1@company.com\n"),
        ])
        .await;
        fs::remove_file(place.file("a.csv")).unwrap();
        let outcome = place.handle.reload().await.unwrap();
        assert_eq!(words(&outcome), expected, "{rows} {domain}");
    }
}

/// The line that declares a domain is no rule for its addresses.
#[tokio::test]
async fn a_declared_domain_may_lose_all_its_rules_as_well() {
    let declared = "company.com primary\ndomain2.com secondary\nc@company.com mailbox\n";
    let rules = |domain: &str, n: usize| -> String {
        let rules = (0..n).map(|n| format!("u{n}@{domain} c@company.com\n"));
        rules.collect()
    };
    let b = format!("d@company.com mailbox\n{}", rules("domain2.com", 20));
    let many = rules("company.com", 200);
    let place = Place::new(&[("a.rules", declared), ("b.rules", &b), ("c.rules", &many)]).await;
    let outcome = place
        .save("b.rules", "# all gone\nd@company.com mailbox\n")
        .await;
    assert_eq!(words(&outcome), ["domain-gone"]);
    // A rule for the whole domain takes their place.
    let outcome = place.save("b.rules", "@domain2.com c@company.com\n").await;
    assert_eq!(words(&outcome), [""; 0]);
}

/// What somebody accepted is live, and is not held back again.
#[tokio::test]
async fn what_was_accepted_is_not_held_back_at_the_next_start() {
    let half = UNDECLARED.find("sales@").unwrap();
    let after = &UNDECLARED[..half];
    let place = Place::new(&[("a.rules", UNDECLARED)]).await;
    let ReloadOutcome::Held { digest, .. } = place.save("a.rules", after).await else {
        panic!("it is the beginning of what it was");
    };
    let order = Order::Accept { digest };
    let accepted = place.handle.order(order, Asker::default()).await;
    assert!(matches!(accepted, Some(Ok(ReloadOutcome::Live { .. }))));
    let place = place.restart().await;
    let outcome = place.handle.status().outcome.unwrap();
    assert!(
        matches!(outcome, ReloadOutcome::Live { generation: 2, .. }),
        "{outcome:?}"
    );
}

/// What somebody drops into the directory is live, however large it is.
#[tokio::test]
async fn a_new_file_is_never_held_back() {
    let place = Place::new(&[("a.rules", UNDECLARED)]).await;
    let outcome = place.save("b.csv", &csv(0..500, "domain4.com")).await;
    assert_eq!(words(&outcome), [""; 0]);
    assert_eq!(place.live.pin().number, 2);
}

#[tokio::test]
async fn what_is_held_back_says_whose_mail_it_concerns() {
    let place = Place::new(&[("a.csv", &csv(0..30, "domain2.com"))]).await;
    let outcome = place.save("a.csv", &csv(0..5, "domain2.com")).await;
    let ReloadOutcome::Held { differences, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((differences.total, differences.more), (25, false));
    assert_eq!(differences.first.len(), 10);
    let first = &differences.first[0];
    let line = format!("{}  {} -> {}", first.subject, first.before, first.after);
    let expected = "u10@domain2.com  u10@company.com -> reject 550 5.1.1";
    assert_eq!(line, expected);
}

/// A large table that lost nearly everything is compared as far as that is of use.
#[tokio::test]
async fn a_large_loss_is_not_compared_to_the_end() {
    let place = Place::new(&[("a.csv", &csv(0..20_000, "domain2.com"))]).await;
    let outcome = place.save("a.csv", &csv(0..5, "domain2.com")).await;
    let ReloadOutcome::Held { differences, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((differences.total, differences.more), (1000, true));
}

/// What an administrator does in an editor: a few lines deleted, some written, anywhere.
#[derive(Clone, Debug)]
struct Edit {
    deleted: Vec<prop::sample::Index>,
    written: Vec<(prop::sample::Index, usize)>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let deleted = prop::collection::vec(any::<prop::sample::Index>(), 0..=FEW);
    let written = prop::collection::vec((any::<prop::sample::Index>(), 0..500_usize), 0..=20);
    (deleted, written).prop_map(|(deleted, written)| Edit { deleted, written })
}

impl Edit {
    fn of(&self, text: &str) -> String {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        for at in &self.deleted {
            lines.remove(at.index(lines.len()));
        }
        for (at, number) in &self.written {
            let rule = format!("new{number}@domain2.com anna@company.com");
            lines.insert(at.index(lines.len() + 1), rule);
        }
        let mut seen = HashSet::new();
        lines.retain(|line| seen.insert(line.clone()));
        lines.join("\n") + "\n"
    }
}

#[test]
fn a_plain_edit_is_never_held_back() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let place = runtime.block_on(Place::new(&[("a.rules", UNDECLARED)]));
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let saved = runner.run(&edit(), |edit| {
        let text = edit.of(UNDECLARED);
        let outcome = runtime.block_on(place.save("a.rules", &text));
        prop_assert!(
            !matches!(outcome, ReloadOutcome::Held { .. }),
            "{outcome:?}\n{text}"
        );
        let back = runtime.block_on(place.save("a.rules", UNDECLARED));
        prop_assert!(
            !matches!(back, ReloadOutcome::Held { .. }),
            "{back:?}\n{text}"
        );
        Ok(())
    });
    saved.unwrap();
}
