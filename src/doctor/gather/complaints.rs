//! What Postfix says about its own configuration: messages of its programs, and `postfix check`.
//!
//! `postfix check` writes to a terminal or into the mail log, so doctor gives it a terminal. Only root can run it.
//! It makes missing queue directories, so doctor runs it only if they are there.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | time for `postfix check` | 20 s | it is ended, which is a note |

use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process_group},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use crate::doctor::facts::Complaint;

/// The longest wait for `postfix check`, which looks at every file of the queue.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest wait for the output of programs that it has started.
const REST: Duration = Duration::from_secs(2);

/// Reads a line that a program of Postfix wrote: `postconf: warning: …`.
pub fn complaint(line: &str) -> Option<Complaint> {
    let line = line.trim();
    for word in ["fatal: ", "error: ", "panic: "] {
        if let Some((_, words)) = line.split_once(word) {
            return Some(Complaint::Fatal(words.to_owned()));
        }
    }
    let (who, words) = line.split_once("warning: ")?;
    let words = words.to_owned();
    Some(
        match who.contains("postfix-script") || who.contains("postsuper") {
            true => Complaint::Check(words),
            false => Complaint::Warning(words),
        },
    )
}

/// Returns what `postfix check` says, if it may be run.
pub fn check(mut postfix: Command, set_up: bool) -> Vec<Complaint> {
    let program = Path::new(postfix.get_program()).to_owned();
    if !set_up || !rustix::process::geteuid().is_root() || !program.is_file() {
        return Vec::new();
    }
    let Some((screen, terminal)) = terminal() else {
        return Vec::new();
    };
    postfix
        .arg("check")
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::from(terminal));
    let Ok(child) = postfix.spawn() else {
        return Vec::new();
    };
    // This closes our copy of the terminal, so that reading ends when the last program has ended.
    drop(postfix);
    let (sender, text) = mpsc::channel();
    thread::spawn(move || sender.send(read(screen)));
    let status = wait(child);
    // By now the programs that it has started have ended as well, or are about to.
    let text = text.recv_timeout(REST).unwrap_or_default();
    if status.is_none() {
        let seconds = PATIENCE.as_secs();
        return vec![Complaint::Check(format!("it took more than {seconds} s"))];
    }
    let mut complaints: Vec<Complaint> = Vec::new();
    for complaint in text.lines().filter_map(complaint) {
        if !complaints.contains(&complaint) {
            complaints.push(complaint);
        }
    }
    let is_fatal = |complaint: &Complaint| matches!(complaint, Complaint::Fatal(_));
    if status.is_some_and(|status| !status.success()) && !complaints.iter().any(is_fatal) {
        let words = "`postfix check` failed without a message".to_owned();
        complaints.push(Complaint::Fatal(words));
    }
    complaints
}

/// Opens a terminal: returns the end from which to read, and the end to which programs write.
fn terminal() -> Option<(File, File)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let screen = openpt(flags).ok()?;
    grantpt(&screen).ok()?;
    unlockpt(&screen).ok()?;
    let name = ptsname(&screen, Vec::new()).ok()?;
    let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOCTTY);
    let terminal = options.read(true).write(true).open(path).ok()?;
    Some((File::from(screen), terminal))
}

/// Reads until the last writer has gone, which a terminal reports as an error.
fn read(mut screen: File) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = screen.read(&mut buffer) {
        text.extend(buffer.get(..length).unwrap_or_default());
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for the end of a program. Returns none if it takes too long.
fn wait(mut child: Child) -> Option<ExitStatus> {
    let end = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                // `postfix check` is a shell script, and its programs keep the terminal open.
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let _ = group.map(|group| kill_process_group(group, Signal::KILL));
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_programs() {
        let fatal = |words: &str| Some(Complaint::Fatal(words.to_owned()));
        assert_eq!(
            complaint("/usr/sbin/postconf: fatal: main.cf, line 3: missing '='"),
            fatal("main.cf, line 3: missing '='")
        );
        assert_eq!(
            complaint("postconf: warning: x: unused parameter: a=b"),
            Some(Complaint::Warning("x: unused parameter: a=b".to_owned()))
        );
        assert_eq!(
            complaint("postfix/postfix-script: warning: not owned by root: /x\r"),
            Some(Complaint::Check("not owned by root: /x".to_owned()))
        );
        assert_eq!(complaint("something else"), None);
    }

    #[test]
    fn a_program_that_wants_a_terminal_is_heard() {
        let (screen, terminal) = terminal().unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", "test -t 2 && echo 'x: fatal: y' >&2"])
            .stderr(Stdio::from(terminal));
        let child = command.spawn().unwrap();
        drop(command);
        let said = read(screen);
        assert!(wait(child).unwrap().success());
        assert_eq!(
            said.lines().find_map(complaint),
            Some(Complaint::Fatal("y".into()))
        );
    }
}
