//! Which directories must be watched, so that no change on the way to a file is missed.
//!
//! A path is followed one name at a time, through every symbolic link, as the system does it. Each name
//! on the way could be replaced by another link or directory. The directory that holds the name gives the
//! event.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | symbolic links in one path | 40, as in Linux | following ends there |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::watched::WatchedPath;

/// Most symbolic links followed in one path (`MAXSYMLINKS` of Linux).
const LINKS: usize = 40;

/// Identifies a directory. The inode number alone is not enough: the system gives it to the next one.
pub(super) type Identity = (u64, u64, Option<SystemTime>);

/// The directories to watch, and which of their entries matter.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct WatchPlan {
    /// The directories to watch.
    pub directories: BTreeMap<PathBuf, Option<Identity>>,
    /// Names on the way. If one of them appears or disappears, the plan is out of date.
    pub steps: BTreeSet<PathBuf>,
    /// Directories in which every entry matters.
    pub whole: BTreeSet<PathBuf>,
}

impl WatchPlan {
    /// Returns the plan for `paths` as they are now.
    pub fn of(paths: &[WatchedPath]) -> Self {
        let mut plan = Self::default();
        for path in paths {
            match path {
                WatchedPath::File(path) => drop(plan.follow(path)),
                WatchedPath::Directory(path) => plan.follow_directory(path),
            }
        }
        plan
    }

    fn follow_directory(&mut self, path: &Path) {
        let directory = self.follow(path);
        self.directories
            .insert(directory.clone(), identity(&directory));
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                self.follow(&entry.path());
            }
        }
        self.whole.insert(directory);
    }

    /// Adds every name on the way to `path`. Returns where the way ends.
    fn follow(&mut self, path: &Path) -> PathBuf {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut ahead: VecDeque<OsString> = names(&absolute).collect();
        let mut place = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                place.pop();
                continue;
            }
            let step = place.join(&name);
            if !self.directories.contains_key(&place) {
                self.directories.insert(place.clone(), identity(&place));
            }
            self.steps.insert(step.clone());
            let Ok(target) = fs::read_link(&step) else {
                place = step;
                continue;
            };
            links += 1;
            if links > LINKS {
                return step;
            }
            if target.is_absolute() {
                place = PathBuf::from("/");
            }
            for name in names(&target).rev() {
                ahead.push_front(name);
            }
        }
        place
    }
}

/// Returns the names in `path`, `..` included.
fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> + '_ {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}

fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A directory whose path has no symbolic link in it.
    fn temporary() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = fs::canonicalize(dir.path()).unwrap();
        (dir, path)
    }

    #[test]
    fn every_directory_on_the_way_is_watched() {
        let (_dir, base) = temporary();
        fs::create_dir_all(base.join("real/rules")).unwrap();
        symlink("real", base.join("link")).unwrap();
        let plan = WatchPlan::of(&[WatchedPath::Directory(base.join("link/rules"))]);
        for directory in [base.clone(), base.join("real"), base.join("real/rules")] {
            assert!(plan.directories.contains_key(&directory), "{directory:?}");
        }
        for step in [
            base.join("link"),
            base.join("real"),
            base.join("real/rules"),
        ] {
            assert!(plan.steps.contains(&step), "{step:?}");
        }
        assert!(plan.whole.contains(&base.join("real/rules")));
    }

    #[test]
    fn the_targets_of_links_are_watched() {
        let (_dir, base) = temporary();
        fs::create_dir_all(base.join("rules/..one")).unwrap();
        fs::create_dir_all(base.join("elsewhere")).unwrap();
        symlink("..one", base.join("rules/..data")).unwrap();
        symlink("..data/a.rules", base.join("rules/a.rules")).unwrap();
        symlink("../elsewhere/b.rules", base.join("rules/b.rules")).unwrap();
        let plan = WatchPlan::of(&[WatchedPath::Directory(base.join("rules"))]);
        assert!(plan.directories.contains_key(&base.join("rules/..one")));
        assert!(plan.directories.contains_key(&base.join("elsewhere")));
        assert!(plan.steps.contains(&base.join("rules/..data")));
        assert!(plan.steps.contains(&base.join("elsewhere/b.rules")));
    }

    #[test]
    fn a_circle_of_links_ends() {
        let (_dir, base) = temporary();
        symlink("b", base.join("a")).unwrap();
        symlink("a", base.join("b")).unwrap();
        let plan = WatchPlan::of(&[WatchedPath::File(base.join("a"))]);
        assert!(plan.steps.contains(&base.join("b")));
    }

    #[test]
    fn a_missing_file_is_waited_for_in_the_directories_above() {
        let (_dir, base) = temporary();
        let plan = WatchPlan::of(&[WatchedPath::File(base.join("later/readdress.toml"))]);
        assert!(plan.directories[&base].is_some());
        assert!(plan.directories[&base.join("later")].is_none());
        assert!(plan.steps.contains(&base.join("later")));
    }
}
