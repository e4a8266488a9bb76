//! What a finding about one line may ask of the whole table.
//!
//! A line is read before the lines behind it, so that its reader does not know the domains and the
//! mailboxes of the table. A finding whose advice needs them is completed once the table is built
//! ([`Finding::later`](super::Finding::later), [`Findings::complete`](super::Findings::complete)).

/// The domains and addresses of a table.
pub trait Names {
    /// Returns the primary domains, sorted.
    fn primary_domains(&self) -> Vec<String>;

    /// Returns the secondary domains, sorted.
    fn secondary_domains(&self) -> Vec<String>;

    /// Returns true if a domain is declared or in use.
    fn knows_domain(&self, domain: &str) -> bool;

    /// Returns true if mail for an address in a domain of the table is not refused as unknown.
    fn takes(&self, address: &str) -> bool;

    /// Returns the mailbox of the same domain whose name is spelt nearly so.
    fn nearest_mailbox(&self, address: &str) -> Option<String>;
}

/// Where there is no table.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoNames;

impl Names for NoNames {
    fn primary_domains(&self) -> Vec<String> {
        Vec::new()
    }

    fn secondary_domains(&self) -> Vec<String> {
        Vec::new()
    }

    fn knows_domain(&self, _domain: &str) -> bool {
        false
    }

    fn takes(&self, _address: &str) -> bool {
        false
    }

    fn nearest_mailbox(&self, _address: &str) -> Option<String> {
        None
    }
}
