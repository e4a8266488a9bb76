//! Wrong files: every mistake in one pass, each at its place, with what to write instead.

use proptest::prelude::*;
use readdress::config::{Config, Mode, keys, parse, parse_partly, sample};
use readdress::engine::diagnostic::apply;

use super::{bad, file, places};

/// A wrong file, and the file after the only suggestion was followed.
const FIXED: &[(&str, &str)] = &[
    ("mod = \"observe\"\n", "mode = \"observe\"\n"),
    ("ruls = \"/r\"\n", "rules = \"/r\"\n"),
    ("mode = \"obsreve\"\n", "mode = \"observe\"\n"),
    ("mode = \"Observe\"\n", "mode = \"observe\"\n"),
    ("[reload]\nquite = \"1s\"\n", "[reload]\nquiet = \"1s\"\n"),
    (
        "[reload]\nmax_shrink = 20\n",
        "[reload]\nmax_shrink = \"20%\"\n",
    ),
    (
        "[reload]\nmax_shrink = \"20\"\n",
        "[reload]\nmax_shrink = \"20%\"\n",
    ),
    (
        "[rewrite]\nrecursion_limit = \"10\"\n",
        "[rewrite]\nrecursion_limit = 10\n",
    ),
    (
        "[headers]\nrewrite = \"true\"\n",
        "[headers]\nrewrite = true\n",
    ),
    ("[log]\nlevel = \"wran\"\n", "[log]\nlevel = \"warn\"\n"),
    (
        "[log]\naddresses = \"hsah\"  # b\u{fc}ro\n",
        "[log]\naddresses = \"hash\"  # b\u{fc}ro\n",
    ),
    (
        "[milter]\nlisten = [\"unix:/m\", \"/run/m.sock\"]\n",
        "[milter]\nlisten = [\"unix:/m\", \"unix:/run/m.sock\"]\n",
    ),
];

#[test]
fn following_the_suggestion_fixes_the_file() {
    for (wrong, right) in FIXED {
        let found = bad(wrong);
        assert_eq!(found.len(), 1, "{wrong}: {found:#?}");
        let suggestion = found[0].only_suggestion();
        let suggestion = suggestion.unwrap_or_else(|| panic!("{wrong}: {found:#?}"));
        let fixed = apply(wrong, &suggestion.edits);
        assert_eq!(fixed.as_deref(), Some(*right));
        assert!(parse("c", right.as_bytes()).is_ok(), "{right}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported_in_one_pass_in_the_order_of_lines() {
    let text = "\
mode = 5
nothing = 1
[milter]
listen = [\"unix:/m\", \"inet\", 7]
max_connections = 0
quiet = \"1s\"
[reload]
quiet = \"fast\"
max_shrink = \"120%\"
";
    assert_eq!(
        places(text),
        [
            "1:8 bad-value",
            "2:1 unknown-key",
            "4:22 bad-value",
            "4:30 bad-value",
            "5:19 bad-value",
            "6:1 unknown-key",
            "8:9 bad-value",
            "9:14 bad-value",
        ]
    );
}

#[test]
fn a_key_in_the_wrong_section_is_told_its_section() {
    for (text, advice) in [
        ("[milter]\nquiet = \"1s\"\n", "`quiet` belongs to [reload]"),
        (
            "[log]\nmode = \"observe\"\n",
            "`mode` belongs to the top of the file, before the first section",
        ),
        ("level = \"warn\"\n", "`level` belongs to [log]"),
        (
            "milter = \"unix:/m\"\n",
            "write `[milter]` on a line of its own",
        ),
        ("xyzzy = 1\n", "readdress.toml(5) lists every key"),
    ] {
        let found = bad(text);
        let advice_found = found[0].advice().unwrap_or_default();
        assert!(advice_found.contains(advice), "{text}: {advice_found}");
    }
}

#[test]
fn the_keys_of_a_misspelt_section_are_checked_as_well() {
    let found = bad("[relaod]\nquite = \"1s\"\n");
    let advice: Vec<_> = found.iter().filter_map(|one| one.advice()).collect();
    assert_eq!(
        advice,
        ["did you mean `reload`?", "did you mean `quiet`?"],
        "{found:#?}"
    );
}

#[test]
fn toml_that_is_broken_is_an_error_with_its_line() {
    for (text, line) in [
        ("mode = \"observe\nrules = \"/r\"\n", 1),
        ("mode = observe\n", 1),
        ("\n\nmode\n", 3),
        ("[milter\nlisten = []\n", 1),
        ("mode = \"observe\"\nmode = \"rewrite\"\n", 2),
        ("[log]\n[milter]\n[log]\n", 3),
        ("= 1\n", 1),
    ] {
        let found = bad(text);
        let lines: Vec<_> = found.iter().map(|one| one.excerpt.line).collect();
        assert!(lines.contains(&line), "{text}: {found:#?}");
        assert!(found.iter().any(|one| one.code.to_string() == "syntax"));
    }
}

#[test]
fn a_file_that_is_not_utf8_is_an_error_at_the_byte() {
    let (config, found) = parse_partly("c", b"mode = \"observe\"\n# b\xfcro\n");
    assert_eq!(config, Config::default(), "nothing of it is used");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.to_string(), "not-utf8");
    assert_eq!((found[0].excerpt.line, found[0].excerpt.column), (2, 4));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    for text in [
        "\u{feff}mode = \"observe\"\n",
        "mode = \"observe\"\r\n[log]\r\nlevel = \"warn\"\r\n",
        "mode = \"observe\"",
    ] {
        let config = parse("c", text.as_bytes());
        assert_eq!(
            config.map(|config| config.mode),
            Ok(Mode::Observe),
            "{text:?}"
        );
    }
}

/// A command that asks the daemon needs the control socket, although another key is wrong.
#[test]
fn good_keys_of_a_wrong_file_are_there_for_commands_that_ask_the_daemon() {
    let text = "mode = 1\n[control]\nlisten = \"unix:/run/other.sock\"\n[log]\nlevel = \"loud\"\n";
    let (config, found) = parse_partly("c", text.as_bytes());
    assert_eq!(config.control.to_string(), "unix:/run/other.sock");
    assert_eq!((found.len(), config.mode), (2, Mode::Rewrite));
    assert!(parse("c", text.as_bytes()).is_err());
}

/// A bad value changes nothing, so a good value after it is not lost and a bad one leaves the default.
#[test]
fn a_bad_value_leaves_the_default() {
    for key in keys() {
        let text = file(key.section, key.name, "{ }");
        let (config, found) = parse_partly("c", text.as_bytes());
        assert!(!found.is_empty(), "{text}");
        assert_eq!(config, Config::default(), "{text}");
    }
}

#[test]
fn the_sample_names_every_key_with_its_values_and_its_default() {
    let sample = sample();
    for key in keys() {
        let line = format!("\n#{} = {}\n", key.name, key.default());
        assert!(sample.contains(&line), "{line}");
        assert!(
            sample.contains(&format!("# Values: {}.", key.values())),
            "{key:?}"
        );
        assert!(key.meaning().next().is_some_and(|line| !line.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Pieces of a configuration in any order: no panic, and every place is in the file.
    #[test]
    fn any_text_is_read_without_a_panic_and_findings_stay_in_the_file(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "[milter]\n", "[log]\n", "[", "]", "mode", " = ", "\"observe\"", "\"", "\n", "\r\n", "#", "listen",
            "quiet", "5", "-", ".", "'", "{", "}", ",", "\u{fc}", "\\", "true", "\"1s\"", "\"\"\"",
        ]), 0..24)
    ) {
        let text = pieces.concat();
        let lines = text.split('\n').count();
        let (_, found) = parse_partly("c", text.as_bytes());
        for one in found {
            prop_assert!(one.excerpt.line >= 1 && one.excerpt.line as usize <= lines, "{text:?}: {one:?}");
        }
    }
}
