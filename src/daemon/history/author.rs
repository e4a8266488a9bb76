//! Who made a generation live: the user of a command, or the owners of the files that were saved.

use std::{collections::BTreeSet, fs, time::SystemTime};

use serde::{Deserialize, Serialize};

/// Who made a generation live.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Author {
    /// The number of the user whose command it was, by the socket (`SO_PEERCRED`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
    /// The names of users: of the command's, or of the owners of the changed files.
    pub names: Vec<String>,
    /// Who called the command through sudo, as root says. Nobody else is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_sudo: Option<String>,
}

/// Who saved a file last, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Saved {
    /// The number of the owner of the file.
    pub user: u32,
    /// The time of the last change.
    pub at: SystemTime,
}

impl Author {
    /// The user of a command. `sudo` is what the command says about who called it through sudo.
    pub fn of_command(user: Option<u32>, sudo: Option<&str>) -> Self {
        let plain = |name: &&str| !name.is_empty() && name.len() <= 64;
        let sudo = sudo.filter(plain).filter(|_| user == Some(0));
        Self {
            user,
            names: user.map(account).into_iter().collect(),
            through_sudo: sudo.map(|name| name.escape_debug().to_string()),
        }
    }

    /// The owners of files.
    pub fn of_files(saved: impl Iterator<Item = Saved>) -> Self {
        let users: BTreeSet<u32> = saved.map(|saved| saved.user).collect();
        Self {
            user: None,
            names: users.into_iter().map(account).collect(),
            through_sudo: None,
        }
    }

    /// Returns the names for people: `anna`, `anna (sudo)`, `anna, bob`; `unknown` without any.
    pub fn words(&self) -> String {
        match &self.through_sudo {
            Some(name) => format!("{name} (sudo)"),
            None if self.names.is_empty() => "unknown".to_owned(),
            None => self.names.join(", "),
        }
    }
}

/// Returns the name of an account, or its number where `/etc/passwd` does not list it.
pub fn account(user: u32) -> String {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&accounts, user).unwrap_or_else(|| user.to_string())
}

fn name_of(accounts: &str, user: u32) -> Option<String> {
    let mut named = accounts.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == user && !name.is_empty()).then(|| name.to_owned())
    });
    named.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_is_believed_who_used_sudo() {
        let words = |user, sudo| Author::of_command(user, sudo).words();
        assert_eq!(words(Some(0), Some("anna")), "anna (sudo)");
        assert_eq!(words(Some(0), None), "root");
        assert_eq!(words(Some(54321), Some("anna")), "54321");
        assert_eq!(words(None, Some("anna")), "unknown");
        assert_eq!(words(Some(0), Some("a\nb")), "a\\nb (sudo)");
        assert_eq!(words(Some(0), Some("")), "root");
    }

    #[test]
    fn owners_of_files_stand_once() {
        let at = SystemTime::UNIX_EPOCH;
        let saved = [0, 54321, 0].map(|user| Saved { user, at });
        assert_eq!(Author::of_files(saved.into_iter()).words(), "root, 54321");
        assert_eq!(Author::of_files([].into_iter()).words(), "unknown");
    }

    #[test]
    fn names_come_from_the_list_of_accounts() {
        let accounts = "root:x:0:0::/root:/bin/sh\nbroken\nanna:x:1000:1000::/:/bin/sh\n";
        assert_eq!(name_of(accounts, 1000).as_deref(), Some("anna"));
        assert_eq!(name_of(accounts, 1001), None);
    }
}
