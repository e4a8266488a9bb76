//! The grammar of RFC 5321 and 5322 in tables: what is read, as what, and how it is written again.

use proptest::prelude::*;

use super::*;

mod delivery_status;
mod paths;

/// The atext characters of RFC 5322 section 3.2.3 that are neither letters nor digits.
const ATEXT: &str = "!#$%&'*+-/=?^_`{|}~";

/// The specials of RFC 5322 section 3.2.3 and the space, without `@`, `.`, `"` and `\`.
const NEED_QUOTES: &str = "()<>[]:;, ";

#[test]
fn every_atext_character_stands_without_quotes() {
    for c in ATEXT
        .chars()
        .chain('a'..='z')
        .chain('A'..='Z')
        .chain('0'..='9')
    {
        let local = LocalPart::parse(&c.to_string()).unwrap();
        assert_eq!(local.to_string(), c.to_string());
        assert!(local.is_strict() && local.is_bare());
        let quoted = LocalPart::parse(&format!("\"{c}\"")).unwrap();
        assert_eq!(quoted, local, "{c}");
        assert_eq!(quoted.to_string(), c.to_string(), "quotes are not needed");
    }
}

#[test]
fn a_special_character_needs_quotes_and_keeps_them() {
    for c in NEED_QUOTES.chars() {
        let bare = LocalPart::parse(&format!("a{c}b"));
        assert_eq!(bare, Err(LocalPartError::BadCharacter(c)));
        let quoted = LocalPart::parse(&format!("\"a{c}b\"")).unwrap();
        assert_eq!(quoted.as_str(), format!("a{c}b"));
        assert_eq!(quoted.to_string(), format!("\"a{c}b\""));
        assert!(quoted.is_strict());
    }
    for c in ['"', '\\'] {
        let escaped = format!("\"a\\{c}b\"");
        let local = LocalPart::parse(&escaped).unwrap();
        assert_eq!(local.as_str(), format!("a{c}b"));
        assert_eq!(local.to_string(), escaped);
    }
}

#[test]
fn no_spelling_carries_a_control_character() {
    let controls = (0..=0x1f_u8).chain(0x7f..=0x9f).map(char::from);
    for c in controls {
        for text in [
            format!("a{c}b"),
            format!("\"a{c}b\""),
            format!("\"a\\{c}b\""),
            format!("{c}"),
        ] {
            let read = LocalPart::parse(&text);
            assert_eq!(read, Err(LocalPartError::BadCharacter(c)), "{text:?}");
        }
        assert!(LocalPart::from_internal(&format!("a{c}")).is_err());
    }
}

/// A local-part, its internal form, how it is written, and whether it fits the grammar of RFC 5321.
const LOCAL_PARTS: &[(&str, &str, &str, bool)] = &[
    ("John.Q.Public", "John.Q.Public", "John.Q.Public", true),
    ("john+news=x", "john+news=x", "john+news=x", true),
    ("\"\"", "", "\"\"", true),
    ("\"john\"", "john", "john", true),
    ("\"\\j\\o\\h\\n\"", "john", "john", true),
    ("\"john.doe\"", "john.doe", "john.doe", true),
    ("\"john doe\"", "john doe", "\"john doe\"", true),
    ("\" \"", " ", "\" \"", true),
    ("\".\"", ".", "\".\"", true),
    ("\"a..b\"", "a..b", "\"a..b\"", true),
    ("\"a@b\"", "a@b", "\"a@b\"", true),
    // obsolete or wrong, and accepted by MTAs
    (".john", ".john", ".john", false),
    ("john.", "john.", "john.", false),
    ("a..b", "a..b", "a..b", false),
    (".", ".", ".", false),
    ("a@b", "a@b", "a@b", false),
    (
        "john.\"q public\".x",
        "john.q public.x",
        "\"john.q public.x\"",
        true,
    ),
    ("\"john\".doe", "john.doe", "john.doe", true),
    // beyond ASCII (RFC 6531 section 3.3)
    ("j\u{f6}rg", "j\u{f6}rg", "j\u{f6}rg", true),
    (
        "\u{7528}\u{6237}",
        "\u{7528}\u{6237}",
        "\u{7528}\u{6237}",
        true,
    ),
    ("\"j\u{f6}rg d\"", "j\u{f6}rg d", "\"j\u{f6}rg d\"", true),
];

#[test]
fn a_local_part_is_read_and_written_in_its_shortest_form() {
    for (written, internal, shown, strict) in LOCAL_PARTS {
        let local = LocalPart::parse(written).unwrap_or_else(|e| panic!("{written}: {e}"));
        assert_eq!(local.as_str(), *internal, "{written}");
        assert_eq!(local.to_string(), *shown, "{written}");
        assert_eq!(local.is_strict(), *strict, "{written}");
    }
}

#[test]
fn quotes_that_are_not_closed_are_an_error() {
    for text in [
        "\"", "\"a", "a\"", "\"a\\\"", "\"a\\", "\"a\"b\"", "\"a\"\"",
    ] {
        assert_eq!(
            LocalPart::parse(text),
            Err(LocalPartError::UnclosedQuote),
            "{text}"
        );
    }
}

/// RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3: 64 octets and 256 octets, punctuation included.
#[test]
fn the_lengths_of_the_standard_are_allowed_and_no_byte_more() {
    let label = "d".repeat(63);
    let address = |local: usize, last: usize| {
        let (local, last) = ("l".repeat(local), "d".repeat(last));
        Mailbox::parse_strict(&format!("{local}@{label}.{label}.{last}")).map(|_| ())
    };
    assert_eq!(address(64, 61), Ok(()), "64 + 1 + 189 + 2 = 256");
    assert_eq!(address(64, 62), Err(MailboxError::TooLong));
    assert_eq!(address(65, 1), Err(MailboxError::TooLong));
    assert_eq!(address(63, 62), Ok(()));
    // The envelope of an MTA may hold more.
    assert!(Mailbox::parse(&format!("{}@d.example", "l".repeat(1000))).is_ok());
}

/// A domain and its A-labels. The internationalised ones are test domains of IANA.
const DOMAINS: &[(&str, &str)] = &[
    ("example", "example"),
    ("EXAMPLE.Com", "example.com"),
    ("example.com.", "example.com"),
    ("a-b.c--d.example", "a-b.c--d.example"),
    ("_dmarc.example", "_dmarc.example"),
    ("1.2.3.4", "1.2.3.4"),
    ("b\u{fc}cher.example", "xn--bcher-kva.example"),
    ("B\u{dc}CHER.Example", "xn--bcher-kva.example"),
    ("bu\u{308}cher.example", "xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    (
        "\u{4f8b}\u{5b50}.\u{6d4b}\u{8bd5}",
        "xn--fsqu00a.xn--0zwm56d",
    ),
    (
        "\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{438}\u{441}\u{43f}\u{44b}\u{442}\u{430}\u{43d}\u{438}\u{435}",
        "xn--e1afmkfd.xn--80akhbyknj4f",
    ),
    (
        "\u{ff45}\u{ff58}\u{ff41}\u{ff4d}\u{ff50}\u{ff4c}\u{ff45}.com",
        "example.com",
    ),
    ("example\u{3002}com", "example.com"),
    ("stra\u{df}e.example", "xn--strae-oqa.example"),
];

#[test]
fn both_spellings_of_a_domain_give_its_a_labels() {
    for (written, ascii) in DOMAINS {
        let domain = Domain::parse(written).unwrap_or_else(|e| panic!("{written}: {e}"));
        assert_eq!(domain.as_str(), *ascii, "{written}");
        let again = Domain::parse(&domain.to_unicode());
        assert_eq!(again.as_ref(), Ok(&domain), "{written}");
        for spelling in domain.spellings() {
            assert_eq!(Domain::parse(&spelling).as_ref(), Ok(&domain), "{spelling}");
        }
    }
}

#[test]
fn what_is_no_domain_is_refused() {
    use DomainError::{BadCharacter, EmptyLabel, TooLong};
    let label = "d".repeat(64);
    for (text, error) in [
        ("", EmptyLabel),
        (".", EmptyLabel),
        (".example", EmptyLabel),
        ("a..example", EmptyLabel),
        ("example..", EmptyLabel),
        (&label, TooLong),
        ("a b", BadCharacter),
        ("a@b", BadCharacter),
        ("a/b.example", BadCharacter),
        ("*.example", BadCharacter),
        ("[192.0.2.1]", BadCharacter),
        ("a\0.example", BadCharacter),
        ("a\n.example", BadCharacter),
        ("\"a\".example", BadCharacter),
        ("b\u{fc}cher example", BadCharacter),
        ("\u{301}a.example", BadCharacter),
    ] {
        assert_eq!(Domain::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_subdomain_is_carried_below_another_domain() {
    let domain = |text: &str| Domain::parse(text).unwrap();
    let (above, to) = (domain("domain2.com"), domain("company.com"));
    for (from, carried) in [
        ("sales.domain2.com", Some("sales.company.com")),
        ("a.b.domain2.com", Some("a.b.company.com")),
        ("domain2.com", None),
        ("xdomain2.com", None),
        ("sales.domain2.com.example", None),
    ] {
        let result = domain(from).carried(&above, &to).ok();
        assert_eq!(result.as_ref().map(Domain::as_str), carried, "{from}");
    }
    let deep = domain(&format!("{}domain2.com", "d.".repeat(120)));
    let long = domain(&format!("{0}.{0}.company.com", "c".repeat(50)));
    assert_eq!(deep.carried(&above, &long), Err(DomainError::TooLong));
}

/// A local-part, the delimiters, and the user with the detail if it is split.
type Split = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

/// Which local-parts Postfix splits (split_addr(3), postconf(5) recipient_delimiter).
const SPLITS: &[Split] = &[
    ("jd+x", "+", Some(("jd", "x"))),
    ("jd+", "+", Some(("jd", ""))),
    ("jd++x", "+", Some(("jd", "+x"))),
    ("jd+x-y", "-+", Some(("jd", "x-y"))),
    ("jd-x+y", "-+", Some(("jd", "x+y"))),
    ("jd.x", ".", Some(("jd", "x"))),
    ("j\u{f6}+\u{e4}", "+", Some(("j\u{f6}", "\u{e4}"))),
    ("jd", "+", None),
    ("jd-x", "+", None),
    ("jd+x", "", None),
    ("+x", "+", None),
    ("+", "+", None),
    ("", "+", None),
    // reserved names are never split
    ("postmaster", "stma", None),
    ("MAILER-DAEMON", "-", None),
    ("Double-Bounce", "-", None),
    ("double-bounce+x", "+", Some(("double-bounce", "x"))),
    ("postmaster+x", "+", Some(("postmaster", "x"))),
    // mailing lists, where `-` is a delimiter
    ("owner-list", "-", None),
    ("Owner-list+x", "+-", None),
    ("owner-list+x", "+", Some(("owner-list", "x"))),
    ("list-request", "-", None),
    ("list-REQUEST", "+-", None),
    ("list-request+x", "+", Some(("list-request", "x"))),
    ("list-requests", "-", Some(("list", "requests"))),
];

#[test]
fn details_are_split_as_postfix_splits_them() {
    for (local, delimiters, wanted) in SPLITS {
        let split = Subaddress::split(local, delimiters);
        let parts = split.map(|split| (split.user, split.detail));
        assert_eq!(parts, *wanted, "{local} by {delimiters:?}");
    }
}

#[test]
fn mailboxes_are_compared_in_nfc_without_case() {
    let key = |text: &str, case| Mailbox::parse(text).unwrap().key(case);
    let ignored = |text: &str| key(text, LocalCase::Ignore);
    for (one, other) in [
        ("JD@D.example", "jd@d.example"),
        ("\"jd\"@d.example", "jd@d.example"),
        ("\"j\\d\"@d.example.", "jd@d.example"),
        (
            "J\u{d6}RG@b\u{fc}cher.example",
            "jo\u{308}rg@xn--bcher-kva.example",
        ),
        ("STRASSE@d.example", "stra\u{df}e@d.example"),
        ("\u{fb01}sch@d.example", "FISCH@d.example"),
        ("\u{212a}@d.example", "k@d.example"),
    ] {
        assert_eq!(ignored(one), ignored(other), "{one} and {other}");
    }
    for (one, other) in [
        ("jd@d.example", "jd+x@d.example"),
        ("a.b@d.example", "ab@d.example"),
        ("jo@d.example", "j\u{f6}@d.example"),
        ("\u{430}@d.example", "a@d.example"),
        ("\"a \"@d.example", "a@d.example"),
    ] {
        assert_ne!(ignored(one), ignored(other), "{one} and {other}");
    }
    let strict = |text: &str| key(text, LocalCase::Strict);
    assert_ne!(strict("JD@d.example"), strict("jd@d.example"));
    assert_eq!(strict("jd@D.EXAMPLE"), strict("\"jd\"@d.example"));
    assert_eq!(strict("o\u{308}@d.example"), strict("\u{f6}@d.example"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What is written is read as the same local-part, and is sent as one: no control character.
    #[test]
    fn any_internal_form_is_written_so_that_it_is_read_again(internal in "[ -~\u{a1}-\u{17f}]{0,20}") {
        let local = LocalPart::from_internal(&internal).unwrap();
        let external = local.to_string();
        let again = LocalPart::parse(&external).unwrap();
        prop_assert_eq!(again.as_str(), &*internal);
        prop_assert_eq!(again.to_string(), external);
        let mailbox = Mailbox::parse(&format!("{local}@domain2.com")).unwrap();
        prop_assert_eq!(mailbox.local, local);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(path in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = ForwardPath::parse(&path);
        let _ = domain_at_the_end(&path);
        let rest = without_route(&path);
        prop_assert!(rest.len() <= path.len());
        let _ = DsnParameters::parse([&path[..]]);
        let _ = DsnParameters::orcpt_of(&path);
    }
}
