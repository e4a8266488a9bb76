//! The values of each key: those that are read, as which value, and those that are refused.

use std::collections::BTreeSet;
use std::time::Duration;

use readdress::config::{Config, keys};

use super::{bad, file, good, key};

/// Values of one key that are read: as written, and as `readdress config` shows them.
struct Good(
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Values that are shown as they are written.
macro_rules! same {
    ($($value:literal),* $(,)?) => {
        &[$(($value, $value)),*]
    };
}

/// Durations: the limits of the manual, every unit, and the largest whole unit in which each is shown.
const DURATIONS: &[(&str, &str)] = &[
    ("\"1ms\"", "\"1ms\""),
    ("\"999ms\"", "\"999ms\""),
    ("\"1000ms\"", "\"1s\""),
    ("\"90s\"", "\"90s\""),
    ("\"120s\"", "\"2m\""),
    ("\"60m\"", "\"1h\""),
    ("\"5min\"", "\"5m\""),
    ("\"1h\"", "\"1h\""),
    ("\"24h\"", "\"24h\""),
    ("\"86400000ms\"", "\"24h\""),
    ("\"007s\"", "\"7s\""),
];

const NUMBERS: &[(&str, &str)] = &[
    ("1", "1"),
    ("1000", "1000"),
    ("1_000", "1000"),
    ("1000000", "1000000"),
];

const SWITCH: &[(&str, &str)] = same!["true", "false"];

const PATHS: &[(&str, &str)] = &[
    ("\"/srv/rules\"", "\"/srv/rules\""),
    ("\"rules\"", "\"rules\""),
    ("\"../r u l e s\"", "\"../r u l e s\""),
    ("'C:\\x'", "\"C:\\\\x\""),
    ("\"/b\u{fc}cher\"", "\"/b\u{fc}cher\""),
];

const SOCKETS: &[(&str, &str)] = &[
    ("\"inet:127.0.0.1:8892\"", "[\"inet:127.0.0.1:8892\"]"),
    ("\"inet:8892@127.0.0.1\"", "[\"inet:127.0.0.1:8892\"]"),
    ("[\"local:/run/m.sock\"]", "[\"unix:/run/m.sock\"]"),
    (
        "[\"unix:/run/m.sock\", \"inet6:[::1]:8892\"]",
        "[\"unix:/run/m.sock\", \"inet6:[::1]:8892\"]",
    ),
    (
        "[\n  \"inet:1@h.example\",  # the MTA\n  \"inet:h.example:2\",\n]",
        "[\"inet:h.example:1\", \"inet:h.example:2\"]",
    ),
];

/// Every key has an entry here.
const GOOD: &[Good] = &[
    Good("", "rules", PATHS),
    Good("", "state", PATHS),
    Good(
        "",
        "mode",
        &[("\"rewrite\"", "\"rewrite\""), ("'observe'", "\"observe\"")],
    ),
    Good("milter", "listen", SOCKETS),
    Good("milter", "max_connections", NUMBERS),
    Good("milter", "drain", DURATIONS),
    Good("milter", "refusals", same!["\"milter\"", "\"socketmap\""]),
    Good("milter", "message_limit", NUMBERS),
    Good("socketmap", "listen", SOCKETS),
    Good("socketmap", "listen", &[("[]", "[]"), ("[ ]", "[]")]),
    Good("monitor", "listen", same!["[]"]),
    Good(
        "control",
        "listen",
        &[
            ("\"unix:/run/c.sock\"", "\"unix:/run/c.sock\""),
            ("\"local:c.sock\"", "\"unix:c.sock\""),
        ],
    ),
    Good(
        "rewrite",
        "recipient_delimiter",
        same!["\"+\"", "\"+-\"", "\"\"", "\".\"", "\"_=#\""],
    ),
    Good(
        "rewrite",
        "local_part_case",
        same!["\"ignore\"", "\"strict\""],
    ),
    Good("rewrite", "recursion_limit", NUMBERS),
    Good("rewrite", "expansion_limit", NUMBERS),
    Good("rewrite", "address_length_limit", NUMBERS),
    Good("headers", "x_original_to", SWITCH),
    Good("headers", "rewrite", SWITCH),
    Good(
        "replies",
        "unknown",
        &[
            ("\"550 5.1.1 Gone\"", "\"550 5.1.1 Gone\""),
            ("\"553 5.7.1 a \\\"b\\\"\"", "\"553 5.7.1 a \\\"b\\\"\""),
            // Parts that are left out are those of `reject` alone.
            ("\"550\"", "\"550 5.1.1 User unknown\""),
            ("\"554 5.7.1\"", "\"554 5.7.1 User unknown\""),
            ("\"554 No\"", "\"554 5.1.1 No\""),
        ],
    ),
    Good(
        "replies",
        "unknown_defer",
        &[
            ("\"450 4.2.1 Later\"", "\"450 4.2.1 Later\""),
            ("\"452 Later\"", "\"452 4.3.0 Later\""),
        ],
    ),
    Good("reload", "quiet", DURATIONS),
    Good("reload", "latest", DURATIONS),
    Good("reload", "rescan", DURATIONS),
    Good(
        "reload",
        "max_shrink",
        same!["\"0%\"", "\"20%\"", "\"100%\""],
    ),
    Good(
        "reload",
        "max_growth",
        same!["\"0%\"", "\"100%\"", "\"300%\"", "\"1000000%\""],
    ),
    Good("history", "keep", NUMBERS),
    Good(
        "history",
        "max_size",
        &[
            ("\"1KiB\"", "\"1KiB\""),
            ("\"1500MiB\"", "\"1500MiB\""),
            ("\"2048MiB\"", "\"2GiB\""),
            ("\"1024GiB\"", "\"1024GiB\""),
        ],
    ),
    Good(
        "traffic",
        "remember",
        &[
            ("\"1h\"", "\"1h\""),
            ("\"24h\"", "\"1d\""),
            ("\"36h\"", "\"36h\""),
            ("\"30d\"", "\"30d\""),
            ("\"366d\"", "\"366d\""),
            ("\"8784h\"", "\"366d\""),
            ("\"007d\"", "\"7d\""),
        ],
    ),
    Good("traffic", "max_refused", NUMBERS),
    Good("traffic", "max_refused", same!["0"]),
    Good(
        "log",
        "addresses",
        same!["\"full\"", "\"domain\"", "\"hash\""],
    ),
    Good(
        "log",
        "level",
        same![
            "\"error\"",
            "\"warn\"",
            "\"info\"",
            "\"debug\"",
            "\"trace\""
        ],
    ),
];

const BAD_DURATIONS: &[&str] = &[
    "\"0ms\"",
    "\"0h\"",
    "\"86400001ms\"",
    "\"25h\"",
    "\"1\"",
    "\"s\"",
    "\"\"",
    "\"-1s\"",
    "\"1.5s\"",
    "\" 1s\"",
    "\"1s \"",
    "\"1 s\"",
    "\"1S\"",
    "\"1d\"",
    "\"1h30m\"",
    "\"\u{661}s\"",
    "\"18446744073709551615s\"",
    "\"99999999999999999999s\"",
    "5",
    "true",
    "[\"1s\"]",
];

const BAD_NUMBERS: &[&str] = &[
    "0",
    "-1",
    "+0",
    "1000001",
    "18446744073709551616",
    "1.0",
    "1e3",
    "0x10",
    "0o10",
    "0b1",
    "\"1000\"",
    "\"many\"",
    "true",
    "[1]",
    "1979-05-27",
];

const BAD_PATHS: &[&str] = &["\"\"", "5", "true", "[]", "[\"/a\"]", "{ a = 1 }"];

const BAD_WORDS: &[&str] = &["\"\"", "\"Rewrite \"", "\"none\"", "1", "true", "[]", "{}"];

const BAD_SWITCHES: &[&str] = &["\"true\"", "\"yes\"", "1", "0", "[]", "\"\""];

const BAD_SOCKETS: &[&str] = &[
    "\"\"",
    "\"8892\"",
    "\"/run/m.sock\"",
    "\"inet:h:65536\"",
    "[\"inet\"]",
    "[[\"inet:1\"]]",
    "[1]",
    "8892",
    "true",
];

/// Values that are refused, with the keys for which they are.
const BAD: &[(&str, &str, &[&str])] = &[
    ("", "rules", BAD_PATHS),
    ("", "state", BAD_PATHS),
    ("", "mode", BAD_WORDS),
    ("milter", "listen", BAD_SOCKETS),
    ("milter", "listen", &["[]"]),
    ("milter", "max_connections", BAD_NUMBERS),
    ("milter", "drain", BAD_DURATIONS),
    ("milter", "refusals", BAD_WORDS),
    ("milter", "message_limit", BAD_NUMBERS),
    ("socketmap", "listen", BAD_SOCKETS),
    (
        "monitor",
        "listen",
        &["[\"inet:1\"]", "\"inet:1\"", "1", "[[]]"],
    ),
    (
        "control",
        "listen",
        &["\"inet:127.0.0.1:1\"", "\"inet6:1\"", "[]", "\"c\"", "\"\""],
    ),
    (
        "rewrite",
        "recipient_delimiter",
        &[
            "\"a\"",
            "\"+1\"",
            "\"@\"",
            "\"\\\\\"",
            "\"%\"",
            "\"!\"",
            "\"\\\"\"",
            "\" \"",
            "\"\u{2b}\u{fc}\"",
            "\"\\u0000\"",
            "1",
            "[\"+\"]",
        ],
    ),
    ("rewrite", "local_part_case", BAD_WORDS),
    ("rewrite", "recursion_limit", BAD_NUMBERS),
    ("rewrite", "expansion_limit", BAD_NUMBERS),
    ("rewrite", "address_length_limit", BAD_NUMBERS),
    ("headers", "x_original_to", BAD_SWITCHES),
    ("headers", "rewrite", BAD_SWITCHES),
    (
        "replies",
        "unknown",
        &[
            "\"450 4.1.1 Later\"",
            "\"250 2.1.5 Fine\"",
            "\"521 5.1.1 Gone\"",
            "\"550 4.1.1 Gone\"",
            "\"550 5.1 Gone\"",
            "\"599 5.1.1 Gone\"",
            "\"Gone\"",
            "\"550 5.1.1 w\u{e4}re sch\u{f6}n\"",
            "\"550 5.1.1 a\\nb\"",
            "\"550-5.1.1 a\"",
            "\"\"",
            "550",
        ],
    ),
    (
        "replies",
        "unknown_defer",
        &[
            "\"550 5.1.1 Gone\"",
            "\"421 4.3.0 Later\"",
            "\"451 5.3.0 Later\"",
            "\"Later\"",
            "451",
        ],
    ),
    ("reload", "quiet", BAD_DURATIONS),
    ("reload", "latest", BAD_DURATIONS),
    ("reload", "rescan", BAD_DURATIONS),
    (
        "reload",
        "max_shrink",
        &[
            "\"101%\"", "\"256%\"", "\"-1%\"", "\"1.5%\"", "\"%\"", "\"20\"", "\"20 %\"",
            "\"20%%\"", "20", "0.2", "\"\"",
        ],
    ),
    (
        "reload",
        "max_growth",
        &[
            "\"1000001%\"",
            "\"99999999999%\"",
            "\"-1%\"",
            "\"1.5%\"",
            "\"%\"",
            "\"100\"",
            "\"100 %\"",
            "\"100%%\"",
            "100",
            "1.0",
            "\"\"",
        ],
    ),
    ("history", "keep", BAD_NUMBERS),
    (
        "history",
        "max_size",
        &[
            "\"0KiB\"",
            "\"1025GiB\"",
            "\"1GB\"",
            "\"1 GiB\"",
            "\"1.5GiB\"",
            "\"-1GiB\"",
            "\"GiB\"",
            "1048576",
            "\"99999999999999999999GiB\"",
            "\"\"",
            "true",
        ],
    ),
    (
        "traffic",
        "remember",
        &[
            "\"0d\"",
            "\"0h\"",
            "\"367d\"",
            "\"8785h\"",
            "\"1\"",
            "\"d\"",
            "\"\"",
            "\"-1d\"",
            "\"+1d\"",
            "\"1.5d\"",
            "\"1 d\"",
            "\"1D\"",
            "\"30m\"",
            "\"1w\"",
            "\"1d12h\"",
            "\"768614336404564651d\"",
            "\"99999999999999999999d\"",
            "30",
            "true",
            "[\"1d\"]",
        ],
    ),
    (
        "traffic",
        "max_refused",
        &[
            "-1", "-0", "1000001", "1.0", "0x0", "\"0\"", "\"many\"", "true", "[0]",
        ],
    ),
    ("log", "addresses", BAD_WORDS),
    (
        "log",
        "level",
        &["\"INFO\"", "\"warning\"", "\"\"", "3", "true"],
    ),
];

#[test]
fn every_key_has_values_that_are_read_and_values_that_are_refused() {
    let known: BTreeSet<_> = keys().map(|key| (key.section, key.name)).collect();
    let with_good: BTreeSet<_> = GOOD.iter().map(|good| (good.0, good.1)).collect();
    let with_bad: BTreeSet<_> = BAD.iter().map(|bad| (bad.0, bad.1)).collect();
    assert_eq!(with_good, known);
    assert_eq!(with_bad, known);
}

#[test]
fn a_good_value_is_read_and_shown_in_its_usual_form() {
    for Good(section, name, values) in GOOD {
        for (written, shown) in *values {
            let config = good(&file(section, name, written));
            let value = key(section, name).value(&config);
            assert_eq!(value, *shown, "[{section}] {name} = {written}");
        }
    }
}

#[test]
fn what_is_shown_is_read_as_the_same_value() {
    for Good(section, name, values) in GOOD {
        for (written, shown) in *values {
            let one = good(&file(section, name, written));
            let other = good(&file(section, name, shown));
            assert_eq!(one, other, "[{section}] {name} = {written}");
        }
    }
}

#[test]
fn one_key_changes_no_other_key() {
    let default = Config::default();
    for Good(section, name, values) in GOOD {
        for (written, _) in *values {
            let config = good(&file(section, name, written));
            for other in keys().filter(|key| (key.section, key.name) != (section, name)) {
                let value = other.value(&config);
                assert_eq!(
                    value,
                    other.value(&default),
                    "{name} = {written}: {other:?}"
                );
            }
        }
    }
}

#[test]
fn a_bad_value_is_refused_at_its_place_and_says_what_to_write() {
    for (section, name, values) in BAD {
        for written in *values {
            let text = file(section, name, written);
            let found = bad(&text);
            let line = if section.is_empty() { 1 } else { 2 };
            for one in &found {
                let context = format!("{text}: {one:#?}");
                let advice = one.advice().unwrap_or_default();
                assert_eq!(one.excerpt.line, line, "{context}");
                let start = u32::try_from(name.len() + 4).unwrap();
                assert!(one.excerpt.column >= start, "{context}");
                assert!(advice.contains("write "), "{context}");
                assert!(!one.message.contains('\n'), "{context}");
                let code = one.code.to_string();
                assert!(matches!(&*code, "bad-value" | "syntax"), "{context}");
            }
        }
    }
}

/// The keys whose effect on the fields of the configuration the tables above do not show.
#[test]
fn values_reach_the_fields_that_the_daemon_uses() {
    let config = good(
        "[milter]\nmax_connections = 7\ndrain = \"2m\"\nmessage_limit = 9\n\
         [rewrite]\nrecursion_limit = 3\nexpansion_limit = 4\naddress_length_limit = 5\n\
         [headers]\nx_original_to = true\n[reload]\nquiet = \"1h\"\nlatest = \"3s\"\nrescan = \"4ms\"\n\
         max_shrink = \"33%\"\nmax_growth = \"250%\"\n",
    );
    assert_eq!(config.milter.max_connections, 7);
    assert_eq!(config.milter.drain, Duration::from_secs(120));
    assert_eq!(config.milter.message_limit, 9);
    let limits = &config.settings;
    let limits = (
        limits.recursion_limit,
        limits.expansion_limit,
        limits.address_length_limit,
    );
    assert_eq!(limits, (3, 4, 5));
    assert!(config.headers.original_to && !config.headers.rewrite);
    let reload = &config.reload;
    assert_eq!(reload.quiet, Duration::from_secs(3600));
    assert_eq!(reload.latest, Duration::from_secs(3));
    assert_eq!(reload.rescan, Duration::from_millis(4));
    assert_eq!((reload.max_shrink, reload.max_growth), (33, 250));
}

/// The documented defaults.
#[test]
fn the_defaults_are_the_documented_ones() {
    let default = Config::default();
    for (section, name, value) in [
        ("", "rules", "\"/etc/readdress/rules\""),
        ("", "mode", "\"rewrite\""),
        ("", "state", "\"/var/lib/readdress\""),
        ("milter", "listen", "[\"unix:/run/readdress/milter.sock\"]"),
        ("socketmap", "listen", "[]"),
        ("monitor", "listen", "[]"),
        ("control", "listen", "\"unix:/run/readdress/control.sock\""),
        ("rewrite", "recipient_delimiter", "\"+\""),
        ("rewrite", "recursion_limit", "1000"),
        ("rewrite", "expansion_limit", "1000"),
        ("rewrite", "address_length_limit", "1000"),
        ("headers", "x_original_to", "false"),
        ("headers", "rewrite", "false"),
        ("reload", "quiet", "\"200ms\""),
        ("reload", "latest", "\"2s\""),
        ("reload", "rescan", "\"30s\""),
        ("reload", "max_shrink", "\"20%\""),
        ("reload", "max_growth", "\"100%\""),
        ("traffic", "remember", "\"30d\""),
        ("traffic", "max_refused", "0"),
        ("log", "addresses", "\"full\""),
    ] {
        assert_eq!(
            key(section, name).value(&default),
            value,
            "[{section}] {name}"
        );
    }
}
