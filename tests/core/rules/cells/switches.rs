//! A switch that is decided and not committed, and a start that another input bridges.

use super::*;
use changeover::core::Offer;
use changeover::{Commit, Failback};

/// 0 is on air and sends key frames; 1 was chosen by hand, delivers, and has sent none yet.
fn decided() -> Rig {
    let config = Config::new().commit(Commit::KeyFrame);
    let mut rig = Rig::with_config(config, [cold(0), cold(1), cold(2)]);
    rig.until(1050);
    rig.sends_key_frame(0);
    rig.switch_input(1).unwrap();
    rig.until(1250);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
    rig
}

fn offer(rig: &Rig) -> Offer {
    rig.stream.offer().expect("one is made")
}

#[test]
fn decided_and_not_committed() {
    row(
        "decided, not committed",
        decided,
        &[
            (
                "the old one fails",
                "it commits at once, under the number it was offered",
                |mut rig| {
                    let number = offer(&rig).number;
                    rig.report(0, "gone").unwrap();
                    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), None));
                    assert_eq!((rig.stream.switch_number(), rig.stream.offer()), (number, None));
                },
            ),
            ("the target fails", "it is abandoned, and its offer closed", |mut rig| {
                rig.report(1, "gone").unwrap();
                rig.tells(&["1250 degraded 1 error", "1250 stop 1a"]);
                assert_eq!((rig.stream.active(), rig.stream.offer()), (Some(0), None));
                assert_eq!(rig.stream.override_input(), None);
            }),
            ("the target fails, and had taken it", "the switch is told first", |mut rig| {
                rig.sends_key_frame(1);
                rig.report(1, "gone").unwrap();
                let told: Vec<_> = rig.lines().collect();
                let at = |line| told.iter().position(|told| told == line).expect("told");
                assert!(at("switch 0>1 manual") < at("degraded 1 error"), "{told:?}");
                assert!(at("degraded 1 error") < at("switch 1>0 error"), "{told:?}");
            }),
            ("newer, better", "it is replaced, under a number of its own", |mut rig| {
                let before = offer(&rig);
                rig.switch_input(2).unwrap();
                let Offer { session, number, .. } = offer(&rig);
                assert_eq!((session, number), (rig.session("2a"), before.number + 1));
                rig.until(1400);
                rig.sends_key_frame(2);
                assert_eq!(rig.stream.switch_number(), number, "the first one is not used");
            }),
            ("manual switch away", "abandoned: what is on air is pinned", |mut rig| {
                rig.switch_input(0).unwrap();
                assert_eq!((rig.stream.pending(), rig.stream.offer()), (None, None));
                assert_eq!(rig.stream.override_input(), Some(0));
            }),
            ("manual switch to it", "the offer stands", |mut rig| {
                let before = offer(&rig);
                rig.switch_input(1).unwrap();
                assert_eq!(offer(&rig), before);
                rig.is_quiet();
            }),
            ("the target is removed", "the offer is closed", |mut rig| {
                rig.update(remove(1)).unwrap();
                rig.tells(&["1250 stop 1a"]);
                assert_eq!((rig.stream.pending(), rig.stream.offer()), (None, None));
            }),
            ("the old one is removed", "it commits at once, for that reason", |mut rig| {
                rig.update(remove(0)).unwrap();
                let told: Vec<_> = rig.lines().collect();
                assert!(told.contains(&"switch 0>1 input_removed".to_owned()), "{told:?}");
                assert_eq!(rig.stream.offer(), None);
            }),
            ("unregister", "closed, and all is stopped", unregisters),
            ("unregister, and it had taken it", "the switch is told first", |mut rig| {
                rig.sends_key_frame(1);
                rig.handle(Stimulus::Unregister).unwrap();
                let told: Vec<_> = rig.lines().collect();
                let at = |line| told.iter().position(|told| told == line).expect("told");
                assert!(at("switch 0>1 manual") < at("unregistered"), "{told:?}");
            }),
            ("the override ends", "abandoned", |mut rig| {
                rig.clear_override();
                rig.tells(&["1250 stop 1a"]);
                assert_eq!((rig.stream.active(), rig.stream.offer()), (Some(0), None));
            }),
            ("the override ends, and it had taken it", "the switch stands", |mut rig| {
                rig.sends_key_frame(1);
                rig.clear_override();
                assert_eq!(rig.stream.active(), Some(1));
            }),
        ],
    );
}

/// 0 was chosen and does not deliver; 1 is on air meanwhile. Both are watched by an operator.
fn bridged() -> Rig {
    let config = Config::new().start_grace(ms(500)).switch_cooldown(ms(60_000));
    let mut rig = Rig::prepared(config, [cold(0), hot(1), hot(2)], |rig| rig.dies(0));
    rig.until(1000);
    assert_eq!((rig.stream.active(), rig.running(0)), (Some(1), Some("0a")));
    rig
}

/// As that; 0 is pinned, and nothing returns by itself.
fn bridged_and_pinned() -> Rig {
    let config = Config::new().start_grace(ms(500)).failback(Failback::Manual);
    let mut rig = Rig::prepared(config, [cold(0), hot(1), hot(2)], |rig| rig.dies(0));
    rig.switch_input(0).unwrap();
    rig.until(1000);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(1), Some(0)));
    rig
}

#[test]
fn another_one_on_air_while_the_chosen_one_starts() {
    row(
        "start grace",
        bridged,
        &[
            ("the chosen one times out", "degraded, and that was no fault", |mut rig| {
                rig.reach("degraded 0 timeout");
                assert_eq!(rig.stream.active(), Some(1));
                rig.returns(0);
                rig.reach("recovered 0");
                assert_eq!(rig.stream.held_until(0, rig.now()), None);
            }),
            ("the other one fails", "dark, and the next that delivers is on air", |mut rig| {
                rig.dies(1);
                rig.report(1, "gone").unwrap();
                assert_eq!(rig.stream.active(), Some(0), "chosen again");
                rig.reach("switch 0>2 start_grace");
            }),
            ("the chosen one delivers", "failback, without a cooldown", |mut rig| {
                rig.until(1950);
                rig.returns(0);
                assert_eq!(rig.reach("switch 1>0 failback"), 5000.0);
            }),
            ("manual switch away", "the override moves", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.until(1100);
                assert_eq!((rig.stream.active(), rig.stream.override_input()), (Some(2), Some(2)));
            }),
            ("manual switch to it", "pinned: on air as soon as it delivers", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.until(1950);
                rig.returns(0);
                assert_eq!(rig.reach("switch 1>0 manual"), 2000.0);
            }),
            ("removed", "what bridges stays", |mut rig| {
                rig.update(remove(0)).unwrap();
                rig.tells(&["1000 stop 0a"]);
                assert_eq!(rig.stream.active(), Some(1));
            }),
            ("unregister", "all is stopped", unregisters),
        ],
    );
    row(
        "start grace, pinned",
        bridged_and_pinned,
        &[
            ("the chosen one delivers", "a planned switch, under every policy", |mut rig| {
                rig.until(1950);
                rig.returns(0);
                assert_eq!(rig.reach("switch 1>0 manual"), 2000.0);
                assert_eq!(rig.stream.override_input(), Some(0));
            }),
            ("the chosen one times out", "the override ends", |mut rig| {
                rig.reach("degraded 0 timeout");
                assert_eq!((rig.stream.override_input(), rig.stream.active()), (None, Some(1)));
            }),
            ("the override ends", "what was pinned starts no longer", |mut rig| {
                rig.clear_override();
                rig.tells(&["1000 stop 0a"]);
                assert_eq!((rig.stream.pending(), rig.stream.active()), (None, Some(1)));
            }),
        ],
    );
}
