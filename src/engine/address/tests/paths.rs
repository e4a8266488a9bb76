//! Paths as they stand in RCPT: with source routes, without a domain, and broken ones.

use std::collections::BTreeMap;

use crate::engine::address::*;

/// Paths as they stand in RCPT, and what they are: an address, `-` without a domain, `[]` a literal, `!` an
/// error.
const PATHS: &[(&str, &str)] = &[
    ("<jd@domain2.com>", "jd@domain2.com"),
    ("jd@domain2.com", "jd@domain2.com"),
    ("<JD@Domain2.COM.>", "JD@domain2.com"),
    ("<\"j d\"@domain2.com>", "\"j d\"@domain2.com"),
    ("<\"j>d\"@domain2.com>", "\"j>d\"@domain2.com"),
    ("<a@b@domain2.com>", "a@b@domain2.com"),
    (
        "<user%domain2.com@relay.example>",
        "user%domain2.com@relay.example",
    ),
    // source routes (RFC 5321 appendix C)
    ("<@a.example:jd@domain2.com>", "jd@domain2.com"),
    ("<@a.example,@b.example:jd@domain2.com>", "jd@domain2.com"),
    ("@a.example:jd@domain2.com", "jd@domain2.com"),
    ("<@[192.0.2.1]:jd@domain2.com>", "jd@domain2.com"),
    ("<@[IPv6:2001:db8::1]:jd@domain2.com>", "jd@domain2.com"),
    ("<@a.example:\"x:y\"@domain2.com>", "\"x:y\"@domain2.com"),
    // no domain, or none of this table's kind
    ("<postmaster>", "-"),
    ("postmaster", "-"),
    ("<\"a@b\">", "-"),
    ("<user%domain2.com>", "-"),
    ("<domain2.com!user>", "-"),
    ("<jd@[192.0.2.1]>", "[]"),
    ("<jd@[IPv6:2001:db8::1]>", "[]"),
    // not a path
    ("", "!"),
    ("<>", "!"),
    ("<", "!"),
    ("<jd@domain2.com", "!"),
    ("jd@domain2.com>", "!"),
    ("<<jd@domain2.com>>", "!"),
    ("<jd@>", "!"),
    ("<@domain2.com>", "!"),
    ("<@a.example>", "!"),
    ("<jd @domain2.com>", "!"),
    ("<jd@domain2.com >", "!"),
    ("<jd(x)@domain2.com>", "!"),
    ("<jd@domain2.com(x)>", "!"),
    ("<\"jd@domain2.com>", "!"),
    ("<jd\\@domain2.com>", "!"),
    ("<jd@domain2..com>", "!"),
    ("<jd@domain2.com,x@y.example>", "!"),
    ("<jd\r\n@domain2.com>", "!"),
];

#[test]
fn a_path_is_an_address_no_domain_a_literal_or_an_error() {
    for (path, wanted) in PATHS {
        let read = match ForwardPath::parse(path.as_bytes()) {
            Ok(ForwardPath::Mailbox(mailbox)) => mailbox.to_string(),
            Ok(ForwardPath::NoDomain) => "-".to_owned(),
            Ok(ForwardPath::Literal) => "[]".to_owned(),
            Err(PathError) => "!".to_owned(),
        };
        assert_eq!(read, *wanted, "{path:?}");
    }
}

#[test]
fn only_a_source_route_is_taken_out_of_a_path() {
    for (path, rest) in [
        ("<@a.example,@b.example:JD@Domain2.com>", "<JD@Domain2.com>"),
        ("@a.example:jd@d", "jd@d"),
        ("<@[IPv6:::1]:jd@d>", "<jd@d>"),
        ("<@a:>", "<>"),
        ("<@a.example>", "<@a.example>"),
        ("<@\"a:b\":jd@d>", "<@\"a:b\":jd@d>"),
        ("<jd:x@d>", "<jd:x@d>"),
        ("<jd@d>", "<jd@d>"),
        ("", ""),
        ("<", "<"),
        ("<@", "<@"),
        ("<@[a:b", "<@[a:b"),
    ] {
        assert_eq!(*without_route(path.as_bytes()), *rest.as_bytes(), "{path}");
    }
}

#[test]
fn the_domain_of_what_is_no_path_is_what_an_mta_would_read() {
    let domains: BTreeMap<&str, Option<&str>> = BTreeMap::from([
        ("x y@domain2.com", Some("domain2.com")),
        ("<x y@DOMAIN2.com>", Some("domain2.com")),
        ("x@other.example@domain2.com", Some("domain2.com")),
        ("x@domain2.com (comment@other.example)", Some("domain2.com")),
        ("x@domain2 . com", Some("domain2.com")),
        ("x@\"domain2.com\"", Some("domain2.com")),
        ("x@domain2.com...", Some("domain2.com")),
        ("x@(c)domain2(d).com", Some("domain2.com")),
        ("x(@domain2.com", Some("domain2.com")),
        ("x y", None),
        ("x y@", None),
        ("x y@a/b", None),
    ]);
    for (text, wanted) in domains {
        let domain = domain_at_the_end(text.as_bytes());
        assert_eq!(domain.as_ref().map(Domain::as_str), wanted, "{text}");
    }
}
