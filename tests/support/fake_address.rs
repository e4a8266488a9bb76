//! Reads addresses for the fake MTA, as Postfix's smtpd and trivial-rewrite do.
//!
//! The reader understands what the scenarios use: source routes, comments, spaces, a trailing dot, quotes that are not
//! needed, `user%domain`, `domain!user`. Bytes that are not UTF-8 become replacement characters.

/// Returns the address that smtpd reads from a path: without outer brackets and source route, then parsed.
pub fn received(path: &[u8]) -> Vec<u8> {
    let inner = path
        .strip_prefix(b"<")
        .and_then(|rest| rest.strip_suffix(b">"))
        .unwrap_or(path);
    let inner = match inner.iter().position(|&byte| byte == b':') {
        Some(colon) if inner.starts_with(b"@") => &inner[colon + 1..],
        _ => inner,
    };
    parsed(inner)
}

/// Returns the address in a text, as cleanup's parser finds it: the text between brackets, or within a
/// group. Brackets within brackets and a group within brackets give another address than smtpd has.
pub fn parsed(text: &[u8]) -> Vec<u8> {
    let at = |wanted: u8, from: usize| {
        let (mut quoted, mut escaped) = (false, false);
        text.iter().enumerate().skip(from).find_map(|(at, &byte)| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = !quoted,
                _ if byte == wanted && !quoted => return Some(at),
                _ => {}
            }
            None
        })
    };
    if let Some(open) = at(b'<', 0) {
        let close = at(b'>', open).unwrap_or(text.len());
        let further = at(b'<', open + 1).is_some() || at(b'>', close + 1).is_some();
        let inner = &text[open + 1..close];
        let odd = further || inner.ends_with(b";") || inner.starts_with(b"@");
        return if odd { text.to_vec() } else { inner.to_vec() };
    }
    let text = &text[..at(b'>', 0).unwrap_or(text.len())];
    match (at(b':', 0), text.strip_suffix(b";")) {
        (Some(colon), Some(group)) => group[colon + 1..].trim_ascii().to_vec(),
        _ => text.to_vec(),
    }
}

/// Returns the address without quotes and backslashes. The fake MTA compares addresses in this form.
pub fn unquoted(address: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let mut plain = Vec::new();
    for &byte in address {
        match byte {
            _ if escaped => {
                plain.push(byte);
                escaped = false;
            }
            b'\\' => escaped = true,
            b'"' => {}
            _ => plain.push(byte),
        }
    }
    plain
}

/// Returns the address to which the MTA would deliver.
pub fn canonical(address: &[u8]) -> String {
    let text = String::from_utf8_lossy(address).into_owned();
    if text.starts_with('"') {
        return requoted(&text);
    }
    let mut depth = 0_usize;
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ' ' | '\t' => {}
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    let plain = plain.trim_end_matches('.');
    match plain.rsplit_once('@') {
        Some(_) => plain.to_owned(),
        // Without a domain, the domain may be hidden in the local-part.
        None => match (plain.split_once('!'), plain.rsplit_once('%')) {
            (Some((domain, user)), _) => format!("{user}@{domain}"),
            (None, Some((user, domain))) => format!("{user}@{domain}"),
            (None, None) => plain.to_owned(),
        },
    }
}

/// Removes quotes that the local-part does not need.
fn requoted(text: &str) -> String {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    let inner = String::from_utf8_lossy(&unquoted(local.as_bytes())).into_owned();
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let plain = !inner.is_empty()
        && inner.chars().all(atom)
        && !inner.starts_with('.')
        && !inner.ends_with('.')
        && !inner.contains("..");
    let domain = domain.trim_end_matches('.');
    if plain {
        format!("{inner}@{domain}")
    } else {
        format!("{local}@{domain}")
    }
}
