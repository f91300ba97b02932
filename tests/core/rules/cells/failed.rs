//! Inputs that nobody can ask: untested, and pushed.

use super::*;
use changeover::{Error, Source, Status};

/// 1 can't be probed, failed while 0 was on air, and its wait is over.
fn untested() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(20_000);
    assert!(rig.input(1).untested());
    rig
}

#[test]
fn untested_behind_what_is_on_air() {
    row(
        "untested",
        untested,
        &[
            ("what is on air fails", "tried once in this outage, then failed", |mut rig| {
                rig.dies(0);
                rig.dies(1);
                rig.reach("switch 0>1 timeout");
                rig.reach("degraded 1 timeout");
                rig.reach("exhausted timeout");
                assert_eq!(rig.status(1), Status::Degraded);
            }),
            ("manual switch away", "what is on air is pinned", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.pass(600_000);
                assert!(rig.input(1).untested());
            }),
            ("manual switch to it", "a plain switch is allowed", |mut rig| {
                rig.switch_input(1).unwrap();
                rig.until(20_100);
                assert_eq!((rig.stream.active(), rig.input(1).untested()), (Some(1), false));
            }),
            ("removed", "nothing else changes", |mut rig| {
                rig.update(remove(1)).unwrap();
                rig.is_quiet();
            }),
            ("unregister", "all is stopped", unregisters),
            ("the override ends", "nothing changes: it is no better", |mut rig| {
                rig.switch_input(0).unwrap();
                rig.clear_override();
                rig.pass(60_000);
                assert_eq!((rig.stream.active(), rig.input(1).untested()), (Some(0), true));
            }),
        ],
    );
}

fn pushed(priority: i32) -> Input {
    cold(priority).config(Config::new().source(Source::Pushed))
}

/// Nobody has connected to 0 in its time; 1 is on air.
fn listening() -> Rig {
    let mut rig = Rig::prepared(Config::new(), [pushed(0), cold(1)], |rig| rig.dies(0));
    rig.until(10_000);
    assert_eq!((rig.status(0), rig.stream.active()), (Status::Degraded, Some(1)));
    rig
}

#[test]
fn pushed_listening_and_not_connected() {
    row(
        "pushed, listening",
        listening,
        &[
            ("silence / error", "degraded once, its session is kept", |mut rig| {
                rig.report(0, "gone").unwrap();
                rig.until(3_600_000);
                rig.is_quiet();
                assert_eq!((rig.running(0), rig.errors(0).len()), (Some("0a"), 1));
            }),
            ("it connects", "recovered after failback_stable, then failback", |mut rig| {
                rig.returns(0);
                assert_eq!(rig.reach("recovered 0"), 13_100.0);
                rig.reach("switch 1>0 failback");
            }),
            ("manual switch away", "what is on air is pinned", |mut rig| {
                rig.switch_input(1).unwrap();
                rig.returns(0);
                rig.until(60_000);
                assert_eq!(rig.stream.active(), Some(1));
            }),
            (
                "manual switch to it",
                "refused; forced and not delivering, its session is kept",
                |mut rig| {
                    assert_eq!(rig.switch_input(0), Err(Error::InputDegraded));
                    rig.force_input(0).unwrap();
                    assert_eq!(rig.stream.override_input(), Some(0));
                    rig.reach("degraded 0 timeout");
                    assert_eq!((rig.stream.override_input(), rig.stream.active()), (None, Some(1)));
                    assert!(rig.running(0).is_some(), "it is listened to");
                },
            ),
            ("removed", "stopped", |mut rig| {
                rig.update(remove(0)).unwrap();
                rig.tells(&["10000 stop 0a"]);
            }),
            ("unregister", "stopped", unregisters),
            ("the override ends", "nothing changes", |mut rig| {
                rig.clear_override();
                rig.until(60_000);
                rig.is_quiet();
            }),
        ],
    );
}

/// Nobody has connected to 0 in its time, and there is room for one session, which is 1's.
fn unheard() -> Rig {
    let mut rig = Rig::prepared(overlap_off(), [pushed(0), cold(1)], |rig| rig.dies(0));
    rig.until(10_000);
    assert_eq!((rig.status(0), rig.on_host()), (Status::Degraded, vec!["1a"]));
    rig
}

#[test]
fn pushed_without_a_session() {
    row(
        "pushed, no session",
        unheard,
        &[
            ("its packets", "recovered after failback_stable; failback is its start", |mut rig| {
                rig.returns(0);
                rig.publishes(0);
                rig.reach("recovered 0");
                rig.reach("switch 1>0 failback");
                assert_eq!(rig.on_host().len(), 1);
                assert!(rig.running(0).is_some());
            }),
            ("manual switch away", "what is on air is pinned", |mut rig| {
                rig.switch_input(1).unwrap();
                rig.until(60_000);
                rig.is_quiet();
            }),
            (
                "manual switch to it",
                "refused, until it has recovered; then its start",
                |mut rig| {
                    assert_eq!(rig.switch_input(0), Err(Error::InputDegraded));
                    rig.returns(0);
                    rig.publishes(0);
                    rig.reach("recovered 0");
                    rig.switch_input(0).unwrap();
                    assert_eq!(rig.stream.active(), Some(0));
                },
            ),
            ("removed", "nothing else changes", |mut rig| {
                rig.update(remove(0)).unwrap();
                rig.is_quiet();
            }),
            ("unregister", "stopped", unregisters),
            ("the override ends", "nothing changes", |mut rig| {
                rig.clear_override();
                rig.until(60_000);
                rig.is_quiet();
            }),
        ],
    );
}
