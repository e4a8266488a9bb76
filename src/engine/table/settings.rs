//! The settings that change what rules mean.

use crate::engine::{
    address::LocalCase,
    reply::{ReplyClass, SmtpReply},
};

/// What the meaning of rules depends on besides the rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Characters that part user and detail, as Postfix's `recipient_delimiter`; none for no details.
    pub recipient_delimiter: String,
    /// How local-parts are compared.
    pub local_case: LocalCase,
    /// Lookups in a row for one recipient.
    pub recursion_limit: usize,
    /// Recipients from one.
    pub expansion_limit: usize,
    /// The largest length in bytes of an address that comes out of a rule.
    pub address_length_limit: usize,
    /// The reply where `unknown=reject` decides.
    pub unknown_reject: SmtpReply,
    /// The reply where `unknown=defer` decides.
    pub unknown_defer: SmtpReply,
}

impl Default for Settings {
    /// Limits as Postfix has them (`virtual_alias_recursion_limit` and its sisters).
    fn default() -> Self {
        Self {
            recipient_delimiter: "+".to_owned(),
            local_case: LocalCase::Ignore,
            recursion_limit: 1000,
            expansion_limit: 1000,
            address_length_limit: 1000,
            unknown_reject: SmtpReply::unknown_user(),
            unknown_defer: ReplyClass::Defer.default_reply(),
        }
    }
}
