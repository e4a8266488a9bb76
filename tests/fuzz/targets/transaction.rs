//! Lines as RCPT commands of one message against one table: no panic, and a plan that deletes only
//! what was received and adds nobody twice.

#![no_main]

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use readdress::engine::{
    Settings, SourceText, Table,
    address::LocalCase,
    compile,
    transaction::{Received, Transaction},
};

const RULES: &str = r"
@domain2.com                    @company.com
@*.domain2.com                  @company.com
jd@domain2.com                  jdoe@company.com
sales@domain2.com               anna@company.com, bob@company.com
old+*@domain2.com               new+*@company.com
/(\w+)\.(\w+)@domain2\.com/     $2.$1@company.com
postmaster@*                    postmaster@company.com
trap@domain2.com                discard
gone@domain2.com                reject
";

static TABLE: LazyLock<Arc<Table>> = LazyLock::new(|| {
    let source = SourceText::new("a.rules", RULES);
    let compiled = compile(&[source], &Settings::default());
    Arc::new(compiled.table.expect("these rules hold no error"))
});

fuzz_target!(|data: &[u8]| {
    let mut transaction = Transaction::new(Arc::clone(&TABLE), data.first() == Some(&b'8'));
    let mut received = HashSet::new();
    for line in data.split(|byte| *byte == b'\n').take(50) {
        let mut words = line.split(|byte| *byte == b' ');
        let path = words.next().unwrap_or_default();
        let parameters: Vec<_> = words.collect();
        transaction.recipient(Received {
            path,
            parameters: &parameters,
            // A second field stands for what the MTA made of the first.
            mta_address: parameters.first().copied(),
            mta_mailer: parameters.get(1).copied(),
            no_client: parameters.len() == 3,
        });
        received.insert(path);
    }
    let plan = transaction.finish();
    let mut once = HashSet::new();
    for deletion in &plan.deletions {
        assert!(received.contains(deletion.as_slice()) && once.insert(deletion));
    }
    let mut once = HashSet::new();
    for addition in &plan.additions {
        assert!(
            once.insert(addition.mailbox.key(LocalCase::Ignore)),
            "{plan:?}"
        );
        let sent = format!("{} {}", addition.mailbox, addition.dsn);
        assert!(!sent.contains(char::is_control), "{sent:?}");
    }
});
