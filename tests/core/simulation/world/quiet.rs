//! How a run ends: nothing goes wrong any longer, and the stream has to come to rest.

use super::*;

/// More than any wait there is: 8 × 8 s × 9/8 of backoff and all the timeouts.
const QUIET: Nanos = 900_000 * MS;
/// The stream is looked at so often; no start is given up sooner.
const STEP: Nanos = 20 * MS;
/// For so long the stream has to stay as it should be.
const REST: Nanos = 3000 * MS;
/// Over so long it is counted how much of the time is lit: more than any row of turns (rule 19d).
const TURNS: Nanos = 30_000 * MS;

/// As they are at the end.
pub(super) const SOURCE: Source = Source {
    up: true,
    interval: 30 * MS,
    connects_in: 20 * MS,
    starts_fail: 0,
    key_frames: 2,
    probes: Probes::Honest,
    media: Media::GOOD,
    flaps: None,
};

impl World {
    /// Faults and operations end; at least one source delivers steadily. The stream must come on
    /// air on the best such input, and stay.
    pub fn quiet(&mut self) {
        self.calm = true;
        self.host_is_slow = false;
        self.handle(Stimulus::ClearOverride).unwrap();
        self.enable_all();
        self.all_is_well();
        if self.stream.inputs().is_empty() {
            let priority = self.random_priority();
            self.add(priority);
        }
        let steady: Vec<_> = self.stream.inputs().iter().map(|input| input.priority()).collect();
        let spared = self.pick(&steady);
        for priority in 0..SOURCES as Priority {
            let up = priority == spared || self.random.percent(50);
            let probes = if self.random.percent(20) { Probes::Unsupported } else { Probes::Honest };
            self.ever_unsupported |= probes == Probes::Unsupported;
            self.sources[priority as usize] = Source { up, probes, ..SOURCE };
        }
        let steady = steady.into_iter().filter(|priority| self.sources[*priority as usize].up);
        // A source goes before any fill (rule 17).
        let best = steady.min_by_key(|priority| (self.model.is_fill(*priority), *priority));
        self.comes_to_rest(best.expect("one is spared"));
    }

    fn comes_to_rest(&mut self, best: Priority) {
        let only_fills = self.model.is_fill(best);
        // Without overlap a better input that can't be probed must wait for an exhausted stream.
        let pushed = (0..SOURCES as Priority).any(|priority| self.model.is_pushed(priority));
        let unfindable = self.model.overlap_off() && (self.ever_unsupported || pushed);
        // And within one class nothing is left for another (17c), so any fill will do.
        let any = unfindable || self.model.failback_is_manual() || only_fills;
        let on_air = |world: &World| {
            let on_air = world.stream.on_air_input()?;
            // A fill is left for any source.
            let well = on_air == best || any && world.model.is_fill(on_air) == only_fills;
            (well && world.sources[on_air as usize].up).then_some(on_air)
        };
        let stays = |world: &mut World| {
            world.run_to(world.now + STEP);
            let chosen = on_air(world);
            let lasts = |world: &mut World| {
                world.run_to(world.now + STEP);
                on_air(world) == chosen
            };
            chosen.is_some() && (0..REST / STEP).all(|_| lasts(world))
        };
        let is_lit = |world: &mut World| {
            let lit = |world: &mut World| {
                world.run_to(world.now + STEP);
                on_air(world).is_some()
            };
            let lit = (0..TURNS / STEP).filter(|_| lit(world)).count() as u64;
            lit * STEP >= TURNS / 10
        };
        // In place of a fill the sources that nobody can ask are tried in turn (19d): at worst all in a row,
        // each for as long as the fill was seen before.
        let turns = unfindable && only_fills;
        // Late answers of the chaos may still lead astray, but not for ever.
        let give_up = self.now + QUIET;
        while !(if turns { is_lit(self) } else { stays(self) }) {
            let (stream, sources) = (&self.stream, &self.sources);
            assert!(self.now < give_up, "not on air on {best}: {stream:#?}\n{sources:#?}");
        }
        assert!(!self.stream.exhausted() || only_fills);
    }
}
