//! Log lines about connections: not accepted, too many, too slow, broken. A stranger can cause each of them, so
//! each comes once a minute at most; `held` of the same kind have had no line since the last one.

use std::fmt::Display;

use tracing::{error, warn};

/// The system has no connection to give: no descriptor or no memory is left. Callers wait until it has.
///
/// `cannot accept connections, trying again socket=unix:/run/readdress/milter.sock error="Too many open files (os error 24)" held=0`
pub fn accept_failed(socket: &str, error: &dyn Display, held: u64) {
    warn!(%socket, error = %error, held, "cannot accept connections, trying again");
}

/// As many connections are open as may be, and none of them is idle: a further one is closed at once. An
/// MTA then takes its default action.
///
/// `too many connections, closed at once socket=unix:/run/readdress/milter.sock limit=1000 held=0`
pub fn connections_full(socket: &str, limit: usize, held: u64) {
    warn!(%socket, limit, held, "too many connections, closed at once");
}

/// An MTA connected that cannot do what is needed.
///
/// `milter: connection refused: the MTA does not offer to add and delete recipients, its mail would pass unchanged held=1999`
pub fn mta_refused(held: u64) {
    error!(
        held,
        "milter: connection refused: the MTA does not offer to add and delete recipients, its mail would pass unchanged"
    );
}
