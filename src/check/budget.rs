//! The memory of the machine, shared by the tests that run at once.

use std::sync::{Condvar, Mutex, PoisonError};

/// What of the machine's free memory tests may take together, in hundredths: the rest is for the
/// runtime itself, which compiles them.
const SHARE: u64 = 75;

/// So many MiB of linear memory may be promised at once.
pub struct MemoryBudget {
    /// None where the system does not say what it has: no test waits then.
    total: Option<u64>,
    promised: Mutex<u64>,
    returned: Condvar,
}

/// What a test was promised, until it goes.
pub struct Promise<'a> {
    budget: &'a MemoryBudget,
    size: u64,
}

impl MemoryBudget {
    /// A share of what is free now.
    pub fn of_machine() -> Self {
        Self::new(available().map(|mib| mib * SHARE / 100))
    }

    fn new(total: Option<u64>) -> Self {
        Self {
            total,
            promised: Mutex::new(0),
            returned: Condvar::new(),
        }
    }

    /// Waits until `mib` are left. A test that wants more than all runs alone.
    pub fn promise(&self, mib: u64) -> Promise<'_> {
        let size = self.total.map_or(0, |total| mib.min(total));
        let promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |promised: &mut u64| *promised + size > self.total.unwrap_or(u64::MAX);
        let mut promised = self
            .returned
            .wait_while(promised, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        *promised += size;
        Promise { budget: self, size }
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        let promised = self.budget.promised.lock();
        *promised.unwrap_or_else(PoisonError::into_inner) -= self.size;
        self.budget.returned.notify_all();
    }
}

/// The memory that new programs can have, in MiB: what Linux says of the machine, and of the
/// control group that this process is in.
/// <https://docs.kernel.org/filesystems/proc.html#meminfo>,
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files>.
fn available() -> Option<u64> {
    let meminfo = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let number = |file: &str| -> Option<u64> {
        let text = fs_err::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?;
        text.trim().parse().ok()
    };
    let group = number("memory.max")
        .map(|max| max.saturating_sub(number("memory.current").unwrap_or(0)) >> 20);
    Some((kib >> 10).min(group.unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_promised_at_once_than_there_is_and_what_wants_more_runs_alone() {
        let budget = MemoryBudget::new(Some(100));
        let (running, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for size in [60, 30, 60, 500, 10, 60, 30, 100] {
                let (budget, running, most) = (&budget, &running, &most);
                scope.spawn(move || {
                    let promise = budget.promise(size);
                    let now = running.fetch_add(promise.size, Ordering::SeqCst) + promise.size;
                    most.fetch_max(now, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    running.fetch_sub(promise.size, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 100);
        assert_eq!(*budget.promised.lock().expect("no thread panicked"), 0);
    }
}
