//! The limits of one whole message.

use super::*;

fn limited(limits: Limits) -> Transaction {
    Transaction::new(table(), true).within(limits)
}

#[track_caller]
fn full_after(limits: Limits, commands: &[&str], limit: &str) {
    let mut transaction = limited(limits);
    for command in commands {
        assert_eq!(transaction.full(), None, "{command}");
        receive(&mut transaction, &[command]);
    }
    assert_eq!(transaction.full(), Some(limit));
}

#[test]
fn every_limit_fills_a_message() {
    let limits = Limits::default();
    let two = ["<jd@domain2.com>", "<x@else.example>"];
    full_after(
        Limits {
            recipients: 2,
            ..limits
        },
        &two,
        "recipients",
    );
    full_after(
        Limits {
            lookups: 3,
            ..limits
        },
        &two,
        "message_limit",
    );
    full_after(
        Limits {
            bytes: 32,
            ..limits
        },
        &two,
        "bytes",
    );
    // A recipient that is refused counts as well.
    let gone = ["<gone@domain2.com>", "<gone@domain2.com>"];
    full_after(
        Limits {
            lookups: 2,
            ..limits
        },
        &gone,
        "message_limit",
    );
    full_after(
        Limits {
            bytes: 36,
            ..limits
        },
        &gone,
        "bytes",
    );
}

#[test]
fn a_recipient_beyond_the_lookups_is_deferred_as_a_whole() {
    // sales: one lookup, and one for each of its two targets.
    for (lookups, answer) in [(5, Some("452 4.5.3 Too many recipients")), (6, None)] {
        let mut transaction = limited(Limits {
            lookups,
            ..Limits::default()
        });
        receive(
            &mut transaction,
            &["<sales+1@domain2.com>", "<sales+2@domain2.com>"],
        );
        let [first, second] = transaction.recipients() else {
            panic!("two recipients");
        };
        assert!(first.answer().is_none());
        assert_eq!(second.answer().map(ToString::to_string).as_deref(), answer);
        assert_eq!(second.limit(), answer.map(|_| "message_limit"));
        let additions = transaction.finish().additions.len();
        assert_eq!(additions, if answer.is_some() { 2 } else { 4 });
        assert_eq!(transaction.full(), Some("message_limit"));
    }
}

#[test]
fn of_a_message_under_way_only_the_decisive_step_is_kept() {
    let steps = |transaction: &mut Transaction| {
        receive(transaction, &["<sales@domain2.com>"]);
        let decision = transaction.recipients()[0].decision.clone().unwrap();
        (decision.steps.len(), decision.decisive().cloned())
    };
    let (some, decisive) = steps(&mut Transaction::new(table(), true));
    let (all, same) = steps(&mut Transaction::new(table(), true).with_steps());
    assert_eq!((some, all), (1, 3));
    assert_eq!(decisive, same);
}
