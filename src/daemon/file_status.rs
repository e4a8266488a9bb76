//! What is known of the configuration file: whether it is in force, and what of it waits.
//!
//! Written by `settings`, read by `control` and `notify`.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use crate::config::Change;
use crate::engine::Diagnostic;

/// The configuration file as it was read last.
#[derive(Clone, Debug, Default)]
pub struct FileStatus {
    /// Its path; it need not exist.
    pub path: PathBuf,
    /// Why it is not in force; `None` where it is.
    pub refused: Option<Refused>,
    /// The keys whose new values wait for a restart.
    pub waiting: Vec<Change>,
    /// The last change that took effect, and when that was.
    pub changed: Option<(SystemTime, Vec<Change>)>,
}

/// A configuration file that is not in force.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What is wrong with it.
    pub findings: Arc<[Diagnostic]>,
    /// Since when.
    pub since: SystemTime,
    /// The words that accept it, where it is free of errors and was emptied or cut off.
    pub accept: Option<String>,
}
