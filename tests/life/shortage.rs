//! A system that gives too little: open files, threads, inotify instances. A daemon starts completely or not at all,
//! with a line that says which limit to raise. A shortage that comes later does not harm the daemon, or is reported.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Place, RULES, Said, Serving, connect, edits, message, said};

/// A user id under which no other process runs.
const USER: u32 = 64990;

/// Returns the command of the daemon, under these limits (`--nofile=64:64`) and, if a user is given, as that user.
fn limited(place: &Place, limits: &[String], user: Option<u32>) -> Command {
    let daemon = place.daemon();
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args([format!("--reuid={user}"), format!("--regid={user}")]);
        command.arg("--clear-groups");
    }
    command.args(["--pdeathsig", "KILL", "--", "prlimit"]);
    command.args(limits).arg("--");
    let program = place.join("readdress");
    match program.exists() {
        true => command.arg(program),
        false => command.arg(env!("CARGO_BIN_EXE_readdress")),
    };
    command
        .args(daemon.get_args().skip_while(|word| *word != "run"))
        .current_dir(place.join(""))
        .stdin(std::process::Stdio::null())
        .stderr(place.log_file());
    command
}

/// Starts the daemon. Returns its exit status if it ended before it answered.
fn start<'p>(place: &'p Place, limits: &[String], user: Option<u32>) -> Result<Serving<'p>, i32> {
    let mut serving = place.launch(limited(place, limits, user));
    let end = Instant::now() + PATIENCE;
    while place.ask(&["status"]).status == Some(2) {
        if let Some(status) = serving.ended() {
            return Err(status.code().expect("it was not ended by a signal"));
        }
        assert!(
            Instant::now() < end,
            "neither serves nor ends\n{}",
            place.log()
        );
        sleep(Duration::from_millis(10));
    }
    Ok(serving)
}

fn status(place: &Place) -> Said {
    place.ask(&["status"])
}

/// Returns a folder that another user may write to; `None` without root, because only root can make one.
fn place_of(user: u32) -> Option<Place> {
    let place = Place::new(&[("a.rules", RULES)]);
    fs::copy(env!("CARGO_BIN_EXE_readdress"), place.join("readdress")).unwrap();
    fs::write(place.join("log"), "").unwrap();
    let owned = Command::new("chown")
        .args(["-R", &user.to_string()])
        .arg(place.join(""))
        .status();
    if !owned.is_ok_and(|status| status.success()) {
        println!("SKIPPED: only root can be somebody else");
        return None;
    }
    Some(place)
}

#[test]
fn with_too_few_files_it_does_not_start_and_is_never_ready() {
    let place = Place::new(&[("a.rules", RULES)]);
    let systemd = UnixDatagram::bind(place.join("notify.sock")).unwrap();
    systemd.set_nonblocking(true).unwrap();
    for files in [6, 7, 9, 12, 14, 17, 20, 24, 32, 40, 60] {
        let limits = [format!("--nofile={files}:{files}")];
        let mut command = limited(&place, &limits, None);
        command.env("NOTIFY_SOCKET", place.join("notify.sock"));
        let mut serving = place.launch(command);
        assert_eq!(serving.end().code(), Some(2), "{files} files");
        let log = fs::read_to_string(place.join("log")).unwrap_or_default();
        // With fewer open files, the system cannot even load the libraries.
        let last = log.lines().last().unwrap_or_default();
        assert!(last.contains("LimitNOFILE="), "{files} files: {last}");
        assert!(!place.join("milter.sock").exists());
        let heard = systemd.recv(&mut [0; 64]);
        assert!(heard.is_err(), "systemd was told something");
    }
}

/// Reloads and commands work while as many connections are open as possible.
#[tokio::test]
async fn few_files_limit_connections_and_nothing_else() {
    let place = Place::new(&[("a.rules", RULES)]);
    let _serving = start(&place, &["--nofile=200:200".to_owned()], None).expect("it serves");
    let log = place.logged("limits: 200 open files allow ");
    let limit = log.split("allow ").nth(1).unwrap();
    let limit: usize = limit.split(' ').next().unwrap().parse().unwrap();
    assert!((20..200).contains(&limit), "{limit}");
    let mut idle = Vec::new();
    let mut clients = Vec::new();
    for number in 0..limit + 20 {
        if number + 5 < limit {
            idle.push(UnixStream::connect(place.join("milter.sock")).unwrap());
        } else if number < limit {
            clients.push(connect(&place.socket()).await);
        } else {
            // A connection over the limit is closed at once: it does not wait in the backlog.
            let stream = UnixStream::connect(place.join("milter.sock")).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let closed = std::io::Read::read(&mut &stream, &mut [0; 1]);
            assert_eq!(closed.unwrap(), 0, "connection {number} of {limit}");
        }
    }
    let said = status(&place);
    assert_eq!(said.status, Some(1), "{said:?}");
    let wanted = format!("DEGRADED     limits: 200 open files allow {limit} milter connections");
    assert!(said.out.starts_with(&wanted), "{said:?}");
    let wanted = format!("connections  {limit} of {limit}");
    assert!(said.out.contains(&wanted), "{said:?}");
    place.save("b.rules", "x@domain2.com anna@company.com\n");
    place.logged("table: generation=2");
    let (_, end) = message(&mut clients[0], "4b", &["x@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    assert!(!place.log().contains("cannot accept"), "{}", place.log());
}

#[test]
fn the_soft_limit_is_raised() {
    let place = Place::new(&[("a.rules", RULES)]);
    let serving = start(&place, &["--nofile=64:4096".to_owned()], None).expect("it serves");
    let limits = fs::read_to_string(format!("/proc/{}/limits", serving.pid())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open"));
    let files: Vec<_> = files.unwrap().split_whitespace().collect();
    assert_eq!(files[3..5], ["4096", "4096"]);
    let said = status(&place);
    assert!(said.out.contains("connections  0 of 1000"), "{said:?}");
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn with_too_few_threads_it_does_not_start() {
    let Some(place) = place_of(USER) else { return };
    let mut served = false;
    for threads in 1..64 {
        match start(
            &place,
            &[format!("--nproc={threads}:{threads}")],
            Some(USER),
        ) {
            Err(status) => {
                assert_eq!(status, 2, "{}", place.log());
                let log = place.log();
                let last = log.lines().last().unwrap_or_default();
                assert!(last.contains("TasksMax="), "{threads}: {last}");
                assert!(!log.contains("panicked"), "{log}");
            }
            Ok(_) => {
                assert_eq!(status(&place).status, Some(0));
                served = true;
                break;
            }
        }
    }
    assert!(served, "{}", place.log());
}

/// The daemon starts no thread later: changes, swaps, requests and new watches need none.
#[tokio::test]
async fn without_another_thread_everything_goes_on() {
    let Some(place) = place_of(USER + 1) else {
        return;
    };
    let serving = start(&place, &[], Some(USER + 1)).expect("it serves");
    let user = USER + 1;
    let limited = Command::new("setpriv")
        .args([format!("--reuid={user}"), format!("--regid={user}")])
        .args(["--clear-groups", "--", "prlimit", "--nproc=1:1", "--pid"])
        .arg(serving.pid().to_string())
        .status();
    assert!(limited.unwrap().success());
    for generation in 2..6 {
        let rule = format!("x{generation}@domain2.com anna@company.com\n");
        place.save("b.rules", &rule);
        place.logged(&format!("table: generation={generation}"));
    }
    // The directory is replaced, so that the watches are made again, and the change is noticed at once.
    fs::rename(place.join("rules"), place.join("old")).unwrap();
    place.logged("table held back");
    fs::rename(place.join("old"), place.join("rules")).unwrap();
    place.logged("table fixed");
    place.save("b.rules", "y@domain2.com anna@company.com\n");
    place.logged("table: generation=6");
    serving.signal("HUP", 1);
    place.logged("table unchanged: generation=6");
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["y@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    let said = status(&place);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(!place.log().contains("panicked"), "{}", place.log());
}

/// A directory that cannot be watched is read from time to time, and `status` says so.
#[test]
fn without_notifications_status_says_that_changes_are_seen_later() {
    let Some(place) = place_of(USER + 2) else {
        return;
    };
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    if limit > 4096 {
        println!("SKIPPED: too many inotify instances to use them all up");
        return;
    }
    let mut taker = Command::new("setpriv");
    let user = USER + 2;
    taker.args([format!("--reuid={user}"), format!("--regid={user}")]);
    taker.args(["--clear-groups", "--pdeathsig", "KILL", "--"]);
    taker.arg(std::env::current_exe().unwrap());
    taker.args([
        "--exact",
        "--ignored",
        "--nocapture",
        "shortage::takes_every_inotify_instance",
    ]);
    taker.stdin(std::process::Stdio::piped());
    taker.stdout(std::process::Stdio::piped());
    let Ok(mut taker) = taker.spawn() else {
        println!("SKIPPED: the test program cannot be run as another user");
        return;
    };
    let mut line = String::new();
    let mut said = std::io::BufReader::new(taker.stdout.take().unwrap());
    while !line.contains("taken") {
        line.clear();
        let count = std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        assert!(count > 0, "the other process ended");
    }
    let serving = start(&place, &[], Some(user)).expect("it serves");
    place.logged("watch: mode=rescan-only");
    let said = status(&place);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(
        said.out
            .contains("DEGRADED     watch of rules: rescan-only"),
        "{said:?}"
    );
    drop(taker.stdin.take());
    taker.wait().unwrap();
    // The next reading tries again to watch; a request causes a reading.
    assert_eq!(place.ask(&["reload"]).status, Some(0));
    assert!(!status(&place).out.contains("watch of rules"));
    drop(serving);
}

/// The other process of the test above.
#[test]
#[ignore = "a part of another test"]
fn takes_every_inotify_instance() {
    use rustix::fs::inotify;
    let mut taken = Vec::new();
    while let Ok(instance) = inotify::init(inotify::CreateFlags::CLOEXEC) {
        taken.push(instance);
    }
    println!("taken");
    let _ = std::io::Read::read(&mut std::io::stdin(), &mut [0; 1]);
}

/// Rules for which there is not enough memory change nothing, and are read again when there is enough.
#[tokio::test]
async fn without_memory_for_a_new_table_the_old_one_serves_on() {
    let place = Place::new(&[("a.rules", RULES)]);
    place.configure(&format!("{}rescan = \"1s\"\n", crate::program::BASE));
    let serving = place.serve();
    let limit = |soft: &str| {
        let limited = Command::new("prlimit")
            .args(["--pid", &serving.pid().to_string()])
            .arg(format!("--as={soft}:unlimited"))
            .status();
        assert!(limited.unwrap().success());
    };
    let status = fs::read_to_string(format!("/proc/{}/status", serving.pid())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size: u64 = size
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    // The memory is enough for the text once, not twice; the allocator has no more than 64 MiB in reserve.
    limit(&((size << 10) + (100 << 20)).to_string());
    let comment = "x".repeat(60_000);
    let rules: String = (0..1200)
        .map(|number| format!("u{number}@domain2.com reject # {comment}\n"))
        .collect();
    place.save("b.rules", &rules);
    let log = logged_in_the_end(&place, "table refused: errors=1 still serving generation=1");
    assert!(log.contains("[not-enough-memory]"), "{log}");
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    let said = self::status(&place);
    assert!(said.out.contains("MiB of memory"), "{said:?}");
    limit("unlimited");
    logged_in_the_end(&place, "table: generation=2 rules=1212");
}

/// Waits for a log line that needs much work. That work runs after all other work of the machine.
fn logged_in_the_end(place: &Place, text: &str) -> String {
    let end = Instant::now() + PATIENCE * 10;
    loop {
        let log = place.log();
        if log.contains(text) {
            return log;
        }
        assert!(Instant::now() < end, "the log never says: {text}\n{log}");
        sleep(Duration::from_millis(50));
    }
}

/// Rules on a file system that does not answer: a FUSE file system whose other end no process reads.
struct Hanging<'p> {
    place: &'p Place,
    device: Option<fs::File>,
}

impl<'p> Hanging<'p> {
    fn mount(place: &'p Place) -> Option<Self> {
        let device = fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .ok()?;
        // The shell hands its descriptor to the mount, and to no other process.
        let mounted = Command::new("sh")
            .args(["-c", "exec 3<&0; exec mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none \"$0\""])
            .arg(place.join("rules"))
            .stdin(device.try_clone().unwrap())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self {
            place,
            device: Some(device),
        })
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        // A client that waits for an answer now gets an error.
        drop(self.device.take());
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.place.join("rules"))
            .status();
    }
}

#[test]
fn a_file_system_that_hangs_keeps_nobody_from_ending_the_start() {
    let place = Place::new(&[]);
    let Some(_hanging) = Hanging::mount(&place) else {
        println!("SKIPPED: no FUSE here, or not root");
        return;
    };
    for name in ["TERM", "INT"] {
        let mut serving = place.start();
        place.logs("it has started", |log| {
            log.matches("control=unix:").count() == if name == "TERM" { 1 } else { 2 }
        });
        // The daemon is reading the rules now.
        sleep(Duration::from_millis(200));
        let sent = Instant::now();
        serving.signal(name, 1);
        assert_eq!(serving.end().code(), Some(0), "{}", place.log());
        assert!(
            sent.elapsed() < Duration::from_secs(3),
            "{:?}",
            sent.elapsed()
        );
        assert!(!place.join("milter.sock").exists());
    }
}

#[tokio::test]
async fn a_file_system_that_hangs_later_stops_no_mail() {
    let place = Place::new(&[("a.rules", RULES)]);
    let mut serving = place.serve();
    let Some(_hanging) = Hanging::mount(&place) else {
        println!("SKIPPED: no FUSE here, or not root");
        return;
    };
    serving.signal("HUP", 1);
    sleep(Duration::from_millis(200));
    let mut client = serving.client().await;
    let (_, end) = message(&mut client, "4b", &["jd@domain2.com"]).await;
    assert_eq!(edits(&end).len(), 2);
    client.quit().await.unwrap();
    let said = status(&place);
    assert!(said.out.contains("generation   1"), "{said:?}");
    serving.signal("TERM", 1);
    assert_eq!(serving.end().code(), Some(0), "{}", place.log());
}

/// The smallest number of open files with which the dynamic loader reaches `main`.
#[test]
fn a_program_without_files_at_all_fails_too() {
    let place = Place::new(&[("a.rules", RULES)]);
    let ended = said(limited(&place, &["--nofile=3:3".to_owned()], None));
    assert_ne!(ended.status, Some(0), "{ended:?}");
}
