//! Sessions without any protocol: what the MTA said goes in, what it has to do comes out.

use super::*;
use crate::{
    config::Config,
    daemon::state::live::LiveTable,
    engine::{Settings, SourceText, compile},
    headers,
};

mod verdicts;

const RULES: &str = "\
    company.com primary\ndomain2.com secondary\njd@domain2.com jdoe@company.com\n\
    gone@domain2.com reject\nslow@domain2.com defer\n";

/// A table without a domain in which anybody could be refused.
const NO_DOMAINS: &str = "# no rules yet\n";

fn put_live(state: &State, rules: &str) {
    let source = SourceText::new("a.rules", rules);
    let table = compile(&[source], &Settings::default()).table;
    state.live.replace(Arc::new(table.expect("a table")));
}

fn sessions(rules: &str, configure: impl FnOnce(&mut Config)) -> Arc<Sessions> {
    let mut config = Config::default();
    configure(&mut config);
    let state = State::new(Arc::new(LiveTable::new()), config);
    if !rules.is_empty() {
        put_live(&state, rules);
    }
    Arc::new(Sessions::new(Arc::new(state)))
}

/// Receives a recipient. Returns the reply that refuses it, or an empty text.
fn receive(session: &mut Session, path: &str) -> String {
    let received = Received {
        path: path.as_bytes(),
        ..Received::default()
    };
    let reply = session.recipient(received, None);
    reply.map_or_else(String::new, |reply| reply.to_string())
}

/// Ends the message. Returns the changes: deletions and additions, or the reply that refuses the message.
async fn finish(session: &mut Session) -> Vec<String> {
    let finished = session.finish(Some(b"4A"), &mut TimeSlice::begin()).await;
    session.end();
    match finished {
        Finish::Unchanged => Vec::new(),
        Finish::Refuse(reply) => vec![reply.to_string()],
        Finish::Change(Changes { plan, headers }) => {
            let deletions = plan.deletions.iter();
            let deletions = deletions.map(|path| format!("-{}", String::from_utf8_lossy(path)));
            let additions = plan.additions.iter();
            let additions = additions.map(|addition| format!("+{}", addition.mailbox));
            let edits = headers.iter().map(|edit| format!("{edit:?}"));
            deletions.chain(additions).chain(edits).collect()
        }
    }
}

#[tokio::test]
async fn a_message_is_decided_with_the_table_that_was_live_at_its_beginning() {
    let sessions = sessions(RULES, |_| {});
    let mut session = Session::new(Arc::clone(&sessions));
    session.begin(false);
    assert_eq!(receive(&mut session, "<jd@domain2.com>"), "");
    assert!(receive(&mut session, "<gone@domain2.com>").starts_with("550 "));
    put_live(&sessions.state, "jd@domain2.com anna@company.com\n");
    assert_eq!(receive(&mut session, "<JD@domain2.com>"), "");
    let first = [
        "-<jd@domain2.com>",
        "-<JD@domain2.com>",
        "+jdoe@company.com",
    ];
    assert_eq!(finish(&mut session).await, first);
    session.begin(false);
    receive(&mut session, "<jd@domain2.com>");
    let second = ["-<jd@domain2.com>", "+anna@company.com"];
    assert_eq!(finish(&mut session).await, second);
}

#[tokio::test]
async fn without_a_table_every_recipient_is_deferred() {
    let mut session = Session::new(sessions("", |_| {}));
    session.begin(false);
    assert!(receive(&mut session, "<jd@domain2.com>").starts_with("451 4.3.0"));
    let local = Received {
        path: b"jd@domain2.com",
        no_client: true,
        ..Received::default()
    };
    assert_eq!(session.recipient(local, None), None, "no client sent it");
    assert_eq!(finish(&mut session).await, [] as [&str; 0]);
}

#[tokio::test]
async fn who_observes_changes_and_refuses_nothing() {
    let mut session = Session::new(sessions(RULES, |config| config.mode = Mode::Observe));
    session.begin(false);
    for path in ["<jd@domain2.com>", "<gone@domain2.com>"] {
        assert_eq!(receive(&mut session, path), "");
    }
    assert_eq!(finish(&mut session).await, [] as [&str; 0]);
}

#[tokio::test]
async fn without_replies_a_message_is_refused_as_a_whole() {
    let sessions = sessions(RULES, |_| {});
    let mut session = Session::new(Arc::clone(&sessions));
    session.agree(Agreement {
        no_recipient_replies: true,
        ..Agreement::default()
    });
    for (paths, reply) in [
        (&["<gone@domain2.com>"][..], "550 "),
        (&["<gone@domain2.com>", "<jd@domain2.com>"], "451 4.3.0"),
        (&["<gone@domain2.com>", "<slow@domain2.com>"], "451 "),
    ] {
        session.begin(false);
        for path in paths {
            receive(&mut session, path);
        }
        let finished = finish(&mut session).await;
        assert!(finished[0].starts_with(reply), "{paths:?}: {finished:?}");
    }
    session.begin(false);
    receive(&mut session, "<jd@domain2.com>");
    assert_eq!(finish(&mut session).await.len(), 2, "nobody was refused");
}

#[tokio::test]
async fn replies_are_skipped_until_one_is_missed() {
    assert!(!sessions("", |_| {}).may_skip_recipient_replies());
    assert!(!sessions(RULES, |_| {}).may_skip_recipient_replies());
    let sessions = sessions(NO_DOMAINS, |_| {});
    assert!(sessions.may_skip_recipient_replies());
    let mut session = Session::new(Arc::clone(&sessions));
    session.agree(Agreement {
        no_recipient_replies: true,
        ..Agreement::default()
    });
    put_live(&sessions.state, RULES);
    session.begin(false);
    receive(&mut session, "<gone@domain2.com>");
    assert!(finish(&mut session).await[0].starts_with("550 "));
    // The same connection goes on, and the next table counts anew.
    put_live(&sessions.state, NO_DOMAINS);
    assert!(sessions.may_skip_recipient_replies());
}

#[tokio::test]
async fn headers_are_changed_where_that_was_agreed() {
    let wanted = |config: &mut Config| config.headers.rewrite = true;
    for (header_edits, edits) in [(true, 1), (false, 0)] {
        let sessions = sessions(RULES, wanted);
        assert!(sessions.edit_headers());
        let mut session = Session::new(sessions);
        session.agree(Agreement {
            header_edits,
            ..Agreement::default()
        });
        session.begin(false);
        receive(&mut session, "<jd@domain2.com>");
        session.header(b"To", b" jd@domain2.com");
        session.header(b"Subject", b" jd@domain2.com");
        assert_eq!(finish(&mut session).await.len(), 2 + edits);
        session.begin(false);
        receive(&mut session, "<jd@domain2.com>");
        session.header(b"To", &[b'x'; headers::MAX_FIELD * 5]);
        session.header(b"To", b" jd@domain2.com");
        assert_eq!(
            finish(&mut session).await.len(),
            2,
            "too many bytes to keep"
        );
    }
}

#[tokio::test]
async fn a_message_takes_a_limited_number_of_lookups() {
    let mut session = Session::new(sessions(RULES, |config| config.milter.message_limit = 3));
    session.begin(false);
    let replies: Vec<_> = (0..4)
        .map(|number| receive(&mut session, &format!("<jd+{number}@domain2.com>")))
        .collect();
    assert_eq!(replies[0], "");
    assert!(replies[3].starts_with("452 4.5.3"), "{replies:?}");
}
