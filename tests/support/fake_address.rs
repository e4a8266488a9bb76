//! How the fake MTA understands an address: as Postfix's smtpd and trivial-rewrite do.
//!
//! Only what the scenarios use: source route, comments, blanks, a trailing dot, quotes that are
//! not needed, `user%domain`, `domain!user`. Bytes that are not UTF-8 become replacement marks.

/// The path without its brackets and its source route.
pub fn without_route(path: &[u8]) -> Vec<u8> {
    let path = path.strip_prefix(b"<").unwrap_or(path);
    let path = path.strip_suffix(b">").unwrap_or(path);
    match path.iter().position(|&byte| byte == b':') {
        Some(colon) if path.starts_with(b"@") => path[colon + 1..].to_vec(),
        _ => path.to_vec(),
    }
}

/// The address without quotes and backslashes: how two recipients are compared.
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

/// Where the MTA would deliver to.
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

/// Takes quotes off that the local-part does not need.
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
