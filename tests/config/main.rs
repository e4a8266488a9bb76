//! The configuration file, key by key: what may be written, what may not, and what the reader of a wrong
//! file is told. The values come from readdress.toml(5).

mod mistakes;
mod sockets;
mod standing;
mod values;

use readdress::config::{Config, Key, keys, parse, parse_partly};
use readdress::engine::Diagnostic;

/// Returns the key with this name.
#[track_caller]
fn key(section: &str, name: &str) -> &'static Key {
    let key = keys().find(|key| key.section == section && key.name == name);
    key.unwrap_or_else(|| panic!("there is no key [{section}] {name}"))
}

/// Returns a file that sets one key.
fn file(section: &str, name: &str, value: &str) -> String {
    match section {
        "" => format!("{name} = {value}\n"),
        section => format!("[{section}]\n{name} = {value}\n"),
    }
}

/// Reads a file that has no mistake.
#[track_caller]
fn good(text: &str) -> Config {
    parse("readdress.toml", text.as_bytes()).unwrap_or_else(|found| panic!("{text}: {found:#?}"))
}

/// Reads a file with mistakes, and returns them.
#[track_caller]
fn bad(text: &str) -> Vec<Diagnostic> {
    match parse("readdress.toml", text.as_bytes()) {
        Ok(_) => panic!("no mistake was found in\n{text}"),
        Err(found) => found,
    }
}

/// Returns the findings of a file as `line:column code`.
fn places(text: &str) -> Vec<String> {
    let (_, found) = parse_partly("readdress.toml", text.as_bytes());
    let place = |one: &Diagnostic| {
        let at = &one.excerpt;
        format!("{}:{} {}", at.line, at.column, one.code)
    };
    found.iter().map(place).collect()
}
