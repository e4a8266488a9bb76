//! The difference of two texts, as `diff -u` prints it.
//!
//! # Limits
//!
//! Everything between the first and the last line that differ is one piece.

use crate::cli::output::Paint;

/// Lines above and below a piece.
const CONTEXT: usize = 2;

/// Returns the difference, or nothing if there is none.
pub fn unified(path: &str, old: &str, new: &str, paint: Paint) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (lines(old), lines(new));
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let above = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()) - above;
    let below = old.iter().rev().zip(new.iter().rev()).take(rest);
    let below = below.take_while(same).count();
    let (gone, come) = (above..old.len() - below, above..new.len() - below);
    if gone.is_empty() && come.is_empty() {
        return Vec::new();
    }
    let first = above.saturating_sub(CONTEXT);
    let after = below.min(CONTEXT);
    let length = |end: usize| end + after - first;
    let part = |lines: &[&str], range: std::ops::Range<usize>, mark: &str| -> Vec<String> {
        let lines = lines.get(range).unwrap_or_default();
        lines.iter().map(|line| format!("{mark}{line}")).collect()
    };
    let mut out = vec![
        paint.bold(&format!("--- {path}")),
        paint.bold(&format!("+++ {path}")),
        format!(
            "@@ -{},{} +{},{} @@",
            first + 1,
            length(gone.end),
            first + 1,
            length(come.end)
        ),
    ];
    out.extend(part(&old, first..above, " "));
    out.extend(
        part(&old, gone.clone(), "-")
            .iter()
            .map(|line| paint.bad(line)),
    );
    out.extend(part(&new, come, "+").iter().map(|line| paint.good(line)));
    out.extend(part(&old, gone.end..gone.end + after, " "));
    out
}

/// Returns the lines without their ends.
fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}
