//! What an operator has asked for: a disabled input, and a choice that ends by itself.

use super::*;
use changeover::{Condition, Error, Status};

/// 0 is on air; 1 is disabled.
fn disabled() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.disable(1);
    assert_eq!(rig.status(1), Status::Stopped);
    rig
}

#[test]
fn disabled_behind_what_is_on_air() {
    row(
        "disabled, idle",
        disabled,
        &[
            ("its packets", "ignored", |mut rig| {
                rig.publishes(1);
                rig.until(60_000);
                rig.is_quiet();
                assert_eq!(rig.status(1), Status::Stopped);
            }),
            ("silence / error", "what is on air fails: it is not gone to", |mut rig| {
                rig.report(0, "gone").unwrap();
                rig.tells(&["1000 degraded 0 error", "1000 exhausted error"]);
            }),
            ("a condition", "dropped", |mut rig| {
                rig.says(1, Condition::Black, true);
                rig.enable(1);
                assert_eq!((rig.status(1), rig.input(1).severity()), (Status::Idle, None));
            }),
            ("manual switch to it", "an error, also forced", |mut rig| {
                assert_eq!(rig.switch_input(1), Err(Error::InputDisabled));
                assert_eq!(rig.force_input(1), Err(Error::InputDisabled));
                rig.is_quiet();
            }),
            ("an update", "it stays so", |mut rig| {
                rig.update(replace(hot(1))).unwrap();
                rig.until(60_000);
                rig.is_quiet();
                assert_eq!(rig.status(1), Status::Stopped);
            }),
            ("removed", "nothing else changes", |mut rig| {
                rig.update(remove(1)).unwrap();
                rig.is_quiet();
            }),
            ("unregister", "stopped", unregisters),
            ("the override ends", "that of a disabled one has ended before", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.disable(0);
                assert_eq!(rig.stream.override_input(), None);
            }),
        ],
    );
}

/// 0 is on air and disabled; 1 is started for it, and 2 is there.
fn draining() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.dies(1);
    rig.disable(0);
    assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
    rig
}

#[test]
fn disabled_and_draining() {
    row(
        "disabled, draining",
        draining,
        &[
            ("silence / error", "failover, then stopped", |mut rig| {
                rig.dies(0);
                rig.reach("switch 0>1 timeout");
                assert_eq!(rig.status(0), Status::Stopped);
            }),
            ("the target fails", "the next is tried", |mut rig| {
                rig.reach("degraded 1 timeout");
                rig.reach("switch 0>2 disabled");
                assert_eq!(rig.status(0), Status::Stopped);
            }),
            ("a condition", "nothing changes: it is on its way", |mut rig| {
                rig.says(0, Condition::Silent, true);
                assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), Some(1)));
            }),
            ("manual switch away", "a planned switch, to there", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.until(1100);
                assert_eq!((rig.stream.active(), rig.status(0)), (Some(2), Status::Stopped));
            }),
            ("manual switch to it", "an error", |mut rig| {
                assert_eq!(rig.switch_input(0), Err(Error::InputDisabled));
                assert_eq!(rig.stream.pending(), Some(1));
            }),
            ("removed", "stopped at once", |mut rig| {
                rig.update(remove(0)).unwrap();
                assert_eq!((rig.stream.active(), rig.running(1)), (Some(1), Some("1a")));
            }),
            ("unregister", "all is stopped", unregisters),
            ("enabled", "it stays on air", |mut rig| {
                rig.enable(0);
                rig.tells(&["1000 stop 1a"]);
                assert_eq!((rig.stream.active(), rig.stream.pending()), (Some(0), None));
            }),
        ],
    );
}

/// 0 is on air; 1 was chosen for 2 s and does not deliver yet.
fn expiring() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.dies(1);
    rig.switch_input_for(1, ms(2000)).unwrap();
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(1), Some(1)));
    rig
}

#[test]
fn an_override_that_expires_while_it_waits() {
    row(
        "override with an end, pending",
        expiring,
        &[
            ("the target fails", "the override ends", |mut rig| {
                rig.report(1, "gone").unwrap();
                rig.tells(&["1000 degraded 1 error", "1000 stop 1a"]);
                assert_eq!(rig.stream.override_input(), None);
            }),
            ("it is impaired", "the override stays", |mut rig| {
                rig.says(1, Condition::Black, true);
                assert_eq!(rig.stream.override_input(), Some(1));
            }),
            ("better healthy appears", "ignored until its end", |mut rig| {
                rig.update(remove(0)).unwrap();
                rig.returns(1);
                rig.until(1200);
                rig.update(add(cold(0))).unwrap();
                rig.until(2999);
                assert_eq!(rig.stream.active(), Some(1));
                rig.reach("switch 1>0 failback");
            }),
            ("manual switch away", "replaced", |mut rig| {
                rig.switch_input(2).unwrap();
                rig.until(60_000);
                assert_eq!(rig.stream.override_input(), Some(2), "without an end");
            }),
            ("manual switch to it", "a new end", |mut rig| {
                rig.until(2000);
                rig.switch_input_for(1, ms(2000)).unwrap();
                rig.until(3999);
                assert_eq!(rig.stream.override_input(), Some(1));
                rig.until(4000);
                assert_eq!(rig.stream.override_input(), None);
            }),
            ("removed", "it ends", |mut rig| {
                rig.update(remove(1)).unwrap();
                rig.tells(&["1000 stop 1a"]);
                assert_eq!(rig.stream.override_input(), None);
            }),
            ("unregister", "all is stopped", unregisters),
            ("its end", "abandoned", |mut rig| {
                rig.until(3000);
                rig.tells(&["3000 stop 1a"]);
                assert_eq!((rig.stream.pending(), rig.stream.override_input()), (None, None));
            }),
        ],
    );
}
