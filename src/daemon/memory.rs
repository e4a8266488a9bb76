//! Whether the memory for a piece of work is there, before it is begun.
//!
//! An allocation that fails ends the process, and with it a table that serves well. So who is about to
//! take much asks here first, and does without the work if the answer is no.
//!
//! What is looked at: the limit of the address space (`ulimit -v`), by asking for that much; the limits of
//! the control groups (`MemoryMax=`, a container's), without the caches that the kernel would give
//! back; and what the whole system has left. Where one of them cannot be read, it is taken to be no limit.
//!
//! # Limits
//!
//! The answer is about now, and what is asked for is an estimate: memory that somebody else takes in the
//! meantime, or a piece of work that takes more than its estimate, still ends the process.

use std::{fs, path::Path, path::PathBuf};

/// Where control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Returns true if so many bytes are there.
pub fn has_room(bytes: u64) -> bool {
    let Ok(size) = usize::try_from(bytes) else {
        return false;
    };
    // Asked for and given back, without being touched.
    if Vec::<u8>::new().try_reserve_exact(size).is_err() {
        return false;
    }
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let left = [system(), control_groups(Path::new(CGROUPS), &groups)];
    left.into_iter().flatten().all(|left| left >= bytes)
}

/// What the system has left, swap included.
fn system() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((kib("MemAvailable:")? + kib("SwapFree:").unwrap_or(0)) << 10)
}

/// The least that a control group of this process, or one above it, has left.
fn control_groups(root: &Path, own: &str) -> Option<u64> {
    let memory = own.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?.trim_start_matches('/'));
        match controllers {
            "" => Some((root.to_owned(), path, UNIFIED)),
            _ if controllers.split(',').any(|name| name == "memory") => {
                Some((root.join("memory"), path, LEGACY))
            }
            _ => None,
        }
    });
    memory
        .flat_map(|(root, path, names)| {
            let groups: Vec<PathBuf> = Path::new(path)
                .ancestors()
                .map(|group| root.join(group))
                .collect();
            groups
                .into_iter()
                .filter_map(move |group| left(&group, names))
        })
        .min()
}

/// The names of a group's files, which the two versions call differently.
#[derive(Clone, Copy)]
struct Names {
    limit: &'static str,
    used: &'static str,
    cache: &'static str,
}

const UNIFIED: Names = Names {
    limit: "memory.max",
    used: "memory.current",
    cache: "inactive_file ",
};

const LEGACY: Names = Names {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_inactive_file ",
};

fn left(group: &Path, names: Names) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    // `max` is no number, and no limit.
    let limit: u64 = read(names.limit)?.trim().parse().ok()?;
    let used: u64 = read(names.used)?.trim().parse().ok()?;
    let stat = read("memory.stat").unwrap_or_default();
    let cache = stat.lines().find_map(|line| line.strip_prefix(names.cache));
    let cache: u64 = cache.and_then(|cache| cache.parse().ok()).unwrap_or(0);
    Some((limit + cache).saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_is_there_and_everything_is_not() {
        assert!(has_room(1 << 20));
        assert!(!has_room(u64::MAX / 4));
    }

    #[test]
    fn the_tightest_group_counts_and_caches_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let write = |group: &str, name: &str, text: &str| {
            fs::create_dir_all(dir.path().join(group)).unwrap();
            fs::write(dir.path().join(group).join(name), text).unwrap();
        };
        write("a", "memory.max", "1000\n");
        write("a", "memory.current", "900\n");
        write(
            "a",
            "memory.stat",
            "anon 700\ninactive_file 150\nfile 200\n",
        );
        write("a/b", "memory.max", "max\n");
        write("a/b", "memory.current", "900\n");
        assert_eq!(control_groups(dir.path(), "0::/a/b\n"), Some(250));
        write("memory/c", "memory.limit_in_bytes", "500\n");
        write("memory/c", "memory.usage_in_bytes", "400\n");
        let both = "4:cpu,memory:/c\n3:cpuset:/x\n0::/a/b\n";
        assert_eq!(control_groups(dir.path(), both), Some(100));
        assert_eq!(control_groups(dir.path(), "0::/\n"), None);
        assert_eq!(control_groups(dir.path(), "nonsense"), None);
    }
}
