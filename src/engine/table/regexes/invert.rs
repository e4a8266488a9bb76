//! A text that a regex matches, from what its groups are to match.
//!
//! # Limits
//!
//! Only a regex whose local-part is letters and groups one after the other is read backwards, each group whole. The
//! result is a guess: whoever wants to know asks the table.

use hashbrown::HashMap;
use regex_syntax::hir::{Hir, HirKind};

use crate::engine::rule::Piece;

/// Returns a local-part that a regex probably turns into `filled` by a target of these pieces.
pub fn source_of(regex: &str, pieces: &[Piece], filled: &str) -> Option<String> {
    let values = values(pieces, filled)?;
    let hir = super::hir(regex).ok()?;
    let mut text = String::new();
    append(&hir, &values, &mut text)?;
    let (local, _) = text.split_once('@')?;
    Some(local.to_owned())
}

/// Returns what each group holds where the pieces are filled in like this. A group takes all up to the text behind it.
fn values<'f>(pieces: &[Piece], filled: &'f str) -> Option<HashMap<usize, &'f str>> {
    let mut values = HashMap::new();
    let mut rest = filled;
    let mut open = None;
    for piece in pieces {
        match (piece, open) {
            (Piece::Text(text), None) => rest = rest.strip_prefix(&**text)?,
            (Piece::Text(text), Some(group)) => {
                let (value, behind) = rest.split_once(&**text)?;
                values.insert(group, value);
                (rest, open) = (behind, None);
            }
            (Piece::Capture(group), None) => open = Some(*group),
            (Piece::Capture(_) | Piece::Detail, _) => return None,
        }
    }
    match open {
        Some(group) => drop(values.insert(group, rest)),
        None if !rest.is_empty() => return None,
        None => {}
    }
    Some(values)
}

/// Appends what a part of the regex matches.
fn append(hir: &Hir, values: &HashMap<usize, &str>, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            text.push_str(std::str::from_utf8(&literal.0).ok()?);
            Some(())
        }
        HirKind::Capture(capture) => {
            text.push_str(values.get(&(capture.index as usize))?);
            Some(())
        }
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, values, text)),
        // Behind the `@` the domain does not matter.
        _ if text.contains('@') => Some(()),
        // Letter case is ignored: a letter is a class of two.
        HirKind::Class(_) => {
            text.push(first_letter(hir)?);
            Some(())
        }
        HirKind::Repetition(_) | HirKind::Alternation(_) => None,
    }
}

/// Returns the letter of a class that holds one ASCII letter in both cases, and its look-alikes such as the long s.
fn first_letter(hir: &Hir) -> Option<char> {
    let HirKind::Class(regex_syntax::hir::Class::Unicode(class)) = hir.kind() else {
        return None;
    };
    let letters = class.ranges().iter().map(|range| range.end());
    let letters = letters.filter(char::is_ascii);
    let mut letters: Vec<char> = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    letters.dedup();
    match letters.as_slice() {
        [letter] => Some(*letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    #[test]
    fn groups_are_put_back_where_they_came_from() {
        let turned = [Piece::Capture(2), text("."), Piece::Capture(1)];
        let source = |regex, pieces: &[Piece], filled| source_of(regex, pieces, filled);
        let regex = r"(\w+)\.(\w+)@domain2\.com";
        assert_eq!(
            source(regex, &turned, "lee.anna").as_deref(),
            Some("anna.lee")
        );
        assert_eq!(source(regex, &turned, "anna"), None);
        let one = [text("s-"), Piece::Capture(1)];
        let regex = r"(?i)sales-(\w+)@(?:a|b)\.example";
        assert_eq!(source(regex, &one, "s-eu").as_deref(), Some("sales-eu"));
        for (regex, filled) in [
            (r"x*(\w+)@d\.example", "s-eu"),
            (r"(a|b)(\w+)@d\.example", "s-eu"),
            (r"(\w+)@d\.example", "eu"),
            ("(", "s-eu"),
        ] {
            assert_eq!(source(regex, &one, filled), None, "{regex}");
        }
    }
}
