//! Log lines about connections: not accepted, too many, too slow, broken.
//!
//! A stranger can cause most of these lines, so each kind is written at most once a minute. `held` is the number of
//! events of the same kind without a line since the last one.

use std::fmt::Display;

use crate::daemon::log::{events, write_event};

events! {
    /// The system could not accept a connection, for example because no file descriptor or no memory is
    /// left. Written at most once a minute.
    ACCEPT_FAILED: WARN "cannot accept connections, trying again socket=unix:/run/readdress/milter.sock error=\"Too many open files (os error 24)\" held=0", [
            "socket": "the socket",
            "error": "what the system says",
            "held": "failures without a line since the last line of this kind",
        ],
        next "The daemon tries again after a pause. Callers wait.",
        advice "Raise `LimitNOFILE=` of the unit, or the memory of the machine.";
    /// As many connections are open as the limit allows, and no open connection is idle. Written at most once a minute.
    CONNECTIONS_FULL: WARN "too many connections, closed at once socket=unix:/run/readdress/milter.sock limit=1000 held=0", [
            "socket": "the socket",
            "limit": "the most connections at one time",
            "held": "connections closed without a line since the last line of this kind",
        ],
        next "The new connection is closed at once. The MTA then takes its default action, such as deferring mail.",
        advice "Raise `max_connections`.";
    /// The MTA did not let the milter add and delete recipients. Written at most once a minute.
    MTA_REFUSED: ERROR "milter: connection refused: the MTA does not offer to add and delete recipients, its mail would pass unchanged held=1999", [
            "held": "connections refused without a line since the last line of this kind",
        ],
        next "The connection is closed. The MTA then takes its default action.",
        advice "Use Postfix 2.6 or Sendmail 8.14 or later, and `readdress doctor`.";
    /// A connection of an MTA took too long, broke the milter protocol, or was idle when the limit
    /// left no room for a new connection. Written at most once a minute.
    CONNECTION_CLOSED: WARN "milter connection closed: no command came in time peer=127.0.0.1:41234 held=0", [
            "peer": "the address or the process of the MTA",
            "held": "connections closed without a line since the last line of this kind",
        ],
        next "The MTA takes its default action for a message under way.",
        advice "If the MTA is yours, look at its log; else let only the MTA reach the socket.";
    /// The daemon stops, and messages did not end within `drain`.
    CONNECTIONS_CUT: WARN "connections closed: they did not end in time open=3", [
            "open": "how many connections are closed",
        ],
        next "The MTA defers these messages, and their clients send them again.",
        advice "Raise `drain` if this happens often.";
}

/// The system could not accept a connection.
pub fn accept_failed(socket: &str, error: &dyn Display, held: u64) {
    write_event!(ACCEPT_FAILED, %socket, error = %error, held, "cannot accept connections, trying again");
}

/// A connection is closed because as many connections are open as the limit allows.
pub fn connections_full(socket: &str, limit: usize, held: u64) {
    write_event!(CONNECTIONS_FULL, %socket, limit, held, "too many connections, closed at once");
}

/// An MTA does not offer to add and delete recipients.
pub fn mta_refused(held: u64) {
    write_event!(
        MTA_REFUSED,
        held,
        "milter: connection refused: the MTA does not offer to add and delete recipients, its mail would pass unchanged"
    );
}

/// A connection of an MTA is closed, and the MTA did not ask for it.
pub fn connection_closed(peer: &dyn Display, why: &dyn Display, held: u64) {
    write_event!(CONNECTION_CLOSED, peer = %peer, held, "milter connection closed: {why}");
}

/// The daemon stops, and connections are still open.
pub fn connections_cut(open: usize) {
    write_event!(
        CONNECTIONS_CUT,
        open,
        "connections closed: they did not end in time"
    );
}
