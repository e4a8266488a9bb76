//! Every key of `readdress.toml`, defined once.
//!
//! The definition of a key holds its meaning, section, name, type, default, kind of values, effect of
//! a change, and an example. The parser, `readdress config`, the report of changes, the sample file and
//! readdress.toml(5) come from it: a new key is one entry here, and the code that uses its value.
//!
//! ```text
//! /// What the key does: this comment is also the text of the manual and of the sample file.
//! "section", "name", field: Type = default, KIND, Effect, example;
//! ```

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    choices::{LEVELS, LogAddresses, Mode, Refusals},
    key::{self, Effect, Field},
    kind::{Choice, Number},
    origin::Origins,
    socket::Socket,
    values::{
        DAYS, DEFER_REPLY, DELIMITERS, DURATION, GROWTH, PATH, PERCENT, REJECT_REPLY, RESERVED,
        SIZE, SOCKETS, SOME_SOCKETS, SWITCH, UNIX_SOCKET,
    },
};
use crate::{
    engine::{Settings, address::LocalCase, transaction::Limits},
    headers::HeaderSettings,
};

/// A key of `readdress.toml`.
pub type Key = key::Key<Config>;

/// One entry of [`KEYS`].
macro_rules! key {
    ([$($doc:literal)+], $section:literal, $name:literal, [$(.$place:ident)*] $field:ident, $kind:expr, $effect:ident, $example:literal) => {
        Key {
            section: $section,
            name: $name,
            effect: Effect::$effect,
            example: $example,
            meaning: &[$($doc),+],
            setting: &Field {
                get: |config: &Config| &config$(.$place)*.$field,
                get_mut: |config: &mut Config| &mut config$(.$place)*.$field,
                kind: &$kind,
            },
        }
    };
}

/// A part of the configuration with its keys; `$place` leads to it from [`Config`].
macro_rules! part {
    (
        $(#[$about:meta])*
        $part:ident, $place:tt, {
            $($(#[doc = $doc:literal])+
            $section:literal, $name:literal, $field:ident: $type:ty = $default:expr,
                $kind:expr, $effect:ident, $example:literal;)*
        }
        $($(#[$other_doc:meta])+ $other:ident: $other_type:ty = $other_default:expr;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $part {
            $($(#[doc = $doc])+ pub $field: $type,)*
            $($(#[$other_doc])+ pub $other: $other_type,)*
        }

        impl Default for $part {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    $($other: $other_default,)*
                }
            }
        }

        impl $part {
            /// The keys of this part.
            const KEYS: &[Key] = &[
                $(key!([$($doc)+], $section, $name, $place $field, $kind, $effect, $example),)*
            ];
        }
    };
}

/// Keys whose values belong to a type of another room, which has their defaults.
macro_rules! elsewhere {
    ($keys:ident: $part:ident {
        $($(#[doc = $doc:literal])+
        $section:literal, $name:literal, $field:ident, $kind:expr, $effect:ident, $example:literal;)*
    }) => {
        const $keys: &[Key] = &[
            $(key!([$($doc)+], $section, $name, [.$part] $field, $kind, $effect, $example),)*
        ];
    };
}

/// The sections of the file, in the order of the sample file, each with a sentence about it.
pub const SECTIONS: &[(&str, &str)] = &[
    ("", "Keys before the first section."),
    (
        "milter",
        "The service that the MTA connects to for each message.",
    ),
    (
        "socketmap",
        "The service that answers lookups of Postfix and Sendmail in the table.",
    ),
    ("monitor", "Reserved for status over HTTP."),
    (
        "control",
        "The service that the commands use to ask the daemon.",
    ),
    ("rewrite", "How addresses are looked up and rewritten."),
    (
        "headers",
        "Which header fields are changed. None by default.",
    ),
    ("replies", "The replies to addresses that do not exist."),
    ("reload", "How changed rules are noticed and checked."),
    (
        "history",
        "Which tables are kept after others took their place.",
    ),
    (
        "traffic",
        "Which addresses got mail lately. A new table that would refuse them is held back.",
    ),
    ("log", "What the log shows."),
];

/// Returns all keys, in the order of the sample file.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    let all = [
        Config::KEYS,
        Milter::KEYS,
        SETTINGS,
        HEADERS,
        Reload::KEYS,
        History::KEYS,
        Traffic::KEYS,
    ];
    SECTIONS.iter().flat_map(move |(section, _)| {
        let all = all.into_iter().flatten();
        all.filter(move |key| key.section == *section)
    })
}

const fn number(unit: &'static str) -> Number {
    Number {
        unit,
        least: 1,
        most: 1_000_000,
    }
}

const fn number_or_none(unit: &'static str) -> Number {
    Number {
        least: 0,
        ..number(unit)
    }
}

part! {
    /// The whole configuration.
    Config, [], {
        /// The directory with the rules. The daemon reads every file in it; saving a file makes the
        /// new rules live.
        "", "rules", rules: PathBuf = PathBuf::from("/etc/readdress/rules"),
            PATH, Restart, "\"/srv/readdress/rules\"";
        /// With "rewrite" the daemon rewrites and refuses recipients. With "observe" the daemon logs
        /// what it would do and changes nothing.
        ///
        /// Caution: with "observe" mail to secondary addresses passes as it is, and nothing is refused.
        "", "mode", mode: Mode = Mode::Rewrite, Choice(Mode::WORDS), AtOnce, "\"observe\"";
        /// The directory for what the daemon must know after a restart: the history of the tables that
        /// went live. A daemon that starts while its rules are broken or lost serves the last good table
        /// from there. Without this directory nobody can go back, and the daemon cannot tell lost rules
        /// from a first start: mail then passes unchanged.
        /// With the flag --rules this directory is used only if it is configured.
        "", "state", state: PathBuf = PathBuf::from("/var/lib/readdress"),
            PATH, Restart, "\"/srv/readdress/state\"";
        /// The sockets for lookups in the table, by the socketmap protocol of Postfix and Sendmail. The
        /// maps are domains, secondary, recipients and rewrite.
        "socketmap", "listen", socketmap: Vec<Socket> = Vec::new(),
            SOME_SOCKETS, Restart, "[\"unix:/run/readdress/socketmap.sock\"]";
        /// Reserved: this version has no HTTP service.
        "monitor", "listen", monitor: Vec<Socket> = Vec::new(), RESERVED, Restart, "[]";
        /// The socket through which the commands reach the running daemon.
        "control", "listen", control: Socket = Socket::Unix("/run/readdress/control.sock".into()),
            UNIX_SOCKET, Restart, "\"unix:/run/readdress/other.sock\"";
        /// How addresses are written in the log: "full" is the whole address, "domain" is the domain
        /// alone, "hash" is a hash. A hash stays the same until the daemon is restarted.
        ///
        /// Caution: addresses are personal data.
        "log", "addresses", addresses: LogAddresses = LogAddresses::Full,
            Choice(LogAddresses::WORDS), AtOnce, "\"hash\"";
        /// The least important events that are logged. "debug" and "trace" add events of the libraries.
        "log", "level", level: &'static str = "info", Choice(LEVELS), Restart, "\"warn\"";
    }
    /// The section `[milter]`.
    milter: Milter = Milter::default();
    /// What the meaning of rules depends on.
    settings: Settings = Settings::default();
    /// Which header fields are changed.
    headers: HeaderSettings = HeaderSettings::default();
    /// The section `[reload]`.
    reload: Reload = Reload::default();
    /// The section `[history]`.
    history: History = History::default();
    /// The section `[traffic]`.
    traffic: Traffic = Traffic::default();
    /// Where each value comes from.
    origins: Origins = Origins::default();
}

part! {
    /// How the milter is served.
    Milter, [.milter], {
        /// The sockets that the MTA connects to: "inet:HOST:PORT", "inet6:HOST:PORT" or "unix:PATH", or
        /// as Sendmail writes them, "inet:PORT@HOST" or "local:PATH". Several sockets may be listed.
        "milter", "listen",
            listen: Vec<Socket> = vec![Socket::Unix("/run/readdress/milter.sock".into())],
            SOCKETS, Restart, "[\"unix:/run/readdress/milter.sock\", \"inet:127.0.0.1:8892\"]";
        /// The most connections at one time. At the limit, the daemon closes an idle connection for a
        /// new one. If no connection is idle, the daemon closes the new one, and the MTA defers its
        /// mail. If the system allows fewer open files (LimitNOFILE=), fewer connections are served;
        /// the log and `readdress status` say so.
        "milter", "max_connections", max_connections: usize = 1000,
            number("connections"), Restart, "5000";
        /// How long a stop waits for messages that have begun.
        "milter", "drain", drain: Duration = Duration::from_secs(10), DURATION, Restart, "\"20s\"";
        /// Who refuses addresses that do not exist: "milter", or "socketmap" if every MTA looks up the
        /// map recipients at RCPT. With "socketmap", and if no rule rejects or defers, the MTA does not
        /// wait for the milter at RCPT.
        ///
        /// Caution: with "socketmap", an MTA that does not look up the map accepts unknown addresses.
        "milter", "refusals", refusals: Refusals = Refusals::Milter,
            Choice(Refusals::WORDS), NextConnection, "\"socketmap\"";
        /// The most lookups for all recipients of one message together. An address that becomes a
        /// primary one takes two lookups, a list of 1000 takes 1001. The reply to a recipient beyond the
        /// limit is 452 4.5.3, and the client sends that recipient in another message.
        ///
        /// Caution: a message at the limit takes about 10 MB of memory.
        "milter", "message_limit", message_limit: usize = Limits::default().lookups,
            number("lookups"), AtOnce, "10000";
    }
}

elsewhere! { SETTINGS: settings {
    /// The characters between user and detail (`jd+news@`), as in Postfix's setting of this name. With
    /// "" there are no details.
    ///
    /// Caution: the MTA must have the same characters. `readdress doctor` compares them.
    "rewrite", "recipient_delimiter", recipient_delimiter, DELIMITERS, AtOnce, "\"+-\"";
    /// How local-parts are compared. With "ignore" JD@ and jd@ are the same mailbox, with "strict" they
    /// are two mailboxes.
    ///
    /// Caution: MTAs look up addresses in the socketmap in lower case. With "strict" the map recipients
    /// accepts an address that exists in another case, and the milter then refuses it.
    "rewrite", "local_part_case", local_case,
        Choice(&[("ignore", LocalCase::Ignore), ("strict", LocalCase::Strict)]), AtOnce, "\"strict\"";
    /// The most lookups in a row for one recipient. A recipient beyond the limit is deferred (451 4.6.0).
    "rewrite", "recursion_limit", recursion_limit, number("lookups"), AtOnce, "100";
    /// The most recipients that one recipient may become. A recipient beyond the limit is deferred
    /// (451 4.6.0).
    "rewrite", "expansion_limit", expansion_limit, number("recipients"), AtOnce, "5000";
    /// The longest address that a rule may produce. A recipient beyond the limit is deferred (451 4.6.0).
    "rewrite", "address_length_limit", address_length_limit, number("bytes"), AtOnce, "254";
    /// The reply to an address that does not exist, where a domain has unknown=reject. Postfix replies
    /// with its own text if it looks up the map recipients.
    "replies", "unknown", unknown_reject, REJECT_REPLY, AtOnce, "\"550 5.1.1 No such user here\"";
    /// The reply to an address that does not exist, where a domain has unknown=defer.
    "replies", "unknown_defer", unknown_defer, DEFER_REPLY, AtOnce, "\"450 4.2.1 Try again later\"";
} }

elsewhere! { HEADERS: headers {
    /// Adds X-Original-To, with the address as it was received, to messages with one recipient. Removes
    /// fields of this name that come from outside from every message.
    "headers", "x_original_to", original_to, SWITCH, NextConnection, "true";
    /// Rewrites addresses in To and Cc if one address replaces one address. Fields that a DKIM signature
    /// covers stay as they are.
    "headers", "rewrite", rewrite, SWITCH, NextConnection, "true";
} }

part! {
    /// How changed rules are noticed and checked.
    Reload, [.reload], {
        /// How long the directory must be unchanged before the daemon reads a change. With a longer
        /// time several writes of one editor become one reload.
        "reload", "quiet", quiet: Duration = Duration::from_millis(200), DURATION, Restart, "\"1s\"";
        /// The longest time that a change waits while the directory keeps changing. Then the daemon reads
        /// the directory.
        "reload", "latest", latest: Duration = Duration::from_secs(2), DURATION, Restart, "\"10s\"";
        /// How often the daemon looks at the directory without a notification from the system. Network
        /// and overlay file systems do not notify.
        "reload", "rescan", rescan: Duration = Duration::from_secs(30), DURATION, Restart, "\"5m\"";
        /// The share of its rules, or of its addresses, that a table may lose at once. A loss of 20 or
        /// fewer is always within this limit. A table that loses more is held back: the table before it
        /// stays in force until somebody accepts the new one (`readdress accept`) or the rules are back.
        ///
        /// Caution: with "100%" a table that lost nearly all of its rules goes live.
        "reload", "max_shrink", max_shrink: u8 = 20, PERCENT, AtOnce, "\"50%\"";
        /// The share of its rules that a table may gain at once in files that were there before. A gain
        /// of 20 rules or fewer is always allowed, and so is a new file. A table that gains more is held
        /// back as with `max_shrink`: a query may have returned more rows than it was meant to.
        ///
        /// Caution: with a large share, "1000000%", all that a broken export adds goes live.
        "reload", "max_growth", max_growth: u32 = 100, GROWTH, AtOnce, "\"300%\"";
    }
}

part! {
    /// Which tables are kept after others took their place.
    History, [.history], {
        /// How many generations are kept, the live one among them. `readdress history` lists them,
        /// `readdress rollback` goes back to one.
        "history", "keep", keep: usize = 100, number("generations"), AtOnce, "500";
        /// How large the texts of all generations together may be. A text that several generations have in
        /// common counts once. Beyond the limit the oldest generation is removed; the live one always stays.
        "history", "max_size", max_size: u64 = 1 << 30, SIZE, AtOnce, "\"20GiB\"";
    }
}

part! {
    /// Which addresses got mail lately, and how many of them a new table may refuse.
    Traffic, [.traffic], {
        /// How long the daemon remembers which addresses of its domains got mail, and how much. Each
        /// new table is tried on these addresses before it goes live, and the log says how many of them
        /// fare differently. At most a million addresses are remembered. They are kept in the state
        /// directory. If `[log] addresses` hides addresses, they are in memory only, and a restart
        /// forgets them.
        "traffic", "remember", remember: Duration = Duration::from_secs(30 * 86_400),
            DAYS, AtOnce, "\"7d\"";
        /// How many of the remembered addresses a new table may refuse although none of its lines says
        /// so. A table that refuses more is held back: the table before it stays in force until somebody
        /// accepts the new one (`readdress accept`) or the rules are back. An address that a line refuses
        /// (reject, defer, moved) does not count.
        ///
        /// Caution: a large number lets a table go live that refuses people who get mail.
        "traffic", "max_refused", max_refused: usize = 0,
            number_or_none("addresses"), AtOnce, "5";
    }
}

impl Config {
    /// Returns the same configuration with relative paths taken from `directory`, where the file is.
    pub fn against(mut self, directory: &Path) -> Self {
        let absolute = |socket: &mut Socket| *socket = socket.against(directory);
        self.rules = directory.join(&self.rules);
        self.state = directory.join(&self.state);
        self.milter.listen.iter_mut().for_each(absolute);
        self.socketmap.iter_mut().for_each(absolute);
        self.control = self.control.against(directory);
        self
    }
}
