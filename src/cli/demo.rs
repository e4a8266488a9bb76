//! `readdress demo`: the newcomer's first minute. A real daemon on a private socket, the shipped
//! rules, messages as an MTA would hand them over, a rule edited live, a mistake that stays outside.
//!
//! Nothing is installed and nothing stays: all of it happens in a folder that goes at the end.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::oneshot};

use super::{
    Exit, ask, failed,
    flags::Demo,
    output::{self, Paint},
    trial,
};
use crate::{
    config::{Config, socket::Socket},
    daemon::{self, Start, settings::Source},
    mta::MilterClient,
    report,
};

/// The shipped rules.
const FILES: [(&str, &str); 3] = [
    (
        "10-company.rules",
        include_str!("../../rules/10-company.rules"),
    ),
    (
        "20-mailboxes.rules",
        include_str!("../../rules/20-mailboxes.rules"),
    ),
    ("company.expect", include_str!("../../rules/company.expect")),
];

/// Longest wait for the daemon.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the command.
pub fn run(flags: &Demo) -> Exit {
    match Stage::set(flags).and_then(|mut stage| stage.play()) {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&format!("demo: {error}")),
    }
}

/// A daemon of its own, and a connection to it.
struct Stage {
    folder: Folder,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    daemon: Option<tokio::task::JoinHandle<Result<(), daemon::RunError>>>,
    client: Option<MilterClient>,
    paint: Paint,
    pause: Duration,
}

impl Stage {
    fn set(flags: &Demo) -> io::Result<Self> {
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
            // Dropped or told: either way the demo is over.
            let _ = stopped.await;
        }));
        let pause = Duration::from_millis(flags.pause);
        Ok(Self {
            folder,
            runtime,
            stop: Some(stop),
            daemon: Some(daemon),
            client: None,
            paint: Paint::stdout(),
            pause,
        })
    }

    fn play(&mut self) -> io::Result<()> {
        self.heading(
            "1. A company has a mail domain, and gets a second one. These rules join them:",
        );
        self.show_rules(&["@domain2.com", "jd@domain2.com", "sales@domain2.com"]);
        let status = self.wait_for(|status| status["generation"] == 1)?;
        self.say(&format!(
            "The daemon serves them: generation 1, {} rules. No MTA is needed to see it work.",
            status["rules"]
        ));

        self.heading(
            "2. A message arrives. This is what Postfix or Sendmail would ask, and be told:",
        );
        self.message(&[
            "JD+invoice@Domain2.com",
            "sales@domain2.com",
            "anna@company.com",
            "john@domain2.com",
        ])?;

        self.heading("3. Why? The daemon says which line decided:");
        self.explain(&["jd+invoice@domain2.com", "john@domain2.com"])?;

        self.heading(
            "4. Somebody adds one line to 10-company.rules and saves. Nothing is restarted:",
        );
        let rule = "john@domain2.com                jdoe@company.com\n";
        self.say(&self.paint.good(&format!("+ {}", rule.trim_end())));
        let saved = Instant::now();
        self.edit(|text| text + rule)?;
        self.wait_for(|status| status["generation"] == 2)?;
        self.say(&format!(
            "Generation 2 is live, {} ms after the save. The next message, on the same connection:",
            saved.elapsed().as_millis()
        ));
        self.message(&["john@domain2.com"])?;

        self.heading("5. Somebody makes a mistake. The old table serves on, and the finding says what to write:");
        self.edit(|text| {
            text.replace(
                "jd@domain2.com                  jdoe@company.com",
                "jd@domain2.com                  jdeo@company.com",
            )
        })?;
        let status = self.wait_for(|status| status["last_reload"]["outcome"] == "refused")?;
        for finding in status["last_reload"]["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            finding.lines().for_each(|line| self.say(line));
            self.say("");
        }
        self.say(&format!(
            "Generation {} serves on; nobody's mail is lost:",
            status["generation"]
        ));
        self.message(&["jd@domain2.com"])?;
        self.heading(
            "That was it. The README shows the lines that attach it to Postfix or Sendmail.",
        );
        Ok(())
    }

    fn heading(&self, text: &str) {
        sleep(self.pause);
        output::line("");
        output::line(&self.paint.bold(text));
        output::line("");
    }

    fn say(&self, text: &str) {
        output::line(format!("  {text}").trim_end());
    }

    /// The lines of the shipped rules that begin with one of these patterns.
    fn show_rules(&self, patterns: &[&str]) {
        let rules = FILES.iter().filter(|(name, _)| name.ends_with(".rules"));
        let lines = rules.flat_map(|(_, text)| text.lines());
        let first = |line: &str| {
            line.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        lines
            .filter(|line| patterns.contains(&first(line).as_str()))
            .for_each(|line| self.say(&self.paint.good(line)));
        output::line("");
    }

    /// Sends one message, and shows its envelope before and after.
    fn message(&mut self, recipients: &[&str]) -> io::Result<()> {
        let socket = Socket::Unix(self.folder.0.join("milter.sock"));
        let paint = self.paint;
        let client = self.client.take();
        let played = self.runtime.block_on(async {
            let mut client = match client {
                Some(client) => client,
                None => trial::connect(&socket).await?,
            };
            let after =
                trial::message(&mut client, "customer@sender.example", recipients, paint).await?;
            Ok::<_, crate::mta::ClientError>((client, after))
        });
        let (client, after) = played.map_err(io::Error::other)?;
        self.client = Some(client);
        output::line("");
        let sent: Vec<_> = recipients
            .iter()
            .map(|recipient| format!("<{recipient}>"))
            .collect();
        self.say(&format!("sent to       {}", sent.join(" ")));
        self.say(&format!("delivered to  {}", paint.good(&after.join(" "))));
        Ok(())
    }

    fn explain(&self, addresses: &[&str]) -> io::Result<()> {
        let request = json!({ "command": "explain", "addresses": addresses });
        for explained in ask::exchange(&self.control(), &request)? {
            report::text(&explained)
                .lines()
                .for_each(|line| self.say(line));
        }
        Ok(())
    }

    fn control(&self) -> PathBuf {
        self.folder.0.join("control.sock")
    }

    /// Saves the company's rules as an editor does: written beside, renamed over.
    fn edit(&self, change: impl FnOnce(String) -> String) -> io::Result<()> {
        let file = self.folder.0.join("rules/10-company.rules");
        let draft = file.with_extension("tmp");
        fs::write(&draft, change(fs::read_to_string(&file)?))?;
        fs::rename(draft, file)
    }

    /// Asks the daemon until it is as wanted.
    fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> io::Result<Value> {
        let begun = Instant::now();
        loop {
            let answers = ask::exchange(&self.control(), &json!({ "command": "status" }));
            if let Some(status) = answers
                .ok()
                .and_then(|answers| answers.into_iter().next())
                .filter(|status| wanted(status))
            {
                return Ok(status);
            }
            if begun.elapsed() > PATIENCE
                || self
                    .daemon
                    .as_ref()
                    .is_none_or(tokio::task::JoinHandle::is_finished)
            {
                return Err(io::Error::other("the daemon did not get where it should"));
            }
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.client = None;
        drop(self.stop.take());
        if let Some(daemon) = self.daemon.take() {
            // It ends as the real one does; how is nothing that the demo could tell.
            let _ = self
                .runtime
                .block_on(async { tokio::time::timeout(PATIENCE, daemon).await });
        }
    }
}

/// A private folder that goes with the value.
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
        // What cannot be removed is in the system's temporary folder.
        let _ = fs::remove_dir_all::<&Path>(&self.0);
    }
}
