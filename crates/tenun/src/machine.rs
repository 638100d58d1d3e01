//! How much memory there is, and how much of it this process has.

use std::fs;

/// Bytes that this process may still allocate: the system's available memory, or what is left of its control group's limit
/// if that is less. None where the system does not say.
#[must_use]
pub fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kilobytes(&text, "MemAvailable:"));
    let read = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let group = |limit: &str, used: &str| Some(read(limit)?.saturating_sub(read(used)?));
    let second = group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
    let first =
        group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes");
    [system, second, first].into_iter().flatten().min()
}

/// Bytes of this process that are in memory. None where the system does not say.
#[must_use]
pub fn resident() -> Option<u64> {
    fs::read_to_string("/proc/self/status").ok().and_then(|text| kilobytes(&text, "VmRSS:"))
}

/// The most that were in memory at any time. None where the system does not say.
#[must_use]
pub fn peak() -> Option<u64> {
    fs::read_to_string("/proc/self/status").ok().and_then(|text| kilobytes(&text, "VmHWM:"))
}

/// The line of a file of `/proc` that begins with `name`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_how_much_there_is() {
        let text = "MemTotal:       16384000 kB\nMemFree:          200 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(kilobytes(text, "MemAvailable:"), Some(8192 * 1024));
        assert_eq!(kilobytes("nothing", "MemAvailable:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_some_and_never_more_than_its_peak() {
        let (now, most) = (resident().unwrap(), peak().unwrap());
        assert!(now > 1 << 20 && most > 1 << 20);
    }
}
