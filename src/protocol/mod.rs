//! Storey 6: what commands and the daemon say to each other, and what `--json` prints.
//!
//! Every object of the control socket and of `--json` is a type here. The daemon and the commands write
//! these types and read these types; no other code looks into JSON. Texts for people are made from the
//! values, at the very end, in `cli` and `report`.
//!
//! # The control socket
//!
//! A command connects, sends one line with a [`Request`], and reads lines until the daemon closes the
//! connection. `explain`, `who` and `config` are answered by several lines, the other requests by one. A line is
//! an answer or a [`Failure`].
//!
//! # Versions
//!
//! Each request and each line of an answer holds `protocol`, the number [`VERSION`] of the program that
//! wrote it. A line without a number comes from a program that is older than the numbers, which counts as
//! 0. The rules for changes:
//!
//! - New fields may come at any time. A reader ignores fields that it does not know. A field that an older
//!   program does not write has a default, or is an `Option`.
//! - New words may come at any time. A reader keeps a word that it does not know, as `Other`.
//! - Fields and words keep their meaning. One that is no longer right gets a new name.
//! - A new request, or a new field of a request, raises the number. A daemon that does not know a request
//!   answers [`FailureCode::UnknownCommand`].
//!
//! Not here: sockets (`daemon::control` and `cli::ask`), and how a value is shown to people.

mod answer;
mod check;
mod configuration;
mod doctor;
mod explained;
mod findings;
mod history;
mod outcome;
mod reached;
mod request;
mod status;
mod version;

pub use answer::{Failure, FailureCode, line, read};
pub use check::{
    CheckEdit, CheckFinding, CheckLaw, CheckNote, CheckPlace, CheckSuggestion, CheckSummary,
    CheckTotals, CodeExplained,
};
pub use configuration::{
    Configuration, ConfigurationChange, RefusedConfiguration, Setting, WaitingSetting,
};
pub use doctor::{DoctorFinding, DoctorLook, DoctorSummary, DoctorTotals};
pub use explained::{Action, Addition, Explained, MtaEdits, Reply, Step, StepReason};
pub use findings::Findings;
pub use history::{Blame, FateDifference, Generation};
pub use outcome::{Cause, Held, Live, OtherOutcome, Outcome, Refused, Reload, RolledBack};
pub use reached::{Reached, ReachedKind, WayStep};
pub use request::{Command, Request};
pub use status::{
    Degradation, DegradedFiles, FileRules, Problem, Reloads, StateDirectory, Status, Traffic,
};
pub use version::VERSION;

#[cfg(test)]
mod tests;
