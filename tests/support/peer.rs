//! One interface for the three peers: open a session, send SMTP commands, ask what was delivered.
//!
//! A peer is started once and serves all scenarios; only the daemon behind it changes.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use super::fake::Fake;
use super::folder::free_port;
use super::peers::{self, Door};
use super::postfix::Postfix;
use super::sendmail::{Plan, Sendmail};
use super::sink::{Copy, Delivery, Sink};
use super::smtp::{Client, Reply};

/// The domains that the MTAs relay. The internationalised domain has both spellings, which an MTA takes for two
/// domains. `old.example` and `virt.example` have an old alias map, below.
pub const DOMAINS: &[&str] = &[
    "company.com",
    "domain2.com",
    "sub.domain2.com",
    "deep.sub.domain2.com",
    "domain3.com",
    "partner.example",
    "old.example",
    "xn--exmple-cua.test",
    "exämple.test",
];

/// This build of Sendmail does not know SMTPUTF8, and its configuration is ASCII.
const ASCII_DOMAINS: usize = DOMAINS.len() - 1;

/// An old map that an administrator forgot to remove: Postfix rewrites `jd` itself.
const OLD_MAP: &str = "virtual_alias_maps = inline:{ { jd@old.example = jdoe@company.com } }\n";

const PLAN: Plan<'static> = Plan {
    relayed: DOMAINS.split_at(ASCII_DOMAINS).0,
    local: &["local2.example", "local.example"],
    virtusers: &[("jd@virt.example", "jdoe@company.com")],
    virtuser_domain: "virt.example",
    extra: "",
};

pub enum Peer {
    Fake,
    Postfix {
        mta: Postfix,
        sink: Sink,
        milter: u16,
    },
    Sendmail {
        mta: Sendmail,
        sink: Sink,
        milter: u16,
    },
}

impl Peer {
    /// Starts a peer by its name; `None` if it is left out on purpose.
    pub fn start(name: &str) -> Option<Self> {
        if name == "fake" {
            return Some(Self::Fake);
        }
        let cache = peers::unpacked()?;
        let (sink, milter) = (Sink::start(), free_port());
        let doors = vec![Door::new(&[&format!("inet:127.0.0.1:{milter}")])];
        Some(if name == "postfix" {
            let mta = Postfix::start(&cache, doors, sink.port, DOMAINS, OLD_MAP);
            Self::Postfix { mta, sink, milter }
        } else {
            let mta = Sendmail::start(&cache, doors, sink.port, &PLAN);
            Self::Sendmail { mta, sink, milter }
        })
    }

    /// Returns the ports on which the daemon must listen for the peer.
    pub fn milter_ports(&self) -> Vec<u16> {
        match self {
            Self::Fake => Vec::new(),
            Self::Postfix { milter, .. } | Self::Sendmail { milter, .. } => vec![*milter],
        }
    }

    /// Opens a session as a stranger, or as somebody who may relay.
    ///
    /// `resolves` is for the fake MTA; the real MTAs have it in their configuration.
    pub fn open(
        &self,
        socket: &Path,
        trusted: bool,
        resolves: &[(String, String)],
    ) -> io::Result<Session> {
        let (port, own) = match self {
            Self::Fake => return Ok(Session::Fake(Box::new(Fake::connect(socket, resolves)?))),
            Self::Postfix { mta, .. } => (mta.doors[0].port, Ipv4Addr::new(127, 0, 0, 2)),
            Self::Sendmail { mta, .. } => (mta.doors[0].port, Ipv4Addr::LOCALHOST),
        };
        let stranger = if own == Ipv4Addr::LOCALHOST {
            Ipv4Addr::new(127, 0, 0, 2)
        } else {
            Ipv4Addr::LOCALHOST
        };
        Client::greet(if trusted { own } else { stranger }, port).map(Session::Smtp)
    }

    /// Waits until everything is delivered.
    pub fn drain(&self) -> Result<(), String> {
        match self {
            Self::Fake => Ok(()),
            Self::Postfix { mta, .. } => mta.drain(),
            Self::Sendmail { mta, .. } => mta.drain(),
        }
    }

    /// Returns what was delivered of the message with this token. A session of the fake MTA knows that itself.
    pub fn copies(&self, token: &str) -> Vec<Copy> {
        match self {
            Self::Fake => Vec::new(),
            Self::Postfix { sink, .. } => sink.copies(token),
            Self::Sendmail { mta, sink, .. } => {
                let mut copies = sink.copies(token);
                copies.extend(mta.local_copies(token));
                copies
            }
        }
    }

    /// Returns the bounces of the message with this token.
    pub fn bounces(&self, token: &str) -> Vec<Delivery> {
        match self {
            Self::Fake => Vec::new(),
            Self::Postfix { sink, .. } | Self::Sendmail { sink, .. } => {
                sink.deliveries(|delivery| delivery.sender.is_empty() && delivery.holds(token))
            }
        }
    }
}

/// One SMTP session.
pub enum Session {
    Fake(Box<Fake>),
    Smtp(Client),
}

impl Session {
    pub fn mail(&mut self, text: &[u8]) -> io::Result<Reply> {
        match self {
            Self::Fake(fake) => fake.mail(text),
            Self::Smtp(client) => client.command(&[b"MAIL FROM:", text].concat()),
        }
    }

    pub fn rcpt(&mut self, text: &[u8]) -> io::Result<Reply> {
        match self {
            Self::Fake(fake) => fake.rcpt(text),
            Self::Smtp(client) => client.command(&[b"RCPT TO:", text].concat()),
        }
    }

    /// Sends the message. The fake MTA delivers at once, and returns what it delivered.
    pub fn end(&mut self, token: &str) -> io::Result<(Reply, Vec<Copy>)> {
        match self {
            Self::Fake(fake) => Ok((fake.end()?, std::mem::take(&mut fake.delivered))),
            Self::Smtp(client) => Ok((client.message(token)?, Vec::new())),
        }
    }

    pub fn reset(&mut self) -> io::Result<Reply> {
        match self {
            Self::Fake(fake) => fake.reset(),
            Self::Smtp(client) => client.command(b"RSET"),
        }
    }

    pub fn ehlo(&mut self) -> io::Result<Reply> {
        match self {
            Self::Fake(fake) => fake.ehlo(),
            Self::Smtp(client) => client.command(b"EHLO client.example"),
        }
    }

    /// Sends QUIT. An MTA closes its milter connection after that.
    pub fn quit(self) {
        if let Self::Smtp(mut client) = self {
            // A session that the MTA has already closed needs no QUIT.
            let _ = client.command(b"QUIT");
        }
    }
}
