//! A process that locks itself in (`seccomp(2)`) after it has made its engine: what the kernel
//! then refuses costs memory, and not the failover.

use crate::rig::*;
use changeover::{Config, Engine, Flags, Input, Level};
use std::sync::{Arc, Mutex};

/// Has the kernel refuse membarrier(2) to all threads of this process from here on.
fn refuse_membarrier() {
    let filter = |code: u32, jt, jf, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    let mut program = [
        filter(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        filter(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_membarrier as u32),
        filter(libc::BPF_RET | libc::BPF_K, 0, 0, refused),
        filter(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: program.as_mut_ptr() };
    let (mode, all) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_TSYNC);
    // SAFETY: integers, and a filter of the length given.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::syscall(libc::SYS_seccomp, mode, all, &program), 0);
    }
}

#[test]
fn the_engine_goes_on_without_membarrier() {
    if !alone_and_leaking("sandboxed::the_engine_goes_on_without_membarrier") {
        return;
    }
    let errors = Arc::new(Mutex::new(Vec::new()));
    let log = errors.clone();
    let engine = Engine::new().unwrap();
    let keep = move |_, line: &str| log.lock().unwrap().push(line.to_owned());
    engine.set_log_callback(Some((Level::Error, Box::new(keep)))).unwrap();
    let register = |id: &str| engine.register(id, "", vec![Input::new(0, "a")], Config::new());
    register("before").unwrap();
    refuse_membarrier();
    for round in 0..3 {
        register("s").unwrap();
        assert!(engine.record_packet("s", 0, 1, Flags::NONE).unwrap().forward(), "round {round}");
        engine.unregister("s").unwrap();
        engine.sync(PATIENCE).unwrap();
    }
    assert!(engine.record_packet("before", 0, 1, Flags::NONE).unwrap().forward());
    eventually("the log says so", || {
        let errors = errors.lock().unwrap();
        errors.iter().any(|line| line.contains("membarrier(2) is refused")).then_some(())
    });
    engine.shutdown().unwrap();
}
