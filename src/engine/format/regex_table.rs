//! Lines of Postfix regexp and pcre tables in a `.virtual` file.
//!
//! # Limits
//!
//! Only the form for a whole domain is read: `/^(.*)@domain2\.com$/ ${1}@company.com`. Any other
//! line is an error: regexes of Postfix need not match the whole address, and `if` and `!` have no equivalent
//! here.

use super::{context::Context, field_text::FieldText, identity};
use crate::engine::{
    address::Domain,
    diagnostic::codes,
    rule::{Origin, Pattern, Target, TargetKind},
};

/// Returns true if a line belongs to a regexp or pcre table.
pub fn is_line(line: &str) -> bool {
    line.starts_with('/')
        || line.starts_with("!/")
        || line == "endif"
        || line
            .strip_prefix("if ")
            .is_some_and(|rest| rest.trim_start().starts_with(['/', '!']))
}

/// Reads a regex that is a rule for a whole domain, and reports any other.
pub fn read(line: &FieldText<'_>, context: &mut Context<'_, '_>) {
    let understood = whole_domain(&line.text);
    match understood {
        Some((from, to)) => {
            let target = Target { kind: TargetKind::Domain(to), span: line.span };
            let pattern = Pattern::Domain(from);
            let action = identity::action(&pattern, vec![target]);
            context.rule(pattern, action, None, line.span, Origin::Map);
        }
        None => context.error(
            codes::REGEX_TABLE,
            line.span,
            "this line of a regexp or pcre table has another syntax than a rule",
            "write a rule in a `.rules` file: `/regex/ target`, anchored at both ends, with `$1` for a group",
        ),
    }
}

/// Returns the two domains of `/^(.*)@domain2\.com$/i  ${1}@company.com`.
fn whole_domain(line: &str) -> Option<(Domain, Domain)> {
    let rest = ["/^(.*)@", "/^(.+)@"]
        .iter()
        .find_map(|head| line.strip_prefix(head))?;
    let (escaped, rest) = rest.split_once("$/")?;
    let value = rest.trim_start_matches('i');
    let to = ["$1@", "${1}@", "$(1)@"]
        .iter()
        .find_map(|head| value.trim().strip_prefix(head))?;
    let from = escaped.replace("\\.", "\u{0}").replace("[.]", "\u{0}");
    // A dot that is not escaped stands for any character.
    if from.contains('.') || !value.starts_with([' ', '\t']) {
        return None;
    }
    Some((
        Domain::parse(&from.replace('\u{0}', ".")).ok()?,
        Domain::parse(to).ok()?,
    ))
}
