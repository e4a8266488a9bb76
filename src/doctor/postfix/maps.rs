//! Lists of Postfix, and the tables and files in them: which tables are asked, and what they answered.
//!
//! Only tables in local files are asked: doctor does not wait for LDAP or SQL servers. `proxy:` is left out,
//! because the table behind it answers the same.

use crate::doctor::{
    facts::Postfix,
    lists::{assignment, words},
};

/// Lists that decide about recipients.
const LISTS: [&str; 9] = [
    "mydestination",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
    "relay_domains",
    "relay_recipient_maps",
    "virtual_alias_maps",
    "canonical_maps",
    "recipient_canonical_maps",
    "transport_maps",
];

/// Lists of tables that are read as a whole, because their keys are not known.
const WHOLE: [&str; 3] = ["smtpd_milter_maps", "recipient_bcc_maps", "sender_bcc_maps"];

/// Types of tables that are in local files, or need no file.
const LOCAL: [&str; 11] = [
    "btree", "cdb", "cidr", "dbm", "hash", "inline", "lmdb", "pcre", "regexp", "static", "texthash",
];

/// A word of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListItem<'w> {
    /// A name; `.name` stands for its subdomains.
    Name(&'w str),
    /// `!word`: the word is excluded.
    Not(&'w str),
    /// A file with words.
    File(&'w str),
    /// `type:table`, without `proxy:`.
    Table(&'w str),
    /// `socketmap:SOCKET:name`.
    Socketmap {
        /// The socket, as written.
        socket: &'w str,
        /// The name of the map.
        name: &'w str,
        /// True if proxymap(8) asks it.
        proxied: bool,
    },
}

impl<'w> ListItem<'w> {
    pub fn parse(word: &'w str) -> Self {
        if let Some(rest) = word.strip_prefix('!') {
            return Self::Not(rest);
        }
        if word.starts_with('/') {
            return Self::File(word);
        }
        let (table, proxied) = match word.strip_prefix("proxy:") {
            Some(table) => (table, true),
            None => (word, false),
        };
        if let Some((socket, name)) = table
            .strip_prefix("socketmap:")
            .and_then(|rest| rest.rsplit_once(':'))
        {
            return Self::Socketmap {
                socket,
                name,
                proxied,
            };
        }
        match table.contains(':') {
            true => Self::Table(table),
            false => Self::Name(table),
        }
    }
}

/// Returns the tables that can be asked.
pub fn askable(postfix: &Postfix) -> Vec<String> {
    let local = |table: &&str| {
        let kind = table.split(':').next().unwrap_or_default();
        LOCAL.contains(&kind)
    };
    tables(postfix)
        .into_iter()
        .filter(local)
        .map(str::to_owned)
        .collect()
}

/// Returns the tables that are read as a whole.
pub fn whole(postfix: &Postfix) -> Vec<String> {
    let main = WHOLE.iter().map(|list| postfix.value(list));
    let own = postfix.services.iter().flat_map(|service| {
        let lists = WHOLE.iter();
        lists.filter_map(|list| service.overrides.get(*list).map(String::as_str))
    });
    let tables = main.chain(own).flat_map(words);
    let mut tables: Vec<_> = tables.map(str::to_owned).collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}

/// Returns the entries of a table that needs no file: `inline:{ key=value, { key = other value } }` or
/// `static:value`.
pub fn inline(table: &str) -> Option<Vec<(String, String)>> {
    let table = table.strip_prefix("proxy:").unwrap_or(table);
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    if let Some(value) = table.strip_prefix("static:") {
        let value = value.trim_matches(['{', '}']).trim();
        return Some(vec![owned(("everybody", value))]);
    }
    let inner = table.strip_prefix("inline:")?.trim();
    let inner = inner.strip_prefix('{')?.strip_suffix('}')?;
    let entries = words(inner).into_iter().filter_map(assignment);
    Some(entries.map(owned).collect())
}

/// Returns the entries of the text of a table: a key, white space, a value. A line that begins with white
/// space continues the line before.
pub fn lines(text: &str) -> Vec<(String, String)> {
    let mut logical: Vec<String> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        match logical.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => logical.push(bare.to_owned()),
        }
    }
    let entries = logical
        .iter()
        .filter_map(|line| line.split_once(char::is_whitespace));
    entries
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Returns the files whose words belong to a list.
pub fn files(postfix: &Postfix) -> Vec<String> {
    let words = all_words(postfix).into_iter();
    words
        .filter_map(|word| match ListItem::parse(word) {
            ListItem::File(path) => Some(path.to_owned()),
            _ => None,
        })
        .collect()
}

/// Returns the tables that did not answer or were not asked.
pub(super) fn unseen(postfix: &Postfix) -> impl Iterator<Item = &str> {
    let tables = tables(postfix).into_iter();
    tables.filter(|table| !postfix.maps.contains_key(*table))
}

/// Returns the tables of one list, without `proxy:`.
pub(super) fn tables_of<'p>(postfix: &'p Postfix, list: &str) -> Vec<&'p str> {
    let words = words(postfix.value(list)).into_iter();
    let tables = words.filter_map(|word| match ListItem::parse(word) {
        ListItem::Table(table) => Some(table),
        _ => None,
    });
    tables.collect()
}

fn tables(postfix: &Postfix) -> Vec<&str> {
    let words = all_words(postfix).into_iter();
    let mut tables: Vec<_> = words
        .filter_map(|word| match ListItem::parse(word) {
            ListItem::Table(table) => Some(table),
            _ => None,
        })
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}

fn all_words(postfix: &Postfix) -> Vec<&str> {
    LISTS
        .iter()
        .flat_map(|list| words(postfix.value(list)))
        .collect()
}

/// Returns true if a list has a name in exactly this spelling. With `parents` a domain in the list also stands
/// for its subdomains.
pub(super) fn holds(postfix: &Postfix, list: &str, name: &str, parents: bool) -> bool {
    words(list)
        .into_iter()
        .any(|word| match ListItem::parse(word) {
            ListItem::Name(word) => is_for(word, name, parents),
            ListItem::File(path) => {
                let words = postfix.files.get(path);
                words.is_some_and(|words| words.iter().any(|word| is_for(word, name, parents)))
            }
            ListItem::Table(table) => {
                let answers = postfix.maps.get(table);
                answers.is_some_and(|answers| answers.contains_key(name))
            }
            ListItem::Socketmap { .. } => true,
            ListItem::Not(_) => false,
        })
}

fn is_for(word: &str, name: &str, parents: bool) -> bool {
    let word = word.to_lowercase();
    let below = |parent: &str| {
        name.strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    match word.strip_prefix('.') {
        Some(parent) => below(parent),
        None => word == name || (parents && below(&word)),
    }
}

/// Returns what the tables of a list have for an address or for its whole domain.
pub(super) fn answer<'p>(
    postfix: &'p Postfix,
    list: &'p str,
    address: &str,
) -> Option<(&'p str, &'p str)> {
    let domain = address.rfind('@').and_then(|at| address.get(at..));
    let keys = std::iter::once(address).chain(domain);
    let tables: Vec<_> = words(list)
        .into_iter()
        .filter_map(|word| match ListItem::parse(word) {
            ListItem::Table(table) => Some(table),
            _ => None,
        })
        .collect();
    keys.flat_map(|key| tables.iter().map(move |table| (key, *table)))
        .find_map(|(key, table)| {
            let value = postfix.maps.get(table)?.get(key)?;
            Some((table, value.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_lists() {
        for (word, wanted) in [
            ("domain2.com", ListItem::Name("domain2.com")),
            ("!x", ListItem::Not("x")),
            ("/etc/postfix/relay", ListItem::File("/etc/postfix/relay")),
            ("hash:/etc/x", ListItem::Table("hash:/etc/x")),
            ("proxy:hash:/etc/x", ListItem::Table("hash:/etc/x")),
            (
                "proxy:socketmap:unix:/run/r/s:recipients",
                ListItem::Socketmap {
                    socket: "unix:/run/r/s",
                    name: "recipients",
                    proxied: true,
                },
            ),
        ] {
            assert_eq!(ListItem::parse(word), wanted);
        }
    }

    #[test]
    fn whole_tables() {
        let owned = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        let text = "# a comment\n\n10.0.0.0/8  DISABLE\n::/0 inet:h:1,\n  unix:x\n";
        let wanted = owned(&[("10.0.0.0/8", "DISABLE"), ("::/0", "inet:h:1, unix:x")]);
        assert_eq!(lines(text), wanted);
        let wanted = owned(&[("a", "b"), ("c", "d e")]);
        assert_eq!(inline("inline:{ a=b, { c = d e } }"), Some(wanted));
        let wanted = owned(&[("everybody", "DISABLE")]);
        assert_eq!(inline("static:DISABLE"), Some(wanted));
        assert_eq!(inline("hash:/x"), None);
    }

    #[test]
    fn a_name_is_held_in_its_own_spelling() {
        let mut postfix = Postfix::default();
        postfix.files.insert("/f".into(), vec!["in.file".into()]);
        let list = "Domain2.com, .below.test /f !not.test exämple.test";
        for (name, parents, wanted) in [
            ("domain2.com", false, true),
            ("sub.domain2.com", false, false),
            ("sub.domain2.com", true, true),
            ("otherdomain2.com", true, false),
            ("x.below.test", false, true),
            ("below.test", false, false),
            ("in.file", false, true),
            ("not.test", true, false),
            ("exämple.test", false, true),
            ("xn--exmple-cua.test", false, false),
        ] {
            assert_eq!(holds(&postfix, list, name, parents), wanted, "{name}");
        }
    }
}
