//! The maps of the source: the heads of `src/lib.rs`, `src/engine/mod.rs` and `src/daemon/mod.rs`.
//!
//! Every path in them exists. Every module that the file declares has a row in its table of storeys, with the
//! storey that `imports.rs` holds it to.

use std::collections::BTreeSet;

use super::{
    imports::{module, storey},
    sources::{Source, root},
};

/// The files with a map, the folder below which its paths are, and its modules without a row.
pub const MAPS: [(&str, &str, &[&str]); 3] = [
    ("src/lib.rs", "src", &[]),
    ("src/engine/mod.rs", "src/engine", &[]),
    // Parts of `daemon` itself, and not modules of their own.
    (
        "src/daemon/mod.rs",
        "src/daemon",
        &["error", "services", "sockets"],
    ),
];

/// Returns what is wrong with the map of a file.
pub fn wrong(source: &Source, folder: &str, without_row: &[&str]) -> Vec<String> {
    let head: Vec<&str> = source
        .text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .collect();
    let mut complaints = Vec::new();
    for path in paths(&head) {
        if !root().join(folder).join(path).exists() && !root().join(path).exists() {
            complaints.push(format!(
                "{}: names {path}, which does not exist",
                source.path
            ));
        }
    }
    assert!(head.len() > 10, "{}: the map was not found", source.path);
    let rows: Vec<(&str, &str)> = head.iter().flat_map(|line| row(line)).collect();
    let listed: BTreeSet<&str> = rows.iter().map(|(_, module)| *module).collect();
    let declared: BTreeSet<&str> = source
        .text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .filter_map(|line| line.strip_suffix(';'))
        .filter(|module| !without_row.contains(module))
        .collect();
    for missing in declared.difference(&listed) {
        complaints.push(format!("{}: has no row for {missing}", source.path));
    }
    for gone in listed.difference(&declared) {
        complaints.push(format!(
            "{}: has a row for {gone}, which it does not declare",
            source.path
        ));
    }
    let parent = module(source).replace("lib", "");
    for (storeys, module) in rows {
        let path = format!("{parent}::{module}");
        let storey = storey(path.trim_start_matches("::")).unwrap_or_default();
        if !contains(storeys, storey) {
            complaints.push(format!(
                "{}: says {storeys} for {module}, not {storey}",
                source.path
            ));
        }
    }
    complaints
}

/// Returns true if `7–12` or `8, 9` contains a storey.
fn contains(storeys: &str, storey: u32) -> bool {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    storeys.split(',').any(|part| match part.split_once('–') {
        Some((low, high)) => (number(low)..=number(high)).contains(&Some(storey)),
        None => number(part) == Some(storey),
    })
}

/// Returns the words of a head that are paths: with a slash inside or at the end, and without a space.
fn paths<'h>(head: &[&'h str]) -> Vec<&'h str> {
    head.iter()
        .flat_map(|line| line.split([' ', '`', ',', ';', '(', ')']))
        .filter(|word| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/.".contains(c);
            word.contains('/')
                && word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(plain)
        })
        .collect()
}

/// Returns the modules of a row of the table, each with the storeys of the row.
fn row(line: &str) -> Vec<(&str, &str)> {
    let mut cells = line.split('|').skip(1);
    let (Some(storeys), Some(modules)) = (cells.next(), cells.next()) else {
        return Vec::new();
    };
    let names = modules.split('`').skip(1).step_by(2);
    names
        .map(|name| (storeys.trim(), name.trim_start_matches("mod@")))
        .collect()
}
