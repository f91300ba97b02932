//! Promise 1: recording takes no lock, allocates nothing and enters the kernel never, whatever
//! other threads do to the engine meanwhile; by id too, except a thread's first call.
//!
//! Allocations are counted by the allocator of this binary. System calls kill the process: the
//! recording thread allows itself only what seccomp's strict mode allows (a filter, because
//! strict mode would end the thread only, and is refused where a container filters already).
//! Both ways of looking are shown to see what they look for.

use changeover::{Config, Engine, Flags, Input, InputHandle, InputsUpdate};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: by the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: by the caller's contract.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates or frees in `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const PATIENCE: Duration = Duration::from_secs(30);

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()]
}

fn engine() -> Arc<Engine> {
    let config = Config::new().packet_timeout(PATIENCE).connect_timeout(PATIENCE);
    let engine = Arc::new(Engine::builder().defaults(config).build().unwrap());
    engine.register("s", "", inputs(), Config::new()).unwrap();
    engine
}

/// One of everything that records.
fn record_all(engine: &Engine, input: &mut InputHandle) {
    let _ = input.record(1316, Flags::VIDEO | Flags::KEY);
    let _ = input.record_batch([(188, Flags::NONE); 7]);
    input.record_lost(1);
    record_all_by_id(engine);
}

fn record_all_by_id(engine: &Engine) {
    // Whether they are registered right now or not.
    for stream in ["s", "comes and goes", "never there"] {
        for priority in 0..3 {
            let _ = engine.record_packet(stream, priority, 1316, Flags::VIDEO);
        }
        let _ = engine.is_registered(stream);
    }
}

/// What other threads do: rounds of everything that changes what a recording thread looks at.
fn stir(engine: &Engine, rounds: usize) {
    for n in 0..rounds {
        // Enough of them that the routing table is rebuilt, and chunks of cells are added.
        let many: Vec<String> = (0..40).map(|m| format!("{n}/{m}")).collect();
        for id in &many {
            engine.register(id, "", inputs(), Config::new()).unwrap();
        }
        engine.register("comes and goes", "", inputs(), Config::new()).unwrap();
        let handles: Vec<_> = many.iter().map(|id| engine.open_input(id, 0, 0).unwrap()).collect();
        let updated = vec![Input::new(1, format!("{n}")).hot()];
        let (added, removed) = match n % 2 {
            0 => (vec![Input::new(2, "c").hot()], vec![]),
            _ => (vec![], vec![2]),
        };
        engine.update_inputs("s", InputsUpdate { added, removed, updated }).unwrap();
        engine.update_buffer_write_id("s", &format!("{n}")).unwrap();
        let _ = engine.switch_input("s", n as i32 % 2);
        engine.set_config(None, Config::new().packet_timeout(PATIENCE)).unwrap();
        drop(handles);
        let _ = engine.runtime_status("s").unwrap().to_json();
        for id in &many {
            engine.unregister(id).unwrap();
        }
        engine.unregister("comes and goes").unwrap();
        engine.sync(PATIENCE).unwrap();
        while engine.next_event(Duration::ZERO).unwrap().is_some() {}
    }
}

#[test]
fn recording_never_allocates() {
    assert_eq!(allocations(|| drop(Box::new(1))), 2, "the counting works");

    let engine = engine();
    let (over, ready) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let mut input = engine.open_input("s", 0, 0).unwrap();
        // By handle there is no first call.
        let first = allocations(|| assert!(input.record(1, Flags::NONE).number() > 0));
        assert_eq!(first, 0);
        let (engine, over, ready) = (&engine, &over, &ready);
        let recorder = scope.spawn(move || {
            assert_eq!(allocations(|| assert!(input.record(1, Flags::NONE).number() > 0)), 0);
            record_all_by_id(engine);
            ready.store(true, Ordering::SeqCst);
            let mut rounds = 0u64;
            let allocated = allocations(|| {
                while !over.load(Ordering::Relaxed) {
                    record_all(engine, &mut input);
                    rounds += 1;
                }
            });
            (allocated, rounds)
        });
        while !ready.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        stir(engine, 8);
        engine.shutdown().unwrap();
        // Some more after the end.
        std::thread::yield_now();
        over.store(true, Ordering::SeqCst);
        let (allocated, rounds) = recorder.join().unwrap();
        assert_eq!(allocated, 0, "in {rounds} rounds");
        assert!(rounds > 0);
    });
}

const CHILD: &str = "CHANGEOVER_TEST_CHILD";

/// Runs one test of this binary in a process of its own.
fn child(test: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    command.output().unwrap()
}

fn in_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// From here on, this thread may read, write, return from a signal handler and end. Anything
/// else ends the process with SIGSYS.
fn forbid_system_calls() {
    // linux/filter.h: load the number; for each allowed one, skip to the end; kill; allow.
    const LOAD: u16 = 0x20;
    const IS_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let op = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let equal = |number: libc::c_long, to: u8| op(IS_EQUAL, to, 0, number as u32);
    let mut program = [
        op(LOAD, 0, 0, 0),
        equal(libc::SYS_read, 4),
        equal(libc::SYS_write, 3),
        equal(libc::SYS_rt_sigreturn, 2),
        equal(libc::SYS_exit, 1),
        op(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        op(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: a valid program, which the kernel copies; concerns this thread alone.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program), 0);
    }
}

static ROUNDS: AtomicU64 = AtomicU64::new(0);
static OVER: AtomicBool = AtomicBool::new(false);
static ENDED: AtomicBool = AtomicBool::new(false);

/// Calls `round` again and again, without system calls, until `OVER`.
fn without_system_calls(mut round: impl FnMut()) -> ! {
    forbid_system_calls();
    while !OVER.load(Ordering::Relaxed) {
        round();
        ROUNDS.fetch_add(1, Ordering::Relaxed);
    }
    ENDED.store(true, Ordering::SeqCst);
    // SAFETY: ends this thread, which holds nothing that anybody waits for.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn assert_survives(test: &str) {
    let output = child(test);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}\n{errors}", output.status);
    assert!(text.contains("1 passed"), "{text}");
}

/// Has others do everything to the engine, and ends it, while one thread records.
fn end_well(engine: Arc<Engine>) {
    wait_until("recording", || ROUNDS.load(Ordering::Relaxed) > 100);
    stir(&engine, 8);
    engine.shutdown().unwrap();
    drop(engine);
    let after = ROUNDS.load(Ordering::Relaxed);
    wait_until("recording goes on", || ROUNDS.load(Ordering::Relaxed) > after + 100);
    OVER.store(true, Ordering::SeqCst);
    wait_until("it is alive to the end", || ENDED.load(Ordering::SeqCst));
}

#[test]
fn recording_by_handle_makes_no_system_call() {
    if !in_child() {
        return assert_survives("recording_by_handle_makes_no_system_call");
    }
    let engine = engine();
    let session = engine.runtime_status("s").unwrap().inputs[0].session.unwrap();
    // Bound to a session that ends soon, and following.
    let mut inputs = [session, 0].map(|session| engine.open_input("s", 0, session).unwrap());
    std::thread::spawn(move || {
        without_system_calls(|| {
            for input in &mut inputs {
                let _ = input.record(1316, Flags::VIDEO | Flags::KEY);
                let _ = input.record_batch([(188, Flags::NONE); 7]);
                input.record_lost(1);
            }
        })
    });
    end_well(engine);
}

#[test]
fn recording_by_id_makes_no_system_call_after_the_first() {
    if !in_child() {
        return assert_survives("recording_by_id_makes_no_system_call_after_the_first");
    }
    let engine = engine();
    let own = engine.clone();
    std::thread::spawn(move || {
        record_all_by_id(&own);
        without_system_calls(|| record_all_by_id(&own))
    });
    end_well(engine);
}

fn assert_killed(test: &str) {
    let output = child(test);
    assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{}", output.status);
}

#[test]
fn a_system_call_would_be_seen() {
    if !in_child() {
        return assert_killed("a_system_call_would_be_seen");
    }
    let engine = engine();
    let mut input = engine.open_input("s", 0, 0).unwrap();
    std::thread::spawn(move || {
        without_system_calls(|| {
            let _ = input.record(1, Flags::NONE);
            if ROUNDS.load(Ordering::Relaxed) == 1000 {
                std::thread::yield_now();
            }
        })
    });
    wait_until("a death", || false);
}
