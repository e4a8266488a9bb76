//! A private Postfix: unpacked, on loopback, with its own configuration, queue and log.
//!
//! This Postfix relays the domains of the scenarios to the sink. 127.0.0.1 is a stranger, 127.0.0.2 may relay. Postfix
//! never looks names up. Every port has an smtpd of its own with its own milters. The milters of the first port also
//! see mail that is submitted with sendmail(1).

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::folder::Folder;
use super::peers::{self, Door};
use super::process::Process;

/// Accounts that every Debian has, so that none must be made. Postfix requires three different ones.
const ACCOUNTS: &str = "mail_owner = mail\nsetgid_group = games\ndefault_privs = nobody\n";

/// The lines that are the same in every run.
const MAIN: &str = "\
compatibility_level = 3.6
html_directory = no
readme_directory = no
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
myhostname = mx.company.test
mydomain = company.test
myorigin = company.test
mydestination = localhost
mynetworks = 127.0.0.2/32
local_recipient_maps =
alias_maps =
alias_database =
biff = no
append_dot_mydomain = no
recipient_delimiter =
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtputf8_enable = yes
parent_domain_matches_subdomains =
milter_default_action = tempfail
milter_connect_timeout = 5s
milter_command_timeout = 10s
";

/// The services, all without chroot. The ports come before them.
const MASTER: &str = "\
pickup    unix  n - n 1    1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300  1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp -o smtp_generic_maps=
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
";

pub struct Postfix {
    // Fields are dropped in this order: the processes first, then their files.
    process: Process,
    prefix: PathBuf,
    folder: Folder,
    pub doors: Vec<Door>,
}

impl Postfix {
    /// Starts a Postfix that relays `domains` to `sink`. `extra` is added to `main.cf`.
    pub fn start(cache: &Path, doors: Vec<Door>, sink: u16, domains: &[&str], extra: &str) -> Self {
        let prefix = cache.join("postfix");
        let folder = Folder::new("postfix");
        folder.subfolder("etc");
        folder.subfolder("spool");
        let data = folder.subfolder("data");
        let owner = Command::new("chown").arg("mail").arg(&data).status();
        assert!(
            owner.is_ok_and(|status| status.success()),
            "chown mail {}",
            data.display()
        );
        let main = last_of_each(&(main_cf(&prefix, folder.path(), &doors, sink, domains) + extra));
        fs::write(folder.join("etc/main.cf"), main).expect("main.cf");
        fs::write(folder.join("etc/master.cf"), master_cf(&doors)).expect("master.cf");
        // `postfix start` and `start-fg` put the master into a session of its own, where it would outlive a test
        // program that is killed. With -d the master stays a child process and ends its own children with it. The shell
        // above the master is told when the test ends; the master itself is not told, because it has changed its user.
        let script = format!(
            "{0}/usr/sbin/postfix -c {1} check || exit 1
             {0}/usr/lib/postfix/sbin/master -d -c {1} &
             trap \"kill $!\" TERM; wait $!; wait $!",
            text(&prefix),
            text(&folder.join("etc"))
        );
        let log = folder.join("start.log");
        let libraries = prefix.join("usr/lib/postfix");
        let environment = [("LD_LIBRARY_PATH", text(&libraries))];
        let mut process = Process::start("postfix", &["sh", "-c", &script], &environment, &log);
        // This takes two seconds, on a busy machine much longer.
        peers::wait_for(&doors, &mut process, Duration::from_secs(100), &log);
        Self {
            process,
            prefix,
            folder,
            doors,
        }
    }

    /// Waits until every message has left the queue.
    pub fn drain(&self) -> Result<(), String> {
        // In the order in which a message moves through them.
        let queues = ["maildrop", "incoming", "active", "deferred"];
        let spool = self.folder.join("spool");
        let busy = || {
            queues
                .iter()
                .flat_map(|queue| peers::files(&spool.join(queue)))
                .collect()
        };
        peers::wait_until_empty(busy, &self.log())
    }

    /// Submits a message as a local program does: with sendmail(1), not by SMTP.
    pub fn submit(&self, sender: &str, recipient: &str, token: &str) {
        let mut child = Command::new(self.prefix.join("usr/sbin/sendmail"))
            .args(["-i", "-f", sender, "--", recipient])
            .env("MAIL_CONFIG", self.folder.join("etc"))
            .env("LD_LIBRARY_PATH", self.prefix.join("usr/lib/postfix"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("sendmail(1) of Postfix");
        let message = format!("Message-ID: <{token}@sender.example>\nSubject: test\n\nHello\n");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(message.as_bytes())
            .expect("writing to sendmail(1)");
        let status = child.wait().expect("waiting for sendmail(1)");
        assert!(
            status.success(),
            "sendmail(1): {status}\n{}",
            peers::tail(&self.log())
        );
    }

    /// Returns the directory of `main.cf`.
    pub fn config(&self) -> PathBuf {
        self.folder.join("etc")
    }

    /// Returns the queue directory, which is the root of a chrooted smtpd.
    pub fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("mail.log")
    }

    /// Ends Postfix now; dropping the value does the same.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are ASCII")
}

fn main_cf(prefix: &Path, folder: &Path, doors: &[Door], sink: u16, domains: &[&str]) -> String {
    let (prefix, folder) = (text(prefix), text(folder));
    let first = doors
        .first()
        .map_or(String::new(), |door| door.milters.join(","));
    format!(
        "{MAIN}{ACCOUNTS}\
         queue_directory = {folder}/spool\n\
         data_directory = {folder}/data\n\
         command_directory = {prefix}/usr/sbin\n\
         daemon_directory = {prefix}/usr/lib/postfix/sbin\n\
         shlib_directory = {prefix}/usr/lib/postfix\n\
         meta_directory = {prefix}/etc/postfix\n\
         sendmail_path = {prefix}/usr/sbin/sendmail\n\
         newaliases_path = {prefix}/usr/sbin/sendmail\n\
         mailq_path = {prefix}/usr/sbin/sendmail\n\
         manpage_directory = {folder}/man\n\
         maillog_file = {folder}/mail.log\n\
         maillog_file_prefixes = {folder}\n\
         relayhost = [127.0.0.1]:{sink}\n\
         relay_transport = relay:[127.0.0.1]:{sink}\n\
         relay_domains = {}\n\
         non_smtpd_milters = {first}\n",
        domains.join(", ")
    )
}

/// Returns the last line of each parameter. Postfix uses that line as well, but every process warns about the others:
/// so many warnings at the start fill the socket of postlogd(8), which then waits for itself.
fn last_of_each(main: &str) -> String {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let lines: Vec<&str> = main.lines().collect();
    let kept = lines.iter().enumerate().filter(|(place, line)| {
        let is_start = !line.starts_with([' ', '\t', '#']) && line.contains('=');
        let later = lines.iter().skip(place + 1);
        !is_start || !later.clone().any(|other| name(other) == name(line))
    });
    kept.fold(String::new(), |text, (_, line)| text + line + "\n")
}

fn master_cf(doors: &[Door]) -> String {
    let mut master = String::new();
    for door in doors {
        let chroot = if door.chroot { "y" } else { "n" };
        let _ = write!(
            master,
            "127.0.0.1:{} inet n - {chroot} - - smtpd",
            door.port
        );
        // Without milters of its own, the port has those of main.cf.
        if !door.milters.is_empty() {
            let _ = write!(master, " -o smtpd_milters={}", door.milters.join(","));
        }
        master.push('\n');
    }
    master + MASTER
}
