//! Any bytes as a configuration file: no panic, and every finding has a place in the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use readdress::config;

fuzz_target!(|data: &[u8]| {
    if let Err(found) = config::parse("readdress.toml", data) {
        assert!(!found.is_empty());
        let lines = data.split(|byte| *byte == b'\n').count();
        for finding in found {
            assert!(finding.excerpt.line as usize <= lines, "{finding}");
        }
    }
});
