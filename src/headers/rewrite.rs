//! Replaces addresses in one header field. Everything around them stays as it is.
//!
//! A scanner of this room finds the places of the addresses, because mail-parser gives values without places.
//! mail-parser then reads the field before and after the change: the names and the number of addresses must be the
//! same, and each address must be the old one or its replacement. If the two parsers disagree, the field is not changed.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MAX_FIELD`] | 64 KiB | the field is not changed |

use std::collections::HashMap;

use mail_parser::{Address, MessageParser};

use super::scan;

/// Longest field that is rewritten, in bytes.
pub const MAX_FIELD: usize = 65_536;

/// Returns the value with each address replaced that has a target; `None` if nothing changes.
pub fn rewrite(value: &[u8], target: impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    if value.len() > MAX_FIELD {
        return None;
    }
    let mut rewritten = Vec::with_capacity(value.len());
    let mut replaced = HashMap::new();
    let mut copied = 0;
    for range in scan::addresses(value) {
        let Some(old) = value
            .get(range.clone())
            .and_then(|old| std::str::from_utf8(old).ok())
        else {
            continue;
        };
        let Some(new) = target(old).filter(|new| new != old) else {
            continue;
        };
        rewritten.extend_from_slice(value.get(copied..range.start)?);
        rewritten.extend_from_slice(new.as_bytes());
        copied = range.end;
        replaced.insert(old.to_owned(), new);
    }
    rewritten.extend_from_slice(value.get(copied..)?);
    let sound = !replaced.is_empty() && agrees(value, &rewritten, &replaced);
    sound.then_some(rewritten)
}

/// Returns true if mail-parser reads the same names, and if only the intended addresses changed.
fn agrees(before: &[u8], after: &[u8], replaced: &HashMap<String, String>) -> bool {
    let (Some(before), Some(after)) = (parsed(before), parsed(after)) else {
        return false;
    };
    let mut changed = 0;
    let same = before.len() == after.len()
        && before.iter().zip(&after).all(|(old, new)| {
            let is_new = replaced.get(&old.address) == Some(&new.address);
            changed += usize::from(is_new);
            old.group == new.group && old.name == new.name && (is_new || old.address == new.address)
        });
    same && changed > 0
}

/// One address, as mail-parser reads it.
#[derive(Debug)]
struct ParsedAddress {
    group: Option<String>,
    name: Option<String>,
    address: String,
}

fn parsed(value: &[u8]) -> Option<Vec<ParsedAddress>> {
    let field = [b"To:", value, b"\r\n\r\n"].concat();
    let message = MessageParser::new()
        .with_address_headers()
        .parse_headers(&field)?;
    let seen = |group: Option<&str>, addr: &mail_parser::Addr<'_>| {
        Some(ParsedAddress {
            group: group.map(ToOwned::to_owned),
            name: addr.name().map(ToOwned::to_owned),
            address: addr.address()?.to_owned(),
        })
    };
    match message.to()? {
        Address::List(list) => list.iter().map(|addr| seen(None, addr)).collect(),
        Address::Group(groups) => groups
            .iter()
            .flat_map(|group| {
                let name = group.name.as_deref();
                group.addresses.iter().map(move |addr| seen(name, addr))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(address: &str) -> Option<String> {
        Some(
            match address {
                "jd@domain2.com" => "jdoe@company.com",
                "jdoe@company.com" => "jd@domain2.com",
                "\"j d\"@domain2.com" => "jdoe@company.com",
                _ => return None,
            }
            .to_owned(),
        )
    }

    #[track_caller]
    fn gives(value: &str, expected: &str) {
        let rewritten = rewrite(value.as_bytes(), target).expect("a change");
        assert_eq!(String::from_utf8_lossy(&rewritten), expected);
    }

    #[test]
    fn everything_around_an_address_stays() {
        gives(" jd@domain2.com", " jdoe@company.com");
        gives(
            " \"Doe, John\" <jd@domain2.com> (jd@domain2.com),\r\n\tanna@company.com",
            " \"Doe, John\" <jdoe@company.com> (jd@domain2.com),\r\n\tanna@company.com",
        );
        gives(
            " =?utf-8?q?J=C3=B6rg_=40?=\n =?utf-8?b?RG9l?= < jd@domain2.com >",
            " =?utf-8?q?J=C3=B6rg_=40?=\n =?utf-8?b?RG9l?= < jdoe@company.com >",
        );
        gives(
            " Friends: Bob <b@x.test>, jd@domain2.com; , Me <jd@domain2.com>",
            " Friends: Bob <b@x.test>, jdoe@company.com; , Me <jdoe@company.com>",
        );
        gives(
            " J\u{f6}rg <jd@domain2.com>",
            " J\u{f6}rg <jdoe@company.com>",
        );
        gives(" X <\"j d\"@domain2.com>", " X <jdoe@company.com>");
    }

    #[test]
    fn what_is_not_meant_is_left_alone() {
        for value in [
            "",
            " ",
            " anna@company.com",
            " \"jd@domain2.com\" <x@y.test>",
            " (jd@domain2.com) x@y.test",
            " <@a.test:jd@domain2.com>",
            " jd@domain2.com.test",
            " undisclosed-recipients:;",
            // Two addresses in one place: mail-parser and the scanner disagree.
            " jd@domain2.com <x@y.test>",
        ] {
            assert_eq!(rewrite(value.as_bytes(), target), None, "{value}");
        }
        let long = format!(" {}jd@domain2.com", "a@b.test, ".repeat(MAX_FIELD / 10));
        assert_eq!(rewrite(long.as_bytes(), target), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(value in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = rewrite(&value, |_| Some("jdoe@company.com".to_owned()));
        }

        /// Pieces of address lists, in any order. The inverse table gives the same bytes back.
        #[test]
        fn the_inverse_gives_the_same_bytes(
            pieces in prop::collection::vec(prop::sample::select(vec![
                " ", ",", ";", ":", "<", ">", "(", ")", "\"", "\\", "\r\n\t", "jd@domain2.com",
                "<jd@domain2.com>", "x@y.test", "\"Doe, John\" ", "=?utf-8?q?a=40b?= ", "Group:", "@",
            ]), 0..14)
        ) {
            let value = pieces.concat();
            let forth = |address: &str| (address == "jd@domain2.com").then(|| "jdoe@company.com".to_owned());
            let back = |address: &str| (address == "jdoe@company.com").then(|| "jd@domain2.com".to_owned());
            if let Some(rewritten) = rewrite(value.as_bytes(), forth) {
                prop_assert_ne!(&rewritten, value.as_bytes());
                let again = rewrite(&rewritten, back);
                prop_assert_eq!(again.as_deref(), Some(value.as_bytes()));
            }
        }
    }
}
