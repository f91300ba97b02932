//! The shadow on its thread, beside an engine in virtual time: one that can't follow, and one that ends.

use super::plan::MS;
use super::scene::{turn, Scene};
use crate::core::Config;
use crate::engine::recorder::Whose;
use crate::engine::shadow::Shadow;
use crate::engine::threads::Thread;
use crate::engine::{EventKind, Tap};
use crate::hot::simulated;
use crate::vocabulary::Flags;
use std::time::{Duration, Instant};

/// Whatever takes longer does not come.
const DEADLINE: Duration = Duration::from_secs(60);

/// Streams that would be given up otherwise only in a minute.
fn patient(streams: usize) -> Scene {
    let minute = Duration::from_secs(60);
    Scene::new(streams, &Config::new().packet_timeout(minute).connect_timeout(minute))
}

/// Which would give up an input after 300 ms; its thread is yet to begin.
fn shadow(scene: &mut Scene) -> Shadow {
    let settings = Config::new().packet_timeout(Duration::from_millis(300));
    let (recorder, shadow) = scene.machine.engine.new_shadow(settings, None);
    scene.machine.record(Whose::Shadow, Some(recorder));
    shadow
}

fn told(tap: &mut Tap) -> impl Iterator<Item = EventKind> + '_ {
    std::iter::from_fn(|| tap.next(Duration::ZERO).unwrap().map(|told| told.event().kind.clone()))
}

/// The monitor does what the shadow asks of it, until that is so.
#[track_caller]
fn turn_until(scene: &mut Scene, mut is_so: impl FnMut(&mut Scene) -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so(scene) {
        assert!(Instant::now() < end, "it does not come");
        turn(&mut scene.machine);
        std::thread::yield_now();
    }
}

fn begin(shadow: Shadow) -> Thread {
    Thread::spawn("changeover-shd", move || shadow.run()).unwrap()
}

fn end(scene: &mut Scene, thread: Thread) {
    scene.machine.record(Whose::Shadow, None);
    turn_until(scene, |_| thread.is_finished());
}

#[test]
fn a_shadow_that_falls_behind_begins_anew_and_holds_up_nobody() {
    let mut scene = patient(4);
    let mut tap = scene.machine.tap(1024);
    let shadow = shadow(&mut scene);
    // A chunk each 100 ms that something is recorded, for which there is no room from the 64th on. The monitor, which is on
    // this thread, goes on.
    let mut silent = scene.inputs.pop().unwrap();
    for _ in 0..100 {
        scene.run(150 * MS, &mut || ());
        let _ = silent.record(1, Flags::NONE);
    }
    let waiting = shadow.waiting();
    assert_eq!(waiting(), 64);
    let thread = begin(shadow);
    let mut gaps = Vec::new();
    turn_until(&mut scene, |scene| {
        // No faster than it follows.
        if waiting() == 0 {
            scene.run(MS, &mut || ());
        }
        gaps.extend(told(&mut tap).filter_map(|kind| match kind {
            EventKind::ShadowGap { dropped } => Some(dropped),
            _ => None,
        }));
        !gaps.is_empty() && scene.machine.shared().counts.shadow.compared().0 == 4
    });
    assert!(gaps[0] > 0, "so many records were lost to it: {gaps:?}");
    end(&mut scene, thread);
    simulated::end();
}

#[test]
fn a_shadow_that_ends_in_a_silence_has_decided_what_was_due_in_it() {
    let mut scene = patient(1);
    let mut tap = scene.machine.tap(1024);
    let shadow = shadow(&mut scene);
    let thread = begin(shadow);
    scene.run(1_000 * MS, &mut || ());
    // Nothing is recorded of the second half of it.
    scene.inputs.clear();
    scene.run(500 * MS, &mut || ());
    end(&mut scene, thread);
    let differences = told(&mut tap).filter(|kind| matches!(kind, EventKind::ShadowDiffers(_)));
    assert!(differences.count() > 0, "it gave nothing up");
    simulated::end();
}
