//! Which room uses which: rooms stand on storeys, and a room uses only rooms of lower storeys.

use super::{circles::Modules, sources::Source};

/// Rooms and their storeys, as the heads of `src/lib.rs`, `src/engine/mod.rs` and `src/daemon/mod.rs` show them.
/// A room may use rooms of lower storeys, and itself. Ten steps make a storey; where a room uses
/// another one of its storey, it stands a step above.
const STOREYS: &[(&str, u32)] = &[
    ("engine::address", 10),
    ("engine::reply", 10),
    ("engine::visible", 10),
    ("engine::diagnostic", 20),
    ("engine::rule", 22),
    ("engine::store", 24),
    ("engine::syntax", 26),
    ("engine::format", 30),
    ("engine::table", 30),
    ("engine::rewrite", 40),
    ("engine::transaction", 50),
    ("engine::check", 50),
    ("engine::compare", 50),
    ("engine::laws", 50),
    ("engine::load", 60),
    ("engine", 60),
    ("config", 70),
    ("export", 70),
    ("report", 70),
    ("headers", 60),
    ("protocol", 65),
    ("doctor", 80),
    ("doctor::gather", 90),
    ("mta", 80),
    ("daemon::traffic", 83),
    ("daemon::rate_limit", 80),
    ("daemon::keepalive", 80),
    ("daemon::time_slice", 80),
    ("daemon::listeners", 79),
    ("daemon::guard", 75),
    ("daemon::descriptors", 80),
    ("daemon::history", 78),
    ("daemon::log", 75),
    ("daemon::memory", 80),
    ("daemon::record", 80),
    ("daemon::state", 81),
    ("daemon::jobs", 82),
    ("daemon::listen", 82),
    ("daemon::source", 90),
    ("daemon::watch", 85),
    ("daemon::supervise", 90),
    ("daemon::accept", 91),
    ("daemon::session", 100),
    ("daemon::reload", 100),
    ("daemon::milter", 101),
    ("daemon::socketmap", 101),
    ("daemon::settings", 111),
    ("daemon::status", 112),
    ("daemon::control", 113),
    ("daemon::signals", 110),
    ("daemon::notify", 113),
    ("daemon", 120),
    ("cli", 130),
    ("main", 140),
    ("lib", 140),
];

/// Returns the room that a path is in.
fn room(path: &str) -> Option<(&'static str, u32)> {
    let within = |room: &str| path == room || path.starts_with(&format!("{room}::"));
    let rooms = STOREYS.iter().filter(|(room, _)| within(room));
    rooms.max_by_key(|(room, _)| room.len()).copied()
}

/// Returns the storey of the room that a path is in, as the maps count storeys.
pub fn storey(path: &str) -> Option<u32> {
    room(path).map(|(_, steps)| steps / 10)
}

/// Returns the module that a file is.
pub fn module(source: &Source) -> String {
    let path = source.path.strip_prefix("src/").unwrap_or(&source.path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
}

/// Returns what points to a higher storey, or to another room of the same one.
pub fn upward(modules: &Modules) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = 0;
    for (own, names) in modules.iter() {
        let Some((from, storey)) = room(own) else {
            complaints.push(format!("{own}: in no room of the list"));
            continue;
        };
        let named = names.imports.values().chain(&names.paths);
        for path in named.filter_map(|path| modules.absolute(own, path)) {
            let path = path.join("::");
            let Some((to, other)) = room(&path).filter(|(to, _)| *to != from) else {
                continue;
            };
            seen += 1;
            // The head of a room names the rooms below it.
            let below = to.starts_with(&format!("{from}::"));
            if other >= storey && !below {
                complaints.push(format!("{own}: {from} may not use {path}"));
            }
        }
    }
    assert!(seen > 50, "the imports were not found");
    complaints
}
