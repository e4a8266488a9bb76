//! Permissions on the way to a file, and users.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use crate::doctor::facts::{Step, User, Walk};

/// Returns the directories above a file, and the file. Symbolic links are resolved as far as possible.
pub fn walk(path: &Path) -> Walk {
    let real = fs::canonicalize(path).ok();
    let way = real.as_deref().unwrap_or(path);
    let mut walk = Walk {
        real: real.clone(),
        complete: true,
        ..Walk::default()
    };
    let mut ancestors: Vec<_> = way.ancestors().collect();
    ancestors.reverse();
    for step in ancestors {
        match fs::metadata(step) {
            Ok(metadata) => walk.steps.push(Step {
                path: step.to_owned(),
                uid: metadata.uid(),
                gid: metadata.gid(),
                mode: metadata.permissions().mode(),
            }),
            Err(error) => {
                walk.complete = false;
                walk.missing = error.kind() == io::ErrorKind::NotFound;
                break;
            }
        }
    }
    walk
}

/// Returns a user of this machine, with all groups.
pub fn user(name: &str) -> Option<User> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    user_of(name, &passwd, &groups)
}

/// Returns the names of groups by number.
pub fn groups() -> BTreeMap<u32, String> {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    let lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let groups = lines.filter_map(|fields| match fields.as_slice() {
        [name, _, gid, ..] => Some((gid.parse().ok()?, (*name).to_owned())),
        _ => None,
    });
    groups.collect()
}

fn user_of(name: &str, passwd: &str, groups: &str) -> Option<User> {
    let fields = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let (uid, gid) = fields
        .into_iter()
        .find_map(|fields| match fields.as_slice() {
            [own, _, uid, gid, ..] if *own == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        })?;
    let mut gids = vec![gid];
    for line in groups.lines() {
        let fields: Vec<_> = line.split(':').collect();
        if let [_, _, gid, members] = fields.as_slice()
            && members.split(',').any(|member| member == name)
        {
            gids.extend(gid.parse::<u32>());
        }
    }
    Some(User {
        name: name.to_owned(),
        uid,
        gids,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_supplementary_groups() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostfix:x:106:113::/var/spool/postfix:/bin/false\n";
        let groups =
            "postfix:x:113:\nsasl:x:45:postfix\nreaddress:x:120:x,postfix\nother:x:121:postfix2\n";
        let user = user_of("postfix", passwd, groups).unwrap();
        assert_eq!((user.uid, user.gids), (106, vec![113, 45, 120]));
        assert_eq!(user_of("nobody", passwd, groups), None);
    }
}
