//! The lines that connect this table to an MTA: `doctor --print`.
//!
//! The recommended wiring: domains listed statically in both label forms, no subdomains by default,
//! recipients from the table by socketmap, the milter last, and mail deferred while it is away.

mod postfix;
mod rule_set;
mod sendmail;

pub use postfix::postfix;
pub use sendmail::{
    filter as sendmail_filter, map_socket as sendmail_map_socket, notation as sendmail_socket,
    sendmail,
};
