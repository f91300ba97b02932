//! Rule 21: an input that fails often has to prove itself for longer.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Condition, Config, Input, Role};

/// No cooldown, and failback after 3 s.
fn quick() -> Config {
    Config::new().switch_cooldown(ms(0))
}

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

/// Fails with an error, and delivers again at once.
fn flap(rig: &mut Rig, priority: i32) {
    rig.report(priority, "gone").unwrap();
}

/// How long the return to input 0 takes after its n-th fault.
fn returns_after(rig: &mut Rig, faults: usize) -> Vec<u64> {
    let returned = |rig: &mut Rig| {
        rig.skip();
        flap(rig, 0);
        rig.reach("recovered 0");
        rig.reach("switch 1>0 failback") as u64
    };
    (0..faults).map(|_| returned(rig)).collect()
}

#[test]
fn each_fault_doubles_what_a_return_asks_for() {
    let mut rig = Rig::with_config(quick().damping_period(ms(3_600_000)), [hot(0), hot(1)]);
    rig.until(3000);
    assert_eq!(returns_after(&mut rig, 5), [3000, 6000, 12_000, 24_000, 48_000]);
}

#[test]
fn a_period_of_zero_turns_it_off() {
    let mut rig = Rig::with_config(quick().damping_period(ms(0)), [hot(0), hot(1)]);
    rig.until(3000);
    assert_eq!(returns_after(&mut rig, 5), [3000; 5]);
}

#[test]
fn each_period_without_a_fault_takes_one_off() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
    rig.until(3000);
    assert_eq!(returns_after(&mut rig, 3), [3000, 6000, 12_000]);
    rig.until(180_000);
    assert_eq!(returns_after(&mut rig, 2), [3000, 6000]);
}

#[test]
fn in_a_failover_a_held_input_comes_last_of_its_class() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1), hot(2), fill(3)]);
    rig.until(3000);
    returns_after(&mut rig, 1);
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    rig.skip();
    flap(&mut rig, 1);
    assert_eq!(rig.stream.active(), Some(2), "input 0 is held");
    // The last of its class still goes before a fill.
    rig.dies(1);
    flap(&mut rig, 2);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn a_switch_by_hand_and_an_update_forget_the_faults() {
    for by_hand in [true, false] {
        let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
        rig.until(3000);
        returns_after(&mut rig, 2);
        if by_hand {
            rig.switch_input(0).unwrap();
            rig.clear_override();
        } else {
            rig.update(replace(hot(0))).unwrap();
            rig.until(1000);
        }
        assert_eq!(returns_after(&mut rig, 1), [3000]);
    }
}

#[test]
fn nothing_is_asked_while_something_useless_is_on_air() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
    rig.until(3000);
    returns_after(&mut rig, 3);
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    rig.skip();
    rig.says("1a", Condition::Black, true);
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn while_something_poor_is_on_air_it_is_asked() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
    rig.until(3000);
    returns_after(&mut rig, 1);
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    rig.says("1a", Condition::Silent, true);
    assert_eq!(rig.reach("switch 1>0 silent"), 6000.0);
}

#[test]
fn what_start_grace_replaced_had_no_fault() {
    let mut rig = Rig::prepared(quick(), [cold(0), hot(1)], |rig| rig.dies(0));
    rig.until(2500);
    rig.returns(0);
    rig.reach("switch 1>0 failback");
    rig.skip();
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    // Its first fault: 3 s, as without damping.
    rig.reach("switch 1>0 failback");
    let switches: Vec<_> = rig.stream.switches().map(|s| s.reason.name()).collect();
    assert_eq!(switches, ["initial", "start_grace", "failback", "error", "failback"]);
}

#[test]
fn until_when_it_is_held_is_known() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1)]);
    rig.until(3000);
    returns_after(&mut rig, 1);
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    assert_eq!(rig.stream.held_until(0, rig.now()), Some(rig.now() + 6000 * MS));
    rig.until(6000);
    assert_eq!(rig.stream.held_until(0, rig.now()), None);
}

#[test]
fn what_has_not_delivered_yet_is_held() {
    let mut rig = Rig::with_config(quick(), [hot(0), hot(1), hot(2)]);
    rig.until(3000);
    returns_after(&mut rig, 1);
    flap(&mut rig, 0);
    rig.reach("recovered 0");
    // Every session is another one.
    rig.handle(Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
    flap(&mut rig, 1);
    assert_eq!(rig.stream.active(), Some(2), "input 0 is held");
    assert_eq!(rig.stream.held_until(0, rig.now()), None, "until when, is not known");
}

#[test]
fn what_overlap_off_let_take_the_air_in_vain_has_a_fault_unless_it_was_restarted() {
    let is_held = |delivers: bool| {
        let config = overlap_off().switch_cooldown(ms(0)).damping_period(ms(3_600_000));
        let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
        rig.until(3000);
        rig.report(0, "gone").unwrap();
        rig.reach("recovered 0");
        if delivers {
            rig.reach("switch 1>0 failback");
            rig.pass(1000);
            rig.dies(0);
            rig.handle(Stimulus::UpdateBufferWriteId("another".into())).unwrap();
        } else {
            rig.dies(0);
            rig.reach("switch 1>0 failback");
        }
        rig.reach("degraded 0 timeout");
        rig.returns(0);
        rig.reach("recovered 0");
        rig.stream.held_until(0, rig.now()).is_some()
    };
    assert!(is_held(false));
    assert!(!is_held(true), "it was on air, and left for no fault of its own");
}
