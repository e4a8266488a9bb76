//! Native text to rules, each with the place where it was written.
//!
//! # The format
//!
//! One rule a logical line: pattern, white space, action, then options `name=value`. A line that
//! begins with white space continues the one before. `#` begins a comment at the start of a line
//! or after white space, outside of quotes. UTF-8, a BOM tolerated, LF or CRLF.
//!
//! ```text
//! company.com                    primary  unknown=reject
//! @domain2.com                   @company.com
//! jd@domain2.com                 jdoe@company.com, kim@company.com   detail=drop
//! old+*@domain2.com              new+*@company.com
//! /(\w+)\.(\w+)@domain2\.com/    $2.$1@company.com
//! leaked@domain2.com             reject 550 5.1.1 "No such user"
//! jdoe@company.com               mailbox jd2@domain2.com   note="Helpdesk 4711" owner=anna@company.com
//! ```
//!
//! Reading never stops at an error: every line gives rules, findings, or both. Rules go into the
//! [`store`](super::store) as soon as they are read: ten million values would not fit. [`format()`]
//! writes the same file again, laid out in columns.
//!
//! Not here: whether rules fit together ([`table`](super::table)).

mod action;
mod advice;
mod annotation;
mod domain_line;
mod expectation;
mod idioms;
mod law;
mod layout;
mod lexer;
mod parse;
mod pattern;
mod plain;
mod target;
mod target_words;

pub use expectation::{Expectation, Expected};
pub use law::{Claim, Law, Region};
pub use layout::format;
pub use parse::{Parsed, Skipped, read, read_cells, warn_if_empty};
pub use pattern::bad_mailbox;
pub use target::routes as routing_spelling;
