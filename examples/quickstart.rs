//! One stream, two sources, one death: `cargo run --example quickstart`.

use changeover::{Config, Engine, EventKind, Flags, Input, Notice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

fn main() -> Result<(), changeover::Error> {
    let engine = Engine::new()?;
    let inputs =
        vec![Input::new(0, "udp://primary:5000").hot(), Input::new(1, "udp://backup:5000").hot()];
    let config = Config::new().packet_timeout(Duration::from_millis(200));
    engine.register("news", "", inputs, config)?;
    let primary_lives = AtomicBool::new(true);

    scope(|threads| {
        // The event loop: what to start and stop, and what was decided.
        while let Some(event) = engine.next_event(Duration::from_secs(1))? {
            println!("{event}");
            match &event.kind {
                EventKind::Start(start) => {
                    let priority = start.input.priority;
                    let mut input = engine.open_input(&event.stream, priority, start.session)?;
                    let lives = &primary_lives;
                    // Here your ingest thread opens `start.input.url` and reads packets. One is a frame
                    // here; of the datagrams of a frame, only the first would be flagged VIDEO.
                    threads.spawn(move || {
                        for frame in 0..50 {
                            if priority == 0 && !lives.load(Ordering::Relaxed) {
                                return;
                            }
                            let key = if frame % 25 == 0 { Flags::KEY } else { Flags::NONE };
                            if input.record(8000, Flags::VIDEO | key).forward() {
                                // Here you write the packet to the output.
                            }
                            sleep(Duration::from_millis(20));
                        }
                    });
                }
                EventKind::Notice(Notice::Active { priority: 0, .. }) => {
                    primary_lives.store(false, Ordering::Relaxed)
                }
                EventKind::Notice(Notice::Active { priority: 1, .. }) => break,
                _ => {}
            }
        }
        Ok(())
    })?;
    println!("{}", engine.runtime_status("news")?.to_json());
    Ok(())
}
