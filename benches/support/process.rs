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
    pub fn processor_time(&self) -> Duration {
        let text = self.read("schedstat");
        let nanos = text.split_whitespace().next().and_then(|word| word.parse().ok());
        Duration::from_nanos(nanos.expect("nanoseconds on the processor"))
    }

    /// The per cent of a processor it uses from now on, for so long.
    pub fn share(&self, watched: Duration) -> f64 {
        shares([self], watched)[0]
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

/// The per cent of a processor that each of them uses from now on, for so long.
pub fn shares<const N: usize>(threads: [&Thread; N], watched: Duration) -> [f64; N] {
    let used = threads.map(|thread| (Instant::now(), thread.processor_time()));
    std::thread::sleep(watched);
    std::array::from_fn(|n| {
        let (began, before) = used[n];
        let (took, used) = (began.elapsed(), threads[n].processor_time() - before);
        used.as_secs_f64() / took.as_secs_f64() * 100.0
    })
}

/// The calling thread and another on one processor, for as long as this lives: to wake each other
/// up then takes a change of context, always.
pub struct OneProcessor {
    threads: [libc::pid_t; 2],
    before: libc::cpu_set_t,
}

impl OneProcessor {
    pub fn with(other: &Thread) -> OneProcessor {
        let number = other.directory.file_name().and_then(|name| name.to_str());
        let other = number.and_then(|name| name.parse().ok()).expect("a thread's number");
        // SAFETY: a set of bits, of which any value is one.
        let mut before: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: of the calling thread (0), into memory of that size.
        let result = unsafe { libc::sched_getaffinity(0, size_of_val(&before), &mut before) };
        assert_eq!(result, 0, "it is known where this thread may run");
        // SAFETY: as above; they touch nothing but the set.
        let one = unsafe {
            let mut one: libc::cpu_set_t = std::mem::zeroed();
            let may_run = |cpu: &usize| libc::CPU_ISSET(*cpu, &before);
            let first = (0..libc::CPU_SETSIZE as usize).find(may_run).expect("a processor");
            libc::CPU_SET(first, &mut one);
            one
        };
        let pinned = OneProcessor { threads: [0, other], before };
        pinned.run_on(&one);
        pinned
    }

    fn run_on(&self, processors: &libc::cpu_set_t) {
        for thread in self.threads {
            // SAFETY: reads a set of that size.
            let result =
                unsafe { libc::sched_setaffinity(thread, size_of_val(processors), processors) };
            assert_eq!(result, 0, "the thread may run there");
        }
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        self.run_on(&self.before);
    }
}

/// Bytes of memory this process occupies.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("a size") * 1024
}
