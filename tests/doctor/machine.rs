//! A machine on which nothing is wrong: rules, a running daemon, DNS, and the configuration of an MTA.
//!
//! A case changes one thing of it and runs `readdress doctor`. In all texts `{dir}` stands for the
//! machine's folder, `{milter}` and `{map}` for the daemon's two ports, `{other}` for the port of another
//! milter, `{dead}` for one on which nobody listens.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::folder::{Folder, free_port};
use crate::support::peers;
use crate::support::process::Process;
use crate::zone::{Data, Zone};

/// Longer than a daemon takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const RULES: &str = "\
company.com primary unknown=reject
domain2.com secondary
exämple.test secondary
@domain2.com @company.com
jd@domain2.com jdoe@company.com
jd@exämple.test jdoe@company.com
postmaster@* postmaster@company.com
abuse@* postmaster@company.com
jdoe@company.com mailbox
postmaster@company.com mailbox
";

const CONFIG: &str = "\
rules = \"rules\"
[milter]
listen = [\"inet:127.0.0.1:{milter}\"]
[socketmap]
listen = [\"inet:127.0.0.1:{map}\"]
[control]
listen = \"unix:control.sock\"
";

/// Accounts that every Debian has stand for those of Postfix.
const MAIN: &str = "\
compatibility_level = 3.6
mail_owner = mail
setgid_group = games
default_privs = nobody
queue_directory = {dir}/spool
mydestination = localhost
relay_domains = domain2.com, company.com, exämple.test, xn--exmple-cua.test
parent_domain_matches_subdomains =
relay_recipient_maps = socketmap:inet:127.0.0.1:{map}:recipients
smtpd_milters = inet:127.0.0.1:{milter}
non_smtpd_milters = inet:127.0.0.1:{milter}
milter_default_action = tempfail
recipient_delimiter = +
";

const MASTER: &str = "\
smtp      inet  n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
proxymap  unix  - - n - - proxymap
";

const MC: &str = "\
divert(-1)
define(`_CF_DIR_', `{cf}/')
divert(0)dnl
include(`{cf}/m4/cf.m4')
OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
{relay}DAEMON_OPTIONS(`Name=MTA, Port=25')dnl
";

/// The lines that connect the machine to readdress. A case may change them.
const MC_OURS: &str = "\
RELAY_DOMAIN(`domain2.com company.com exämple.test xn--exmple-cua.test')dnl
INPUT_MAIL_FILTER(`readdress', `S=inet:{milter}@127.0.0.1, F=T, T=C:30s;S:30s;R:30s;E:5m')dnl
LOCAL_CONFIG
Kdomains socket -T<TMPF> inet:{map}@127.0.0.1
Krecipients socket -T<TMPF> inet:{map}@127.0.0.1
LOCAL_RULESETS
SLocal_check_rcpt
R$*\t$: $>canonify $1
R$+ < @ $+ . >\t$: <$(recipients $1@$2 $: NO $)> $1 @ $2
";

/// Which MTA a machine has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mta {
    Postfix,
    Sendmail,
}

pub struct Machine {
    pub mta: Mta,
    pub zone: Zone,
    pub rules: String,
    pub config: String,
    pub main: String,
    pub master: String,
    pub mc: String,
    /// True if class R does not stand for subdomains.
    pub relay_hosts_only: bool,
    /// Files of the folder, by name.
    pub files: Vec<(&'static str, String)>,
    /// True if a daemon is started.
    pub daemon: bool,
    /// A shell script that is run in the folder when the daemon answers.
    pub then: String,
    /// More arguments of doctor.
    pub arguments: Vec<String>,
    /// Another `sendmail.cf`: that of a running Sendmail.
    pub sendmail: Option<PathBuf>,
    /// True if doctor runs without root's right to open every file.
    pub powerless: bool,
    /// Another directory of `main.cf`: that of a running Postfix.
    pub postfix: Option<PathBuf>,
    pub folder: Folder,
    milter: u16,
    map: u16,
    other: u16,
    dead: u16,
    running: Option<Process>,
}

/// What doctor printed.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Returns the objects of `--format json` except the last.
    pub fn findings(&self) -> Vec<Value> {
        let mut objects = self.objects();
        objects.pop();
        objects
    }

    /// Returns the last object: what was checked.
    pub fn summary(&self) -> Value {
        let mut last = self.objects().pop().expect("a summary");
        last["summary"].take()
    }

    fn objects(&self) -> Vec<Value> {
        let objects = self.out.lines().map(serde_json::from_str);
        objects
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the results and texts of the checks of one thing.
    pub fn look(&self, what: &str) -> Vec<(String, String)> {
        let summary = self.summary();
        let looks = summary["looked_at"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let looks = looks.iter().filter(|look| look["what"] == what);
        looks
            .map(|look| (text(&look["result"]), text(&look["text"])))
            .collect()
    }
}

impl Machine {
    pub fn new(mta: Mta) -> Self {
        let mut zone = Zone::default();
        zone.set("mx.company.com", &[Data::A]);
        for domain in ["company.com", "domain2.com", "xn--exmple-cua.test"] {
            zone.set(domain, &[Data::Mx("mx.company.com")]);
        }
        Self {
            mta,
            zone,
            rules: RULES.to_owned(),
            config: CONFIG.to_owned(),
            main: MAIN.to_owned(),
            master: MASTER.to_owned(),
            mc: MC_OURS.to_owned(),
            relay_hosts_only: true,
            files: Vec::new(),
            daemon: true,
            then: String::new(),
            arguments: Vec::new(),
            sendmail: None,
            powerless: false,
            postfix: None,
            folder: Folder::new("doctor"),
            milter: free_port(),
            map: free_port(),
            other: another_milter(),
            dead: free_port(),
            running: None,
        }
    }

    /// Replaces a part of the lines for Sendmail, which must be there.
    pub fn mc(&mut self, from: &str, to: &str) {
        assert!(self.mc.contains(from), "{from}");
        self.mc = self.mc.replace(from, to);
    }

    /// Replaces a part of the daemon's configuration, which must be there.
    pub fn configure(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from}");
        self.config = self.config.replace(from, to);
    }

    /// Moves a socket of the daemon, `{milter}` or `{map}`, to another place, for the daemon and for Postfix.
    pub fn move_socket(&mut self, port: &str, to: &str) {
        let from = format!("inet:127.0.0.1:{port}");
        self.configure(&from, to);
        self.main = self.main.replace(&from, to);
    }

    /// Lets a service of Postfix run in a chroot.
    pub fn chroot(&mut self, service: &str) {
        let open = format!("{service}  n - n");
        assert!(self.master.contains(&open), "{open}");
        let closed = format!("{service}  n - y");
        self.master = self.master.replacen(&open, &closed, 1);
    }

    pub fn filled(&self, text: &str) -> String {
        let dir = self.folder.path().to_str().expect("ASCII");
        let cf = cache().join("sendmail/usr/share/sendmail/cf");
        text.replace("{dir}", dir)
            .replace("{milter}", &self.milter.to_string())
            .replace("{map}", &self.map.to_string())
            .replace("{other}", &self.other.to_string())
            .replace("{dead}", &self.dead.to_string())
            .replace("{cf}", cf.to_str().expect("ASCII"))
    }

    /// Writes all files, and starts the daemon.
    pub fn start(&mut self) {
        for folder in ["rules", "etc", "spool"] {
            self.folder.subfolder(folder);
        }
        let write = |name: &str, text: &str| {
            fs::write(self.folder.join(name), self.filled(text)).expect("a file of the machine");
        };
        write("rules/a.rules", &self.rules);
        write("readdress.toml", &self.config);
        write("etc/main.cf", &last_wins(&self.main));
        write("etc/master.cf", &self.master);
        for (name, text) in &self.files {
            if let Some((folder, _)) = name.rsplit_once('/') {
                self.folder.subfolder(folder);
            }
            write(name, text);
        }
        if self.mta == Mta::Sendmail {
            let own = if self.relay_hosts_only {
                "FEATURE(`relay_hosts_only')dnl\n"
            } else {
                ""
            };
            write(
                "sendmail.mc",
                &format!("{}{}", MC.replace("{relay}", own), self.mc),
            );
            self.script("m4 sendmail.mc >sendmail.cf");
        }
        if self.daemon {
            self.running = Some(self.launch());
        }
        self.script(&self.then);
    }

    fn etc(&self) -> PathBuf {
        let own = self.folder.join("etc");
        self.postfix.clone().unwrap_or(own)
    }

    /// Returns true if the daemon answers and has read its rules. A case changes them only after that.
    fn has_read_its_rules(&self) -> bool {
        let Ok(mut stream) = UnixStream::connect(self.folder.join("control.sock")) else {
            return false;
        };
        let mut answer = String::new();
        let _ = stream.write_all(b"{\"command\":\"status\"}\n");
        let _ = stream.read_to_string(&mut answer);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["last_reload"].is_object()
    }

    fn launch(&self) -> Process {
        let config = self.folder.join("readdress.toml");
        let program = env!("CARGO_BIN_EXE_readdress");
        let command = [program, "run", "--config", config.to_str().expect("ASCII")];
        let log = self.folder.join("log");
        let mut process = Process::start("readdress", &command, &[], &log);
        let end = Instant::now() + PATIENCE;
        while !self.has_read_its_rules() {
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert_eq!(process.ended(), None, "{}", log());
            assert!(Instant::now() < end, "{}", log());
            sleep(Duration::from_millis(10));
        }
        process
    }

    /// Returns a text as it would be on a machine with Postfix in its usual place.
    pub fn usual(&self, text: &str) -> String {
        let tools = tools();
        let directory = self.etc();
        text.replace(&format!("{}/", tools.display()), "")
            .replace(&format!(" -c {}", directory.display()), "")
    }

    /// Runs a script in the folder.
    pub fn script(&self, script: &str) {
        // Postfix waits until files that have just been written are two seconds old.
        let script = format!("{script}\ntouch -d '1 minute ago' etc/*");
        let mut command = Command::new("sh");
        command
            .args(["-ec", &self.filled(&script)])
            .current_dir(self.folder.path());
        let done = self.environment(&mut command).output().expect("sh");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}: {said}");
    }

    fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let postfix = cache().join("postfix");
        command
            .env("LD_LIBRARY_PATH", postfix.join("usr/lib/postfix"))
            .env("MAIL_CONFIG", self.etc())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
    }

    /// Runs doctor on it.
    pub fn diagnose(&self, arguments: &[&str]) -> Said {
        let dns = self.zone.clone().serve().to_string();
        let mut command = Command::new("setpriv");
        // Nobody but root has that right, and can give it up.
        if self.powerless && fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.arg("--bounding-set=-dac_override,-dac_read_search");
        }
        command
            .args(["--", env!("CARGO_BIN_EXE_readdress"), "doctor", "--config"])
            .arg(self.folder.join("readdress.toml"));
        command.args(["--dns", &dns]);
        match self.mta {
            Mta::Postfix => command
                .arg("--postconf")
                .arg(cache().join("postfix/usr/sbin/postconf"))
                .arg("--postfix-config")
                .arg(self.etc()),
            Mta::Sendmail => command.arg("--sendmail-cf").arg(match &self.sendmail {
                Some(cf) => cf.clone(),
                None => self.folder.join("sendmail.cf"),
            }),
        };
        let more = self.arguments.iter().map(|text| self.filled(text));
        command
            .args(more)
            .args(arguments)
            .current_dir(self.folder.path());
        let output = self.environment(&mut command).output().expect("readdress");
        Said {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Returns `main.cf` with each parameter once: the last line counts. A case adds lines to those of a right machine.
pub fn last_wins(main: &str) -> String {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let lines: Vec<_> = main.lines().collect();
    let kept = lines.iter().enumerate().filter(|(at, line)| {
        let is_setting = line.contains('=') && !line.starts_with([' ', '#']);
        let mut later = lines.iter().skip(at + 1);
        !is_setting || !later.any(|other| !other.starts_with(' ') && name(other) == name(line))
    });
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// Starts a milter that accepts any offer and sends nothing more. Returns its port.
fn another_milter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port for another milter");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let _ = stream.write_all(b"\0\0\0\x0dO\0\0\0\x06\0\0\0\0\0\x1f\xff\xff");
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    port
}

/// Returns the directory of postconf(1) and the other programs.
pub fn tools() -> PathBuf {
    cache().join("postfix/usr/sbin")
}

/// Returns the directory into which the MTAs were unpacked.
pub fn cache() -> PathBuf {
    peers::unpacked().expect("asked before")
}
