//! Traps of virtual(5), of regexp tables and of virtusertable.

use super::support::{domain, finds, import, read};
use readdress::engine::format::{ImportFormat, Options};

#[test]
fn comments_between_continuations_and_none_behind() {
    read(
        "a.virtual",
        "jd@d.com a@c.com,\n  # comment\n\n#another\n\tb@c.com\n",
    )
    .is(&["jd@d.com a@c.com, b@c.com"], &[]);
    finds(
        "a.virtual",
        "jd@d.com a@c.com # John\n",
        &["a.virtual:1:18: error inline-comment"],
    );
    finds(
        "a.virtual",
        "  jd@d.com a@c.com\nx@d.com a@c.com\n",
        &["a.virtual:1:3: error continuation"],
    );
}

#[test]
fn quoted_keys() {
    read(
        "a.virtual",
        "\"john doe\"@d.com anna@c.com\n\"a\\\"b\"@d.com x@c.com\n",
    )
    .is(
        &["\"john doe\"@d.com anna@c.com", "\"a\\\"b\"@d.com x@c.com"],
        &[],
    );
    finds(
        "a.virtual",
        "\"john doe@d.com anna@c.com\n",
        &["a.virtual:1:1: error unclosed-quote"],
    );
}

#[test]
fn a_line_that_postmap_would_drop_is_an_error() {
    finds(
        "a.virtual",
        "jd@d.com\n",
        &["a.virtual:1:1: error no-action"],
    );
    finds("a.virtual", "x@d.com a@c.com\n", &[]);
    let bad = read("a.virtual", b"x@d.com a@c.com\nj\xf6rg@d.com a@c.com\n");
    assert_eq!(bad.findings, ["a.virtual:2:2: error not-utf8"]);
    bad.says("import --encoding windows-1252");
}

#[test]
fn bare_keys() {
    read("a.virtual", "d.com x\njd@d.com a@c.com\n")
        .is(&["d.com secondary", "jd@d.com a@c.com"], &[]);
    let user = finds(
        "a.virtual",
        "jdoe a@c.com\njohn.doe b@c.com\n",
        &[
            "a.virtual:1:1: error bare-key",
            "a.virtual:2:1: error bare-key",
        ],
    );
    user.says("`jdoe` has no domain")
        .says("write `jdoe@` and the domain")
        .says("if it is a domain, write `john.doe secondary`")
        .says("--local-domain");
    assert!(!user.words.contains("jdoe secondary"));
    // What the help says is so.
    read("a.virtual", "john.doe secondary\njdoe@d.com a@c.com\n")
        .is(&["john.doe secondary", "jdoe@d.com a@c.com"], &[]);
    // A domain in which nobody has an address: Postfix refuses all mail for it.
    read("a.virtual", "e.com anything\njd@d.com a@c.com\n").is(
        &["e.com secondary", "jd@d.com a@c.com"],
        &["a.virtual:1:1: warning empty-domain"],
    );
    let options = Options {
        local_domain: Some(domain("c.com")),
        ..Options::default()
    };
    import(
        ImportFormat::Virtual,
        "jdoe a@c.com\njohn.doe b@c.com, Bob <c@c.com>\n",
        &options,
    )
    .is(
        &["jdoe@c.com a@c.com", "john.doe@c.com b@c.com, c@c.com"],
        &[],
    );
}

#[test]
fn values_that_postfix_completes() {
    finds(
        "a.virtual",
        "jd@d.com postmaster\n",
        &["a.virtual:1:10: error no-domain"],
    )
    .says("--myorigin");
    // Whether Postfix appends its domain to these is its own business, now as before.
    read("a.virtual", "jd@d.com a@host, root@localhost\n")
        .is(
            &["jd@d.com a@host, root@localhost"],
            &["a.virtual:1:10: warning short-domain"],
        )
        .says("--mydomain");
    finds(
        "a.virtual",
        "jd@d.com \"anna@c.com\"\n",
        &["a.virtual:1:10: error no-domain"],
    )
    .says("delete the quotes");
    let options = Options {
        myorigin: Some(domain("c.com")),
        mydomain: Some(domain("c.com")),
        ..Options::default()
    };
    import(
        ImportFormat::Virtual,
        "jd@d.com postmaster, a@host\n",
        &options,
    )
    .is(&["jd@d.com postmaster@c.com, a@host.c.com"], &[]);
}

#[test]
fn what_is_no_address() {
    finds(
        "a.virtual",
        "a@d.com |cmd\nb@d.com /file\nc@d.com :include:/x\n",
        &[
            "a.virtual:1:9: error not-an-address",
            "a.virtual:2:9: error not-an-address",
            "a.virtual:3:9: error not-an-address",
        ],
    );
    finds(
        "a.virtual",
        "postmaster: a@c.com\nroot: b@c.com\n",
        &["a.virtual:1:1: error alias-file"],
    )
    .says("2 lines of the form `key: value`: this is an alias file, aliases(5)");
    finds(
        "a.virtual",
        "jd@d.com: a@c.com\nsales@d.com: a@c.com,b@c.com\nx@d.com: \"|/usr/bin/prog x\"\n*: :fail: No Such User Here\n",
        &["a.virtual:1:1: error alias-file"],
    )
    .says("4 lines")
    .says("cPanel (/etc/valiases)");
    finds(
        "a.virtual",
        "a@d.com b@c.com, @c.com\n",
        &["a.virtual:1:18: error bad-target"],
    );
    finds(
        "a.virtual",
        "a@d.com b%x@c.com\n",
        &["a.virtual:1:9: error routing-spelling"],
    );
}

/// What Postfix itself makes of these and many more is in `peers_virtual.rs`.
#[test]
fn address_forms_in_values() {
    read(
        "a.virtual",
        "a@d.com <anna@c.com>\nb@d.com anna@c.com (Anna, the first)\nc@d.com \"Anna, B\" <anna@c.com>; Bob <bob@c.com>\n\
         e@d.com Anna B\n  <anna@c.com>,\n  bob@c.com\nf@d.com <@relay.example:anna@c.com>\n",
    )
    .is(
        &[
            "a@d.com anna@c.com",
            "b@d.com anna@c.com",
            "c@d.com anna@c.com, bob@c.com",
            "e@d.com anna@c.com, bob@c.com",
            "f@d.com anna@c.com",
        ],
        &[],
    );
    finds(
        "a.virtual",
        "a@d.com bob@c.com <anna@c.com>\nb@d.com <anna@c.com\nc@d.com anna@c.com (Anna\ne@d.com mailto:anna@c.com\nf@d.com <>\ng@d.com (Anna)\n",
        &[
            "a.virtual:1:9: error not-an-address",
            "a.virtual:2:9: error syntax",
            "a.virtual:3:20: error syntax",
            "a.virtual:4:9: error not-an-address",
            "a.virtual:5:10: error not-an-address",
            "a.virtual:6:1: error no-action",
        ],
    );
}

#[test]
fn keep_local_part_and_identity() {
    read(
        "a.virtual",
        "jd@d.com @c.com\nA@d.com a@D.com\n@d.com @d.com\n",
    )
    .is(&["jd@d.com @c.com", "A@d.com keep", "@d.com keep"], &[]);
}

#[test]
fn postmap_dumps_are_the_same_format() {
    read("a.virtual", "jd@d.com\ta@c.com\r\n@d.com\t@c.com")
        .is(&["jd@d.com a@c.com", "@d.com @c.com"], &[]);
}

#[test]
fn regex_tables() {
    read(
        "a.virtual",
        "/^(.*)@d\\.com$/i  ${1}@c.com\n/^(.+)@e\\.com$/ $(1)@c.com\n",
    )
    .is(&["@d.com @c.com", "@e.com @c.com"], &[]);
    finds(
        "a.virtual",
        "/^(.*)@d.com$/ $1@c.com\n!/x/ a@c.com\nif /y/\n/z/ b@c.com\nendif\n",
        &[
            "a.virtual:1:1: error regex-table",
            "a.virtual:2:1: error regex-table",
            "a.virtual:3:1: error regex-table",
            "a.virtual:4:1: error regex-table",
            "a.virtual:5:1: error regex-table",
        ],
    );
}

#[test]
fn virtusertable_lines() {
    finds(
        "a.virtusertable",
        " jd@d.com a@c.com\nx@d.com\n",
        &[
            "a.virtusertable:1:2: error leading-space",
            "a.virtusertable:2:1: error no-action",
        ],
    );
    finds(
        "a.virtusertable",
        "jd@d.com a@c.com # John\n",
        &["a.virtusertable:1:10: error one-address"],
    );
    finds(
        "a.virtusertable",
        "jd@d.com a@c.com,b@c.com\n",
        &["a.virtusertable:1:10: error one-address"],
    );
    read("a.virtusertable", "#c\njd@d.com\ta@c.com  \r\n")
        .is(&["jd@d.com a@c.com detail=drop"], &[]);
    finds(
        "a.virtusertable",
        "jd@d.com. a@c.com\n",
        &["a.virtusertable:1:4: error bad-domain"],
    );
    finds(
        "a.virtusertable",
        "u%h@d.com a@c.com\nv!h@d.com a@c.com\n",
        &[
            "a.virtusertable:1:1: error routing-spelling",
            "a.virtusertable:2:1: error routing-spelling",
        ],
    );
}

#[test]
fn virtusertable_local_users() {
    finds(
        "a.virtusertable",
        "info@d.com info-list\n",
        &["a.virtusertable:1:12: error no-domain"],
    )
    .says("--local-domain");
    let options = Options {
        local_domain: Some(domain("c.com")),
        ..Options::default()
    };
    import(
        ImportFormat::Virtusertable,
        "info@d.com info-list\n",
        &options,
    )
    .is(&["info@d.com info-list@c.com detail=drop"], &[]);
}

#[test]
fn virtusertable_percents() {
    read(
        "a.virtusertable",
        "@a.com %1@c.com\n@b.com %1%3@c.com\n@e.com x%3@c.com\n+*@d.com %1@c.com\n\
         jd@d.com %1@c.com\nkl@d.com %1%3@c.com\nm+*@d.com %1-%2@c.com\n+*@e.com box+%2@c.com\nn+x@d.com %1@c.com\n",
    )
    .is(
        &[
            "@a.com @c.com detail=drop",
            "@b.com @c.com detail=keep",
            "@e.com x@c.com detail=keep",
            "+*@d.com @c.com detail=drop",
            "/.+\\+@d\\.com/ @c.com detail=drop",
            "jd@d.com jd@c.com detail=drop",
            "kl@d.com kl@c.com detail=keep",
            "m+*@d.com m-*@c.com",
            "m+@d.com m-@c.com",
            "+*@e.com box+*@c.com",
            "/[^+]+\\+@e\\.com/ box+@c.com",
            "n+x@d.com n+x@c.com detail=drop",
        ],
        &[],
    );
    finds(
        "a.virtusertable",
        "@a.com %0@c.com\n@b.com %2.%1@c.com\n@e.com %%x@c.com\n@f.com x@%1.com\n",
        &[
            "a.virtusertable:1:8: error bad-capture",
            "a.virtusertable:2:8: error bad-target",
            "a.virtusertable:3:8: error routing-spelling",
            "a.virtusertable:4:10: error bad-domain",
        ],
    );
}

/// What Sendmail itself answers to these and many more is in `peers_virtusertable.rs`.
#[test]
fn virtusertable_refusals() {
    read(
        "a.virtusertable",
        "a@d.com error:nouser 550 No such user\nb@d.com error:nouser \"450 4.2.1 try later\"\n\
         c@d.com error:5.1.1:550 5.1.6 Moved\ne@d.com ERROR : NoUser 553 Gone\n\
         f@d.com error:5.1.6:\"551 moved to x\"\n",
    )
    .is(
        &[
            "a@d.com reject 550 5.0.0 \"No such user\"",
            "b@d.com defer 450 4.2.1 \"try later\"",
            "c@d.com reject 550 5.1.6 \"Moved\"",
            "e@d.com reject 553 5.0.0 \"Gone\"",
            "f@d.com reject 551 5.1.6 \"moved to x\"",
        ],
        &[],
    );
    finds(
        "a.virtusertable",
        "a@d.com error:5.1.1:450 x\nb@d.com error:4.1.1:550 x\nc@d.com error:5.1.1:421 bye\n\
         e@d.com error:nouser 550 \"x\nf@d.com error:nouser 550 %1 is not here\n",
        &[
            "a.virtusertable:1:9: error bad-reply",
            "a.virtusertable:2:9: error bad-reply",
            "a.virtusertable:3:9: error bad-reply",
            "a.virtusertable:4:9: error bad-reply",
            "a.virtusertable:5:9: error bad-capture",
        ],
    );
}

/// Without a code Sendmail refuses for good, also where `tempfail` is written.
#[test]
fn virtusertable_refusals_without_a_code() {
    read(
        "a.virtusertable",
        "a@d.com error:nouser\nb@d.com error:tempfail Try later\nc@d.com error:4.7.1:Later\n\
         e@d.com error:tempfail:450 4.2.1 Later\n",
    )
    .is(
        &[
            "a@d.com reject 553 5.3.0 \"User unknown\"",
            "b@d.com reject 553 5.3.0 \"Try later\"",
            "c@d.com reject 553 5.3.0 \"Later\"",
            "e@d.com reject 553 5.3.0 \":450 4.2.1 Later\"",
        ],
        &[
            "a.virtusertable:1:9: warning no-reply-code",
            "a.virtusertable:2:9: warning no-reply-code",
            "a.virtusertable:3:9: warning no-reply-code",
            "a.virtusertable:4:9: warning no-reply-code",
        ],
    )
    .says("`error:nouser \"550 User unknown\"`")
    .says("`error:tempfail \"450 Try later\"`")
    .says("`error:4.7.1:\"450 Later\"`")
    .says("`error:tempfail \"450 4.2.1 Later\"`");
}

/// `user+*@` and `+*@` match an empty detail, `user++@` and `++@` do not; a key that spells it out
/// comes first.
#[test]
fn virtusertable_empty_details() {
    read(
        "a.virtusertable",
        "a+*@d.com x%3@c.com\nb++@d.com y%2@c.com\nJ+*@d.com z+%2@c.com\nj+@d.com j@c.com\n\
         k+*@d.com error:5.7.1:550 No\n++@e.com %1%3@c.com\n+*@f.com error:5.7.1:550 No\n",
    )
    .is(
        &[
            "a+*@d.com x+*@c.com",
            "a+@d.com x+@c.com",
            "b+*@d.com y*@c.com",
            "J+*@d.com z+*@c.com",
            "j+@d.com j@c.com detail=drop",
            "k+*@d.com reject 550 5.7.1 \"No\"",
            "k+@d.com reject 550 5.7.1 \"No\"",
            "+*@e.com @c.com",
            "+*@f.com reject 550 5.7.1 \"No\"",
            "/.+\\+@f\\.com/ reject 550 5.7.1 \"No\"",
        ],
        &[],
    );
}

#[test]
fn virtusertable_old_routing_is_refused_on_both_sides() {
    for line in [
        "user%host@d.com a@c.com",
        "host!user@d.com a@c.com",
        "jd@d.com user%%host@c.com",
        "jd@d.com host!user@c.com",
    ] {
        let found = read("s.virtusertable", format!("{line}\n"));
        assert_eq!(found.rules, [""; 0], "{line}");
        assert!(
            found.findings[0].ends_with("error routing-spelling"),
            "{line}: {:?}",
            found.findings
        );
    }
}

/// `makemap -f` keeps the letter case of keys; here they are one address, and two targets a conflict.
#[test]
fn virtusertable_keys_of_makemap_f() {
    use readdress::engine::{Settings, compile};
    let sources = [super::support::source(
        "s.virtusertable",
        b"JD@d.com a@c.com\njd@d.com b@c.com\n",
    )];
    let compiled = compile(&sources, &Settings::default());
    assert!(compiled.table.is_none());
    let found = compiled
        .diagnostics
        .iter()
        .find(|f| f.code.word() == "conflict")
        .unwrap();
    assert_eq!((found.excerpt.line, found.notes[0].excerpt.line), (2, 1));
}

/// The same file may be relay_recipient_maps, which name who exists and no targets.
#[test]
fn lists_of_recipients_are_no_aliases() {
    for word in ["OK", "x", "relay", "REJECT"] {
        finds(
            "p.virtual",
            &format!("jd@d.com {word}\n"),
            &["p.virtual:1:10: error not-an-address"],
        )
        .says("virtual_alias_maps");
    }
    finds(
        "p.virtual",
        "jd@d.com okay\n",
        &["p.virtual:1:10: error no-domain"],
    );
}

#[test]
fn a_whole_domain_counts_only_as_the_first_value() {
    finds(
        "a.virtual",
        "@d.com a@c.com, @c.com\n",
        &["a.virtual:1:17: error bad-target"],
    )
    .says("first");
}
