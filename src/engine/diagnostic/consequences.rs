//! A file that was not read whole is the cause of other findings: its domains, mailboxes and rules are
//! missing. The cause is shown first. Findings that may follow from it are not shown.
//!
//! A finding is hidden if its code says that something is missing, and the missing part can have held it:
//!
//! - A file of expectations holds no rules and no domains, so it is the cause of nothing.
//! - A finding that is true whatever else there is ([`Diagnostic::regardless`]) is shown: a regex that stands twice
//!   never matches, and a local user of a map has no domain.
//!
//! # Limits
//!
//! The missing part is not known. After the file is fixed, a hidden finding comes again if it is true.

use super::{
    Code, Diagnostic, Severity, Tally, codes,
    source::{FileKind, SourceKind},
};

/// Errors after which a file is missing, or a part of it.
const CAUSES: &[Code] = &[
    codes::ALIAS_FILE,
    codes::BEING_WRITTEN,
    codes::BINARY_FILE,
    codes::CUT_OFF,
    codes::DRAWN_TABLE,
    codes::FILE_TOO_LARGE,
    codes::LINE_TOO_LONG,
    codes::LINK_TO_PRIVATE_FILE,
    codes::NO_ALIASES,
    codes::NO_COLUMNS,
    codes::NO_PERMISSION,
    codes::NOT_A_FILE,
    codes::OTHER_FORMAT,
    codes::UNKNOWN_HEADER,
    codes::UNREADABLE_DIRECTORY,
    codes::UNREADABLE_FILE,
];

/// Findings that say that something is missing.
const FOLLOWING: &[Code] = &[
    codes::ACCEPTS_EVERYTHING,
    codes::BARE_KEY,
    codes::EMPTY_DOMAIN,
    codes::EXPECTATION,
    codes::MAILBOX_CLASS,
    codes::NEVER_MATCHES,
    codes::NO_POSTMASTER,
    codes::UNDECLARED_DOMAIN,
    codes::UNKNOWN_ADDRESS,
];

/// Brings the causes to the front, and puts one line in the place of what may follow from them.
pub fn hide_consequences(diagnostics: &mut Vec<Diagnostic>) {
    let is_cause = |finding: &Diagnostic| {
        finding.severity == Severity::Error && CAUSES.contains(&finding.code)
    };
    let lacks_rules = |finding: &&Diagnostic| is_cause(finding) && may_hold_rules(finding);
    let Some(cause) = diagnostics.iter().find(lacks_rules) else {
        diagnostics.sort_by_key(|finding| !is_cause(finding));
        return;
    };
    let file = cause.excerpt.file.clone();
    let before = diagnostics.len();
    diagnostics.retain(|finding| !may_follow(finding));
    let hidden = before - diagnostics.len();
    diagnostics.sort_by_key(|finding| !is_cause(finding));
    if hidden == 0 {
        return;
    }
    let message = match hidden {
        1 => "1 finding that may follow from this is not shown".to_owned(),
        hidden => format!("{hidden} findings that may follow from this are not shown"),
    };
    let causes = diagnostics
        .iter()
        .filter(|finding| is_cause(finding))
        .count();
    let stand_in = Diagnostic {
        // Nobody is to look for errors that are not shown.
        unkept: Some(Tally::default()),
        ..Diagnostic::about_file(
            Severity::Note,
            codes::CONSEQUENCES,
            &file,
            message,
            Some("fix the errors above first, then check again".to_owned()),
        )
    };
    diagnostics.insert(causes, stand_in);
}

/// Returns true if the file of a cause, or the directory, can hold rules or declare domains.
fn may_hold_rules(cause: &Diagnostic) -> bool {
    FileKind::of(&cause.excerpt.file) != FileKind::Read(SourceKind::Expectations)
}

/// Returns true if a finding can be the consequence of missing rules or domains.
fn may_follow(finding: &Diagnostic) -> bool {
    FOLLOWING.contains(&finding.code) && !finding.regardless
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, code: Code) -> Diagnostic {
        Diagnostic::about_file(severity, code, "a.rules", String::new(), None)
    }

    #[test]
    fn the_cause_comes_first_and_its_consequences_not_at_all() {
        let error = |code| finding(Severity::Error, code);
        let mut all = vec![
            error(codes::CONFLICT),
            error(codes::UNDECLARED_DOMAIN),
            error(codes::BINARY_FILE),
            finding(Severity::Warning, codes::NO_POSTMASTER),
        ];
        hide_consequences(&mut all);
        let codes: Vec<_> = all.iter().map(|finding| finding.code).collect();
        assert_eq!(
            codes,
            [codes::BINARY_FILE, codes::CONSEQUENCES, codes::CONFLICT]
        );
        assert!(all[1].to_string().starts_with("a.rules: note: 2 findings"));
        let shown = Tally {
            errors: 2,
            warnings: 0,
        };
        assert_eq!(Tally::of(&all), shown);
    }

    #[test]
    fn without_a_cause_nothing_changes() {
        let mut all = vec![
            finding(Severity::Error, codes::UNKNOWN_ADDRESS),
            finding(Severity::Warning, codes::SUBDIRECTORY),
        ];
        let before = all.clone();
        hide_consequences(&mut all);
        assert_eq!(all, before);
    }
}
