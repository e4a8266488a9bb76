//! Reads the files: a table, and rows of requests with their answers.

use std::fmt;
use std::fs;
use std::path::Path;

/// The modes in which a file is played.
pub const MODES: [&str; 2] = ["rewrite", "observe"];

/// One file, as it is for one mode.
#[derive(Debug, Default)]
pub struct Script {
    pub name: String,
    pub config: String,
    /// The rules directory at the start: names and contents.
    pub files: Vec<(String, String)>,
    pub steps: Vec<(usize, Step)>,
}

#[derive(Debug)]
pub enum Step {
    Row { request: Vec<u8>, answer: Answer },
    Edit { file: String, text: String },
    Broken { file: String, text: String },
}

/// What an answer must be.
#[derive(Debug)]
pub enum Answer {
    /// OK with any value that is not empty.
    Ok,
    Value(String),
    NotFound,
    Perm,
}

impl Answer {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "OK" => Ok(Self::Ok),
            "NOTFOUND" => Ok(Self::NotFound),
            "PERM" => Ok(Self::Perm),
            _ => match text.strip_prefix("OK ") {
                Some(value) => Ok(Self::Value(value.to_owned())),
                None => Err(format!("no answer: `{text}`")),
            },
        }
    }

    /// Returns true if the daemon's answer is this one.
    pub fn fits(&self, said: &str) -> bool {
        match self {
            Self::Ok => said
                .strip_prefix("OK ")
                .is_some_and(|value| !value.trim().is_empty()),
            Self::Value(value) => said.strip_prefix("OK ") == Some(value),
            Self::NotFound => said == "NOTFOUND ",
            Self::Perm => said.starts_with("PERM "),
        }
    }

    /// Returns 0 for OK, 1 for OK with a value, 2 for the others.
    pub fn kind(&self) -> usize {
        match self {
            Self::Ok => 0,
            Self::Value(_) => 1,
            Self::NotFound | Self::Perm => 2,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => write!(f, "OK and a value"),
            Self::Value(value) => write!(f, "OK {value}"),
            Self::NotFound => write!(f, "NOTFOUND"),
            Self::Perm => write!(f, "PERM and words"),
        }
    }
}

impl Script {
    /// Returns the answers of all rows.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.steps.iter().filter_map(|(_, step)| match step {
            Step::Row { answer, .. } => Some(answer),
            _ => None,
        })
    }
}

/// Reads a file for `mode`.
pub fn read(path: &Path, mode: &str) -> Result<Script, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    parse(&text, &name, mode)
}

/// Reads the text of a file for `mode`.
pub fn parse(text: &str, name: &str, mode: &str) -> Result<Script, String> {
    let mut script = Script {
        name: name.to_owned(),
        ..Script::default()
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let number = at + 1;
        let line = lines[at];
        at += 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let placed = |error: String| format!("{name}:{number}: {error}");
        let block = block(&lines, &mut at);
        if let Some(line) = for_mode(line, mode) {
            statement(line, number, block, &mut script).map_err(placed)?;
        }
    }
    if script.files.is_empty() {
        return Err(format!("{name}: a file needs rules"));
    }
    if script.answers().next().is_none() {
        return Err(format!("{name}: no row for mode {mode}"));
    }
    Ok(script)
}

/// Returns the line without its mark; none if the line is for the other mode.
fn for_mode<'a>(line: &'a str, mode: &str) -> Option<&'a str> {
    match line.split_once(": ") {
        Some((mark, rest)) if MODES.contains(&mark) => (mark == mode).then_some(rest),
        _ => Some(line),
    }
}

/// Takes the indented lines that follow, without their first four spaces.
fn block(lines: &[&str], at: &mut usize) -> Option<String> {
    let mut text = String::new();
    while let Some(line) = lines.get(*at).and_then(|line| line.strip_prefix("    ")) {
        text.push_str(line);
        text.push('\n');
        *at += 1;
    }
    (!text.is_empty()).then_some(text)
}

fn statement(
    line: &str,
    number: usize,
    block: Option<String>,
    script: &mut Script,
) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let takes_block = ["config", "rules", "file", "edit", "broken"].contains(&word);
    let Some(text) = block else {
        if takes_block {
            return Err(format!("`{word}` needs an indented text"));
        }
        let step = row(line)?;
        script.steps.push((number, step));
        return Ok(());
    };
    if !takes_block {
        return Err(format!("`{line}` takes no text"));
    }
    let file = if rest.is_empty() { "10.rules" } else { rest }.to_owned();
    match word {
        "config" => script.config = text,
        "rules" | "file" => script.files.push((file, text)),
        "edit" => script.steps.push((number, Step::Edit { file, text })),
        _ => script.steps.push((number, Step::Broken { file, text })),
    }
    Ok(())
}

fn row(line: &str) -> Result<Step, String> {
    let (request, answer) = line
        .rsplit_once(" -> ")
        .ok_or("a row is `map key -> answer`")?;
    Ok(Step::Row {
        request: bytes(request)?,
        answer: Answer::read(answer)?,
    })
}

/// Returns the bytes of a text with `\xHH` in it.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or("two digits after \\x")?;
        bytes.push(byte);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Ok(bytes)
}
