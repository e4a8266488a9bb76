//! One file that a command names, of any kind.

use std::path::Path;

use super::comments::Comments;
use super::file;
use super::limits::{Encoding, Limits};
use crate::engine::format::decode::{self, Decoded};

/// Reads one file and decodes it. If `encoding` is `None`, the bytes themselves say what they are.
///
/// # Errors
///
/// A sentence.
pub fn read_file(path: &Path, encoding: Option<&str>) -> Result<(Vec<u8>, Decoded), String> {
    let bytes = read_whole(path)?;
    match encoding {
        None => Ok(decode::decode(bytes)),
        Some(name) => decode::decode_by_name(&bytes, name)
            .ok_or_else(|| format!("unknown encoding `{name}`; try windows-1252")),
    }
}

/// Reads one file as it is.
///
/// # Errors
///
/// A sentence.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, String> {
    file::read(path, Encoding::Any, Comments::None, &Limits::default())
        .map(|content| content.text)
        .map_err(|refusal| refusal.message)
}
