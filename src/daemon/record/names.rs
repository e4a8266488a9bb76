//! Addresses as the configuration wants them in the log: in full, by domain, or as a hash.
//!
//! Two kinds of lines hold addresses. Those about a recipient show each in its hidden form
//! ([`Names`]). Those about a table hold rules, which are made of addresses everywhere, in findings
//! and in source lines too; where addresses are hidden ([`Redaction`]) they show places and counts alone.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::config::LogAddresses;

/// Hides the addresses of recipients (spec section 8).
#[derive(Debug, Default)]
pub struct Names {
    /// New at every start: a hash is for following an address, not for finding it out.
    key: RandomState,
}

impl Names {
    /// The address, its domain alone, or a hash of it.
    pub fn shown(&self, address: &str, how: LogAddresses) -> String {
        match how {
            LogAddresses::Full => address.to_owned(),
            LogAddresses::Domain => format!("*@{}", domain(address)),
            LogAddresses::Hash => format!("{:016x}", self.key.hash_one(address.to_lowercase())),
        }
    }
}

/// What stands behind the last `@`, unless that is the end of a quoted local-part.
fn domain(address: &str) -> &str {
    let after = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if after.contains('"') { "" } else { after }
}

/// Whether lines about tables keep rules to themselves; its clones are one.
#[derive(Clone, Debug, Default)]
pub struct Redaction(Arc<AtomicBool>);

impl Redaction {
    /// From now on as the configuration has it.
    pub fn set(&self, addresses: LogAddresses) {
        self.0.store(addresses != LogAddresses::Full, Relaxed);
    }

    /// Whether it is drawn.
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
