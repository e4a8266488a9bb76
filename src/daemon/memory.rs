//! Tells before a piece of work begins whether enough memory is left for it.
//!
//! If an allocation fails, the process ends, and with it the service. So code that is about to use much memory asks
//! here first, and does not begin if the answer is no.
//!
//! Three limits count: the address space (`ulimit -v`), which is tested by an allocation; the control groups
//! (`MemoryMax=`, or the limit of a container), without the caches that the kernel would free; and what the whole
//! system has left. If one of them cannot be read, it counts as no limit.
//!
//! # Limits
//!
//! The answer holds for the moment, and the caller asks for an estimate. If another process uses the memory
//! meanwhile, or if the work needs more than its estimate, the process still ends.

use std::{fs, path::Path, path::PathBuf};

/// The directory of the control groups.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Returns true if so many bytes can be allocated.
pub fn has_room(bytes: u64) -> bool {
    let Ok(size) = usize::try_from(bytes) else {
        return false;
    };
    // The memory is reserved and freed, but never written.
    if Vec::<u8>::new().try_reserve_exact(size).is_err() {
        return false;
    }
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let left = [system(), control_groups(Path::new(CGROUPS), &groups)];
    left.into_iter().flatten().all(|left| left >= bytes)
}

/// Returns how many bytes the system has left, swap included.
fn system() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((kib("MemAvailable:")? + kib("SwapFree:").unwrap_or(0)) << 10)
}

/// Returns how many bytes the control groups of this process, or the groups above them, have left at least.
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

/// The names of the files of a control group. The two versions of control groups have different names.
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
    // The word `max` stands for no limit.
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
