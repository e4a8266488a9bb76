//! Every way in which rules files change, against the real file system and real notifications.
//!
//! The compiler is a stand-in that counts its calls and keeps what it was given: what matters here is
//! when it is called and with which bytes.
//!
//! | stand-in | |
//! |---|---|
//! | text with `broken` in it | refused |
//! | text with `panic` in it | panics |
//! | anything else | a table |

#![cfg(feature = "daemon")]

mod bench;
mod changes;
mod files;
mod large;
mod limits;
mod outcomes;
mod seam;
