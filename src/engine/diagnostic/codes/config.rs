//! Codes about the configuration file, and about exports.

use super::{Code, Severity};

codes! {
    BAD_VALUE "bad-value" [Error]
        "A key of the configuration file has a value that is not allowed."
    NOT_EXPORTED "not-exported" [Error]
        "A rule cannot be expressed in the format of the export."
    UNKNOWN_KEY "unknown-key" [Error]
        "The configuration file has a key or a section that does not exist."
}
