//! Storey 6: changes of the header fields that name recipients. They are off by default.
//!
//! In: the fields of one message that matter, the settings, the recipient if there is only one, and a function that
//! returns what replaces an address. Out: [`Edit`]s as an MTA takes them. Nothing is sent here.
//!
//! # `X-Original-To`
//!
//! Names the address as it was received. The field is added only if the message has a single recipient: with more
//! recipients, it would show one of them a blind copy to another. Fields of this name that came from outside are always
//! removed, also if a signature covers them: here they would be wrong.
//!
//! # `To` and `Cc`
//!
//! An address is changed if the table replaces it by one other address. Everything around the address stays byte for
//! byte ([`rewrite`]). A field that a DKIM signature of the message covers is not changed ([`dkim`]). Other fields that
//! name recipients (`Resent-To`, `Bcc`) are not changed either.
//!
//! Only this room uses mail-parser.

mod dkim;
mod rewrite;
mod scan;

pub use rewrite::{MAX_FIELD, rewrite};

/// The field for the address as it was received.
const ORIGINAL: &str = "X-Original-To";

/// The fields whose addresses are rewritten.
const REWRITTEN: [&str; 2] = ["To", "Cc"];

const SIGNATURE: &str = "DKIM-Signature";

/// Which header fields are changed; none by default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HeaderSettings {
    /// Add `X-Original-To`, and remove fields of this name that came from outside.
    pub original_to: bool,
    /// Rewrite `To` and `Cc`.
    pub rewrite: bool,
}

impl HeaderSettings {
    /// Returns true if any header field is changed.
    pub fn any(self) -> bool {
        self.original_to || self.rewrite
    }

    /// Returns true if a field with this name matters.
    pub fn concerns(self, name: &[u8]) -> bool {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        (self.original_to && is(ORIGINAL))
            || (self.rewrite && (is(SIGNATURE) || REWRITTEN.into_iter().any(is)))
    }
}

/// A header field of the message: its name, and its value with the white space before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// The name, as the sender wrote it.
    pub name: Vec<u8>,
    /// The value, as the sender wrote it, with the line ends of the MTA.
    pub value: Vec<u8>,
}

/// A change of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edit {
    /// A field gets another value, or is removed.
    Change {
        /// The name of the field.
        name: &'static str,
        /// The number of the field among the fields of its name; the first one has number 1.
        index: i32,
        /// The new value; `None` removes the field.
        value: Option<Vec<u8>>,
    },
    /// A field is added.
    Add {
        /// The name of the field.
        name: &'static str,
        /// The value of the field.
        value: Vec<u8>,
    },
}

/// Returns the edits of a message. `fields` are the fields that matter ([`HeaderSettings::concerns`]), in their order.
///
/// `single` is the path of the only recipient, as it was received. `target` returns the address that replaces another.
pub fn edits(
    fields: &[Field],
    settings: HeaderSettings,
    single: Option<&[u8]>,
    target: impl Fn(&str) -> Option<String>,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    if settings.rewrite {
        for name in REWRITTEN {
            rewrite_fields(name, fields, &target, &mut edits);
        }
    }
    if settings.original_to {
        // The last field first, so that the numbers of the fields before it stay the same.
        for (index, _) in numbered(fields, ORIGINAL).into_iter().rev() {
            edits.push(Edit::Change {
                name: ORIGINAL,
                index,
                value: None,
            });
        }
        edits.extend(single.and_then(original_to));
    }
    edits
}

/// Returns the fields of a name, each with its number.
fn numbered<'f>(fields: &'f [Field], name: &str) -> Vec<(i32, &'f Field)> {
    let of_name = |field: &&Field| field.name.eq_ignore_ascii_case(name.as_bytes());
    (1..).zip(fields.iter().filter(of_name)).collect()
}

fn rewrite_fields(
    name: &'static str,
    fields: &[Field],
    target: &impl Fn(&str) -> Option<String>,
    edits: &mut Vec<Edit>,
) {
    let signatures = numbered(fields, SIGNATURE);
    if signatures
        .iter()
        .any(|(_, field)| dkim::covers(&field.value, name))
    {
        return;
    }
    for (index, field) in numbered(fields, name) {
        if let Some(value) = rewrite(&field.value, target) {
            edits.push(Edit::Change {
                name,
                index,
                value: Some(value),
            });
        }
    }
}

/// Returns the field for the received address, without `<>`; `None` if the address cannot be in a header as it is.
fn original_to(path: &[u8]) -> Option<Edit> {
    let path = path.strip_prefix(b"<").unwrap_or(path);
    let path = path.strip_suffix(b">").unwrap_or(path);
    let plain = !path.is_empty() && path.iter().all(|b| matches!(b, b' '..=b'~'));
    plain.then(|| Edit::Add {
        name: ORIGINAL,
        value: path.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> Field {
        Field {
            name: name.into(),
            value: value.into(),
        }
    }

    fn target(address: &str) -> Option<String> {
        (address == "jd@domain2.com").then(|| "jdoe@company.com".to_owned())
    }

    const BOTH: HeaderSettings = HeaderSettings {
        original_to: true,
        rewrite: true,
    };

    fn change(name: &'static str, index: i32, value: Option<&str>) -> Edit {
        let value = value.map(|value| value.as_bytes().to_vec());
        Edit::Change { name, index, value }
    }

    #[test]
    fn forged_copies_go_from_the_last_and_the_single_recipient_is_named() {
        let fields = [
            field("x-original-to", " a@b.example"),
            field("To", " x@y.example"),
            field("X-ORIGINAL-TO", " c@d.example"),
        ];
        let removed = [
            change("X-Original-To", 2, None),
            change("X-Original-To", 1, None),
        ];
        assert_eq!(edits(&fields, BOTH, None, target), removed);
        let named = edits(&fields, BOTH, Some(b"<JD+x@domain2.com>"), target);
        let added = Edit::Add {
            name: "X-Original-To",
            value: b"JD+x@domain2.com".to_vec(),
        };
        assert_eq!((&named[..2], &named[2..]), (&removed[..], &[added][..]));
        assert_eq!(
            edits(&[], HeaderSettings::default(), Some(b"<a@b.c>"), target),
            []
        );
        for strange in ["<j\u{f6}@b.example>", "<a\r\nX: y@b.example>", "<>", ""] {
            let made = edits(&[], BOTH, Some(strange.as_bytes()), target);
            assert_eq!(made, [], "{strange:?}");
        }
    }

    #[test]
    fn fields_are_counted_by_name_and_signed_ones_are_left_alone() {
        let fields = [
            field("To", " x@y.example"),
            field("Cc", " jd@domain2.com"),
            field("to", " <jd@domain2.com>"),
        ];
        let wanted = [
            change("To", 2, Some(" <jdoe@company.com>")),
            change("Cc", 1, Some(" jdoe@company.com")),
        ];
        assert_eq!(edits(&fields, BOTH, None, target), wanted);
        let mut signed = fields.to_vec();
        signed.push(field(
            "DKIM-Signature",
            " v=1; h=From:\r\n\tTO : Subject; b=x",
        ));
        assert_eq!(edits(&signed, BOTH, None, target), wanted[1..]);
    }

    #[test]
    fn only_what_matters_is_kept() {
        assert!(!HeaderSettings::default().any());
        for (name, original_to, rewrite) in [
            ("TO", false, true),
            ("cc", false, true),
            ("Dkim-Signature", false, true),
            ("x-original-to", true, false),
            ("Subject", false, false),
            ("Resent-To", false, false),
        ] {
            let concerns = |original_to, rewrite| {
                let wanted = HeaderSettings {
                    original_to,
                    rewrite,
                };
                wanted.concerns(name.as_bytes())
            };
            assert_eq!(concerns(true, false), original_to, "{name}");
            assert_eq!(concerns(false, true), rewrite, "{name}");
        }
    }
}
