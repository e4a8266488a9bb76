//! What Postfix itself says about its configuration: postconf(1) and `postfix check`.

use crate::doctor::{
    codes,
    edits::{Change, Edit},
    facts::{Complaint, Postfix},
    pending::PendingFinding,
};

/// The most edits between a wrong name and the name that is suggested.
const NEAR: usize = 2;

/// Returns the findings about what Postfix says.
pub(super) fn examine(postfix: &Postfix) -> Vec<PendingFinding> {
    let mut pending = Vec::new();
    let mut warnings = Vec::new();
    for complaint in &postfix.complaints {
        match complaint {
            Complaint::Fatal(words) => pending.push(fatal(postfix, words)),
            Complaint::Warning(words) => pending.push(odd(postfix, words)),
            Complaint::Check(words) => warnings.push(words.as_str()),
        }
    }
    pending.extend(checked(postfix, &warnings));
    pending
}

fn fatal(postfix: &Postfix, words: &str) -> PendingFinding {
    let rest = match postfix.is_broken() {
        true => "; doctor cannot check anything else of it",
        false => "",
    };
    let message = format!("Postfix does not start with this configuration: {words}{rest}");
    PendingFinding::new(codes::MTA_CONFIG_BROKEN, &postfix.main_cf, message).say(format!(
        "fix what it names, until `{} check` prints nothing",
        postfix.command("postfix")
    ))
}

/// Returns the finding about a warning of postconf: `main.cf: unused parameter: name=value`.
fn odd(postfix: &Postfix, words: &str) -> PendingFinding {
    let unfinished = PendingFinding::new(codes::MTA_CONFIG_ODD, &postfix.main_cf, words);
    let behind = |text: &str| words.split_once(text).map(|(_, rest)| rest);
    let name = |rest: &str| {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace());
        rest.get(..end.unwrap_or(rest.len()))
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(rest) = behind("overriding earlier entry: ") {
        let name = name(rest);
        let value = postfix.written(&name).to_owned();
        return unfinished
            .say("only the last line counts: delete the earlier one, or ")
            .edit([Edit::main(&name, Change::Set(value))]);
    }
    let unused = behind("unused parameter: ").or_else(|| behind("undefined parameter: "));
    let Some(unused) = unused.map(name) else {
        return unfinished.say("see postconf(5)");
    };
    let known = postfix.values.keys();
    let near = known
        .map(|known| (strsim::damerau_levenshtein(known, &unused), known))
        .filter(|(distance, known)| *distance <= NEAR && **known != unused)
        .min();
    match near {
        Some((_, known)) => unfinished.say(format!("did you mean `{known}`?")),
        None => unfinished.say(format!(
            "Postfix does not read `{unused}`: remove it, or fix its name"
        )),
    }
}

fn checked(postfix: &Postfix, warnings: &[&str]) -> Option<PendingFinding> {
    let first = warnings.first()?;
    let more = match warnings.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message = format!("`postfix check` warns: {first}{more}");
    let unfinished = PendingFinding::new(codes::MTA_CHECK, &postfix.main_cf, message);
    Some(unfinished.say(format!(
        "`{} check` shows all of them; `{} set-permissions` fixes most",
        postfix.command("postfix"),
        postfix.command("postfix")
    )))
}
