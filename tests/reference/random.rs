//! Steps of all kinds in any order, close to the edges of what is set: one generator of traces.

use crate::model::told::{Answer, Update};
use crate::settings::Set;
use crate::steps::{Step, Trace};
use crate::texts::TEXTS;
use changeover::core::{Nanos, Priority};
use fastrand::Rng;

const MS: Nanos = 1_000_000;

/// Few, so that deadlines meet.
const DURATIONS: [Nanos; 7] = [MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS];
const PRIORITIES: [Priority; 5] = [0, 1, 2, 3, 7];

pub fn trace(seed: u64) -> Trace {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let overlap_off = rng.u8(..) < 64;
    let mut inputs = Vec::new();
    for priority in PRIORITIES {
        if rng.u8(..) < 150 {
            inputs.push((priority, of_input(rng, overlap_off)));
        }
    }
    let defaults = of_engine(rng);
    let stream = of_stream(rng, overlap_off);
    // Each trace has its own idea of what happens often.
    let restless = rng.u8(..) < 100;
    let unprobed = rng.u8(..) < 100;
    let steps =
        (0..rng.usize(20..300)).map(|_| step(rng, restless, unprobed, overlap_off)).collect();
    let first_switch = 1 + ((seed % 3) << 30);
    Trace { registration: rng.u64(1..1000), first_switch, defaults, stream, inputs, steps }
}

fn duration(rng: &mut Rng) -> Nanos {
    DURATIONS[rng.usize(..DURATIONS.len())]
}

fn wait(rng: &mut Rng) -> Nanos {
    match rng.u8(..8) {
        0 => 0,
        _ => duration(rng),
    }
}

fn sometimes<T>(rng: &mut Rng, what: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    (rng.u8(..) < 40).then(|| what(rng))
}

fn of_engine(rng: &mut Rng) -> Set {
    Set {
        packet_timeout: Some(duration(rng)),
        connect_timeout: Some(duration(rng)),
        probe_cooldown: Some(duration(rng)),
        probe_timeout: Some(duration(rng)),
        switch_cooldown: Some(wait(rng)),
        failback_stable: Some(wait(rng)),
        ..Set::default()
    }
}

fn of_input(rng: &mut Rng, overlap_off: bool) -> Set {
    Set {
        packet_timeout: sometimes(rng, duration),
        connect_timeout: sometimes(rng, duration),
        probe_cooldown: sometimes(rng, duration),
        probe_timeout: sometimes(rng, duration),
        hot: (!overlap_off && rng.u8(..) < 70).then_some(true),
        ..Set::default()
    }
}

fn of_stream(rng: &mut Rng, overlap_off: bool) -> Set {
    Set {
        switch_cooldown: sometimes(rng, wait),
        failback_stable: sometimes(rng, wait),
        packet_timeout: sometimes(rng, duration),
        failback_by_request: sometimes(rng, Rng::bool),
        overlap_off: overlap_off.then_some(true),
        ..Set::default()
    }
}

fn step(rng: &mut Rng, restless: bool, unprobed: bool, overlap_off: bool) -> Step {
    let priority = PRIORITIES[rng.usize(..PRIORITIES.len())];
    let text = TEXTS[rng.usize(..TEXTS.len())];
    match rng.u32(..1000) {
        0..380 => Step::Packet(priority),
        380..560 => Step::Edge(rng.i64(-1..=1)),
        560..660 => Step::TakeAll,
        660..700 => Step::Take,
        700..780 => Step::Wait(rng.u64(..20 * MS)),
        780..850 => Step::Probed(priority, answer(rng, text, unprobed)),
        850..860 => Step::Started(priority),
        860..875 => Step::StartFailed(priority, text),
        875..890 if restless => Step::Error(priority, text),
        890..900 if restless => Step::SoftError(priority, text),
        900..910 if restless => Step::SessionError(priority, text),
        910..920 => Step::Switch(priority, None),
        920..926 => Step::Switch(priority, Some(duration(rng))),
        926..930 => Step::FailBack,
        930..940 => Step::ClearOverride,
        940..945 => Step::Sleep(duration(rng)),
        945..950 => Step::Stale,
        950..955 => Step::Tick,
        955..970 => Step::Update(update(rng, overlap_off)),
        970..975 => Step::Buffer(["", "there", "elsewhere"][rng.usize(..3)]),
        975..980 => {
            let off = if rng.u8(..) < 60 { !overlap_off } else { overlap_off };
            Step::Config(of_stream(rng, off))
        }
        980..985 => Step::Defaults(of_engine(rng)),
        985 => Step::Unregister,
        986..992 => Step::Enable(priority, rng.bool()),
        _ => Step::Packet(priority),
    }
}

fn answer(rng: &mut Rng, text: &'static str, unprobed: bool) -> Answer {
    match rng.u8(..10) {
        _ if unprobed => Answer::Unsupported,
        0..5 => Answer::Ok,
        5..8 => Answer::Failed(text),
        _ => Answer::Unsupported,
    }
}

fn update(rng: &mut Rng, overlap_off: bool) -> Update {
    let mut update = Update::default();
    let any = |rng: &mut Rng| PRIORITIES[rng.usize(..PRIORITIES.len())];
    if rng.u8(..3) == 0 {
        update.removed.push(any(rng));
    }
    if rng.u8(..3) < 2 {
        update.added.push((any(rng), of_input(rng, overlap_off)));
    }
    if rng.u8(..3) == 0 {
        update.updated.push((any(rng), of_input(rng, overlap_off)));
    }
    update
}
