//! The words of classes, and the entries of maps.

use super::cf::Cf;
use crate::{doctor::facts::Sendmail, engine::address::Domain};

/// Returns the words of a class, from its lines and its files.
pub(super) fn class<'c>(cf: &'c Cf, sendmail: &'c Sendmail, name: &str) -> Vec<&'c str> {
    let words = cf.classes.get(name).into_iter().flatten();
    let files = cf.class_files.iter().filter(|(class, _)| class == name);
    let files = files
        .filter_map(|(_, path)| sendmail.files.get(path))
        .flatten();
    words
        .chain(files)
        .map(|line| line.trim())
        .filter(|line| !line.starts_with('#'))
        .collect()
}

/// Returns key and value of each entry of a map's source.
pub(super) fn entries<'c>(
    cf: &'c Cf,
    sendmail: &'c Sendmail,
    map: &str,
) -> Option<Vec<(String, &'c str)>> {
    let lines = sendmail.files.get(cf.maps.get(map)?.source()?)?;
    let lines = lines.iter().filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| line.split_once(char::is_whitespace));
    Some(
        entries
            .map(|(key, value)| (key.to_lowercase(), value.trim()))
            .collect(),
    )
}

/// Returns true if a class has a spelling of a domain.
pub(super) fn local(class: &[&str], domain: &Domain) -> bool {
    domain
        .spellings()
        .iter()
        .any(|form| class.iter().any(|word| word.eq_ignore_ascii_case(form)))
}
