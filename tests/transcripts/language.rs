//! The language of transcripts: commands with what they print, and the files that they read.
//!
//! The begin of a line says what the line is:
//!
//! | begin | meaning |
//! |---|---|
//! | `$ ` | a command for `sh`, run in the private directory of the transcript |
//! | two blanks | standard output of the command above, or content of the file above |
//! | `! ` | standard error of the command above |
//! | `= ` | exit status of the command above, if it is not 0 |
//! | `@write FILE` | the lines below are the whole file |
//! | `@append FILE` | the lines below are added to the file |
//! | `@remove FILE` | the file, or the whole directory, is removed |
//! | `@daemon` | a daemon starts, on sockets of the private directory |
//! | `@until TEXT` | `readdress status` is asked until it prints this text |
//! | anything else | prose: before every command, a sentence says what the command shows |
//!
//! In expected lines `[..]` stands for any text and `<number>` for digits. `<dir>` is the path of the private
//! directory, and `(blank)` stands for blanks at the end of a line.
//!
//! # Limits
//!
//! Empty lines at the end of an output are not compared. Standard output stands before standard error,
//! whatever the order in time.

/// One block of a transcript: a first line, and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The number of its first line.
    pub line: usize,
    /// What it does.
    pub head: Head,
    /// The indented lines, and for a command the lines that begin with `! ` and `= `, as they stand.
    pub body: Vec<String>,
}

/// What a block does.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// Words for the reader.
    Prose,
    /// Runs a command.
    Run(String),
    /// Writes a file.
    Write(String),
    /// Adds lines to a file.
    Append(String),
    /// Removes a file or a directory.
    Remove(String),
    /// Starts a daemon.
    Daemon,
    /// Waits until `status` prints a text.
    Until(String),
}

impl Head {
    /// Reads the first line of a block.
    fn read(line: &str) -> Result<Self, String> {
        if let Some(command) = line.strip_prefix("$ ") {
            return Ok(Self::Run(command.to_owned()));
        }
        let Some(words) = line.strip_prefix('@') else {
            return Ok(Self::Prose);
        };
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        let value = rest.to_owned();
        match (word, rest.is_empty()) {
            ("write", false) => Ok(Self::Write(value)),
            ("append", false) => Ok(Self::Append(value)),
            ("remove", false) => Ok(Self::Remove(value)),
            ("until", false) => Ok(Self::Until(value)),
            ("daemon", true) => Ok(Self::Daemon),
            _ => Err(format!("no such step: {line}")),
        }
    }
}

/// Reads a transcript. An error names the line.
pub fn read(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut explained = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let result = ["! ", "= "].iter().any(|mark| line.starts_with(mark)) || line == "!";
        if line.is_empty() || line.starts_with("  ") || result {
            let block = blocks.last_mut().ok_or(format!("{number}: no block yet"))?;
            let runs = matches!(block.head, Head::Run(_));
            let takes = runs || matches!(block.head, Head::Write(_) | Head::Append(_));
            if !line.is_empty() && !(takes && (runs || !result)) {
                return Err(format!("{number}: a body that belongs to nothing"));
            }
            block.body.push(line.to_owned());
            continue;
        }
        let head = Head::read(line).map_err(|error| format!("{number}: {error}"))?;
        match head {
            Head::Run(_) if !explained => {
                return Err(format!("{number}: no sentence says what this shows"));
            }
            Head::Run(_) => explained = false,
            Head::Prose => explained = true,
            _ => {}
        }
        blocks.push(Block {
            line: number,
            head,
            body: vec![line.to_owned()],
        });
    }
    if !blocks.iter().any(|b| matches!(b.head, Head::Run(_))) {
        return Err("no command".to_owned());
    }
    Ok(blocks)
}

impl Block {
    /// Returns the lines below the first, without the empty lines at the end.
    pub fn below(&self) -> &[String] {
        let end = self.body.iter().rposition(|line| !line.is_empty());
        &self.body[1..=end.unwrap_or_default()]
    }

    /// Returns the content of a file.
    pub fn content(&self) -> String {
        let lines = self.below().iter();
        lines
            .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line)))
            .collect()
    }
}

/// Writes what a command printed as lines of a transcript.
pub fn lines(out: &str, err: &str, status: Option<i32>, directory: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (mark, text) in [("  ", out), ("! ", err)] {
        let text = text.replace(directory, "<dir>");
        lines.extend(text.lines().map(|line| match (mark, line) {
            (_, "") => mark.trim().to_owned(),
            _ => format!("{mark}{}", visible(line)),
        }));
        if !text.is_empty() && !text.ends_with('\n') {
            lines.push(format!("{mark}(no line end)"));
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    match status {
        Some(0) => {}
        Some(status) => lines.push(format!("= {status}")),
        None => lines.push("= ended by a signal".to_owned()),
    }
    lines
}

/// Shows control characters, and blanks at the end of the line.
fn visible(line: &str) -> String {
    let mut shown = String::new();
    for c in line.chars() {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    match shown.trim_end().len() {
        end if end < shown.len() => format!("{}(blank)", &shown[..end]),
        _ => shown,
    }
}

/// Returns true if a line that was printed is the expected one.
pub fn matches(expected: &str, printed: &str) -> bool {
    let any = expected.find("[..]");
    let digits = expected.find("<number>");
    match (any, digits) {
        (None, None) => expected == printed,
        (Some(any), digits) if digits.is_none_or(|digits| any < digits) => {
            let rest = &expected[any + "[..]".len()..];
            let tail = printed.strip_prefix(&expected[..any]);
            let ends = |tail: &str| {
                (0..=tail.len()).any(|at| tail.is_char_boundary(at) && matches(rest, &tail[at..]))
            };
            tail.is_some_and(ends)
        }
        (_, digits) => {
            let at = digits.unwrap_or_default();
            let rest = &expected[at + "<number>".len()..];
            let tail = printed.strip_prefix(&expected[..at]).unwrap_or_default();
            let after = tail.trim_start_matches(|c: char| c.is_ascii_digit());
            after.len() < tail.len() && matches(rest, after)
        }
    }
}
