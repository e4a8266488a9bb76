//! The findings about a directory, or about files that are named.

use crate::cli::{
    Exit,
    files::{self, Loaded, named},
    flags::Check,
};
use crate::engine::{Diagnostic, Severity, diagnostic::codes};

/// Reads what the flags name, and returns it with all findings.
pub(super) fn checked(flags: &Check) -> Result<Loaded, Exit> {
    let mut loaded = load(flags)?;
    loaded.diagnostics.extend(without_rules(&loaded));
    Ok(loaded)
}

/// Reads a directory, or the files that are named.
fn load(flags: &Check) -> Result<Loaded, Exit> {
    let config = flags.config.as_deref();
    let named = named::Files {
        paths: &flags.paths,
        named: flags.named.as_deref(),
        within: flags.within.as_deref(),
    };
    match flags.paths.as_slice() {
        [] => files::load(None, config),
        [one] if one.is_dir() => files::load(Some(one), config),
        _ => named.load(config),
    }
}

/// Returns the warning about a table without rules: mail passes unchanged, and the maps for the MTA are
/// empty.
fn without_rules(loaded: &Loaded) -> Option<Diagnostic> {
    let table = loaded.table.as_ref()?;
    if table.lines_by_file().iter().any(|(_, lines)| *lines > 0) {
        return None;
    }
    let message = match loaded.files {
        _ if loaded.prefix.is_empty() => "no line of it is a rule",
        0 => "the directory is empty: there is no rules file in it",
        _ => "no file in the directory holds a rule",
    };
    let help = match loaded.prefix.is_empty() {
        true => "name a file of rules",
        false => "write rules in a file NAME.rules here, or name the right directory",
    };
    Some(Diagnostic::about_file(
        Severity::Warning,
        codes::NO_RULES,
        &loaded.subject,
        message.to_owned(),
        Some(help.to_owned()),
    ))
}
