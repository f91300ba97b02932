//! Rule 17: the order of inputs, and leaving an impaired one for one of a better class.

use super::rig::*;
use changeover::{Condition, Config, Failback, Overlap, Status};

fn fill(priority: i32) -> changeover::Input {
    let input = cold(priority);
    let config = Config::new().role(changeover::Role::Fill);
    input.config(config)
}

fn thin(rig: &mut Rig, priority: i32) {
    rig.shows(priority, |m| m.bitrate_kbps = Some(100));
}

fn rich(rig: &mut Rig, priority: i32) {
    rig.shows(priority, |m| m.bitrate_kbps = Some(2000));
}

/// On air since 100, watched since 1100.
fn watched(config: Config, inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::with_config(config.min_bitrate(1000), inputs);
    rig.until(3000);
    rig.skip();
    rig
}

#[test]
fn switches_when_the_active_one_degrades() {
    let mut rig = watched(Config::new(), [cold(0), cold(1)]);
    thin(&mut rig, 0);
    rig.until(5300);
    rig.tells(&[
        "5100 degraded 0 low_bitrate",
        "5100 start 1a",
        "5200 gate 1a",
        "5200 stop 0a",
        "5200 switch 0>1 low_bitrate",
        "5200 active 1 after 0",
    ]);
    let last = rig.stream.switches().last().unwrap();
    assert_eq!(&*last.detail.text(), "100 of 1000 kbit/s over 1000 ms");
}

#[test]
fn it_waits_for_no_cooldown_and_for_no_policy() {
    let config = Config::new().failback(Failback::Manual).switch_cooldown(ms(60_000));
    let mut rig = watched(config, [cold(0), hot(1)]);
    rig.says("0a", Condition::Frozen, true);
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 frozen",
        "3000 gate 1a",
        "3000 stop 0a",
        "3000 switch 0>1 frozen",
        "3000 active 1 after 0",
    ]);
}

#[test]
fn within_one_class_never() {
    for condition in [Condition::Host, Condition::Black] {
        let mut rig = watched(Config::new(), [hot(0), hot(1), hot(2)]);
        for (priority, session) in [(1, "1a"), (2, "2a"), (0, "0a")] {
            rig.says(session, condition, true);
            assert_eq!(rig.status(priority), Status::Degraded);
        }
        rig.until(600_000);
        assert_eq!(rig.stream.switches().len(), 1, "{condition:?}");
        assert_eq!(rig.stream.exhausted(), condition == Condition::Black);
    }
}

#[test]
fn the_target_has_met_its_own_conditions_for_a_window() {
    let mut rig = watched(Config::new(), [hot(0), hot(1)]);
    thin(&mut rig, 1);
    rig.until(4000);
    rich(&mut rig, 1);
    rig.says("0a", Condition::Silent, true);
    rig.until(4999);
    rig.tells(&["4000 degraded 0 silent"]);
    rig.until(5000);
    rig.tells(&["5000 gate 1a", "5000 switch 0>1 silent", "5000 active 1 after 0"]);
}

#[test]
fn healthy_before_poor_before_fill_before_useless() {
    let mut rig = watched(Config::new(), [hot(0), hot(1), hot(2), fill(3), hot(4)]);
    rig.says("0a", Condition::Black, true);
    rig.says("1a", Condition::Host, true);
    assert_eq!(rig.stream.active(), Some(2));
    rig.skip();
    // Every failover takes the best that is left.
    for (dead, next) in [(2, 4), (4, 1), (1, 3)] {
        rig.dies(dead);
        rig.report(dead, "gone").unwrap();
        rig.pass(100);
        assert_eq!(rig.stream.active(), Some(next));
    }
    assert!(rig.stream.exhausted());
    rig.dies(3);
    rig.report(3, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn an_override_stays_on_what_is_impaired() {
    let mut rig = watched(Config::new(), [cold(0), cold(1)]);
    rig.switch_input(0).unwrap();
    rig.says("0a", Condition::Black, true);
    rig.until(60_000);
    assert_eq!((rig.stream.active(), rig.stream.override_input()), (Some(0), Some(0)));
    rig.clear_override();
    rig.until(61_000);
    assert_eq!(rig.stream.active(), Some(1));
    // And it may be chosen as it is.
    rig.switch_input(0).unwrap();
    rig.until(62_000);
    assert_eq!((rig.stream.active(), rig.stream.override_input()), (Some(0), Some(0)));
}

#[test]
fn a_switch_that_waits_is_abandoned_when_the_input_heals() {
    let mut rig = watched(Config::new().failback_stable(ms(1000)), [cold(0), cold(1)]);
    rig.host_is_stuck();
    rig.says("0a", Condition::Silent, true);
    rig.until(3500);
    rig.says("0a", Condition::Silent, false);
    rig.until(5000);
    rig.tells(&["3000 degraded 0 silent", "3000 start 1a", "4500 recovered 0", "4500 stop 1a"]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), None));
}

#[test]
fn a_failback_that_waits_is_abandoned_when_its_target_is_impaired() {
    let config = Config::new().switch_cooldown(ms(0)).failback_stable(ms(1000));
    let mut rig = watched(config, [cold(0), cold(1)]);
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    rig.host_takes_after(500);
    rig.reach("start 0b");
    rig.says(0, Condition::Black, true);
    rig.until(5000);
    rig.tells(&["0 degraded 0 black", "0 stop 0b"]);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), None));
}

#[test]
fn a_target_that_does_not_deliver_leaves_the_impaired_one_on_air() {
    let mut rig = watched(Config::new(), [cold(0), cold(1), cold(2)]);
    rig.dies(1);
    rig.says("0a", Condition::Silent, true);
    rig.until(8200);
    rig.tells(&[
        "3000 degraded 0 silent",
        "3000 start 1a",
        "8000 degraded 1 timeout",
        "8000 stop 1a",
        "8000 start 2a",
        "8100 gate 2a",
        "8100 stop 0a",
        "8100 switch 0>2 silent",
        "8100 active 2 after 0",
    ]);
}

#[test]
fn with_overlap_off_it_commits_at_once() {
    let mut rig = watched(Config::new().overlap(Overlap::Off), [cold(0), cold(1)]);
    rig.says("0a", Condition::Black, true);
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 black",
        "3000 stop 0a",
        "3000 gate 1a",
        "3000 start 1a",
        "3000 switch 0>1 black",
        "3100 active 1 after 100",
    ]);
}

#[test]
fn failback_is_from_healthy_to_healthy() {
    let mut rig = watched(Config::new(), [hot(0), hot(1)]);
    rig.says("0a", Condition::Silent, true);
    rig.until(10_000);
    assert_eq!(rig.stream.active(), Some(1));
    rig.skip();
    rig.says("0a", Condition::Silent, false);
    // Healed at 13000, healthy since 10000: rule 10 asks for nothing more than the cooldown.
    rig.until(15_000);
    rig.tells(&[
        "13000 recovered 0",
        "15000 gate 0a",
        "15000 switch 1>0 failback",
        "15000 active 0 after 0",
    ]);
}
