//! Rule 19: with no source that can be watched, the least bad is on air.

use super::rig::*;
use changeover::{Condition, Config, Failback, Input, Overlap, Role, Standby};

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

fn running(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(3000);
    rig.skip();
    rig
}

#[test]
fn a_fill_goes_on_air_and_the_stream_is_exhausted() {
    let mut rig = running(Config::new(), [cold(0), fill(1)]);
    rig.dies(0);
    rig.until(5200);
    rig.tells(&[
        "5000 degraded 0 timeout",
        "5000 gate 1a",
        "5000 start 1a",
        "5000 switch 0>1 timeout",
        "5000 exhausted timeout",
        "5100 active 1 after 100",
        "5100 stop 0a",
    ]);
    assert!(rig.stream.exhausted());
}

#[test]
fn exhausted_is_told_before_a_fill_that_runs_is_on_air() {
    let hot_fill = hot(1).config(Config::new().role(Role::Fill).standby(Standby::Hot));
    let mut rig = running(Config::new(), [cold(0), hot_fill]);
    rig.dies(0);
    rig.until(5200);
    rig.tells(&[
        "5000 degraded 0 timeout",
        "5000 gate 1a",
        "5000 switch 0>1 timeout",
        "5000 exhausted timeout",
        "5000 active 1 after 0",
        "5000 stop 0a",
    ]);
}

#[test]
fn back_from_a_fill_needs_no_cooldown_and_no_policy() {
    let config = Config::new().failback(Failback::Manual).switch_cooldown(ms(600_000));
    let mut rig = running(config, [cold(0), fill(1)]);
    rig.dies(0);
    rig.until(6000);
    rig.returns(0);
    rig.reach("recovered 0");
    rig.until(3200);
    rig.tells(&[
        "3000 start 0b",
        "3100 gate 0b",
        "3100 stop 1a",
        "3100 switch 1>0 failback",
        "3100 active 0 after 0",
        "3100 restored 0",
    ]);
}

#[test]
fn a_poor_source_is_better_than_a_fill() {
    let mut rig = running(Config::new(), [hot(0), fill(1)]);
    rig.dies(0);
    rig.until(6000);
    rig.says(0, Condition::Silent, true);
    rig.returns(0);
    rig.skip();
    rig.reach("recovered 0");
    rig.until(3000);
    rig.tells(&[
        "0 degraded 0 silent",
        "3000 gate 0a",
        "3000 stop 1a",
        "3000 switch 1>0 failback",
        "3000 active 0 after 0",
        "3000 restored 0",
    ]);
}

#[test]
fn a_useless_source_is_left_for_a_fill_and_returned_to_when_it_heals() {
    let mut rig = running(Config::new(), [hot(0), fill(1)]);
    rig.says("0a", Condition::Black, true);
    rig.until(10_000);
    rig.says("0a", Condition::Black, false);
    rig.until(14_000);
    rig.tells(&[
        "3000 degraded 0 black",
        "3000 exhausted black",
        "3000 start 1a",
        "3100 gate 1a",
        "3100 switch 0>1 black",
        "3100 active 1 after 0",
        "13000 recovered 0",
        "13000 gate 0a",
        "13000 stop 1a",
        "13000 switch 1>0 failback",
        "13000 active 0 after 0",
        "13000 restored 0",
    ]);
}

#[test]
fn without_anything_better_a_useless_source_stays_and_is_restored_when_it_heals() {
    let mut rig = running(Config::new(), [cold(0)]);
    rig.says("0a", Condition::Frozen, true);
    rig.until(10_000);
    rig.says("0a", Condition::Frozen, false);
    rig.until(14_000);
    rig.tells(&[
        "3000 degraded 0 frozen",
        "3000 exhausted frozen",
        "13000 recovered 0",
        "13000 restored 0",
    ]);
}

#[test]
fn a_fill_chosen_by_hand_exhausts_nothing() {
    let mut rig = running(Config::new(), [cold(0), fill(1)]);
    rig.switch_input(1).unwrap();
    rig.until(60_000);
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(1), false));
    rig.skip();
    // The override ends, and a source has been healthy all the while.
    rig.clear_override();
    rig.until(60_200);
    rig.tells(&[
        "60000 start 0b",
        "60100 gate 0b",
        "60100 stop 1a",
        "60100 switch 1>0 failback",
        "60100 active 0 after 0",
    ]);
}

#[test]
fn a_stream_of_fills_has_lost_nothing() {
    let rig = running(Config::new(), [fill(0), fill(1)]);
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(0), false));
}

#[test]
fn the_last_of_the_fills_is_the_last_thing_lost() {
    let mut rig = running(Config::new(), [cold(0), fill(1)]);
    rig.dies(0);
    rig.dies(1);
    rig.until(10_000);
    rig.tells(&[
        "5000 degraded 0 timeout",
        "5000 gate 1a",
        "5000 start 1a",
        "5000 switch 0>1 timeout",
        "5000 exhausted timeout",
        "10000 degraded 1 timeout",
    ]);
    // All is lost, so the first packet of any counts.
    rig.returns(0);
    rig.until(10_200);
    rig.tells(&[
        "10100 recovered 0",
        "10100 gate 0a",
        "10100 switch 1>0 recovery",
        "10100 active 0 after 0",
        "10100 restored 0",
        "10100 stop 1a",
    ]);
}

#[test]
fn with_overlap_off_a_source_that_cannot_be_probed_takes_the_fills_place_in_turn() {
    let mut rig = running(Config::new().overlap(Overlap::Off), [cold(0), fill(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.dies(0);
    rig.reach("recovered 0");
    rig.skip();
    rig.until(8100);
    assert_eq!(
        rig.lines().collect::<Vec<_>>(),
        [
            "stop 1a",
            "gate 0b",
            "start 0b",
            "switch 1>0 failback",
            "degraded 0 timeout",
            "stop 0b",
            "gate 1b",
            "start 1b",
            "switch 0>1 timeout",
            "active 1 after 100",
        ]
    );
}

/// What can't be probed is tried again at once, and goes on air without having proved anything.
fn hasty() -> Config {
    Config::new().overlap(Overlap::Off).probe_cooldown(ms(1)).failback_stable(ms(0))
}

#[test]
fn with_overlap_off_a_fill_is_seen_for_as_long_as_it_may_be_dark_in_its_place() {
    let mut rig = running(hasty().connect_timeout(ms(500)), [cold(0), fill(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.dies(0);
    for _ in 0..10 {
        rig.reach("active 1 after 100");
        assert_eq!(rig.reach("switch 1>0 failback"), 500.0);
        assert_eq!(rig.reach("switch 0>1 timeout"), 500.0);
    }
}

#[test]
fn with_overlap_off_a_source_that_takes_its_time_has_its_turn() {
    let connects_in =
        |priority, within| cold(priority).config(Config::new().connect_timeout(ms(within)));
    let inputs = [connects_in(0, 100), connects_in(1, 2000), fill(2)];
    let mut rig = running(hasty(), inputs);
    for priority in [0, 1] {
        rig.probes_are(priority, Answer::Unsupported);
        rig.dies(priority);
    }
    rig.reach("active 2 after 100");
    rig.pass(10_000);
    rig.returns(1);
    rig.reach("active 1 after 100");
}
