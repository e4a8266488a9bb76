//! Every kind of rule in a whole message: the reply to the recipient, and the changes at the end.

use super::*;

/// Every kind of rule, what the client is answered, and what is left of the recipient at the end.
const VERDICTS: &str = "\
company.com primary unknown=reject
domain2.com secondary
domain3.com secondary unknown=defer
domain4.com secondary unknown=keep
jd@domain2.com jdoe@company.com
sales@domain2.com anna@company.com, bob@company.com
here@domain2.com keep
trap@domain2.com discard
gone@domain2.com reject
left@domain2.com reject 554 5.7.1 \"Left in May\"
slow@domain2.com defer
later@domain2.com defer 450 4.2.1 \"Later\"
old@domain2.com moved ann@partner.example
anna@company.com mailbox
bob@company.com mailbox
jdoe@company.com mailbox
";

/// A path, the beginning of the reply (empty: the MTA goes on), and the changes at the end.
const FATES: &[(&str, &str, &[&str])] = &[
    (
        "<jd@domain2.com>",
        "",
        &["-<jd@domain2.com>", "+jdoe@company.com"],
    ),
    (
        "<JD+x@Domain2.com>",
        "",
        &["-<JD+x@Domain2.com>", "+jdoe+x@company.com"],
    ),
    (
        "<sales@domain2.com>",
        "",
        &[
            "-<sales@domain2.com>",
            "+anna@company.com",
            "+bob@company.com",
        ],
    ),
    ("<here@domain2.com>", "", &[]),
    ("<trap@domain2.com>", "", &["-<trap@domain2.com>"]),
    ("<gone@domain2.com>", "550 5.1.1 ", &[]),
    ("<left@domain2.com>", "554 5.7.1 Left in May", &[]),
    ("<slow@domain2.com>", "451 4.3.0 ", &[]),
    ("<later@domain2.com>", "450 4.2.1 Later", &[]),
    ("<old@domain2.com>", "551 5.1.6 ", &[]),
    ("<nobody@domain2.com>", "550 5.1.1 ", &[]),
    ("<nobody@domain3.com>", "451 4.3.0 ", &[]),
    ("<nobody@domain4.com>", "", &[]),
    ("<nobody@company.com>", "550 5.1.1 ", &[]),
    ("<anna@company.com>", "", &[]),
    ("<x@elsewhere.example>", "", &[]),
    ("<postmaster>", "", &[]),
    ("<jd@[192.0.2.1]>", "", &[]),
    // no relay by spelling
    ("<x%elsewhere.example@domain2.com>", "550 5.1.3 ", &[]),
    ("<\"x@elsewhere.example\"@domain2.com>", "550 5.1.3 ", &[]),
    ("<elsewhere.example!x@domain4.com>", "550 5.1.3 ", &[]),
];

#[tokio::test]
async fn each_recipient_is_answered_or_changed_as_its_rule_says() {
    let mut session = Session::new(sessions(VERDICTS, |_| {}));
    for (path, reply, changes) in FATES {
        session.begin(false);
        let answered = receive(&mut session, path);
        assert_eq!(answered.is_empty(), reply.is_empty(), "{path}: {answered}");
        assert!(answered.starts_with(reply), "{path}: {answered}");
        assert_eq!(finish(&mut session).await, *changes, "{path}");
    }
}

/// The MTA itself sends notices and forwards: nobody would get a refusal.
#[tokio::test]
async fn mail_that_comes_from_no_client_is_rewritten_and_never_refused() {
    let mut session = Session::new(sessions(VERDICTS, |_| {}));
    for (path, _, changes) in FATES {
        session.begin(false);
        let received = Received {
            path: path.as_bytes(),
            no_client: true,
            ..Received::default()
        };
        assert_eq!(session.recipient(received, None), None, "{path}");
        assert_eq!(finish(&mut session).await, *changes, "{path}");
    }
}

#[tokio::test]
async fn observing_changes_and_refuses_nothing_whatever_the_rule() {
    let mut session = Session::new(sessions(VERDICTS, |config| config.mode = Mode::Observe));
    for (path, ..) in FATES {
        session.begin(false);
        assert_eq!(receive(&mut session, path), "", "{path}");
        assert_eq!(finish(&mut session).await, [] as [&str; 0], "{path}");
    }
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_others_of_its_message_alone() {
    let mut session = Session::new(sessions(VERDICTS, |_| {}));
    session.begin(false);
    for (path, ..) in FATES {
        receive(&mut session, path);
    }
    let changes = finish(&mut session).await;
    let (deleted, added): (Vec<_>, Vec<_>) = changes.iter().partition(|one| one.starts_with('-'));
    let wanted = [
        "-<jd@domain2.com>",
        "-<JD+x@Domain2.com>",
        "-<sales@domain2.com>",
        "-<trap@domain2.com>",
    ];
    assert_eq!(deleted, wanted);
    // anna@company.com was received as well, so nothing is added for her.
    let wanted = [
        "+jdoe@company.com",
        "+jdoe+x@company.com",
        "+bob@company.com",
    ];
    assert_eq!(added, wanted);
    assert!(
        changes[deleted.len()].starts_with('+'),
        "deletions come first"
    );
}

/// RFC 5321 section 3.3: a new MAIL begins a new message.
#[tokio::test]
async fn a_new_message_forgets_the_recipients_of_the_one_before() {
    let mut session = Session::new(sessions(VERDICTS, |_| {}));
    session.begin(false);
    receive(&mut session, "<trap@domain2.com>");
    session.begin(false);
    receive(&mut session, "<jd@domain2.com>");
    let wanted = ["-<jd@domain2.com>", "+jdoe@company.com"];
    assert_eq!(finish(&mut session).await, wanted);
    assert_eq!(
        finish(&mut session).await,
        [] as [&str; 0],
        "the message has ended"
    );
    session.header(b"To", b" jd@domain2.com");
    assert_eq!(
        finish(&mut session).await,
        [] as [&str; 0],
        "there is no message"
    );
}

#[tokio::test]
async fn beyond_ten_thousand_recipients_the_client_sends_the_rest_later() {
    let mut session = Session::new(sessions(VERDICTS, |_| {}));
    session.begin(false);
    for number in 0..10_000 {
        assert_eq!(
            receive(&mut session, &format!("<x{number}@elsewhere.example>")),
            ""
        );
    }
    let refused = receive(&mut session, "<jd@domain2.com>");
    assert!(refused.starts_with("452 4.5.3 "), "{refused}");
    session.begin(false);
    assert_eq!(
        receive(&mut session, "<jd@domain2.com>"),
        "",
        "in the next message"
    );
}

/// A target that is not ASCII needs SMTPUTF8 (RFC 6531 section 3.5).
#[tokio::test]
async fn a_target_that_the_message_cannot_carry_is_refused() {
    let rules =
        "company.com primary\ndomain2.com secondary\njorg@domain2.com j\u{f6}rg@company.com\n";
    let mut session = Session::new(sessions(rules, |_| {}));
    session.begin(false);
    let refused = receive(&mut session, "<jorg@domain2.com>");
    assert!(refused.starts_with("550 5.6.7 "), "{refused}");
    session.begin(true);
    assert_eq!(receive(&mut session, "<jorg@domain2.com>"), "");
    let wanted = ["-<jorg@domain2.com>", "+j\u{f6}rg@company.com"];
    assert_eq!(finish(&mut session).await, wanted);
}

/// A refused recipient gets no copy, so it does not count.
#[tokio::test]
async fn the_received_address_is_added_for_the_only_accepted_recipient() {
    let configure = |config: &mut Config| config.headers.original_to = true;
    let mut session = Session::new(sessions(VERDICTS, configure));
    session.agree(Agreement {
        header_edits: true,
        ..Agreement::default()
    });
    for (paths, added) in [
        (&["<JD@domain2.com>"][..], true),
        (&["<gone@domain2.com>", "<JD@domain2.com>"], true),
        (&["<anna@company.com>", "<JD@domain2.com>"], false),
        (&["<gone@domain2.com>"], false),
    ] {
        session.begin(false);
        for path in paths {
            receive(&mut session, path);
        }
        let changes = finish(&mut session).await;
        let header = changes
            .iter()
            .find(|change| change.contains("X-Original-To"));
        assert_eq!(header.is_some(), added, "{paths:?}: {changes:?}");
    }
}
