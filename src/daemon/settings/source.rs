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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a configuration file.
    fn place(text: &[u8]) -> (tempfile::TempDir, Source) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        fs::write(&path, text).unwrap();
        let source = Source {
            file: Some(path),
            ..Source::default()
        };
        (dir, source)
    }

    fn codes(found: &[Diagnostic]) -> Vec<&str> {
        found.iter().map(|one| one.code.word()).collect()
    }

    #[test]
    fn relative_paths_are_relative_to_the_file() {
        let (dir, source) =
            place(b"rules = \"r\"\nstate = \"/s\"\n[milter]\nlisten = \"unix:m\"\n");
        let config = source.read().unwrap();
        assert_eq!(config.rules, dir.path().join("r"));
        assert_eq!(config.state, Path::new("/s"));
        assert_eq!(config.milter.listen, [Socket::Unix(dir.path().join("m"))]);
    }

    #[test]
    fn flags_win_over_the_file_and_say_so() {
        let (_dir, mut source) = place(b"rules = \"r\"\n[milter]\nlisten = \"unix:m\"\n");
        source.rules = Some("other".into());
        source.listen = vec!["inet:127.0.0.1:1".parse().unwrap()];
        let config = source.read().unwrap();
        // A path of the command line is that of the directory of the command.
        assert_eq!(config.rules, Path::new("other"));
        assert_eq!(config.milter.listen, source.listen);
        let origin = |section, name| {
            let mut keys = config::keys();
            let key = keys.find(|key| key.section == section && key.name == name);
            config.origins.of(key.unwrap())
        };
        assert_eq!(origin("", "rules"), Origin::Flag("--rules"));
        assert_eq!(origin("milter", "listen"), Origin::Flag("--listen"));
        assert_eq!(origin("", "state"), Origin::Default);
    }

    #[test]
    fn what_can_be_read_of_a_broken_file_is_given_beside_the_findings() {
        let (_dir, source) = place(b"mode = \"observe\"\nx = 1\n[reload]\nquiet = \"fast\"\n");
        let (config, found) = source.read_partly().unwrap();
        assert_eq!(config.mode, config::Mode::Observe);
        assert_eq!(config.reload, Config::default().reload);
        assert_eq!(codes(&found), ["unknown-key", "bad-value"]);
        assert_eq!(source.read().unwrap_err(), found);
    }

    /// Only the file that nobody named may be missing.
    #[test]
    fn a_named_file_that_cannot_be_read_is_an_error_with_its_path() {
        let (dir, source) = place(b"");
        assert_eq!(
            source.read().as_ref(),
            Ok(&Config::default().against(dir.path()))
        );
        for path in [dir.path().join("none.toml"), dir.path().to_owned()] {
            let source = Source {
                file: Some(path.clone()),
                ..Source::default()
            };
            let found = source.read().unwrap_err();
            assert_eq!(codes(&found), ["unreadable"]);
            assert_eq!(found[0].excerpt.file, path.display().to_string());
            assert!(
                found[0]
                    .advice()
                    .is_some_and(|advice| advice.contains("--config"))
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_a_finding_at_their_place() {
        let (_dir, source) = place(b"mode = \"observe\"\n# \xe4\n");
        let (config, found) = source.read_partly().unwrap();
        assert_eq!(codes(&found), ["not-utf8"]);
        assert_eq!((found[0].excerpt.line, found[0].excerpt.column), (2, 3));
        assert_eq!(config.mode, Config::default().mode);
    }
}
