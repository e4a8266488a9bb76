//! Targets that are not ASCII.

use super::*;

#[test]
fn need_smtputf8() {
    for (smtputf8, expect) in [
        (false, Some("550 5.6.7 Recipient address requires SMTPUTF8")),
        (true, None),
    ] {
        let mut transaction = Transaction::new(table(), smtputf8);
        receive(&mut transaction, &["<joerg@domain2.com>"]);
        let answer = transaction.recipients()[0]
            .answer()
            .map(ToString::to_string);
        assert_eq!(answer.as_deref(), expect);
        let plan = transaction.finish();
        assert_eq!(plan.additions.len(), usize::from(smtputf8));
        assert_eq!(plan.deletions.len(), usize::from(smtputf8));
    }
}

#[test]
fn one_that_is_kept_needs_nothing() {
    let mut transaction = Transaction::new(table(), false);
    receive(&mut transaction, &["<jörg@domain2.com>"]);
    assert!(transaction.recipients()[0].answer().is_none());
    assert!(transaction.finish().is_empty());
}

#[test]
fn without_an_orcpt_that_could_not_be_written() {
    let mut transaction = Transaction::new(table(), true);
    receive(&mut transaction, &["<jürgen@domain2.com>"]);
    assert_eq!(
        lines(&transaction.finish()),
        ["-<jürgen@domain2.com>", "+<jürgen@company.com>"]
    );
}
