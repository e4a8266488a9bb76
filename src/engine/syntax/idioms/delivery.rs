//! What aliases(5) delivers to and this program does not: commands, files, lists in files, local users.

/// Returns what a target of aliases(5) is, if it is one.
pub(in crate::engine::syntax) fn delivery(text: &str) -> Option<&'static str> {
    let bare = text.trim_matches('"');
    if bare.starts_with('|') {
        Some("a command")
    } else if bare.starts_with('/') {
        Some("a file")
    } else if bare
        .get(..9)
        .is_some_and(|head| head.eq_ignore_ascii_case(":include:"))
    {
        Some("a list in a file")
    } else if bare.starts_with('\\') && !bare.contains('@') {
        Some("a user of this host")
    } else {
        None
    }
}
