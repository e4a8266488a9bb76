//! Addresses in the log as `[log] addresses` says: in full, by domain, or as a hash.
//!
//! Lines about a recipient show each address in its hidden form ([`Names`]). Lines about a table hold
//! rules, and rules hold addresses everywhere, also in findings and source lines. If addresses are
//! hidden ([`Redaction`]), lines about a table show places and counts alone.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::config::LogAddresses;

/// Hides the addresses of recipients.
#[derive(Debug, Default)]
pub struct Names {
    /// New at every start, so that a hash can be followed through the log, but not looked up.
    key: RandomState,
}

impl Names {
    /// Returns the address, its domain alone, or a hash of it.
    pub fn shown(&self, address: &str, how: LogAddresses) -> String {
        match how {
            LogAddresses::Full => address.to_owned(),
            LogAddresses::Domain => format!("*@{}", domain(address)),
            LogAddresses::Hash => format!("{:016x}", self.key.hash_one(address.to_lowercase())),
        }
    }
}

/// Returns the user who gave a command as the log shows it.
pub(super) fn user_name(user: Option<u32>) -> String {
    user.map_or_else(|| "unknown".to_owned(), |user| user.to_string())
}

/// Returns the text after the last `@`, unless this `@` is within a quoted local-part.
fn domain(address: &str) -> &str {
    let after = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if after.contains('"') { "" } else { after }
}

/// Says whether lines about tables hide rules. All clones have one state.
#[derive(Clone, Debug, Default)]
pub struct Redaction(Arc<AtomicBool>);

impl Redaction {
    /// Hides rules, or shows them, as the configuration says.
    pub fn set(&self, addresses: LogAddresses) {
        self.0.store(addresses != LogAddresses::Full, Relaxed);
    }

    /// Returns true if rules are hidden.
    pub fn hides(&self) -> bool {
        self.0.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_form_holds_no_local_part() {
        for (address, shown) in [
            ("jd@domain2.com", "*@domain2.com"),
            ("\"j@d\"@domain2.com", "*@domain2.com"),
            ("@relay.example:jd@domain2.com", "*@domain2.com"),
            ("postmaster", "*@"),
            ("\"j@d\"", "*@"),
            ("", "*@"),
        ] {
            assert_eq!(Names::default().shown(address, LogAddresses::Domain), shown);
        }
    }

    #[test]
    fn one_mailbox_has_one_hash_as_long_as_the_daemon_runs() {
        let names = Names::default();
        let hash = |address| names.shown(address, LogAddresses::Hash);
        assert_eq!(hash("jd@domain2.com"), hash("JD@Domain2.com"));
        assert_ne!(hash("jd@domain2.com"), hash("jd@domain3.com"));
        let other = Names::default().shown("jd@domain2.com", LogAddresses::Hash);
        assert_ne!(hash("jd@domain2.com"), other);
    }
}
