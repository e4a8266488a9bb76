//! Postfix virtual(5), as postmap reads it, and as `postmap -s` prints it.
//!
//! ```text
//! domain2.com             anything
//! sales@domain2.com       anna@company.com, bob@company.com,
//!         carol@company.com
//! @domain2.com            @company.com
//! ```
//!
//! # Traps
//!
//! - A line is a comment if its first character that is not blank is `#`, also between continuation lines. A
//!   comment behind a rule does not exist.
//! - postmap ignores a line that it cannot read; here such a line is an error.
//! - A key without `@` is a domain or a user: `postfix_bare.rs`.
//! - A value may be written as in a `To:` field (`Anna <anna@company.com>`): `postfix_value.rs`.
//! - `a a` means *keep*. `key: value` is a line of aliases(5) or of cPanel's valiases, and `|command` and
//!   `/file` belong to aliases(5) too: they are errors.
//!
//! # Limits
//!
//! The only line of regexp and pcre tables that is read is `/^(.*)@domain2\.com$/ ${1}@company.com`.

use super::{
    context::Context,
    field_text::{FieldText, lines},
    postfix_bare::{bare, words},
    postfix_rule::rule,
    regex_table,
};
use crate::engine::{
    address::last_at,
    diagnostic::{Span, codes},
};

/// Reads a file.
pub fn read(text: &str, context: &mut Context<'_, '_>) {
    let mut aliases = AliasLines::default();
    let mut current: Vec<FieldText<'_>> = Vec::new();
    for line in lines(context.file, text) {
        let trimmed = line.text.trim_start_matches([' ', '\t']);
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if trimmed.len() == line.text.len() {
            logical(&current, &mut aliases, context);
            current.clear();
        } else if current.is_empty() {
            let help = "begin the line in its first column";
            let message = "this line begins with white space, and there is no rule above that it can continue";
            context.error(codes::CONTINUATION, line.trimmed().span, message, help);
            continue;
        }
        current.push(line);
    }
    logical(&current, &mut aliases, context);
    aliases.report(context);
}

/// Reads a line and the lines that continue it.
fn logical(lines: &[FieldText<'_>], aliases: &mut AliasLines, context: &mut Context<'_, '_>) {
    let Some((first, rest)) = lines.split_first() else {
        return;
    };
    if regex_table::is_line(&first.text) {
        return regex_table::read(first, context);
    }
    let Some(end) = key_end(&first.text) else {
        let help = "close it with `\"`; inside quotes write `\\\"` for a quote";
        return context.error(
            codes::UNCLOSED_QUOTE,
            first.span,
            "a quote is not closed on its line",
            help,
        );
    };
    let key = first.part(0..end);
    let value = first.part(end..first.text.len());
    let value: Vec<_> = std::iter::once(value).chain(rest.iter().cloned()).collect();
    if key.text.ends_with(':') {
        return aliases.count(&key);
    }
    if value.iter().all(|part| words(part).is_empty()) {
        let message = format!("`{}` has no target", key.text);
        return context.error(
            codes::NO_ACTION,
            key.span,
            message,
            "write the target, or delete the line",
        );
    }
    if last_at(&key.text).is_some() {
        rule(&key, &value, context);
    } else {
        bare(&key, &value, context);
    }
}

/// The lines of an alias file (`key: value`), which are reported together.
#[derive(Debug, Default)]
struct AliasLines {
    first: Option<Span>,
    count: usize,
    /// How many keys are full addresses or `*`.
    whole: usize,
}

impl AliasLines {
    fn count(&mut self, key: &FieldText<'_>) {
        self.count += 1;
        self.first.get_or_insert(key.span);
        self.whole += usize::from(key.text.contains('@') || key.text == "*:");
    }

    fn report(self, context: &mut Context<'_, '_>) {
        let Some(span) = self.first else { return };
        let lines = match self.count {
            1 => "1 line".to_owned(),
            many => format!("{many} lines"),
        };
        let (message, help) = if self.whole == self.count {
            (
                format!(
                    "{lines} of the form `address: value`: this is an alias file of cPanel (/etc/valiases), not virtual(5)"
                ),
                "delete the colon after each address; instead of `*: :fail:` write the domain and `secondary`, instead of `*: user@company.com` write `@domain2.com user@company.com`; `:blackhole:` and commands have no equivalent",
            )
        } else {
            (
                format!(
                    "{lines} of the form `key: value`: this is an alias file, aliases(5), not virtual(5)"
                ),
                "write `user@domain value`; the MTA itself reads its alias file",
            )
        };
        context.error(codes::ALIAS_FILE, span, message, help);
    }
}

/// Returns where the key ends: at the first white space outside of quotes.
fn key_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Some(at),
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}
