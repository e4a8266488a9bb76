//! Dumps of mail servers' databases, as mysqldump, pg_dump, sqlite3, phpMyAdmin and SSMS write them.
//!
//! # Traps
//!
//! - Columns are found by name: in the `INSERT` or `COPY`, otherwise in the `CREATE TABLE` of the same dump.
//!   They are never guessed by position: without names the rows are an error.
//! - `INSERT`, `REPLACE`, `INSERT … SET`, `COPY … FROM stdin`; statements of several rows.
//! - Bodies of triggers and procedures hold statements that are not run: they are skipped.
//!
//! # Limits
//!
//! Unknown tables and other statements are skipped. If they hold addresses, the addresses are counted and
//! reported by name and line. A value that is computed (`CONCAT(…)`) where an address is expected is an
//! error. A dump that ends too early is an error (`sql_end.rs`).

use super::{
    context::Context,
    sql_copy,
    sql_dump::Dump,
    sql_end, sql_rows,
    sql_tokens::{Dialect, SqlTokenKind, Token},
};
use crate::engine::diagnostic::Span;

/// How the first line of a dump begins, in lower case.
const BEGINNINGS: [&str; 24] = [
    "alter table ",
    "begin transaction",
    "create database ",
    "create schema ",
    "create table ",
    "delimiter ",
    "drop database ",
    "drop table ",
    "insert ignore ",
    "insert into ",
    "insert [",
    "lock tables ",
    "pragma ",
    "replace into ",
    "set @",
    "set ansi_",
    "set identity_insert ",
    "set names ",
    "set nocount ",
    "set xact_abort ",
    "start transaction",
    "truncate table ",
    "use [",
    "use `",
];

/// Words that begin a statement on one line.
const SHORT: [&str; 8] = [
    "begin", "copy", "delete", "insert", "replace", "set", "truncate", "use",
];

/// Words between `INSERT` and the name of the table.
const MODIFIERS: [&str; 13] = [
    "into",
    "ignore",
    "low_priority",
    "delayed",
    "high_priority",
    "or",
    "replace",
    "abort",
    "fail",
    "rollback",
    "only",
    "overwrite",
    "table",
];

/// Returns true if a text is a dump rather than a table.
pub fn is_dump(text: &str) -> bool {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let Some(line) = line.map(str::to_ascii_lowercase) else {
        return false;
    };
    let first = line.split([' ', ';']).next().unwrap_or("");
    let comment = line.starts_with("--") || line.starts_with("/*") || line.starts_with('\\');
    let statement = SHORT.contains(&first) && line.ends_with(';') && line.matches(';').count() == 1;
    let inside = |line: &str| {
        let line = line.trim_start().to_ascii_uppercase();
        ["INSERT INTO ", "REPLACE INTO ", "CREATE TABLE "]
            .iter()
            .any(|beginning| line.starts_with(beginning))
    };
    comment
        || statement
        || BEGINNINGS
            .iter()
            .any(|beginning| line.starts_with(beginning))
        || text.lines().take(200).any(inside)
}

/// Reads a dump.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let mut dump = Dump::new(text, context.file);
    loop {
        dump.tokens.skip_orders();
        let Some(token) = dump.tokens.next() else {
            break;
        };
        if !token.is(";") {
            dump.statement(token, context);
        }
    }
    sql_end::check(text, &dump, context);
    dump.report_nameless(context);
    let Dump { rows, unread, .. } = dump;
    rows.finish(context);
    unread.report(context);
}

impl<'t> Dump<'t> {
    fn statement(&mut self, first: Token<'t>, context: &mut Context<'_, '_>) {
        let word = if first.kind == SqlTokenKind::Word {
            first.value.text.to_ascii_lowercase()
        } else {
            String::new()
        };
        let span = first.value.span;
        match word.as_str() {
            "insert" | "replace" => self.insert(first, context),
            "create" => self.create(first),
            "copy" => sql_copy::read(self, first, context),
            "alter" => self.alter(first),
            "delimiter" => self.other_delimiter(span),
            "go" if self.tokens.dialect == Dialect::MsSql => {}
            "begin" | "start" if self.tokens.dialect != Dialect::MsSql => {
                self.transaction = Some(("is never committed", span));
                self.skip(first);
            }
            "commit" | "end" => {
                self.transaction = None;
                self.skip(first);
            }
            "rollback" => {
                self.transaction = Some(("is taken back, because of errors", span));
                self.skip(first);
            }
            _ => self.skip(first),
        }
    }

    fn insert(&mut self, first: Token<'t>, context: &mut Context<'_, '_>) {
        let mut table = String::new();
        let mut names = None;
        while let Some(token) = self.more(&first) {
            if token.is("(") && names.is_none() && !table.is_empty() {
                names = Some(sql_rows::names(&mut self.tokens));
            } else if token.is("set") {
                return sql_rows::assignments(self, &first, &table, context);
            } else if token.is("values") || token.is("value") {
                let Some(next) = self.more(&first) else {
                    return;
                };
                let rows = next.is("(");
                self.tokens.give_back(next);
                if rows {
                    return sql_rows::read(self, &first, &table, names, context);
                }
            } else if token.is("select") || token.is("with") || token.is("exec") {
                sql_rows::computed(self, &first, &table, names, context);
                return self.skip(first);
            } else if names.is_none()
                && !token.is(".")
                && !MODIFIERS.iter().any(|word| token.is(word))
            {
                table = token.name();
            }
        }
    }

    fn create(&mut self, first: Token<'t>) {
        let (mut table, mut name) = (false, String::new());
        while let Some(token) = self.more(&first) {
            if table && token.is("(") {
                let columns = sql_rows::definitions(&mut self.tokens);
                self.layouts.insert(name, Some(columns));
                return self.skip(first);
            }
            if ["trigger", "procedure", "function"]
                .iter()
                .any(|word| token.is(word))
                && !table
            {
                return self.skip_body(&first);
            }
            if ["view", "index", "type", "rule"]
                .iter()
                .any(|word| token.is(word))
                && !table
            {
                return self.skip(first);
            }
            if table && (token.is("like") || token.is("as")) {
                return self.skip(first);
            }
            if table
                && !["if", "not", "exists", "."]
                    .iter()
                    .any(|word| token.is(word))
            {
                name = token.name();
            }
            table |= token.is("table");
        }
    }

    /// Skips a trigger or procedure: with `BEGIN` it ends at `END;`.
    fn skip_body(&mut self, first: &Token<'t>) {
        let (mut body, mut ended) = (false, false);
        while let Some(token) = self.tokens.next() {
            body |= token.is("begin");
            if token.is(";") && (!body || ended) {
                return;
            }
            let go = self.tokens.dialect == Dialect::MsSql && token.first && token.is("go");
            if go {
                return;
            }
            ended = token.is("end");
        }
        if self.tokens.dialect != Dialect::MsSql {
            self.unfinished = Some(first.value.span);
        }
    }

    /// Skips the statements behind `DELIMITER ;;` of the client mysql. Up to `DELIMITER ;` they are bodies of
    /// triggers.
    fn other_delimiter(&mut self, span: Span) {
        self.tokens.next_line();
        while let Some(line) = self.tokens.next_line() {
            let words: Vec<_> = line.text.split_whitespace().collect();
            if let [word, ";"] = words.as_slice()
                && word.eq_ignore_ascii_case("delimiter")
            {
                return;
            }
        }
        self.unfinished = Some(span);
    }

    /// Forgets the known columns of a table whose columns change.
    fn alter(&mut self, first: Token<'t>) {
        const KEYS: [&str; 9] = [
            "primary",
            "key",
            "unique",
            "constraint",
            "index",
            "fulltext",
            "spatial",
            "foreign",
            "check",
        ];
        let (mut name, mut named, mut changed, mut add) = (String::new(), false, false, false);
        while let Some(token) = self.more(&first) {
            let is = |words: &[&str]| words.iter().any(|word| token.is(word));
            if add && !is(&KEYS) {
                changed = true;
            }
            add = is(&["add"]);
            if is(&[
                "add", "alter", "drop", "change", "modify", "owner", "rename", "set",
            ]) || is(&[
                "enable",
                "disable",
                "with",
                "cluster",
                "replica",
                "auto_increment",
            ]) {
                changed |= is(&["drop", "change", "rename"]);
                named = true;
            } else if !named && !is(&["table", "only", "if", "exists", ".", "ignore"]) {
                name = token.name();
            }
        }
        if changed && self.layouts.contains_key(&name) {
            self.layouts.insert(name, None);
        }
    }
}
