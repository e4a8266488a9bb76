//! ZERO WIDTH JOINER and NON-JOINER (U+200D, U+200C): they may belong to an address, or come from copying it.
//!
//! Persian, Hindi, Sinhala and other scripts need them in words (`نامه‌ای`). RFC 5892, appendix A.1 and A.2
//! (CONTEXTJ), allows them after a virama, and the non-joiner between letters that would join without it. Elsewhere
//! they are a mistake.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;

/// Returns true if the character at this place is a joiner that belongs to the word around it.
pub fn belongs(text: &str, at: usize) -> bool {
    let (Some(before), Some(rest)) = (text.get(..at), text.get(at..)) else {
        return false;
    };
    let Some(joiner) = rest.chars().next().filter(|c| is_joiner(*c)) else {
        return false;
    };
    // The letter on each side, with its marks. UTS 46 decides.
    let left = before.char_indices().rev();
    let start = left.clone().find(|(_, c)| !is_combining_mark(*c));
    let Some(start) = start.map(|(start, _)| start) else {
        return false;
    };
    let after = rest.get(joiner.len_utf8()..).unwrap_or("");
    let end = after
        .char_indices()
        .find(|(_, c)| !is_combining_mark(*c))
        .filter(|(_, c)| c.is_alphabetic());
    let end = end.map_or(0, |(end, c)| end + c.len_utf8());
    let length = joiner.len_utf8() + end;
    let label = text.get(start..at + length).unwrap_or("");
    is_label(label) || is_label(text.get(start..at + joiner.len_utf8()).unwrap_or(""))
}

/// Returns true for U+200C and U+200D.
pub fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn is_label(text: &str) -> bool {
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn every(text: &str, wanted: bool) {
        let joiners = text.char_indices().filter(|(_, c)| is_joiner(*c));
        let found: Vec<_> = joiners.map(|(at, _)| belongs(text, at)).collect();
        assert!(
            !found.is_empty() && found.iter().all(|f| *f == wanted),
            "{text:?}: {found:?}"
        );
    }

    #[test]
    fn parts_of_words() {
        // The examples of UTS 46 and RFC 5892: Persian, Sinhala, Hindi.
        for text in [
            "نامه\u{200c}ای.com",
            "info@نامه\u{200c}ای.com",
            "خانه\u{200c}ها@example.com",
            "ශ\u{dca}\u{200d}ර\u{dd3}.com",
            "क\u{94d}\u{200d}ष@example.com",
            "क\u{94d}\u{200c}ष@example.com",
        ] {
            every(text, true);
        }
    }

    #[test]
    fn strangers() {
        for text in [
            "\u{200c}jd@domain2.com",
            "jd\u{200d}@domain2.com",
            "jd@domain\u{200c}2.com",
            "jd@domain2.com\u{200d}",
            "\u{200d}",
            "خ\u{200d}ا",
            "\u{200c}نامه",
            "نامه\u{200c}",
            "نا\u{200c}مه",
        ] {
            every(text, false);
        }
        assert!(!belongs("abc", 1));
        assert!(!belongs("é", 1));
    }
}
