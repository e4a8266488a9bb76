//! What a watcher watches: a signature that changes, and paths whose notifications matter.

use std::fmt;
use std::path::PathBuf;

use super::signature::{self, Signature};

/// Something that a watcher watches.
pub trait Watched: fmt::Debug + Send + Sync {
    /// Returns a value that is another one if something may have changed. It must be cheap: no content is
    /// read. Blocks.
    fn signature(&self) -> Signature;

    /// Returns the paths whose notifications matter. Without any path, changes are found by the periodic
    /// check and by requests alone.
    fn paths(&self) -> &[WatchedPath];
}

/// A path whose notifications matter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WatchedPath {
    /// A directory whose rules files are read, and the files that its symbolic links lead to.
    Directory(PathBuf),
    /// One file, which need not exist yet.
    File(PathBuf),
}

impl Watched for WatchedPath {
    fn signature(&self) -> Signature {
        match self {
            Self::Directory(path) => signature::of_directory(path),
            Self::File(path) => signature::of_file(path),
        }
    }

    fn paths(&self) -> &[WatchedPath] {
        std::slice::from_ref(self)
    }
}
