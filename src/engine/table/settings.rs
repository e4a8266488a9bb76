//! The settings that change the meaning of rules.

use crate::engine::{
    address::LocalCase,
    reply::{ReplyClass, SmtpReply},
};

/// The settings that change the meaning of rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The characters that separate user and detail, as in Postfix's `recipient_delimiter`. If empty, no
    /// address has a detail.
    pub recipient_delimiter: String,
    /// How local-parts are compared: with or without letter case.
    pub local_case: LocalCase,
    /// How many lookups, one after another, one recipient may take.
    pub recursion_limit: usize,
    /// How many recipients one recipient may become.
    pub expansion_limit: usize,
    /// The largest length in bytes of an address that comes out of a rule.
    pub address_length_limit: usize,
    /// The reply to an address that `unknown=reject` refuses.
    pub unknown_reject: SmtpReply,
    /// The reply to an address that `unknown=defer` defers.
    pub unknown_defer: SmtpReply,
}

impl Default for Settings {
    /// The limits are those of Postfix: `virtual_alias_recursion_limit`, `virtual_alias_expansion_limit`,
    /// `virtual_alias_address_length_limit`.
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
