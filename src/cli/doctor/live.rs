//! What the running daemon says on its control socket, compared with the files.

use std::{
    fs, io,
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use crate::{
    cli::{ask, files::Loaded},
    config::{Config, socket::Socket},
    doctor::{
        connect::NOBODY,
        facts::{Answer, Daemon, Readdress, SocketFailure},
    },
    engine::address::Mailbox,
    protocol::{Command, Explained, Request, Status},
    report,
};

/// Asks the daemon behind a control socket how it stands.
pub fn status(control: &Socket) -> Result<Status, Daemon> {
    let request = Request::new(Command::Status);
    match ask::exchange::<Status>(control, &request) {
        Ok(lines) => match lines.into_iter().next() {
            Some(Ok(status)) => Ok(status),
            Some(Err(failure)) => Err(Daemon::Down(ask::reason(&request, &failure, control))),
            None => Err(Daemon::Down(
                "the connection was closed without an answer".to_owned(),
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Daemon::Closed(error.to_string()))
        }
        Err(error) => Err(Daemon::Down(error.to_string())),
    }
}

/// Puts the sockets first that the daemon really has. Systemd may have handed them over, so that no
/// configuration file names them.
pub fn use_real_sockets(status: &Status, config: &mut Config) {
    for (kept, real) in [
        (&mut config.milter.listen, &status.milter),
        (&mut config.socketmap, &status.socketmap),
    ] {
        let real: Vec<Socket> = real.iter().filter_map(|name| name.parse().ok()).collect();
        kept.retain(|socket| !real.contains(socket));
        kept.splice(0..0, real);
    }
}

/// Compares the daemon with the files.
pub fn daemon(
    status: &Result<Status, Daemon>,
    ours: &Readdress,
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
        refused: status
            .refused()
            .map(|refused| refused.findings.findings.clone()),
        compared,
        differing,
        dead: sockets
            .filter_map(|socket| Some((socket.clone(), dead(socket)?)))
            .collect(),
    })
}

/// Returns the directory that the daemon reads, in our own spelling if it is ours.
fn directory(status: &Status, ours: &Readdress) -> PathBuf {
    let theirs = Path::new(&status.directory);
    match (fs::canonicalize(theirs), fs::canonicalize(&ours.rules)) {
        (Ok(one), Ok(other)) if one == other => ours.rules.clone(),
        _ => theirs.to_owned(),
    }
}

/// Returns how many addresses were compared, and the addresses about which the daemon decides otherwise
/// than the files. The addresses are those of rules, and one in each domain that no rule names.
fn compare(
    control: &Socket,
    ours: &Readdress,
    loaded: Option<&Loaded>,
) -> (usize, Vec<(String, String, String)>) {
    let table = loaded.and_then(|loaded| loaded.table.as_ref());
    let Some(table) = table else {
        return (0, Vec::new());
    };
    let live = explain(control, ours);
    let differs = |live: &Explained| {
        let files = report::explain(table, &live.address, None).next()?.ok()?;
        (!is_same(&files, live)).then(|| {
            let outcomes = [&files, live].map(report::outcome);
            let [files, live_outcome] = outcomes;
            (live.address.clone(), files, live_outcome)
        })
    };
    (live.len(), live.iter().filter_map(differs).collect())
}

/// Returns true if the same happens to the mail. The steps that lead there may differ.
fn is_same(one: &Explained, other: &Explained) -> bool {
    (&one.action, &one.to, &one.reply) == (&other.action, &other.to, &other.reply)
}

/// Returns what the daemon says about addresses of rules. A daemon without a table says nothing about any
/// address, which is a finding of its own.
fn explain(control: &Socket, ours: &Readdress) -> Vec<Explained> {
    let named = ours.originals.iter().chain(&ours.targets);
    let named = named.map(Mailbox::to_string);
    let unknown = ours.inbound().map(|domain| format!("{NOBODY}@{domain}"));
    let request = Request::explain(named.chain(unknown).collect());
    let lines = ask::exchange(control, &request).unwrap_or_default();
    lines.into_iter().filter_map(Result::ok).collect()
}

/// Returns why a socket takes no connection. The connection is closed at once, as an MTA may do.
fn dead(socket: &Socket) -> Option<SocketFailure> {
    let connected = match socket {
        Socket::Unix(path) => UnixStream::connect(path).map(drop),
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            TcpStream::connect((host.as_str(), *port)).map(drop)
        }
    };
    match connected {
        // Who may open it is looked at for the MTA's user, not for whoever runs doctor.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(SocketFailure::Missing),
        Err(error) => Some(SocketFailure::Silent(error.to_string())),
        Ok(()) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Action, Reply};

    #[test]
    fn outcomes_are_compared_as_values() {
        let to = |targets: &[&str]| Explained {
            action: Action::Replace,
            to: targets.iter().map(|text| (*text).to_owned()).collect(),
            ..Explained::default()
        };
        let (one, two) = (to(&["a@b", "c@d"]), to(&["a@b, c@d"]));
        // Both read alike.
        assert_eq!(report::outcome(&one), report::outcome(&two));
        assert!(!is_same(&one, &two));
        let elsewhere = Explained {
            generation: Some(7),
            note: Some("the steps differ".to_owned()),
            ..one.clone()
        };
        assert!(is_same(&one, &elsewhere));
        let refused = Explained {
            action: Action::Reject,
            reply: Some(Reply {
                code: 550,
                enhanced: "5.1.1".to_owned(),
                text: "=> x".to_owned(),
            }),
            ..Explained::default()
        };
        assert_eq!(report::outcome(&refused), "reject 550 5.1.1 => x");
    }
}
