//! What is known about the machine: plain values, which `gather` and the command collect.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{codes::Code, listed::Connection, probe::Probe};
use crate::{
    config::{Config, Mode, socket::Socket},
    engine::{
        Table,
        address::{Domain, Mailbox},
        rewrite::{Outcome, decide},
        rule::{Action, DomainClass, Pattern, TargetKind},
    },
};

/// The most addresses of a table that are looked up in the MTA's maps.
pub const SAMPLE: usize = 500;

/// Everything that is known about the machine.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What readdress' own rules and configuration say.
    pub readdress: Readdress,
    /// What DNS says.
    pub dns: Dns,
    /// Postfix, where there is one.
    pub postfix: Option<Postfix>,
    /// Sendmail, where there is one.
    pub sendmail: Option<Sendmail>,
    /// The running daemon.
    pub daemon: Daemon,
    /// What the MTA replied when it was asked about addresses.
    pub probe: Probe,
    /// The directories on the way to each socket file.
    pub paths: BTreeMap<PathBuf, Walk>,
    /// Names of groups.
    pub groups: BTreeMap<u32, String>,
    /// Addresses that the MTA adds by itself, with the targets that the table has for each.
    pub added: BTreeMap<String, Vec<String>>,
    /// What could not be checked.
    pub unseen: Vec<Unseen>,
}

/// Something that could not be checked.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// What it is.
    pub about: String,
    /// Why it could not be checked.
    pub reason: String,
    /// What makes the check possible.
    pub help: String,
}

/// What readdress' own rules and configuration say.
#[derive(Clone, Debug, Default)]
pub struct Readdress {
    /// The configuration file, for help lines.
    pub file: String,
    /// Findings of the configuration file (place, sentence, help). Keys with a finding have their defaults.
    pub misconfigured: Vec<(String, String, String)>,
    /// True if neither the file nor the daemon says where the daemon listens.
    pub sockets_unknown: bool,
    /// Why there is no table, if the rules have errors.
    pub broken: Option<String>,
    /// True if the rules directory does not exist.
    pub missing: bool,
    /// Findings about postmaster@ and abuse@: place, sentence, help.
    pub postmasters: Vec<(String, String, String)>,
    /// Findings about files that others can write, each with its code.
    pub exposed: Vec<(Code, (String, String, String))>,
    /// Primary domains.
    pub primary: Vec<Domain>,
    /// Secondary domains.
    pub secondary: Vec<Domain>,
    /// External domains of targets. Only rules may send mail there; the MTA must not relay to them.
    pub targeted: Vec<Domain>,
    /// Domains all of whose subdomains are secondary.
    pub wildcards: Vec<Domain>,
    /// Addresses that rules rewrite, [`SAMPLE`] at most.
    pub originals: Vec<Mailbox>,
    /// Addresses that come out of rules and are final, [`SAMPLE`] at most.
    pub targets: Vec<Mailbox>,
    /// `recipient_delimiter`.
    pub delimiter: String,
    /// True with `mode = "observe"`: nothing is rewritten.
    pub observes: bool,
    /// `[headers] x_original_to`: a header shows the address as it was received.
    pub x_original_to: bool,
    /// The rules directory.
    pub rules: PathBuf,
    /// Where the milter listens.
    pub milter: Vec<Socket>,
    /// Where the socketmap listens.
    pub socketmap: Vec<Socket>,
    /// The control socket.
    pub control: Option<Socket>,
}

impl Readdress {
    /// Takes what doctor needs from a configuration and, if the rules have no error, from their table.
    pub fn new(file: &Path, config: &Config, table: Option<&Table>) -> Self {
        let mut readdress = Self {
            file: file.display().to_string(),
            delimiter: config.settings.recipient_delimiter.clone(),
            observes: config.mode == Mode::Observe,
            x_original_to: config.headers.original_to,
            rules: config.rules.clone(),
            milter: config.milter.listen.clone(),
            socketmap: config.socketmap.clone(),
            control: Some(config.control.clone()),
            ..Self::default()
        };
        let Some(table) = table else { return readdress };
        for (domain, class) in table.inbound_domains() {
            match class {
                DomainClass::Primary => readdress.primary.push(domain.clone()),
                _ => readdress.secondary.push(domain.clone()),
            }
        }
        let external = |domain: &&Domain| table.class(domain) == Some(DomainClass::External);
        readdress.targeted = table.target_domains().filter(external).cloned().collect();
        readdress.targeted.sort();
        for rule in table.rules() {
            readdress.add(table, &rule.pattern, &rule.action);
        }
        readdress
    }

    fn add(&mut self, table: &Table, pattern: &Pattern, action: &Action) {
        if let Pattern::Subdomains(domain) = pattern {
            self.wildcards.push(domain.clone());
        }
        let Action::Rewrite(targets) = action else {
            return;
        };
        if let Pattern::Mailbox(mailbox) = pattern {
            push(&mut self.originals, mailbox);
        }
        for target in targets {
            let TargetKind::Mailbox(mailbox) = &target.kind else {
                continue;
            };
            // A target with a rule of its own is an original as well.
            if decide(table, mailbox).outcome == Outcome::Keep {
                push(&mut self.targets, mailbox);
            }
        }
    }

    /// Returns the primary and secondary domains.
    pub fn inbound(&self) -> impl Iterator<Item = &Domain> {
        self.primary.iter().chain(&self.secondary)
    }

    /// Returns the help that says which line to write below which section of the configuration file.
    pub fn setting(&self, section: &str, line: &str) -> String {
        format!("write `{line}` below `[{section}]` in {}", self.file)
    }

    /// Returns the keys for which maps of the MTA are asked: domains, whole domains, addresses.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for domain in self.inbound() {
            for form in domain.spellings() {
                keys.extend([form.clone(), format!("@{form}")]);
            }
        }
        // transport(5): a domain that stands for its subdomains, and everything.
        let above = self.inbound().flat_map(|domain| {
            let text = domain.as_str();
            let dots = text.match_indices('.').map(|(at, _)| at);
            let parents: Vec<_> = dots
                .flat_map(|at| [text.get(at..), text.get(at + 1..)])
                .flatten()
                .map(str::to_owned)
                .collect();
            parents
        });
        let above: BTreeSet<_> = above.chain(["*".to_owned()]).collect();
        let above: Vec<_> = above
            .into_iter()
            .filter(|key| !keys.contains(key))
            .collect();
        keys.extend(above);
        let addresses = self.originals.iter().chain(&self.targets);
        keys.extend(addresses.map(|mailbox| mailbox.to_string().to_lowercase()));
        keys.dedup();
        keys
    }
}

fn push(list: &mut Vec<Mailbox>, mailbox: &Mailbox) {
    if list.len() < SAMPLE && !list.contains(mailbox) {
        list.push(mailbox.clone());
    }
}

/// What DNS says.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// The server that was asked, as it is shown to people.
    pub server: String,
    /// The MX records of each inbound domain.
    pub domains: BTreeMap<Domain, Mx>,
    /// What is known about the targets of MX records and about domains without any. Names have no final dot.
    pub hosts: BTreeMap<String, HostRecord>,
}

/// The MX records of a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mx {
    /// Targets, the most preferred first; the root (a null MX) is the empty name.
    Targets(Vec<String>),
    /// The domain exists without one.
    None,
    /// There is no such domain.
    NoDomain,
    /// No answer came, for this reason.
    Failed(String),
}

/// What DNS knows about the name of a host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HostRecord {
    /// It has an address.
    Addresses,
    /// It is an alias of this name.
    Alias(String),
    /// It has no address, or does not exist.
    NoAddress,
    /// No answer came, for this reason.
    Failed(String),
}

/// A Postfix instance.
#[derive(Clone, Debug, Default)]
pub struct Postfix {
    /// `main.cf`, with its directory.
    pub main_cf: String,
    /// The directory of `main.cf`, if commands must name it (`-c`).
    pub directory: Option<PathBuf>,
    /// The directory of postconf(1) and postfix(1), if commands must name it.
    pub tools: Option<PathBuf>,
    /// What Postfix itself says about its configuration.
    pub complaints: Vec<Complaint>,
    /// Every parameter with its value, `$name` filled in.
    pub values: BTreeMap<String, String>,
    /// The parameters that `main.cf` sets, as they are written.
    pub own: BTreeMap<String, String>,
    /// The services of `master.cf`.
    pub services: Vec<Service>,
    /// What each map (`type:table`) answered for the keys of [`Readdress::keys`]. Maps that were not asked are
    /// missing.
    pub maps: BTreeMap<String, BTreeMap<String, String>>,
    /// The words of files that lists name.
    pub files: BTreeMap<String, Vec<String>>,
    /// Keys and values of the tables that could be read as a whole.
    pub entries: BTreeMap<String, Vec<(String, String)>>,
    /// Hosts named by transports that are this machine.
    pub own_hosts: BTreeSet<String>,
    /// The user that its daemons run as.
    pub user: Option<User>,
    /// The milters and socketmaps that its parameters name, and what answered there.
    pub connections: Vec<Connection>,
}

/// What Postfix says about its own configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Complaint {
    /// Postfix cannot read it, and does not start, or stops.
    Fatal(String),
    /// A line has no effect, or another one than it seems to have.
    Warning(String),
    /// What `postfix check` warns of: owners and permissions.
    Check(String),
}

/// One line of `master.cf`.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// `smtp/inet`.
    pub name: String,
    /// True if it is confined to the queue directory.
    pub chroot: bool,
    /// The program (`smtpd`).
    pub command: String,
    /// Its `-o name=value`.
    pub overrides: BTreeMap<String, String>,
}

/// A Sendmail instance.
#[derive(Clone, Debug, Default)]
pub struct Sendmail {
    /// `sendmail.cf`, with its directory.
    pub cf: String,
    /// Its text.
    pub text: String,
    /// The lines of the files that it names.
    pub files: BTreeMap<String, Vec<String>>,
    /// `RunAsUser`; root without one.
    pub user: Option<User>,
    /// The milters and maps that its lines name, and what answered there.
    pub connections: Vec<Connection>,
}

/// A user, with what decides about permissions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Numbers of groups, supplementary ones included.
    pub gids: Vec<u32>,
}

/// The running daemon.
#[derive(Clone, Debug, Default)]
pub enum Daemon {
    /// It was not asked.
    #[default]
    Unasked,
    /// It does not answer, for this reason.
    Down(String),
    /// Doctor may not ask it, for this reason.
    Closed(String),
    /// It answered.
    Up(Answer),
}

/// What a daemon answered, and which of its sockets do not answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The generation of its table; 0 if it has none.
    pub generation: u64,
    /// The directory that it reads.
    pub directory: PathBuf,
    /// The findings because of which the last reload was refused.
    pub refused: Option<Vec<String>>,
    /// How many addresses were decided both by the daemon and by the files.
    pub compared: usize,
    /// Addresses that the daemon and the files decide differently, with the outcomes of files and daemon.
    pub differing: Vec<(String, String, String)>,
    /// Sockets that accepted no connection.
    pub dead: Vec<(Socket, SocketFailure)>,
}

/// Why a socket accepts no connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SocketFailure {
    /// There is no such file.
    Missing,
    /// Nothing answers, for this reason.
    Silent(String),
}

/// The way to a file, from the root directory to the file itself.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// Each directory and the file at the end, up to the first that does not exist or is hidden.
    pub steps: Vec<Step>,
    /// True if the file at the end was reached.
    pub complete: bool,
    /// True if the next step does not exist. False if doctor has no permission to see it.
    pub missing: bool,
    /// The path without symbolic links, if it is complete.
    pub real: Option<PathBuf>,
}

/// One directory or file on the way.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its path.
    pub path: PathBuf,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}
