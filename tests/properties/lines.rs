//! Suggestions that delete or add a whole line, in files of every layout: comments and blank lines between the lines
//! of a rule, both line ends, a byte order mark, no line end at the end.
//!
//! The model is a list of rules. A suggestion takes one out of the list or adds one, and changes nothing else.

use proptest::{collection::vec, prelude::*, sample::select};
use readdress::engine::{
    SourceText,
    diagnostic::{Finding, Findings, Span, apply, codes},
    syntax::{Parsed, read},
};

/// One line of a file.
#[derive(Clone, Debug)]
enum Line {
    /// A rule of its own, with this many further targets, each on a line below.
    Rule(Vec<Between>),
    Comment(&'static str),
    Blank(&'static str),
}

/// What stands between two lines of one rule.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    Comment,
    IndentedComment,
    Blank,
}

fn line() -> impl Strategy<Value = Line> {
    let between = select(vec![
        Between::Nothing,
        Between::Comment,
        Between::IndentedComment,
        Between::Blank,
    ]);
    prop_oneof![
        4 => vec(between, 0..3).prop_map(Line::Rule),
        1 => select(vec!["#", "# u1@domain2.com a@company.com", "  # \u{1d4b3}"]).prop_map(Line::Comment),
        1 => select(vec!["", "  ", "\t"]).prop_map(Line::Blank),
    ]
}

/// A file as text, and its rules as they are printed.
#[derive(Clone, Debug)]
struct File {
    text: String,
    rules: Vec<String>,
    end: &'static str,
}

fn file(lines: &[Line], mark: bool, returns: bool, last_end: bool) -> File {
    let mut shown: Vec<String> = Vec::new();
    let mut rules = Vec::new();
    for line in lines {
        match line {
            Line::Comment(text) | Line::Blank(text) => shown.push((*text).to_owned()),
            Line::Rule(further) => {
                let user = format!("\u{fc}{}@domain2.com", rules.len());
                let mut rule = format!("{user} a@company.com");
                let mut first = format!("{user}  a@company.com");
                for (number, between) in further.iter().enumerate() {
                    shown.push(first + ",");
                    match between {
                        Between::Nothing => {}
                        Between::Comment => shown.push("# between".to_owned()),
                        Between::IndentedComment => shown.push("\t# between".to_owned()),
                        Between::Blank => shown.push(String::new()),
                    }
                    first = format!("   b{number}@company.com");
                    rule += &format!(", b{number}@company.com");
                }
                shown.push(first);
                rules.push(rule);
            }
        }
    }
    let end = if returns { "\r\n" } else { "\n" };
    let mut text = shown.join(end);
    if last_end {
        text += end;
    }
    if mark {
        text.insert(0, '\u{feff}');
    }
    File { text, rules, end }
}

/// Reads the rules of a text, and the place of each.
fn rules(text: &str) -> Result<Vec<(String, Span)>, String> {
    let sources = [SourceText::new("a.rules", text)];
    let (mut parsed, mut findings) = (Parsed::default(), Findings::new(&sources));
    read(0, &sources[0], &mut parsed, &mut findings);
    if findings.has_errors() {
        return Err(format!("{:#?}", findings.into_diagnostics()));
    }
    let rules = parsed.rules.iter();
    Ok(rules.map(|rule| (rule.to_string(), rule.span)).collect())
}

/// Follows what a finding suggests.
fn followed(file: &File, span: Span, suggest: impl Fn(Finding, Span) -> Finding) -> String {
    let sources = [SourceText::new("a.rules", file.text.as_str())];
    let mut findings = Findings::new(&sources);
    findings.push(suggest(Finding::error(codes::SYNTAX, span, "m"), span));
    let found = findings.into_diagnostics();
    let edits = &found[0].suggestions[0].edits;
    assert!(!edits.is_empty(), "{file:#?}");
    apply(&file.text, edits).unwrap_or_else(|| panic!("{edits:?} in {file:#?}"))
}

/// Checks that a changed text has these rules, and still the line ends and the mark of the file.
fn holds(file: &File, text: &str, wanted: &[String]) -> Result<(), TestCaseError> {
    let found = rules(text).map_err(|error| TestCaseError::fail(format!("{error}\n{text:?}")))?;
    let found: Vec<_> = found.into_iter().map(|(rule, _)| rule).collect();
    prop_assert_eq!(&found[..], wanted, "{:?} became {:?}", file.text, text);
    let marks = text.matches('\u{feff}').count();
    prop_assert_eq!(marks, file.text.matches('\u{feff}').count());
    // A file of one line shows no line end that could be taken over.
    if file.end == "\r\n" && file.text.contains('\n') {
        prop_assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{:?}",
            text
        );
    }
    let comments = |text: &str| text.matches('#').count();
    prop_assert!(comments(text) <= comments(&file.text));
    Ok(())
}

const NEW: &str = "new@domain2.com c@company.com";

proptest! {
    #![proptest_config(super::cases(300))]

    #[test]
    fn a_line_is_deleted_or_added_and_nothing_else_changes(
        lines in vec(line(), 1..8),
        marks in any::<(bool, bool, bool)>(),
    ) {
        let file = file(&lines, marks.0, marks.1, marks.2);
        let read = rules(&file.text).map_err(TestCaseError::fail)?;
        let names: Vec<_> = read.iter().map(|(rule, _)| rule.clone()).collect();
        prop_assert_eq!(&names, &file.rules);
        for (number, (_, span)) in read.iter().enumerate() {
            let text = followed(&file, *span, |finding, span| finding.suggest_line_deleted("m", span));
            let mut wanted = names.clone();
            wanted.remove(number);
            holds(&file, &text, &wanted)?;
            let text = followed(&file, *span, |finding, span| finding.suggest_line_before("m", span, NEW));
            let mut wanted = names.clone();
            wanted.insert(number, NEW.to_owned());
            holds(&file, &text, &wanted)?;
            let text = followed(&file, *span, |finding, span| finding.suggest_line_after("m", span, NEW));
            let mut wanted = names.clone();
            wanted.insert(number + 1, NEW.to_owned());
            holds(&file, &text, &wanted)?;
        }
    }
}
