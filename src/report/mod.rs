//! Storey 7: a decision as people and programs read it: `explain`, from files or from the daemon.
//!
//! Pure: a table and an address in, JSON out; the text for people is made of the same JSON, so that
//! both tell the same, wherever it was asked.

mod line;
mod mta;
mod question;

use std::{iter, sync::Arc};

use serde_json::{Value, json};

use self::{line::RcptLine, question::Question};
use crate::engine::{
    Table,
    address::{Domain, Mailbox},
    diagnostic::nearest,
    rewrite::{Outcome, Reason, Step},
    transaction::{Received, Recipient, Transaction},
    visible::escaped,
};

/// A local-part that nobody has, which stands for all of a domain.
const ANYBODY: &str = "readdress0anybody";

/// Explains what somebody asks about (`question`): an object for each recipient,
/// `{"address","action","to","reply","steps","generation"}`, `note` where there is one, and for a line
/// `mta`, what the MTA does with the result. A domain has `class` as well, and is explained by an
/// address without a rule of its own. For what is no address, `{"address","error"}`.
///
/// `generation` is the number of the live table, or `None` where the table was read from files.
///
/// Each object is made when it is asked for: those of a long line together could take much memory.
pub fn explain(
    table: &Arc<Table>,
    text: &str,
    generation: Option<u64>,
) -> Box<dyn Iterator<Item = Value> + Send> {
    match question::read(text) {
        Ok(Question::Recipients(lines)) => {
            let table = Arc::clone(table);
            let lines = lines.into_iter();
            Box::new(lines.map(move |line| recipient(&table, &line, generation)))
        }
        Ok(Question::Domain(domain)) => Box::new(iter::once(whole(table, &domain, generation))),
        Err(reason) => {
            let object = json!({ "address": text, "error": reason });
            Box::new(iter::once(object))
        }
    }
}

/// Explains a domain: what happens to an address of it that no rule names.
fn whole(table: &Arc<Table>, domain: &Domain, generation: Option<u64>) -> Value {
    let line = RcptLine {
        path: format!("{ANYBODY}@{domain}"),
        parameters: Vec::new(),
        logged: false,
    };
    let mut object = recipient(table, &line, generation);
    rename(&mut object);
    object["address"] = format!("@{domain}").into();
    object["class"] = table.class(domain).map(|class| class.word()).into();
    object
}

/// Writes `*` for the local-part that nobody has.
fn rename(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace(ANYBODY, "*"),
        Value::Array(values) => values.iter_mut().for_each(rename),
        Value::Object(object) => object.values_mut().for_each(rename),
        _ => {}
    }
}

fn recipient(table: &Arc<Table>, line: &RcptLine, generation: Option<u64>) -> Value {
    let address = &*line.path;
    // What a rule gives is shown whatever the transaction can carry; `note` says what it needs.
    let mut transaction = Transaction::new(Arc::clone(table), true).with_steps();
    let understood = mta::understood(address);
    let parameters: Vec<_> = line.parameters.iter().map(String::as_bytes).collect();
    transaction.recipient(Received {
        path: address.as_bytes(),
        parameters: &parameters,
        rcpt_addr: understood.as_ref().map(|(address, _)| address.as_bytes()),
        rcpt_mailer: understood.as_ref().map(|_| &b"smtp"[..]),
    });
    let plan = transaction.finish();
    // The one that was just received.
    let recipient = &transaction.recipients()[0];
    let steps = recipient
        .decision
        .as_ref()
        .map_or(&[][..], |decision| &decision.steps);
    let mut object = json!({
        "address": address,
        "action": recipient.action(),
        "to": to(recipient, address),
        "reply": recipient.refusal.as_ref().map(|reply| json!({
            "code": reply.code(),
            "enhanced": reply.enhanced().to_string(),
            "text": reply.text(),
        })),
        "steps": steps.iter().filter_map(|step| step_of(table, step)).collect::<Vec<_>>(),
        "generation": generation,
    });
    let note = match understood {
        Some((address, takes)) if recipient.decision.is_some() => {
            Some(format!("{takes} this for {address}"))
        }
        _ => note(table, recipient),
    };
    if let Some(note) = note {
        object["note"] = note.into();
    }
    if line.logged {
        object["mta"] = mta::told(table, recipient, &plan);
    }
    object
}

/// Who gets the mail: nobody, the address itself, or what takes its place.
fn to(recipient: &Recipient, address: &str) -> Vec<String> {
    match recipient
        .decision
        .as_ref()
        .map(|decision| &decision.outcome)
    {
        Some(Outcome::Replace(targets)) => targets.iter().map(ToString::to_string).collect(),
        Some(Outcome::Keep) => recipient.mailbox.iter().map(ToString::to_string).collect(),
        Some(_) => Vec::new(),
        None if recipient.refusal.is_some() => Vec::new(),
        None => vec![address.to_owned()],
    }
}

/// A step that some line decided; what no line decided is told by the note.
fn step_of(table: &Table, step: &Step) -> Option<Value> {
    let (place, rule) = step.written(table)?;
    Some(json!({
        "address": step.address.to_string(),
        "file": place.file,
        "line": place.line,
        "rule": rule,
        "why": why(table, step),
    }))
}

/// What decided a step, in words.
fn why(table: &Table, step: &Step) -> String {
    let class = |domain| table.class(domain).map_or("unknown", |class| class.word());
    match &step.reason {
        Reason::Rule(_) => "this rule is for it".to_owned(),
        Reason::Unknown(domain) => format!(
            "no rule is for it; unknown addresses of this {} domain: {}",
            class(domain),
            table.unknown(domain).word()
        ),
        Reason::RoutingSpelling => {
            "its local-part would route the mail elsewhere (%, ! or @), and no rule spells it out"
                .to_owned()
        }
        Reason::Elsewhere => "its domain is none of the table's".to_owned(),
        Reason::Loop => "it came back: a loop".to_owned(),
        Reason::Limit(limit) => format!("{} was reached", limit.key()),
        Reason::NoAddress => "a target came out that is no address".to_owned(),
        Reason::Fault => "its rule is missing in the table: report this, please".to_owned(),
    }
}

/// What the steps do not say: why no line decided, or what a transaction needs.
fn note(table: &Table, recipient: &Recipient) -> Option<String> {
    let (Some(mailbox), Some(decision)) = (&recipient.mailbox, &recipient.decision) else {
        let note = match recipient.refusal {
            Some(_) => "it fits no grammar, so no rule can be found for it in this domain of ours",
            None => {
                "it has no domain of its own, or fits no grammar: it is in no domain of the table"
            }
        };
        return Some(note.to_owned());
    };
    let needs_smtputf8 = match &decision.outcome {
        Outcome::Replace(targets) => {
            !mailbox.needs_smtputf8() && targets.iter().any(Mailbox::needs_smtputf8)
        }
        _ => false,
    };
    if needs_smtputf8 {
        return Some("in a transaction without SMTPUTF8 it is refused: 550 5.6.7".to_owned());
    }
    // A target that is elsewhere is where the mail goes, and worth no word.
    let refused = matches!(decision.outcome, Outcome::Refuse(_)) || decision.steps.len() == 1;
    let step = decision
        .decisive()
        .filter(|step| refused && step.written(table).is_none())?;
    let meant = match &step.reason {
        Reason::Elsewhere => meant(table, &step.address.domain),
        _ => None,
    };
    let meant = meant.map(|domain| format!("; did you mean `{domain}`?"));
    Some(format!(
        "{}: {}{}",
        step.address,
        why(table, step),
        meant.unwrap_or_default()
    ))
}

/// The domain of the table whose spelling is nearest to one that is none of the table's.
fn meant(table: &Table, domain: &Domain) -> Option<String> {
    let known = table.known_domains();
    let names = known.iter().map(|(domain, _)| domain.as_str());
    nearest(domain.as_str(), names).map(ToOwned::to_owned)
}

/// What is explained: an address, or a domain with its class.
fn heading(explained: &Value) -> String {
    let address = explained["address"].as_str().unwrap_or_default();
    match explained["class"].as_str() {
        Some(class) => format!("{address} ({class}), for an address that no rule names"),
        None => address.to_owned(),
    }
}

/// The same for people: the steps, each with its place, and the outcome.
pub fn text(explained: &Value) -> String {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec![heading(explained)];
    let steps = explained["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let width = |key: &dyn Fn(&Value) -> String| {
        steps
            .iter()
            .map(|step| key(step).chars().count())
            .max()
            .unwrap_or(0)
    };
    let place = |step: &Value| match (step["file"].as_str(), step["line"].as_u64()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => "-".to_owned(),
    };
    let (first, second) = (width(&|step| string(&step["address"])), width(&place));
    for step in steps {
        let what = step["rule"]
            .as_str()
            .map_or_else(|| format!("({})", string(&step["why"])), ToOwned::to_owned);
        let extra = if step["rule"].is_string() && !string(&step["why"]).starts_with("this rule") {
            format!("   ({})", string(&step["why"]))
        } else {
            String::new()
        };
        lines.push(format!(
            "  {:first$}  {:second$}  {what}{extra}",
            string(&step["address"]),
            place(step)
        ));
    }
    lines.push(format!("  => {}", outcome(explained)));
    if let Some(note) = explained["note"].as_str() {
        lines.push(format!("     {note}"));
    }
    let does = explained["mta"]["does"].as_array();
    for sentence in does.into_iter().flatten() {
        lines.push(format!("     the MTA {}", string(sentence)));
    }
    let lines: Vec<_> = lines.iter().map(|line| printable(line)).collect();
    lines.join("\n")
}

/// What becomes of the recipient.
fn outcome(explained: &Value) -> String {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let targets: Vec<_> = explained["to"]
        .as_array()
        .into_iter()
        .flatten()
        .map(string)
        .collect();
    let reply = &explained["reply"];
    match explained["action"].as_str() {
        Some("replace") => format!("replace by {}", targets.join(", ")),
        Some("reject" | "defer") => format!(
            "{} {} {} {}",
            string(&explained["action"]),
            reply["code"],
            string(&reply["enhanced"]),
            string(&reply["text"])
        ),
        action => action.unwrap_or_default().to_owned(),
    }
}

/// Whatever a sender put into an address does not move the cursor of whoever asks about it.
pub fn printable(line: &str) -> String {
    escaped(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Settings, SourceText, compile};

    fn table() -> Arc<Table> {
        let text = "company.com primary unknown=reject\ndomain2.com secondary\n@domain2.com @company.com\njd@domain2.com jdoe@company.com\njdoe@company.com mailbox\n";
        let sources = [SourceText::new("a.rules", text)];
        Arc::new(compile(&sources, &Settings::default()).table.unwrap())
    }

    fn one(table: &Arc<Table>, text: &str, generation: Option<u64>) -> Value {
        let mut explained: Vec<_> = explain(table, text, generation).collect();
        assert_eq!(explained.len(), 1, "{text}");
        explained.remove(0)
    }

    #[test]
    fn the_steps_and_the_outcome() {
        let explained = one(&table(), "jd+x@domain2.com", Some(7));
        assert_eq!(explained["action"], "replace");
        assert_eq!(explained["to"], json!(["jdoe+x@company.com"]));
        assert_eq!(explained["generation"], 7);
        assert_eq!(
            (
                &explained["steps"][0]["line"],
                &explained["steps"][1]["rule"]
            ),
            (&json!(4), &json!("jdoe@company.com mailbox"))
        );
        assert_eq!(explained["reply"], Value::Null);
    }

    #[test]
    fn a_refusal_names_the_line_of_the_domain() {
        let explained = one(&table(), "nosuch@domain2.com", None);
        assert_eq!(
            (&explained["action"], &explained["to"]),
            (&json!("reject"), &json!([]))
        );
        assert_eq!(explained["reply"]["enhanced"], "5.1.1");
        assert_eq!(
            explained["steps"][1]["rule"],
            "company.com primary unknown=reject"
        );
        assert!(text(&explained).ends_with("=> reject 550 5.1.1 User unknown"));
    }

    #[test]
    fn what_is_not_ours_is_kept() {
        assert_eq!(one(&table(), "x@elsewhere.example", None)["action"], "keep");
        assert_eq!(
            one(&table(), "<postmaster>", None)["to"],
            json!(["<postmaster>"])
        );
    }
}
