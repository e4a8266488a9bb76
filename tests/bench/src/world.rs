//! The rules of the benchmark: readdress and its peers read the same files.
//!
//! Rule `n` turns [`key`]`(n)` into [`target`]`(n)`. A hash of the number chooses the syllables of the names, so that
//! neighbours in a file are not neighbours in a table. The number in each name makes all names different. No rule and
//! no domain refuses anything, so a milter can negotiate that RCPT has no reply.

use std::fs::{self, File};
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// The domains of the keys.
pub const SECONDARY: [&str; 4] = [
    "domain2.example",
    "domain3.example",
    "sales.domain4.example",
    "domain5.test",
];

/// The domains of the targets.
pub const PRIMARY: [&str; 2] = ["company.example", "mail.company.test"];

/// The largest number of rules in one file. Large directories usually have several files.
pub const PER_FILE: u64 = 2_500_000;

const SYLLABLES: [&str; 32] = [
    "an", "ber", "chi", "da", "el", "fo", "gri", "ha", "in", "jo", "ka", "lou", "ma", "ni", "ot",
    "pe", "qua", "ro", "sa", "ti", "ul", "va", "wen", "xa", "yo", "zu", "bri", "cle", "dor", "fen",
    "gal", "hol",
];

/// Returns a number that looks random (splitmix64).
pub fn mix(number: u64) -> u64 {
    let mut value = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn name(hash: u64, syllables: u32, text: &mut String) {
    for at in 0..syllables {
        text.push_str(SYLLABLES[(hash >> (at * 5)) as usize % SYLLABLES.len()]);
    }
}

/// Returns the address that rule `number` matches.
pub fn key(number: u64) -> String {
    let hash = mix(number);
    let mut text = String::with_capacity(40);
    name(hash, 2, &mut text);
    text.push('.');
    name(hash >> 20, 2, &mut text);
    text.push_str(&format!("{number:x}@"));
    text + SECONDARY[(hash >> 60) as usize % SECONDARY.len()]
}

/// Returns the target of rule `number`.
pub fn target(number: u64) -> String {
    let hash = mix(number ^ 0x5555_0000_5555);
    let mut text = String::with_capacity(32);
    name(hash, 1, &mut text);
    text.push_str(&format!("{number:x}@"));
    text + PRIMARY[(hash >> 60) as usize % PRIMARY.len()]
}

/// Returns an address of the same domains that no rule matches.
pub fn miss(number: u64) -> String {
    format!("x{}", key(number))
}

/// Returns the domain lines.
fn domains() -> String {
    let primary = PRIMARY.iter().map(|domain| format!("{domain} primary\n"));
    let secondary = SECONDARY
        .iter()
        .map(|domain| format!("{domain} secondary unknown=keep\n"));
    primary.chain(secondary).collect()
}

/// Writes `count` rules into files of at most `per_file` rules in `folder`. Returns the number of bytes.
pub fn write(folder: &Path, count: u64, per_file: u64) -> Result<u64> {
    fs::create_dir_all(folder)?;
    let head = domains();
    fs::write(folder.join("00-domains.rules"), &head)?;
    let mut bytes = head.len() as u64;
    for first in (0..count).step_by(per_file.try_into().unwrap_or(usize::MAX)) {
        let path = folder.join(format!("rules-{:03}.rules", first / per_file));
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for number in first..count.min(first + per_file) {
            let line = format!("{} {}\n", key(number), target(number));
            bytes += line.len() as u64;
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
    }
    Ok(bytes)
}

/// Writes rules for whole domains, and rules with a regex: `wholes` and `regexes` of them.
pub fn write_others(folder: &Path, wholes: u64, regexes: u64) -> Result<()> {
    let mut text = String::new();
    for number in 0..wholes {
        text += &format!("whole{number}.example secondary\n");
        text += &format!("@whole{number}.example @{}\n", PRIMARY[0]);
    }
    text += "patterns.example secondary unknown=keep\n";
    for number in 0..regexes {
        text += &format!(
            "/(\\w+)\\.(\\w+)-{number:x}@patterns\\.example/ $2.$1@{}\n",
            PRIMARY[0]
        );
    }
    fs::write(folder.join("90-others.rules"), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_differ() {
        let keys: std::collections::BTreeSet<_> = (0..5000).map(key).collect();
        assert_eq!(keys.len(), 5000);
        assert!(!keys.contains(&miss(7)));
    }
}
