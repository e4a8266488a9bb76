//! Tests of transactions: which address is looked up, what is answered at RCPT, and the plan.
//!
//! All tests use one table. Each test names the commands and the edits that must be sent.

mod delivery_status;
mod fallback;
mod from_no_client;
mod internationalized;
mod limits;
mod one_to_the_mta;
mod plans;
mod unreadable;
mod verdicts;

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
    let sources = [SourceText::new("a.rules", RULES)];
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

/// Receives RCPT commands as a client writes them: path, then parameters.
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

/// Returns the plan as lines: `-path`, `+<mailbox> parameters`, and the verdict if the message is discarded.
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

/// A recipient without parameters, with the address and the mailer of the MTA.
fn with_address<'a>(
    path: &'a str,
    address: Option<&'a str>,
    mailer: Option<&'a str>,
) -> Received<'a> {
    Received {
        path: path.as_bytes(),
        mta_address: address.map(str::as_bytes),
        mta_mailer: mailer.map(str::as_bytes),
        ..Received::default()
    }
}

/// Receives one recipient, with the address and the mailer of the MTA. Returns the mailbox that is looked up, and the
/// word for the decision.
#[track_caller]
fn with_mta_address(
    path: &str,
    address: Option<&str>,
    mailer: Option<&str>,
) -> (String, &'static str) {
    let mut transaction = Transaction::new(table(), false);
    let recipient = transaction.recipient(with_address(path, address, mailer));
    let mailbox = recipient.mailbox.as_ref();
    (
        mailbox.map_or_else(String::new, ToString::to_string),
        recipient.action(),
    )
}

/// One message is decided by one table: the transaction keeps its table.
#[test]
fn the_table_outlives_whoever_handed_it_over() {
    let shared = table();
    let mut transaction = Transaction::new(Arc::clone(&shared), true);
    drop(shared);
    receive(&mut transaction, &["<jd@domain2.com>"]);
    assert_eq!(transaction.recipients()[0].targets().len(), 1);
    assert!(transaction.table().len() > 5);
}
