//! Log lines about the daemon itself: its tasks, sockets, threads and limits.

use std::{fmt::Display, time::Duration};

use crate::daemon::log::{events, write_event};

events! {
    /// A task of the daemon ended although it should not.
    TASK_ENDED: ERROR "task: ended: reloader: panicked: no threads, started again in 100ms", [],
        next "The task is started again after a pause. `readdress status` names the task until then.",
        advice "Report it with this line and the line `panicked: …` before it, if there is one.";
    /// A task of the daemon ended again and again.
    TASK_GIVEN_UP: ERROR "task: given up: control: panicked: no threads, ended 8 times in a row", [],
        next "The daemon ends, and systemd starts it again.",
        advice "Report it with the lines before it.";
    /// A fault in the program: the place in its source, and what went wrong.
    PANICKED: ERROR "panicked: src/daemon/state/live.rs:12:5: no threads", [],
        next "One connection, one reload or one task is given up. A task is started again.",
        advice "Report it with this line.";
    /// A part of the daemon does not respond, so the daemon does not tell systemd that it is alive.
    NO_SIGN_OF_LIFE: ERROR "watchdog: no sign of life from milter threads", [],
        next "systemd restarts the daemon after `WatchdogSec=`.",
        advice "Report it with the lines before it.";
    /// The file of a socket was removed, or another file has its path. No new client can connect.
    SOCKET_LOST: ERROR "socket: unix:/run/readdress/milter.sock: its file was removed", [],
        next "The daemon opens the socket again as soon as its path is free.",
        advice "If the line says that another file has the path, remove that file.";
    /// A socket that was lost can be used again.
    SOCKET_BOUND_AGAIN: INFO "socket: unix:/run/readdress/milter.sock: bound again", [],
        next "", advice "";
    /// The system allows fewer open files than the configuration needs.
    CONNECTIONS_LIMITED: WARN "limits: 1024 open files allow 904 milter connections, not 1000, and 60 for each socketmap socket; raise LimitNOFILE=", [],
        next "Fewer connections are served at one time.",
        advice "Raise `LimitNOFILE=` of the unit.";
    /// Reading files takes longer than it should. The line begins with `rules`, or with `settings` for the
    /// configuration file.
    JOB_TAKES_LONG: WARN "rules: still at work after 60s, does the file system answer?", [],
        next "What was read before stays in force.",
        advice "Check the file system with the files, above all a network file system.";
}

/// A task ended, and is started again after `pause`.
pub fn task_ended(name: &str, reason: &str, pause: Duration) {
    let pause = pause.as_millis();
    write_event!(
        TASK_ENDED,
        "task: ended: {name}: {reason}, started again in {pause}ms"
    );
}

/// A task ended `ends` times, and the daemon ends.
pub fn task_given_up(name: &str, reason: &str, ends: u32) {
    write_event!(
        TASK_GIVEN_UP,
        "task: given up: {name}: {reason}, ended {ends} times in a row"
    );
}

/// Something went wrong in the program in a way that was not foreseen.
pub fn panicked(place: &dyn Display, message: &str) {
    write_event!(PANICKED, "panicked: {place}: {message}");
}

/// A part of the daemon does not respond.
pub fn no_sign_of_life(part: &str) {
    write_event!(NO_SIGN_OF_LIFE, "watchdog: no sign of life from {part}");
}

/// The file of a socket was removed or replaced.
pub fn socket_lost(socket: &dyn Display, what: &str) {
    write_event!(SOCKET_LOST, "socket: {socket}: {what}");
}

/// A socket that was lost can be used again.
pub fn socket_bound_again(socket: &dyn Display) {
    write_event!(SOCKET_BOUND_AGAIN, "socket: {socket}: bound again");
}

/// The system allows fewer open files than the configuration needs.
pub fn connections_limited(files: u64, milter: usize, wanted: usize, socketmap: usize) {
    write_event!(
        CONNECTIONS_LIMITED,
        "limits: {files} open files allow {milter} milter connections, not {wanted}, and {socketmap} for each socketmap socket; raise LimitNOFILE="
    );
}

/// Reading `rules` or `settings` takes longer than it should.
pub fn job_takes_long(name: &str, seconds: u64) {
    write_event!(
        JOB_TAKES_LONG,
        "{name}: still at work after {seconds}s, does the file system answer?"
    );
}
