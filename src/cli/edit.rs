//! `readdress edit FILE`: changes a rules file as visudo changes sudoers.
//!
//! An editor works upon a copy. Then come the findings, whose mail goes elsewhere, the reason, and the question. Only
//! with a yes does the copy take the place of the file, and the daemon makes it live.
//!
//! # Limits
//!
//! - The lock keeps other `readdress edit` away, not other editors. If the file was changed meanwhile, it is not
//!   replaced.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`SHOWN`] | 30 addresses | "and N more" |

use std::{
    fs::{self, File},
    io::{self, BufRead, StdinLock, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::{
    Exit, failed,
    files::{self, Loaded, named::Files},
    flags::{Control, Edit},
    history::{print::Print, traffic},
    output::{self, Paint},
    reload, replace,
};
use crate::{
    config::Config,
    daemon::history::History,
    engine::{Table, compare::compare},
    protocol::{Command as Asked, Request},
};

/// Addresses that are shown.
const SHOWN: usize = 30;

/// What is done with the copy.
enum Answer {
    Save,
    EditAgain,
    Leave,
}

/// A file that is edited.
struct Session<'f> {
    flags: &'f Edit,
    config: Config,
    /// The rules directory.
    directory: PathBuf,
    /// The file in it, which need not exist.
    file: PathBuf,
    /// The content when the copy was made.
    old: Vec<u8>,
    /// The copy that the editor works upon.
    copy: PathBuf,
    /// The folder of the copy, which is removed at the end.
    _folder: TempDir,
    /// Holds the lock.
    _lock: File,
}

/// Runs the command.
pub fn run(flags: &Edit) -> Exit {
    match Session::begin(flags).and_then(Session::play) {
        Ok(exit) | Err(exit) => exit,
    }
}

impl<'f> Session<'f> {
    /// Locks the directory and copies the file.
    fn begin(flags: &'f Edit) -> Result<Self, Exit> {
        let config = files::configuration(flags.config.as_deref())?;
        let directory = flags.rules.clone().unwrap_or_else(|| config.rules.clone());
        let file = match flags.file.components().count() {
            1 => directory.join(&flags.file),
            _ => flags.file.clone(),
        };
        let real = |path: &Path| fs::canonicalize(path).ok();
        let within = file.parent().and_then(real);
        if within.is_none() || within != real(&directory) {
            return Err(failed(&format!(
                "{} is in no rules directory: this command edits the files of {}",
                file.display(),
                directory.display()
            )));
        }
        let problem = |error: &io::Error| failed(&format!("{}: {error}", file.display()));
        let lock = File::open(&directory).map_err(|error| problem(&error))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(failed(&format!(
                "somebody else runs `readdress edit` in {}",
                directory.display()
            )));
        }
        let old = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| problem(&error))?,
        };
        let folder = tempfile::tempdir().map_err(|error| problem(&error))?;
        // Editors know the format by the name.
        let copy = folder.path().join(file.file_name().unwrap_or_default());
        fs::write(&copy, &old).map_err(|error| problem(&error))?;
        Ok(Self {
            flags,
            config,
            directory,
            file,
            old,
            copy,
            _folder: folder,
            _lock: lock,
        })
    }

    fn play(self) -> Result<Exit, Exit> {
        let mut input = io::stdin().lock();
        loop {
            self.edit()?;
            let new = fs::read(&self.copy);
            let new = new.map_err(|error| failed(&format!("{}: {error}", self.copy.display())))?;
            if new == self.old {
                output::line("nothing was changed");
                return Ok(Exit::Fine);
            }
            let loaded = self.check()?;
            let good = loaded.table.is_some();
            if let Some(table) = &loaded.table {
                self.compare(table, &loaded)?;
            }
            match ask(good, &mut input) {
                Answer::EditAgain => {}
                Answer::Leave => {
                    output::line("the file stays as it was");
                    return Ok(Exit::Findings);
                }
                Answer::Save => return self.save(&new, &mut input),
            }
        }
    }

    /// Has the user edit the copy.
    fn edit(&self) -> Result<(), Exit> {
        let chosen = ["VISUAL", "EDITOR"].into_iter();
        let mut chosen = chosen.filter_map(|name| std::env::var(name).ok());
        let chosen = chosen.find(|words| !words.trim().is_empty());
        // Debian has a program `editor`, and every system has vi.
        let words = chosen.unwrap_or_else(|| {
            let has_editor = Path::new("/usr/bin/editor").exists();
            if has_editor { "editor" } else { "vi" }.to_owned()
        });
        // The words may hold options, so a shell parts them.
        let ended = Command::new("sh")
            .args(["-c", &format!("{words} \"$1\""), "sh"])
            .arg(&self.copy)
            .status();
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(&format!(
                "the editor `{words}` failed ({status}): the file stays as it was"
            ))),
            Err(error) => Err(failed(&format!("{words}: {error}"))),
        }
    }

    /// Checks the copy together with the other files, and prints the findings about all of them.
    fn check(&self) -> Result<Loaded, Exit> {
        let paths = [self.copy.clone()];
        let files = Files {
            paths: &paths,
            named: None,
            within: Some(&self.directory),
        };
        let mut loaded = files.load(self.flags.config.as_deref())?;
        let copy = paths[0].display().to_string();
        let real = self.file.display().to_string();
        loaded.rename(&copy, &real);
        loaded.print(Paint::stdout());
        Ok(loaded)
    }

    /// Prints whose mail goes elsewhere, compared with the files as they are.
    fn compare(&self, new: &Arc<Table>, loaded: &Loaded) -> Result<(), Exit> {
        let before = files::load_with(&self.config, Some(&self.directory))?;
        let Some(old) = &before.table else {
            output::line("The files have errors as they are: there is no table to compare with.");
            return Ok(());
        };
        let differences = compare(old, new);
        let print = Print {
            names: ("before", "after"),
            verbose: false,
            most: SHOWN,
            more: "leave, and type readdress diff",
        };
        print.differences(&differences, &before.sources, &loaded.sources);
        if !differences.is_empty() {
            let history = History::new(&self.config.state, &self.directory);
            traffic::print(&self.config, &history, old, new);
        }
        Ok(())
    }

    /// Puts the copy in the place of the file, and has the daemon make it live.
    fn save(&self, new: &[u8], input: &mut StdinLock<'_>) -> Result<Exit, Exit> {
        let why = match &self.flags.why {
            Some(why) => Some(why.clone()),
            None => line(input, "why (for the history; may be empty): "),
        };
        let unchanged = |path: &Path| match fs::read(path).unwrap_or_default() == self.old {
            true => Ok(()),
            false => Err(io::Error::other("somebody changed the file meanwhile")),
        };
        let replaced = replace::replace_if(&self.file, new, unchanged);
        if let Err(error) = replaced {
            let kept = self.keep(new);
            return Err(failed(&format!("{}: {error}{kept}", self.file.display())));
        }
        output::line(&format!("{}: saved", self.file.display()));
        let control = Control {
            socket: None,
            json: false,
            config: self.flags.config.clone(),
        };
        let request = reload::because(Request::new(Asked::Reload), why.as_deref());
        Ok(reload::tell(&control, &request, "last reload"))
    }

    /// Keeps what was edited although it cannot be saved. Returns where, as the end of a sentence.
    fn keep(&self, new: &[u8]) -> String {
        let kept = tempfile::Builder::new()
            .prefix("readdress-edit-")
            .tempfile()
            .and_then(|mut file| {
                file.write_all(new)?;
                Ok(file.keep()?.1)
            });
        match kept {
            Ok(path) => format!("; what you wrote is in {}", path.display()),
            Err(error) => format!("; what you wrote could not be kept: {error}"),
        }
    }
}

/// Asks what to do. Without a table nothing can be saved.
fn ask(good: bool, input: &mut StdinLock<'_>) -> Answer {
    let question = match good {
        true => "save it? [y]es, [e]dit again, [n]o: ",
        false => "it has errors and would not go live. [e]dit again, [q]uit without saving: ",
    };
    loop {
        let Some(answer) = line(input, question) else {
            return Answer::Leave;
        };
        match (&*answer.to_lowercase(), good) {
            ("y" | "yes", true) => return Answer::Save,
            ("e" | "edit", _) => return Answer::EditAgain,
            ("n" | "no" | "q" | "quit", _) => return Answer::Leave,
            _ => {}
        }
    }
}

/// Asks, and returns the line that was typed; none at the end of the input.
fn line(input: &mut StdinLock<'_>, question: &str) -> Option<String> {
    let mut out = io::stdout().lock();
    // A reader that went away answers nothing either.
    let _ = write!(out, "{question}");
    let _ = out.flush();
    let mut line = String::new();
    match input.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}
