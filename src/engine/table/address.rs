//! An address, prepared once for lookups.

use std::sync::Arc;

use super::settings::Settings;
use crate::engine::address::{LocalCase, Mailbox, Subaddress};

/// An address in the forms that a lookup compares.
#[derive(Clone, Debug)]
pub struct Address {
    /// As it was spelt.
    pub mailbox: Mailbox,
    /// Folded local-part, `@`, domain. Two addresses with the same key are one mailbox.
    pub key: Arc<str>,
    /// The length in bytes of the user in the local-part as it was spelt; `None` if it has no detail.
    user: Option<usize>,
    /// How lookups compare its local-part: as the table says, or without letter case.
    pub(super) case: LocalCase,
}

impl Address {
    /// Prepares an address for lookups that compare local-parts as `case` says.
    pub(super) fn compared(mailbox: Mailbox, settings: &Settings, case: LocalCase) -> Self {
        let key = mailbox.key(case).into();
        let split = Subaddress::split(mailbox.local.as_str(), &settings.recipient_delimiter);
        let user = split.map(|split| split.user.len());
        Self {
            mailbox,
            key,
            user,
            case,
        }
    }

    /// Returns the user: the part before the separator. `None` if the local-part has no detail.
    pub fn user(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(..end))
    }

    /// Returns the separator and the detail, as they were spelt. `None` if the local-part has no detail.
    pub fn separator_and_detail(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(end..))
    }

    /// Returns the detail, which may be empty. `None` if the local-part has no separator.
    pub fn detail(&self) -> Option<&str> {
        let rest = self.separator_and_detail()?;
        rest.get(rest.chars().next()?.len_utf8()..)
    }

    /// Returns true if the local-part has a detail that is not empty.
    pub(super) fn has_detail(&self) -> bool {
        self.detail().is_some_and(|detail| !detail.is_empty())
    }
}
