//! Tables in the databases of mail servers: which tables hold addresses, and in which columns.
//!
//! | product | tables |
//! |---|---|
//! | PostfixAdmin, mailcow, ViMbAdmin | `alias`, `alias_domain`, `domain`, `mailbox` |
//! | iRedMail | `forwardings`, `alias`, `alias_domain`, `mailbox` |
//! | Mailu | `alias`, `alternative`, `user` |
//! | ISPmail and other guides | `virtual_aliases`, `virtual_domains`, `virtual_users`; `forwardings`, `domains`, `users` |
//! | guides with `source_username`, `source_domain` | `aliases`, `accounts` |
//! | ISPConfig, Froxlor | `mail_forwarding`, `mail_user`; `mail_virtual` |
//! | hMailServer | `hm_aliases`, `hm_domainaliases`, `hm_domains`, `hm_accounts` |
//!
//! Names are compared without letter case and underscores. A table is recognised by its columns.
//! Only tables of mailboxes and of domains need a known name as well.

/// Pairs of columns: an address, and its targets.
const ALIASES: [(&str, &str); 15] = [
    ("address", "goto"),
    ("address", "forwarding"),
    ("address", "destination"),
    ("email", "destination"),
    ("source", "destination"),
    ("aliasname", "aliasvalue"),
    ("alias", "goto"),
    ("alias", "destination"),
    ("email", "goto"),
    ("email", "forward"),
    ("mail", "destination"),
    ("mail", "forward"),
    ("source", "target"),
    ("alias", "forward"),
    ("sourceusername", "destinationusername"),
];

/// Tables of mailboxes.
const MAILBOXES: [&str; 10] = [
    "mailbox",
    "mailboxes",
    "mailuser",
    "mailusers",
    "user",
    "users",
    "virtualusers",
    "virtualmailboxes",
    "accounts",
    "hmaccounts",
];

/// Columns with the address of a mailbox.
const OWNERS: [&str; 6] = [
    "email",
    "username",
    "accountaddress",
    "address",
    "mail",
    "user",
];

/// Columns with a password. A table of users without such a column belongs to another program.
const PASSWORDS: [&str; 7] = [
    "password",
    "accountpassword",
    "passwd",
    "pass",
    "crypt",
    "clear",
    "pw",
];

/// Tables of domains.
const DOMAINS: [&str; 6] = [
    "virtualdomains",
    "domains",
    "hmdomains",
    "maildomain",
    "maildomains",
    "domain",
];

/// Returns true if a table is one of aliases by its name, whatever its columns are. Its rows may hold domains
/// alone, and no address.
pub fn is_named_alias(table: &str) -> bool {
    let table = table.to_lowercase();
    table.contains("alias") || table.contains("alternative") || table.contains("forwarding")
}

/// What a table says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailTable {
    /// Addresses and their targets.
    Aliases,
    /// Names of aliases whose targets another table has.
    AliasNames,
    /// Domains that are another name of a domain.
    DomainAliases,
    /// The list of hosted domains of PostfixAdmin.
    Hosted,
    /// Domains and their numbers.
    Domains,
    /// Mailboxes.
    Mailboxes,
}

/// The columns of a table that are read.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// What the table says.
    pub table: MailTable,
    /// The address or domain.
    pub from: Option<usize>,
    /// What it is sent to.
    pub to: Option<usize>,
    /// Says whether the row is active.
    pub active: Option<usize>,
    /// True if the column says that the row is *not* active.
    pub inverted: bool,
    /// True for tables of mailcow, whose column of activity has a third value.
    pub mailcow: bool,
    /// Says whether the address is a pattern.
    pub wildcard: Option<usize>,
    /// The domain, as text.
    pub domain: Option<usize>,
    /// The domain of the target, if it is in a column of its own.
    pub target_domain: Option<usize>,
    /// The number of the domain.
    pub number: Option<usize>,
}

impl Columns {
    /// Returns the columns of a table by their names; `None` if the table is not known. A table
    /// that is not in a database has no name.
    pub fn find(table: Option<&str>, names: &[String]) -> Option<Self> {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let names: Vec<_> = names.iter().map(|name| plain(name)).collect();
        let table = table.map(plain);
        let table = table.as_deref();
        let at = |name: &str| names.iter().position(|own| own == name);
        let first = |wanted: &[&str]| wanted.iter().find_map(|name| at(name));
        let has = |name: &str| at(name).is_some();
        let pair = ALIASES
            .iter()
            .find_map(|(from, to)| Some((at(from)?, at(to)?)));
        let named = |list: &[&str]| table.is_some_and(|table| list.contains(&table));
        let mailbox = named(&MAILBOXES)
            || (table.is_none() && first(&["maildir", "quota", "domainid"]).is_some());
        let domain_name = first(&["name", "domainname", "domain"]);
        let (kind, from, to) = if has("aliasdomain") && has("targetdomain") {
            let (from, to) = (at("aliasdomain"), at("targetdomain"));
            (MailTable::DomainAliases, from, to)
        } else if has("dadomainid") && has("daalias") {
            (MailTable::DomainAliases, at("daalias"), None)
        } else if has("name") && has("domainname") && (named(&["alternative"]) || table.is_none()) {
            (MailTable::DomainAliases, at("name"), at("domainname"))
        } else if let Some((from, to)) = pair {
            (MailTable::Aliases, Some(from), Some(to))
        } else if has("domain") && has("backupmx") {
            (MailTable::Hosted, at("domain"), at("backupmx"))
        } else if named(&["alias"]) && has("address") {
            (MailTable::AliasNames, at("address"), None)
        } else if mailbox && first(&OWNERS).is_some() && first(&PASSWORDS).is_some() {
            (MailTable::Mailboxes, first(&OWNERS), None)
        } else if let Some(name) = domain_name.filter(|_| named(&DOMAINS)) {
            (MailTable::Domains, Some(name), None)
        } else {
            return None;
        };
        let active = first(&[
            "active",
            "enabled",
            "aliasactive",
            "accountactive",
            "domainactive",
        ]);
        let inactive = at("disabled").filter(|_| active.is_none());
        let number = match kind {
            MailTable::Domains => first(&["id", "domainid"]),
            _ => first(&["domainid", "aliasdomainid", "dadomainid", "accountdomainid"]),
        };
        Some(Self {
            table: kind,
            from,
            to,
            active: active.or(inactive),
            inverted: inactive.is_some(),
            mailcow: has("sogovisible"),
            wildcard: at("wildcard"),
            domain: first(&["sourcedomain", "domain", "domainname"]),
            target_domain: at("destinationdomain").filter(|_| has("destinationusername")),
            number,
        })
    }

    /// Returns the columns that are read.
    pub fn read(&self) -> impl Iterator<Item = usize> {
        [self.from, self.to, self.active, self.wildcard]
            .into_iter()
            .flatten()
    }
}
