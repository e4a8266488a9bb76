//! The state of reading a dump: the next tokens, and what was found so far.

use std::collections::{BTreeMap, HashMap};

use super::{
    context::Context,
    mail_rows::MailRows,
    mail_tables::is_named_alias,
    sql_tokens::{Dialect, SqlTokenKind, Token, Tokens},
    unread::{self, Holder, Unread},
};
use crate::engine::diagnostic::{Span, codes};

/// Words that begin a statement of MS SQL. The statement before may end without `;`.
const STATEMENTS: [&str; 14] = [
    "go", "insert", "set", "create", "alter", "use", "update", "delete", "print", "if", "begin",
    "end", "exec", "drop",
];

/// A dump while it is read.
#[derive(Debug)]
pub struct Dump<'t> {
    /// The next tokens.
    pub tokens: Tokens<'t>,
    /// The columns of each table; `None` if they have been changed.
    pub layouts: HashMap<String, Option<Vec<String>>>,
    /// The rows of known tables.
    pub rows: MailRows<'t>,
    /// Tables, columns and statements that are not read.
    pub unread: Unread,
    /// Tables whose columns have no names: rows, addresses, and the first place of one.
    pub nameless: BTreeMap<String, (usize, usize, Span)>,
    /// The statement in which the dump ends, if it is not complete.
    pub unfinished: Option<Span>,
    /// A transaction that is open, or that was rolled back.
    pub transaction: Option<(&'static str, Span)>,
}

impl<'t> Dump<'t> {
    /// Returns the state before the first token.
    pub fn new(text: &'t str, file: u32) -> Self {
        Self {
            tokens: Tokens::new(text, file),
            layouts: HashMap::new(),
            rows: MailRows::default(),
            unread: Unread::default(),
            nameless: BTreeMap::new(),
            unfinished: None,
            transaction: None,
        }
    }

    /// Returns the next token of a statement; `None` at its end. Notes if the dump ends there too.
    pub fn more(&mut self, first: &Token<'t>) -> Option<Token<'t>> {
        let Some(token) = self.tokens.next() else {
            if self.tokens.dialect != Dialect::MsSql {
                self.unfinished = Some(first.value.span);
            }
            return None;
        };
        if token.is(";") {
            return None;
        }
        let begins = self.tokens.dialect == Dialect::MsSql
            && token.first
            && STATEMENTS.iter().any(|word| token.is(word));
        if begins {
            self.tokens.give_back(token);
            return None;
        }
        Some(token)
    }

    /// Skips the rest of a statement; addresses in it are reported as not read.
    pub fn skip(&mut self, first: Token<'t>) {
        let mut count = 0;
        while let Some(token) = self.more(&first) {
            if token.kind != SqlTokenKind::Word {
                count += unread::addresses(&token.value.text).count();
            }
        }
        let word = first.value.text.to_uppercase();
        let what = || format!("the statement `{word}`");
        self.unread
            .count(Holder::Statement, first.value.span, count, what);
    }

    /// Reports tables whose columns have no names.
    pub fn report_nameless(&self, context: &mut Context<'_, '_>) {
        for (table, (rows, count, span)) in &self.nameless {
            if *count == 0 && !is_named_alias(table) {
                continue;
            }
            let rows = match rows {
                1 => "1 row".to_owned(),
                _ => format!("{rows} rows"),
            };
            let held = match count {
                0 => rows,
                _ => format!("{} in {rows}", unread::plural(*count)),
            };
            let message = format!("the dump does not name the columns of `{table}`: {held}");
            let help = format!(
                "columns are not guessed by their order: dump the table's definition too, or export with `mysqldump --complete-insert`, `pg_dump --column-inserts`, or this table alone: `mysql -B -e 'SELECT * FROM {table}' DATABASE > {table}.csv`"
            );
            context.error(codes::NO_COLUMNS, *span, message, help);
        }
    }
}
