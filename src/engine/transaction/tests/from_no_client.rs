//! Mail that comes from no SMTP client.

use super::*;

fn received(path: &str) -> Received<'_> {
    Received {
        path: path.as_bytes(),
        no_client: true,
        ..Received::default()
    }
}

#[test]
fn is_kept_where_it_would_be_refused() {
    for path in ["gone@domain2.com", "later@domain2.com", "a%b@domain2.com"] {
        let mut transaction = Transaction::new(table(), false);
        let recipient = transaction.recipient(received(path));
        assert_eq!(recipient.action(), "keep", "{path}");
    }
}

#[test]
fn is_rewritten_like_any_other_and_stays_when_spared() {
    let mut transaction = Transaction::new(table(), true);
    for path in ["gone@domain2.com", "jd@domain2.com", "trap@domain2.com"] {
        let recipient = transaction.recipient(received(path));
        assert!(recipient.answer().is_none());
    }
    assert_eq!(
        lines(&transaction.finish()),
        [
            "-jd@domain2.com",
            "-trap@domain2.com",
            "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com"
        ]
    );
}

#[test]
fn a_spared_recipient_is_in_the_envelope() {
    let mut transaction = Transaction::new(table(), false);
    for path in ["trap@domain2.com", "gone@domain2.com"] {
        transaction.recipient(received(path));
    }
    assert_eq!(transaction.recipients()[1].action(), "keep");
    assert!(transaction.recipients()[1].spared);
    assert_eq!(lines(&transaction.finish()), ["-trap@domain2.com"]);
}
