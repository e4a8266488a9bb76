//! Tests single cases of the layout, and what must hold for any file: its meaning stays, and to format it again
//! changes nothing.

use proptest::prelude::*;

use super::*;

fn source(name: &str, text: &[u8]) -> SourceText {
    SourceText::new(name, text.to_vec())
}

#[track_caller]
fn formatted(text: &str) -> String {
    String::from_utf8(format(&source("a.rules", text.as_bytes())).unwrap()).unwrap()
}

#[track_caller]
fn stays(text: &str) {
    assert_eq!(formatted(text), text);
}

#[test]
fn columns_of_a_block() {
    assert_eq!(
        formatted(
            "company.com primary unknown=reject\ndomain2.com\tsecondary # old\n\n\
             a@domain2.com b@company.com,c@company.com   d@company.com detail=drop   # many\n\
             x@domain2.com keep # one\n"
        ),
        "company.com                     primary    unknown=reject\n\
         domain2.com                     secondary  # old\n\
         \n\
         a@domain2.com                   b@company.com, c@company.com, d@company.com  detail=drop  # many\n\
         x@domain2.com                   keep                                                      # one\n"
    );
}

#[test]
fn a_long_pattern_moves_its_block_and_a_very_long_one_only_its_line() {
    let long = "a.person.with.a.long.name@a-long-domain.example";
    assert_eq!(
        formatted(&format!(
            "{long} keep\nx@d.example keep\n\ny@d.example keep\n"
        )),
        format!(
            "{long}  keep\nx@d.example{}keep\n\ny@d.example                     keep\n",
            " ".repeat(38)
        )
    );
    let longer = format!("{long}.and.more");
    assert_eq!(
        formatted(&format!("{longer} keep\nx@d.example keep\n")),
        format!("{longer}  keep\nx@d.example                     keep\n")
    );
}

#[test]
fn breaks_within_a_rule_stay() {
    stays(
        "a@domain2.com                   b@company.com,  # first\n\
        \x20                               # between\n\
        # at the margin\n\
        \n\
        \x20                               c@company.com\n\
        \x20                               detail=drop\n\
         jdoe@company.com                mailbox jd@domain2.com,\n\
        \x20                                       john@domain2.com\n",
    );
    // The comma moves to the end of the line before, and an indented comment after a rule to the margin.
    assert_eq!(
        formatted(
            "a@d.example b@d.example\n  , c@d.example\n  # note\n ,\t# lone\n d@d.example\n  # end\n"
        ),
        "a@d.example                     b@d.example,\n\
        \x20                               c@d.example,\n\
        \x20                               # note\n\
        \x20                               # lone\n\
        \x20                               d@d.example\n\
         # end\n"
    );
}

#[test]
fn line_ends_bom_and_bytes_of_comments() {
    let text = b"\xef\xbb\xbf# caf\xe9  \r\na@d.example\tkeep\r\n\r\n\r\n";
    let laid_out = format(&source("a.rules", text)).unwrap();
    assert_eq!(
        laid_out,
        b"# caf\xe9\na@d.example                     keep\n"
    );
    assert_eq!(format(&source("a.rules", b" \n\n")).unwrap(), b"");
}

#[test]
fn an_address_that_begins_with_a_hash_stays_one() {
    assert_eq!(
        formatted("a@d.example b@d.example,#c@d.example\n"),
        "a@d.example                     b@d.example, \"#\"c@d.example\n"
    );
}

#[test]
fn expectations() {
    let laid_out = format(&source(
        "a.expect",
        b"jd@d.example a@c.example b@c.example\nx@d.example reject 550\n",
    ));
    assert_eq!(
        laid_out.unwrap(),
        b"jd@d.example                    a@c.example, b@c.example\nx@d.example                     reject 550\n"
    );
}

#[test]
fn a_file_with_an_error_is_not_touched() {
    let found = format(&source("a.rules", b"a@d.example keep\nb@d.example\n")).unwrap_err();
    assert_eq!((found.len(), found[0].code.word()), (1, "no-action"));
}

/// Returns what a file means: its rules and findings without their places.
fn meaning(bytes: &[u8]) -> Vec<String> {
    let sources = [source("a.rules", bytes)];
    let mut findings = Findings::new(&sources);
    let mut parsed = Parsed::default();
    read(0, &sources[0], &mut parsed, &mut findings);
    let rules = parsed.rules.iter().map(|rule| {
        format!(
            "{:?} {:?} {:?} {:?}",
            rule.pattern,
            actions(&rule.action),
            rule.detail,
            rule.origin
        )
    });
    let declared = parsed.declarations.iter().map(ToString::to_string);
    let found = findings.into_diagnostics();
    let found = found
        .iter()
        .map(|one| format!("{} {}", one.code, one.message));
    rules.chain(declared).chain(found).collect()
}

/// Returns an action without the places of its targets.
fn actions(action: &crate::engine::rule::Action) -> String {
    match action {
        crate::engine::rule::Action::Rewrite(targets) => {
            let kinds: Vec<_> = targets.iter().map(|target| &target.kind).collect();
            format!("{kinds:?}")
        }
        other => format!("{other:?}"),
    }
}

const WORDS: [&str; 34] = [
    "a@d.example",
    "B@D.example",
    "\"j d\"@d.example",
    "\"x # y\"@d.example",
    "#h@d.example",
    "u+*@d.example",
    "p@*",
    "/(a|b),(c)@d\\.example/",
    "/x#y@d/",
    "+*@d.example",
    "@d.example",
    "@*.d.example",
    "d.example",
    "jörg@münchen.example",
    "$1@c.example",
    "#*@c.example",
    "n+*@c.example",
    "@c.example",
    "keep",
    "discard",
    "mailbox",
    "reject",
    "defer",
    "moved",
    "550",
    "5.1.1",
    "\"No, # such\"",
    "primary",
    "secondary",
    "external",
    "unknown=reject",
    "unknown=keep",
    "detail=drop",
    "detail=keep",
];

const GAPS: [&str; 13] = [
    " ",
    "  ",
    "\t",
    ",",
    ", ",
    " , ",
    "\n ",
    ",\n\t",
    "\r\n  ",
    " # note, more\n  ",
    "\n# margin\n ",
    "\n  # inside\n\n  ",
    "\n ,",
];

const ENDS: [&str; 7] = [
    "\n",
    "\r\n",
    " # note\n",
    "\n\n",
    "\n  # behind\n",
    "  \n# caf\u{e9}\n",
    "\n \n",
];

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    /// Makes lines of random words, most of them with errors, and lays out those without an error.
    #[test]
    fn the_meaning_stays_and_a_second_format_changes_nothing(
        lines in proptest::collection::vec(
            (proptest::collection::vec((0..WORDS.len(), 0..GAPS.len()), 1..5), 0..WORDS.len(), 0..ENDS.len()),
            1..6,
        ),
        bom in any::<bool>(),
    ) {
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        for (words, last, end) in lines {
            let mut line = String::new();
            for (word, gap) in words {
                line.push_str(WORDS[word]);
                line.push_str(GAPS[gap]);
            }
            line.push_str(WORDS[last]);
            line.push_str(ENDS[end]);
            // Only a file without an error is laid out, so keep only lines without an error.
            if format(&source("a.rules", line.as_bytes())).is_ok() {
                text.push_str(&line);
            }
        }
        let before = source("a.rules", text.as_bytes());
        let after = format(&before);
        prop_assume!(after.is_ok());
        let after = after.unwrap_or_default();
        let shown = String::from_utf8_lossy(&after).into_owned();
        prop_assert_eq!(meaning(&before.bytes), meaning(&after), "{}", shown);
        let twice = format(&source("a.rules", &after)).unwrap_or_default();
        prop_assert_eq!(String::from_utf8_lossy(&twice), shown);
    }
}

#[test]
fn laws() {
    let laid_out = format(&source(
        "a.expect",
        b"@d.example only @c.example,@*.c.example\n@d.example delivered\n@d.example  at-least  9\n",
    ));
    assert_eq!(
        String::from_utf8(laid_out.unwrap()).unwrap(),
        "@d.example                      only @c.example, @*.c.example\n\
         @d.example                      delivered\n\
         @d.example                      at-least 9\n"
    );
}
