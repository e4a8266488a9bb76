//! Every way in which rules files change, with the real file system and real notifications.
//!
//! A stand-in for the compiler counts its calls and keeps the texts that it was given: these tests are about when the
//! compiler is called, and with which bytes.
//!
//! | stand-in | |
//! |---|---|
//! | text with `broken` in it | refused |
//! | text with `panic` in it | panics |
//! | anything else | a table |
//!
//! `guard` uses the real compiler: it is about what goes live.

#![cfg(feature = "daemon")]

mod bench;
mod changes;
mod files;
mod guard;
mod large;
mod limits;
mod outcomes;
mod seam;
