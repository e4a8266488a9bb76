//! Can an MTA reach readdress' sockets? Compares sockets in different spellings and seen from a chroot, and
//! checks the permissions of every directory on the way.
//!
//! Postfix takes a relative path from its queue directory, in which its daemons run; in a chroot that
//! directory is the root, so that `unix:rw/m.sock` is right with and without one.

use std::path::{Path, PathBuf};

use super::{
    Finding, codes,
    facts::{Facts, Step, User},
};
use crate::config::socket::Socket;

/// How a process sees the file system.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The directory in which it runs; in a chroot also its root directory.
    pub home: &'a Path,
    /// True if it runs in a chroot.
    pub chroot: bool,
}

impl View<'static> {
    /// Returns the view of a process without a chroot, such as Sendmail.
    pub(super) fn of_root() -> Self {
        Self {
            home: Path::new("/"),
            chroot: false,
        }
    }
}

impl View<'_> {
    /// Returns where a path of the process leads outside of the chroot.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        match path.strip_prefix("/") {
            Ok(below) if self.chroot => self.home.join(below),
            _ => self.home.join(path),
        }
    }

    /// Returns the part of the way to `path` that the process must be able to search. What is above its root
    /// directory does not matter, nor what is above the directory in which it runs.
    fn start(&self, written: &Path) -> Option<&Path> {
        (self.chroot || written.is_relative()).then_some(self.home)
    }
}

/// Returns notes about sockets whose permissions doctor may not see.
pub(super) fn unseen(facts: &Facts) -> impl Iterator<Item = Finding> {
    let hidden = facts
        .paths
        .iter()
        .filter(|(_, walk)| !walk.complete && !walk.missing);
    hidden.map(|(path, walk)| {
        let last = walk.steps.last().map_or(Path::new("/"), |step| &step.path);
        Finding::new(
            codes::UNSEEN,
            format!("unix:{}", path.display()),
            format!("doctor has no permission to look into `{}`", last.display()),
            "run doctor as root",
        )
    })
}

/// A socket of readdress that a line of an MTA names.
#[derive(Clone, Copy, Debug)]
pub struct Named<'s> {
    /// The socket, as readdress' configuration has it.
    pub socket: &'s Socket,
    /// True if the MTA finds it there.
    pub reached: bool,
}

/// Returns the socket of readdress that `word` names, in the notation of either MTA.
pub fn named<'s>(
    word: &str,
    own: &'s [Socket],
    view: View<'_>,
    facts: &Facts,
) -> Option<Named<'s>> {
    let theirs: Socket = word.parse().ok()?;
    let Socket::Unix(path) = &theirs else {
        let socket = own.iter().find(|socket| same_tcp(&theirs, socket))?;
        return Some(Named {
            socket,
            reached: true,
        });
    };
    let other = View {
        chroot: !view.chroot,
        ..view
    };
    let leads = |view: View<'_>| {
        let seen = view.resolve(path);
        own.iter().find(|socket| is_file(socket, &seen, facts))
    };
    match leads(view) {
        Some(socket) => Some(Named {
            socket,
            reached: true,
        }),
        None => leads(other).map(|socket| Named {
            socket,
            reached: false,
        }),
    }
}

fn is_file(socket: &Socket, path: &Path, facts: &Facts) -> bool {
    let Socket::Unix(own) = socket else {
        return false;
    };
    let real = facts.paths.get(own).and_then(|walk| walk.real.as_deref());
    plain(own) == plain(path) || real.is_some_and(|real| plain(real) == plain(path))
}

/// `/var/run` has been another name of `/run` everywhere for years.
fn plain(path: &Path) -> PathBuf {
    match path.strip_prefix("/var/run") {
        Ok(below) => Path::new("/run").join(below),
        Err(_) => path.components().collect(),
    }
}

fn same_tcp(theirs: &Socket, own: &Socket) -> bool {
    let parts = |socket: &Socket| match socket {
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            Some((host.to_ascii_lowercase(), *port))
        }
        Socket::Unix(_) => None,
    };
    let (Some((their_host, their_port)), Some((host, port))) = (parts(theirs), parts(own)) else {
        return false;
    };
    let local = |host: &str| matches!(host, "localhost" | "::1") || host.starts_with("127.");
    let any = matches!(host.as_str(), "0.0.0.0" | "::");
    let same = their_host == host
        || any
        || (local(&their_host)
            && local(&host)
            && (their_host == "localhost" || host == "localhost"));
    their_port == port && same
}

/// Returns a finding if `user` may not open a socket.
pub fn closed(
    socket: &Socket,
    word: &str,
    user: &User,
    view: View<'_>,
    facts: &Facts,
) -> Option<Finding> {
    let Socket::Unix(path) = socket else {
        return None;
    };
    let walk = facts.paths.get(path)?;
    let written = word.split_once(':').map_or("", |(_, path)| path);
    let start = view.start(Path::new(written));
    let steps = walk.steps.iter();
    let relevant = steps.filter(|step| start.is_none_or(|start| step.path.starts_with(start)));
    let last = walk
        .steps
        .last()
        .filter(|_| walk.complete)
        .map(|step| &step.path);
    for step in relevant {
        let (wanted, word) = match Some(&step.path) == last {
            true => (0o2, "write to"),
            false => (0o1, "search"),
        };
        if !allows(step, user, wanted) {
            let message = format!(
                "`{}` may not {word} `{}` (mode {:04o}, group {})",
                user.name,
                step.path.display(),
                step.mode & 0o7777,
                group(step, facts)
            );
            let (command, help) = opening(step, user, wanted, facts);
            let mut finding = Finding::new(codes::SOCKET_CLOSED, socket.to_string(), message, help);
            finding.fix.commands.push(command);
            return Some(finding);
        }
    }
    None
}

/// Returns true if a user has these permissions. The first class that fits (owner, group, others) decides, as
/// in the kernel.
fn allows(step: &Step, user: &User, wanted: u32) -> bool {
    if user.uid == 0 {
        return true;
    }
    let bits = if step.uid == user.uid {
        step.mode >> 6
    } else if user.gids.contains(&step.gid) {
        step.mode >> 3
    } else {
        step.mode
    };
    bits & wanted != 0
}

fn group(step: &Step, facts: &Facts) -> String {
    let name = facts.groups.get(&step.gid);
    name.cloned().unwrap_or_else(|| step.gid.to_string())
}

/// Returns the command that gives the user access, by the group if the group has access, otherwise by the
/// mode; and the help that shows it.
fn opening(step: &Step, user: &User, wanted: u32, facts: &Facts) -> (String, String) {
    let (name, path) = (&user.name, step.path.display());
    let group = group(step, facts);
    let of_group = (step.mode >> 3) & wanted != 0;
    let own = user.gids.first().and_then(|gid| facts.groups.get(gid));
    let letter = if wanted == 0o1 { 'x' } else { 'w' };
    let (command, then) = match (of_group, step.gid) {
        (true, 1..) => (
            format!("usermod -aG {group} {name}"),
            ", then restart the MTA",
        ),
        (false, 1..) if user.gids.contains(&step.gid) => (format!("chmod g+{letter} {path}"), ""),
        (false, 1..) => (
            format!("chmod g+{letter} {path} && usermod -aG {group} {name}"),
            ", then restart the MTA",
        ),
        (_, 0) => (
            format!(
                "chgrp {} {path} && chmod g+{letter} {path}",
                own.unwrap_or(name)
            ),
            ", and run the daemon in that group",
        ),
    };
    let help = format!("write `{command}`{then}");
    (command, help)
}

/// Returns a finding if others may write to a directory above a socket. Sendmail refuses such a socket; with
/// a setting it accepts directories that a group may write to.
pub fn unsafe_for_sendmail(socket: &Socket, trusts_groups: bool, facts: &Facts) -> Option<Finding> {
    let Socket::Unix(path) = socket else {
        return None;
    };
    let walk = facts.paths.get(path)?;
    // The socket itself may be open to everybody.
    let directories = walk.steps.len() - usize::from(walk.complete);
    let bits = if trusts_groups { 0o002 } else { 0o022 };
    let open = walk
        .steps
        .iter()
        .take(directories)
        .find(|step| step.mode & bits != 0)?;
    let who = if open.mode & 0o002 != 0 {
        "everybody"
    } else {
        "a group"
    };
    Some(Finding::new(
        codes::SOCKET_UNSAFE,
        socket.to_string(),
        format!(
            "{who} may write to `{}` (mode {:04o}): Sendmail does not start with a socket below it",
            open.path.display(),
            open.mode & 0o7777
        ),
        facts
            .readdress
            .setting("milter", "listen = [\"unix:/run/readdress/milter.sock\"]"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, own: &str, chroot: bool) -> Option<bool> {
        let own = [own.parse().unwrap()];
        let view = View {
            home: Path::new("/var/spool/postfix"),
            chroot,
        };
        named(word, &own, view, &Facts::default()).map(|named| named.reached)
    }

    #[test]
    fn one_socket_in_many_spellings() {
        for (theirs, own, chroot, wanted) in [
            ("inet:127.0.0.1:1", "inet:1@127.0.0.1", true, Some(true)),
            ("inet:localhost:1", "inet:127.0.0.1:1", true, Some(true)),
            ("inet:127.0.0.2:1", "inet:127.0.0.1:1", true, None),
            ("inet:127.0.0.1:2", "inet:127.0.0.1:1", true, None),
            ("inet:mx:1", "inet:0.0.0.0:1", true, Some(true)),
            ("inet6:[::1]:1", "inet6:[::]:1", true, Some(true)),
            // Four spellings, with and without a chroot.
            (
                "unix:/rw/m",
                "unix:/var/spool/postfix/rw/m",
                true,
                Some(true),
            ),
            (
                "unix:/rw/m",
                "unix:/var/spool/postfix/rw/m",
                false,
                Some(false),
            ),
            (
                "unix:rw/m",
                "unix:/var/spool/postfix/rw/m",
                true,
                Some(true),
            ),
            (
                "unix:rw/m",
                "unix:/var/spool/postfix/rw/m",
                false,
                Some(true),
            ),
            (
                "unix:/var/spool/postfix/rw/m",
                "unix:/var/spool/postfix/rw/m",
                true,
                Some(false),
            ),
            ("unix:/run/rw/m", "unix:/run/rw/m", true, Some(false)),
            ("unix:/run/rw/m", "unix:/run/rw/m", false, Some(true)),
            ("local:/var/run/rw/m", "unix:/run/rw/m", false, Some(true)),
            ("unix:/run/other", "unix:/run/rw/m", true, None),
            ("nonsense", "unix:/run/rw/m", true, None),
        ] {
            assert_eq!(word(theirs, own, chroot), wanted, "{theirs} {own} {chroot}");
        }
    }

    #[test]
    fn the_first_class_that_fits_decides() {
        let user = User {
            name: "postfix".into(),
            uid: 100,
            gids: vec![200, 300],
        };
        for (uid, gid, mode, wanted) in [
            (0, 0, 0o660, false),
            (0, 200, 0o660, true),
            (0, 300, 0o660, true),
            (100, 0, 0o600, true),
            // The owner is refused although everybody else may.
            (100, 0, 0o066, false),
            (0, 0, 0o666, true),
        ] {
            let step = Step {
                path: "/s".into(),
                uid,
                gid,
                mode,
            };
            assert_eq!(allows(&step, &user, 0o2), wanted, "{uid} {gid} {mode:o}");
        }
    }
}
