//! The threads that receive and record: one for each session of some inputs, which comes and goes with it and
//! records by handle; a few for all others, which record by id and are replaced every few seconds.

use super::Host;
use crate::plan::{self, Datagram, INPUTS};
use crate::records::{now, Record, What};
use changeover::{Flags, SessionId, Verdict};
use fastrand::Rng;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many threads record by id.
const POOL: usize = 4;

/// How often a thread that waits looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A session.
pub struct Running {
    pub session: SessionId,
    /// For its thread, if it has one.
    over: Arc<AtomicBool>,
}

/// The sockets that the threads of the pool wait for: an epoll instance each.
pub struct Pool {
    waiting: Vec<OwnedFd>,
}

impl Pool {
    pub fn new() -> Pool {
        // SAFETY: takes a flag; what it returns is a new descriptor, nobody else's.
        let instance = || unsafe { OwnedFd::from_raw_fd(libc::epoll_create1(libc::EPOLL_CLOEXEC)) };
        Pool { waiting: (0..POOL).map(|_| instance()).collect() }
    }

    /// Has the pool read an input's socket, or leave it alone.
    fn control(&self, host: &Host, input: usize, operation: i32) {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: input as u64 };
        let (pool, socket) = (&self.waiting[input % POOL], host.sockets[input].as_raw_fd());
        // SAFETY: both descriptors are open, the event is valid for the call.
        unsafe { libc::epoll_ctl(pool.as_raw_fd(), operation, socket, &mut event) };
    }

    /// Inputs of this thread whose packets have come.
    fn wait(&self, thread: usize) -> Vec<usize> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        let millis = LOOK.as_millis() as i32;
        // SAFETY: the descriptor is open, and there is room for 64 events.
        let came = unsafe {
            libc::epoll_wait(self.waiting[thread].as_raw_fd(), events.as_mut_ptr(), 64, millis)
        };
        events[..came.max(0) as usize].iter().map(|event| event.u64 as usize).collect()
    }
}

impl Host {
    /// A session begins. What lies in its socket was sent before.
    pub fn begin(self: &Arc<Host>, input: usize, session: SessionId) {
        while self.receive(input, libc::MSG_DONTWAIT).is_some() {}
        let over = Arc::new(AtomicBool::new(false));
        let running = Running { session, over: over.clone() };
        if let Some(before) = self.running()[input].replace(running) {
            before.over.store(true, Ordering::Relaxed);
        }
        if plan::has_threads(input) {
            let host = self.clone();
            std::thread::spawn(move || host.record_session(input, session, &over));
        } else {
            self.pool.control(self, input, libc::EPOLL_CTL_ADD);
        }
    }

    pub fn end(&self, input: usize, session: SessionId) {
        let mut all = self.running();
        if let Some(running) = all[input].take_if(|running| running.session == session) {
            running.over.store(true, Ordering::Relaxed);
            if !plan::has_threads(input) {
                self.pool.control(self, input, libc::EPOLL_CTL_DEL);
            }
        }
    }

    /// Whether its source sends, found out by listening for a while.
    pub fn hears(&self, input: usize) -> bool {
        let patience = 3 * plan::PERIOD;
        if self.running()[input].is_some() {
            return now() - self.recorded[input].load(Ordering::Relaxed) < plan::nanos(patience);
        }
        while self.receive(input, libc::MSG_DONTWAIT).is_some() {}
        let socket = self.sockets[input].as_raw_fd();
        let mut wait = libc::pollfd { fd: socket, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry.
        unsafe { libc::poll(&mut wait, 1, patience.as_millis() as i32) > 0 }
    }

    fn receive(&self, input: usize, flags: i32) -> Option<Datagram> {
        let mut bytes = [0_u8; Datagram::SIZE];
        let (socket, room) = (self.sockets[input].as_raw_fd(), bytes.as_mut_ptr().cast());
        // SAFETY: the descriptor is open, and there is as much room as is said.
        let length = unsafe { libc::recv(socket, room, Datagram::SIZE, flags) };
        (length == Datagram::SIZE as isize).then(|| Datagram::from_bytes(&bytes))
    }

    fn record_session(&self, input: usize, session: SessionId, over: &AtomicBool) {
        let (id, priority) = (&self.ids[input / 2], (input % 2) as i32);
        let Ok(mut handle) = self.engine().open_input(id, priority, session) else { return };
        let _ = self.sockets[input].set_read_timeout(Some(LOOK));
        while !over.load(Ordering::Relaxed) && !self.has_ended() {
            let Some(packet) = self.receive(input, 0) else { continue };
            if over.load(Ordering::Relaxed) {
                // It is the next session's; it is missed as one that the network lost.
                return;
            }
            self.record(input, session, packet, |flags| Some(handle.record(1316, flags)));
        }
    }

    fn record_by_id(&self, input: usize) {
        let (id, priority) = (&self.ids[input / 2], (input % 2) as i32);
        while let Some(packet) = self.receive(input, libc::MSG_DONTWAIT) {
            let by_id = |flags| self.engine().record_packet(id, priority, 1316, flags).ok();
            self.record(input, 0, packet, by_id);
        }
    }

    /// Records a packet, and tells the judge what came of it and when.
    fn record(
        &self,
        input: usize,
        session: SessionId,
        packet: Datagram,
        record: impl FnOnce(Flags) -> Option<Verdict>,
    ) {
        let key = if packet.number.is_multiple_of(20) { Flags::KEY } else { Flags::NONE };
        let flags = if plan::has_pictures(input) { Flags::VIDEO | key } else { Flags::NONE };
        let from = now();
        let verdict = record(flags);
        let to = now();
        if let Some(verdict) = verdict {
            self.recorded[input].store(to, Ordering::Relaxed);
            let packet = Record {
                session,
                number: verdict.number(),
                more: packet.sent,
                ..Record::new(What::Packet, input, from, to)
            };
            self.tell(packet);
        }
    }
}

/// Threads for all inputs that have none of their own.
pub fn spawn_pool(host: &Arc<Host>, seed: u64) {
    for thread in 0..POOL {
        spawn_one(host.clone(), thread, Rng::with_seed(seed + thread as u64));
    }
}

/// A thread of the pool, which ends after a few seconds and leaves its place to another.
fn spawn_one(host: Arc<Host>, thread: usize, mut rng: Rng) {
    std::thread::spawn(move || {
        let end = Instant::now() + Duration::from_millis(rng.u64(1_000..5_000));
        while Instant::now() < end && !host.has_ended() {
            for input in host.pool.wait(thread) {
                debug_assert!(input < INPUTS);
                host.record_by_id(input);
            }
        }
        if !host.has_ended() {
            spawn_one(host, thread, rng);
        }
    });
}
