//! The packet path, to be counted by callgrind: `ci/test-instructions` runs it and compares with
//! `benches/instructions.txt`. Arguments: which path, how many packets.
//!
//! Callgrind counts only inside the functions `counted_…`, on the thread that runs them.

mod support;

use support::floor::Floor;
use support::host::{drain, engine, everything_on, open, packet, record_batches, undisturbed};
use support::host::{record, record_by_id, BATCH};
use support::ids::Walk;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, packets] = &arguments[..] else {
        println!("instructions: see ci/test-instructions");
        return;
    };
    let packets = packets.parse().expect("a number of packets");
    // With everything on that looks at what inputs deliver, or nothing.
    let (path, on) = path.strip_suffix("-on").map_or((path.as_str(), false), |path| (path, true));
    let engine = engine(if on { everything_on() } else { undisturbed() });
    let [mut handle, _] = open(&engine, 0..1).remove(0);
    let mut walk = Walk::new(1, 0);
    let batch = [packet(); BATCH];
    drain(&engine);
    // The thread's first call by id joins the engine.
    record_by_id(&engine, &mut walk, 1);
    match path {
        "floor" => counted(|| Floor::new().run(packets)),
        "handle" => counted(|| record(&mut handle, packets)),
        "batch" => counted(|| record_batches(&mut handle, &batch, packets)),
        "id" => counted(|| record_by_id(&engine, &mut walk, packets)),
        _ => panic!("no such path: {path}"),
    }
}

/// What is counted.
#[inline(never)]
fn counted(work: impl FnOnce()) {
    work();
    // Not a tail call: it is left where it was entered.
    support::opaque(0);
}
