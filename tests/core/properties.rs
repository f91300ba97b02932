//! Properties of the core for arbitrary arguments: settings, updates, texts, stray events.

use changeover::core::{Common, InputHealth, Nanos, ProbeOutcome, Registration, Stimulus, Stream};
use changeover::{
    Config, Error, Failback, Input, InputsUpdate, Overlap, Priority, Standby, Status,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::time::Duration;

const MS: Nanos = 1_000_000;
const LEAST: Duration = Duration::from_millis(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A duration that is often at a limit.
fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => good_duration(),
        1 => Just(Duration::ZERO),
        1 => Just(YEAR + Duration::from_nanos(1)),
        1 => Just(Duration::MAX),
        1 => Just(LEAST - Duration::from_nanos(1)),
        1 => Just(Duration::from_nanos(500)),
    ]
}

fn good_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        3 => (1..10_000_u64).prop_map(Duration::from_millis),
        1 => Just(LEAST),
        1 => Just(YEAR),
    ]
}

/// The settings of one level, as the arguments they were made of.
#[derive(Clone, Copy, Debug)]
struct Level {
    positive: [Option<Duration>; 4],
    any: [Option<Duration>; 2],
    failback: Option<Failback>,
    standby: Option<Standby>,
    overlap: Option<Overlap>,
}

fn level() -> impl Strategy<Value = Level> {
    level_of(|| duration().boxed())
}

fn good_level() -> impl Strategy<Value = Level> {
    level_of(|| good_duration().boxed())
}

fn level_of(duration: impl Fn() -> BoxedStrategy<Duration>) -> impl Strategy<Value = Level> {
    let some = || option::weighted(0.3, duration());
    let durations = ([some(), some()], [some(), some()], [some(), some()]);
    let kinds = (
        option::of(prop_oneof![Just(Failback::Auto), Just(Failback::Manual)]),
        option::of(prop_oneof![Just(Standby::Cold), Just(Standby::Hot)]),
        option::of(prop_oneof![Just(Overlap::On), Just(Overlap::Off)]),
    );
    (durations, kinds).prop_map(|(([a, b], [c, d], any), (failback, standby, overlap))| Level {
        positive: [a, b, c, d],
        any,
        failback,
        standby,
        overlap,
    })
}

impl Level {
    fn config(&self) -> Config {
        let mut config = Config::new();
        let [packet, connect, cooldown, probe] = self.positive;
        let [switch, stable] = self.any;
        config = packet.map_or(config.clone(), |value| config.packet_timeout(value));
        config = connect.map_or(config.clone(), |value| config.connect_timeout(value));
        config = cooldown.map_or(config.clone(), |value| config.probe_cooldown(value));
        config = probe.map_or(config.clone(), |value| config.probe_timeout(value));
        config = switch.map_or(config.clone(), |value| config.switch_cooldown(value));
        config = stable.map_or(config.clone(), |value| config.failback_stable(value));
        config = self.failback.map_or(config.clone(), |value| config.failback(value));
        config = self.standby.map_or(config.clone(), |value| config.standby(value));
        self.overlap.map_or(config.clone(), |value| config.overlap(value))
    }

    fn in_range(&self) -> bool {
        let in_range = |value: &Duration| (LEAST..=YEAR).contains(value);
        self.positive.iter().flatten().all(in_range)
            && self.any.iter().flatten().all(|value| value.is_zero() || in_range(value))
    }

    fn fits_an_input(&self) -> bool {
        let foreign = self.any.iter().any(Option::is_some)
            || self.failback.is_some()
            || self.overlap.is_some();
        self.in_range() && !foreign
    }
}

fn first<T: Copy, const N: usize>(levels: [Option<T>; N], default: T) -> T {
    levels.into_iter().flatten().next().unwrap_or(default)
}

/// Everything of a stream that a driver can see.
fn state(stream: &Stream) -> String {
    format!("{stream:?} {:?}", stream.next_deadline())
}

fn registration(inputs: Vec<Input>, config: Config, defaults: Config) -> Registration {
    let (id, number) = ("s".into(), 1);
    Registration { id, number, inputs, config, defaults, ..Registration::default() }
}

fn three_inputs(config: Config) -> Result<(Stream, Common), Error> {
    let mut common = Common::default();
    let inputs = vec![Input::new(0, "a"), Input::new(3, "b"), Input::new(7, "c")];
    let stream = Stream::new(registration(inputs, config, Config::new()), 0, &mut common)?;
    Ok((stream, common))
}

/// A stream with input 0 on air, 3 degraded and a switch to 7 that waits.
fn busy() -> (Stream, Common) {
    let (mut stream, mut common) = three_inputs(Config::new()).unwrap();
    let session = stream.inputs()[0].session().unwrap();
    let events = [
        Stimulus::StartTaken { session },
        Stimulus::Packet { session },
        Stimulus::InputError { priority: 3, text: "gone".into() },
        Stimulus::SwitchInput { priority: 7, lasts: None },
    ];
    for event in events {
        stream.handle(event, MS, &mut common).unwrap();
    }
    stream.drain().for_each(drop);
    (stream, common)
}

fn few_priorities() -> impl Strategy<Value = Vec<Priority>> {
    vec(prop_oneof![8 => 0..9, 1 => Just(-1), 1 => any::<i32>()], 0..4)
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let input = (prop_oneof![8 => 0..9, 1 => any::<i32>()], option::weighted(0.2, level()));
    let input = input.prop_map(|(priority, level)| {
        Input::new(priority, "x").config(level.map_or(Config::new(), |level| level.config()))
    });
    vec(input, 0..4)
}

fn update() -> impl Strategy<Value = InputsUpdate> {
    (inputs(), few_priorities(), inputs()).prop_map(|(added, removed, updated)| InputsUpdate {
        added,
        removed,
        updated,
    })
}

/// What the rules for updates say, written down a second time.
fn fits(update: &InputsUpdate, existing: &[Priority]) -> bool {
    let unique = |mut priorities: Vec<Priority>| {
        let count = priorities.len();
        priorities.sort_unstable();
        priorities.dedup();
        priorities.len() == count
    };
    let of = |inputs: &[Input]| inputs.iter().map(|input| input.priority).collect::<Vec<_>>();
    let (added, updated) = (of(&update.added), of(&update.updated));
    let left: Vec<_> =
        existing.iter().copied().filter(|priority| !update.removed.contains(priority)).collect();
    unique(update.removed.clone())
        && update.removed.iter().all(|priority| existing.contains(priority))
        && unique(updated.clone())
        && updated.iter().all(|priority| left.contains(priority))
        && unique([left, added.clone()].concat())
        && added.iter().all(|priority| *priority >= 0)
}

/// An event with arguments that mostly mean nothing to a stream.
fn stray_event() -> impl Strategy<Value = Stimulus> {
    let text = || "[a-zé𝄞]{0,200}";
    let id = || prop_oneof![0..12_u64, Just(u64::MAX)];
    let outcome = prop_oneof![
        Just(ProbeOutcome::Ok),
        Just(ProbeOutcome::Unsupported),
        text().prop_map(ProbeOutcome::Failed),
    ];
    let priority = || prop_oneof![4 => 0..9, 1 => any::<i32>()];
    prop_oneof![
        Just(()).prop_map(|()| Stimulus::Tick),
        Just(()).prop_map(|()| Stimulus::ClearOverride),
        id().prop_map(|session| Stimulus::Packet { session }),
        (id(), 0..2_000 * MS).prop_map(|(session, at)| Stimulus::Seen { session, at }),
        id().prop_map(|session| Stimulus::StartTaken { session }),
        (id(), any::<bool>(), text()).prop_map(|(session, ok, text)| Stimulus::StartResult {
            session,
            result: if ok { Ok(()) } else { Err(text) },
        }),
        id().prop_map(|probe| Stimulus::ProbeTaken { probe }),
        (id(), outcome).prop_map(|(probe, outcome)| Stimulus::ProbeResult { probe, outcome }),
        (priority(), text()).prop_map(|(priority, text)| Stimulus::InputError { priority, text }),
        (id(), text()).prop_map(|(session, text)| Stimulus::SessionError { session, text }),
        (priority(), option::of(duration()))
            .prop_map(|(priority, lasts)| Stimulus::SwitchInput { priority, lasts }),
        Just(()).prop_map(|()| Stimulus::FailBack),
        (priority(), any::<bool>())
            .prop_map(|(priority, enabled)| Stimulus::SetInputEnabled { priority, enabled }),
        update().prop_map(Stimulus::UpdateInputs),
        text().prop_map(Stimulus::UpdateBufferWriteId),
        level().prop_map(|level| Stimulus::SetConfig(level.config())),
        level().prop_map(|level| Stimulus::SetDefaults(level.config())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn settings_are_refused_exactly_when_out_of_range(level in level()) {
        let hot_alone = level.overlap == Some(Overlap::Off) && level.standby == Some(Standby::Hot);
        let expected = match (level.in_range(), hot_alone) {
            (false, _) => Err(Error::Config),
            (true, true) => Err(Error::HotWithoutOverlap),
            (true, false) => Ok(()),
        };
        prop_assert_eq!(three_inputs(level.config()).map(|_| ()), expected);

        let (mut stream, mut common) = busy();
        let before = state(&stream);
        prop_assert_eq!(stream.check_defaults(&level.config()), expected);
        prop_assert_eq!(stream.handle(Stimulus::SetConfig(level.config()), MS, &mut common), expected);
        if expected.is_err() {
            prop_assert_eq!(state(&stream), before);
        }
    }

    #[test]
    fn an_input_takes_only_what_makes_sense_for_it(level in level()) {
        let mut common = Common::default();
        let inputs = vec![Input::new(0, "a").config(level.config())];
        let (config, defaults) = (Config::new(), Config::new());
        let result = Stream::new(registration(inputs, config, defaults), 0, &mut common).map(|_| ());
        let expected = if level.fits_an_input() { Ok(()) } else { Err(Error::Config) };
        prop_assert_eq!(result, expected);
    }

    #[test]
    fn what_is_unset_is_inherited(
        engine in good_level(),
        stream in good_level(),
        input in good_level(),
    ) {
        let engine = Level { overlap: None, ..engine };
        let stream = Level { overlap: None, ..stream };
        let input = Level { any: [None; 2], failback: None, overlap: None, ..input };
        let (mut common, inputs) = (Common::default(), vec![
            Input::new(0, "a").config(input.config()),
            Input::new(1, "b").config(input.config()),
        ]);
        let mut made = Stream::new(registration(inputs, stream.config(), engine.config()), 0, &mut common).unwrap();

        let of = |at: usize| [input.positive[at], stream.positive[at], engine.positive[at]];
        let packet = first(of(0), Duration::from_secs(2));
        prop_assert_eq!(u128::from(made.inputs()[0].packet_timeout()), packet.as_nanos());
        let hot = first([input.standby, stream.standby, engine.standby], Standby::Cold);
        prop_assert_eq!(made.inputs()[1].session().is_some(), hot == Standby::Hot);

        let connect = first(of(1), Duration::from_secs(5));
        let session = made.inputs()[0].session().unwrap();
        made.handle(Stimulus::StartTaken { session }, MS, &mut common).unwrap();
        prop_assert_eq!(made.next_deadline().map(u128::from), Some(connect.as_nanos() + MS as u128));
    }

    #[test]
    fn an_update_that_does_not_fit_changes_nothing(update in update()) {
        let (mut stream, mut common) = busy();
        let before = state(&stream);
        let fits = fits(&update, &[0, 3, 7]);
        match stream.handle(Stimulus::UpdateInputs(update), 2 * MS, &mut common) {
            Ok(()) => prop_assert!(fits),
            Err(error) => {
                prop_assert!(!fits || error == Error::Config, "{error:?}");
                prop_assert_eq!(stream.drain().count(), 0);
                prop_assert_eq!(state(&stream), before);
            }
        }
    }

    #[test]
    fn an_update_leaves_exactly_the_inputs_it_says(update in update()) {
        let (mut stream, mut common) = busy();
        let mut expected: Vec<_> =
            [0, 3, 7].into_iter().filter(|p| !update.removed.contains(p)).collect();
        expected.extend(update.added.iter().map(|input| input.priority));
        expected.sort_unstable();
        if stream.handle(Stimulus::UpdateInputs(update.clone()), 2 * MS, &mut common).is_ok() {
            let left: Vec<_> = stream.inputs().iter().map(|input| input.priority()).collect();
            prop_assert_eq!(left, expected);
            for given in update.added.iter().chain(&update.updated) {
                let mut inputs = stream.inputs().iter();
                let input = inputs.find(|input| input.priority() == given.priority).unwrap();
                prop_assert_eq!(&**input.spec(), given);
                prop_assert_eq!(input.status(), Status::Idle);
                prop_assert_eq!(input.errors().len(), 0);
            }
        }
    }

    #[test]
    fn a_text_is_cut_at_255_bytes_on_a_character_boundary(text in "[aé€𝄞]{0,300}") {
        let (mut stream, mut common) = three_inputs(Config::new()).unwrap();
        let event = Stimulus::InputError { priority: 3, text: text.clone() };
        stream.handle(event, MS, &mut common).unwrap();
        let kept = stream.inputs()[1].errors().next().unwrap().detail.text();
        prop_assert!(text.starts_with(&*kept));
        if text.len() <= 255 {
            prop_assert_eq!(&*kept, &*text);
        } else {
            let next = text[kept.len()..].chars().next().unwrap();
            prop_assert!(kept.len() <= 255 && kept.len() + next.len_utf8() > 255);
        }
    }

    #[test]
    fn a_stream_id_has_1_to_255_bytes_and_any_characters(id in "[a/é\u{0}𝄞]{0,300}") {
        let mut common = Common::default();
        let (config, defaults) = (Config::new(), Config::new());
        let named = Registration { id: (*id).into(), ..registration(vec![], config, defaults) };
        let made = Stream::new(named, 0, &mut common);
        match made {
            Ok(stream) => prop_assert_eq!(&**stream.id(), &*id),
            Err(error) => {
                prop_assert_eq!(error, Error::StreamId);
                prop_assert!(id.is_empty() || id.len() > 255);
            }
        }
    }

    #[test]
    fn what_is_refused_changes_nothing(event in stray_event()) {
        let (mut stream, mut common) = busy();
        let before = state(&stream);
        if stream.handle(event, 2 * MS, &mut common).is_err() {
            prop_assert_eq!(stream.drain().count(), 0);
            prop_assert_eq!(state(&stream), before);
        }
    }

    #[test]
    fn no_event_at_any_time_is_too_much(
        events in vec((stray_event(), 0..3_000 * MS), 0..60),
        start in prop_oneof![Just(0), any::<u32>().prop_map(u64::from), Just(1 << 60)],
    ) {
        let mut common = Common::default();
        let inputs = vec![Input::new(0, "a"), Input::new(3, "b").hot(), Input::new(7, "c")];
        let (config, defaults) = (Config::new(), Config::new());
        let mut stream =
            Stream::new(registration(inputs, config, defaults), start, &mut common).unwrap();
        let mut now = start;
        for (event, later) in events {
            now += later;
            let _ = stream.handle(event, now, &mut common);
            stream.handle(Stimulus::Tick, now, &mut common).unwrap();
            prop_assert!(stream.next_deadline().is_none_or(|at| at > now), "still due");
            let may_run = |input: &InputHealth| {
                !matches!(input.status(), Status::Degraded | Status::Stopped)
            };
            let usable = stream.inputs().iter().any(may_run);
            let active = stream.inputs().iter().find(|i| Some(i.priority()) == stream.active());
            let chosen = active.is_some_and(may_run);
            prop_assert_eq!(chosen, usable, "a usable input is chosen if there is one");
            stream.drain().for_each(drop);
        }
        prop_assert_eq!(stream.handle(Stimulus::Unregister, now, &mut common), Ok(()));
        prop_assert_eq!(stream.next_deadline(), None);
    }
}
