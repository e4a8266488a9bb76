//! Storey 1: bytes to and from address values (RFC 5321 section 4.1.2, 6531, 5890, 5233, 3461).
//!
//! A local-part has two forms. The *internal* form is the text itself (`john doe`); the
//! *external* form is how it stands in a path, quoted where the grammar wants it
//! (`"john doe"`). [`LocalPart`] holds the internal form and prints the external one.
//!
//! Two readers share this room: rules, which are read strictly (a target must be a valid
//! forward-path), and envelopes, where whatever an MTA accepted is taken as it is
//! (`a..b@domain2.com`), because refusing it for its form is not ours to do.
//!
//! Not here: what an address means. This room knows no rule and no table.

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
