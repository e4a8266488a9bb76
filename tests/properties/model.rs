//! Small tables as plain values, and how they are written for the engine.
//!
//! This model uses no code of the engine: the engine gets text only. Local-parts are in internal form, domains are
//! A-labels in lower case.

use std::fmt::Write as _;

/// An address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addr {
    pub local: String,
    pub domain: String,
}

/// A regex whose shape can be matched by simple code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shape {
    /// `/([a-z]+)\.([a-z]+)@domain/`, two groups.
    Dotted(String),
    /// `/start.*@domain/`, no group.
    Begins(char, String),
    /// `/local@.*/`, no group.
    AnyDomain(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pat {
    Mailbox(Addr),
    AnyDetail(Addr),
    Everywhere(String),
    Regex(Shape),
    Detailed(String),
    Domain(String),
    Subdomains(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    Full(Addr),
    Domain(String),
    /// `local+*@domain`.
    Star(Addr),
    /// `$2.$1@domain`.
    Swapped(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    Keep,
    Discard,
    Reject(u16),
    Defer(u16),
    /// With its secondary addresses.
    Mailbox(Vec<Addr>),
    Rewrite(Vec<Target>),
}

/// One rule line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    pub pat: Pat,
    pub act: Act,
    /// `detail=keep` or `detail=drop`, if the rule has one.
    pub keeps_detail: Option<bool>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    Primary,
    Secondary,
    External,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unknown {
    Reject,
    Defer,
    Keep,
}

/// One domain line.
#[derive(Clone, Debug)]
pub struct Decl {
    pub domain: String,
    pub class: Class,
    pub unknown: Option<Unknown>,
}

/// One rules directory with its settings.
#[derive(Clone, Debug)]
pub struct World {
    pub decls: Vec<Decl>,
    pub lines: Vec<Line>,
    pub delimiters: String,
    pub strict_case: bool,
}

/// The limit of lookups in a row in every world. It is low, so that growing addresses end soon.
pub const RECURSION_LIMIT: usize = 30;

impl World {
    /// Returns the rules file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for decl in &self.decls {
            let class = match decl.class {
                Class::Primary => "primary",
                Class::Secondary => "secondary",
                Class::External => "external",
            };
            let unknown = match decl.unknown {
                None => "",
                Some(Unknown::Reject) => " unknown=reject",
                Some(Unknown::Defer) => " unknown=defer",
                Some(Unknown::Keep) => " unknown=keep",
            };
            let _ = writeln!(text, "{} {class}{unknown}", decl.domain);
        }
        for line in &self.lines {
            let _ = writeln!(text, "{}", line.text());
        }
        text
    }
}

impl Line {
    pub fn text(&self) -> String {
        let detail = match self.keeps_detail {
            None => "",
            Some(true) => " detail=keep",
            Some(false) => " detail=drop",
        };
        format!("{} {}{detail}", self.pat.text(), self.act.text())
    }
}

impl Addr {
    pub fn new(local: &str, domain: &str) -> Self {
        Self {
            local: local.to_owned(),
            domain: domain.to_owned(),
        }
    }

    /// Returns the external form.
    pub fn text(&self) -> String {
        format!("{}@{}", external(&self.local), self.domain)
    }
}

/// Returns a local-part, in quotes unless all its characters are plain.
pub fn external(local: &str) -> String {
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || "%!+-_".contains(c))
    };
    if local.split('.').all(atom) {
        local.to_owned()
    } else {
        quoted(local)
    }
}

/// Returns a local-part as a Quoted-string.
pub fn quoted(local: &str) -> String {
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

impl Pat {
    pub fn text(&self) -> String {
        match self {
            Self::Mailbox(addr) => addr.text(),
            Self::AnyDetail(addr) => format!("{}+*@{}", external(&addr.local), addr.domain),
            Self::Everywhere(local) => format!("{}@*", external(local)),
            Self::Regex(shape) => shape.text(),
            Self::Detailed(domain) => format!("+*@{domain}"),
            Self::Domain(domain) => format!("@{domain}"),
            Self::Subdomains(domain) => format!("@*.{domain}"),
        }
    }
}

impl Shape {
    fn text(&self) -> String {
        let escaped = |domain: &str| domain.replace('.', "\\.");
        match self {
            Self::Dotted(domain) => format!(r"/([a-z]+)\.([a-z]+)@{}/", escaped(domain)),
            Self::Begins(start, domain) => format!("/{start}.*@{}/", escaped(domain)),
            Self::AnyDomain(local) => format!("/{}@.*/", escaped(local)),
        }
    }
}

impl Act {
    fn text(&self) -> String {
        match self {
            Self::Keep => "keep".into(),
            Self::Discard => "discard".into(),
            Self::Reject(code) => format!("reject {code} 5.7.1 \"no {code}\""),
            Self::Defer(code) => format!("defer {code} 4.7.1"),
            Self::Mailbox(list) => {
                let list: Vec<_> = list.iter().map(Addr::text).collect();
                format!("mailbox {}", list.join(", "))
            }
            Self::Rewrite(targets) => {
                let list: Vec<_> = targets.iter().map(Target::text).collect();
                list.join(", ")
            }
        }
    }
}

impl Target {
    fn text(&self) -> String {
        match self {
            Self::Full(addr) => addr.text(),
            Self::Domain(domain) => format!("@{domain}"),
            Self::Star(addr) => format!("{}+*@{}", addr.local, addr.domain),
            Self::Swapped(domain) => format!("$2.${{1}}@{domain}"),
        }
    }
}

impl Shape {
    /// Returns the groups of a match over the whole address, without regard to letter case.
    pub fn groups(&self, local: &str, domain: &str) -> Option<Vec<String>> {
        match self {
            Self::Dotted(own) => {
                let (one, two) = local.split_once('.').filter(|_| own == domain)?;
                let word = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphabetic());
                (word(one) && word(two)).then(|| vec![one.to_owned(), two.to_owned()])
            }
            Self::Begins(start, own) => {
                let first = local.chars().next()?.to_ascii_lowercase();
                (own == domain && first == *start).then(Vec::new)
            }
            Self::AnyDomain(own) => own.eq_ignore_ascii_case(local).then(Vec::new),
        }
    }
}

/// Returns the domain that a pattern is about; a wildcard is about the subdomains of the domain that it names.
pub fn pattern_domain(pat: &Pat) -> Option<&str> {
    match pat {
        Pat::Mailbox(addr) | Pat::AnyDetail(addr) => Some(&addr.domain),
        Pat::Detailed(domain) | Pat::Domain(domain) => Some(domain),
        Pat::Everywhere(_) | Pat::Regex(_) | Pat::Subdomains(_) => None,
    }
}

pub fn target_domain(target: &Target) -> &str {
    match target {
        Target::Full(addr) | Target::Star(addr) => &addr.domain,
        Target::Domain(domain) | Target::Swapped(domain) => domain,
    }
}
