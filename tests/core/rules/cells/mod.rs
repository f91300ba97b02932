//! The states of an input against what may happen to it: one test a row, and in it what each event leads
//! to. A cell that fails is named: the last one that was printed.
//!
//! | file | states |
//! |---|---|
//! | `worth.rs` | held, poor, useless, a fill |
//! | `switches.rs` | a switch that waits, a start that is bridged |
//! | `failed.rs` | untested, pushed |
//! | `maintenance.rs` | disabled, chosen for a time |

mod failed;
mod maintenance;
mod switches;
mod worth;

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Input, Role, Standby};

/// An event, what it leads to, and the scenario that shows it.
type Cell = (&'static str, &'static str, fn(Rig));

/// Plays each cell from the state anew.
fn row(state: &str, begin: fn() -> Rig, cells: &[Cell]) {
    for (event, outcome, play) in cells {
        println!("{state} × {event}: {outcome}");
        let mut rig = begin();
        rig.skip();
        play(rig);
    }
}

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

fn hot_fill(priority: i32) -> Input {
    hot(priority).config(fill(priority).config.standby(Standby::Hot))
}

/// Whatever the state: every session is stopped, and nothing comes after it.
fn unregisters(mut rig: Rig) {
    rig.handle(Stimulus::Unregister).unwrap();
    assert_eq!(rig.lines().last().as_deref(), Some("unregistered"));
    assert_eq!((rig.stream.gate(), rig.deadline(), rig.stream.offer()), (None, None, None));
    assert!(rig.on_host().is_empty());
    rig.until(3_600_000);
    rig.is_quiet();
}
