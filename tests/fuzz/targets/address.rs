//! Any bytes as a path, as parameters and as a mailbox: no panic, and what is printed reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use readdress::engine::address::{DsnParameters, ForwardPath, LocalCase, Mailbox, without_route};

fuzz_target!(|data: &[u8]| {
    let parameters = data.split(|byte| *byte == b' ');
    let dsn = DsnParameters::parse(parameters);
    let printed = dsn.to_string();
    assert!(!printed.contains(['\r', '\n', '\0']), "{printed:?}");
    let words: Vec<_> = printed.split(' ').map(str::as_bytes).collect();
    assert_eq!(DsnParameters::parse(words), dsn);

    let left = without_route(data);
    assert!(data.ends_with(left.strip_prefix(b"<").unwrap_or(&left)));
    if let Ok(ForwardPath::Mailbox(mailbox)) = ForwardPath::parse(data) {
        let printed = mailbox.to_string();
        assert!(!printed.contains(char::is_control), "{printed:?}");
        let again = Mailbox::parse(&printed).expect("what was printed is an address");
        assert_eq!(again.to_string(), printed);
        for case in [LocalCase::Ignore, LocalCase::Strict] {
            assert_eq!(again.key(case), mailbox.key(case));
        }
    }
});
