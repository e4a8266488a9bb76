//! Log lines about the daemon itself: its tasks, sockets, threads and limits.
//!
//! The rules for them are those of the lines about mail, see [`record`](super).

use std::fmt::Display;
use std::time::Duration;

use tracing::{error, info, warn};

/// A task of the daemon ended, and is started again after a pause; `status` names it meanwhile.
///
/// `task: ended: reloader: panicked: no threads, started again in 100ms`
pub fn task_ended(name: &str, reason: &str, pause: Duration) {
    error!(
        "task: ended: {name}: {reason}, started again in {}ms",
        pause.as_millis()
    );
}

/// A task of the daemon ended again and again: the daemon ends, and systemd starts it anew.
///
/// `task: given up: control: panicked: no threads, ended 8 times in a row`
pub fn task_given_up(name: &str, reason: &str, ends: u32) {
    error!("task: given up: {name}: {reason}, ended {ends} times in a row");
}

/// Something in the program went wrong in a way that was not foreseen. What it was doing is given up:
/// one connection, one reload, or one task, which is started again.
///
/// `panicked: src/daemon/live.rs:12:5: no threads`
pub fn panicked(place: &dyn Display, message: &str) {
    error!("panicked: {place}: {message}");
}

/// A part of the daemon gave no sign of life, so systemd is not given one. After `WatchdogSec=` it
/// starts the daemon anew.
///
/// `watchdog: no sign of life from milter threads`
pub fn no_sign_of_life(part: &str) {
    error!("watchdog: no sign of life from {part}");
}

/// The file of a socket is gone, or another one stands in its place: nobody can connect any more.
/// The path is bound again as soon as it is free.
///
/// `socket: unix:/run/readdress/readdress.sock: its file was removed`
pub fn socket_lost(socket: &dyn Display, what: &str) {
    error!("socket: {socket}: {what}");
}

/// The path of a socket was bound again, or what stood in its place is gone.
///
/// `socket: unix:/run/readdress/readdress.sock: bound again`
pub fn socket_bound_again(socket: &dyn Display) {
    info!("socket: {socket}: bound again");
}

/// Fewer files may be open than the configuration needs, so fewer connections are served at once.
///
/// `limits: 1024 open files allow 904 milter connections, not 1000, and 60 for each socketmap socket; raise LimitNOFILE=`
pub fn connections_limited(files: u64, milter: usize, wanted: usize, socketmap: usize) {
    warn!(
        "limits: {files} open files allow {milter} milter connections, not {wanted}, and {socketmap} for each socketmap socket; raise LimitNOFILE="
    );
}

/// Reading takes longer than it should: of `rules`, or of `settings`, which is the configuration file. Most
/// likely the file system does not answer. What was read before stays in force.
///
/// `rules: still at work after 60s, does the file system answer?`
pub fn job_takes_long(name: &str, seconds: u64) {
    warn!("{name}: still at work after {seconds}s, does the file system answer?");
}
