//! A table that takes over unchanged files from its predecessor is equal to a table that reads all files.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use readdress::engine::{
    Change, Changes, Compiled, Settings, SourceText, Table, compile, compile_reusing,
    store::{ContentHash, Reuse},
};

use super::worlds::world;

/// The number of files over which lines are spread; a line with this number is in no file.
const FILES: usize = 4;

/// Returns the lines of a world, each in the file that is chosen for it.
fn directory(text: &str, places: &[usize], extra: bool) -> Vec<SourceText> {
    let mut files = vec![String::new(); FILES];
    for (line, place) in text.lines().zip(places.iter().cycle()) {
        if let Some(file) = files.get_mut(*place) {
            *file += line;
            file.push('\n');
        }
    }
    // A file before the others changes the number of each of them.
    let first = extra.then(|| ("0.rules".to_owned(), "# nothing yet\n".to_owned()));
    let named = files.into_iter().enumerate();
    let named = named.map(|(at, text)| (format!("{}.rules", at + 1), text));
    first
        .into_iter()
        .chain(named)
        .map(|(name, text)| SourceText::new(name, text.into_bytes()))
        .collect()
}

/// Returns all answers of a table about itself.
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

/// Offers all texts, as the reader does. Returns how many were dropped.
fn offer(files: &mut [SourceText], reuse: &mut Reuse<'_>) -> usize {
    let dropped = files.iter_mut().filter_map(|file| {
        let hash = ContentHash::of(&file.bytes);
        let was = file.bytes.len();
        reuse.offer(file, hash);
        (file.bytes.len() < was).then_some(())
    });
    dropped.count()
}

/// Returns the differences between two tables, pattern by pattern, found in the simplest way.
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

/// The difference lists domain lines as well; this test compares only rules.
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
fn what_is_reused_is_what_would_be_read() {
    let mut runner = TestRunner::new(super::cases(400));
    let (taken, dropped) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let spread = || vec(0..=FILES, 1..6);
    let strategy = (world(), world(), spread(), spread(), any::<bool>());
    runner
        .run(&strategy, |(one, other, before, after, extra)| {
            let settings = Settings::default();
            // The rules come from two worlds, so that the names of one world disappear.
            let (one, both) = (one.text(), one.text() + &other.text());
            let first = directory(&both, &before, false);
            let Some(old) = compile(&first, &settings).table else {
                return Ok(());
            };
            let mut second = directory(if extra { &both } else { &one }, &after, extra);
            let fresh = compile(&second, &settings);
            let nothing = |_: &str, _| None;
            let reused = compile_reusing(&second, &settings, &old.reuse(&nothing));
            prop_assert_eq!(said(&fresh), said(&reused));
            let texts = second.clone();
            let fetch = |name: &str, hash| {
                let same = |text: &&SourceText| text.name == name;
                let text = texts.iter().find(same).cloned();
                text.filter(|text| ContentHash::of(&text.bytes) == hash)
            };
            let mut reuse = old.reuse(&fetch).drop_from(1);
            let count = offer(&mut second, &mut reuse);
            let without = compile_reusing(&second, &settings, &reuse);
            prop_assert_eq!(said(&fresh), said(&without));
            dropped.set(dropped.get() + count);
            if let Some(new) = &reused.table {
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
    let (taken, dropped) = (taken.get(), dropped.get());
    assert!(taken > 20, "only {taken} tables were good");
    // Most worlds have findings in every file.
    assert!(dropped > 0, "no text was dropped");
}

#[test]
fn a_dropped_text_is_fetched_only_to_show_a_line_of_it() {
    let domains = "company.com primary\ndomain2.com secondary\n\
                   postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n";
    let rules = "jd@domain2.com jdoe@company.com\n";
    let first = [
        SourceText::new("1.rules", domains),
        SourceText::new("2.rules", rules),
    ];
    let settings = Settings::default();
    let old = compile(&first, &settings).table.expect("no error");
    let fetched = std::cell::Cell::new(0);
    let fetch = |name: &str, hash| {
        fetched.set(fetched.get() + 1);
        let text = first[1].clone();
        assert_eq!((name, hash), ("2.rules", ContentHash::of(&text.bytes)));
        Some(text)
    };
    let with = |text: &str| {
        let mut reuse = old.reuse(&fetch).drop_from(1);
        let [domains, rules] = first.clone();
        let mut texts = [domains, rules, SourceText::new("3.rules", text)];
        assert_eq!(offer(&mut texts, &mut reuse), 1);
        assert!(texts[1].bytes.is_empty());
        assert_eq!(reuse.dropped_rules(), 1);
        compile_reusing(&texts, &settings, &reuse)
    };
    let good = with("anna@domain2.com anna@company.com\n");
    let rules: Vec<_> = good.table.expect("no error").rules().collect();
    assert_eq!((rules.len(), fetched.get()), (4, 0));
    assert_eq!(rules[2].to_string(), "jd@domain2.com jdoe@company.com");
    let conflict = with("jd@domain2.com anna@company.com\n");
    assert!(conflict.table.is_none());
    assert_eq!(fetched.get(), 1);
    let shown = conflict.diagnostics[0].to_string();
    assert!(shown.contains("2.rules:1:1: note"), "{shown}");
    assert!(
        shown.contains("\njd@domain2.com jdoe@company.com\n"),
        "{shown}"
    );
}
