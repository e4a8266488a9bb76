//! readdress: the recipients of secondary mail domains, rewritten to primary addresses.
//!
//! A milter (mail filter) for Postfix and Sendmail. Its table is compiled from a directory of rules,
//! immutable, read without a lock; saving a file makes the new table live. This page is the map of
//! the house; each room's own page says what it is for and what is deliberately not in it.
//!
//! # The journey of one recipient
//!
//! ```text
//! MTA connects daemon/accept/                   one loop for every kind of listener
//!   ↓ bytes    daemon/milter/connection.rs      complete frames only, one write a round trip
//!   ↓ command  daemon/milter/dialogue.rs        the protocol: which step, and whether it is answered
//!   ↓ receive  daemon/milter/session_filter.rs  bytes → Received { path, parameters, what the MTA understood }
//!   ↓ pin      daemon/session/                  MAIL takes the live table for the whole message
//!   ↓ parse    engine/address/path.rs           "<Sales+eu@Example.COM>" → Mailbox
//!   ↓ look up  engine/table/lookup.rs           the one list of precedence → Match
//!   ↓ decide   engine/rewrite/expand.rs         back to the table until nothing matches → Decision
//!   ↓ answer   daemon/milter/dialogue.rs        refused at RCPT with code and text, or go on
//!   ↓ at the end of the message
//!   ↓ plan     engine/transaction/plan.rs       set difference → Plan { deletions, additions, verdict }
//!   ↓ act      daemon/milter/session_filter.rs  deletions, additions, verdict, in this order
//!   ↓ record   daemon/record/recipients.rs      ABC123: orig_to=<…> to=<…> rule=10-a.rules:12 action=replace gen=7
//! ```
//!
//! # The journey of one rule
//!
//! ```text
//! a file is saved  daemon/watch/            notified, or found by looking; waits until it is quiet
//!   ↓ read         daemon/source/           a source gives its texts, or findings
//!   ↓ decode       engine/format/decode.rs  other programs' files only: BOM, UTF-16 → UTF-8
//!   ↓ tokens       engine/syntax/lexer.rs   lines, comments, quotes → tokens with their places
//!   ↓ rule         engine/syntax/parse.rs   pattern, action, options → Rule; never stops at an error
//!   ↓ or           engine/format/           other programs' tables → the same Rule, with its place
//!   ↓ pack         engine/store/            Rule → about forty bytes, made a Rule again when needed
//!   ↓ table        engine/table/build.rs    packed rules, indexes, classes of domains, conflicts → Table
//!   ↓ check        engine/check/            loops, nobody's addresses, expectations
//!   ↓ judge        daemon/reload/           one error: the old table serves on
//!   ↓ guard        daemon/guard.rs          lost rules: held back until somebody accepts the table
//!   ↓ swap         daemon/state/live.rs     generation n → n + 1, in one step
//! ```
//!
//! `check`, `explain` and the socketmap walk the same roads; they have no logic of their own.
//!
//! # The storeys
//!
//! A room may use only rooms below it; `tests/tidy/` holds the house to that.
//!
//! | storey | room | |
//! |---|---|---|
//! | 1–6 | [`engine`] | pure: no I/O, clock, async, lock or log |
//! | 6 | [`headers`] | pure as well: the header fields that name recipients, where they are wanted |
//! | 6 | [`protocol`] | pure as well: the values of the control socket and of `--json` |
//! | 7 | [`config`], [`report`], [`export`] | pure as well: the configuration file; a decision for people and programs; the table for other MTAs |
//! | 8–11 | `daemon` | the only room with tokio, files, sockets, clock and log |
//! | 8 | `mta` | the MTA's side of the milter protocol, for `try`, `demo` and tests |
//! | 8 | [`doctor`] | what is wrong with the machine around the table; pure but for `doctor::gather` (9), which asks DNS, the MTA and files |
//! | 12 | `cli` | the commands |
//!
//! # Invariants
//!
//! - One message is decided by one table, and an unchanged table decides alike for ever.
//! - What cannot be decided is deferred; nothing is ever passed on in part.
//! - Bad input costs one connection, one file or one reload, never the daemon.
//!
//! # Where to begin
//!
//! [`engine::table`] states which rule wins; then [`engine::rewrite`], [`engine::transaction`], and
//! from there outwards to `daemon::session` and `daemon::milter`.

#[cfg(feature = "daemon")]
pub mod cli;
pub mod config;
#[cfg(feature = "daemon")]
pub mod daemon;
pub mod doctor;
pub mod engine;
pub mod export;
pub mod headers;
#[cfg(feature = "daemon")]
pub mod mta;
pub mod protocol;
pub mod report;
