//! The packages of which the program is made: their licences, sources and versions must be those that `deny.toml`
//! allows.
//!
//! The tests read `deny.toml` and ask `cargo metadata`, without a network. `cargo deny` makes the same checks and more,
//! if it is installed; compiling it takes longer than all other checks together.
//!
//! # Limits
//!
//! The tests see only the packages of this platform. They see no advisories, which need a database from the network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{none, sources::root};

/// Returns the packages of the build on this machine.
fn packages() -> Vec<Value> {
    let run = |program: String, arguments: &[&str]| {
        let output = Command::new(&program)
            .args(arguments)
            .current_dir(root())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let tool = |name: &str, word: &str| std::env::var(name).unwrap_or_else(|_| word.to_owned());
    let version = run(tool("RUSTC", "rustc"), &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let arguments = [
        "metadata",
        "--offline",
        "--locked",
        "--format-version=1",
        "--filter-platform",
        host.expect("a host"),
    ];
    let text = run(tool("CARGO", "cargo"), &arguments);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    let found = metadata["packages"].as_array().expect("packages").clone();
    assert!(found.len() > 50, "the packages were not found");
    found
}

/// Returns a list of `deny.toml`. If the list contains tables, returns the names in their `crate`.
fn allowed(section: &str, key: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let table: toml::Table = text.parse().expect("TOML");
    let list = table[section][key].as_array().expect("a list");
    let word = |value: &toml::Value| {
        value
            .get("crate")
            .unwrap_or(value)
            .as_str()
            .map(ToOwned::to_owned)
    };
    list.iter().filter_map(word).collect()
}

fn text<'v>(package: &'v Value, key: &str) -> &'v str {
    package[key].as_str().unwrap_or_default()
}

/// Returns true if a licence expression (SPDX) can be met with these licences.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any(&mut rest, allowed) && rest.is_empty()
}

/// `A OR B`.
fn any(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while let Some(after) = words.strip_prefix(&["OR"]) {
        *words = after;
        met |= all(words, allowed);
    }
    met
}

/// `A AND B`.
fn all(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while let Some(after) = words.strip_prefix(&["AND"]) {
        *words = after;
        met &= one(words, allowed);
    }
    met
}

/// A licence, one with an exception, or an expression in parentheses.
fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    if let Some(after) = words.strip_prefix(&["("]) {
        *words = after;
        let met = any(words, allowed);
        let closed = words.strip_prefix(&[")"]);
        *words = closed.unwrap_or(&[]);
        return met && closed.is_some();
    }
    match **words {
        [licence, "WITH", exception, ref after @ ..] => {
            *words = after;
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        [licence, ref after @ ..] => {
            *words = after;
            allowed.contains(licence)
        }
        [] => false,
    }
}

#[test]
fn expressions_of_licences_are_read() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    let allowed = allowed.into_iter().map(ToOwned::to_owned).collect();
    for met in [
        "MIT",
        "MIT OR GPL-2.0",
        "GPL-2.0/MIT",
        "(MIT OR GPL-2.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in [
        "",
        "GPL-2.0",
        "MIT AND GPL-2.0",
        "Apache-2.0",
        "(MIT",
        "MIT ISC",
        "GPL-2.0 OR MIT AND GPL-2.0",
    ] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}

#[test]
fn every_licence_is_allowed_and_every_allowed_one_is_needed() {
    let (licences, packages) = (allowed("licenses", "allow"), packages());
    let refused = packages
        .iter()
        .filter(|package| !is_met(text(package, "license"), &licences));
    none(
        refused
            .map(|package| {
                format!(
                    "{}: licence `{}`",
                    text(package, "name"),
                    text(package, "license")
                )
            })
            .collect(),
    );
    let named: String = packages
        .iter()
        .map(|package| text(package, "license"))
        .collect();
    none(
        licences
            .iter()
            .filter(|licence| !named.contains(licence.as_str()))
            .map(|licence| format!("deny.toml allows {licence}, which no package has"))
            .collect(),
    );
}

#[test]
fn every_package_comes_from_the_registry() {
    let registries = allowed("sources", "allow-registry");
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let sources = lock
        .lines()
        .filter_map(|line| line.strip_prefix("source = "));
    let mut complaints = Vec::new();
    for source in sources {
        let address = source.trim_matches('"').strip_prefix("registry+");
        if !address.is_some_and(|address| registries.contains(address)) {
            complaints.push(format!("Cargo.lock: {source}"));
        }
    }
    none(complaints);
}

#[test]
fn a_package_has_one_version() {
    let skipped = allowed("bans", "skip");
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let version = text(&package, "version").to_owned();
        versions
            .entry(text(&package, "name").to_owned())
            .or_default()
            .insert(version);
    }
    let several = |name: &str| {
        versions
            .get(name)
            .is_some_and(|versions| versions.len() > 1)
    };
    let mut complaints = Vec::new();
    for name in versions
        .keys()
        .filter(|name| several(name) && !skipped.contains(*name))
    {
        complaints.push(format!("{name} has the versions {:?}", versions[name]));
    }
    for name in skipped.iter().filter(|name| !several(name)) {
        complaints.push(format!("deny.toml skips {name}, which has one version"));
    }
    none(complaints);
}
