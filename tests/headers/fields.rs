//! One field: the addresses in it are replaced, and every other byte stays.

use proptest::prelude::*;
use readdress::headers::{MAX_FIELD, rewrite};

use super::target;

const OLD: &str = "jd@domain2.com";
const NEW: &str = "jdoe@company.com";

/// Fields in which `@@` stands for the address that is replaced. Everything else must stay.
const REPLACED: &[&str] = &[
    // addr-spec and name-addr
    " @@",
    "@@",
    "\t@@",
    " <@@>",
    " John Doe <@@>",
    " John Doe<@@>",
    " \"Doe, John\" <@@>",
    " \"a \\\"b\\\" <x@y.test>\" <@@>",
    " \"jd@domain2.com\" <@@>",
    " < @@ >",
    // a display name as many programs write it, against the grammar
    " Dr. J. Doe <@@>",
    // address-list
    " @@, @@",
    " @@,@@,@@",
    " anna@company.com, @@",
    " Anna <anna@company.com>, John <@@>, bob@company.com",
    " , @@",
    " @@,",
    // folding
    "\r\n @@",
    " Anna <anna@company.com>,\r\n\tJohn <@@>",
    " John\r\n Doe\r\n <@@>",
    " Anna <anna@company.com>,\n\tJohn <@@>",
    // comments, nested and with quoted-pairs
    " @@ (John)",
    " (John) @@",
    " @@ (John (the (old) one))",
    " (a \\) b@c.test) @@",
    " John (jd@domain2.com) <@@>",
    // groups
    " Friends: @@;",
    " Friends: John <@@>, anna@company.com;",
    " A: anna@company.com;, @@",
    " \"A: B\": @@;",
    // encoded words are names, whatever they decode to
    " =?utf-8?q?J=C3=B6rg_Doe?= <@@>",
    " =?utf-8?q?jd=40domain2=2Ecom?= <@@>",
    " =?utf-8?b?SsO2cmc=?=\r\n =?utf-8?b?IERvZQ==?= <@@>",
    " =?iso-8859-1?q?J=F6rg?= <@@>",
    // a name that is not ASCII
    " J\u{f6}rg <@@>",
    " \u{65e5}\u{672c}\u{8a9e} <@@>, \u{d6}zg\u{fc}r <anna@company.com>",
    // next to address literals and quoted local-parts
    " x@[192.0.2.1], @@",
    " \"x, y\"@z.test, @@",
];

#[test]
fn an_address_is_replaced_and_every_other_byte_stays() {
    for field in REPLACED {
        let before = field.replace("@@", OLD);
        let after = field.replace("@@", NEW);
        let rewritten = rewrite(before.as_bytes(), target);
        let rewritten = rewritten.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(rewritten.as_deref(), Some(&*after), "{before:?}");
    }
}

/// Case belongs to the sender: the address is found in any case, and the new one is the rule's.
#[test]
fn an_address_in_another_case_is_replaced() {
    for old in ["JD@DOMAIN2.COM", "Jd@Domain2.com"] {
        let field = format!(" John <{old}>");
        let rewritten = rewrite(field.as_bytes(), target).expect("a change");
        assert_eq!(rewritten, b" John <jdoe@company.com>");
    }
}

#[test]
fn a_quoted_local_part_is_replaced_with_its_quotes() {
    let rewritten = rewrite(b" J <\"j d\"@domain2.com>, x@y.test", target).expect("a change");
    assert_eq!(rewritten, b" J <\"j doe\"@company.com>, x@y.test");
}

/// Fields that hold the address, or nearly, and stay as they are.
const KEPT: &[&str] = &[
    "",
    " ",
    "\r\n ",
    ",",
    " anna@company.com",
    // longer addresses
    " jd@domain2.com.test",
    " xjd@domain2.com",
    " x+jd@domain2.com",
    " jd@domain2.comx",
    " jd@sub.domain2.com",
    " jd@@domain2.com",
    " \"x\"jd@domain2.com",
    // names and comments are no addresses
    " \"jd@domain2.com\" <x@y.test>",
    " (jd@domain2.com) x@y.test",
    " x@y.test (jd@domain2.com)",
    " =?utf-8?q?jd=40domain2.com?= <x@y.test>",
    " (a (b) jd@domain2.com) x@y.test",
    // groups without members
    " undisclosed-recipients:;",
    " jd@domain2.com:;",
    // a route (RFC 5322 section 4.4) is left alone
    " <@relay.test:jd@domain2.com>",
    " John <@a.test,@b.test:jd@domain2.com>",
    // two programs could read two addresses
    " jd@domain2.com <x@y.test>",
    " jd@domain2.com jd@domain2.com <x@y.test>",
    // not closed
    " <jd@domain2.com",
    " \"jd@domain2.com",
    " (jd@domain2.com",
    " [jd@domain2.com",
    // the rule keeps this address
    " self@domain2.com",
];

#[test]
fn what_is_not_certainly_the_address_stays() {
    for field in KEPT {
        let rewritten = rewrite(field.as_bytes(), target);
        let rewritten = rewritten.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(rewritten, None, "{field:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_stay() {
    let field = b" J\xf6rg <jd@domain2.com>";
    match rewrite(field, target) {
        Some(rewritten) => assert_eq!(rewritten, b" J\xf6rg <jdoe@company.com>"),
        None => panic!("the address beside them is plain"),
    }
    assert_eq!(rewrite(b" j\xf6rg@domain2.com", target), None);
}

#[test]
fn a_field_beyond_the_limit_stays() {
    let of_length = |length: usize| {
        let tail = ", jd@domain2.com";
        let comment = length - tail.len() - " x@y.test ()".len();
        format!(" x@y.test ({}){tail}", "c".repeat(comment))
    };
    let fits = of_length(MAX_FIELD);
    assert_eq!(fits.len(), MAX_FIELD);
    assert!(rewrite(fits.as_bytes(), target).is_some());
    assert_eq!(rewrite(of_length(MAX_FIELD + 1).as_bytes(), target), None);
}

/// A replacement must not make another list of addresses, whatever it is.
#[test]
fn a_replacement_that_is_no_single_address_changes_nothing() {
    for evil in [
        "a@b.test, c@d.test",
        "a@b.test (comment",
        "a@b.test\r\nBcc: x@y.test",
        "<a@b.test>",
        "",
        "a@b.test;",
    ] {
        let replaced = |old: &str| (old == OLD).then(|| evil.to_owned());
        let field = " Anna <anna@company.com>, jd@domain2.com, bob@company.com";
        assert_eq!(rewrite(field.as_bytes(), replaced), None, "{evil:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A list of any members: exactly the members with the address change.
    #[test]
    fn in_any_list_exactly_the_address_changes(
        members in prop::collection::vec(prop::sample::select(vec![
            "@@", "<@@>", "John <@@>", "\"Doe, J\" <@@> (x)", "anna@company.com", "Bob <bob@company.com>",
            "\"a@b\" <c@d.test>", "(c) e@f.test", "=?utf-8?q?J=40?= <g@h.test>",
        ]), 1..8),
        separator in prop::sample::select(vec![",", ", ", ",\r\n\t", " ,"]),
    ) {
        let list = format!(" {}", members.join(separator));
        let before = list.replace("@@", OLD);
        let rewritten = rewrite(before.as_bytes(), target);
        let rewritten = rewritten.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let wanted = list.contains("@@").then(|| list.replace("@@", NEW));
        prop_assert_eq!(rewritten, wanted);
    }
}
