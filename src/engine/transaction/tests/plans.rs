//! The recipients that a plan deletes, and those that it adds.

use super::*;

#[test]
fn a_recipient_is_deleted_as_received_and_its_target_added() {
    check(
        &["<JD@Domain2.COM>"],
        &[
            "-<JD@Domain2.COM>",
            "+<jdoe@company.com> ORCPT=rfc822;JD@Domain2.COM",
        ],
    );
}

#[test]
fn what_is_kept_is_not_touched() {
    check(
        &[
            "<anna@company.com>",
            "<x@partner.example>",
            "<y@else.example>",
        ],
        &[],
    );
    check(
        &[
            "<postmaster>",
            "<a@[192.0.2.1]>",
            "<postmaster@domain2.com>",
        ],
        &[],
    );
}

#[test]
fn a_target_that_was_received_is_not_added_again() {
    check(
        &["<jd@domain2.com>", "<JDoe@company.com>"],
        &["-<jd@domain2.com>"],
    );
    check(
        &["<JDoe@company.com>", "<jd@domain2.com>"],
        &["-<jd@domain2.com>"],
    );
}

#[test]
fn a_target_that_was_refused_is_not_in_the_envelope() {
    let mut transaction = Transaction::new(table(), true);
    receive(
        &mut transaction,
        &["<gone@domain2.com>", "<jd@domain2.com>"],
    );
    let answers: Vec<_> = transaction
        .recipients()
        .iter()
        .map(|recipient| recipient.answer().map(ToString::to_string))
        .collect();
    assert_eq!(answers, [Some("550 5.1.1 gone".to_owned()), None]);
    assert_eq!(
        lines(&transaction.finish()),
        [
            "-<jd@domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com"
        ]
    );
}

#[test]
fn one_that_keeps_itself_among_others_stays() {
    check(
        &["<copy@company.com>"],
        &["+<jdoe@company.com> ORCPT=rfc822;copy@company.com"],
    );
}

#[test]
fn the_same_recipient_twice_is_deleted_in_each_spelling_once() {
    check(
        &["<jd@domain2.com>", "<JD@domain2.com>", "<jd@domain2.com>"],
        &[
            "-<jd@domain2.com>",
            "-<JD@domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com",
        ],
    );
}

#[test]
fn a_source_route_is_deleted_as_received_and_no_part_of_orcpt() {
    check(
        &["<@a.example,@b.example:Jd@domain2.com>"],
        &[
            "-<@a.example,@b.example:Jd@domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;Jd@domain2.com",
        ],
    );
}

#[test]
fn a_transaction_without_recipients_has_an_empty_plan() {
    assert!(Transaction::new(table(), true).finish().is_empty());
}
