//! The commands that fix findings. All changes of one parameter of Postfix are merged into one command.
//!
//! In: the edits of findings. Out: lines for a shell. They can be pasted as they are, and more than once.
//!
//! # Limits
//!
//! If several edits set a parameter that is not a list, the last one counts. What no command can do, such as a
//! line in `readdress.toml`, becomes a comment, and commands that need it first are left out.

use std::collections::BTreeMap;

use super::{
    Finding, Severity,
    edits::{Change, Edit, Place},
    facts::Postfix,
    lists::{assignment, joined, words},
};

/// A word of a list, before and after the changes.
struct ListWord {
    before: Option<String>,
    now: String,
}

/// Returns the commands that make all edits: one for each parameter, in the order of the edits.
pub fn commands<'e>(postfix: &Postfix, edits: impl IntoIterator<Item = &'e Edit>) -> Vec<String> {
    let mut order: Vec<(&Place, &str)> = Vec::new();
    let mut changes: BTreeMap<(&Place, &str), Vec<&Change>> = BTreeMap::new();
    for edit in edits {
        let key = (&edit.place, edit.name.as_str());
        if !order.contains(&key) {
            order.push(key);
        }
        let list = changes.entry(key).or_default();
        if !list.contains(&&edit.change) {
            list.push(&edit.change);
        }
    }
    let lines = order.into_iter().map(|key| {
        let list = changes.remove(&key).unwrap_or_default();
        let (place, name) = key;
        let value = changed(postfix, place, name, list);
        let setting = match place {
            Place::Main => format!("{name} = {value}"),
            Place::Service(service) => format!("{service}/{name}={value}"),
        };
        let flag = match place {
            Place::Main => "-e",
            Place::Service(_) => "-P",
        };
        format!(
            "{} {flag} {}",
            postfix.command("postconf"),
            quoted(setting.trim_end())
        )
    });
    lines.collect()
}

/// Returns the value of a parameter after some changes.
fn changed(postfix: &Postfix, place: &Place, name: &str, mut changes: Vec<&Change>) -> String {
    changes.sort_by_key(|change| change.rank());
    let mut list: Vec<ListWord> = words(&base(postfix, place, name, &changes))
        .into_iter()
        .map(|word| ListWord {
            before: Some(word.to_owned()),
            now: word.to_owned(),
        })
        .collect();
    for change in &changes {
        if let Change::Set(value) = change {
            if changes.len() == 1 {
                return value.clone();
            }
            continue;
        }
        apply(&mut list, change);
    }
    joined(list.iter().map(|word| &word.now))
}

fn apply(list: &mut Vec<ListWord>, change: &Change) {
    let is = |word: &ListWord, wanted: &str| {
        word.before
            .as_ref()
            .is_some_and(|before| before.eq_ignore_ascii_case(wanted))
    };
    match change {
        Change::Set(_) => {}
        Change::Part { word, part, by } => {
            for entry in list.iter_mut().filter(|entry| is(entry, word)) {
                entry.now = entry.now.replacen(part, by, 1);
            }
        }
        Change::Option { word, name, value } => {
            for entry in list.iter_mut().filter(|entry| is(entry, word)) {
                entry.now = with_option(&entry.now, name, value);
            }
        }
        Change::Remove(word) => list.retain(|entry| !is(entry, word)),
        Change::Add(word) => {
            if !list
                .iter()
                .any(|entry| entry.now.eq_ignore_ascii_case(word))
            {
                list.push(ListWord {
                    before: None,
                    now: word.clone(),
                });
            }
        }
        Change::Last(word) => {
            if let Some(at) = list.iter().position(|entry| is(entry, word)) {
                let entry = list.remove(at);
                list.push(entry);
            }
        }
    }
}

/// Sets an option of a word: replaces the option of that name, or adds one at the end.
fn with_option(word: &str, name: &str, value: &str) -> String {
    let option = format!("{name}={value}");
    let mut parts: Vec<String> = words(word).into_iter().map(str::to_owned).collect();
    let old = parts
        .iter_mut()
        .find(|part| assignment(part).is_some_and(|(own, _)| own == name));
    match old {
        Some(old) => *old = option,
        None => parts.push(option),
    }
    joined(parts)
}

/// Returns the value that is changed: as it is written in `main.cf`, or with `$name` filled in if a word that
/// changes appears only then.
fn base(postfix: &Postfix, place: &Place, name: &str, changes: &[&Change]) -> String {
    let set = changes.iter().find_map(|change| match change {
        Change::Set(value) => Some(value.clone()),
        _ => None,
    });
    if let Some(set) = set {
        return set;
    }
    let (written, full) = match place {
        Place::Main => (postfix.written(name), postfix.value(name)),
        Place::Service(service) => {
            let service = postfix.services.iter().find(|own| own.name == *service);
            let value = service
                .and_then(|service| service.overrides.get(name))
                .map_or_else(|| postfix.value(name), String::as_str);
            (value, value)
        }
    };
    let stand = words(written);
    let has = |word: &str| stand.iter().any(|own| own.eq_ignore_ascii_case(word));
    match changes.iter().filter_map(|change| change.word()).all(has) {
        true => written.to_owned(),
        false => full.to_owned(),
    }
}

/// Quotes text as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Returns all commands as one block; none if no finding has a command.
///
/// Notes are left out: nothing has to be done about them.
pub fn block(postfix: Option<&Postfix>, findings: &[Finding]) -> Option<String> {
    let serious = || {
        findings
            .iter()
            .filter(|finding| finding.code.severity > Severity::Note)
    };
    let wanted = || serious().filter(|finding| finding.fix.is_wanted());
    let mut lines = shell(wanted());
    if let Some(postfix) = postfix {
        let edits: Vec<_> = wanted().flat_map(|finding| &finding.fix.edits).collect();
        lines.extend(commands(postfix, edits.iter().copied()));
        let reload = format!("{} reload", postfix.command("postfix"));
        lines.retain(|line| *line != reload);
        if !lines.is_empty() {
            lines.push(reload);
        }
    }
    let by_hand = serious().flat_map(|finding| &finding.fix.by_hand);
    let mut comments: Vec<String> = Vec::new();
    for line in by_hand.map(|line| format!("# By hand, then run doctor again: {line}")) {
        if !comments.contains(&line) {
            comments.push(line);
        }
    }
    if lines.is_empty() {
        return None;
    }
    lines.extend(comments);
    Some(lines.join("\n"))
}

fn shell<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for command in findings.flat_map(|finding| &finding.fix.commands) {
        if !lines.contains(command) {
            lines.push(command.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postfix() -> Postfix {
        let own = "relay_domains = a.test, $more\nsmtpd_milters = inet:h:1, { inet:h:2, x=y }\n";
        let values = own.replace("$more", "b.test");
        let mut postfix = Postfix::new(String::new(), &values, own, "", "");
        postfix.directory = Some("/etc/p 2".into());
        postfix
    }

    fn lines(changes: &[(&str, Change)]) -> Vec<String> {
        let edits: Vec<_> = changes
            .iter()
            .map(|(name, change)| Edit::main(name, change.clone()))
            .collect();
        commands(&postfix(), &edits)
    }

    #[test]
    fn edits_of_one_parameter_become_one_command() {
        let add = |word: &str| Change::Add(word.to_owned());
        let said = lines(&[
            ("relay_domains", add("c.test")),
            ("x", Change::Set("it's".to_owned())),
            ("relay_domains", add("A.test")),
            ("relay_domains", add("d.test")),
        ]);
        let wanted = [
            "postconf -c '/etc/p 2' -e 'relay_domains = a.test, $more, c.test, d.test'",
            r"postconf -c '/etc/p 2' -e 'x = it'\''s'",
        ];
        assert_eq!(said, wanted);
        // A word that stands behind `$more`.
        let said = lines(&[("relay_domains", Change::Remove("b.test".to_owned()))]);
        assert_eq!(said, ["postconf -c '/etc/p 2' -e 'relay_domains = a.test'"]);
    }

    #[test]
    fn one_entry_of_a_list_changes_in_several_ways() {
        let word = || "inet:h:1".to_owned();
        let part = Change::Part {
            word: word(),
            part: word(),
            by: "unix:m".to_owned(),
        };
        let option = |value: &str| Change::Option {
            word: word(),
            name: "default_action".to_owned(),
            value: value.to_owned(),
        };
        let said = lines(&[
            ("smtpd_milters", Change::Last(word())),
            ("smtpd_milters", option("accept")),
            ("smtpd_milters", option("tempfail")),
            ("smtpd_milters", part),
        ]);
        let list = "{ inet:h:2, x=y }, { unix:m, default_action=tempfail }";
        assert_eq!(
            said,
            [format!(
                "postconf -c '/etc/p 2' -e 'smtpd_milters = {list}'"
            )]
        );
    }
}
