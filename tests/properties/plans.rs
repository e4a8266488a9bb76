//! Plans: the edits that are sent to the MTA turn the received envelope into the wanted one, and into no other.
//!
//! The tests keep the envelope as Postfix does: a deletion removes every recipient with exactly these bytes, and a
//! deletion that removes nothing is an error.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config};
use readdress::engine::{
    Table,
    address::{LocalCase, Mailbox},
    rewrite::Outcome,
    transaction::{Plan, Received, Recipient, Transaction, Verdict},
};

use super::agreement::compiled;
use super::model::{Addr, World};
use super::worlds::{address, world};

/// One RCPT command. The flag says that no SMTP client sent the command.
#[derive(Clone, Debug)]
struct Rcpt {
    path: Vec<u8>,
    parameters: Vec<&'static str>,
    local: bool,
}

/// Paths that no rule can match.
const ODD: [&[u8]; 4] = [
    b"<postmaster>",
    b"<a@[192.0.2.1]>",
    b"<\xff@one.test>",
    b"<>",
];

fn path() -> impl Strategy<Value = Vec<u8>> {
    let forms = select(&["<{}>", "{}", "<@relay.test:{}>", "<@a.test,@b.test:{}>"][..]);
    let case = any::<bool>();
    let plain = (address(), forms, case).prop_map(|(addr, form, upper): (Addr, _, _)| {
        let text = if upper {
            addr.text().to_uppercase()
        } else {
            addr.text()
        };
        form.replace("{}", &text).into_bytes()
    });
    prop_oneof![9 => plain, 1 => select(&ODD[..]).prop_map(<[u8]>::to_vec)]
}

fn rcpt() -> impl Strategy<Value = Rcpt> {
    let parameters = select(&["NOTIFY=NEVER", "NOTIFY=SUCCESS", "ORCPT=rfc822;x@y.test"][..]);
    (path(), vec(parameters, 0..2), proptest::bool::weighted(0.3)).prop_map(
        |(path, parameters, local)| Rcpt {
            path,
            parameters,
            local,
        },
    )
}

/// Returns the content of an envelope: mailboxes by their keys, other paths by their bytes.
type Envelope = BTreeSet<Vec<u8>>;

fn identity(mailbox: &Mailbox, case: LocalCase) -> Vec<u8> {
    mailbox.key(case).into_bytes()
}

fn own(recipient: &Recipient, case: LocalCase) -> Vec<u8> {
    match &recipient.mailbox {
        Some(mailbox) => identity(mailbox, case),
        None => recipient.as_received.clone(),
    }
}

/// Returns the envelope that the decisions want, recipient by recipient.
fn wanted(present: &[&Recipient], case: LocalCase) -> Envelope {
    let mut wanted = Envelope::new();
    for recipient in present {
        let outcome = recipient.decision.as_ref().map(|d| &d.outcome);
        match outcome {
            Some(Outcome::Replace(targets)) if recipient.refusal.is_none() => {
                wanted.extend(targets.iter().map(|target| identity(target, case)));
            }
            Some(Outcome::Discard) => {}
            _ => {
                wanted.insert(own(recipient, case));
            }
        }
    }
    wanted
}

/// Returns the envelope after the plan was carried out.
fn applied(plan: &Plan, present: &[&Recipient], case: LocalCase) -> Envelope {
    let mut envelope: Vec<_> = present
        .iter()
        .map(|recipient| (recipient.as_received.clone(), own(recipient, case)))
        .collect();
    for deletion in &plan.deletions {
        let before = envelope.len();
        envelope.retain(|(bytes, _)| bytes != deletion);
        assert!(envelope.len() < before, "nothing to delete: {deletion:?}");
    }
    let left = envelope.into_iter().map(|(_, own)| own);
    let added = plan.additions.iter();
    left.chain(added.map(|addition| identity(&addition.mailbox, case)))
        .collect()
}

fn play(table: &Arc<Table>, rcpts: &[Rcpt]) -> Transaction {
    let mut transaction = Transaction::new(Arc::clone(table), true);
    for rcpt in rcpts {
        let parameters: Vec<&[u8]> = rcpt.parameters.iter().map(|p| p.as_bytes()).collect();
        transaction.recipient(Received {
            path: &rcpt.path,
            parameters: &parameters,
            no_client: rcpt.local,
            ..Received::default()
        });
    }
    transaction
}

fn holds(world: &World, rcpts: &[Rcpt], transaction: &Transaction) -> Result<(), TestCaseError> {
    let case = transaction.table().settings().local_case;
    let plan = transaction.finish();
    let present: Vec<_> = transaction
        .recipients()
        .iter()
        .filter(|recipient| recipient.answer().is_none())
        .collect();
    let told = format!("{}{:?}\n{plan:?}", world.text(), rcpts);
    let received: HashSet<_> = rcpts.iter().map(|rcpt| rcpt.path.clone()).collect();
    for deletion in &plan.deletions {
        prop_assert!(received.contains(deletion), "{}", told);
    }
    let mut once = HashSet::new();
    prop_assert!(plan.deletions.iter().all(|d| once.insert(d)), "{}", told);
    let mut once = HashSet::new();
    for addition in &plan.additions {
        let key = identity(&addition.mailbox, case);
        let there = present.iter().any(|recipient| own(recipient, case) == key);
        prop_assert!(!there, "a received mailbox is added: {}", told);
        prop_assert!(once.insert(key), "added twice: {}", told);
    }
    let wanted = wanted(&present, case);
    prop_assert_eq!(&applied(&plan, &present, case), &wanted, "{}", told);
    let discards = |r: &&Recipient| {
        matches!(
            r.decision.as_ref().map(|d| &d.outcome),
            Some(Outcome::Discard)
        )
    };
    let discard = wanted.is_empty() && present.iter().any(discards);
    prop_assert_eq!(plan.verdict == Verdict::Discard, discard, "{}", told);
    Ok(())
}

/// Almost every second world is refused at load. If many more are refused, the generator is too poor.
fn config() -> Config {
    let config = super::cases(1500);
    Config {
        max_global_rejects: config.cases * 2,
        ..config
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_plan_is_a_set_difference(world in world(), rcpts in vec(rcpt(), 0..7)) {
        let table = compiled(&world).table;
        prop_assume!(table.is_some());
        if let Some(table) = table {
            let transaction = play(&Arc::new(table), &rcpts);
            holds(&world, &rcpts, &transaction)?;
        }
    }
}
