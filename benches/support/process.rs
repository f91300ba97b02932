//! What the kernel knows of this process and its threads.

use std::time::{Duration, Instant};

/// The engine's monitor thread.
pub const MONITOR: &str = "changeover-mon";

/// One thread of this process.
pub struct Thread {
    directory: std::path::PathBuf,
}

impl Thread {
    /// The only thread of this name.
    pub fn named(name: &str) -> Thread {
        let tasks = std::fs::read_dir("/proc/self/task").expect("/proc is mounted");
        let mut found = tasks.filter_map(Result::ok).map(|task| task.path()).filter(|path| {
            let comm = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
            comm.trim_end() == name
        });
        let directory = found.next().expect("such a thread");
        assert!(found.next().is_none(), "one thread is called {name}");
        Thread { directory }
    }

    /// Processor time it has used.
    fn processor_time(&self) -> Duration {
        let text = self.read("schedstat");
        let nanos = text.split_whitespace().next().and_then(|word| word.parse().ok());
        Duration::from_nanos(nanos.expect("nanoseconds on the processor"))
    }

    /// The per cent of a processor it uses from now on, for so long.
    pub fn share(&self, watched: Duration) -> f64 {
        let (began, used) = (Instant::now(), self.processor_time());
        std::thread::sleep(watched);
        let (took, used) = (began.elapsed(), self.processor_time() - used);
        used.as_secs_f64() / took.as_secs_f64() * 100.0
    }

    /// How often it went to sleep of its own accord: so often it was woken up.
    pub fn wake_ups(&self) -> u64 {
        let status = self.read("status");
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse().ok()).expect("a count of context switches")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.directory.join(file)).expect("the thread lives")
    }
}

/// Bytes of memory this process occupies.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("a size") * 1024
}
