//! The store: what comes back, what is removed, and what a crash or damage leaves.

use super::*;
use crate::engine::Settings;

const BOUNDS: Bounds = Bounds {
    keep: 100,
    max_size: 1 << 30,
};

/// A state directory with a history in it.
struct Place {
    state: tempfile::TempDir,
    history: History,
}

impl Place {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let history = History::new(state.path(), Path::new("/etc/readdress/rules"));
        Self { state, history }
    }

    /// Records a generation with these texts.
    fn record(&self, number: u64, texts: &[&str], bounds: Bounds) -> io::Result<()> {
        let mut entry = entry(number, texts);
        self.history.record(&mut entry, bounds, &mut |text, to| {
            let wanted = texts
                .iter()
                .find(|of| ContentHash::of(of.as_bytes()) == text.content());
            to.write_all(wanted.unwrap().as_bytes())?;
            Ok(true)
        })
    }

    fn numbers(&self) -> Vec<u64> {
        let listing = self.history.list().unwrap();
        listing
            .entries
            .iter()
            .map(|entry| entry.generation)
            .collect()
    }

    fn texts(&self) -> usize {
        fs::read_dir(self.history.directory().join("texts"))
            .unwrap()
            .count()
    }
}

fn entry(number: u64, texts: &[&str]) -> Entry {
    let mut entry = Entry::new(number, format!("d{number}"), &Settings::default());
    let texts = texts.iter().enumerate().map(|(at, text)| Text {
        name: format!("{at}.rules"),
        hash: ContentHash::of(text.as_bytes()).0,
        lines: text.lines().count(),
        saved: None,
        owner: None,
        kept: false,
    });
    entry.texts = texts.collect();
    entry
}

#[test]
fn what_was_recorded_comes_back_and_equal_texts_are_kept_once() {
    let place = Place::new();
    place.record(1, &["a\n", "b\n"], BOUNDS).unwrap();
    place.record(2, &["a\n", "c\n"], BOUNDS).unwrap();
    assert_eq!((place.numbers(), place.texts()), (vec![1, 2], 3));
    let listing = place.history.list().unwrap();
    assert_eq!(listing.highest, 2);
    let second = listing.entry(2).unwrap();
    assert!(second.is_whole() && second.has_settings(&Settings::default()));
    let text = fs::read_to_string(place.history.text(second.texts[1].content())).unwrap();
    assert_eq!(text, "c\n");
    // Only the daemon's user may enter.
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.history.directory()), 0o700);
    assert_eq!(mode(&place.history.text(second.texts[1].content())), 0o600);
}

#[test]
fn each_rules_directory_has_its_own_history() {
    let place = Place::new();
    place.record(1, &["a\n"], BOUNDS).unwrap();
    let other = History::new(place.state.path(), Path::new("/srv/rules"));
    assert_eq!(other.list().unwrap().entries, []);
}

#[test]
fn beyond_the_bounds_the_oldest_are_removed_with_their_texts() {
    let place = Place::new();
    let few = Bounds { keep: 2, ..BOUNDS };
    for number in 1..=4 {
        place
            .record(number, &["same", &number.to_string()], few)
            .unwrap();
    }
    assert_eq!((place.numbers(), place.texts()), (vec![3, 4], 3));
    // By size: the newest stays, however large.
    let small = Bounds {
        max_size: 3,
        ..BOUNDS
    };
    place.record(5, &["long text"], small).unwrap();
    assert_eq!((place.numbers(), place.texts()), (vec![5], 1));
    // Keeping none keeps the newest.
    place
        .record(6, &["x"], Bounds { keep: 0, ..BOUNDS })
        .unwrap();
    assert_eq!(place.numbers(), [6]);
}

#[test]
fn the_generation_that_a_rollback_serves_is_never_removed() {
    let place = Place::new();
    let few = Bounds { keep: 2, ..BOUNDS };
    place.record(1, &["one"], few).unwrap();
    let rollback = Rollback {
        to: 1,
        at: 5,
        by: super::super::Author::default(),
        why: Some("3 a.m.".to_owned()),
    };
    place.history.roll_back(&rollback).unwrap();
    for number in 2..=5 {
        place.record(number, &[&number.to_string()], few).unwrap();
    }
    assert_eq!(place.numbers(), [1, 5]);
    assert_eq!(place.history.rollback().unwrap(), Some(rollback));
    place.history.end_rollback().unwrap();
    place.history.end_rollback().unwrap();
    assert_eq!(place.history.rollback().unwrap(), None);
    place.record(6, &["six"], few).unwrap();
    assert_eq!(place.numbers(), [5, 6]);
}

#[test]
fn a_text_that_changed_before_it_was_copied_is_marked() {
    let place = Place::new();
    let mut entry = entry(1, &["a", "b"]);
    let changed = entry.texts[1].hash;
    let copied = place.history.record(&mut entry, BOUNDS, &mut |text, to| {
        to.write_all(b"half")?;
        Ok(text.hash != changed)
    });
    copied.unwrap();
    let listing = place.history.list().unwrap();
    let kept: Vec<_> = listing.entries[0]
        .texts
        .iter()
        .map(|text| text.kept)
        .collect();
    assert_eq!(
        (kept, listing.entries[0].is_whole()),
        (vec![true, false], false)
    );
    assert_eq!(place.texts(), 1);
}

#[test]
fn a_text_that_cannot_be_copied_leaves_everything_as_it_was() {
    let place = Place::new();
    place.record(1, &["a"], BOUNDS).unwrap();
    let mut second = entry(2, &["b", "c"]);
    let fails = place.history.record(&mut second, BOUNDS, &mut |text, to| {
        to.write_all(b"b")?;
        match &*text.name {
            "0.rules" => Ok(true),
            _ => Err(io::ErrorKind::StorageFull.into()),
        }
    });
    assert!(fails.is_err());
    assert_eq!(place.numbers(), [1]);
    // What is left of it is removed with the next generation.
    assert_eq!(place.texts(), 2);
    place.record(3, &["a"], BOUNDS).unwrap();
    assert_eq!((place.numbers(), place.texts()), (vec![1, 3], 1));
}

#[test]
fn a_damaged_byte_anywhere_is_seen() {
    let place = Place::new();
    place.record(1, &["a"], BOUNDS).unwrap();
    place.record(2, &["b"], BOUNDS).unwrap();
    let path = place.history.generation(2);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 4;
        fs::write(&path, &other).unwrap();
        let listing = place.history.list().unwrap();
        assert_eq!(listing.entries.len(), 1, "byte {at}");
        assert_eq!(
            (listing.damaged.len(), listing.highest),
            (1, 2),
            "byte {at}"
        );
        assert_eq!(listing.damaged[0].file, path);
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(place.numbers(), [1], "length {length}");
    }
    // An entry under another number is none.
    fs::write(&path, &whole).unwrap();
    fs::copy(&path, place.history.generation(7)).unwrap();
    let listing = place.history.list().unwrap();
    assert_eq!((listing.damaged.len(), listing.highest), (1, 7));
    // While an entry is damaged, no text is removed: the entry may need it.
    place
        .record(8, &["c"], Bounds { keep: 1, ..BOUNDS })
        .unwrap();
    assert_eq!(place.texts(), 3);
}

#[test]
fn a_damaged_mark_of_a_rollback_is_not_taken_for_none() {
    let place = Place::new();
    place.record(1, &["a"], BOUNDS).unwrap();
    fs::write(place.history.mark(), "{\"to\":1").unwrap();
    assert!(place.history.rollback().is_err());
}
