//! Files that are named one by one: `check FILE`, as an editor or a deployment tool calls it before the file
//! is in its place.
//!
//! The name of a file says what it is written in; `--as` gives another name. The file is checked alone, or
//! together with a rules directory, in which it replaces the file with its name.

use std::path::{Path, PathBuf};

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
            match source::read_named(path, &name, &limits) {
                Ok(source) => sources.push(source),
                Err(finding) => diagnostics.push(*finding),
            }
            shown.push((path.display().to_string(), name));
        }
        sources.sort_by(|one, other| one.name.cmp(&other.name));
        let mut loaded = compiled(sources, diagnostics, &config, "");
        let paths = self.paths.iter().map(|path| path.display().to_string());
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
        let name = match self.named {
            Some(_) if self.paths.len() > 1 => {
                return Err(failed("--as is for one file"));
            }
            Some(named) if named.contains('.') => named.to_owned(),
            Some(extension) => format!("{own}.{extension}"),
            None => own.into_owned(),
        };
        if path.is_dir() {
            let path = path.display();
            return Err(failed(&format!("{path} is a directory: check it alone")));
        }
        match FileKind::of(&name) {
            FileKind::Read(_) => Ok(name),
            FileKind::Skipped | FileKind::Unknown => Err(failed(&format!(
                "{}: `{name}` is no name of a rules file; say what it is to be, for example `--as rules`",
                path.display()
            ))),
        }
    }
}
