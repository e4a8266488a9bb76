//! What reaches an address: the answer of `who`, as values and as text.

use std::sync::Arc;

use super::question::{self, Question};
use crate::{
    engine::{
        Table,
        address::{ForwardPath, LocalPart, Mailbox},
        compare::{MailSource, SourceKind, who as sources_of},
        rewrite::decide,
        visible::escaped,
    },
    protocol::{Failure, FailureCode, Reached, ReachedKind, WayStep},
};

/// Most addresses and patterns for one address.
pub const MAX_SOURCES: usize = 100_000;

/// What is known about one address: a line for each source, or one that says that nothing reaches it.
pub type Lines = Vec<Result<Reached, Failure>>;

/// Says what reaches the addresses that a text names. There is a failure for what is not an address.
///
/// `generation` is the number of the live table, or `None` if the table was read from files.
pub fn who(table: &Arc<Table>, text: &str, generation: Option<u64>) -> Lines {
    let failed = |reason: String| {
        vec![Err(Failure {
            address: Some(text.to_owned()),
            ..Failure::new(FailureCode::NoAddress, reason)
        })]
    };
    let lines = match question::read(text) {
        Ok(Question::Recipients(lines)) => lines,
        Ok(Question::Domain(domain)) => {
            return failed(format!(
                "`{domain}` is a domain: write an address of it, LOCAL@{domain}"
            ));
        }
        Err(reason) => return failed(reason),
    };
    let mut found = Vec::new();
    for line in lines {
        match mailbox(&line.path) {
            Some(mailbox) => found.extend(of(table, &mailbox, generation)),
            None => found.extend(failed(format!(
                "`{}` has no domain: write LOCAL@DOMAIN",
                line.path
            ))),
        }
    }
    found
}

/// Returns the address that a path names, or that an MTA reads in it.
fn mailbox(path: &str) -> Option<Mailbox> {
    let understood = super::mta::understood(path);
    let path = understood.as_ref().map_or(path, |(address, _)| address);
    match ForwardPath::parse(path.as_bytes()) {
        Ok(ForwardPath::Mailbox(mailbox)) => Some(mailbox),
        _ => None,
    }
}

fn of(table: &Table, mailbox: &Mailbox, generation: Option<u64>) -> Lines {
    let sources = sources_of(table, mailbox, MAX_SOURCES);
    let own = Reached {
        address: mailbox.to_string(),
        outcome: decide(table, mailbox).outcome.to_string(),
        generation,
        ..Reached::default()
    };
    if sources.found.is_empty() {
        return vec![Ok(own)];
    }
    let found = sources.found.iter();
    let mut lines: Lines = found
        .map(|source| Ok(reached(table, &own, source)))
        .collect();
    if !sources.complete {
        let reason =
            format!("more than {MAX_SOURCES} addresses reach `{mailbox}`: only these are shown");
        lines.push(Err(Failure::new(FailureCode::TooMuch, reason)));
    }
    lines
}

fn reached(table: &Table, own: &Reached, source: &MailSource) -> Reached {
    let from = match &source.pattern {
        Some(pattern) if source.particular => {
            let local = source.address.local.to_string();
            format!("{pattern} ({})", shown(&local))
        }
        Some(pattern) => pattern.to_string(),
        None => shown(&source.address.to_string()),
    };
    let is_example = source.pattern.is_some() || from != source.address.to_string();
    let step = |(address, rule): &(Mailbox, _)| {
        let (place, annotation) = (table.place(*rule), table.annotation(*rule));
        WayStep {
            address: address.to_string(),
            file: place.file.to_owned(),
            line: place.line,
            rule: table.text(*rule),
            note: annotation.note.map(String::from),
            owner: annotation.owner.map(|owner| owner.to_string()),
        }
    };
    Reached {
        from: Some(from),
        kind: Some(match source.kind {
            SourceKind::Address => ReachedKind::Address,
            SourceKind::List => ReachedKind::List,
            SourceKind::Detail => ReachedKind::Detail,
            SourceKind::Pattern => ReachedKind::Pattern,
        }),
        example: is_example.then(|| source.address.to_string()),
        steps: source.way.iter().map(step).collect(),
        ..own.clone()
    }
}

/// Returns the text for people about one address. All lines are about the same address.
pub fn who_text(lines: &[Reached]) -> String {
    let Some(first) = lines.first() else {
        return String::new();
    };
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for line in lines {
        let mut indent = "  ";
        for (at, step) in line.steps.iter().enumerate() {
            let name = match (&line.from, at) {
                (Some(from), 0) => from.clone(),
                _ => shown(&step.address),
            };
            let kind = match &line.kind {
                Some(kind @ (ReachedKind::List | ReachedKind::Other(_))) if at == 0 => {
                    format!("  ({kind})")
                }
                _ => String::new(),
            };
            rows.push((
                format!("{indent}{name}"),
                format!("{}:{}", step.file, step.line),
                format!("{}{kind}", remark(step)),
            ));
            indent = "    -> ";
        }
    }
    let width = |text: &str| text.chars().count();
    let first_width = rows.iter().map(|row| width(&row.0)).max().unwrap_or(0);
    let second_width = rows.iter().map(|row| width(&row.1)).max().unwrap_or(0);
    let mut text = vec![first.address.clone()];
    for (name, place, remark) in rows {
        let line = format!("{name:first_width$}  {place:second_width$}{remark}");
        text.push(line.trim_end().to_owned());
    }
    text.push(format!("  => {}", summary(lines)));
    if first.outcome != "keep" {
        text.push(format!("     its own mail: {}", first.outcome));
    }
    let text: Vec<_> = text.iter().map(|line| escaped(line)).collect();
    text.join("\n")
}

/// Writes `*` for a detail or a local-part that nobody has.
fn shown(address: &str) -> String {
    address.replace(LocalPart::NOBODY, "*")
}

/// Returns how many sources of each kind there are.
fn summary(lines: &[Reached]) -> String {
    let found: Vec<_> = lines.iter().filter(|line| line.from.is_some()).collect();
    if found.is_empty() {
        return "nothing else reaches it".to_owned();
    }
    let patterns = found.iter().filter(|line| line.example.is_some()).count();
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(found.len() - patterns, "address", "addresses"),
        counted(patterns, "pattern", "patterns"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("reached by {}", parts.join(" and "))
}

/// Returns the note and the owner of a rule, behind two spaces.
fn remark(step: &WayStep) -> String {
    let mut text = String::new();
    if let Some(note) = &step.note {
        let note = note.replace('"', "\\\"");
        text.push_str(&format!("  note=\"{note}\""));
    }
    if let Some(owner) = &step.owner {
        text.push_str(&format!("  owner={owner}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    fn table(text: &str) -> Arc<Table> {
        let sources = [SourceText::new("a.rules", text)];
        let compiled = compile(&sources, &Settings::default());
        Arc::new(
            compiled
                .table
                .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)),
        )
    }

    const RULES: &str = r#"company.com primary unknown=reject
domain2.com secondary
old.example secondary
@domain2.com @company.com
jd@domain2.com jdoe@company.com note="Helpdesk 4711" owner=anna@company.com
sales@domain2.com jdoe@company.com, anna@company.com
boss@old.example jd@domain2.com
jdoe+*@old.example jdoe+*@company.com
press+eu@old.example jdoe@company.com
/(\w+)\.j@old\.example/ j$1@company.com
postmaster@* jdoe@company.com
jdoe@company.com mailbox john@domain2.com
anna@company.com mailbox
"#;

    fn said(text: &str) -> String {
        let lines = who(&table(RULES), text, None);
        let lines: Vec<_> = lines.into_iter().map(Result::unwrap).collect();
        who_text(&lines)
    }

    #[test]
    fn everything_that_reaches_a_mailbox() {
        let expected = r#"jdoe@company.com
  @domain2.com (jdoe)              a.rules:4
  jd@domain2.com                   a.rules:5   note="Helpdesk 4711"  owner=anna@company.com
  sales@domain2.com                a.rules:6   (list)
  boss@old.example                 a.rules:7
    -> jd@domain2.com              a.rules:5   note="Helpdesk 4711"  owner=anna@company.com
  jdoe+*@old.example               a.rules:8
  press+eu@old.example             a.rules:9
  /(\w+)\.j@old\.example/ (doe.j)  a.rules:10
  postmaster@*                     a.rules:11
  john@domain2.com                 a.rules:12
  => reached by 5 addresses and 4 patterns"#;
        assert_eq!(said("jdoe@company.com"), expected);
    }

    #[test]
    fn nothing_reaches_it() {
        assert_eq!(
            said("nosuch@company.com"),
            "nosuch@company.com\n  => nothing else reaches it\n     its own mail: reject 550 5.1.1"
        );
    }

    #[test]
    fn what_is_no_address_is_a_failure() {
        for text in ["company.com", "<postmaster>", "anna", ""] {
            let lines = who(&table(RULES), text, None);
            assert!(
                matches!(&*lines, [Err(failure)] if failure.code == Some(FailureCode::NoAddress)),
                "{text}"
            );
        }
    }
}
