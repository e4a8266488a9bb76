//! Addresses: an address that is printed and read again is the same address.

use proptest::prelude::*;
use readdress::engine::address::{Domain, ForwardPath, LocalCase, Mailbox};

use super::model::quoted;

/// Characters that a local-part may hold in quotes: everything but controls.
fn internal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[a-c.@%!+\"\\\\ ]{0,8}",
        "[ -~äÖßıİΣςᾳﬃｊ\u{308}\u{1F600}\u{a0}]{0,8}",
        "\\PC{0,10}",
    ]
}

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_-]{1,8}(\\.[a-z0-9]{1,5}){0,3}",
        "[a-zäÖßß中ω\u{308}]{1,6}\\.(test|TEST|рф)",
        Just("xn--bcher-kva.Test.".to_owned()),
    ]
}

fn both() -> [LocalCase; 2] {
    [LocalCase::Ignore, LocalCase::Strict]
}

/// Prints an address and reads it again: the text is the same, and it is one mailbox in both ways to compare.
fn comes_back(mailbox: &Mailbox) -> Result<(), TestCaseError> {
    let printed = mailbox.to_string();
    let again = Mailbox::parse(&printed)
        .map_err(|error| TestCaseError::fail(format!("{printed:?}: {error}")))?;
    prop_assert_eq!(again.to_string(), printed.clone());
    prop_assert_eq!(again.local.as_str(), mailbox.local.as_str());
    for case in both() {
        prop_assert_eq!(again.key(case), mailbox.key(case));
    }
    let path = format!("<@relay.test,@b.test:{printed}>");
    prop_assert_eq!(
        ForwardPath::parse(path.as_bytes()),
        Ok(ForwardPath::Mailbox(again))
    );
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn a_quoted_local_part_comes_back(local in internal(), domain in domain()) {
        let Ok(mailbox) = Mailbox::parse(&format!("{}@{domain}", quoted(&local))) else {
            // IDNA does not allow every label that the generator makes.
            prop_assume!(false);
            return Ok(());
        };
        prop_assert_eq!(mailbox.local.as_str(), local.as_str());
        comes_back(&mailbox)?;
    }

    #[test]
    fn whatever_was_read_comes_back(text in "[ -~äß\u{308}]{1,14}@[a-z.]{1,6}") {
        if let Ok(mailbox) = Mailbox::parse(&text) {
            comes_back(&mailbox)?;
        }
    }

    /// Quoted and unquoted spellings of one local-part are one mailbox.
    #[test]
    fn quotes_do_not_count(local in "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,12}") {
        let bare = Mailbox::parse(&format!("{local}@one.test")).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let quoted = Mailbox::parse(&format!("{}@one.test", quoted(&local))).map_err(|e| TestCaseError::fail(e.to_string()))?;
        for case in both() {
            prop_assert_eq!(bare.key(case), quoted.key(case));
        }
        // The address is passed on as it was written, dots included.
        prop_assert_eq!(bare.to_string(), format!("{local}@one.test"));
    }

    /// Folding again changes nothing: a key made of a folded address is the same key.
    #[test]
    fn folding_is_stable(local in internal()) {
        let of = |local: &str| Mailbox::parse(&format!("{}@one.test", quoted(local)));
        let Ok(mailbox) = of(&local) else { return Err(TestCaseError::fail(local)) };
        let folded = mailbox.local.folded(LocalCase::Ignore);
        let Ok(again) = of(&folded) else { return Err(TestCaseError::fail(folded)) };
        prop_assert_eq!(again.local.folded(LocalCase::Ignore), folded);
        prop_assert_eq!(again.key(LocalCase::Ignore), mailbox.key(LocalCase::Ignore));
    }

    #[test]
    fn letter_case_does_not_count(local in "[a-z.+]{1,8}", domain in "[a-z]{1,5}\\.test") {
        let lower = Mailbox::parse(&format!("{local}@{domain}")).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let upper = Mailbox::parse(&format!("{local}@{domain}").to_uppercase()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(lower.key(LocalCase::Ignore), upper.key(LocalCase::Ignore));
        prop_assert_eq!(&lower.domain, &upper.domain);
        let letters = local.chars().any(char::is_alphabetic);
        prop_assert_eq!(lower.key(LocalCase::Strict) == upper.key(LocalCase::Strict), !letters);
    }

    /// A-labels and U-labels of one domain are one value.
    #[test]
    fn both_spellings_of_a_domain_are_one(text in domain()) {
        if let Ok(domain) = Domain::parse(&text) {
            prop_assert_eq!(Domain::parse(domain.as_str()), Ok(domain.clone()));
            prop_assert_eq!(Domain::parse(&domain.to_unicode()), Ok(domain.clone()));
        }
    }
}
