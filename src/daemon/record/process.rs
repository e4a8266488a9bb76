//! Log lines about the start and the end of the daemon, and about its services.

use std::{fmt::Display, path::Path};

use super::names::user_name;
use crate::{
    config::Config,
    daemon::{
        listeners::{ListenerKind, ListeningSockets},
        log::{events, write_event},
    },
};

events! {
    /// The daemon serves mail. The line shows the settings in force that matter most; `readdress config`
    /// shows all of them.
    STARTED: INFO "readdress 0.1.0: listen=inet:127.0.0.1:8892 rules=/etc/readdress/rules mode=rewrite recipient_delimiter=+ control=unix:/run/readdress/control.sock socketmap=none", [
            "listen": "the sockets of the milter",
            "rules": "the rules directory",
            "mode": "`rewrite` or `observe`",
            "recipient_delimiter": "the characters between user and detail",
            "control": "the control socket, or `none`",
            "socketmap": "the sockets of the maps, or `none`",
        ],
        next "", advice "";
    /// The daemon was told to stop.
    STOPPING: INFO "stopping: no new connections, messages under way may end", [],
        next "The daemon waits for messages that have begun, for as long as `drain` allows.",
        advice "";
    /// The last connection is closed.
    STOPPED: INFO "stopped", [], next "The daemon ends.", advice "";
    /// The system does not let the daemon handle a signal.
    SIGNAL_MISSING: WARN "signal 1 keeps its default effect: Invalid argument (os error 22)", [],
        next "Signal 1 (SIGHUP) ends the daemon instead of reading its files.",
        advice "Use `readdress reload` instead of the signal.";
    /// The directory of the default sockets cannot be made.
    NO_RUNTIME_DIRECTORY: WARN "/run/readdress cannot be made: Permission denied (os error 13)", [],
        next "The sockets in this directory cannot be opened.",
        advice "Start the daemon with systemd, make the directory, or configure other sockets.";
    /// The control socket cannot be opened.
    NO_CONTROL: WARN "control: no socket, so `status`, `reload` and `explain --live` cannot ask this daemon: unix:/run/readdress/control.sock: Permission denied (os error 13)", [],
        next "Mail is served all the same.",
        advice "Fix what the line names, then restart the daemon.";
    /// A command came from a user who is neither root nor the daemon's user, through a control socket
    /// that every user may open.
    CONTROL_REFUSED: WARN "control: refused: user=1000, the socket is open to everybody", [
            "user": "the number of the user, or `unknown`",
        ],
        next "The command is not carried out.",
        advice "Let only root and the daemon's user connect: give the control socket mode 0660.";
}

/// The daemon serves mail.
pub fn started(config: &Config, sockets: &ListeningSockets) {
    let list = |kind| match sockets.names(kind) {
        names if names.is_empty() => "none".to_owned(),
        names => names.join(","),
    };
    write_event!(
        STARTED,
        listen = %list(ListenerKind::Milter),
        rules = %config.rules.display(),
        mode = config.mode.word(),
        recipient_delimiter = %config.settings.recipient_delimiter,
        control = %list(ListenerKind::Control),
        socketmap = %list(ListenerKind::Socketmap),
        "readdress {}:",
        env!("CARGO_PKG_VERSION")
    );
}

/// TERM or INT came.
pub fn stopping() {
    write_event!(
        STOPPING,
        "stopping: no new connections, messages under way may end"
    );
}

/// The last connection is closed.
pub fn stopped() {
    write_event!(STOPPED, "stopped");
}

/// A signal cannot be caught.
pub fn signal_missing(number: i32, reason: &dyn Display) {
    write_event!(
        SIGNAL_MISSING,
        "signal {number} keeps its default effect: {reason}"
    );
}

/// The directory of the default sockets cannot be made.
pub fn runtime_directory_missing(path: &Path, reason: &dyn Display) {
    write_event!(
        NO_RUNTIME_DIRECTORY,
        "{} cannot be made: {reason}",
        path.display()
    );
}

/// The control socket cannot be opened.
pub fn control_missing(reason: &dyn Display) {
    write_event!(
        NO_CONTROL,
        "control: no socket, so `status`, `reload` and `explain --live` cannot ask this daemon: {reason}"
    );
}

/// A user may not give a command.
pub fn control_refused(user: Option<u32>) {
    write_event!(
        CONTROL_REFUSED,
        "control: refused: user={}, the socket is open to everybody",
        user_name(user)
    );
}
