//! Addresses in a cell as people paste them and as scripts write them: `a@x; b@x`,
//! `John Doe <jdoe@x>`, `mailto:a@x`, quotes around all of it, a JSON list.
//!
//! # Traps
//!
//! - `;` `,` `|` and line ends separate addresses; between two addresses white space does as well.
//! - Outlook writes names with a comma (`Doe, John <jdoe@x>`). A part without an address belongs to the name
//!   that follows it.
//! - A local-part may be quoted (`"john doe"@x`); quotes around a whole address are not part of it.
//!
//! # Limits
//!
//! A word that is not an address is never completed to an address. `John Doe` and `a@x <b@y>` are returned
//! unchanged, and the caller reports them.

use super::field_text::FieldText;

/// Returns the addresses of a cell. A part that is not an address is returned as it is written.
pub fn list<'t>(cell: &FieldText<'t>) -> Vec<FieldText<'t>> {
    let cell = cell.without_blanks();
    if let Some(values) = json(&cell) {
        return values.iter().flat_map(words).collect();
    }
    let inner = without_pair(&cell, '[', ']').or_else(|| without_pair(&cell, '{', '}'));
    let whole = unquoted(&inner.unwrap_or(cell));
    segments(&whole).iter().flat_map(words).collect()
}

/// Returns the only address of a cell. A cell with none or several is returned unchanged.
pub fn one<'t>(cell: &FieldText<'t>) -> FieldText<'t> {
    let mut all = list(cell);
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => only,
        _ => cell.clone(),
    }
}

/// Returns true if a cell is not a plain list of addresses with commas between them.
pub fn is_pasted(text: &str) -> bool {
    let text = text.trim();
    let quoted = |quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    text.contains([';', '<', '|'])
        || text.to_ascii_lowercase().contains("mailto:")
        || text.starts_with('[')
        || quoted('"')
        || quoted('\'')
}

/// Returns the strings of a JSON list, if the cell is one.
pub fn json<'t>(cell: &FieldText<'t>) -> Option<Vec<FieldText<'t>>> {
    if !(cell.text.starts_with('[') && cell.text.ends_with(']')) {
        return None;
    }
    let strings: Vec<String> = serde_json::from_str(&cell.text).ok()?;
    let mut from = 0;
    let values = strings.into_iter().map(|string| {
        let rest = cell.text.get(from..).unwrap_or("");
        match rest.find(&string) {
            Some(at) => {
                let start = from + at;
                from = start + string.len();
                cell.part(start..from)
            }
            None => FieldText {
                text: string.into(),
                span: cell.span,
            },
        }
    });
    Some(values.collect())
}

/// Returns the text inside of a pair of brackets around the whole text.
fn without_pair<'t>(value: &FieldText<'t>, open: char, close: char) -> Option<FieldText<'t>> {
    let inner = value.text.strip_prefix(open)?.strip_suffix(close)?;
    Some(value.part(1..1 + inner.len()))
}

/// Returns a value without quotes around the whole value.
fn unquoted<'t>(value: &FieldText<'t>) -> FieldText<'t> {
    let value = value.without_blanks();
    for quote in ['"', '\''] {
        if let Some(inner) = without_pair(&value, quote, quote)
            && !inner.text.contains(quote)
        {
            return inner.without_blanks();
        }
    }
    value
}

/// Returns the parts between separators. A separator inside of quotes, angle brackets or parentheses does
/// not count.
fn segments<'t>(cell: &FieldText<'t>) -> Vec<FieldText<'t>> {
    let mut parts: Vec<(usize, usize, char)> = Vec::new();
    let (mut start, mut quoted, mut depth) = (0, false, 0_usize);
    for (at, c) in cell.text.char_indices() {
        match c {
            '"' => quoted = !quoted && cell.text.get(at + 1..).is_some_and(|t| t.contains('"')),
            _ if quoted => {}
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ';' | ',' | '|' | '\n' if depth == 0 => {
                parts.push((start, at, c));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push((start, cell.text.len(), ';'));
    let text = |(start, end, _): &(usize, usize, char)| cell.text.get(*start..*end).unwrap_or("");
    let mut joined: Vec<(usize, usize, char)> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last)
                if last.2 == ','
                    && !text(last).contains('@')
                    && !text(last).trim().is_empty()
                    && text(&part).contains('<') =>
            {
                (last.1, last.2) = (part.1, part.2);
            }
            _ => joined.push(part),
        }
    }
    let values = joined.iter().map(|(start, end, _)| cell.part(*start..*end));
    values.collect()
}

/// Returns the addresses of one part.
fn words<'t>(part: &FieldText<'t>) -> Vec<FieldText<'t>> {
    let part = part.without_blanks();
    if part.text.is_empty() {
        return Vec::new();
    }
    if part.text.matches('<').count() > 1 {
        let ends: Vec<_> = part.text.match_indices('>').map(|(at, _)| at + 1).collect();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let ends = ends.iter().copied().chain([part.text.len()]);
        let pieces = starts.zip(ends).map(|(start, end)| part.part(start..end));
        // If a piece has more than one `<`, the text makes no sense and is not split.
        let pieces: Vec<_> = pieces.collect();
        if pieces
            .iter()
            .all(|piece| piece.text.matches('<').count() < 2)
        {
            return pieces.iter().flat_map(words).collect();
        }
        return vec![part];
    }
    if let Some(inner) = angled(&part) {
        return vec![inner];
    }
    let bare = plain(&without_comment(&part));
    if !bare.text.contains(char::is_whitespace) {
        return vec![bare];
    }
    let pieces = bare.split(|c| c.is_ascii_whitespace());
    let whole =
        |piece: &FieldText<'_>| piece.text.contains('@') && !piece.text.contains(['<', '"']);
    if pieces.iter().all(whole) {
        pieces.iter().map(plain).collect()
    } else {
        vec![bare]
    }
}

/// Returns the address of `Name <address>`; `None` if the name is another address.
fn angled<'t>(part: &FieldText<'t>) -> Option<FieldText<'t>> {
    let inside = part.text.strip_suffix('>')?;
    let at = inside.find('<')?;
    let address = plain(&part.part(at + 1..inside.len()));
    let name = part.text.get(..at)?.trim().trim_matches(['"', '\'']);
    let same = name.eq_ignore_ascii_case(&address.text);
    (address.text.contains('@') && (same || !name.contains('@'))).then_some(address)
}

/// Returns `jdoe@company.com (John)` without the comment.
fn without_comment<'t>(part: &FieldText<'t>) -> FieldText<'t> {
    match part.text.split_once('(') {
        Some((before, comment))
            if before.contains('@') && comment.ends_with(')') && !comment.contains('@') =>
        {
            part.part(0..before.len()).without_blanks()
        }
        _ => part.clone(),
    }
}

/// Returns an address without quotes around it and without `mailto:` before it.
fn plain<'t>(value: &FieldText<'t>) -> FieldText<'t> {
    let value = without_mailto(&unquoted(value));
    let query = value.text.rsplit_once('@').and_then(|(local, domain)| {
        let end = domain.find("?subject=").or_else(|| domain.find("?body="))?;
        Some(local.len() + 1 + end)
    });
    match query {
        Some(end) => value.part(0..end),
        None => value,
    }
}

/// Returns an address without `mailto:` before it.
pub fn without_mailto<'t>(value: &FieldText<'t>) -> FieldText<'t> {
    let value = value.without_blanks();
    match value.text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => value.part(7..value.text.len()),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diagnostic::Span;

    fn listed(text: &str) -> Vec<String> {
        let cell = FieldText::new(text, Span::at(0, text.as_bytes(), 0..text.len()));
        list(&cell).iter().map(|v| v.text.to_string()).collect()
    }

    #[test]
    fn what_people_paste() {
        for text in [
            "a@x.com; b@x.com",
            "a@x.com;b@x.com;",
            "a@x.com, b@x.com",
            "a@x.com b@x.com",
            "a@x.com\nb@x.com",
            "Anna <a@x.com>; Doe, Bob <b@x.com>",
            "\"Anna, the first\" <a@x.com>, Bob <b@x.com>",
            "Anna <a@x.com> Bob <b@x.com>",
            "<a@x.com>,<mailto:b@x.com>",
            "mailto:a@x.com?subject=Hi, MAILTO:b@x.com",
            "'a@x.com'; \"b@x.com\"",
            "\"a@x.com; b@x.com\"",
            "a@x.com (Anna, first), b@x.com",
            "a@x.com <a@x.com>; b@x.com",
            "[\"a@x.com\",\"b@x.com\"]",
            "[a@x.com, b@x.com]",
            "{a@x.com, b@x.com}",
        ] {
            assert_eq!(listed(text), ["a@x.com", "b@x.com"], "{text}");
        }
        assert_eq!(listed("\"john doe\"@x.com"), ["\"john doe\"@x.com"]);
        assert_eq!(
            listed("\"a,b\"@x.com, c@x.com"),
            ["\"a,b\"@x.com", "c@x.com"]
        );
        assert_eq!(listed("[]"), [""; 0]);
    }

    #[test]
    fn what_is_no_address_stays_whole() {
        for text in [
            "John Doe",
            "John a@x.com",
            "a@y.com <b@x.com>",
            "A <B <a@x.com>",
            "[\"a@x.com\",\"b@x",
        ] {
            let all = listed(text);
            assert!(!all.contains(&"John".to_owned()), "{all:?}");
            assert!(
                all.iter()
                    .any(|v| !v.contains('@') || v.contains([' ', '"'])),
                "{all:?}"
            );
        }
    }

    #[test]
    fn places_stay_what_they_are() {
        let text = "Anna <a@x.com>; b@x.com";
        let values = list(&FieldText::new(
            text,
            Span::at(0, text.as_bytes(), 0..text.len()),
        ));
        assert_eq!((values[0].span.start, values[1].span.start), (6, 16));
    }
}
