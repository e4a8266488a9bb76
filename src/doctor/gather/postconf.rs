//! Asks Postfix, by postconf(1), postmap(1) and, as root, `postfix check`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    net::{IpAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use super::{Failed, Gathered, complaints, paths};
use crate::doctor::{
    facts::{Complaint, Postfix, Readdress, Unseen},
    lists::words,
    postfix::{access_keys, access_tables, askable, files, hosts, inline, lines, whole},
};

/// Where Postfix is, if options say so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'p> {
    /// postconf(1).
    pub program: Option<&'p Path>,
    /// The directory of `main.cf`.
    pub directory: Option<&'p Path>,
}

/// Asks Postfix. A failure is an error only if an option named this Postfix.
pub fn ask(place: Place<'_>, readdress: &Readdress) -> Result<Gathered<Postfix>, Failed> {
    let named = place.program.is_some() || place.directory.is_some();
    let Some(program) = place.program.map(Path::to_owned).or_else(find) else {
        return match named {
            true => Err(Failed(
                "postconf was not found; name it with --postconf PROGRAM".to_owned(),
            )),
            false => Ok(Gathered::Absent),
        };
    };
    let asker = Asker {
        program: &program,
        place,
    };
    match asker.values() {
        Ok(mut postfix) => {
            if !postfix.is_broken() {
                asker.fill(&mut postfix, readdress);
            }
            Ok(Gathered::Found(postfix))
        }
        Err(reason) if named => Err(Failed(reason)),
        Err(reason) => Ok(Gathered::Unreadable(Unseen {
            about: program.display().to_string(),
            reason,
            help: "name Postfix with --postfix-config DIR, or run doctor as root".to_owned(),
        })),
    }
}

/// Looks for postconf in `PATH`, and where distributions put it, which is often missing in a user's `PATH`.
fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders
        .map(|folder| folder.join("postconf"))
        .find(|program| program.is_file())
}

/// Runs the programs of a Postfix.
struct Asker<'p> {
    program: &'p Path,
    place: Place<'p>,
}

impl Asker<'_> {
    /// Returns the command for postconf(1) or a program in the same directory.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program.with_file_name(name));
        if let Some(directory) = self.place.directory {
            command.arg("-c").arg(directory);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Asks postconf. Of a configuration that it cannot read, only its message is known.
    fn values(&self) -> Result<Postfix, String> {
        let mut complaints = Vec::new();
        let mut ask = |flags: &[&str]| -> Result<String, Refused> {
            let (text, said) = output(self.command("postconf").args(flags))?;
            for complaint in said {
                if !complaints.contains(&complaint) {
                    complaints.push(complaint);
                }
            }
            Ok(text)
        };
        let asked = (|| {
            let (values, own) = (ask(&["-x"])?, ask(&["-n"])?);
            Ok((values, own, ask(&["-M"])?, ask(&["-Px"])?))
        })();
        let mut postfix = match asked {
            Ok((values, own, master, overrides)) => {
                let main_cf = self.main_cf(&values);
                Postfix::new(main_cf, &values, &own, &master, &overrides)
            }
            Err(Refused::Fatal(words)) if self.is_readable() => Postfix {
                main_cf: self.main_cf(""),
                complaints: vec![Complaint::Fatal(words)],
                ..Postfix::default()
            },
            Err(Refused::Fatal(words) | Refused::Failed(words)) => return Err(words),
        };
        postfix.complaints.extend(complaints);
        postfix.directory = self.directory();
        postfix.tools = self.place.program.and_then(|program| {
            let program = std::path::absolute(program).ok()?;
            program.parent().map(Path::to_owned)
        });
        Ok(postfix)
    }

    /// Returns the directory that commands must name, if an option or the environment names one.
    fn directory(&self) -> Option<PathBuf> {
        let named = self.place.directory.map(Path::to_owned);
        let directory = named.or_else(|| env::var_os("MAIL_CONFIG").map(PathBuf::from))?;
        Some(std::path::absolute(&directory).unwrap_or(directory))
    }

    fn main_cf(&self, values: &str) -> String {
        let configured = values
            .lines()
            .find_map(|line| line.strip_prefix("config_directory = "));
        let folder = self
            .directory()
            .unwrap_or_else(|| configured.unwrap_or("/etc/postfix").into());
        folder.join("main.cf").display().to_string()
    }

    /// Returns true if doctor can read the files. If Postfix fails then, their text is wrong.
    fn is_readable(&self) -> bool {
        let folder = PathBuf::from(self.main_cf(""));
        let master = folder.with_file_name("master.cf");
        fs::read(&folder).is_ok() && fs::read(master).is_ok()
    }

    /// Adds what can be known only of a configuration that can be read.
    fn fill(&self, postfix: &mut Postfix, readdress: &Readdress) {
        read_files(postfix);
        self.ask_maps(postfix, readdress);
        for table in whole(postfix) {
            if let Some(entries) = self.entries(&table) {
                postfix.entries.insert(table, entries);
            }
        }
        postfix.user = paths::user(postfix.value("mail_owner"));
        postfix.own_hosts = hosts(postfix)
            .into_iter()
            .filter(|host| is_here(host))
            .collect();
        let set_up = postfix.queue().join("active").is_dir();
        let checked = complaints::check(self.command("postfix"), set_up);
        for complaint in checked {
            if !postfix.complaints.contains(&complaint) {
                postfix.complaints.push(complaint);
            }
        }
    }

    fn ask_maps(&self, postfix: &mut Postfix, readdress: &Readdress) {
        let keys = readdress.keys().join("\n") + "\n";
        for map in askable(postfix) {
            // A map that does not answer gets a note.
            if let Some(answers) = query(self.command("postmap"), &map, &keys) {
                postfix.maps.insert(map, answers);
            }
        }
    }

    /// Reads a whole table: by postmap if it has an index, otherwise its text.
    fn entries(&self, table: &str) -> Option<Vec<(String, String)>> {
        if let Some(entries) = inline(table) {
            return Some(entries);
        }
        let bare = table.strip_prefix("proxy:").unwrap_or(table);
        let (kind, path) = bare.split_once(':')?;
        match kind {
            "cidr" | "pcre" | "regexp" | "texthash" => {
                fs::read_to_string(path).ok().map(|text| lines(&text))
            }
            "btree" | "cdb" | "dbm" | "hash" | "lmdb" => {
                let sequence = output(self.command("postmap").args(["-s", bare]));
                let text = sequence.ok().map(|(text, _)| text);
                text.map(|text| lines(&text))
            }
            _ => None,
        }
    }
}

/// Returns true if an address is one of this machine. No other address can be bound.
fn is_here(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.parse();
    address.is_ok_and(|address| UdpSocket::bind((address, 0)).is_ok())
}

/// Why a program gave no answer.
enum Refused {
    /// The message after `fatal:`.
    Fatal(String),
    /// Anything else, as a sentence.
    Failed(String),
}

/// Returns the standard output of a program that succeeds, and its warnings.
fn output(command: &mut Command) -> Result<(String, Vec<Complaint>), Refused> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| Refused::Failed(format!("{name}: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let warnings = said.lines().filter_map(complaints::complaint).collect();
        return Ok((
            String::from_utf8_lossy(&output.stdout).into_owned(),
            warnings,
        ));
    }
    let fatal = said
        .lines()
        .find_map(|line| match complaints::complaint(line) {
            Some(Complaint::Fatal(words)) if !words.contains("Permission denied") => Some(words),
            _ => None,
        });
    Err(match fatal {
        Some(words) => Refused::Fatal(words),
        None => {
            let said = said.lines().next().unwrap_or("it failed without a message");
            Refused::Failed(format!("{name}: {said}"))
        }
    })
}

/// Asks access tables about addresses that were probed.
pub fn ask_access(place: Place<'_>, postfix: &mut Postfix, addresses: &[String]) {
    let Some(program) = place.program.map(Path::to_owned).or_else(find) else {
        return;
    };
    let keys: Vec<_> = addresses
        .iter()
        .flat_map(|address| access_keys(address))
        .collect();
    let keys = keys.join("\n") + "\n";
    let asker = Asker {
        program: &program,
        place,
    };
    for table in access_tables(postfix) {
        if let Some(answers) = query(asker.command("postmap"), &table, &keys) {
            postfix.maps.entry(table).or_default().extend(answers);
        }
    }
}

/// Reads the files in lists. A file that cannot be read counts as empty.
fn read_files(postfix: &mut Postfix) {
    for path in files(postfix) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(words).map(str::to_owned).collect();
        postfix.files.insert(path, words);
    }
}

/// Runs `postmap -q -`, which prints a line with key and value for every key that it finds. If it finds none, the
/// exit status is 1. If it cannot open the map, the exit status is 1 as well, and it prints `fatal:`.
fn query(mut command: Command, map: &str, keys: &str) -> Option<BTreeMap<String, String>> {
    let mut child = command
        .args(["-q", "-", map])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let keys = keys.to_owned();
    // A thread writes the keys, because postmap answers while it still reads.
    let writer = thread::spawn(move || drop(stdin.write_all(keys.as_bytes())));
    let output = child.wait_with_output().ok()?;
    // A program that ended early has closed the pipe; its output says why.
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    if !matches!(output.status.code(), Some(0 | 1)) || said.contains("fatal: ") {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let answers = text.lines().filter_map(|line| line.split_once('\t'));
    Some(
        answers
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .collect(),
    )
}
