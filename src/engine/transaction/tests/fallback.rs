//! The cases in which the address that the MTA understood is looked up.

use super::*;

#[test]
fn not_where_the_received_form_is_ours() {
    let looked_up = with_mta_address("<jd@domain2.com>", Some("anna@company.com"), Some("local"));
    assert_eq!(looked_up, ("jd@domain2.com".into(), "replace"));
}

#[test]
fn where_the_received_form_has_no_domain_or_does_not_parse() {
    let replaced = ("jd@domain2.com".to_owned(), "replace");
    for path in [
        "<jd%domain2.com>",
        "<jd(comment)@domain2.com>",
        "<@a.example>",
        "<>",
    ] {
        assert_eq!(
            with_mta_address(path, Some("jd@domain2.com"), Some("smtp")),
            replaced,
            "{path}"
        );
    }
}

#[test]
fn where_the_received_form_is_in_no_domain_of_the_table() {
    assert_eq!(
        with_mta_address(
            "<jd%domain2.com@else.example>",
            Some("jd@domain2.com"),
            Some("smtp")
        ),
        ("jd@domain2.com".into(), "replace")
    );
}

#[test]
fn never_without_an_at_or_for_the_error_mailer() {
    assert_eq!(
        with_mta_address("<jd%domain2.com>", Some("jd"), Some("local")).1,
        "keep"
    );
    assert_eq!(
        with_mta_address("<jd%domain2.com>", Some("jd@domain2.com"), Some("error")).1,
        "keep"
    );
}

#[test]
fn a_fallback_that_is_not_ours_either_changes_nothing() {
    assert_eq!(
        with_mta_address("<x@else.example>", Some("y@other.example"), Some("smtp")),
        ("x@else.example".into(), "keep")
    );
}

#[test]
fn the_deletion_names_what_was_received_all_the_same() {
    let mut transaction = Transaction::new(table(), true);
    transaction.recipient(Received {
        path: b"<jd%domain2.com>",
        parameters: &[],
        mta_address: Some(b"jd@domain2.com"),
        mta_mailer: Some(b"smtp"),
        no_client: false,
    });
    assert_eq!(
        lines(&transaction.finish()),
        [
            "-<jd%domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;jd%domain2.com"
        ]
    );
}
