//! What is on air, or could be: held, poor, useless, a fill.

use super::*;
use changeover::{Condition, Status};

/// A report, after which it delivers again at once.
fn flaps(rig: &mut Rig, priority: i32) {
    rig.report(priority, "gone").unwrap();
    rig.reach(&format!("recovered {priority}"));
}

/// 0 has two faults, delivers again and has yet to prove it, for 6 s; 1 is on air.
fn held() -> Rig {
    let config = Config::new().switch_cooldown(ms(0)).damping_period(ms(3_600_000));
    let mut rig = Rig::with_config(config, [hot(0), hot(1)]);
    rig.until(3000);
    flaps(&mut rig, 0);
    rig.reach("switch 1>0 failback");
    flaps(&mut rig, 0);
    rig
}

#[test]
fn held_behind_what_is_on_air() {
    row(
        "held, idle",
        held,
        &[
            ("silence / error", "it fails, and its faults stay: it was not on air", |mut rig| {
                flaps(&mut rig, 0);
                assert_eq!(rig.reach("switch 1>0 failback"), 6000.0);
            }),
            ("it is better", "it waits for failback_stable × 2^(faults − 1)", |mut rig| {
                assert_eq!(rig.reach("switch 1>0 failback"), 6000.0);
            }),
            ("manual switch away", "the override keeps it away", |mut rig| {
                rig.switch_input(1).unwrap();
                rig.pass(60_000);
                assert_eq!(rig.stream.active(), Some(1));
            }),
            ("manual switch to it", "its faults are forgotten, it goes on air", |mut rig| {
                rig.switch_input(0).unwrap();
                assert_eq!(rig.stream.active(), Some(0));
                rig.clear_override();
                flaps(&mut rig, 0);
                assert_eq!(rig.reach("switch 1>0 failback"), 3000.0);
            }),
            ("removed", "nothing else changes", |mut rig| {
                rig.update(remove(0)).unwrap();
                rig.pass(60_000);
                rig.tells(&["0 stop 0a"]);
                assert_eq!(rig.stream.active(), Some(1));
            }),
            ("unregister", "it is stopped", unregisters),
            ("the override ends", "rules 10 and 21 as before", |mut rig| {
                rig.switch_input(1).unwrap();
                rig.pass(2000);
                rig.clear_override();
                assert_eq!(rig.reach("switch 1>0 failback"), 6000.0);
            }),
        ],
    );
}

/// 0 is dead; 1 has two faults and is on air, because 2 failed, too, and is back.
fn held_on_air() -> Rig {
    let config = Config::new().switch_cooldown(ms(0)).damping_period(ms(3_600_000));
    let inputs = [hot(0), hot(1), hot(2), hot_fill(3)];
    let mut rig = Rig::prepared(config, inputs, |rig| rig.dies(0));
    rig.reach("switch 0>1 start_grace");
    rig.until(10_000);
    flaps(&mut rig, 1);
    rig.reach("switch 2>1 failback");
    flaps(&mut rig, 1);
    assert!(rig.stream.held_until(1, rig.now()).is_some());
    rig.report(2, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(1), "the last of its class still goes before a fill");
    rig.reach("recovered 2");
    rig
}

#[test]
fn held_and_chosen_in_a_failover() {
    row(
        "held, on air",
        held_on_air,
        &[
            ("silence / error", "the others of its class, then those of the next", |mut rig| {
                rig.report(1, "gone").unwrap();
                assert_eq!(rig.stream.active(), Some(2));
                rig.dies(1);
                rig.dies(2);
                rig.reach("switch 2>3 timeout");
                assert!(rig.stream.exhausted());
            }),
            ("better healthy appears", "rule 10, after failback_stable", |mut rig| {
                rig.returns(0);
                rig.reach("recovered 0");
                assert_eq!(rig.reach("switch 1>0 failback"), 3000.0);
            }),
            ("manual switch away", "a planned switch", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.pass(100);
                assert_eq!((rig.stream.active(), rig.status(1)), (Some(2), Status::Idle));
            }),
            ("manual switch to it", "its faults are forgotten", |mut rig| {
                rig.switch_input(1).unwrap();
                assert_eq!(rig.stream.held_until(1, rig.now()), None);
                rig.clear_override();
                flaps(&mut rig, 1);
                assert_eq!(rig.reach("switch 2>1 failback"), 3000.0);
            }),
            ("removed", "the next is on air at once", |mut rig| {
                rig.update(remove(1)).unwrap();
                let told: Vec<_> = rig.lines().collect();
                assert!(told.contains(&"switch 1>2 input_removed".to_owned()), "{told:?}");
            }),
            ("unregister", "all is stopped", unregisters),
            ("the override ends", "it stays, there is nothing better", |mut rig| {
                rig.clear_override();
                rig.pass(60_000);
                assert_eq!(rig.stream.active(), Some(1));
            }),
        ],
    );
}

/// 0 is on air, and the host hears nothing; 1 is dead; 2 has no sound either.
fn poor() -> Rig {
    let mut rig = Rig::with_config(Config::new(), [hot(0), hot(1), hot(2)]);
    rig.until(2000);
    rig.dies(1);
    rig.until(5000);
    rig.says("2a", Condition::Silent, true);
    rig.says("0a", Condition::Silent, true);
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(0), false));
    rig
}

#[test]
fn poor_on_air() {
    row(
        "poor, on air",
        poor,
        &[
            ("silence / error", "failover, to what is as poor", |mut rig| {
                rig.report(0, "gone").unwrap();
                assert_eq!(rig.stream.active(), Some(2));
                assert!(!rig.stream.exhausted());
            }),
            ("condition heals", "after failback_stable, healthy since its beginning", |mut rig| {
                rig.says("2a", Condition::Silent, false);
                rig.says("0a", Condition::Silent, false);
                rig.until(8000);
                rig.tells(&["8000 recovered 0", "8000 recovered 2"]);
                assert_eq!(rig.stream.active(), Some(0));
            }),
            ("better healthy appears", "a planned switch, without a cooldown", |mut rig| {
                rig.returns(1);
                rig.reach("recovered 1");
                assert_eq!(rig.reach("switch 0>1 silent"), 0.0);
            }),
            ("manual switch away", "a planned switch, to what is as poor", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.until(5100);
                assert_eq!(rig.stream.active(), Some(2));
            }),
            (
                "manual switch to it",
                "allowed: it is pinned, also when better appears",
                |mut rig| {
                    rig.switch_input(0).unwrap();
                    rig.returns(1);
                    rig.until(60_000);
                    assert_eq!(rig.stream.active(), Some(0));
                },
            ),
            ("removed", "failover, to what is as poor", |mut rig| {
                rig.update(remove(0)).unwrap();
                assert_eq!(rig.stream.active(), Some(2));
            }),
            ("unregister", "all is stopped", unregisters),
            ("impaired once more", "its override stays, until it is cleared", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.returns(1);
                rig.says("0a", Condition::Host, true);
                rig.until(10_000);
                assert_eq!(rig.stream.override_input(), Some(0));
                rig.clear_override();
                assert_eq!(rig.stream.active(), Some(1));
            }),
        ],
    );
}

/// 0 is black and was chosen by hand; 1 is dead, 3 a slate.
fn useless() -> Rig {
    let mut rig = Rig::with_config(Config::new(), [hot(0), hot(1), hot_fill(3)]);
    rig.until(2000);
    rig.dies(1);
    rig.until(5000);
    rig.switch_input(0).unwrap();
    rig.says("0a", Condition::Black, true);
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(0), true));
    rig
}

#[test]
fn useless_on_air() {
    row(
        "useless, on air",
        useless,
        &[
            ("silence / error", "failover to the fill, still exhausted", |mut rig| {
                rig.report(0, "gone").unwrap();
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(3), true));
                assert_eq!(rig.stream.override_input(), None);
                rig.skip();
            }),
            ("condition heals", "restored when it is healed", |mut rig| {
                rig.says("0a", Condition::Black, false);
                rig.until(8000);
                rig.tells(&["8000 recovered 0", "8000 restored 0"]);
            }),
            ("better healthy appears", "it stays pinned; else nothing is asked", |mut rig| {
                rig.clear_override();
                assert_eq!(rig.stream.active(), Some(3), "a fill is better");
                rig.report(3, "gone").unwrap();
                assert_eq!(rig.stream.active(), Some(0));
                rig.dies(3);
                rig.returns(1);
                rig.reach("recovered 1");
                assert_eq!(rig.reach("switch 0>1 black"), 0.0);
                assert!(!rig.stream.exhausted());
            }),
            ("manual switch away", "a planned switch", |mut rig| {
                rig.switch_input(3).unwrap();
                rig.until(5100);
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(3), true));
            }),
            ("manual switch to it", "allowed, and nothing changes", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.until(60_000);
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(0), true));
            }),
            ("removed", "stopped, and exhausted as before", |mut rig| {
                rig.update(remove(0)).unwrap();
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(3), true));
                rig.update(remove(3)).unwrap();
                assert_eq!((rig.stream.active(), rig.stream.gate()), (None, None));
            }),
            ("unregister", "all is stopped", unregisters),
            ("the override ends", "the fill is better", |mut rig| {
                rig.clear_override();
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(3), true));
            }),
        ],
    );
}

/// The only source is dead; 1 and 2 are slates.
fn filled() -> Rig {
    let mut rig = Rig::with_config(Config::new(), [hot(0), hot_fill(1), hot_fill(2)]);
    rig.until(2000);
    rig.dies(0);
    rig.until(5000);
    assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(1), true));
    rig
}

#[test]
fn a_fill_on_air_by_need() {
    row(
        "fill, on air",
        filled,
        &[
            ("silence / error", "the next fill", |mut rig| {
                rig.report(1, "gone").unwrap();
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(2), true));
            }),
            ("a condition of its own", "the same rules: the next fill is better", |mut rig| {
                rig.says("1a", Condition::Black, true);
                assert_eq!(rig.stream.active(), Some(2));
                rig.says("1a", Condition::Black, false);
                rig.until(60_000);
                assert_eq!(rig.stream.active(), Some(2), "within one class never");
            }),
            ("better healthy appears", "after failback_stable, without a cooldown", |mut rig| {
                rig.returns(0);
                rig.reach("recovered 0");
                assert_eq!(rig.reach("switch 1>0 failback"), 3000.0);
                rig.reach("restored 0");
            }),
            ("manual switch away", "a planned switch; exhausted stays", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.until(5100);
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(2), true));
            }),
            (
                "manual switch to it",
                "the slate is pinned; restored by a source on air",
                |mut rig| {
                    rig.switch_input(1).unwrap();
                    rig.returns(0);
                    rig.until(60_000);
                    let told: Vec<_> = rig.lines().collect();
                    assert!(!told.iter().any(|line| line.starts_with("restored")), "{told:?}");
                    rig.clear_override();
                    rig.reach("restored 0");
                },
            ),
            ("removed", "the next fill", |mut rig| {
                rig.update(remove(1)).unwrap();
                assert_eq!((rig.stream.active(), rig.stream.exhausted()), (Some(2), true));
            }),
            ("unregister", "stopped, and restored by nothing", unregisters),
            ("the override ends", "back to the order", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.returns(0);
                rig.until(20_000);
                assert_eq!(rig.stream.active(), Some(2));
                rig.clear_override();
                assert_eq!(rig.stream.active(), Some(0));
            }),
        ],
    );
}
