//! Statuses are made up from one of an engine; time is the tests' own.

use super::*;
use crate::core::Config;
use crate::engine::{ConditionRecord, Engine, ErrorRecord};
use crate::site::row::Row;
use crate::vocabulary::Status;
use crate::Input;

/// Seconds after some moment.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

/// Two inputs, the first on air since the beginning.
fn status() -> RuntimeStatus {
    let engine = Engine::new().unwrap();
    let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
    engine.register("news", "", inputs, Config::new()).unwrap();
    let mut status = engine.runtime_status("news").unwrap();
    (status.registered_at, status.state_since) = (at(0), at(1));
    status.inputs.iter_mut().for_each(|input| input.state_since = at(0));
    status.switches[0].at = at(1);
    (status.inputs[0].status, status.inputs[0].state_since) = (Status::Active, at(1));
    status.on_air_input_priority = Some(0);
    status
}

/// A switch at that time, to that input; the other one was given up.
fn switch(status: &mut RuntimeStatus, to: usize, seconds: u64) {
    let now = at(seconds);
    let mut record = status.switches.last().unwrap().clone();
    (record.at, record.from, record.to) = (now, 1 - to as Priority, to as Priority);
    record.number += 1;
    status.switch_number = record.number;
    status.switches.push(record);
    (status.active_input_priority, status.state_since) = (to as Priority, now);
    status.on_air_input_priority = Some(to as Priority);
    let error = ErrorRecord {
        at: now,
        reason: Reason::Timeout,
        text: "silent".into(),
        measured: 2_000_600_000,
        limit: 2_000_000_000,
    };
    for (index, input) in status.inputs.iter_mut().enumerate() {
        input.state_since = now;
        input.status = if index == to { Status::Active } else { Status::Degraded };
        input.severity = (index != to).then_some(Severity::Failed);
        input.errors = if index == to { vec![] } else { vec![error.clone()] };
    }
}

fn on_air(timeline: &Timeline) -> Vec<(SystemTime, Priority)> {
    timeline.on_air.iter().map(|on_air| (on_air.at, on_air.input)).collect()
}

fn of_input(timeline: &Timeline, priority: Priority) -> Vec<(SystemTime, &'static str)> {
    timeline.inputs[&priority].iter().map(|change| (change.at, change.status)).collect()
}

#[test]
fn each_change_is_there_with_its_time_and_its_reason() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    switch(&mut status, 1, 10);
    history.observe(&status, at(0), at(11));
    // The same again is no change.
    history.observe(&status, at(0), at(12));
    let timeline = history.timeline(&status, at(20));
    assert_eq!((timeline.from, timeline.complete), (at(0), true));
    assert_eq!(on_air(&timeline), [(at(0), -1), (at(1), 0), (at(10), 1)]);
    let of_first = [(at(0), "idle"), (at(1), "active"), (at(10), "degraded")];
    assert_eq!(of_input(&timeline, 0), of_first);
    assert_eq!(of_input(&timeline, 1), [(at(0), "idle"), (at(10), "active")]);
    let given_up = &timeline.inputs[&0][2];
    assert_eq!((given_up.reason, given_up.text.as_deref()), (Some("timeout"), Some("silent")));
    assert_eq!(given_up.silent_ms, Some(2000));
    let switches: Vec<_> = timeline.switches.iter().map(|switch| switch.to).collect();
    assert_eq!(switches, [0, 1]);
}

#[test]
fn all_switches_between_two_looks_are_there() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    for (to, seconds) in [(1, 10), (0, 11), (1, 12)] {
        switch(&mut status, to, seconds);
    }
    history.observe(&status, at(0), at(13));
    let times: Vec<_> =
        history.timeline(&status, at(20)).switches.iter().map(|switch| switch.at).collect();
    assert_eq!(times[1..], [at(10), at(11), at(12)]);
}

#[test]
fn a_condition_comes_and_goes_without_a_status() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    let frozen = ConditionRecord { condition: Reason::Frozen, since: at(5), text: "stands".into() };
    status.inputs[1].conditions.push(frozen);
    history.observe(&status, at(0), at(6));
    status.inputs[1].conditions.clear();
    history.observe(&status, at(0), at(9));
    let timeline = history.timeline(&status, at(20));
    let changes: Vec<_> =
        timeline.inputs[&1].iter().map(|one| (one.at, one.conditions.len())).collect();
    assert_eq!(changes, [(at(0), 0), (at(6), 1), (at(9), 0)]);
    assert_eq!(timeline.inputs[&1][1].text.as_deref(), Some("stands"));
}

#[test]
fn what_is_on_air_with_a_condition_is_on_air() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    let thin = ConditionRecord { condition: Reason::LowFps, since: at(5), text: "4 of 20".into() };
    let input = &mut status.inputs[0];
    (input.status, input.severity) = (Status::Degraded, Some(Severity::Impaired));
    (input.conditions, input.state_since) = (vec![thin], at(5));
    history.observe(&status, at(0), at(6));
    let timeline = history.timeline(&status, at(20));
    assert_eq!(on_air(&timeline), [(at(0), -1), (at(1), 0)]);
    assert_eq!(of_input(&timeline, 0)[2], (at(5), "impaired"));
    let (trouble, why) = (Row::of(&status, at(60)).trouble, Row::of(&status, at(60)).why);
    assert_eq!((trouble, &*why), (2, "input 0, on air: low_fps"));
}

#[test]
fn what_is_longer_ago_is_the_state_at_its_beginning() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    switch(&mut status, 1, 10);
    history.observe(&status, at(0), at(10));
    switch(&mut status, 0, 800);
    history.observe(&status, at(0), at(800));
    let kept = KEPT.as_secs();
    history.tidy(at(11 + kept));
    let timeline = history.timeline(&status, at(11 + kept));
    assert_eq!((timeline.from, timeline.complete), (at(11), true));
    assert_eq!(on_air(&timeline), [(at(10), 1), (at(800), 0)]);
    assert_eq!(timeline.switches.len(), 1);
    history.tidy(at(801 + kept));
    let timeline = history.timeline(&status, at(801 + kept));
    assert_eq!((on_air(&timeline).len(), timeline.switches.len()), (1, 0));
}

#[test]
fn too_many_changes_lose_the_oldest_and_it_says_so() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    for second in 1..=400 {
        switch(&mut status, second as usize % 2, second);
        status.switches.remove(0);
        history.observe(&status, at(0), at(second));
    }
    let timeline = history.timeline(&status, at(401));
    assert!(!timeline.complete);
    let changes = timeline.on_air.len() + timeline.switches.len();
    let of_inputs: usize = timeline.inputs.values().map(Vec::len).sum();
    // Besides them each list has what was so before.
    assert_eq!(changes + of_inputs, CHANGES + 3);
    assert_eq!(on_air(&timeline).last(), Some(&(at(400), 0)));
    // A quarter of an hour later nothing is missing any more.
    let later = at(400 + KEPT.as_secs());
    assert!(history.timeline(&status, later).complete);
}

#[test]
fn what_was_missed_is_said_to_be() {
    let (mut history, status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    assert!(history.timeline(&status, at(20)).complete);
    history.miss(at(10));
    assert!(!history.timeline(&status, at(20)).complete);
    assert!(history.timeline(&status, at(10) + KEPT).complete);
}

#[test]
fn what_was_before_the_site_is_known_as_far_as_its_last_change() {
    let (mut history, status) = (History::default(), status());
    history.observe(&status, at(100), at(100));
    let timeline = history.timeline(&status, at(200));
    assert_eq!((on_air(&timeline), timeline.complete), (vec![(at(1), 0)], false));
}

#[test]
fn a_new_registration_begins_anew() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    switch(&mut status, 1, 10);
    history.observe(&status, at(0), at(10));
    status.registration += 1;
    (status.registered_at, status.state_since) = (at(50), at(50));
    status.switches.clear();
    history.observe(&status, at(0), at(50));
    let timeline = history.timeline(&status, at(60));
    assert_eq!((timeline.from, timeline.complete), (at(50), true));
    assert_eq!(on_air(&timeline), [(at(50), -1), (at(50), 1)]);
    history.end("news");
    assert!(history.streams.is_empty());
}

#[test]
fn an_input_that_is_removed_stops() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    status.inputs.pop();
    history.observe(&status, at(0), at(5));
    let timeline = history.timeline(&status, at(10));
    assert_eq!(of_input(&timeline, 1), [(at(0), "idle"), (at(5), "stopped")]);
}

#[test]
fn what_is_longer_ago_is_left_out_without_being_tidied_away() {
    let (mut history, mut status) = (History::default(), status());
    history.observe(&status, at(0), at(0));
    switch(&mut status, 1, 10);
    history.observe(&status, at(0), at(10));
    switch(&mut status, 0, 800);
    history.observe(&status, at(0), at(800));
    let timeline = history.timeline(&status, at(11) + KEPT);
    assert_eq!(on_air(&timeline), [(at(10), 1), (at(800), 0)]);
    assert_eq!((of_input(&timeline, 1)[0], timeline.switches.len()), ((at(10), "active"), 1));
}

#[test]
fn all_streams_together_have_a_bound() {
    let mut history = History { most: 120, ..History::default() };
    let mut all: Vec<RuntimeStatus> = (0..10).map(|_| status()).collect();
    for (number, status) in all.iter_mut().enumerate() {
        status.stream = number.to_string().into();
        history.observe(status, at(0), at(0));
    }
    for second in 1..=40 {
        for status in &mut all {
            switch(status, second as usize % 2, second);
            history.observe(status, at(0), at(second));
            assert!(history.changes <= 2 * 120);
        }
    }
    let kept: usize = history.streams.values().map(|stream| stream.changes.len()).sum();
    assert_eq!(kept, history.changes);
    // Each has its share.
    assert!(history.streams.values().all(|stream| stream.changes.len() >= 12));
    all.iter().for_each(|status| history.end(&status.stream));
    assert_eq!(history.changes, 0);
}

#[test]
fn what_a_shadow_decides_otherwise_is_kept_of_the_stream_that_it_is_of() {
    let mut history = History::default();
    let status = status();
    history.observe(&status, at(0), at(1));
    let differing = |seconds| Differing {
        told: at(seconds),
        what: "switched from 0 to 1 (timeout)".into(),
        recorded: None,
        otherwise: Some(at(seconds - 70)),
        is_false: true,
    };
    history.differs("news", status.registration, differing(100));
    history.differs("news", status.registration + 1, differing(101));
    history.differs("sport", status.registration, differing(102));
    let shadow = |now| history.timeline(&status, at(now)).shadow;
    assert_eq!(shadow(110), [differing(100)]);
    assert_eq!(shadow(1001), [], "a quarter of an hour after it was told");
}
