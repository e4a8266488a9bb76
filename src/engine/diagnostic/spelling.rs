//! "Did you mean": the word that is meant by a misspelt one.

/// Returns the candidate whose spelling is nearest, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let allowed = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_word() {
        assert_eq!(nearest("rejct", ["reject", "defer"]), Some("reject"));
        assert_eq!(
            nearest("compnay.com", ["company.com", "domain2.com"]),
            Some("company.com")
        );
        assert_eq!(nearest("other.example", ["company.com"]), None);
    }
}
