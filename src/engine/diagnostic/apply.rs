//! A text with the edits of suggestions in it.
//!
//! # Limits
//!
//! Edits that overlap, or whose place is not in the text, change nothing.

use super::Edit;

/// Returns the text with the edits, or `None` if they do not fit it or each other.
pub fn apply<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Option<String> {
    let mut ranges: Vec<_> = edits
        .into_iter()
        .map(|edit| {
            let start = offset(text, edit.line, edit.column)?;
            let end = offset(text, edit.end_line, edit.end_column)?;
            (start <= end).then_some((start, end, edit))
        })
        .collect::<Option<_>>()?;
    ranges.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (number, (start, end, edit)) in ranges.into_iter().enumerate() {
        if number > 0 && start <= done {
            return None;
        }
        out += text.get(done..start)?;
        match ends_with_return(text, start) {
            true => out += &edit.text.replace('\n', "\r\n"),
            false => out += &edit.text,
        }
        done = end;
    }
    out += text.get(done..)?;
    Some(out)
}

/// Returns where a place is, in bytes.
fn offset(text: &str, line: u32, column: u32) -> Option<usize> {
    let skipped = (line as usize).checked_sub(1)?;
    let mut start = match skipped {
        0 => 0,
        skipped => memchr::memchr_iter(b'\n', text.as_bytes()).nth(skipped - 1)? + 1,
    };
    if start == 0 && text.starts_with('\u{feff}') {
        start = '\u{feff}'.len_utf8();
    }
    let rest = text.get(start..)?;
    let content = rest.split('\n').next()?;
    let content = content.strip_suffix('\r').unwrap_or(content);
    let characters = (column as usize).checked_sub(1)?;
    let mut offsets = content.char_indices().map(|(at, _)| at);
    let at = offsets.by_ref().chain([content.len()]).nth(characters)?;
    Some(start + at)
}

/// Returns true if the line at an offset ends with `\r\n`; for a last line without an end, if the line above does.
fn ends_with_return(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let rest = bytes.get(at..).unwrap_or_default();
    let end = match memchr::memchr(b'\n', rest) {
        Some(end) => Some(at + end),
        None => memchr::memrchr(b'\n', bytes),
    };
    end.and_then(|end| bytes.get(..end))
        .is_some_and(|line| line.ends_with(b"\r"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(from: (u32, u32), to: (u32, u32), text: &str) -> Edit {
        Edit {
            file: "a".to_owned(),
            line: from.0,
            column: from.1,
            end_line: to.0,
            end_column: to.1,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_are_made_at_their_places() {
        let text = "\u{feff}zwölf a\r\nb,\n";
        let edits = [edit((2, 2), (2, 3), ""), edit((1, 7), (1, 8), "c")];
        assert_eq!(apply(text, &edits).unwrap(), "\u{feff}zwölf c\r\nb\n");
        let below = [edit((1, 8), (1, 8), "\nnew")];
        assert_eq!(
            apply(text, &below).unwrap(),
            "\u{feff}zwölf a\r\nnew\r\nb,\n"
        );
        let last = [edit((2, 2), (2, 2), "\nnew")];
        assert_eq!(apply("a\r\nb", &last).unwrap(), "a\r\nb\r\nnew");
        let gone = [edit((1, 1), (2, 1), "")];
        assert_eq!(apply(text, &gone).unwrap(), "\u{feff}b,\n");
        assert_eq!(
            apply("a b", &[edit((1, 4), (1, 4), "\nc")]).unwrap(),
            "a b\nc"
        );
    }

    #[test]
    fn edits_that_do_not_fit_change_nothing() {
        let whole = edit((1, 1), (1, 4), "x");
        assert_eq!(apply("abc", [&whole, &edit((1, 2), (1, 3), "")]), None);
        assert_eq!(apply("ab", [&whole]), None);
        assert_eq!(apply("abc", [&edit((2, 1), (2, 1), "")]), None);
        assert_eq!(apply("abc", [&edit((1, 3), (1, 1), "")]), None);
        assert_eq!(apply("abc", [&edit((0, 0), (0, 0), "")]), None);
        let place = edit((1, 2), (1, 2), "x");
        assert_eq!(apply("abc", [&place, &place]), None);
    }
}
