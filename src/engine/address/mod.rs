//! Storey 1: bytes to and from address values (RFC 5321 section 4.1.2, 6531, 5890, 5233, 3461).
//!
//! A local-part has two forms. The *internal* form is the text itself (`john doe`). The *external* form is how
//! it stands in a path, with quotes if the grammar requires them (`"john doe"`). [`LocalPart`] holds the internal
//! form and prints the external one.
//!
//! Addresses come from two places. Those in rules are read strictly: a target must be a valid forward-path. Those
//! in envelopes are read leniently (`a..b@domain2.com`): the MTA has accepted their form already.
//!
//! Not here: what an address means. This room does not know rules or tables.

mod domain;
mod joiner;
mod local_part;
mod mailbox;
mod parameter;
mod path;
mod quoting;
mod subaddress;

pub use domain::{Domain, DomainError};
pub use joiner::belongs as joiner_belongs;
pub use local_part::{LocalCase, LocalPart, LocalPartError, fold};
pub use mailbox::{MAX_LOCAL_PART, MAX_PATH, Mailbox, MailboxError};
pub use parameter::{DsnParameters, Notify};
pub use path::{ForwardPath, PathError, domain_at_the_end, without_route};
pub use quoting::{last_at, outside_quotes};
pub use subaddress::Subaddress;

#[cfg(test)]
mod tests;
