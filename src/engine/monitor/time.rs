//! The engine's time, as the monitor keeps it: one instant for all it decides in a step, published
//! for packets once a tick. Stalls are taken out of it.

use super::stalls::Stalls;
use super::stamps::Stamps;
use crate::core::Nanos;
use crate::engine::log::Logger;
use crate::engine::shared::{Shared, TICK};
use crate::engine::wall::{wall_time, WallClock};
use crate::hot::monotonic;
use crate::vocabulary::Level;
use std::sync::Arc;

/// How soon a step of the wall clock is noticed, while anything runs.
const COMPARE_CLOCKS_EVERY: Nanos = 1_000_000_000;

pub(super) struct Time {
    /// Where the clock is published for recording threads, and the wall clock for readers of status.
    shared: Arc<Shared>,
    logger: Arc<Logger>,
    /// Of the current step.
    now: Nanos,
    stamps: Stamps,
    stalls: Stalls,
    /// Recording threads may not have read yet what waits for them.
    holding: bool,
    wall: WallClock,
    compare_clocks_at: Nanos,
}

impl Time {
    pub(super) fn new(shared: Arc<Shared>, logger: Arc<Logger>) -> Time {
        Time {
            now: shared.now(),
            stamps: Stamps::new(shared.clock.now()),
            stalls: Stalls::default(),
            holding: false,
            wall: WallClock::default(),
            compare_clocks_at: 0,
            shared,
            logger,
        }
    }

    /// The instant of the current step.
    pub(super) fn now(&self) -> Nanos {
        self.now
    }

    /// This very instant, which may be later than the current step's.
    pub(super) fn read(&self) -> Nanos {
        self.shared.now()
    }

    /// The instant of the current step by the system's clock, which runs on during stalls.
    pub(super) fn by_the_system(&self) -> Nanos {
        self.shared.monotonic_at(self.now)
    }

    /// The next tick after the current step.
    pub(super) fn next_tick(&self) -> Nanos {
        (self.now / TICK + 1) * TICK
    }

    pub(super) fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    pub(super) fn wall(&self) -> &WallClock {
        &self.wall
    }

    /// Whether nothing may be given up before the next tick.
    pub(super) fn is_holding(&self) -> bool {
        self.holding
    }

    /// Begins a tick, in a step that has begun.
    pub(super) fn begin_tick(&mut self) {
        self.holding = self.stalls.holds(self.now);
    }

    /// Begins a step. If the monitor should have been awake long ago, at `wake`, that time is taken
    /// out of the engine's: no input is blamed for a silence the engine slept through.
    pub(super) fn advance(&mut self, wake: Option<Nanos>) {
        let now = self.shared.now();
        // No more than since the last step.
        let late = wake.map_or(0, |wake| now.saturating_sub(wake.max(self.now)));
        if wake.is_some_and(|wake| wake <= now) {
            self.shared.counts.lateness.observe(late);
        }
        let taken_out = self.stalls.take_out(late, monotonic());
        if taken_out > 0 {
            self.shared.add_stall(taken_out);
            self.shared.counts.stall(late);
            let [late, moved] = [late, taken_out].map(|nanos| nanos / 1_000_000);
            self.logger.log(Level::Warn, || {
                format!("the monitor stalled for {late} ms; deadlines move by {moved} ms")
            });
        }
        let before = self.now;
        self.now = (now - taken_out).max(before);
        if taken_out > 0 {
            self.stalls.hold(before, self.now);
            self.holding = true;
        }
        if taken_out > 0 || self.now >= self.compare_clocks_at {
            if self.wall.observe(self.now, wall_time()) {
                self.shared.wall.store(Arc::new(self.wall.clone()));
            }
            self.compare_clocks_at = self.now + COMPARE_CLOCKS_EVERY;
        }
        let tick = self.now / TICK;
        if tick > self.stamps.current() {
            self.shared.clock.publish(tick * TICK);
            self.stamps.replace(tick, self.shared.now());
        }
    }
}
