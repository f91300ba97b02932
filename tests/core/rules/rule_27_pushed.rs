//! Rule 27: pushed inputs listen and show life by their packets; so do failed inputs without a
//! session.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Condition, Config, Input, Source, Standby, Status};

fn pushed(priority: i32) -> Input {
    cold(priority).config(Config::new().source(Source::Pushed))
}

/// Input 0 was published, fell silent at 3000, and input 1 is on air.
fn publisher_gone(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::prepared(config, inputs, |rig| rig.publishes(0));
    rig.until(1000);
    rig.dies(0);
    rig.until(3500);
    assert_eq!((rig.status(0), rig.status(1)), (Status::Degraded, Status::Active));
    rig.skip();
    rig
}

// Pushed inputs, overlap on.

#[test]
fn silence_degrades_a_pushed_input_once_and_its_session_is_kept() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    assert_eq!(rig.running(0), Some("0a"));
    rig.until(3_600_000);
    rig.is_quiet();
    assert_eq!(rig.errors(0).len(), 1);
    assert_eq!(rig.probes(0), (0, 0, 0));
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    assert!(rig.input(0).listening());
}

#[test]
fn packets_without_a_gap_for_failback_stable_recover_a_pushed_input() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    rig.until(60_000);
    rig.returns(0);
    rig.until(63_099);
    rig.is_quiet();
    rig.until(63_100);
    rig.tells(&[
        "63100 recovered 0",
        "63100 gate 0a",
        "63100 stop 1a",
        "63100 switch 1>0 failback",
        "63100 active 0 after 0",
    ]);
    assert!(!rig.input(0).listening());
}

#[test]
fn a_gap_begins_the_count_anew() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    rig.until(60_000);
    rig.returns(0);
    rig.until(61_050);
    rig.dies(0);
    rig.until(63_050);
    rig.returns(0);
    rig.until(66_099);
    rig.is_quiet();
    rig.until(66_100);
    assert_eq!(rig.lines().next().as_deref(), Some("recovered 0"));
}

#[test]
fn a_gap_shorter_than_packet_timeout_does_not() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    rig.until(60_000);
    rig.returns(0);
    rig.until(61_050);
    rig.dies(0);
    rig.until(62_950);
    rig.returns(0);
    rig.until(63_100);
    assert_eq!(rig.lines().next().as_deref(), Some("recovered 0"));
}

#[test]
fn a_pushed_input_that_returns_while_the_stream_is_dark_is_on_air_at_once() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    rig.dies(1);
    rig.reach("exhausted timeout");
    rig.until(60_050);
    rig.skip();
    rig.returns(0);
    let told = rig.reach("recovered 0");
    assert!(told <= 60_150.0, "{told}");
    rig.tells(&[
        "0 gate 0a",
        "0 switch 1>0 recovery",
        "0 active 0 after 0",
        "0 restored 0",
        "0 stop 1a",
    ]);
}

#[test]
fn a_pushed_input_that_flows_is_taken_when_the_active_one_fails() {
    let mut rig = publisher_gone(Config::new(), [pushed(0), cold(1)]);
    rig.returns(0);
    rig.until(4550);
    rig.dies(1);
    rig.report(1, "gone").unwrap();
    rig.tells(&[
        "4550 degraded 1 error",
        "4550 recovered 0",
        "4550 gate 0a",
        "4550 switch 1>0 error",
    ]);
}

#[test]
fn a_pushed_input_is_started_when_it_is_needed_unless_it_is_hot() {
    let rig = Rig::new([cold(0), pushed(1)]);
    assert_eq!(rig.on_host(), ["0a"]);
    let hot = Config::new().source(Source::Pushed).standby(Standby::Hot);
    let rig = Rig::new([cold(0), cold(1).config(hot)]);
    assert_eq!(rig.on_host(), ["0a", "1a"]);
}

#[test]
fn once_started_its_session_is_kept_when_it_is_left() {
    let mut rig = Rig::new([cold(0), pushed(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.switch_input(0).unwrap();
    rig.until(3000);
    assert_eq!(rig.on_host(), ["0b", "1a"]);
    rig.update(remove(1)).unwrap();
    assert_eq!(rig.on_host(), ["0b"]);
}

#[test]
fn a_planned_switch_to_a_publisher_that_does_not_come_is_abandoned_and_the_session_kept() {
    let mut rig = Rig::new([cold(0), pushed(1)]);
    rig.publishes(1);
    rig.dies(1);
    rig.until(1000);
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.until(6000);
    rig.tells(&["1000 start 1a", "6000 degraded 1 timeout"]);
    assert_eq!((rig.stream.override_input(), rig.running(1)), (None, Some("1a")));
}

#[test]
fn a_reported_error_degrades_a_pushed_input_and_its_packets_recover_it() {
    let mut rig = Rig::prepared(Config::new(), [pushed(0), cold(1)], |rig| rig.publishes(0));
    rig.until(1050);
    rig.dies(0);
    rig.report(0, "the publisher has gone").unwrap();
    rig.until(2050);
    rig.skip();
    rig.returns(0);
    rig.until(5100);
    rig.tells(&["5100 recovered 0"]);
}

#[test]
fn a_pushed_input_whose_start_fails_is_listened_for_again_later() {
    let mut rig = Rig::prepared(Config::new(), [pushed(0), cold(1)], |rig| {
        rig.publishes(0);
        rig.start_fails(0);
    });
    rig.dies(0);
    rig.reach("start 0b");
    assert_eq!(rig.probes(0), (1, 0, 1));
    rig.start_works(0);
    rig.reach("start 0c");
    rig.skip();
    rig.until(600_000);
    rig.is_quiet();
    assert_eq!((rig.status(0), rig.running(0)), (Status::Degraded, Some("0c")));
    rig.returns(0);
    rig.reach("recovered 0");
    assert_eq!(rig.probes(0), (2, 1, 1));
}

#[test]
fn an_input_that_becomes_pushed_is_no_longer_probed() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Never);
    rig.until(1000);
    rig.dies(0);
    rig.reach("probe 0");
    rig.probes_are(0, Answer::Never);
    rig.skip();
    rig.set_config(Config::new().source(Source::Pushed)).unwrap();
    rig.tells(&["0 cancel probe"]);
    rig.reach("start 0b");
    rig.skip();
    rig.until(600_000);
    rig.is_quiet();
}

// Packets without a session.

#[test]
fn a_publisher_that_connects_and_returns_is_on_air_again_by_recording_by_id_alone() {
    let mut rig = publisher_gone(overlap_off(), [pushed(0), cold(1)]);
    assert_eq!(rig.on_host(), ["1a"], "its session was stopped");
    rig.until(20_000);
    rig.returns(0);
    rig.until(23_200);
    rig.tells(&[
        "23100 recovered 0",
        "23100 stop 1a",
        "23100 gate 0b",
        "23100 start 0b",
        "23100 switch 1>0 failback",
        "23200 active 0 after 100",
    ]);
}

#[test]
fn a_publisher_that_returns_at_once_waits_for_the_cooldown() {
    let mut rig = publisher_gone(overlap_off(), [pushed(0), cold(1)]);
    rig.returns(0);
    rig.until(15_100);
    rig.tells(&[
        "6600 recovered 0",
        "15000 stop 1a",
        "15000 gate 0b",
        "15000 start 0b",
        "15000 switch 1>0 failback",
        "15100 active 0 after 100",
    ]);
}

#[test]
fn with_failback_manual_it_recovers_and_waits_to_be_chosen() {
    let config = overlap_off().failback(changeover::Failback::Manual);
    let mut rig = publisher_gone(config, [pushed(0), cold(1)]);
    rig.returns(0);
    rig.until(600_000);
    rig.tells(&["6600 recovered 0"]);
}

#[test]
fn packets_by_id_recover_any_failed_input_without_a_session() {
    let mut rig = publisher_gone(Config::new(), [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    assert_eq!(rig.on_host(), ["1a"]);
    rig.returns(0);
    rig.until(6599);
    rig.is_quiet();
    rig.until(6600);
    rig.tells(&["6600 recovered 0"]);
}

#[test]
fn a_probe_that_is_under_way_is_cancelled() {
    let patient = Config::new().probe_timeout(ms(60_000));
    let mut rig = publisher_gone(patient, [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    rig.returns(0);
    let told = rig.reach("cancel probe");
    assert!((3000.0..=3100.0).contains(&told), "{told}");
    assert_eq!(rig.lines().next().as_deref(), Some("recovered 0"));
}

#[test]
fn a_gap_without_a_session_begins_the_count_anew() {
    let mut rig = publisher_gone(overlap_off(), [pushed(0), cold(1)]);
    for burst in 0..100 {
        rig.until(10_000 + burst * 2500);
        rig.records_by_id(0);
        rig.until(10_400 + burst * 2500);
        rig.records_by_id(0);
    }
    rig.until(600_000);
    rig.is_quiet();
    assert!(rig.input(0).listening());
}

#[test]
fn after_a_reported_error_they_count_only_after_the_cooldown() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.publishes(0));
    rig.probes_are(0, Answer::Never);
    rig.until(1050);
    rig.report(0, "bad").unwrap();
    rig.until(1200);
    rig.skip();
    // The first packet from 9050 on is at 9100.
    rig.until(12_099);
    assert!(!rig.lines().any(|line| line.starts_with("recovered")));
    rig.until(12_100);
    assert!(rig.lines().any(|line| line == "recovered 0"));
}

#[test]
fn a_source_that_connects_by_itself_need_not_wait_after_a_reported_error() {
    let mut rig = publisher_gone(overlap_off(), [pushed(0), cold(1)]);
    rig.report(0, "gone").unwrap();
    rig.returns(0);
    rig.until(6600);
    rig.tells(&["6600 recovered 0"]);
}

#[test]
fn packets_by_id_of_an_input_that_has_not_failed_do_nothing() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.publishes(1);
    rig.until(600_000);
    rig.reach("active 0 after 100");
    rig.is_quiet();
    assert!(!rig.stream.awaits_input(1));
}

#[test]
fn with_nothing_usable_the_first_packet_by_id_is_enough() {
    let mut rig = Rig::prepared(overlap_off(), [pushed(0), cold(1)], |rig| rig.publishes(0));
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.start_fails(1);
    rig.reach("exhausted start_failed");
    rig.skip();
    rig.until(50);
    rig.returns(0);
    rig.reach("recovered 0");
    rig.reach("restored 0");
}

#[test]
fn with_overlap_off_pushed_inputs_are_listened_for_in_turn_when_all_is_lost() {
    let mut rig = Rig::prepared(overlap_off(), [pushed(0), pushed(1)], |rig| {
        rig.publishes(0);
        rig.publishes(1);
    });
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.reach("exhausted timeout");
    let at = rig.reach("start 0b");
    assert!(at < 20_000.0, "{at}");
    rig.reach("start 1b");
    rig.reach("start 0c");
}

#[test]
fn what_was_recorded_before_the_last_packet_does_not_count_after_an_update() {
    let mut rig = publisher_gone(overlap_off(), [pushed(0), cold(1)]);
    rig.returns(0);
    rig.until(5000);
    rig.update(replace(pushed(0))).unwrap();
    assert_eq!(rig.status(0), Status::Idle);
    assert!(!rig.stream.awaits_input(0));
}

#[test]
fn a_seen_packet_of_an_input_that_does_not_flow_is_nothing() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    for priority in [0, 1, 7] {
        rig.handle(Stimulus::PacketWithoutSession { priority }).unwrap();
        let at = rig.now();
        rig.handle(Stimulus::SeenWithoutSession { priority, at }).unwrap();
    }
    assert_eq!(rig.status(1), Status::Idle);
}

#[test]
fn a_trial_of_an_input_that_becomes_pushed_goes_on_as_its_life() {
    let config = Config::new().probe_cooldown(ms(1000)).failback_stable(ms(2000));
    let mut rig = Rig::with_config(config.clone(), [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.report(0, "gone").unwrap();
    rig.reach("start 0b");
    rig.until(500);
    rig.set_config(config.source(Source::Pushed)).unwrap();
    // The first packet after that is at 600.
    assert_eq!(rig.reach("recovered 0"), 2600.0);
    assert_eq!(rig.running(0), Some("0b"));
}

#[test]
fn what_was_left_for_a_condition_is_listened_to_once_sessions_may_overlap() {
    let mut rig = Rig::prepared(overlap_off(), [pushed(0), cold(1)], |rig| rig.publishes(0));
    rig.until(1000);
    rig.says("0a", Condition::Black, true);
    rig.until(4000);
    assert_eq!((rig.running(0), rig.status(1)), (None, Status::Active));
    rig.set_config(Config::new()).unwrap();
    assert_eq!((rig.running(0), rig.status(1)), (Some("0b"), Status::Active));
    assert_eq!(rig.input(0).retry_at(), None, "nothing else is waited for");
    // The host's word of this session is all that is missing (rule 20b).
    rig.until(60_000);
    assert_eq!((rig.running(0), rig.status(1)), (Some("0b"), Status::Active));
    rig.says("0b", Condition::Black, true);
    rig.says("0b", Condition::Black, false);
    rig.until(90_000);
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn what_flows_in_the_instant_in_which_it_is_forced_has_recovered() {
    let mut rig = Rig::prepared(Config::new(), [pushed(0), cold(1)], |rig| rig.publishes(0));
    rig.until(1000);
    rig.dies(0);
    rig.until(4000);
    rig.returns(0);
    rig.until(6000);
    rig.skip();
    rig.force_input(0).unwrap();
    rig.tells(&[
        "6000 recovered 0",
        "6000 gate 0a",
        "6000 stop 1a",
        "6000 switch 1>0 manual",
        "6000 active 0 after 0",
    ]);
}
