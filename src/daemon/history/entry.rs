//! What is recorded of one generation.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{author::Author, settings::WrittenSettings};
use crate::engine::{Settings, store::ContentHash};

/// One generation: a table that went live.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Its number.
    pub generation: u64,
    /// The digest of its texts: what `readdress accept` takes.
    pub digest: String,
    /// When it went live, in seconds since 1970.
    pub at: u64,
    /// Who made it live.
    pub by: Author,
    /// What made it live.
    pub cause: Cause,
    /// Why, in the words of whoever made it live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The rules directory, as an absolute path.
    pub directory: String,
    /// How many rules it has.
    pub rules: usize,
    /// How many rules were added to the table before it.
    pub added: usize,
    /// How many rules were removed.
    pub removed: usize,
    /// How many rules were changed.
    pub changed: usize,
    /// Warnings about it, in one line each; the first ones.
    #[serde(default)]
    pub warnings: Vec<String>,
    settings: WrittenSettings,
    /// Its texts, in the order of their names.
    pub texts: Vec<Text>,
}

/// What made a generation live.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Cause {
    /// The files were changed while the daemon ran.
    Save,
    /// The daemon started, and the files were others than when it ended.
    Start,
    /// The configuration was changed.
    Configuration,
    /// Somebody accepted a table that was held back.
    Accepted,
    /// Somebody went back to the generation with this number.
    Rollback {
        /// Its number.
        to: u64,
    },
}

/// One text of a generation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Text {
    /// The name of its file.
    pub name: String,
    /// The hash of its bytes, in hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub hash: u128,
    /// How many rules and domain lines it holds.
    pub lines: usize,
    /// When the file was changed last, in seconds since 1970, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<u64>,
    /// Who owned the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// False if the file changed before its bytes were copied: the generation cannot be had again.
    pub kept: bool,
}

impl Entry {
    /// Returns an entry of nobody, without texts, about a table with these settings.
    pub fn new(generation: u64, digest: String, settings: &Settings) -> Self {
        Self {
            generation,
            digest,
            at: 0,
            by: Author::default(),
            cause: Cause::Save,
            why: None,
            directory: String::new(),
            rules: 0,
            added: 0,
            removed: 0,
            changed: 0,
            warnings: Vec::new(),
            settings: settings.into(),
            texts: Vec::new(),
        }
    }

    /// Returns the settings that the meaning of its rules depends on; none if they are damaged.
    pub fn settings(&self) -> Option<Settings> {
        self.settings.settings()
    }

    /// Returns true if a table with these settings means the same.
    pub fn has_settings(&self, settings: &Settings) -> bool {
        self.settings == settings.into()
    }

    /// Returns true if all its texts were copied.
    pub fn is_whole(&self) -> bool {
        self.texts.iter().all(|text| text.kept)
    }
}

impl Text {
    /// Returns the hash of its bytes.
    pub fn content(&self) -> ContentHash {
        ContentHash(self.hash)
    }
}

/// Returns a time in seconds since 1970; 0 for one before.
pub fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Numbers of 128 bits as 32 hexadecimal digits, because many readers of JSON know 53 bits alone.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(hash: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{hash:032x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let digits = String::deserialize(from)?;
        u128::from_str_radix(&digits, 16).map_err(D::Error::custom)
    }
}
