//! The program as a child process: its commands, and its daemon, in a temporary folder of its own.
//!
//! The program reads and writes nothing outside of the folder. A daemon ends with the value that holds it, and with the
//! thread that started it (`setpriv --pdeathsig`), so that an interrupted run leaves none behind.
//!
//! # Limits
//!
//! A test fails and shows the log if it waits for longer than [`PATIENCE`].

#![allow(dead_code, reason = "every test program uses another part")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use readdress::config::socket::Socket;
use readdress::mta::{EndOfMessage, MilterClient, Offer, Reply};
use tempfile::TempDir;

/// The longest wait, longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The configuration of a folder: sockets in the folder, and short waits before a reload.
pub const BASE: &str = r#"rules = "rules"
state = "state"
[milter]
listen = ["unix:milter.sock"]
[control]
listen = "unix:control.sock"
[reload]
quiet = "20ms"
latest = "500ms"
"#;

/// A small table without findings.
pub const RULES: &str = "\
company.com primary unknown=reject
domain2.com secondary
@domain2.com @company.com
jd@domain2.com jdoe@company.com
sales@domain2.com anna@company.com, bob@company.com
leaked@domain2.com reject 550 5.1.1 \"No such user\"
later@domain2.com defer
moved@domain2.com moved ann@partner.example
spamtrap@domain2.com discard
jdoe@company.com mailbox
anna@company.com mailbox
bob@company.com mailbox
postmaster@company.com mailbox abuse@domain2.com
";

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit status; `None` if a signal ended the program.
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Fails unless each of these is a whole line of standard output.
    #[track_caller]
    pub fn prints(&self, lines: &[&str]) {
        for line in lines {
            let printed = self.out.lines().any(|shown| shown == *line);
            assert!(printed, "{line}\n{}", self.out);
        }
    }
}

/// A folder with rules, a configuration and room for sockets.
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// Makes a folder with rules files of these names and texts, and the configuration [`BASE`].
    pub fn new(files: &[(&str, &str)]) -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(place.join("rules")).unwrap();
        fs::create_dir(place.join("state")).unwrap();
        for (name, text) in files {
            place.save(name, text);
        }
        place.configure(BASE);
        place
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns a path in the folder as an argument.
    pub fn text(&self, name: &str) -> String {
        self.join(name).to_str().unwrap().to_owned()
    }

    /// Saves a rules file as careful editors do.
    pub fn save(&self, name: &str, text: &str) {
        rename_over(&self.join("new"), &self.join("rules").join(name), text);
    }

    /// Saves the configuration.
    pub fn configure(&self, text: &str) {
        rename_over(&self.join("new"), &self.join("readdress.toml"), text);
    }

    /// Returns the Unix socket of the milter.
    pub fn socket(&self) -> Socket {
        Socket::Unix(self.join("milter.sock"))
    }

    /// Returns the command that runs the program with these arguments, in a plain environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(env!("CARGO_BIN_EXE_readdress"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env("TERM", "xterm")
            .stdin(Stdio::null());
        without_settings(&mut command);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments))
    }

    /// Runs a command that reads the configuration of this folder.
    pub fn ask(&self, arguments: &[&str]) -> Said {
        let config = self.text("readdress.toml");
        self.run(&[arguments, &["--config", &config]].concat())
    }

    /// Starts the daemon, with its log in the folder, and waits until it answers.
    pub fn serve(&self) -> Serving<'_> {
        let mut serving = self.start();
        serving.ready();
        serving
    }

    /// Starts the daemon and does not wait.
    pub fn start(&self) -> Serving<'_> {
        self.launch(self.daemon())
    }

    /// Returns the command of the daemon, with its log in the folder.
    pub fn daemon(&self) -> Command {
        let mut command = self.command(&["run", "--config", &self.text("readdress.toml")]);
        command.stdout(Stdio::null()).stderr(self.log_file());
        command
    }

    /// Returns the file to which the daemon logs, opened.
    pub fn log_file(&self) -> File {
        let mut log = File::options();
        let log = log.create(true).append(true).open(self.join("log"));
        log.unwrap()
    }

    /// Starts a command that runs a daemon.
    pub fn launch(&self, mut command: Command) -> Serving<'_> {
        Serving {
            place: self,
            child: command.spawn().unwrap(),
        }
    }

    /// Returns what all daemons of this folder have logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.join("log")).unwrap_or_default()).into_owned()
    }

    /// Waits until the log is as `wanted`.
    pub fn logs(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if wanted(&log) {
                return log;
            }
            assert!(Instant::now() < end, "the log never says: {what}\n{log}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the log contains `text`.
    pub fn logged(&self, text: &str) -> String {
        self.logs(text, |log| log.contains(text))
    }
}

/// Takes away what the environment of the tests may say to the program.
pub fn without_settings(command: &mut Command) {
    for name in [
        "NO_COLOR",
        "COLUMNS",
        "JOURNAL_STREAM",
        "LISTEN_FDS",
        "SUDO_USER",
    ] {
        command.env_remove(name);
    }
}

/// Writes to another file, then renames it.
fn rename_over(temporary: &Path, path: &Path, text: &str) {
    fs::write(temporary, text).unwrap();
    fs::rename(temporary, path).unwrap();
}

/// Runs a command to its end.
pub fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        status: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A running daemon.
pub struct Serving<'a> {
    pub place: &'a Place,
    child: Child,
}

impl Serving<'_> {
    /// Waits until the control socket answers: then the rules have been read.
    pub fn ready(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.place.ask(&["status"]).status == Some(2) {
            let ended = self.child.try_wait().unwrap();
            assert_eq!(ended, None, "{}", self.place.log());
            assert!(Instant::now() < end, "{}", self.place.log());
            sleep(Duration::from_millis(10));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal this number of times.
    pub fn signal(&self, name: &str, times: u32) {
        let script = "i=0; while [ $i -lt $3 ]; do kill -s $1 $2 || exit; i=$((i+1)); done";
        let sent = Command::new("sh")
            .args(["-c", script, "sh", name])
            .args([self.pid().to_string(), times.to_string()])
            .status();
        assert!(sent.unwrap().success(), "{name} was not sent");
    }

    /// Returns how the daemon ended; `None` if it still runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end of the daemon.
    pub fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < end, "no end\n{}", self.place.log());
            sleep(Duration::from_millis(5));
        }
    }

    /// Returns a connection over the Unix socket, as soon as the socket accepts one.
    pub async fn client(&self) -> MilterClient {
        connect(&self.place.socket()).await
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a negotiated connection, as soon as the socket accepts one.
pub async fn connect(socket: &Socket) -> MilterClient {
    let end = Instant::now() + PATIENCE;
    loop {
        match MilterClient::connect(socket, Offer::default()).await {
            Ok(mut client) => {
                client.introduce("Postfix 3.7.11").await.unwrap();
                return client;
            }
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        sleep(Duration::from_millis(10));
    }
}

/// Sends one message with the queue id `id`. Returns the answer for each recipient, and the end of the message.
pub async fn message(
    client: &mut MilterClient,
    id: &str,
    recipients: &[&str],
) -> (Vec<Reply>, EndOfMessage) {
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    let mut replies = Vec::new();
    for recipient in recipients {
        replies.push(rcpt(client, id, recipient).await);
    }
    let end = client.end_of_message(&[("i", id)]).await.unwrap();
    (replies, end)
}

/// Sends one recipient, with the macros that an MTA sends for it.
pub async fn rcpt(client: &mut MilterClient, id: &str, recipient: &str) -> Reply {
    let macros = [
        ("i", id),
        ("{rcpt_addr}", recipient),
        ("{rcpt_mailer}", "smtp"),
    ];
    let path = format!("<{recipient}>");
    client.rcpt(path.as_bytes(), &[], &macros).await.unwrap()
}

/// Returns the edits in short form: `-<a@b>`, `+<c@d> NOTIFY=NEVER`.
pub fn edits(end: &EndOfMessage) -> Vec<String> {
    use readdress::mta::Edit;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    end.edits
        .iter()
        .map(|edit| match edit {
            Edit::Delete(path) => format!("-{}", text(path)),
            Edit::Add {
                address,
                parameters,
            } => {
                let parameters = parameters.as_deref().map(text).unwrap_or_default();
                format!("+{} {parameters}", text(address)).trim_end().into()
            }
            other => panic!("{other:?}"),
        })
        .collect()
}
