//! Who asks for something, and what goes wrong by itself.

use super::{Call, Follower, World};
use crate::core::{
    Config, Input, InputsUpdate, Priority, ProbeOutcome, Registration, SessionId, Stimulus,
    FIRST_SWITCH_MAX,
};
use crate::engine::simulation::checker::Registering;
use crate::engine::simulation::machine::Asked;
use crate::engine::simulation::plan::{
    chance, pick, random_input, Act, Kind, Sending, Settings, INPUTS, MS,
};
use crate::hot::simulated;
use crate::vocabulary::Condition;
use fastrand::Rng;
use std::time::Duration;

const CONDITIONS: [Condition; 4] =
    [Condition::Black, Condition::Frozen, Condition::Silent, Condition::Host];

impl World {
    pub(super) fn act(&mut self, act: Act) {
        let mut random = Rng::with_seed(act.seed);
        let random = &mut random;
        if let Some(stream) = act.stream {
            return self.act_on(stream, act.kind, random);
        }
        let length = pick(random, &[5, 19, 25, 60, 200, 1500]) * MS;
        let now = simulated::now();
        match act.kind {
            Kind::Defaults => {
                let config = Config::new().mass_share(pick(random, &[0, 10, 30, 100]));
                self.ask(Call::Sync, Asked::SetConfig(None, config));
            }
            Kind::Sync => self.ask(Call::Sync, Asked::Sync),
            Kind::UnregisterAll => self.ask(Call::UnregisterAll, Asked::UnregisterAll),
            Kind::Tap => self.open_or_close_tap(random.usize(1..200)),
            Kind::Outage => {
                let (share, up) = (pick(random, &[10, 40, 100]), chance(random, 50));
                for stream in &mut self.streams {
                    for source in &mut stream.sources {
                        if chance(random, share) {
                            source.up = up;
                        }
                    }
                }
            }
            Kind::Stall => simulated::advance_to(now + length),
            Kind::MonitorStall => self.monitor_from = now + length,
            Kind::HostPause => self.host_from = now + pick(random, &[50, 300, 3000]) * MS,
            Kind::WallClock => simulated::set_wall(random.u64(0..100_000)),
            kind => unreachable!("{kind:?} is of one stream"),
        }
        self.checker.totals.faults += 1;
    }

    fn act_on(&mut self, stream: usize, kind: Kind, random: &mut Rng) {
        let priority = random.i32(0..INPUTS as Priority);
        match kind {
            Kind::Register => return self.register(stream, random),
            Kind::Source => {
                let sending = Sending::random(random, self.plan.rate);
                self.streams[stream].sources[priority as usize] = sending;
            }
            Kind::Status => return self.compare(stream),
            Kind::Bug => {
                // Of one stream at a time.
                self.ask(Call::Bug { stream }, Asked::PlantBug(self.id(stream)));
                self.ask(
                    Call::Other { stream, priority: None },
                    Asked::Tell(self.id(stream), Stimulus::ClearOverride),
                );
                self.ask(Call::Note, Asked::PlantBug("".into()));
            }
            Kind::Report if chance(random, 60) => {
                self.report(stream, random.usize(..8), chance(random, 30));
            }
            kind => {
                let (call, asked) = self.asked(stream, kind, priority, random);
                self.ask(call, asked);
            }
        }
        self.checker.totals.faults += 1;
    }

    /// What a callback may ask of a stream.
    pub(super) fn anything(&mut self, stream: usize) -> (Call, Asked) {
        let kinds = [Kind::Switch, Kind::Unregister, Kind::Report, Kind::Update, Kind::Enable];
        let mut random = self.random.fork();
        let kind = pick(&mut random, &kinds);
        let priority = random.i32(0..INPUTS as Priority);
        self.asked(stream, kind, priority, &mut random)
    }

    fn register(&mut self, stream: usize, random: &mut Rng) {
        let overlap_off = self.streams[stream].settings.overlap_off;
        let settings = Settings::random(random, overlap_off);
        let mut priorities: Vec<Priority> = (0..INPUTS as Priority).collect();
        random.shuffle(&mut priorities);
        priorities.truncate(pick(random, &[0, 1, 2, 2, 2, 3, 4]));
        let inputs = priorities.iter().map(|one| random_input(random, *one, overlap_off)).collect();
        for source in &mut self.streams[stream].sources {
            *source = Sending::random(random, self.plan.rate);
        }
        let first_switch = pick(random, &[0, 1, 7 << 20, FIRST_SWITCH_MAX]);
        let (id, config) = (self.id(stream), settings.config());
        let registration =
            Registration { id, inputs, first_switch, config, ..Registration::default() };
        let registering = Registering { settings, priorities, first_switch };
        let call = Call::Register { stream, registering };
        self.ask(call, Asked::Register(registration));
    }

    fn asked(
        &mut self,
        stream: usize,
        kind: Kind,
        priority: Priority,
        random: &mut Rng,
    ) -> (Call, Asked) {
        let id = self.id(stream);
        let overlap_off = self.streams[stream].settings.overlap_off;
        let text = || "an error".to_owned();
        let of_input = Call::Other { stream, priority: Some(priority) };
        let of_stream = Call::Other { stream, priority: None };
        let (call, stimulus) = match kind {
            Kind::Unregister => return (Call::Unregister { stream }, Asked::Unregister(id)),
            Kind::Settings => {
                let settings = Settings::random(random, overlap_off);
                let asked = Asked::SetConfig(Some(id), settings.config());
                return (Call::Settings { stream, settings }, asked);
            }
            Kind::Update => {
                let (update, call) = update(stream, overlap_off, random);
                (call, Stimulus::UpdateInputs(update))
            }
            Kind::Switch => {
                let lasts = chance(random, 30).then(|| Duration::from_millis(random.u64(1..3000)));
                (of_input, Stimulus::SwitchInput { priority, lasts })
            }
            Kind::Force => (Call::Force { stream }, Stimulus::ForceInput { priority }),
            Kind::ClearOverride => (of_stream, Stimulus::ClearOverride),
            Kind::FailBack => (of_stream, Stimulus::FailBack),
            Kind::Enable => {
                let enabled = chance(random, 60);
                let call = Call::Enable { stream, priority, enabled };
                (call, Stimulus::SetInputEnabled { priority, enabled })
            }
            Kind::Buffer => {
                let name = pick(random, &["", "a", "b"]).to_owned();
                (of_stream, Stimulus::UpdateBufferWriteId(name))
            }
            Kind::Report if chance(random, 70) => {
                (of_input, Stimulus::InputError { priority, text: text() })
            }
            Kind::Report => (of_input, Stimulus::SoftError { priority, text: text() }),
            Kind::Condition => {
                let condition = pick(random, &CONDITIONS);
                let holds = chance(random, 60);
                let session = None;
                let text = text();
                (of_input, Stimulus::SetCondition { priority, session, condition, holds, text })
            }
            // What only a host says that is confused.
            _ => return self.nonsense(stream, random),
        };
        (call, Asked::Tell(id, stimulus))
    }

    fn nonsense(&mut self, stream: usize, random: &mut Rng) -> (Call, Asked) {
        let id = self.id(stream);
        // None has such a number.
        let never: SessionId = u64::MAX - random.u64(..1000);
        let stimulus = match random.u32(..4) {
            0 => Stimulus::StartTaken { session: never },
            1 => Stimulus::ProbeTaken { probe: never },
            2 => Stimulus::SessionError { session: never, text: String::new() },
            _ => {
                let outcome = ProbeOutcome::Ok;
                let asked = Asked::Tell(id, Stimulus::ProbeResult { probe: never, outcome });
                return (Call::TooLate { stream }, asked);
            }
        };
        (Call::Note, Asked::Note(id, stimulus))
    }

    fn open_or_close_tap(&mut self, keep: usize) {
        if self.follower.is_some() {
            return self.follow(true);
        }
        let tap = self.machine().tap(keep);
        let began = self.machine().shared().taps.newest();
        self.look();
        self.follower = Some(Follower { tap, began, seen: 0 });
    }

    /// The quiet begins: nothing fails any more, and nothing stands against any input.
    pub(super) fn all_is_well(&mut self) {
        (self.monitor_from, self.host_from) = (0, 0);
        self.all_connect();
        for stream in self.plan.streams.clone() {
            self.streams[stream].sources = [Sending::WELL; INPUTS];
            let Some(number) = self.checker.registered(stream) else { continue };
            let id = self.id(stream);
            let stimulus = Stimulus::ClearOverride;
            let call = Call::Other { stream, priority: None };
            self.ask(call, Asked::Tell(id.clone(), stimulus));
            for priority in 0..INPUTS as Priority {
                if self.checker.input(number, priority).is_none() {
                    continue;
                }
                let call = Call::Enable { stream, priority, enabled: true };
                let enable = Stimulus::SetInputEnabled { priority, enabled: true };
                self.ask(call, Asked::Tell(id.clone(), enable));
                for condition in CONDITIONS {
                    let (holds, session, text) = (false, None, String::new());
                    let well = Stimulus::SetCondition { priority, session, condition, holds, text };
                    let call = Call::Other { stream, priority: Some(priority) };
                    self.ask(call, Asked::Tell(id.clone(), well));
                }
            }
        }
    }
}

/// Each input is removed, updated, replaced, added, or left alone.
fn update(stream: usize, overlap_off: bool, random: &mut Rng) -> (InputsUpdate, Call) {
    let mut update = InputsUpdate::default();
    for priority in 0..INPUTS as Priority {
        let input: Input = random_input(random, priority, overlap_off);
        match random.u32(..12) {
            0 => update.removed.push(priority),
            1 => {
                update.removed.push(priority);
                update.added.push(input);
            }
            2 | 3 => update.added.push(input),
            4 => update.updated.push(input),
            _ => {}
        }
    }
    let of = |inputs: &[Input]| inputs.iter().map(|input| input.priority).collect::<Vec<_>>();
    let (removed, added, updated) =
        (update.removed.clone(), of(&update.added), of(&update.updated));
    (update, Call::Update { stream, removed, added, updated })
}
