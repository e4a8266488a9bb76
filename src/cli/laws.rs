//! What `check` and `expect` print about laws: whether each holds, what it rests upon, and how long the proof took.

use super::{
    files::{Loaded, counted},
    output::{self, Paint},
};
use crate::engine::{LawReport, LawVerdict, diagnostic::path};

/// The rules and the domains of one law that are shown.
const SHOWN: usize = 5;

/// Prints a line for each law.
pub fn print(loaded: &Loaded, paint: Paint) {
    for law in &loaded.laws {
        let line = line(law, &loaded.prefix);
        output::line(&match law.verdict {
            LawVerdict::Holds => line,
            _ => paint.bad(&line),
        });
    }
}

/// Returns what is said about one law.
fn line(law: &LawReport, prefix: &str) -> String {
    let said = match law.verdict {
        LawVerdict::Holds => format!("holds; {}", rests_upon(law)),
        LawVerdict::Broken => "is broken".to_owned(),
        LawVerdict::Unproved => "is not proved".to_owned(),
        LawVerdict::MatchesNothing => "matches no address".to_owned(),
        LawVerdict::Unchecked => "was not checked, because of the errors above".to_owned(),
    };
    let took = match law.verdict {
        LawVerdict::Unchecked => String::new(),
        _ => format!(" ({})", took(law)),
    };
    format!(
        "{}:{}: `{}` {said}{took}",
        path(&law.file, prefix),
        law.line,
        law.law
    )
}

fn rests_upon(law: &LawReport) -> String {
    let mut text = format!("it rests upon {}", counted(law.rules, "rule"));
    if !law.wide_rules.is_empty() {
        text += &format!(", among them {}", some(&law.wide_rules));
    }
    if !law.domains.is_empty() {
        text += &format!("; mail may end in {}", some(&law.domains));
    }
    text
}

/// Returns the first words of a list.
fn some(list: &[String]) -> String {
    let shown: Vec<_> = list.iter().take(SHOWN).map(String::as_str).collect();
    let more = list.len().saturating_sub(SHOWN);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// Returns how long the proof took: `0.3 ms`.
fn took(law: &LawReport) -> String {
    format!("{:.1} ms", law.took.as_secs_f64() * 1e3)
}

/// Returns how many laws there are, to be put behind the number of expectations: `, 3 laws`. Empty if there is none.
pub fn counted_behind(laws: &[LawReport]) -> String {
    match laws.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "law")),
    }
}
