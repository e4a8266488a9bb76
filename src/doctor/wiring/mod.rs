//! The lines that connect this table to an MTA: `doctor --print`.
//!
//! What is recommended: a static list of domains in both spellings, no subdomains, recipients looked up in the
//! table by socketmap, the milter last, and mail deferred while readdress is away.

mod postfix;
mod rule_set;
mod sendmail;

pub use postfix::postfix;
pub use sendmail::{
    filter as sendmail_filter, map_socket as sendmail_map_socket, notation as sendmail_socket,
    sendmail,
};
