//! A table that takes files over from the one before it is the table that reads them all.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use readdress::engine::{
    Before, Change, Changes, Compiled, Settings, SourceText, Table, compile, compile_after,
    store::hash,
};

use super::worlds::world;

/// Files that lines are spread over; a line of the last number is in none.
const FILES: usize = 4;

/// The lines of a world, each in the file that it is given.
fn directory(text: &str, places: &[usize], extra: bool) -> Vec<SourceText> {
    let mut files = vec![String::new(); FILES];
    for (line, place) in text.lines().zip(places.iter().cycle()) {
        if let Some(file) = files.get_mut(*place) {
            *file += line;
            file.push('\n');
        }
    }
    // A file in front of the others gives each of them another number.
    let first = extra.then(|| ("0.rules".to_owned(), "# nothing yet\n".to_owned()));
    let named = files.into_iter().enumerate();
    let named = named.map(|(at, text)| (format!("{}.rules", at + 1), text));
    first
        .into_iter()
        .chain(named)
        .map(|(name, text)| SourceText::new(name, text.into_bytes()))
        .collect()
}

/// Everything that a table says of itself.
fn said(compiled: &Compiled) -> String {
    let findings: Vec<_> = compiled
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect();
    let table = compiled.table.as_ref().map(|table| {
        let rules: Vec<_> = table
            .rules()
            .map(|rule| format!("{rule} {:?}", rule.span))
            .collect();
        let places: Vec<_> = table
            .entries()
            .map(|entry| table.place(entry.id).to_string())
            .collect();
        let files: Vec<_> = table.rules_by_file().collect();
        format!(
            "{rules:#?} {places:?} {files:?} {:?} {:?} {}",
            table.known_domains(),
            table
                .target_domains()
                .collect::<std::collections::BTreeSet<_>>(),
            table.has_refusing_rules()
        )
    });
    format!("{findings:#?} {table:?}")
}

/// Leaves out the texts that `old` knows: the hash of each file, and whether it is one of those.
fn leave_out(files: &mut [SourceText], old: &Table) -> (Vec<u128>, Vec<bool>) {
    let each = files.iter_mut().map(|file| {
        let hash = hash(&file.bytes);
        let known = old.past().has(&file.name, hash);
        if known {
            file.bytes.clear();
        }
        (hash, known)
    });
    each.unzip()
}

/// What two tables say of each pattern, told apart by hand.
fn naive(old: &Table, new: &Table) -> [Vec<String>; 3] {
    let all = |table: &Table| -> BTreeMap<String, String> {
        let rules = table.rules().map(|rule| {
            let text = rule.to_string();
            (rule.pattern.to_string().to_lowercase(), text)
        });
        rules.collect()
    };
    let (old, new) = (all(old), all(new));
    let added = new
        .iter()
        .filter(|(pattern, _)| !old.contains_key(*pattern));
    let removed = old
        .iter()
        .filter(|(pattern, _)| !new.contains_key(*pattern));
    let texts = |rules: Vec<&String>| rules.into_iter().cloned().collect::<Vec<_>>();
    let changed = new.iter().filter(|(pattern, text)| {
        let was = old.get(*pattern);
        was.is_some_and(|was| was.to_lowercase() != text.to_lowercase())
    });
    [
        texts(added.map(|(_, text)| text).collect()),
        texts(removed.map(|(_, text)| text).collect()),
        texts(changed.map(|(_, text)| text).collect()),
    ]
}

/// Domain lines are told as well; only rules are compared.
fn rules_of(changes: &Changes) -> [Vec<String>; 3] {
    let rules = |list: &[Change]| {
        let texts = list.iter().map(|change| change.rule.clone());
        let mut rules: Vec<_> = texts
            .filter(|text| text.contains('@') || text.starts_with('/'))
            .collect();
        rules.sort_by_key(|text| text.to_lowercase());
        rules
    };
    [
        rules(&changes.added),
        rules(&changes.removed),
        rules(&changes.changed),
    ]
}

#[test]
fn what_is_taken_over_is_what_would_be_read() {
    let mut runner = TestRunner::new(super::cases(400));
    let (taken, left) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let spread = || vec(0..=FILES, 1..6);
    let strategy = (world(), world(), spread(), spread(), any::<bool>());
    runner
        .run(&strategy, |(one, other, before, after, extra)| {
            let settings = Settings::default();
            // Rules of two worlds, so that the names of one of them go.
            let (one, both) = (one.text(), one.text() + &other.text());
            let first = directory(&both, &before, false);
            let Some(old) = compile(&first, &settings).table else {
                return Ok(());
            };
            let mut second = directory(if extra { &both } else { &one }, &after, extra);
            let after = |files: &[SourceText], hashes: &[u128], left_out: &[bool]| {
                let table = Some(&old);
                let before = Before {
                    table,
                    hashes,
                    left_out,
                };
                compile_after(files, &settings, before)
            };
            let (fresh, taken_over) = (compile(&second, &settings), after(&second, &[], &[]));
            prop_assert_eq!(said(&fresh), said(&taken_over));
            let (hashes, left_out) = leave_out(&mut second, &old);
            let without = after(&second, &hashes, &left_out);
            if without.incomplete {
                // A finding about a line that is not there: its place is right all the same.
                prop_assert!(without.table.is_none() && !fresh.diagnostics.is_empty());
            } else {
                prop_assert_eq!(said(&fresh), said(&without));
                left.set(left.get() + usize::from(left_out.contains(&true)));
            }
            if let Some(new) = &taken_over.table {
                taken.set(taken.get() + 1);
                let mut wanted = naive(&old, new);
                wanted
                    .iter_mut()
                    .for_each(|list| list.sort_by_key(|text| text.to_lowercase()));
                prop_assert_eq!(rules_of(&new.changes_since(&old)), wanted);
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let (taken, left) = (taken.get(), left.get());
    assert!(taken > 20, "only {taken} tables were good");
    // Most worlds have findings everywhere.
    assert!(left > 0, "none did without a text");
}

#[test]
fn a_text_that_was_left_out_is_wanted_only_to_be_shown() {
    let file = |name: &str, text: &str| SourceText::new(name, text);
    let domains = "company.com primary\ndomain2.com secondary\n\
                   postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n";
    let mut files = vec![
        file("0.rules", domains),
        file("1.rules", "jd@domain2.com jdoe@company.com\n"),
    ];
    let settings = Settings::default();
    let old = compile(&files, &settings).table.expect("no error");
    let (hashes, left_out) = leave_out(&mut files, &old);
    assert_eq!(left_out, [false, true]);
    let compiled = |files: &[SourceText], hashes: &[u128]| {
        let (table, left_out) = (Some(&old), &left_out[..]);
        let before = Before {
            table,
            hashes,
            left_out,
        };
        compile_after(files, &settings, before)
    };
    let mut with = |text: &str| {
        files.truncate(2);
        files.push(file("2.rules", text));
        let hashes = [&hashes[..], &[hash(text.as_bytes())]].concat();
        compiled(&files, &hashes)
    };
    let good = with("anna@domain2.com anna@company.com\n");
    let rules: Vec<_> = good.table.expect("no error").rules().collect();
    assert_eq!((rules.len(), good.incomplete), (4, false));
    assert_eq!(rules[2].to_string(), "jd@domain2.com jdoe@company.com");
    // The finding names a line of the file that was left out.
    let conflict = with("jd@domain2.com anna@company.com\n");
    assert!(conflict.incomplete && conflict.table.is_none());
    // A hash that the table does not know: there is no text, and no rule either.
    files.truncate(2);
    let lost = compiled(&files, &[hashes[0], 1]);
    assert!(lost.incomplete && lost.table.is_none());
}
