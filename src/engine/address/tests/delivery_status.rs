//! NOTIFY and ORCPT (RFC 3461): what is read, merged and written.

use crate::engine::address::*;

/// RFC 3461 section 4.1. NEVER stands alone.
#[test]
fn notify_takes_its_words_and_nothing_else() {
    for (value, shown) in [
        ("NEVER", Some("NEVER")),
        ("never", Some("NEVER")),
        ("SUCCESS", Some("SUCCESS")),
        ("Delay,failure", Some("FAILURE,DELAY")),
        ("DELAY,FAILURE,SUCCESS", Some("SUCCESS,FAILURE,DELAY")),
        ("FAILURE,FAILURE", Some("FAILURE")),
        ("NEVER,FAILURE", None),
        ("FAILURE,NEVER", None),
        ("", None),
        (",", None),
        ("SUCCESS,", None),
        ("SUCCESS DELAY", None),
        ("SUCCESS;DELAY", None),
        ("BOUNCE", None),
    ] {
        let notify = Notify::parse(value).map(|notify| notify.to_string());
        assert_eq!(notify.as_deref(), shown, "{value:?}");
    }
}

/// All eight values of NOTIFY, and no NOTIFY.
fn all_notify() -> Vec<Option<Notify>> {
    let bit = |number: u8, bit: u8| number & bit != 0;
    let some = (0..8).map(|number| {
        Some(Notify {
            success: bit(number, 1),
            failure: bit(number, 2),
            delay: bit(number, 4),
        })
    });
    some.chain([None]).collect()
}

/// Nobody who wants a report loses it when two recipients merge, and the order of the two does not matter.
#[test]
fn merged_recipients_get_every_report_that_one_of_them_wants() {
    for one in all_notify() {
        for other in all_notify() {
            let union = Notify::union(one, other);
            assert_eq!(union, Notify::union(other, one), "{one:?} {other:?}");
            assert_eq!(Notify::union(one, one), one);
            // Without NOTIFY, an MTA reports failure and delay, and no success.
            let wants = |notify: Option<Notify>| {
                notify.unwrap_or(Notify {
                    success: false,
                    failure: true,
                    delay: true,
                })
            };
            let (a, b, both) = (wants(one), wants(other), wants(union));
            assert_eq!(both.success, a.success || b.success, "{one:?} {other:?}");
            assert_eq!(both.failure, a.failure || b.failure, "{one:?} {other:?}");
            assert_eq!(both.delay, a.delay || b.delay, "{one:?} {other:?}");
        }
    }
}

#[test]
fn one_of_several_targets_never_reports_success() {
    for notify in all_notify().into_iter().flatten() {
        let one = notify.without_success();
        assert!(!one.success);
        assert_eq!((one.failure, one.delay), (notify.failure, notify.delay));
    }
}

/// Decodes xtext (RFC 3461 section 4), and checks its grammar.
fn decode_xtext(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => {
                let digits = std::str::from_utf8(&after[..2]).unwrap();
                assert_eq!(
                    digits,
                    digits.to_uppercase(),
                    "hexadecimal digits are upper case"
                );
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &after[2..];
            }
            b'=' => panic!("`=` in xtext"),
            33..=126 => bytes.push(*first),
            _ => panic!("{first} in xtext"),
        }
    }
    bytes
}

#[test]
fn every_printable_byte_of_an_address_survives_as_xtext() {
    let address: Vec<u8> = (b' '..=b'~').filter(|byte| !b"<>".contains(byte)).collect();
    let value = DsnParameters::orcpt_of(&address).unwrap();
    let xtext = value.strip_prefix("rfc822;").unwrap();
    assert_eq!(decode_xtext(xtext), address);
    // What this program writes, it also accepts.
    let parameter = format!("ORCPT={value}");
    let dsn = DsnParameters::parse([parameter.as_bytes()]);
    assert_eq!(dsn.orcpt, Some(value));
}

/// RFC 3461 section 4.2: at most 500 characters.
#[test]
fn an_orcpt_has_at_most_500_bytes() {
    let of = |length: usize| DsnParameters::orcpt_of(&vec![b'a'; length]);
    assert_eq!(of(493).map(|value| value.len()), Some(500));
    assert_eq!(of(494), None);
    // An encoded character takes three bytes.
    assert_eq!(
        DsnParameters::orcpt_of(&[b'+'; 164]).map(|value| value.len()),
        Some(499)
    );
    assert_eq!(DsnParameters::orcpt_of(&[b'+'; 165]), None);
    let given = |length: usize| {
        let parameter = format!("ORCPT=rfc822;{}", "a".repeat(length));
        DsnParameters::parse([parameter.as_bytes()]).orcpt.is_some()
    };
    assert!(given(493) && !given(494));
}

#[test]
fn parameters_are_found_among_others_and_wrong_ones_are_left_out() {
    for (parameters, shown) in [
        (&["ORCPT=rfc822;a@b"][..], "ORCPT=rfc822;a@b"),
        (&["orcpt=RFC822;a@b"], "ORCPT=RFC822;a@b"),
        (&["ORCPT=x400;/c=us"], ""),
        (&["ORCPT=x400;/c+3Dus"], "ORCPT=x400;/c+3Dus"),
        (&["ORCPT=utf-8;j\u{f6}@b"], "ORCPT=utf-8;j\u{f6}@b"),
        (&["ORCPT=rfc822;j\u{f6}@b"], ""),
        (&["ORCPT=;a@b"], ""),
        (&["ORCPT=rf c;a@b"], ""),
        (&["ORCPT=rfc822;a@b c"], ""),
        (&["ORCPT=rfc822;a+2ab"], ""),
        (&["ORCPT=rfc822;a+2Ab"], "ORCPT=rfc822;a+2Ab"),
        (&["ORCPT=rfc822;a+00b"], ""),
        (&["ORCPT"], ""),
        (&["=", "", "NOTIFY="], ""),
        (&["SIZE=5", "NOTIFY=NEVER", "X=y"], "NOTIFY=NEVER"),
        (
            &["ORCPT=rfc822;a@b", "NOTIFY=DELAY"],
            "NOTIFY=DELAY ORCPT=rfc822;a@b",
        ),
    ] {
        let dsn = DsnParameters::parse(parameters.iter().map(|one| one.as_bytes()));
        assert_eq!(dsn.to_string(), shown, "{parameters:?}");
    }
    assert_eq!(
        DsnParameters::parse([&b"NOTIFY=\xff"[..]]),
        DsnParameters::default()
    );
}
