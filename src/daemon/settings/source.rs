//! Where the configuration comes from: the file, and the flags that override it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    config::{self, Config, Origin, socket::Socket},
    daemon::{
        jobs::{JobError, Jobs},
        state::health::Health,
        watch::{WatchSettings, WatchedPath, Watcher},
    },
    engine::{Diagnostic, Severity, diagnostic::codes},
};

/// The configuration file and the flags that override it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file of the flag `--config`. Without the flag [`config::DEFAULT_FILE`] is read, if it exists.
    pub file: Option<PathBuf>,
    /// The flag `--rules`.
    pub rules: Option<PathBuf>,
    /// The flag `--listen`.
    pub listen: Vec<Socket>,
}

impl Source {
    /// Returns the file that is read.
    pub fn path(&self) -> &Path {
        self.file
            .as_deref()
            .unwrap_or(Path::new(config::DEFAULT_FILE))
    }

    /// Starts the threads that watch the file: one reads it, one waits for notifications.
    pub fn watcher(&self, config: &Config, health: Health) -> io::Result<Watcher> {
        let jobs = Jobs::start("settings", health)?;
        let file = WatchedPath::File(self.path().to_owned());
        let patience = WatchSettings::from(&config.reload);
        Ok(Watcher::new(Arc::new(file), patience, jobs))
    }

    /// Reads the file. Returns its findings if there are any. A missing file counts as empty unless it was
    /// named.
    pub fn read(&self) -> Result<Config, Vec<Diagnostic>> {
        match self.read_partly()? {
            (config, findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(findings),
        }
    }

    /// Reads the file. Returns the settings without an error, and all findings; fails if the file cannot be
    /// read.
    pub fn read_partly(&self) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
        let path = self.path();
        let name = path.display().to_string();
        let (config, findings) = match fs::read(path) {
            Ok(text) => config::parse_partly(&name, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {
                (Config::default(), Vec::new())
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                let help = "name another file with --config, or fix its permissions".to_owned();
                return Err(vec![Diagnostic::about_file(
                    Severity::Error,
                    codes::UNREADABLE,
                    &name,
                    message,
                    Some(help),
                )]);
            }
        };
        let mut config = config.against(path.parent().unwrap_or(Path::new(".")));
        if let Some(rules) = &self.rules {
            config.rules.clone_from(rules);
            config.origins.set("", "rules", Origin::Flag("--rules"));
        }
        if !self.listen.is_empty() {
            config.milter.listen.clone_from(&self.listen);
            let flag = Origin::Flag("--listen");
            config.origins.set("milter", "listen", flag);
        }
        Ok((config, findings))
    }
}

/// Returns the finding about a reading that ended by a fault in the program.
pub(super) fn broke_down(path: &Path, error: &JobError) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        codes::INTERNAL_ERROR,
        &path.display().to_string(),
        format!("cannot be read because of a fault in readdress: {error}"),
        Some("report it, with the file".to_owned()),
    )
}
