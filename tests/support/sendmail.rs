//! A private Sendmail: unpacked, on loopback, with its own configuration and queue.
//!
//! This Sendmail relays the domains of the scenarios to the sink. Mail for class w goes to a small script in place of
//! the local mailer, and the script writes it to files. 127.0.0.1 may always relay, 127.0.0.2 is a stranger. Sendmail
//! never looks names up. Every port has its own list of milters. The log goes to `/dev/log`, which is mostly missing.

use std::fmt::{Display, Write as _};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::folder::Folder;
use super::peers::{self, Door};
use super::process::Process;
use super::sink::{Copy, Delivery, find};

/// The host name under which Sendmail runs. Sendmail sleeps for a minute if the name of its host has no dot.
const HOST: &str = "mx.company.test";

/// Options whose values do not depend on this run. The load limits are very high: on a busy build machine, Sendmail
/// would otherwise queue mail and not deliver it.
const OPTIONS: &str = "\
define(`HELP_FILE', `')dnl
define(`confDOMAIN_NAME', `mx.company.test')dnl
define(`confDEF_USER_ID', `8:8')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_ICONNECT', `5s')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `2000')dnl
define(`confDELAY_LA', `0')dnl
define(`confMAX_DAEMON_CHILDREN', `0')dnl
define(`confBAD_RCPT_THROTTLE', `0')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`relay_hosts_only')dnl
FEATURE(`nouucp', `nospecial')dnl
";

/// How Sendmail finds the hosts of domains.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// True if Sendmail looks domains up before anything else: without `nocanonify`.
    pub canonify: bool,
    /// True if all mail goes to one smart host, which is the sink.
    pub smart_host: bool,
    /// The domains whose host is the sink, if there is no smart host.
    pub routed: &'a [&'a str],
    /// Domains that a look-up finds.
    pub found: &'a [&'a str],
}

impl Default for Names<'_> {
    /// No look-ups, and a smart host.
    fn default() -> Self {
        Self {
            canonify: false,
            smart_host: true,
            routed: &[],
            found: &[],
        }
    }
}

/// The settings of a run.
pub struct Plan<'a> {
    /// The domains that are relayed to the sink.
    pub relayed: &'a [&'a str],
    /// Class w: the domains that are local. The script delivers their mail.
    pub local: &'a [&'a str],
    /// Lines of a virtusertable, and the domain to which it applies.
    pub virtusers: &'a [(&'a str, &'a str)],
    pub virtuser_domain: &'a str,
    /// Lines at the end of `sendmail.mc`.
    pub extra: &'a str,
}

impl<'a> Plan<'a> {
    /// Relays these domains, and has these lines; local is the machine alone.
    pub fn of(relayed: &'a [&'a str], extra: &'a str) -> Self {
        Self {
            relayed,
            local: &["localhost"],
            virtusers: &[],
            virtuser_domain: "",
            extra,
        }
    }
}

pub struct Sendmail {
    // Fields are dropped in this order: the process first, then its files.
    process: Process,
    folder: Folder,
    pub doors: Vec<Door>,
}

impl Sendmail {
    pub fn start(cache: &Path, doors: Vec<Door>, sink: u16, plan: &Plan<'_>) -> Self {
        Self::start_with(cache, doors, sink, plan, Names::default())
    }

    /// Starts a Sendmail with another way to find hosts.
    pub fn start_with(
        cache: &Path,
        doors: Vec<Door>,
        sink: u16,
        plan: &Plan<'_>,
        names: Names<'_>,
    ) -> Self {
        let prefix = cache.join("sendmail");
        let folder = Folder::new("sendmail");
        write_files(&folder, plan);
        write_names(&folder, names);
        let mc = sendmail_mc(&prefix, folder.path(), &doors, sink, plan, names);
        fs::write(folder.join("mail/sendmail.mc"), mc).expect("sendmail.mc");
        let cf = Command::new("m4")
            .arg(folder.join("mail/sendmail.mc"))
            .output()
            .expect("m4: run tests/peers/install");
        assert!(
            cf.status.success(),
            "m4: {}",
            String::from_utf8_lossy(&cf.stderr)
        );
        fs::write(folder.join("mail/sendmail.cf"), cf.stdout).expect("sendmail.cf");

        let program = prefix
            .join("usr/libexec/sendmail/sendmail")
            .display()
            .to_string();
        let cf = folder.join("mail/sendmail.cf").display().to_string();
        let log = folder.join("start.log");
        // If Sendmail cannot get a host name of its own, it starts nevertheless, but a minute later.
        let script = format!(
            "if unshare --uts true 2>/dev/null; then
                 exec unshare --uts sh -c 'hostname {HOST}; exec \"$@\"' sh \"$@\"
             fi; exec \"$@\""
        );
        let command = ["sh", "-c", &script, "sh", &program, "-bD", "-C", &cf];
        let mut process = Process::start("sendmail", &command, &[], &log);
        peers::wait_for(&doors, &mut process, Duration::from_secs(100), &log);
        Self {
            process,
            folder,
            doors,
        }
    }

    /// Waits until every message has left the queue.
    pub fn drain(&self) -> Result<(), String> {
        let queue = self.folder.join("queue");
        peers::wait_until_empty(|| peers::files(&queue), &self.folder.join("start.log"))
    }

    /// Returns what was delivered to local mailboxes of the message that carries `token`.
    pub fn local_copies(&self, token: &str) -> Vec<Copy> {
        let mut copies = Vec::new();
        for file in peers::files(&self.folder.join("drop")) {
            let text = fs::read(file).unwrap_or_default();
            let Some(end) = find(&text, b"\n") else {
                continue;
            };
            let (address, data) = (text[..end].to_vec(), text[end + 1..].to_vec());
            let delivery = Delivery {
                sender: Vec::new(),
                copies: Vec::new(),
                data,
            };
            if delivery.header_holds(token) {
                copies.push(Copy {
                    address,
                    parameters: Vec::new(),
                });
            }
        }
        copies
    }

    /// Returns the path of the configuration.
    pub fn cf(&self) -> std::path::PathBuf {
        self.folder.join("mail/sendmail.cf")
    }

    /// Ends Sendmail now; dropping the value does the same.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

fn write_files(folder: &Folder, plan: &Plan<'_>) {
    let mail = folder.subfolder("mail");
    let queue = folder.subfolder("queue");
    fs::set_permissions(queue, fs::Permissions::from_mode(0o700)).expect("chmod of the queue");
    let drop = folder.subfolder("drop");
    // The local mailer runs as the mailbox's owner.
    fs::set_permissions(&drop, fs::Permissions::from_mode(0o1777)).expect("chmod of the drop");
    let mailer = format!(
        "#!/bin/sh\n# The last argument is the mailbox; options come before it.\nfor to; do :; done\n\
         file=$(mktemp {}/XXXXXXXX) && {{ echo \"$to\"; cat; }} >\"$file\"\n",
        drop.display()
    );
    fs::write(mail.join("mailer"), mailer).expect("the local mailer");
    fs::set_permissions(mail.join("mailer"), fs::Permissions::from_mode(0o755)).expect("chmod");
    let virtusers = plan
        .virtusers
        .iter()
        .fold(String::new(), |mut lines, (from, to)| {
            let _ = writeln!(lines, "{from} {to}");
            lines
        });
    for (name, content) in [
        ("mail/aliases", "postmaster: root\n"),
        ("mail/service.switch", "hosts files\naliases files\n"),
        ("mail/local-host-names", &(plan.local.join("\n") + "\n")),
        ("mail/relay-domains", &(plan.relayed.join("\n") + "\n")),
        ("mail/virtusers", &virtusers),
        ("statistics", ""),
    ] {
        fs::write(folder.join(name), content).expect("a file of Sendmail");
    }
}

/// Writes where the hosts of domains are: the hosts file, and a mailertable.
fn write_names(folder: &Folder, names: Names<'_>) {
    let hosts = names.found.iter();
    let hosts = hosts.fold("127.0.0.1 localhost\n".to_owned(), |lines, domain| {
        format!("{lines}127.0.0.1 {domain}\n")
    });
    let routes = names.routed.iter().fold(String::new(), |lines, domain| {
        format!("{lines}{domain} esmtp:[127.0.0.1]\n")
    });
    for (name, content) in [("mail/hosts", hosts), ("mail/mailertable", routes)] {
        fs::write(folder.join(name), content).expect("a file of Sendmail");
    }
}

/// Sendmail must accept files in a folder to which a group may write (that of a build user). Only sockets must be in
/// folders that nobody but root may write to, and the sockets are below `/run`.
const BLAME: &str = "GroupWritableDirPathSafe,ClassFileInUnsafeDirPath,MapInUnsafeDirPath,\
    RunProgramInUnsafeDirPath";

fn sendmail_mc(
    prefix: &Path,
    folder: &Path,
    doors: &[Door],
    sink: u16,
    plan: &Plan<'_>,
    names: Names<'_>,
) -> String {
    let (prefix, folder) = (prefix.display(), folder.display());
    let mut mc = format!(
        "divert(-1)
define(`_CF_DIR_', `{prefix}/usr/share/sendmail/cf/')
divert(0)dnl
include(`{prefix}/usr/share/sendmail/cf/m4/cf.m4')
VERSIONID(`readdress test')
OSTYPE(`linux')dnl
{OPTIONS}\
define(`confDONT_BLAME_SENDMAIL', `{BLAME}')dnl
define(`confHOSTS_FILE', `{folder}/mail/hosts')dnl
define(`confPID_FILE', `{folder}/sendmail.pid')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`ALIAS_FILE', `{folder}/mail/aliases')dnl
define(`confCW_FILE', `-o {folder}/mail/local-host-names')dnl
define(`confCR_FILE', `-o {folder}/mail/relay-domains')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/mail/service.switch')dnl
define(`LOCAL_MAILER_PATH', `{folder}/mail/mailer')dnl
define(`LOCAL_MAILER_ARGS', `mailer $u')dnl
define(`SMTP_MAILER_ARGS', `TCP $h {sink}')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {sink}')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {sink}')dnl
"
    );
    mc += &name_lines(names, &folder);
    if !plan.virtusers.is_empty() {
        let _ = writeln!(
            mc,
            "FEATURE(`virtusertable', `text -k0 -v1 -o {folder}/mail/virtusers')dnl"
        );
        let _ = writeln!(mc, "VIRTUSER_DOMAIN(`{}')dnl", plan.virtuser_domain);
    }
    for (number, door) in doors.iter().enumerate() {
        let mut names = Vec::new();
        for (place, socket) in door.milters.iter().enumerate() {
            let name = format!("m{number}x{place}");
            let socket = sendmail_socket(socket);
            let _ = writeln!(
                mc,
                "MAIL_FILTER(`{name}', `S={socket}, F=T, T=C:5s;S:10s;R:10s;E:10s')dnl"
            );
            names.push(name);
        }
        // Without milters of its own, the port has those of INPUT_MAIL_FILTER.
        let filters = match names.is_empty() {
            true => String::new(),
            false => format!(", InputMailFilters={}", names.join(";")),
        };
        let _ = writeln!(
            mc,
            "DAEMON_OPTIONS(`Family=inet, Name=D{number}, Addr=127.0.0.1, Port={}{filters}')dnl",
            door.port
        );
    }
    mc + "MAILER(`local')dnl\nMAILER(`smtp')dnl\n" + plan.extra
}

/// Returns the lines of `sendmail.mc` that say how hosts are found.
fn name_lines(names: Names<'_>, folder: impl Display) -> String {
    let mut mc = String::new();
    if !names.canonify {
        mc += "FEATURE(`nocanonify')dnl\n";
    }
    if names.smart_host {
        mc += "define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl\n";
    } else {
        let _ = writeln!(
            mc,
            "FEATURE(`mailertable', `text -k0 -v1 -o {folder}/mail/mailertable')dnl"
        );
    }
    mc
}

/// Turns `inet:HOST:PORT` into Sendmail's spelling, `inet:PORT@HOST`.
fn sendmail_socket(socket: &str) -> String {
    match socket
        .strip_prefix("inet:")
        .and_then(|rest| rest.rsplit_once(':'))
    {
        Some((host, port)) => format!("inet:{port}@{host}"),
        None => socket.to_owned(),
    }
}
