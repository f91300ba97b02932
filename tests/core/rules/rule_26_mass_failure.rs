//! Rule 26: when very many streams fail at once, what is done to get their inputs back is spread over
//! time. (When that is so, the engine finds out: `src/engine/monitor/mass_failure.rs`.)

use super::rig::*;
use changeover::core::{Action, Common, Nanos, Registration, Start, Stimulus, Stream};
use changeover::{Config, Input};

/// 8 s, and up to an eighth more.
const WAIT: std::ops::Range<f64> = 8000.0..9001.0;

/// Input 0 fails at 1000, in a mass failure that was found in that instant or is found later.
fn failed(inputs: impl IntoIterator<Item = Input>, found: Option<u64>) -> Rig {
    let mut rig = Rig::new(inputs);
    rig.until(1000);
    rig.dies(0);
    rig.report(0, "gone").unwrap();
    if let Some(found) = found {
        rig.until(found);
        rig.others_fail(500, 11_500);
    }
    rig
}

#[test]
fn the_wait_for_a_probe_becomes_longer_by_a_share_of_its_own() {
    let plain = failed([cold(0), cold(1)], None).reach("probe 0") - 1000.0;
    assert!(WAIT.contains(&plain), "{plain}");
    for found in [1000, 1050, 1500, 9000] {
        let spread = failed([cold(0), cold(1)], Some(found)).reach("probe 0") - 1000.0;
        assert!(spread > plain && spread < plain + 8000.0, "{spread}, found at {found}");
    }
}

#[test]
fn of_the_only_input_it_is_known_when_its_wait_is_over() {
    let plain = failed([cold(0)], None).reach("probe 0") - 1000.0;
    let spread = failed([cold(0)], Some(7000)).reach("probe 0") - 1000.0;
    assert!(spread > plain && spread < plain + 8000.0, "{spread}");
}

#[test]
fn so_do_those_for_trials_and_restarts() {
    let trial = |mass: bool| {
        let mut rig = Rig::new([cold(0), cold(1)]);
        rig.probes_are(0, Answer::Unsupported);
        rig.until(1000);
        if mass {
            rig.others_fail(500, 11_500);
        }
        rig.report(0, "gone").unwrap();
        rig.reach("start 0b") - 1000.0
    };
    let restart = |mass: bool| {
        let mut rig = Rig::new([hot(0), hot(1)]);
        rig.until(1000);
        if mass {
            rig.others_fail(500, 11_500);
        }
        rig.dies(0);
        rig.reach("degraded 0 timeout");
        rig.reach("start 0b")
    };
    for wait in [&trial as &dyn Fn(bool) -> f64, &restart] {
        let (plain, spread) = (wait(false), wait(true));
        assert!(spread > plain && spread < plain + 8000.0, "{plain} {spread}");
    }
}

#[test]
fn no_failover_is_delayed() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.others_fail(500, 11_500);
    rig.skip();
    rig.report(0, "gone").unwrap();
    rig.until(1050);
    rig.report(1, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(2));
    rig.until(1150);
    assert_eq!(rig.status(2), changeover::Status::Active);
}

#[test]
fn a_wait_is_spread_once() {
    let mut rig = failed([cold(0), cold(1)], Some(1000));
    let first = rig.deadline();
    rig.others_fail(600, 12_000);
    rig.others_fail(700, 13_000);
    let again = failed([cold(0), cold(1)], Some(1000)).reach("probe 0");
    assert_eq!(rig.reach("probe 0"), again, "{first:?}");
}

#[test]
fn waits_before_and_after_are_as_ever() {
    for interval in [(1001, 5000), (0, 999)] {
        let mut rig = failed([cold(0), cold(1)], None);
        rig.others_fail(interval.0, interval.1);
        let wait = rig.reach("probe 0") - 1000.0;
        assert!(WAIT.contains(&wait), "{wait}");
    }
}

#[test]
fn new_settings_do_not_postpone_a_wait_that_was_spread() {
    let at = failed([cold(0), cold(1)], Some(1000)).reach("probe 0");
    let mut rig = failed([cold(0), cold(1)], Some(1000));
    // Meanwhile it is spread.
    rig.until(1200);
    rig.set_config(Config::new().packet_timeout(ms(1500))).unwrap();
    let now = rig.reach("probe 0");
    assert!(now <= at, "{now} {at}");
}

#[test]
fn new_settings_do_not_postpone_a_wait_that_began_before() {
    let settings = |changed: bool| {
        let mut rig = failed([cold(0), cold(1)], None);
        rig.until(3000);
        rig.others_fail(2000, 12_000);
        if changed {
            rig.set_config(Config::new().packet_timeout(ms(1500))).unwrap();
        }
        rig.reach("probe 0")
    };
    assert_eq!(settings(true), settings(false));
}

/// When a stream of its own probes its input, which failed at 0, of many that did.
fn probed_at(number: u64, common: &mut Common) -> Nanos {
    let inputs = vec![Input::new(0, "a")];
    let registration = Registration { id: "s".into(), number, inputs, ..Registration::default() };
    let mut stream = Stream::new(registration, 0, common).unwrap();
    let start = stream.drain().find_map(|action| match action {
        Action::Start(Start { session, .. }) => Some(session),
        _ => None,
    });
    let failed = Stimulus::StartResult { session: start.unwrap(), result: Err("gone".into()) };
    stream.handle(failed, 0, common).unwrap();
    loop {
        let now = stream.next_deadline().unwrap();
        stream.handle(Stimulus::Tick, now, common).unwrap();
        if stream.drain().any(|action| matches!(action, Action::Probe(_))) {
            return now;
        }
    }
}

#[test]
fn the_shares_are_even_and_of_the_registration_alone() {
    let mut common = Common::default();
    common.spread_waits(0, 1000 * MS);
    let mut tenths = [0; 10];
    for number in 1..=1000 {
        let at = probed_at(number, &mut common);
        assert_eq!(at, probed_at(number, &mut common), "the same seed, the same share");
        // Jitter and share together are from 8 s to 17 s.
        tenths[((at - 8000 * MS) * 10 / (9000 * MS + 1)) as usize] += 1;
    }
    assert!(tenths.iter().all(|count| (20..180).contains(count)), "{tenths:?}");
}
