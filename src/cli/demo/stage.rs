//! What the demo plays with: a daemon of its own, its rules directory, and a connection to its milter.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, sync::oneshot, task::JoinHandle};

use crate::{
    cli::{ask, output::Paint, trial},
    config::{Config, socket::Socket},
    daemon::{self, Start, settings::Source, signals},
    mta::{ClientError, MilterClient},
    protocol::{Request, Status},
    report,
};

/// The shipped rules.
pub const FILES: [(&str, &str); 3] = [
    (
        "10-company.rules",
        include_str!("../../../rules/10-company.rules"),
    ),
    (
        "20-mailboxes.rules",
        include_str!("../../../rules/20-mailboxes.rules"),
    ),
    (
        "company.expect",
        include_str!("../../../rules/company.expect"),
    ),
];

/// The file that is edited.
const EDITED: &str = "10-company.rules";

/// Who sends the messages.
const SENDER: &str = "customer@sender.example";

/// The longest wait for the daemon.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message that was sent.
pub struct Sent {
    /// The dialogue, a line each.
    pub dialogue: Vec<String>,
    /// Who gets the message.
    pub envelope: Vec<String>,
    /// What the client of the mail server is told about a refused recipient; the last one.
    refusal: Option<String>,
}

/// The daemon, and a connection to it.
pub struct Stage {
    folder: Folder,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    daemon: Option<JoinHandle<Result<(), daemon::RunError>>>,
    client: Option<MilterClient>,
}

impl Stage {
    /// Writes the shipped rules into a new folder, and starts a daemon that serves them.
    pub fn start() -> io::Result<Self> {
        let folder = Folder::new()?;
        let rules = folder.0.join("rules");
        fs::create_dir(&rules)?;
        for (name, text) in FILES {
            fs::write(rules.join(name), text)?;
        }
        let mut config = Config {
            rules: rules.clone(),
            control: Socket::Unix(folder.0.join("control.sock")),
            ..Config::default()
        };
        config.milter.listen = vec![Socket::Unix(folder.0.join("milter.sock"))];
        let source = Source {
            file: None,
            rules: Some(rules),
            listen: config.milter.listen.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let start = Start {
            config,
            source,
            handed: Vec::new(),
            log: None,
        };
        let daemon = runtime.spawn(daemon::run(start, async {
            // Sent or dropped: in both cases the demo has ended.
            let _ = stopped.await;
        }));
        Ok(Self {
            folder,
            runtime,
            stop: Some(stop),
            daemon: Some(daemon),
            client: None,
        })
    }

    /// Calls a function at SIGINT or SIGTERM, which no longer end the process.
    pub fn on_termination(&self, call: impl FnOnce() + Send + 'static) {
        let _entered = self.runtime.enter();
        let termination = signals::termination();
        self.runtime.spawn(async move {
            termination.await;
            call();
        });
    }

    /// Returns the path of the file that is edited.
    pub fn edited(&self) -> PathBuf {
        self.rules().join(EDITED)
    }

    fn rules(&self) -> PathBuf {
        self.folder.0.join("rules")
    }

    /// Returns the files of the rules directory with their texts.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.rules()).into_iter().flatten().flatten();
        let texts = entries.filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let known = name.ends_with(".rules") || name.ends_with(".expect");
            let text = known.then(|| fs::read(entry.path()).ok()).flatten()?;
            Some((name, String::from_utf8_lossy(&text).into_owned()))
        });
        texts.collect()
    }

    /// Changes the rules as an editor does: writes a new file, and renames it.
    pub fn edit(&self, change: impl FnOnce(String) -> String) -> io::Result<()> {
        let file = self.edited();
        let new = file.with_extension("tmp");
        fs::write(&new, change(fs::read_to_string(&file)?))?;
        fs::rename(new, file)
    }

    /// Sends one message to the daemon, as an MTA would.
    pub fn message(&mut self, recipients: &[&str], paint: Paint) -> io::Result<Sent> {
        let socket = Socket::Unix(self.folder.0.join("milter.sock"));
        let client = self.client.take();
        let mut dialogue = Vec::new();
        let mut say = |line: &str| dialogue.push(line.to_owned());
        let played = self.runtime.block_on(async {
            let mut client = match client {
                Some(client) => client,
                None => trial::connect(&socket).await?,
            };
            let outcome = trial::message(&mut client, SENDER, recipients, paint, &mut say).await?;
            Ok::<_, ClientError>((client, outcome))
        });
        let (client, outcome) = played.map_err(io::Error::other)?;
        self.client = Some(client);
        Ok(Sent {
            dialogue,
            envelope: outcome.envelope,
            refusal: outcome.refusals.into_iter().last(),
        })
    }

    /// Sends a message to one recipient alone, and returns lines with arrows to who gets it. `others` are the
    /// recipients of a message of which this recipient is one.
    pub fn arrows(&mut self, recipient: &str, others: &[&str]) -> io::Result<Vec<String>> {
        let sent = self.message(&[recipient], Paint::none())?;
        let targets = match sent.refusal {
            Some(refusal) => vec![format!("refused: {refusal}")],
            None if sent.envelope.is_empty() => vec!["nobody: the message is discarded".to_owned()],
            None => sent
                .envelope
                .iter()
                .map(|path| target(path, recipient, others))
                .collect(),
        };
        let left = std::iter::once(recipient).chain(std::iter::repeat(""));
        let lines = left.zip(targets);
        Ok(lines
            .map(|(from, to)| format!("{from:<22}  -->  {to}").trim_end().to_owned())
            .collect())
    }

    /// Asks the daemon which lines decide, and returns its explanation as text.
    pub fn explain(&self, addresses: &[&str]) -> io::Result<String> {
        let addresses = addresses.iter().map(|address| (*address).to_owned());
        let request = Request::explain(addresses.collect());
        let texts: Result<Vec<_>, _> = ask::exchange(&self.control(), &request)?
            .into_iter()
            .map(|explained| explained.map(|explained| report::text(&explained)))
            .collect();
        let texts = texts.map_err(|failure| io::Error::other(failure.error))?;
        Ok(texts.join("\n"))
    }

    /// Returns what the daemon says about itself; none if it does not answer.
    pub fn status(&self) -> Option<Status> {
        ask::status(&self.control())
    }

    fn control(&self) -> Socket {
        Socket::Unix(self.folder.0.join("control.sock"))
    }

    /// Waits until the status is as wanted, and returns it.
    pub fn wait_for(&self, wanted: impl Fn(&Status) -> bool) -> io::Result<Status> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.status().filter(|status| wanted(status)) {
                return Ok(status);
            }
            let ended = self.daemon.as_ref().is_none_or(JoinHandle::is_finished);
            if ended || begun.elapsed() > PATIENCE {
                return Err(io::Error::other(
                    "the daemon did not reach the expected state",
                ));
            }
            sleep(Duration::from_millis(10));
        }
    }
}

/// Returns a path of the envelope as the target of an arrow, with a remark.
fn target(path: &str, recipient: &str, others: &[&str]) -> String {
    let address = path.trim_matches(['<', '>']);
    if address == recipient {
        format!("{address:<26}not changed")
    } else if others.contains(&address) {
        format!("{address:<26}is a recipient already")
    } else {
        address.to_owned()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.client = None;
        drop(self.stop.take());
        if let Some(daemon) = self.daemon.take() {
            // The demo is over; how the daemon ended does not matter any more.
            let _ = self
                .runtime
                .block_on(async { tokio::time::timeout(PATIENCE, daemon).await });
        }
    }
}

/// A private folder that is removed when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("readdress-demo-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's temporary folder.
        let _ = fs::remove_dir_all::<&Path>(&self.0);
    }
}
