//! Checks single files (`check FILE`), for an editor or a deployment tool that has not yet saved the file in the
//! rules directory.
//!
//! The name of a file shows its format; `--as` gives it another name. The file is checked alone, or together with a
//! rules directory, in which it replaces the file of the same name. `-` is standard input, which contains native
//! rules unless `--as` names another format.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{Exit, Loaded, compiled, configuration, failed, prefix};
use crate::{
    daemon::source::{self, Limits},
    engine::{Diagnostic, FileKind, SourceText},
};

/// Files to check.
#[derive(Clone, Copy, Debug)]
pub struct Files<'f> {
    /// The files.
    pub paths: &'f [PathBuf],
    /// The name, or the extension, that a file will have in the rules directory.
    pub named: Option<&'f str>,
    /// The rules directory to check them with.
    pub within: Option<&'f Path>,
}

impl Files<'_> {
    /// Reads and compiles the files. Findings show their names as they were typed.
    pub fn load(&self, config: Option<&Path>) -> Result<Loaded, Exit> {
        let config = configuration(config)?;
        let (mut sources, mut diagnostics, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        let limits = Limits::default();
        if let Some(directory) = self.within {
            let reading = source::read_directory(directory, &limits);
            let names = reading.sources.iter().map(|source| source.name.clone());
            shown.extend(names.map(|name| (prefix(directory) + &name, name)));
            (sources, diagnostics) = (reading.sources, reading.diagnostics);
        }
        for path in self.paths {
            let name = self.name(path)?;
            sources.retain(|source: &SourceText| source.name != name);
            diagnostics.retain(|finding: &Diagnostic| finding.excerpt.file != name);
            shown.retain(|(_, known)| *known != name);
            let input = match is_input(path) {
                true => Some(standard_input(&limits)?),
                false => None,
            };
            let real = input.as_ref().map_or(path.as_path(), NamedTempFile::path);
            match source::read_named(real, &name, &limits) {
                Ok(source) => sources.push(source),
                Err(finding) => diagnostics.push(*finding),
            }
            shown.push((display(path), name));
        }
        sources.sort_by(|one, other| one.name.cmp(&other.name));
        let mut loaded = compiled(sources, diagnostics, &config, "");
        let paths = self.paths.iter().map(|path| display(path));
        loaded.subject = paths.collect::<Vec<_>>().join(", ");
        for finding in &mut loaded.diagnostics {
            let notes = finding.notes.iter_mut();
            let notes = notes.map(|note| &mut note.excerpt.file);
            let edits = finding.suggestions.iter_mut();
            let edits = edits.flat_map(|suggestion| &mut suggestion.edits);
            let edits = edits.map(|edit| &mut edit.file);
            for file in notes.chain(edits).chain([&mut finding.excerpt.file]) {
                if let Some((path, _)) = shown.iter().find(|(_, name)| name == file) {
                    file.clone_from(path);
                }
            }
        }
        Ok(loaded)
    }

    /// Returns the name that a file would have in a rules directory.
    fn name(&self, path: &Path) -> Result<String, Exit> {
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        let input = is_input(path);
        if !input && !path.exists() {
            let path = path.display();
            return Err(failed(&format!("{path} does not exist")));
        }
        let name = match self.named {
            Some(_) if self.paths.len() > 1 => {
                return Err(failed("--as works only with a single file"));
            }
            Some(named) if named.contains('.') => named.to_owned(),
            Some(extension) if input => format!("{INPUT}.{extension}"),
            Some(extension) => format!("{own}.{extension}"),
            None if input => format!("{INPUT}.rules"),
            None => own.into_owned(),
        };
        if path.is_dir() {
            let path = path.display();
            return Err(failed(&format!(
                "{path} is a directory: name either one directory, or files"
            )));
        }
        match FileKind::of(&name) {
            FileKind::Read(_) => Ok(name),
            FileKind::Skipped | FileKind::Unknown => Err(failed(&format!(
                "{}: the name `{name}` shows no format that readdress reads; name one, for example `--as rules`",
                path.display()
            ))),
        }
    }
}

/// What findings call standard input.
const INPUT: &str = "stdin";

/// Returns true if the path stands for standard input.
fn is_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the path for people.
fn display(path: &Path) -> String {
    match is_input(path) {
        true => INPUT.to_owned(),
        false => path.display().to_string(),
    }
}

/// Copies standard input to a file, so that the limits for files also apply to it. The copy is at most one byte
/// larger than the largest allowed file.
fn standard_input(limits: &Limits) -> Result<NamedTempFile, Exit> {
    let mut input = io::stdin().lock().take(limits.file.saturating_add(1));
    let copy = NamedTempFile::new().and_then(|mut file| {
        io::copy(&mut input, &mut file)?;
        Ok(file)
    });
    copy.map_err(|error| failed(&format!("standard input cannot be read: {error}")))
}
