//! Sendmail with both domains in class w takes two spellings for one recipient.

use super::*;

fn plan(recipients: &[(&str, &str)]) -> Vec<String> {
    let mut transaction = Transaction::new(table(), true);
    for (path, address) in recipients {
        transaction.recipient(Received {
            path: path.as_bytes(),
            parameters: &[],
            mta_address: Some(address.as_bytes()),
            mta_mailer: Some(b"local"),
            no_client: false,
        });
    }
    lines(&transaction.finish())
}

#[test]
fn it_is_not_deleted_beside_itself() {
    let both = [
        ("<mail@domain2.com>", "mail"),
        ("<mail@company.com>", "mail"),
    ];
    assert!(plan(&both).is_empty());
}

#[test]
fn another_one_is() {
    let two = [("<jd@domain2.com>", "jd"), ("<jdoe@company.com>", "jdoe")];
    assert_eq!(plan(&two), ["-<jd@domain2.com>"]);
}

#[test]
fn it_is_deleted_where_none_of_the_two_stays() {
    let two = [("<jd@domain2.com>", "jd"), ("<JD@domain2.com>", "jd")];
    assert_eq!(plan(&two)[..2], ["-<jd@domain2.com>", "-<JD@domain2.com>"]);
}
