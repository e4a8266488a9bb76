//! The settings that the meaning of rules depends on, as an entry holds them.

use serde::{Deserialize, Serialize};

use crate::engine::{
    Settings,
    address::LocalCase,
    reply::{ReplyClass, SmtpReply},
};

/// [`Settings`] as JSON, with the names and words of the configuration file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct WrittenSettings {
    recipient_delimiter: String,
    /// `ignore` or `strict`.
    local_part_case: Case,
    recursion_limit: usize,
    expansion_limit: usize,
    address_length_limit: usize,
    unknown: String,
    unknown_defer: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Case {
    Ignore,
    Strict,
}

impl From<&Settings> for WrittenSettings {
    fn from(settings: &Settings) -> Self {
        // Without `..`, so that a new setting cannot be forgotten here.
        let Settings {
            recipient_delimiter,
            local_case,
            recursion_limit,
            expansion_limit,
            address_length_limit,
            unknown_reject,
            unknown_defer,
        } = settings;
        Self {
            recipient_delimiter: recipient_delimiter.clone(),
            local_part_case: match local_case {
                LocalCase::Ignore => Case::Ignore,
                LocalCase::Strict => Case::Strict,
            },
            recursion_limit: *recursion_limit,
            expansion_limit: *expansion_limit,
            address_length_limit: *address_length_limit,
            unknown: unknown_reject.to_string(),
            unknown_defer: unknown_defer.to_string(),
        }
    }
}

impl WrittenSettings {
    /// Returns the settings; none if a reply is none, which this program does not write.
    pub fn settings(&self) -> Option<Settings> {
        let reply = |class, text: &str| SmtpReply::parse(class, text).ok();
        Some(Settings {
            recipient_delimiter: self.recipient_delimiter.clone(),
            local_case: match self.local_part_case {
                Case::Ignore => LocalCase::Ignore,
                Case::Strict => LocalCase::Strict,
            },
            recursion_limit: self.recursion_limit,
            expansion_limit: self.expansion_limit,
            address_length_limit: self.address_length_limit,
            unknown_reject: reply(ReplyClass::Reject, &self.unknown)?,
            unknown_defer: reply(ReplyClass::Defer, &self.unknown_defer)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were() {
        let unusual = Settings {
            recipient_delimiter: "+-".to_owned(),
            local_case: LocalCase::Strict,
            recursion_limit: 3,
            expansion_limit: 4,
            address_length_limit: 5,
            unknown_reject: SmtpReply::parse(ReplyClass::Reject, "553 5.1.3 Not here").unwrap(),
            unknown_defer: SmtpReply::parse(ReplyClass::Defer, "450 4.2.1 Later").unwrap(),
        };
        for settings in [Settings::default(), unusual] {
            let written = WrittenSettings::from(&settings);
            let text = serde_json::to_string(&written).unwrap();
            let read: WrittenSettings = serde_json::from_str(&text).unwrap();
            assert_eq!(read.settings(), Some(settings));
        }
    }

    #[test]
    fn a_reply_that_is_none_is_not_taken_for_one() {
        let mut written = WrittenSettings::from(&Settings::default());
        written.unknown = "250 2.0.0 Fine".to_owned();
        assert_eq!(written.settings(), None);
    }
}
