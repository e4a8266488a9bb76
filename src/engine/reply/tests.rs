//! Replies against the grammar of RFC 5321 section 4.2 and RFC 3463, number by number.

use proptest::prelude::*;

use super::*;

const CLASSES: [ReplyClass; 2] = [ReplyClass::Defer, ReplyClass::Reject];

/// Reply-code of RFC 5321 section 4.2: %x32-35 %x30-35 %x30-39, here of one class, and none that ends the
/// session.
fn is_code_of(class: ReplyClass, code: u16) -> bool {
    let first = match class {
        ReplyClass::Defer => 4,
        ReplyClass::Reject => 5,
    };
    code / 100 == first && code / 10 % 10 <= 5 && code != 421 && code != 521
}

#[test]
fn exactly_the_reply_codes_of_a_class_are_taken() {
    for class in CLASSES {
        for code in 0..=9999 {
            let read = class.parse_code(&code.to_string());
            let wanted = is_code_of(class, code).then_some(code);
            assert_eq!(read.ok(), wanted, "{class:?} {code}");
        }
    }
}

#[test]
fn a_reply_code_has_three_digits_and_nothing_else() {
    for text in [
        "",
        " ",
        "User",
        "55",
        "0550",
        "+550",
        "-550",
        " 550",
        "550 ",
        "5 50",
        "5.0",
        "550.",
        "0x226",
        "\u{665}50",
        "65536",
        "99999999999",
    ] {
        let read = ReplyClass::Reject.parse_code(text);
        assert_eq!(read, Err(ReplyError::BadCode), "{text:?}");
    }
}

#[test]
fn a_code_of_the_other_class_is_told_from_nonsense() {
    for class in CLASSES {
        for (text, error) in [
            ("250", ReplyError::WrongClass(class)),
            ("354", ReplyError::WrongClass(class)),
            ("421", ReplyError::EndsSession),
            ("521", ReplyError::EndsSession),
            ("150", ReplyError::BadCode),
            ("460", ReplyError::BadCode),
            ("600", ReplyError::BadCode),
        ] {
            let read = class.parse_code(text);
            // A code that does not exist is of no class, and either message is right.
            let other = Err(ReplyError::WrongClass(class));
            let known = text == "460" && class == ReplyClass::Reject && read == other;
            assert!(read == Err(error) || known, "{class:?} {text}: {read:?}");
        }
    }
    let defer = ReplyClass::Defer.parse_code("550");
    assert_eq!(defer, Err(ReplyError::WrongClass(ReplyClass::Defer)));
    let reject = ReplyClass::Reject.parse_code("451");
    assert_eq!(reject, Err(ReplyError::WrongClass(ReplyClass::Reject)));
}

/// status-code of RFC 3463 section 2: class "." subject "." detail, one to three digits each, no leading
/// zeros.
#[test]
fn enhanced_codes_are_those_of_the_grammar() {
    for (text, code) in [
        ("5.1.1", Some(EnhancedCode(5, 1, 1))),
        ("4.0.0", Some(EnhancedCode(4, 0, 0))),
        ("5.7.27", Some(EnhancedCode(5, 7, 27))),
        ("5.999.999", Some(EnhancedCode(5, 999, 999))),
        ("2.1.5", None),
        ("3.1.5", None),
        ("5", None),
        ("5.1", None),
        ("5.1.", None),
        ("5..1", None),
        (".1.1", None),
        ("5.1.1.", None),
        ("5.1.1.1", None),
        ("5.01.1", None),
        ("5.1.00", None),
        ("5.1000.1", None),
        ("5.1.1000", None),
        ("05.1.1", None),
        ("55.1.1", None),
        ("5.+1.1", None),
        ("5.-1.1", None),
        (" 5.1.1", None),
        ("5.1.1 ", None),
        ("5.a.1", None),
        ("5,1,1", None),
        ("", None),
    ] {
        assert_eq!(EnhancedCode::parse(text), code, "{text:?}");
        if let Some(code) = code {
            assert_eq!(code.to_string(), text);
        }
    }
}

#[test]
fn every_byte_of_a_text_is_visible_ascii_or_a_space() {
    for number in 0..=0xff_u8 {
        let text = format!("a{}b", char::from(number));
        let reply = SmtpReply::new(ReplyClass::Reject, None, None, Some(&text));
        let fits = (b' '..=b'~').contains(&number);
        assert_eq!(reply.is_ok(), fits, "{number}");
        assert!(fits || reply == Err(ReplyError::BadText));
    }
}

#[test]
fn a_text_has_at_most_400_bytes() {
    let of = |length: usize| {
        let text = "x".repeat(length);
        SmtpReply::new(ReplyClass::Defer, None, None, Some(&text)).map(|_| ())
    };
    assert_eq!(of(400), Ok(()));
    assert_eq!(of(401), Err(ReplyError::LongText));
    // With codes and line end, the longest reply fits into the 512 bytes of a reply line.
    let longest = SmtpReply::new(
        ReplyClass::Reject,
        None,
        Some(EnhancedCode(5, 999, 999)),
        Some(&"x".repeat(400)),
    );
    assert!(longest.unwrap().to_string().len() + 2 <= 512);
}

/// A reply as it is written, and as it is sent.
const REPLIES: &[(ReplyClass, &str, &str)] = &[
    (
        ReplyClass::Reject,
        "550 5.1.1 No such user",
        "550 5.1.1 No such user",
    ),
    (ReplyClass::Reject, "550", "550 5.1.1 User unknown"),
    (ReplyClass::Reject, "550 ", "550 5.1.1 User unknown"),
    (ReplyClass::Reject, "554 5.7.1", "554 5.7.1 User unknown"),
    (ReplyClass::Reject, "553 Gone", "553 5.1.1 Gone"),
    (
        ReplyClass::Reject,
        "553 Gone. For 2 years",
        "553 5.1.1 Gone. For 2 years",
    ),
    (
        ReplyClass::Reject,
        "550 5.1.1  two spaces ",
        "550 5.1.1 two spaces",
    ),
    (ReplyClass::Reject, "550  5.1.1 x", "550 5.1.1 x"),
    (ReplyClass::Reject, "550 100% sure", "550 5.1.1 100% sure"),
    (ReplyClass::Reject, "550 24 hours", "550 5.1.1 24 hours"),
    (ReplyClass::Defer, "450 4.2.1 Later", "450 4.2.1 Later"),
    (
        ReplyClass::Defer,
        "451",
        "451 4.3.0 Temporary failure, please try again later",
    ),
    (
        ReplyClass::Defer,
        "452 4.2.2",
        "452 4.2.2 Temporary failure, please try again later",
    ),
];

#[test]
fn parts_that_are_not_written_are_those_of_the_class() {
    for (class, written, sent) in REPLIES {
        let reply = SmtpReply::parse(*class, written);
        let reply = reply.unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(reply.to_string(), *sent, "{written}");
        assert_eq!(reply.class(), *class);
        assert_eq!(SmtpReply::parse(*class, sent), Ok(reply), "{sent}");
    }
}

#[test]
fn a_number_with_dots_that_is_no_enhanced_code_is_an_error() {
    for (text, error) in [
        ("550 5.1 No", ReplyError::BadEnhanced),
        ("550 5.1.1.1 No", ReplyError::BadEnhanced),
        ("550 1.2.3 No", ReplyError::BadEnhanced),
        ("550 . No", ReplyError::BadEnhanced),
        ("550 4.1.1 No", ReplyError::OtherClass),
    ] {
        let read = SmtpReply::parse(ReplyClass::Reject, text);
        assert_eq!(read, Err(error), "{text}");
    }
}

/// The documented codes for what no rule says.
#[test]
fn own_replies_have_the_documented_codes() {
    for (reply, codes) in [
        (SmtpReply::unknown_user(), "550 5.1.1"),
        (ReplyClass::Reject.default_reply(), "550 5.1.1"),
        (ReplyClass::Defer.default_reply(), "451 4.3.0"),
        (SmtpReply::routing_spelling(), "550 5.1.3"),
        (SmtpReply::bad_syntax(), "550 5.1.3"),
        (SmtpReply::needs_smtputf8(), "550 5.6.7"),
        (SmtpReply::expansion_failed(), "451 4.6.0"),
        (SmtpReply::too_many_recipients(), "452 4.5.3"),
        (SmtpReply::not_ready(), "451 4.3.0"),
    ] {
        let text = reply.to_string();
        assert!(text.starts_with(&format!("{codes} ")), "{text}");
        // Each of them could be written in a rule.
        assert_eq!(SmtpReply::parse(reply.class(), &text), Ok(reply));
    }
}

#[test]
fn a_moved_mailbox_names_its_new_address() {
    for new in ["ann@partner.example", "\"a b\"@x.example", "a>b@x.example"] {
        let reply = SmtpReply::moved(new).unwrap();
        assert_eq!(
            (reply.code(), reply.enhanced()),
            (551, EnhancedCode(5, 1, 6))
        );
        assert!(reply.text().contains(&format!("<{new}>")));
        assert_eq!(reply.moved_to(), Some(new));
    }
    assert_eq!(
        SmtpReply::moved("j\u{f6}rg@x.example"),
        Err(ReplyError::BadText)
    );
    let long = format!("{}@x.example", "l".repeat(400));
    assert_eq!(SmtpReply::moved(&long), Err(ReplyError::LongText));
}

#[test]
fn a_reply_of_somebody_else_names_no_new_address() {
    let reply = |text: &str| SmtpReply::parse(ReplyClass::Reject, text).unwrap();
    for text in [
        "551 5.1.6 Try <ann@partner.example>",
        "550 5.1.6 User has moved; please try <ann@partner.example>",
        "551 5.1.1 User has moved; please try <ann@partner.example>",
        "551 5.1.6 User has moved; please try <ann@partner.example",
    ] {
        assert_eq!(reply(text).moved_to(), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is taken is a valid reply line (RFC 5321 section 4.2), and is read again as itself.
    #[test]
    fn any_reply_that_is_taken_is_valid_and_is_read_again(text in "[45 ][0-5][0-9 ]{1,2}[45.0-9a-z \u{e9}]{0,12}") {
        for class in CLASSES {
            let Ok(reply) = SmtpReply::parse(class, &text) else {
                continue;
            };
            prop_assert!(is_code_of(class, reply.code()), "{text:?}");
            prop_assert_eq!(u16::from(reply.enhanced().0), reply.code() / 100);
            let sent = reply.to_string();
            prop_assert!(sent.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(SmtpReply::parse(class, &sent), Ok(reply));
        }
    }
}
