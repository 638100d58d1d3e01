//! How much memory the machine has left.

use std::fs;

/// Bytes that this process may still allocate: the system's available memory, or what is left of its control group's limit
/// if that is less. None where the system does not say.
#[must_use]
pub fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(mem_available);
    let read = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let group = |limit: &str, used: &str| Some(read(limit)?.saturating_sub(read(used)?));
    let second = group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
    let first =
        group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes");
    [system, second, first].into_iter().flatten().min()
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn mem_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_how_much_there_is() {
        let text = "MemTotal:       16384000 kB\nMemFree:          200 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(mem_available(text), Some(8192 * 1024));
        assert_eq!(mem_available("nothing"), None);
    }
}
