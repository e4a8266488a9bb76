//! An entry of the history as programs get it.

use crate::{
    daemon::history::{Cause, Entry},
    protocol::Generation,
};

/// Returns what is said about an entry. `newest` is the generation that went live last.
pub fn generation(entry: &Entry, newest: Option<u64>) -> Generation {
    let (cause, rollback_to) = match entry.cause {
        Cause::Save => ("save", None),
        Cause::Start => ("start", None),
        Cause::Configuration => ("configuration", None),
        Cause::Accepted => ("accepted", None),
        Cause::Rollback { to } => ("rollback", Some(to)),
    };
    Generation {
        generation: entry.generation,
        digest: entry.digest.clone(),
        at: entry.at,
        by: entry.by.words(),
        why: entry.why.clone(),
        cause: cause.to_owned(),
        rollback_to,
        rules: entry.rules,
        added: entry.added,
        removed: entry.removed,
        changed: entry.changed,
        live: Some(entry.generation) == newest,
        whole: entry.is_whole(),
    }
}
