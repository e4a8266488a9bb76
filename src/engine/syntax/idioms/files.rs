//! Files that are written in another format than their name says.

use crate::engine::diagnostic::{Finding, Span, codes};

/// Returns a finding for a file that begins with the header row of a CSV file.
///
/// A header has a comma or a semicolon, no `@`, and no white space behind its first word: neither a rule
/// nor a comment looks so.
pub(in crate::engine::syntax) fn other_file(file: u32, bytes: &[u8]) -> Option<Finding> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.split(|byte| *byte == b'\n').next()?.trim_ascii();
    let separated = first.iter().filter(|byte| matches!(byte, b',' | b';'));
    let other = |byte: &u8| matches!(byte, b'@' | b'/' | b'#' | b'=');
    if separated.count() == 0 || first.iter().any(other) || is_spaced(first) {
        return None;
    }
    let start = bytes.len() - text.len();
    let span = Span::at(file, bytes, start..start + first.len());
    Some(
        Finding::error(
            codes::SYNTAX,
            span,
            "this is the first line of a CSV file, not of a rules file",
        )
        .help("save the file as `NAME.csv`: readdress-formats(7) says which columns are read"),
    )
}

/// Returns true if white space stands outside of quotes and not behind a separator.
fn is_spaced(line: &[u8]) -> bool {
    let mut quoted = false;
    let mut before = b',';
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b' ' | b'\t' if !quoted && !matches!(before, b',' | b';') => return true,
            _ => {}
        }
        before = *byte;
    }
    false
}
