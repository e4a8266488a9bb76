//! The configuration file, read at the start and again whenever it changes.
//!
//! On any finding the configuration before it stays in force. Keys that wait for a restart are
//! named. Flags of the command line win over the file, at the start and later.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    jobs::{JobError, Jobs},
    milter::Shared,
    record::{self, Veil},
    reload::{NewSettings, ReloadHandle},
    signals::Hangups,
    watch::{Target, WatchSettings, Watcher},
};
use crate::{
    config::{self, Config, socket::Socket},
    engine::{Diagnostic, Severity},
};

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file that was named; without one, [`config::DEFAULT_FILE`] is read if it is there.
    pub file: Option<PathBuf>,
    /// The flag `--rules`.
    pub rules: Option<PathBuf>,
    /// The flag `--listen`.
    pub listen: Vec<Socket>,
}

impl Source {
    /// The file that is read.
    pub fn path(&self) -> &Path {
        self.file
            .as_deref()
            .unwrap_or(Path::new(config::DEFAULT_FILE))
    }

    /// Reads it; a missing file is an empty one unless it was named.
    pub fn read(&self) -> Result<Config, Vec<Diagnostic>> {
        let path = self.path();
        let name = path.display().to_string();
        let mut config = match fs::read(path) {
            Ok(text) => {
                config::parse(&name, &text)?.against(path.parent().unwrap_or(Path::new(".")))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {
                Config::default()
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                let help = "name another file with --config, or mend its permissions".to_owned();
                return Err(vec![Diagnostic::about_file(
                    Severity::Error,
                    "unreadable",
                    &name,
                    message,
                    Some(help),
                )]);
            }
        };
        if let Some(rules) = &self.rules {
            config.rules.clone_from(rules);
        }
        if !self.listen.is_empty() {
            config.milter.listen.clone_from(&self.listen);
        }
        Ok(config)
    }
}

/// Follows the configuration file, reading it on the thread of `jobs`; a hangup reads it, and the
/// rules, at once.
pub async fn follow(
    jobs: Jobs,
    source: Source,
    shared: Arc<Shared>,
    reload: ReloadHandle,
    mut hangups: Hangups,
    veil: Veil,
) {
    let started = shared.config.load_full();
    let patience = WatchSettings::from(&started.reload);
    let target = Target::File(source.path().to_owned());
    let mut watcher = Watcher::new(vec![target], patience, jobs.clone());
    watcher.begin().await;
    let mut current = shared.config.load_full();
    // Once before the first change: the file may have changed between the start and the watch.
    loop {
        let read = {
            let source = source.clone();
            jobs.run(move || source.read()).await
        };
        match read.unwrap_or_else(|error| Err(vec![broke_down(source.path(), &error)])) {
            Err(findings) => record::configuration_refused(&findings),
            Ok(new) if new != *current => {
                record::configuration_live(&started.restart_keys(&new));
                let settings = (new.settings != current.settings).then(|| new.settings.clone());
                current = Arc::new(new);
                veil.set(current.addresses);
                shared.config.store(Arc::clone(&current));
                if let Some(engine) = settings {
                    reload
                        .reload_with(NewSettings {
                            engine,
                            watch: patience,
                        })
                        .await;
                }
            }
            Ok(_) => {}
        }
        tokio::select! {
            _ = watcher.changed() => {}
            () = hangups.next() => reload.wake(),
        }
    }
}

/// The finding for a reading that broke down.
fn broke_down(path: &Path, error: &JobError) -> Diagnostic {
    Diagnostic::about_file(
        Severity::Error,
        "internal-error",
        &path.display().to_string(),
        format!("reading it broke down: {error}"),
        Some("this is a fault of readdress: please report it with the file".to_owned()),
    )
}
