//! Where each value comes from, what a saved file changes, and what waits for a restart.

use readdress::config::{Config, Effect, Mode, Origin, keys};

use super::{good, key};

#[test]
fn the_origin_of_a_value_is_its_line() {
    let config = good("# head\nmode = \"observe\"\n\n[log]\n\nlevel = \"warn\"\n");
    assert_eq!(config.origins.of(key("", "mode")), Origin::Line(2));
    assert_eq!(config.origins.of(key("log", "level")), Origin::Line(6));
    assert_eq!(config.origins.of(key("", "rules")), Origin::Default);
    assert_eq!(config.origins.lines(), 2);
    assert!(config.origins.is_written("log", "level"));
    assert!(!config.origins.is_written("log", "addresses"));
}

/// A key that is written with its default is written.
#[test]
fn a_default_that_is_written_has_a_line() {
    let config = good("mode = \"rewrite\"\n");
    assert_eq!(config, Config::default());
    assert_eq!(config.origins.of(key("", "mode")), Origin::Line(1));
}

#[test]
fn origins_are_shown_in_words() {
    for (origin, shown) in [
        (Origin::Default, "default"),
        (Origin::Line(7), "/etc/r.toml:7"),
        (Origin::Start, "/etc/r.toml, as it was at the start"),
        (Origin::Flag("--rules"), "flag --rules"),
    ] {
        assert_eq!(origin.shown(&"/etc/r.toml"), shown);
    }
}

#[test]
fn a_flag_is_an_origin_until_it_is_taken_back() {
    let mut config = good("rules = \"/a\"\n");
    config.origins.set("", "rules", Origin::Flag("--rules"));
    assert_eq!(config.origins.of(key("", "rules")), Origin::Flag("--rules"));
    assert_eq!(config.origins.lines(), 0, "a flag is no line of the file");
    assert!(config.origins.is_written("", "rules"));
    config.origins.set("", "rules", Origin::Default);
    assert!(!config.origins.is_written("", "rules"));
}

#[test]
fn a_change_names_the_key_both_values_and_whether_it_waits() {
    let old = good("mode = \"rewrite\"\n[log]\nlevel = \"info\"\n");
    let new = good("mode = \"observe\"\n[log]\nlevel = \"debug\"\n[reload]\nmax_shrink = \"5%\"\n");
    let changes = old.changes(&new);
    let shown: Vec<_> = changes
        .iter()
        .map(|change| {
            let waits = if change.restart { " at a restart" } else { "" };
            format!("{}: {} -> {}{waits}", change.key, change.old, change.new)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "mode: \"rewrite\" -> \"observe\"",
            "[reload] max_shrink: \"20%\" -> \"5%\"",
            "[log] level: \"info\" -> \"debug\" at a restart",
        ]
    );
}

/// The place of a value, a comment and the order of the keys are no change.
#[test]
fn the_same_values_written_otherwise_are_no_change() {
    let one = good("[log]\nlevel = \"warn\"\n[reload]\nquiet = \"1s\"\n");
    let other = good("# why\n[reload]\nquiet = \"1000ms\"\n[log]\nlevel = 'warn'\n");
    assert_eq!(one.changes(&other), []);
    assert_eq!(one, other);
}

/// Whoever stops the daemon's listening or moves its state cannot be obeyed while it runs.
#[test]
fn sockets_and_directories_wait_for_a_restart_and_the_mode_does_not() {
    for (section, name, effect) in [
        ("", "rules", Effect::Restart),
        ("", "state", Effect::Restart),
        ("milter", "listen", Effect::Restart),
        ("socketmap", "listen", Effect::Restart),
        ("control", "listen", Effect::Restart),
        ("log", "level", Effect::Restart),
        ("", "mode", Effect::AtOnce),
        ("log", "addresses", Effect::AtOnce),
        ("rewrite", "recipient_delimiter", Effect::AtOnce),
        ("reload", "max_shrink", Effect::AtOnce),
        ("replies", "unknown", Effect::AtOnce),
        ("headers", "rewrite", Effect::NextConnection),
        ("milter", "refusals", Effect::NextConnection),
    ] {
        let key = key(section, name);
        assert_eq!(key.effect, effect, "{key:?}");
        assert_eq!(key.waits(), effect == Effect::Restart, "{key:?}");
    }
}

#[test]
fn what_waits_keeps_the_old_value_and_the_rest_takes_effect() {
    let old = good("rules = \"/old\"\nmode = \"rewrite\"\n");
    let new = good("mode = \"observe\"\nrules = \"/new\"\n[milter]\nlisten = \"inet:1\"\n");
    let after = old.after(&new);
    assert_eq!(after.mode, Mode::Observe);
    assert_eq!(after.rules, old.rules);
    assert_eq!(after.milter.listen, old.milter.listen);
    assert_eq!(after.origins.of(key("", "mode")), Origin::Line(1));
    assert_eq!(after.origins.of(key("", "rules")), Origin::Start);
    // No line of the file gave the value in force.
    assert_eq!(after.origins.of(key("milter", "listen")), Origin::Default);
}

#[test]
fn a_key_that_is_deleted_from_the_file_goes_back_to_its_default() {
    let old = good("mode = \"observe\"\n[reload]\nmax_shrink = \"5%\"\n");
    let after = old.after(&good(""));
    assert_eq!(after, Config::default());
    assert_eq!(after.origins.of(key("", "mode")), Origin::Default);
}

#[test]
fn names_of_keys_are_unique_and_shown_with_their_section() {
    let mut names: Vec<_> = keys().map(|key| key.full_name()).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.contains(&"mode".to_owned()));
    assert!(names.contains(&"[log] level".to_owned()));
}

#[test]
fn every_example_is_a_good_value() {
    for key in keys() {
        let config = good(&super::file(key.section, key.name, key.example));
        assert_eq!(key.value(&config), key.example, "{key:?}");
    }
}
