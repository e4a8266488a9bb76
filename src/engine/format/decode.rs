//! Converts the bytes of a table of another program to UTF-8.
//!
//! # Which encoding a file has
//!
//! 1. With a BOM: `FF FE` and `FE FF` mean UTF-16; `EF BB BF` means UTF-8 and is removed.
//! 2. Without a BOM, if every second byte of the first 64 is NUL: UTF-16, little or big endian.
//! 3. Otherwise UTF-8.
//!
//! Another encoding is never guessed: the text stays as it is, and its reader reports the first byte that is
//! not UTF-8. `import --encoding` then names the encoding.
//!
//! # Limits
//!
//! UTF-32 is not supported. Because of its NULs a file in UTF-32 is reported as a binary file.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// How many bytes are looked at if there is no BOM.
const LOOKED_AT: usize = 64;

/// The encoding from which a file was converted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The name of the encoding.
    pub name: &'static str,
    /// True if a character could not be converted, so that U+FFFD replaces it.
    pub lossy: bool,
}

/// Returns UTF-16 in its byte order, if the first bytes of a file show it.
pub fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let head = head.get(..head.len().min(LOOKED_AT) & !1).unwrap_or(b"");
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let half = head.len() / 2;
    match (zeros(0), zeros(1)) {
        (0, high) if half > 1 && high == half => Some(UTF_16LE),
        (high, 0) if half > 1 && high == half => Some(UTF_16BE),
        _ => None,
    }
}

/// Converts bytes whose encoding is visible in them. Other bytes stay as they are.
pub fn decode(bytes: Vec<u8>) -> (Vec<u8>, Decoded) {
    if let Some(encoding) = utf16(&bytes) {
        return decode_as(&bytes, encoding);
    }
    let text = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    let decoded = Decoded {
        name: UTF_8.name(),
        lossy: false,
    };
    (line_ends(text), decoded)
}

/// Converts from a named encoding (`windows-1252`, `latin1`). Returns `None` if there is no such encoding.
pub fn decode_by_name(bytes: &[u8], name: &str) -> Option<(Vec<u8>, Decoded)> {
    Encoding::for_label(name.as_bytes()).map(|encoding| decode_as(bytes, encoding))
}

fn decode_as(bytes: &[u8], encoding: &'static Encoding) -> (Vec<u8>, Decoded) {
    // A BOM of the same encoding is removed. Another BOM does not change the named encoding.
    let (text, lossy) = encoding.decode_with_bom_removal(bytes);
    let decoded = Decoded {
        name: encoding.name(),
        lossy,
    };
    (line_ends(text.into_owned().into_bytes()), decoded)
}

/// Replaces single CRs, which end the lines of old Macintosh files, by LFs.
fn line_ends(mut text: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == b'\r'))
    {
        let cr = at + found;
        if text.get(cr + 1) != Some(&b'\n')
            && let Some(byte) = text.get_mut(cr)
        {
            *byte = b'\n';
        }
        at = cr + 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16_bytes(text: &str, bom: bool, little: bool) -> Vec<u8> {
        let units = bom.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units
            .flat_map(|u: u16| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn utf16_of_every_kind() {
        let text = "from,to\r\njörg@domain2.com,jd@company.com\n";
        let sniffed = "from,to\r\njd@domain2.com,jdoe@company.com, and a line with ö\n";
        for little in [true, false] {
            let (bytes, decoded) = decode(utf16_bytes(text, true, little));
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
            assert_eq!(decoded.name, if little { "UTF-16LE" } else { "UTF-16BE" });
            let (bytes, _) = decode(utf16_bytes(sniffed, false, little));
            assert_eq!(String::from_utf8(bytes).unwrap(), sniffed);
        }
    }

    #[test]
    fn a_utf8_bom_is_left_out_and_a_lone_cr_ends_a_line() {
        assert_eq!(
            decode(b"\xef\xbb\xbfa\rb\r\nc\r".to_vec()).0,
            b"a\nb\r\nc\n"
        );
    }

    #[test]
    fn nothing_is_guessed() {
        let ansi = b"from,to\nj\xf6rg@domain2.com,a@company.com\n".to_vec();
        assert_eq!(decode(ansi.clone()).0, ansi);
        let (named, _) = decode_by_name(&ansi, "windows-1252").unwrap();
        assert!(String::from_utf8(named).unwrap().contains("jörg@"));
        assert!(decode_by_name(&ansi, "cp437").is_none());
        assert!(utf16(&[0; 64]).is_none());
    }
}
