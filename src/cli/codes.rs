//! `readdress explain CODE`: what a code of a finding means, what to do, and an example with its output.
//!
//! An address has an `@` and a domain has a dot; a code has neither, so that no word means two things.
//!
//! # Limits
//!
//! Findings of `doctor` are about the machine: their example is a sentence, without output. The output of an
//! example that is a command of a shell is not shown.

use super::{Exit, failed, output};
use crate::{
    config, doctor,
    engine::{
        Diagnostic, Settings, SourceText, compile,
        diagnostic::{
            Code,
            codes::{self, Example},
            hide_consequences, nearest,
        },
        format::{ImportFormat, Options},
        load,
    },
    export,
    protocol::CodeExplained,
};

/// What is declared beside the lines of an example.
const DECLARED: &str = "company.com primary\ndomain2.com secondary\n\
    postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n";

/// The name of the file that holds the lines of an example.
const FILE: &str = "10-example.rules";

/// Columns of a line for people.
const COLUMNS: usize = 79;

/// Prints the explanation of `word`, if it is a code or nearly one. Returns `None` for other words.
pub fn explain(word: &str, json: bool) -> Option<Exit> {
    if word.contains(['@', '.']) {
        return None;
    }
    let explanation = match (codes::find(word), doctor_code(word)) {
        (Some(code), _) => of_code(code),
        (None, Some(code)) => of_doctor_code(code),
        (None, None) => {
            let meant = nearest(word, words())?;
            return Some(failed(&format!(
                "`{word}` is neither an address nor the code of a finding: did you mean `{meant}`?"
            )));
        }
    };
    match json {
        true => output::json(&explanation.json()),
        false => output::line(&explanation.text()),
    }
    Some(Exit::Fine)
}

/// Returns the words of all codes.
fn words() -> impl Iterator<Item = &'static str> {
    let of_doctor = doctor::codes::ALL.iter().map(|code| code.word);
    codes::all().map(Code::word).chain(of_doctor)
}

fn doctor_code(word: &str) -> Option<doctor::codes::Code> {
    let mut codes = doctor::codes::ALL.iter();
    codes.find(|code| code.word == word).copied()
}

/// What is printed about a code.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The code.
    pub word: &'static str,
    /// The words for its severities.
    pub severities: Vec<&'static str>,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub action: &'static str,
    /// True if it is a code of `doctor`.
    pub about_machine: bool,
    /// For a code of `doctor`: what an administrator did, so that it came about.
    pub situation: Option<&'static str>,
    /// The words before the example, and the example.
    pub example: Option<(String, String)>,
    /// The finding that the example causes.
    pub output: Option<String>,
}

/// Returns the explanations of all codes, sorted by word. A code that `check` and `doctor` share appears once.
pub fn explanations() -> Vec<Explanation> {
    let of_doctor = doctor::codes::ALL.iter();
    let of_doctor = of_doctor.filter(|code| codes::find(code.word).is_none());
    let mut all: Vec<_> = codes::all().map(of_code).collect();
    all.extend(of_doctor.map(|code| of_doctor_code(*code)));
    all.sort_by_key(|one| one.word);
    all
}

fn of_code(code: Code) -> Explanation {
    let severities = code.severities().iter().map(|severity| severity.word());
    Explanation {
        word: code.word(),
        severities: severities.collect(),
        meaning: code.meaning(),
        action: code.action(),
        about_machine: false,
        situation: None,
        example: shown(code.example()),
        output: finding(code).map(|finding| finding.to_string()),
    }
}

fn of_doctor_code(code: doctor::codes::Code) -> Explanation {
    Explanation {
        word: code.word,
        severities: vec![code.severity.word()],
        meaning: code.meaning,
        about_machine: true,
        action: code.action,
        situation: Some(code.situation),
        example: None,
        output: None,
    }
}

/// Returns the words before an example, and its text.
fn shown(example: Example) -> Option<(String, String)> {
    let (lead, text) = match example {
        Example::Rules(text) => (
            "in a directory where company.com is primary and domain2.com is secondary".to_owned(),
            text.to_owned(),
        ),
        Example::Export(text) => (
            "rules for `readdress export virtual`".to_owned(),
            text.to_owned(),
        ),
        Example::Files([(name, text)]) => (format!("a file {name}"), (*text).to_owned()),
        Example::Files(files) => {
            let files = files.iter();
            let files = files.map(|(name, text)| format!("# {name}\n{text}"));
            ("files of one directory".to_owned(), files.collect())
        }
        Example::Import(name, text) => (
            format!("a file for `readdress import postfixadmin {name}`"),
            text.to_owned(),
        ),
        Example::Configuration(text) => ("the configuration file".to_owned(), text.to_owned()),
        Example::Command("") => return None,
        Example::Command(text) => ("in the rules directory".to_owned(), format!("$ {text}")),
    };
    Some((lead, text))
}

/// Returns the finding that the example of a code causes.
pub fn finding(code: Code) -> Option<Diagnostic> {
    let found = findings(code.example());
    found.into_iter().find(|finding| finding.code == code)
}

/// Returns all findings that an example causes. A command is not run.
pub fn findings(example: Example) -> Vec<Diagnostic> {
    let settings = Settings::default();
    let files = |files: &[(&str, &str)]| -> Vec<SourceText> {
        let files = files.iter();
        let files = files.map(|(name, text)| SourceText::new(*name, *text));
        files.collect()
    };
    let compiled = |sources: &[SourceText]| {
        let mut findings = compile(sources, &settings).diagnostics;
        hide_consequences(&mut findings);
        findings
    };
    match example {
        Example::Rules(text) => compiled(&files(&[("00-domains.rules", DECLARED), (FILE, text)])),
        Example::Files(given) => compiled(&files(given)),
        Example::Import(name, text) => {
            let file = SourceText::new(name, text);
            let format = ImportFormat::Postfixadmin;
            load::import(&file, format, &Options::default(), &settings).diagnostics
        }
        Example::Export(text) => {
            let sources = files(&[("00-domains.rules", DECLARED), (FILE, text)]);
            let table = compile(&sources, &settings).table;
            let exported = table.map(|table| {
                export::export(&table, &sources, export::ExportFormat::Virtual, None).diagnostics
            });
            exported.unwrap_or_default()
        }
        Example::Configuration(text) => config::parse("readdress.toml", text.as_bytes())
            .err()
            .unwrap_or_default(),
        Example::Command(_) => Vec::new(),
    }
}

impl Explanation {
    fn json(&self) -> CodeExplained {
        CodeExplained {
            code: self.word.to_owned(),
            severities: self.severities.iter().map(ToString::to_string).collect(),
            meaning: self.meaning.to_owned(),
            action: self.action.to_owned(),
            example: match self.situation {
                Some(situation) => Some(situation.to_owned()),
                None => self.example.as_ref().map(|(_, text)| text.clone()),
            },
            output: self.output.clone(),
        }
    }

    fn text(&self) -> String {
        let severities = self.severities.join(" or ");
        let mut text = format!(
            "{}: {severities}\n\n{}\n\n{}\n",
            self.word,
            wrapped(self.meaning),
            wrapped(&format!("What to do: {}", self.action))
        );
        if let Some(situation) = self.situation {
            text += &format!("\n{}\n", wrapped(&format!("Example: {situation}")));
            text += "\n`readdress doctor` says what to type on this machine.\n";
        }
        if let Some((lead, example)) = &self.example {
            text += &format!("\nExample, {lead}:\n\n{}", indented(example));
        }
        if let Some(output) = &self.output {
            text += &format!("\nwhich is reported as\n\n{}", indented(output));
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// Returns the text with spaces before each line.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// Returns the text with line ends between its words.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_domains_are_no_codes() {
        for word in [
            "conflict@domain2.com",
            "loop.example",
            "@more",
            "nobody-knows-this",
        ] {
            assert_eq!(explain(word, false), None, "{word}");
        }
    }

    #[test]
    fn lines_are_no_longer_than_a_terminal() {
        for code in codes::all() {
            for line in wrapped(code.meaning()).lines() {
                assert!(line.chars().count() <= COLUMNS, "{line}");
            }
        }
        assert_eq!(wrapped(&"a ".repeat(60)).lines().count(), 2);
    }
}
