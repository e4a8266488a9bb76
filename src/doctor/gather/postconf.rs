//! Postfix, asked through postconf(1) and postmap(1).

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use super::{Failed, Seen, paths};
use crate::doctor::{
    facts::{Ours, Postfix, Unseen},
    lists::words,
    postfix::{askable, files},
};

/// Where Postfix is, where somebody said so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'p> {
    /// postconf(1).
    pub program: Option<&'p Path>,
    /// The directory of `main.cf`.
    pub directory: Option<&'p Path>,
}

/// Asks it. What was named and fails is an error; what was found by looking is not.
pub fn ask(place: Place<'_>, ours: &Ours) -> Result<Seen<Postfix>, Failed> {
    let named = place.program.is_some() || place.directory.is_some();
    let Some(program) = place.program.map(Path::to_owned).or_else(find) else {
        return match named {
            true => Err(Failed(
                "postconf was not found; name it with --postconf PROGRAM".to_owned(),
            )),
            false => Ok(Seen::Absent),
        };
    };
    match values(&program, place.directory) {
        Ok(mut postfix) => {
            read_files(&mut postfix);
            ask_maps(&mut postfix, &program, place.directory, ours);
            postfix.user = paths::user(postfix.value("mail_owner"));
            Ok(Seen::Yes(postfix))
        }
        Err(reason) if named => Err(Failed(reason)),
        Err(reason) => Ok(Seen::No(Unseen {
            about: program.display().to_string(),
            reason,
            help: "name Postfix with --postfix-config DIR, or run doctor as root".to_owned(),
        })),
    }
}

/// postconf in `PATH`, or where distributions put it, which is often not in a user's `PATH`.
fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders
        .map(|folder| folder.join("postconf"))
        .find(|program| program.is_file())
}

fn values(program: &Path, directory: Option<&Path>) -> Result<Postfix, String> {
    let ask = |flags: &[&str]| output(command(program, directory).args(flags));
    let (values, own) = (ask(&["-x"])?, ask(&["-n"])?);
    let (master, overrides) = (ask(&["-M"])?, ask(&["-Px"])?);
    let configured = values
        .lines()
        .find_map(|line| line.strip_prefix("config_directory = "));
    let folder = directory.map_or_else(
        || configured.unwrap_or("/etc/postfix").into(),
        Path::to_owned,
    );
    let main_cf = folder.join("main.cf").display().to_string();
    Ok(Postfix::new(main_cf, &values, &own, &master, &overrides))
}

fn command(program: &Path, directory: Option<&Path>) -> Command {
    let mut command = Command::new(program);
    if let Some(directory) = directory {
        command.arg("-c").arg(directory);
    }
    command.stdin(Stdio::null());
    command
}

/// Standard output of a program that succeeds; else a sentence.
fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it failed without a word");
    Err(format!("{name}: {said}"))
}

/// Files in lists; one that cannot be read holds nothing.
fn read_files(postfix: &mut Postfix) {
    for path in files(postfix) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(words).map(str::to_owned).collect();
        postfix.files.insert(path, words);
    }
}

fn ask_maps(postfix: &mut Postfix, program: &Path, directory: Option<&Path>, ours: &Ours) {
    let keys = ours.keys().join("\n") + "\n";
    let postmap = program.with_file_name("postmap");
    for map in askable(postfix) {
        // One that does not answer is said to be unseen.
        if let Some(answers) = query(command(&postmap, directory), &map, &keys) {
            postfix.maps.insert(map, answers);
        }
    }
}

/// `postmap -q -`: a line with key and value for every key that is found. Where none is, the exit
/// status is 1, as it is where the map cannot be opened: then it says `fatal:`.
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
    // By a thread: it answers while it still reads.
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
