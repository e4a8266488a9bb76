//! Codes about the configuration file, and about exports.

use crate::engine::diagnostic::{
    code::{Code, Definition, Example, codes},
    severity::Severity,
};

codes! {
    BAD_VALUE "bad-value" [Error]
        "A key of the configuration file has a value that is not allowed."
        "Write a value as in readdress.toml(5)."
        Configuration("mode = \"observ\"\n")
    NOT_EXPORTED "not-exported" [Error]
        "A rule cannot be expressed in the format of the export."
        "Write the rule in another way, or export another format."
        Export("jd@domain2.com jdoe@company.com detail=drop\n")
    UNKNOWN_KEY "unknown-key" [Error]
        "The configuration file has a key or a section that does not exist."
        "Correct the spelling of the key, or move it to its section: readdress.toml(5)."
        Configuration("mod = \"observe\"\n")
}
