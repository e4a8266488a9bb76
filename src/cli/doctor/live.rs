//! What the running daemon says of itself on its control socket, as values.

use std::{
    fmt, fs, io,
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    cli::{ask, files::Loaded},
    config::{Config, socket::Socket},
    doctor::{
        connect::NOBODY,
        facts::{Answer, Daemon, Dead, Ours},
    },
    engine::address::Mailbox,
    report,
};

/// What `status` answers, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The number of the table; 0 for none.
    pub generation: u64,
    /// The directory that is read.
    pub directory: PathBuf,
    /// Where the milter listens.
    pub milter: Vec<Socket>,
    /// Where the socketmap listens.
    pub socketmap: Vec<Socket>,
    /// The findings for which the last reload was refused.
    pub refused: Option<Vec<String>>,
}

impl Status {
    /// Asks the daemon behind a control socket.
    pub fn ask(control: &Socket) -> Result<Self, Daemon> {
        let Socket::Unix(path) = control else {
            let reason = "the control socket is a Unix socket (unix:PATH)";
            return Err(Daemon::Down(reason.to_owned()));
        };
        match ask::exchange(path, &json!({ "command": "status" })) {
            Ok(answers) => Ok(Self::of(&answers.into_iter().next().unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(Daemon::Closed(error.to_string()))
            }
            Err(error) => Err(Daemon::Down(error.to_string())),
        }
    }

    fn of(answer: &Value) -> Self {
        let sockets = |key: &str| texts(&answer[key]).filter_map(|name| name.parse().ok());
        let last = &answer["last_reload"];
        let refused = last["outcome"] == "refused";
        Self {
            generation: answer["generation"].as_u64().unwrap_or_default(),
            directory: answer["directory"].as_str().unwrap_or_default().into(),
            milter: sockets("milter").collect(),
            socketmap: sockets("socketmap").collect(),
            refused: refused.then(|| texts(&last["findings"]).map(str::to_owned).collect()),
        }
    }

    /// Puts the sockets first that the daemon really has: systemd may have handed them over, so that no
    /// configuration names them.
    pub fn really_listening(&self, config: &mut Config) {
        for (kept, really) in [
            (&mut config.milter.listen, &self.milter),
            (&mut config.socketmap, &self.socketmap),
        ] {
            kept.retain(|socket| !really.contains(socket));
            kept.splice(0..0, really.iter().cloned());
        }
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

/// What happens to an address, as `explain` says it, whether from files or from the daemon.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Fate {
    action: String,
    to: Vec<String>,
    reply: Option<(u64, String, String)>,
}

impl Fate {
    fn of(explained: &Value) -> Option<Self> {
        let reply = &explained["reply"];
        let text = |key: &str| reply[key].as_str().unwrap_or_default().to_owned();
        Some(Self {
            action: explained["action"].as_str()?.to_owned(),
            to: texts(&explained["to"]).map(str::to_owned).collect(),
            reply: reply["code"]
                .as_u64()
                .map(|code| (code, text("enhanced"), text("text"))),
        })
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.action.as_str(), &self.reply) {
            ("replace", _) => write!(f, "replace by {}", self.to.join(", ")),
            (action, Some((code, enhanced, text))) => {
                write!(f, "{action} {code} {enhanced} {text}")
            }
            (action, None) => f.write_str(action),
        }
    }
}

/// What the daemon is and does, held against the files.
pub fn daemon(
    status: &Result<Status, Daemon>,
    ours: &Ours,
    config: &Config,
    loaded: Option<&Loaded>,
) -> Daemon {
    let status = match status {
        Ok(status) => status,
        Err(daemon) => return daemon.clone(),
    };
    let sockets = config.milter.listen.iter().chain(&config.socketmap);
    let (compared, differing) = compare(&config.control, ours, loaded);
    Daemon::Up(Answer {
        generation: status.generation,
        directory: directory(status, ours),
        refused: status.refused.clone(),
        compared,
        differing,
        dead: sockets
            .filter_map(|socket| Some((socket.clone(), dead(socket)?)))
            .collect(),
    })
}

/// The directory that the daemon reads, in our own spelling if it is ours.
fn directory(status: &Status, ours: &Ours) -> PathBuf {
    let theirs = &status.directory;
    match (fs::canonicalize(theirs), fs::canonicalize(&ours.rules)) {
        (Ok(one), Ok(other)) if one == other => ours.rules.clone(),
        _ => theirs.clone(),
    }
}

/// Addresses about which the daemon decides otherwise than the files, and how many were compared: those
/// of rules, and one in each domain for which there is no rule.
fn compare(
    control: &Socket,
    ours: &Ours,
    loaded: Option<&Loaded>,
) -> (usize, Vec<(String, String, String)>) {
    let table = loaded.and_then(|loaded| loaded.table.as_ref());
    let (Some(table), Socket::Unix(control)) = (table, control) else {
        return (0, Vec::new());
    };
    let live = explain(control, ours);
    let differs = |live: &Value| {
        let address = live["address"].as_str()?;
        let explained = report::explain(table, address, None);
        let (files, live) = (Fate::of(explained.first()?)?, Fate::of(live)?);
        (files != live).then(|| (address.to_owned(), files.to_string(), live.to_string()))
    };
    let compared = live.iter().filter(|live| Fate::of(live).is_some()).count();
    (compared, live.iter().filter_map(differs).collect())
}

/// What the daemon says about addresses of rules. Without a table of its own it says nothing about any,
/// which is a finding of its own.
fn explain(control: &Path, ours: &Ours) -> Vec<Value> {
    let named = ours.originals.iter().chain(&ours.targets);
    let named = named.map(Mailbox::to_string);
    let unknown = ours.inbound().map(|domain| format!("{NOBODY}@{domain}"));
    let addresses: Vec<_> = named.chain(unknown).collect();
    let request = json!({ "command": "explain", "addresses": addresses });
    ask::exchange(control, &request).unwrap_or_default()
}

/// Why a socket takes no connection. The connection is closed at once, as an MTA may do.
fn dead(socket: &Socket) -> Option<Dead> {
    let connected = match socket {
        Socket::Unix(path) => UnixStream::connect(path).map(drop),
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            TcpStream::connect((host.as_str(), *port)).map(drop)
        }
    };
    match connected {
        // Who may open it is looked at for the MTA's user, not for whoever runs doctor.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Dead::Missing),
        Err(error) => Some(Dead::Silent(error.to_string())),
        Ok(()) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_is_compared_as_a_value() {
        let fate = |text: &str| Fate::of(&serde_json::from_str(text).unwrap());
        let kept = fate(r#"{"action":"keep","to":["a@b"],"reply":null}"#).unwrap();
        assert_eq!(kept.to_string(), "keep");
        let one = fate(r#"{"action":"replace","to":["a@b"],"reply":null}"#).unwrap();
        let two = fate(r#"{"action":"replace","to":["a@b","c@d"]}"#).unwrap();
        assert_ne!(one, two);
        assert_eq!(two.to_string(), "replace by a@b, c@d");
        let refused =
            r#"{"action":"reject","to":[],"reply":{"code":550,"enhanced":"5.1.1","text":"=> x"}}"#;
        assert_eq!(fate(refused).unwrap().to_string(), "reject 550 5.1.1 => x");
        assert_eq!(fate(r#"{"error":"no table"}"#), None);
    }
}
