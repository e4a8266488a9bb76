//! What is known about the configuration file: whether it is in force, and which settings wait.
//!
//! `settings` writes this value, `status` reads it.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use crate::config::Change;
use crate::engine::Diagnostic;

/// The result of the last reading of the configuration file.
#[derive(Clone, Debug, Default)]
pub struct FileStatus {
    /// The path of the file. The file need not exist.
    pub path: PathBuf,
    /// Why the file is not in force; `None` if it is.
    pub refused: Option<Refused>,
    /// The keys whose new values wait for a restart.
    pub waiting: Vec<Change>,
    /// The last change that took effect, and its time.
    pub changed: Option<(SystemTime, Vec<Change>)>,
}

/// A configuration file that is not in force.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What is wrong with the file.
    pub findings: Arc<[Diagnostic]>,
    /// Since when.
    pub since: SystemTime,
    /// The command that accepts a file without errors that was emptied or cut off.
    pub accept: Option<String>,
}
