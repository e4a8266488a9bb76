//! Dumps of PostfixAdmin's tables: `INSERT INTO alias …`, as mysqldump and pg_dump --inserts write them.
//!
//! # Traps
//!
//! - Columns go by name: those of the `INSERT`, else those of the `CREATE TABLE` in the same dump, else
//!   those of the oldest version.
//! - Extended inserts hold many rows; a quote in a string is `''` or `\'`; `NOW()` and the like are no
//!   values; `/*! … */`, `--` and `#` are comments.
//!
//! # Limits
//!
//! Other statements and tables are passed over. A statement is held in place, not copied.

use super::{
    context::Context,
    postfixadmin::{self, Table},
    value::Value,
};
use crate::engine::rule::Span;

/// Columns of the oldest versions.
const ALIAS: [&str; 6] = ["address", "goto", "domain", "created", "modified", "active"];
const ALIAS_DOMAIN: [&str; 5] = [
    "aliasdomain",
    "targetdomain",
    "created",
    "modified",
    "active",
];
const DOMAIN: [&str; 11] = [
    "domain",
    "description",
    "aliases",
    "mailboxes",
    "maxquota",
    "quota",
    "transport",
    "backupmx",
    "created",
    "modified",
    "active",
];

/// Whether a text looks like a dump rather than a table.
pub fn is_dump(text: &str) -> bool {
    text.lines().take(200).any(|line| {
        let line = line.trim_start().to_ascii_uppercase();
        line.starts_with("INSERT INTO") || line.starts_with("CREATE TABLE")
    })
}

/// Columns of a table, in order.
type Columns = Vec<String>;

/// Reads a dump.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let mut tokens = Tokens {
        text,
        at: 0,
        line: 1,
        file: context.file,
    };
    let mut layouts = Layouts {
        alias: ALIAS.map(Into::into).into(),
        alias_domain: ALIAS_DOMAIN.map(Into::into).into(),
        domain: DOMAIN.map(Into::into).into(),
    };
    while let Some(token) = tokens.next() {
        let create = token.is("create");
        if create || token.is("insert") {
            statement(create, &mut tokens, &mut layouts, context);
        } else if !token.is(";") {
            tokens.skip_statement();
        }
    }
}

/// The columns of each table, as far as they are known.
struct Layouts {
    alias: Columns,
    alias_domain: Columns,
    domain: Columns,
}

impl Layouts {
    fn of(&mut self, table: Table) -> &mut Columns {
        match table {
            Table::Alias => &mut self.alias,
            Table::AliasDomain => &mut self.alias_domain,
            Table::Domain => &mut self.domain,
        }
    }
}

fn statement(
    create: bool,
    tokens: &mut Tokens<'_>,
    layouts: &mut Layouts,
    context: &mut Context<'_, '_>,
) {
    let mut name = String::new();
    let mut last = None;
    for token in tokens.by_ref() {
        if token.is("(") || token.is("values") || token.is(";") {
            last = Some(token);
            break;
        }
        // `public.alias`, `IF NOT EXISTS alias`: the last word is the name.
        let word = token.value.text.rsplit('.').next().unwrap_or("");
        name = word.trim_matches(['`', '"']).to_ascii_lowercase();
    }
    match (last, Table::named(&name)) {
        (Some(token), Some(table)) if create && token.is("(") => {
            *layouts.of(table) = definitions(tokens);
        }
        (Some(token), Some(table)) if !create => {
            let mut named = None;
            if token.is("(") {
                let inner = tokens.by_ref().take_while(|token| !token.is(")"));
                named = Some(
                    inner
                        .filter(|token| !token.is(","))
                        .map(|token| token.name())
                        .collect(),
                );
                tokens.by_ref().find(|token| token.is("values"));
            }
            let columns = named.as_ref().unwrap_or(layouts.of(table));
            return rows(table, columns, tokens, context);
        }
        (Some(token), _) if token.is(";") => return,
        _ => {}
    }
    tokens.skip_statement();
}

/// The names of the columns that a `CREATE TABLE` defines.
fn definitions(tokens: &mut Tokens<'_>) -> Columns {
    let mut columns = Columns::new();
    let (mut depth, mut first) = (0_usize, true);
    for token in tokens.by_ref() {
        match &*token.value.text {
            _ if token.string => {}
            "(" => depth += 1,
            ")" if depth == 0 => break,
            ")" => depth -= 1,
            "," if depth == 0 => {
                first = true;
                continue;
            }
            _ if first
                && !["primary", "key", "unique", "constraint"]
                    .iter()
                    .any(|word| token.is(word)) =>
            {
                columns.push(token.name());
            }
            _ => {}
        }
        first = false;
    }
    columns
}

/// The rows behind `VALUES`.
fn rows(table: Table, columns: &Columns, tokens: &mut Tokens<'_>, context: &mut Context<'_, '_>) {
    let wanted =
        postfixadmin::Columns::find(table, |name| columns.iter().position(|own| own == name));
    while let Some(token) = tokens.next() {
        if token.is(";") {
            return;
        }
        if !token.is("(") {
            continue;
        }
        let row = token.value.span;
        let cells = cells(tokens);
        let cell = |at: Option<usize>| {
            at.and_then(|at| cells.get(at).cloned())
                .unwrap_or_else(|| Value::new("", row))
        };
        wanted.read(cell, row, context);
    }
}

/// The cells of one row, up to its closing parenthesis.
fn cells<'t>(tokens: &mut Tokens<'t>) -> Vec<Value<'t>> {
    let mut cells = Vec::new();
    let mut depth = 0_usize;
    let mut current: Option<Value<'t>> = None;
    for token in tokens.by_ref() {
        match &*token.value.text {
            _ if token.string => current = Some(token.value),
            ")" if depth == 0 => break,
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => cells.push(
                current
                    .take()
                    .unwrap_or_else(|| Value::new("", token.value.span)),
            ),
            // pg_dump writes E'…' for a string with escapes.
            _ if current.is_none() => current = Some(token.value),
            _ => {}
        }
    }
    cells.extend(current);
    cells
}

/// A word, a string or a single character.
struct Token<'t> {
    value: Value<'t>,
    string: bool,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        !self.string && self.value.text.eq_ignore_ascii_case(word)
    }

    fn name(&self) -> String {
        let name = self.value.text.trim_matches(['`', '"']);
        name.replace('_', "").to_ascii_lowercase()
    }
}

/// The tokens of a dump, comments left out.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    file: u32,
}

impl<'t> Tokens<'t> {
    fn skip_statement(&mut self) {
        self.by_ref().find(|token| token.is(";"));
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn advance(&mut self, octets: usize) {
        let passed = self.rest().as_bytes().get(..octets).unwrap_or(b"");
        let lines = passed.iter().filter(|b| **b == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = (self.at + octets).min(self.text.len());
    }

    fn span(&self, offset: usize, length: usize) -> Span {
        let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            line: self.line,
            start: number(self.at + offset),
            length: number(length),
        }
    }

    /// Passes over white space and comments.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            let comment = match rest {
                _ if blank > 0 => blank,
                _ if rest.starts_with("--") || rest.starts_with('#') => {
                    rest.find('\n').unwrap_or(rest.len())
                }
                _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
                _ => return,
            };
            self.advance(comment);
        }
    }

    /// Octets of the string that the rest begins with, its quotes included, and what it says.
    fn string(rest: &str) -> (usize, String, bool) {
        let mut text = String::new();
        let mut changed = false;
        let mut characters = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = characters.next() {
            match c {
                '\'' if characters.next_if(|(_, next)| *next == '\'').is_some() => {
                    text.push('\'');
                    changed = true;
                }
                '\'' => return (at + 1, text, changed),
                '\\' => {
                    changed = true;
                    text.extend(characters.next().map(|(_, c)| match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        c => c,
                    }));
                }
                c => text.push(c),
            }
        }
        (rest.len(), text, changed)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.blanks();
        let rest = self.rest();
        let first = rest.chars().next()?;
        if first == '\'' {
            let (length, text, changed) = Self::string(rest);
            let inner = rest.get(1..length.saturating_sub(1)).unwrap_or("");
            let mut value = Value::new(inner, self.span(1, inner.len()));
            if changed {
                value.text = text.into();
            }
            self.advance(length);
            return Some(Token {
                value,
                string: true,
            });
        }
        let word =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '`' | '"' | '-' | ':' | '+');
        let length = rest
            .find(|c: char| !word(c))
            .unwrap_or(rest.len())
            .max(first.len_utf8());
        let value = Value::new(rest.get(..length).unwrap_or(rest), self.span(0, length));
        self.advance(length);
        Some(Token {
            value,
            string: false,
        })
    }
}
