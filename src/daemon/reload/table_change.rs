//! What the guard looks at: how a new table differs from the live one. Blocks, and changes nothing.
//!
//! The time is that of some walks over both tables and over the list of changes. The old text of a file is read only
//! if the file became shorter and its rules changed.

use std::collections::HashMap;

use crate::daemon::guard::{Beginning, FileEnding, MANY_ADDRESSES, TableChange};
use crate::daemon::history::History;
use crate::daemon::source::{Manifest, ManifestEntry};
use crate::engine::{Change, Changes, Table};

/// What is live.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub table: &'a Table,
    /// The texts that it was made from, if they are known.
    pub texts: Option<&'a Manifest>,
    /// Where the old texts are kept.
    pub history: Option<&'a History>,
}

/// What happened to the rules of one file.
#[derive(Clone, Copy, Default)]
struct OfFile {
    /// Rules that are in no file any more.
    gone: usize,
    /// Rules that are gone, new or changed.
    touched: usize,
}

/// Measures how `new`, made from `texts`, differs from what is live.
pub(super) fn measure(
    before: Before<'_>,
    new: &Table,
    texts: &Manifest,
    changes: &Changes,
) -> TableChange {
    let files = by_file(changes);
    // Fewer than that many rules less are neither a domain nor too many addresses.
    let addresses = match changes.removed.len() >= MANY_ADDRESSES {
        true => new.addresses_gone_since(before.table, MANY_ADDRESSES),
        false => Default::default(),
    };
    let domains = addresses.domains.into_iter();
    TableChange {
        gone: changes.removed.len(),
        added: added_to_old_files(before.table, changes),
        addresses: addresses.were,
        addresses_gone: addresses.gone,
        domains_gone: domains
            .map(|(domain, addresses)| (domain.to_string(), addresses))
            .collect(),
        endings: endings(before, texts, &files),
    }
}

/// Returns the file of a place `FILE:LINE`.
fn file(change: &Change) -> &str {
    let place = change.place.rsplit_once(':');
    place.map_or(&*change.place, |(file, _)| file)
}

fn by_file(changes: &Changes) -> HashMap<&str, OfFile> {
    let mut files: HashMap<&str, OfFile> = HashMap::new();
    for change in &changes.removed {
        let of = files.entry(file(change)).or_default();
        of.gone += 1;
        of.touched += 1;
    }
    for change in changes.added.iter().chain(&changes.changed) {
        files.entry(file(change)).or_default().touched += 1;
        if let Some(was) = &change.was {
            files.entry(file(was)).or_default().touched += 1;
        }
    }
    files
}

/// Returns how many rules were added to files that the old table has.
fn added_to_old_files(old: &Table, changes: &Changes) -> usize {
    let lines = old.lines_by_file().into_iter();
    let old: HashMap<&str, usize> = lines.collect();
    let added = changes.added.iter();
    added
        .filter(|change| old.contains_key(file(change)))
        .count()
}

/// Returns the files that became shorter, or lost their last line end, and whose rules are others.
fn endings(before: Before<'_>, texts: &Manifest, files: &HashMap<&str, OfFile>) -> Vec<FileEnding> {
    let Some(old) = before.texts else {
        return Vec::new();
    };
    let old = old.entries().iter();
    let old: HashMap<&str, &ManifestEntry> = old.map(|text| (&*text.name, text)).collect();
    let endings = texts.entries().iter().filter_map(|new| {
        let was = *old.get(&*new.name)?;
        let of = files.get(&*new.name).filter(|of| of.touched > 0)?;
        if was.hash == new.hash {
            return None;
        }
        let lost_line_end = was.ends_line && !new.ends_line;
        let beginning = before
            .history
            .and_then(|history| beginning(history, was, new));
        (lost_line_end || beginning.is_some()).then(|| FileEnding {
            file: new.name.clone(),
            gone: of.gone,
            lost_line_end,
            beginning,
        })
    });
    endings.collect()
}

/// Returns where a text ends that is the beginning of the old one; nothing if it is not, or if that cannot be known.
fn beginning(history: &History, was: &ManifestEntry, new: &ManifestEntry) -> Option<Beginning> {
    if new.length >= was.length {
        return None;
    }
    let path = history.text(was.hash);
    // Without the old text there is nothing to compare: it was not kept, or the history is damaged.
    let next = new.full().is_beginning_of(&path).ok()??;
    // A file whose last line never had an end may end so after any line.
    let like_before = !was.ends_line && matches!(next, b'\n' | b'\r');
    Some(match new.ends_line || new.length == 0 || like_before {
        true => Beginning::AfterLine,
        false => Beginning::WithinLine,
    })
}
