//! The history that belongs to a configuration, and the tables in it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    cli::{
        Exit, failed, files,
        flags::Place,
        output::{self, Progress},
        time::moment,
    },
    config::Config,
    daemon::{
        history::{Entry, History, Listing},
        source::{self, RecordedTexts},
    },
    engine::{
        SourceText, Table, compile,
        diagnostic::{Severity, render},
        store::Reuse,
    },
};

/// A history that was read.
pub struct Recorded {
    /// The configuration that names it.
    pub config: Config,
    /// Its file, if one was named.
    file: Option<PathBuf>,
    /// Where it is.
    pub history: History,
    /// Its generations.
    pub listing: Listing,
}

/// A table with the texts that it was made from.
pub struct WithTexts {
    /// The table.
    pub table: Arc<Table>,
    /// The texts.
    pub texts: Vec<SourceText>,
}

impl Recorded {
    /// Reads the history of the rules directory that the flags or the configuration name. Complains if there is
    /// none.
    pub fn open(place: &Place) -> Result<Self, Exit> {
        let config = files::configuration(place.config.as_deref())?;
        let rules = place.rules.as_deref().unwrap_or(&config.rules);
        let history = History::new(&config.state, rules);
        let directory = history.directory().display().to_string();
        let listing = history.list().map_err(|error| {
            let help = match error.kind() {
                io::ErrorKind::PermissionDenied => "; be root, or the user of the daemon",
                _ => "",
            };
            failed(&format!("{directory}: {error}{help}"))
        })?;
        if listing.highest == 0 {
            return Err(failed(&format!(
                "{} has no history in {}: a daemon with this configuration writes it when a table goes live",
                history.rules().display(),
                absolute(history.state()).display()
            )));
        }
        Ok(Self {
            config,
            file: place.config.as_deref().map(absolute),
            history,
            listing,
        })
    }

    /// Returns the entry of a generation, or complains.
    pub fn entry(&self, generation: u64) -> Result<&Entry, Exit> {
        self.listing.entry(generation).ok_or_else(|| {
            let kept = self.listing.entries.iter().map(|entry| entry.generation);
            let kept = match (kept.clone().min(), kept.max()) {
                (Some(first), Some(last)) => format!("it has {first} to {last}"),
                _ => "none of its files can be read".to_owned(),
            };
            failed(&format!(
                "the history has no generation {generation}: {kept}; `readdress history{}` lists them",
                self.option()
            ))
        })
    }

    /// Returns the entry of the generation that went live last, or complains.
    pub fn newest(&self) -> Result<&Entry, Exit> {
        let newest = self.listing.entries.last();
        newest.ok_or_else(|| {
            self.complain();
            failed("no generation of the history can be read")
        })
    }

    /// Compiles a generation, or prints why it cannot be had.
    pub fn table(&self, entry: &Entry) -> Result<WithTexts, Exit> {
        let progress = Progress::start(&format!("reading generation {}", entry.generation));
        let source = RecordedTexts::new(&self.history, entry);
        let reading = source::read(&source, &Reuse::default());
        let settings = entry.settings();
        let settings = settings.as_ref().unwrap_or(&self.config.settings);
        let mut findings = reading.diagnostics;
        let compiled = compile(&reading.sources, settings);
        findings.extend(compiled.diagnostics);
        drop(progress);
        findings.retain(|finding| finding.severity == Severity::Error);
        match compiled.table.filter(|_| findings.is_empty()) {
            Some(table) => Ok(WithTexts {
                table: Arc::new(table),
                texts: reading.sources,
            }),
            None => {
                let look = output::Paint::stderr().look();
                for finding in &findings {
                    output::error(&render(finding, "", look));
                }
                Err(failed(&format!(
                    "generation {} cannot be had again",
                    entry.generation
                )))
            }
        }
    }

    /// Returns the option that names the configuration, for commands to type.
    fn option(&self) -> String {
        let file = self.file.as_ref().map(|file| file.display());
        file.map_or_else(String::new, |file| format!(" --config {file}"))
    }

    /// Prints the files of the history that cannot be used. Returns true if there are some.
    pub fn complain(&self) -> bool {
        for damage in &self.listing.damaged {
            output::error(&format!("readdress: damaged: {damage}"));
        }
        !self.listing.damaged.is_empty()
    }

    /// Prints the rollback in force.
    pub fn print_rollback(&self) {
        match self.history.rollback() {
            Ok(None) => {}
            Ok(Some(rollback)) => output::line(&format!(
                "A rollback to generation {} is in force, by {} since {}: the files do not count until `readdress rollback --end{}`.",
                rollback.to,
                rollback.by.words(),
                moment(rollback.at),
                self.option()
            )),
            Err(damage) => output::error(&format!("readdress: damaged: {damage}")),
        }
    }
}

/// Returns a path that can be typed in any directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
