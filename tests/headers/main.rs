//! Changes of header fields: which bytes of `To` and `Cc` change, and when no field may change.
//!
//! The fields are those of RFC 5322 (section 3.4 and appendix A) and RFC 6376, not of one MTA.

mod fields;
mod messages;

use readdress::headers::{Edit, Field, HeaderSettings, edits};

/// Returns the address that replaces another one, as a table would.
fn target(address: &str) -> Option<String> {
    let new = match &*address.to_ascii_lowercase() {
        "jd@domain2.com" => "jdoe@company.com",
        "\"j d\"@domain2.com" => "\"j doe\"@company.com",
        "self@domain2.com" => "self@domain2.com",
        _ => return None,
    };
    Some(new.to_owned())
}

/// Returns the fields of a message that is written as `Name: value` lines. A line that begins with white
/// space continues the one before.
fn fields(message: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for line in message.lines() {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => {
                field.value.extend_from_slice(b"\r\n");
                field.value.extend_from_slice(line.as_bytes());
            }
            _ => {
                let (name, value) = line.split_once(':').expect("a colon");
                fields.push(Field {
                    name: name.into(),
                    value: value.into(),
                });
            }
        }
    }
    fields
}

/// Returns the edits of a message as text: `To 1: value`, `To 1 removed`, `X-Original-To added: value`.
fn edited(message: &str, settings: HeaderSettings, single: Option<&str>) -> Vec<String> {
    let concerns = |field: &Field| settings.concerns(&field.name);
    let fields: Vec<_> = fields(message).into_iter().filter(concerns).collect();
    let single = single.map(str::as_bytes);
    let edits = edits(&fields, settings, single, target);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let shown = edits.into_iter().map(|edit| match edit {
        Edit::Change {
            name,
            index,
            value: Some(value),
        } => format!("{name} {index}:{}", text(value)),
        Edit::Change { name, index, .. } => format!("{name} {index} removed"),
        Edit::Add { name, value } => format!("{name} added: {}", text(value)),
    });
    shown.collect()
}
