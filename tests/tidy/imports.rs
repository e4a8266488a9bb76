//! Which module names which: every path that begins with `crate`, `super` or `self`, groups unfolded.
//!
//! # Limits
//!
//! A path that begins with the name of a module below (`parse::parse` in a `mod.rs`) is not followed:
//! it points downwards.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, sources};

/// Rooms and their storeys, as the heads of `src/engine/mod.rs` and `src/daemon/mod.rs` have them.
/// A room may use rooms of lower storeys, and itself. Ten steps make a storey; where a room uses
/// another one of its storey, it stands a step above.
const STOREYS: &[(&str, u32)] = &[
    ("engine::address", 10),
    ("engine::reply", 10),
    ("engine::visible", 10),
    ("engine::diagnostic", 15),
    ("engine::rule", 20),
    ("engine::store", 22),
    ("engine::syntax", 24),
    ("engine::format", 30),
    ("engine::table", 30),
    ("engine::rewrite", 40),
    ("engine::transaction", 50),
    ("engine::check", 50),
    ("engine::load", 60),
    ("engine", 60),
    ("config", 70),
    ("export", 70),
    ("report", 70),
    ("headers", 60),
    ("doctor", 80),
    ("doctor::gather", 90),
    ("mta", 80),
    ("daemon::live", 80),
    ("daemon::accepting", 80),
    ("daemon::rate_limit", 80),
    ("daemon::places", 80),
    ("daemon::keepalive", 80),
    ("daemon::health", 70),
    ("daemon::guard", 75),
    ("daemon::descriptors", 80),
    ("daemon::mark", 81),
    ("daemon::file_status", 81),
    ("daemon::log", 80),
    ("daemon::memory", 80),
    ("daemon::record", 80),
    ("daemon::jobs", 81),
    ("daemon::listen", 81),
    ("daemon::state", 85),
    ("daemon::source", 90),
    ("daemon::watch", 91),
    ("daemon::serve", 90),
    ("daemon::supervise", 90),
    ("daemon::reload", 100),
    ("daemon::milter", 100),
    ("daemon::socketmap", 101),
    ("daemon::settings", 111),
    ("daemon::control", 112),
    ("daemon::signals", 110),
    ("daemon::notify", 112),
    ("daemon", 120),
    ("cli", 130),
    ("main", 140),
    ("lib", 140),
];

/// The room that a path is in.
fn room(path: &str) -> Option<(&'static str, u32)> {
    let within = |room: &str| path == room || path.starts_with(&format!("{room}::"));
    let rooms = STOREYS.iter().filter(|(room, _)| within(room));
    rooms.max_by_key(|(room, _)| room.len()).copied()
}

/// The module that a file is.
fn module(source: &Source) -> String {
    let path = source.path.strip_prefix("src/").unwrap_or(&source.path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
}

/// The code without comments, and without what is in quotes.
fn code(source: &Source) -> String {
    let lines = source.production().lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    let parts = code.map(|line| {
        let mut outside = line.split('"').step_by(2).collect::<String>();
        outside.push('\n');
        outside
    });
    parts.collect()
}

/// All paths that a file names, from the root of the crate.
fn named(source: &Source) -> BTreeSet<String> {
    let (code, own) = (code(source), module(source));
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            unfold(&code[at..], "", &mut |path| {
                found.extend(absolute(path, &own));
            });
        }
    }
    found
}

/// Hands every path of a tree of paths to `each`; returns what stands behind the tree.
fn unfold<'c>(tree: &'c str, prefix: &str, each: &mut impl FnMut(&str)) -> &'c str {
    let end = tree
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .unwrap_or(tree.len());
    let path = format!("{prefix}{}", &tree[..end]);
    let Some(mut rest) = tree[end..]
        .strip_prefix('{')
        .filter(|_| path.ends_with("::"))
    else {
        each(path.trim_end_matches("::"));
        return &tree[end..];
    };
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        match rest.chars().next() {
            None => return rest,
            Some('}') => return &rest[1..],
            Some(c) if c.is_alphanumeric() || c == '_' => {
                rest = unfold(rest, &path, each);
                // `as` and what follows, or whatever else is no path.
                let next = rest.find([',', '}']).unwrap_or(rest.len());
                rest = &rest[next..];
            }
            Some(c) => rest = &rest[c.len_utf8()..],
        }
    }
}

/// A path from the root of the crate; `None` where it leads out of it.
fn absolute(path: &str, own: &str) -> Option<String> {
    let mut at: Vec<&str> = own.split("::").collect();
    let mut segments = path.split("::").peekable();
    match segments.peek() {
        Some(&"crate") => {
            at.clear();
            segments.next();
        }
        Some(&"self") => {
            segments.next();
        }
        _ => {}
    }
    while segments.next_if_eq(&"super").is_some() {
        at.pop()?;
    }
    at.extend(segments);
    Some(at.join("::"))
}

/// Imports that point to a higher storey, or to another room of the same one.
pub fn upward() -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = 0;
    for source in sources("src") {
        let own = module(&source);
        // Files of tests, which may look at everything.
        if own.split("::").any(|name| name == "tests") {
            continue;
        }
        let Some((from, storey)) = room(&own) else {
            complaints.push(format!("{}: in no room of the list", source.path));
            continue;
        };
        for path in named(&source) {
            let Some((to, other)) = room(&path).filter(|(to, _)| *to != from) else {
                continue;
            };
            seen += 1;
            // The head of a room names the rooms below it.
            let below = to.starts_with(&format!("{from}::"));
            if other >= storey && !below {
                complaints.push(format!("{}: {from} may not use {path}", source.path));
            }
        }
    }
    assert!(seen > 50, "the imports were not found");
    complaints
}

/// Modules of one room that need each other. A room's `mod.rs` holds what its modules share, and so
/// is no part of it.
pub fn cycles() -> Vec<String> {
    let all = sources("src");
    let modules: BTreeSet<_> = all.iter().map(module).collect();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &all {
        let own = module(source);
        let list = needs.entry(own.clone()).or_default();
        for path in named(source) {
            let within = |name: &&String| path == **name || path.starts_with(&format!("{name}::"));
            let deepest = modules.iter().filter(within).max_by_key(|name| name.len());
            let related = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
            list.extend(
                deepest
                    .filter(|to| **to != own && !related(&own, to) && !related(to, &own))
                    .cloned(),
            );
        }
    }
    let mut complaints = BTreeSet::new();
    for start in &modules {
        let (mut reached, mut todo) = (BTreeSet::new(), vec![start]);
        while let Some(next) = todo.pop() {
            for to in needs.get(next).into_iter().flatten() {
                if to == start {
                    complaints.insert(format!("{start} needs {next}, which needs {start}"));
                } else if reached.insert(to) {
                    todo.push(to);
                }
            }
        }
    }
    complaints.into_iter().collect()
}
