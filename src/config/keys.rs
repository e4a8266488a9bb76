//! Every key of `readdress.toml`, defined once: the parser knows no other, and the sample file is
//! printed from here.

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its section; empty at the top of the file.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its default, as TOML.
    pub default: &'static str,
    /// What it means, line by line.
    pub meaning: &'static [&'static str],
    /// Whether a new value waits for a restart.
    pub restart: bool,
}

const fn key(
    section: &'static str,
    name: &'static str,
    default: &'static str,
    restart: bool,
    meaning: &'static [&'static str],
) -> Key {
    Key {
        section,
        name,
        default,
        meaning,
        restart,
    }
}

/// All of them, in the order of the sample file.
pub const KEYS: &[Key] = &[
    key(
        "",
        "rules",
        "\"/etc/readdress/rules\"",
        true,
        &["The rules directory: every file in it is read, and saving one makes it live."],
    ),
    key(
        "",
        "mode",
        "\"rewrite\"",
        false,
        &[
            "\"rewrite\" carries decisions out; \"observe\" logs what would have happened and",
            "changes nothing.",
        ],
    ),
    key(
        "",
        "state",
        "\"/var/lib/readdress\"",
        true,
        &[
            "Where the daemon keeps what it has to know after a restart: whether there were rules. A",
            "start without rules where there were some defers all mail until they are back. Without",
            "this directory the daemon serves, and says what it cannot know. Not used with --rules,",
            "unless it is written here.",
        ],
    ),
    key(
        "milter",
        "listen",
        "[\"unix:/run/readdress/milter.sock\"]",
        true,
        &[
            "Where the MTA connects: \"inet:HOST:PORT\", \"inet6:HOST:PORT\", \"unix:PATH\", or as",
            "Sendmail writes it, \"inet:PORT@HOST\", \"local:PATH\". Several are served at once.",
        ],
    ),
    key(
        "milter",
        "max_connections",
        "1000",
        true,
        &[
            "Connections at one time. At the limit one that is idle gives way; where all of them",
            "have a message under way, one more is closed at once, and the MTA defers its mail. Where",
            "fewer files may be open (LimitNOFILE=), fewer are served; the log and `readdress status`",
            "say so.",
        ],
    ),
    key(
        "milter",
        "drain",
        "\"10s\"",
        true,
        &["How long a stop waits for messages that are under way."],
    ),
    key(
        "milter",
        "refusals",
        "\"milter\"",
        false,
        &[
            "Who refuses addresses that do not exist: \"milter\", or \"socketmap\" where every MTA asks",
            "the map recipients at RCPT. Where no rule rejects or defers either, the MTA is then told",
            "not to wait for a reply at RCPT. Takes effect with the next connection of the MTA.",
        ],
    ),
    key(
        "milter",
        "message_limit",
        "30000",
        false,
        &[
            "Lookups for all recipients of one message together. An address that becomes one of a",
            "primary domain takes two, a list of 1000 takes 1001. Beyond it a recipient is answered",
            "452 4.5.3, and the client sends it in another message. A message at the limit takes some",
            "10 MB while it is under way.",
        ],
    ),
    key(
        "socketmap",
        "listen",
        "[]",
        true,
        &[
            "Where the MTA asks the table, by the socketmap protocol of Postfix and Sendmail; the maps",
            "are domains, secondary, recipients and rewrite.",
        ],
    ),
    key(
        "monitor",
        "listen",
        "[]",
        true,
        &["Reserved: metrics and status over HTTP. Not served by this version."],
    ),
    key(
        "control",
        "listen",
        "\"unix:/run/readdress/control.sock\"",
        true,
        &["Where the commands reach the running daemon; a Unix socket."],
    ),
    key(
        "rewrite",
        "recipient_delimiter",
        "\"+\"",
        false,
        &[
            "Characters that part user and detail (jd+news@), as Postfix's setting of this name;",
            "\"\" for no details.",
        ],
    ),
    key(
        "rewrite",
        "local_part_case",
        "\"ignore\"",
        false,
        &[
            "Whether JD@ and jd@ are one mailbox: \"ignore\" letter case, or \"strict\". MTAs ask the",
            "socketmap in lower case: with \"strict\" its map recipients says OK to an address that",
            "exists in some letter case, and the milter refuses the others.",
        ],
    ),
    key(
        "rewrite",
        "recursion_limit",
        "1000",
        false,
        &["Lookups in a row for one recipient; beyond it the recipient is deferred (451 4.6.0)."],
    ),
    key(
        "rewrite",
        "expansion_limit",
        "1000",
        false,
        &["Recipients that one may become; beyond it the recipient is deferred (451 4.6.0)."],
    ),
    key(
        "rewrite",
        "address_length_limit",
        "1000",
        false,
        &[
            "Octets of an address that comes out of a rule; beyond it the recipient is deferred",
            "(451 4.6.0).",
        ],
    ),
    key(
        "headers",
        "x_original_to",
        "false",
        false,
        &[
            "Whether a message with a single recipient gets X-Original-To, the address as it was",
            "received; copies of that header from outside are removed from every message. Takes",
            "effect with the next connection of the MTA.",
        ],
    ),
    key(
        "headers",
        "rewrite",
        "false",
        false,
        &[
            "Whether addresses in To and Cc are rewritten where one address takes the place of one;",
            "not in a field that a DKIM signature covers. Takes effect with the next connection of the",
            "MTA.",
        ],
    ),
    key(
        "replies",
        "unknown",
        "\"550 5.1.1 User unknown\"",
        false,
        &[
            "What a client reads for an address that does not exist (unknown=reject): code 5xx, enhanced",
            "code, text. Postfix has a text of its own where it asks the map recipients.",
        ],
    ),
    key(
        "replies",
        "unknown_defer",
        "\"451 4.3.0 Temporary failure, please try again later\"",
        false,
        &["The same where unknown=defer decides: code 4xx, enhanced code, text."],
    ),
    key(
        "reload",
        "quiet",
        "\"200ms\"",
        true,
        &[
            "How long the directory must be quiet before a change is read. Longer waits join the",
            "writes of one editor into one reload.",
        ],
    ),
    key(
        "reload",
        "latest",
        "\"2s\"",
        true,
        &["When a directory that is never quiet is read all the same."],
    ),
    key(
        "reload",
        "rescan",
        "\"30s\"",
        true,
        &[
            "How often the directory is looked at although nothing was notified: for network and",
            "overlay file systems.",
        ],
    ),
    key(
        "reload",
        "max_shrink",
        "\"20%\"",
        false,
        &[
            "The share of its rules that a table may lose at once; from 21 rules on. A table that loses",
            "more is held back and the old one serves on, until somebody accepts it (`readdress accept`)",
            "or the rules are back. \"100%\" allows everything but a table of no rules.",
        ],
    ),
    key(
        "log",
        "addresses",
        "\"full\"",
        false,
        &[
            "How addresses stand in the log: \"full\", \"domain\" (the domain alone) or \"hash\". These",
            "tables are personal data.",
        ],
    ),
    key(
        "log",
        "level",
        "\"info\"",
        true,
        &["\"error\", \"warn\", \"info\", \"debug\" or \"trace\"."],
    ),
];

/// The sample file: every key with its meaning and its default, commented out.
pub fn sample() -> String {
    let mut text = String::from(
        "# readdress.toml: every key is optional, and what is commented out shows its default.\n\
         # Relative paths are relative to this file. A saved change takes effect at once, unless the\n\
         # key says that it waits for a restart.\n",
    );
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            text.push_str(&format!("\n[{section}]\n"));
        }
        text.push('\n');
        for line in key.meaning {
            text.push_str(&format!("# {line}\n"));
        }
        let effect = if key.restart {
            " Waits for a restart."
        } else {
            ""
        };
        text.push_str(&format!(
            "# Default: {}.{effect}\n#{} = {}\n",
            key.default, key.name, key.default
        ));
    }
    text
}
