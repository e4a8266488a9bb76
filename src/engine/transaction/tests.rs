//! Tests of transactions: which address is looked up, what is answered at RCPT, and the plan.
//!
//! One table serves all of them; a test names the commands and what must be sent.

use super::*;
use crate::engine::{Settings, SourceText, compile};

const RULES: &str = r#"
company.com            primary
domain2.com            secondary
partner.example        external
@domain2.com           @company.com
jd@domain2.com         jdoe@company.com
john@domain2.com       jdoe@company.com
sales@domain2.com      anna@company.com, bob@company.com
info@domain2.com       anna@company.com, bob@company.com, jdoe@company.com
copy@company.com       copy@company.com, jdoe@company.com
gone@domain2.com       reject 550 5.1.1 "gone"
later@domain2.com      defer
trap@domain2.com       discard
joerg@domain2.com      jörg@company.com
jörg@domain2.com       keep
postmaster@*           keep
"#;

fn table() -> Arc<Table> {
    let sources = [SourceText {
        name: "a.rules".into(),
        bytes: RULES.into(),
    }];
    let compiled = compile(&sources, &Settings::default());
    let found: Vec<_> = compiled
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect();
    Arc::new(
        compiled
            .table
            .unwrap_or_else(|| panic!("{}", found.join("\n"))),
    )
}

/// RCPT commands as a client writes them: path, then parameters.
fn receive(transaction: &mut Transaction, commands: &[&str]) {
    for command in commands {
        let mut words = command.split(' ').map(str::as_bytes);
        let path = words.next().unwrap_or_default();
        let parameters: Vec<_> = words.collect();
        transaction.recipient(Received {
            path,
            parameters: &parameters,
            ..Received::default()
        });
    }
}

/// The plan as lines: `-path`, `+<mailbox> parameters`, and the verdict where it is not to go on.
fn lines(plan: &Plan) -> Vec<String> {
    let deletions = plan
        .deletions
        .iter()
        .map(|path| format!("-{}", String::from_utf8_lossy(path)));
    let additions = plan.additions.iter().map(|addition| {
        let line = format!("+<{}> {}", addition.mailbox, addition.dsn);
        line.trim_end().to_owned()
    });
    let verdict = (plan.verdict == Verdict::Discard).then(|| "discard".to_owned());
    deletions.chain(additions).chain(verdict).collect()
}

#[track_caller]
fn check(commands: &[&str], expect: &[&str]) {
    let mut transaction = Transaction::new(table(), true);
    receive(&mut transaction, commands);
    assert_eq!(lines(&transaction.finish()), expect);
}

/// One recipient with macros: what is looked up, and the word for what happens.
#[track_caller]
fn with_macros(path: &str, address: Option<&str>, mailer: Option<&str>) -> (String, &'static str) {
    let mut transaction = Transaction::new(table(), false);
    let recipient = transaction.recipient(Received {
        path: path.as_bytes(),
        parameters: &[],
        rcpt_addr: address.map(str::as_bytes),
        rcpt_mailer: mailer.map(str::as_bytes),
    });
    let mailbox = recipient.mailbox.as_ref();
    (
        mailbox.map_or_else(String::new, ToString::to_string),
        recipient.action(),
    )
}

mod plans {
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
    fn a_source_route_is_left_out() {
        check(
            &["<@a.example,@b.example:Jd@domain2.com>"],
            &[
                "-<Jd@domain2.com>",
                "+<jdoe@company.com> ORCPT=rfc822;Jd@domain2.com",
            ],
        );
    }

    #[test]
    fn a_transaction_without_recipients_has_an_empty_plan() {
        assert!(Transaction::new(table(), true).finish().is_empty());
    }
}

mod verdicts {
    use super::*;

    #[test]
    fn discard_when_nobody_is_left() {
        check(&["<trap@domain2.com>"], &["-<trap@domain2.com>", "discard"]);
    }

    #[test]
    fn discard_where_the_others_were_refused() {
        check(
            &["<gone@domain2.com>", "<trap@domain2.com>"],
            &["-<trap@domain2.com>", "discard"],
        );
    }

    #[test]
    fn no_discard_while_somebody_stays_or_comes() {
        check(
            &["<trap@domain2.com>", "<anna@company.com>"],
            &["-<trap@domain2.com>"],
        );
        check(
            &["<trap@domain2.com>", "<jd@domain2.com>"],
            &[
                "-<trap@domain2.com>",
                "-<jd@domain2.com>",
                "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com",
            ],
        );
    }

    #[test]
    fn no_discard_beside_an_address_without_a_domain() {
        check(
            &["<trap@domain2.com>", "<postmaster>"],
            &["-<trap@domain2.com>"],
        );
    }
}

/// RFC 3461 section 5.2.7, as spec section 3.4 reads it.
mod delivery_status {
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
        // Who says nothing hears of failures: that is not NEVER.
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
}

/// `{rcpt_addr}` (spec section 3.3).
mod fallback {
    use super::*;

    #[test]
    fn not_where_the_received_form_is_ours() {
        let looked_up = with_macros("<jd@domain2.com>", Some("anna@company.com"), Some("local"));
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
                with_macros(path, Some("jd@domain2.com"), Some("smtp")),
                replaced,
                "{path}"
            );
        }
    }

    #[test]
    fn where_the_received_form_is_in_no_domain_of_the_table() {
        assert_eq!(
            with_macros(
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
            with_macros("<jd%domain2.com>", Some("jd"), Some("local")).1,
            "keep"
        );
        assert_eq!(
            with_macros("<jd%domain2.com>", Some("jd@domain2.com"), Some("error")).1,
            "keep"
        );
    }

    #[test]
    fn a_fallback_that_is_not_ours_either_changes_nothing() {
        assert_eq!(
            with_macros("<x@else.example>", Some("y@other.example"), Some("smtp")),
            ("x@else.example".into(), "keep")
        );
    }

    #[test]
    fn the_deletion_names_what_was_received_all_the_same() {
        let mut transaction = Transaction::new(table(), true);
        transaction.recipient(Received {
            path: b"<jd%domain2.com>",
            parameters: &[],
            rcpt_addr: Some(b"jd@domain2.com"),
            rcpt_mailer: Some(b"smtp"),
        });
        assert_eq!(
            lines(&transaction.finish()),
            [
                "-<jd%domain2.com>",
                "+<jdoe@company.com> ORCPT=rfc822;jd%domain2.com"
            ]
        );
    }
}

/// Mail that comes from no SMTP client (spec section 3.8).
mod from_no_client {
    use super::*;

    #[test]
    fn is_kept_where_it_would_be_refused() {
        for path in ["gone@domain2.com", "later@domain2.com", "a%b@domain2.com"] {
            assert_eq!(with_macros(path, Some(path), None).1, "keep", "{path}");
        }
    }

    #[test]
    fn and_only_if_all_three_signs_are_there() {
        let refused = |path, address, mailer| with_macros(path, address, mailer).1;
        let address = Some("gone@domain2.com");
        assert_eq!(refused("<gone@domain2.com>", address, None), "reject");
        assert_eq!(refused("gone@domain2.com", address, Some("smtp")), "reject");
        assert_eq!(refused("gone@domain2.com", None, None), "reject");
    }

    #[test]
    fn is_rewritten_like_any_other_and_stays_when_spared() {
        let mut transaction = Transaction::new(table(), true);
        for path in ["gone@domain2.com", "jd@domain2.com", "trap@domain2.com"] {
            let recipient = transaction.recipient(Received {
                path: path.as_bytes(),
                rcpt_addr: Some(path.as_bytes()),
                ..Received::default()
            });
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
            transaction.recipient(Received {
                path: path.as_bytes(),
                rcpt_addr: Some(path.as_bytes()),
                ..Received::default()
            });
        }
        assert_eq!(transaction.recipients()[1].action(), "keep");
        assert!(transaction.recipients()[1].spared);
        assert_eq!(lines(&transaction.finish()), ["-trap@domain2.com"]);
    }
}

/// Targets that are not ASCII (spec section 3.4).
mod internationalized {
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
}

/// Sendmail with both domains in class w: two spellings, one recipient.
mod one_to_the_mta {
    use super::*;

    fn plan(recipients: &[(&str, &str)]) -> Vec<String> {
        let mut transaction = Transaction::new(table(), true);
        for (path, address) in recipients {
            transaction.recipient(Received {
                path: path.as_bytes(),
                parameters: &[],
                rcpt_addr: Some(address.as_bytes()),
                rcpt_mailer: Some(b"local"),
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
}

/// One message, one table (spec section 3.2): the transaction holds its own.
#[test]
fn the_table_outlives_whoever_handed_it_over() {
    let shared = table();
    let mut transaction = Transaction::new(Arc::clone(&shared), true);
    drop(shared);
    receive(&mut transaction, &["<jd@domain2.com>"]);
    assert_eq!(transaction.recipients()[0].targets().len(), 1);
    assert!(transaction.table().len() > 5);
}
