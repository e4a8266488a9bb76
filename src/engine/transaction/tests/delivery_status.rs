//! ORCPT and NOTIFY: RFC 3461 section 5.2.7.

use super::*;

#[track_caller]
fn added(commands: &[&str], expect: &[&str]) {
    let mut transaction = Transaction::new(table(), true);
    receive(&mut transaction, commands);
    let plan = lines(&transaction.finish());
    let added: Vec<_> = plan.iter().filter(|line| line.starts_with('+')).collect();
    assert_eq!(added, expect);
}

#[test]
fn one_to_one_keeps_both() {
    added(
        &["<jd@domain2.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;list@first.example"],
        &["+<jdoe@company.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;list@first.example"],
    );
}

#[test]
fn one_to_many_loses_success() {
    added(
        &["<sales@domain2.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;s@x.example"],
        &[
            "+<anna@company.com> NOTIFY=FAILURE ORCPT=rfc822;s@x.example",
            "+<bob@company.com> NOTIFY=FAILURE ORCPT=rfc822;s@x.example",
        ],
    );
    added(
        &["<sales@domain2.com> NOTIFY=SUCCESS ORCPT=rfc822;s@x.example"],
        &[
            "+<anna@company.com> NOTIFY=NEVER ORCPT=rfc822;s@x.example",
            "+<bob@company.com> NOTIFY=NEVER ORCPT=rfc822;s@x.example",
        ],
    );
}

#[test]
fn one_of_many_that_was_received_counts_among_them() {
    added(
        &[
            "<sales@domain2.com> NOTIFY=SUCCESS ORCPT=rfc822;s@x.example",
            "<bob@company.com>",
        ],
        &["+<anna@company.com> NOTIFY=NEVER ORCPT=rfc822;s@x.example"],
    );
}

#[test]
fn the_received_address_becomes_orcpt_as_xtext() {
    added(
        &["<jd+a=b@domain2.com>"],
        &["+<jdoe+a=b@company.com> ORCPT=rfc822;jd+2Ba+3Db@domain2.com"],
    );
}

#[test]
fn what_is_no_xtext_is_not_passed_on() {
    added(
        &["<jd@domain2.com> ORCPT=rfc822;a=b NOTIFY=SOMETIMES SIZE=5 X-OTHER"],
        &["+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com"],
    );
}

#[test]
fn merging_takes_the_first_orcpt_and_the_union() {
    added(
        &[
            "<jd@domain2.com> NOTIFY=DELAY ORCPT=rfc822;one@x.example",
            "<john@domain2.com> NOTIFY=FAILURE ORCPT=rfc822;two@x.example",
        ],
        &["+<jdoe@company.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;one@x.example"],
    );
}

#[test]
fn never_only_if_all_say_so() {
    added(
        &[
            "<jd@domain2.com> NOTIFY=NEVER",
            "<john@domain2.com> NOTIFY=NEVER",
        ],
        &["+<jdoe@company.com> NOTIFY=NEVER ORCPT=rfc822;jd@domain2.com"],
    );
    added(
        &[
            "<jd@domain2.com> NOTIFY=NEVER",
            "<john@domain2.com> NOTIFY=DELAY",
        ],
        &["+<jdoe@company.com> NOTIFY=DELAY ORCPT=rfc822;jd@domain2.com"],
    );
    // A sender without NOTIFY gets notifications of failures, unlike a sender with NEVER.
    added(
        &["<jd@domain2.com> NOTIFY=NEVER", "<john@domain2.com>"],
        &["+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com"],
    );
}

#[test]
fn a_list_and_a_single_alias_that_meet() {
    added(
        &[
            "<info@domain2.com> NOTIFY=SUCCESS",
            "<jd@domain2.com> NOTIFY=SUCCESS",
        ],
        &[
            "+<anna@company.com> NOTIFY=NEVER ORCPT=rfc822;info@domain2.com",
            "+<bob@company.com> NOTIFY=NEVER ORCPT=rfc822;info@domain2.com",
            "+<jdoe@company.com> NOTIFY=SUCCESS ORCPT=rfc822;info@domain2.com",
        ],
    );
}
