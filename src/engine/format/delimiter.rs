//! The delimiter between the cells of a row. The header line decides.

/// The possible delimiters.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Words in the headers of GAM. The field delimiter of GAM may be a blank.
const GAM: [&[&str]; 2] = [
    &["Alias", "Target", "TargetType"],
    &["Target", "TargetType", "Aliases"],
];

/// Returns true if a line holds no value.
pub fn is_blank(line: &str) -> bool {
    line.chars()
        .all(|c| c.is_whitespace() || c == '"' || DELIMITERS.contains(&c))
}

/// Returns the delimiter that occurs most often in the header line, outside of quotes.
pub fn sniff(header: &str, quote: char) -> char {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for c in header.chars() {
        if c == quote {
            quoted = !quoted;
        } else if !quoted {
            for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
                *count += usize::from(c == delimiter);
            }
        }
    }
    let words: Vec<_> = header.split_whitespace().collect();
    if counts == [0; DELIMITERS.len()] && GAM.iter().any(|known| words == *known) {
        return ' ';
    }
    let best = counts
        .iter()
        .zip(DELIMITERS)
        .rev()
        .max_by_key(|(count, _)| **count);
    best.filter(|(count, _)| **count > 0)
        .map_or(',', |(_, delimiter)| delimiter)
}
