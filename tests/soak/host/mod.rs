//! The host: a real engine in a process of its own, and what a host has around it. It tells the judge all
//! that it does, as [records](crate::records).

mod callbacks;
mod churn;
mod follow;
mod held;
mod ingest;

use crate::plan::{self, INPUTS, STREAMS};
use crate::records::{now, Record, What, BEGIN};
use callbacks::Callbacks;
use changeover::{Config, Engine};
use ingest::{Pool, Running};
use std::fs::File;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// What its threads share.
pub struct Host {
    engine: OnceLock<Arc<Engine>>,
    ids: Vec<String>,
    /// Bound for good. Nobody reads them while their input has no session.
    sockets: Vec<UdpSocket>,
    /// By input.
    running: Mutex<Vec<Option<Running>>>,
    /// When each input's last packet was recorded.
    recorded: Vec<AtomicU64>,
    pool: Pool,
    ended: AtomicBool,
    records: File,
}

/// The whole life of the host's process: until its standard input is closed.
pub fn run(port: u16, seed: u64) {
    let mut records = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    records.write_all(BEGIN).unwrap();
    let bind = |input| UdpSocket::bind(plan::address(input, port)).expect("the port is free");
    let host = Arc::new(Host {
        engine: OnceLock::new(),
        ids: (0..STREAMS).map(plan::stream_id).collect(),
        sockets: (0..INPUTS).map(bind).collect(),
        running: Mutex::new((0..INPUTS).map(|_| None).collect()),
        recorded: (0..INPUTS).map(|_| AtomicU64::new(0)).collect(),
        pool: Pool::new(),
        ended: AtomicBool::new(false),
        records,
    });
    let callbacks = Callbacks::new(host.clone(), seed);
    let engine = Engine::builder().defaults(plan::defaults()).ingestor(callbacks).build().unwrap();
    let engine = host.engine.get_or_init(|| Arc::new(engine)).clone();
    let mut threads = vec![follow::spawn(host.clone()), tell_memory(host.clone())];
    ingest::spawn_pool(&host, seed);
    for stream in 0..STREAMS {
        host.register(stream);
    }
    threads.extend((0..churn::THREADS).map(|thread| churn::spawn(host.clone(), thread, seed)));
    // Until the parent closes it.
    let _ = std::io::stdin().read(&mut [0]);
    host.ended.store(true, Ordering::Relaxed);
    engine.shutdown().unwrap();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    host.tell(Record::new(What::End, 0, now(), now()));
}

/// Each second; and has the allocator give back what is free, so that what is resident is what is in use.
fn tell_memory(host: Arc<Host>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while !host.has_ended() {
            #[cfg(target_env = "gnu")]
            // SAFETY: takes an integer only.
            unsafe {
                libc::malloc_trim(0)
            };
            host.tell(Record { more: held::held(), ..Record::new(What::Held, 0, now(), now()) });
            std::thread::sleep(Duration::from_secs(1));
        }
    })
}

impl Host {
    fn engine(&self) -> &Arc<Engine> {
        self.engine.get().expect("callbacks come after the first registration")
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn register(&self, stream: usize) {
        let from = now();
        let inputs = vec![plan::input(stream, 0), plan::input(stream, 1)];
        let _ = self.engine().register(&self.ids[stream], "", inputs, Config::new());
        for priority in [0, 1] {
            self.tell(Record::new(What::Renewed, 2 * stream + priority, from, now()));
        }
    }

    fn running(&self) -> MutexGuard<'_, Vec<Option<Running>>> {
        self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Once the judge has gone there is nobody to be told.
    fn tell(&self, record: Record) {
        let _ = record.write(&self.records);
    }
}
