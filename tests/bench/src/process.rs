//! Reads what the kernel shows about a process: memory, processor time, context switches.

use std::fs;

/// Returns a number from `/proc/PID/status`, in the unit of the file (KiB for memory).
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let digits = line.and_then(|rest| rest.trim_start_matches(':').split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn status(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&text, name)
}

/// Returns the resident memory in bytes.
pub fn resident(pid: u32) -> u64 {
    status(pid, "VmRSS") * 1024
}

/// Returns the largest resident memory since [`forget_peak`], in bytes.
pub fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM") * 1024
}

/// Begins to measure a new peak. Without the permission to do so, the old peak stays.
pub fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Returns the processor time so far in seconds, to a hundredth.
pub fn seconds(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may contain spaces.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| -> f64 { fields.get(at).and_then(|f| f.parse().ok()).unwrap_or(0.0) };
    // Debian's kernels count in hundredths (USER_HZ).
    (ticks(11) + ticks(12)) / 100.0
}

/// Returns the number of voluntary context switches of the threads that run now.
pub fn switches(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    threads
        .into_iter()
        .flatten()
        .flatten()
        .map(|thread| {
            let text = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            field(&text, "voluntary_ctxt_switches")
        })
        .sum()
}
