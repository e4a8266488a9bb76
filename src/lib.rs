//! readdress: rewrites the recipients of secondary mail domains to primary addresses.
//!
//! A milter (mail filter) for Postfix and Sendmail. The rules of a directory are compiled into one table. A
//! table never changes and is read without a lock; saving a file makes a new table live. This page is the map
//! of the source. The head of each module says what the module is for, and what is left to others.
//!
//! # The journey of one recipient
//!
//! ```text
//! MTA connects daemon/accept/                   one loop for every kind of listener
//!   ↓ bytes    daemon/milter/connection.rs      complete frames only, one write for each round trip
//!   ↓ command  daemon/milter/dialogue.rs        the milter protocol: which step, and whether it needs an answer
//!   ↓ receive  daemon/milter/session_filter.rs  bytes → Received { path, parameters, what the MTA understood }
//!   ↓ pin      daemon/session/                  MAIL takes the live table for the whole message
//!   ↓ parse    engine/address/path.rs           "<Sales+eu@Example.COM>" → Mailbox
//!   ↓ look up  engine/table/lookup.rs           which rule wins → Match
//!   ↓ decide   engine/rewrite/expand.rs         looks up each result again until nothing matches → Decision
//!   ↓ answer   daemon/milter/dialogue.rs        continue, or refuse at RCPT with code and text
//!   ↓ at the end of the message
//!   ↓ plan     engine/transaction/plan.rs       set difference → Plan { deletions, additions, verdict }
//!   ↓ act      daemon/milter/session_filter.rs  deletions, additions, verdict, in this order
//!   ↓ record   daemon/record/recipients.rs      ABC123: orig_to=<…> to=<…> rule=10-a.rules:12 action=replace gen=7
//! ```
//!
//! # The journey of one rule
//!
//! ```text
//! a file is saved  daemon/watch/            a notification, or a regular check; then waits until nothing changes
//!   ↓ read         daemon/source/           a source gives its texts, or findings
//!   ↓ decode       engine/format/decode.rs  only tables of other programs: BOM, UTF-16 → UTF-8
//!   ↓ tokens       engine/syntax/lexer.rs   lines, comments, quotes → tokens with their places
//!   ↓ rule         engine/syntax/parse.rs   pattern, action, options → Rule; after an error, reads the next line
//!   ↓ or           engine/format/           tables of other programs → the same Rule, with its place
//!   ↓ findings     engine/diagnostic/       what is wrong: code, place, line with a caret, what to write
//!   ↓ store        engine/store/            Rule → some 35 bytes, read back when the rule is needed
//!   ↓ table        engine/table/build.rs    stored rules, indexes, classes of domains, conflicts → Table
//!   ↓ check        engine/check/            loops, addresses that do not exist, expectations
//!   ↓ decide       daemon/reload/           with one error the old table stays live
//!   ↓ guard        daemon/guard/            lost rules: held back until somebody accepts the table
//!   ↓ swap         daemon/state/live.rs     generation n → n + 1, in one step
//!   ↓ keep         daemon/history/          texts, settings, who and why, to go back to
//! ```
//!
//! `check`, `explain` and the socketmap use the same code. None of them has rules of its own for a decision.
//!
//! # The storeys
//!
//! A module may use only modules of lower storeys; `tests/tidy/` checks that.
//!
//! | storey | module | |
//! |---|---|---|
//! | 1–6 | [`engine`] | pure: no I/O, clock, async, lock or log |
//! | 6 | [`headers`] | pure as well: the header fields that name recipients |
//! | 6 | [`protocol`] | pure as well: the values of the control socket and of `--json` |
//! | 7 | [`config`], [`report`], [`export`] | pure as well: the configuration file; a decision for people and programs; the table for other MTAs |
//! | 7–12 | `daemon` | the daemon: sockets, files, threads, clock and log |
//! | 8 | `mta` | the MTA's side of the milter protocol, for `try`, `demo` and tests |
//! | 8 | [`doctor`] | what is wrong on the machine outside of the rules; pure except for `doctor::gather` (9), which asks DNS, the MTA and files |
//! | 13 | `cli` | the commands |
//!
//! Only `daemon`, `mta`, `doctor::gather` and `cli` use files, sockets, programs or the clock.
//!
//! # Invariants
//!
//! - One message is decided by one table, and one table always decides the same.
//! - What cannot be decided is deferred; nothing is ever passed on in part.
//! - Bad input costs one connection, one file or one reload, never the daemon.
//!
//! # Where to begin
//!
//! [`engine::table`] says which rule wins; then read [`engine::rewrite`] and [`engine::transaction`], and
//! after these `daemon::session` and `daemon::milter`.

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
