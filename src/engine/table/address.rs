//! An address, prepared once for lookups.

use std::sync::Arc;

use super::settings::Settings;
use crate::engine::address::{LocalCase, Mailbox, Subaddress};

/// An address in the forms that a lookup compares.
#[derive(Clone, Debug)]
pub struct Address {
    /// As it was spelt.
    pub mailbox: Mailbox,
    /// Folded local-part, `@`, domain: what makes two addresses one mailbox.
    pub key: Arc<str>,
    /// The length in bytes of the user in the local-part as it was spelt; `None` if it has no detail.
    user: Option<usize>,
    /// How its local-part is compared: as the table compares, or without letter case.
    pub(super) case: LocalCase,
}

impl Address {
    /// Prepares an address for lookups that compare local-parts in this way.
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

    /// Returns the user, where the local-part has a detail.
    pub fn user(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(..end))
    }

    /// Returns the separator and the detail, as they were spelt.
    pub fn separator_and_detail(&self) -> Option<&str> {
        self.user
            .and_then(|end| self.mailbox.local.as_str().get(end..))
    }

    /// Returns the detail, which may be empty.
    pub fn detail(&self) -> Option<&str> {
        let rest = self.separator_and_detail()?;
        rest.get(rest.chars().next()?.len_utf8()..)
    }

    /// Returns true if the local-part has a detail that is not empty.
    pub(super) fn has_detail(&self) -> bool {
        self.detail().is_some_and(|detail| !detail.is_empty())
    }
}
