//! Rule 9: a degraded cold input is probed after `probe_cooldown`, one probe at a time, each with
//! a deadline; failures back off, doubling, capped, jittered, until it was on air for
//! `failback_stable`. Without usable probes a better input gets trial sessions on the same
//! schedule. A degraded hot input recovers by its own packets.

use super::rig::*;
use changeover::core::{ProbeOutcome, Stimulus};
use changeover::{Config, Error, Reason, Status};

/// Input 0 is dead and given up at 3000, input 1 on air.
fn primary_given_up(inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    given_up(Config::new(), inputs)
}

fn given_up(config: Config, inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(1000);
    rig.dies(0);
    rig.until(3500);
    assert_eq!(rig.status(1), Status::Active);
    rig.skip();
    rig
}

#[track_caller]
fn within(waited: f64, from: u64, to: u64) {
    assert!((from as f64..=to as f64).contains(&waited), "{waited} is not in {from}..={to}");
}

#[test]
fn a_degraded_cold_input_is_probed_after_the_cooldown() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    within(rig.reach("probe 0"), 11_000, 12_000);
    assert_eq!(rig.input(0).probes(), 1);
}

#[test]
fn a_worse_input_is_probed_too() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    within(rig.reach("probe 1"), 9000, 10_000);
    rig.until(50);
    rig.tells(&["50 recovered 1"]);
}

#[test]
fn success_makes_it_idle() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.returns(0);
    rig.until(50);
    rig.tells(&["50 recovered 0"]);
    assert_eq!(rig.status(0), Status::Idle);
    assert!(rig.errors(0).is_empty());
}

#[test]
fn failures_back_off_doubling_up_to_eight_times() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    within(rig.reach("probe 0"), 11_000, 12_000);
    within(rig.reach("probe 0"), 16_050, 18_050);
    within(rig.reach("probe 0"), 32_050, 36_050);
    within(rig.reach("probe 0"), 64_050, 72_050);
    within(rig.reach("probe 0"), 64_050, 72_050);
}

#[test]
fn failed_attempts_say_what_happened_and_do_not_hide_why_it_was_given_up() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.until(50);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    rig.until(3000);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(5000);
    rig.start_fails(0);
    rig.reach("start 0c");
    let why = &rig.errors(0)[0];
    assert_eq!((rig.errors(0).len(), why.at), (1, rig.at(3000)));
    assert_eq!(why.detail.to_string(), "no packet for 2000.0 ms, limit 2000.0 ms");
    let told: Vec<_> = rig
        .attempts(0)
        .iter()
        .map(|e| (e.reason, e.detail.to_string(), e.detail.measured() / MS))
        .collect();
    let timeout = |text: &str, measured| (Reason::Timeout, text.to_string(), measured);
    let expected = [
        (Reason::Error, "no answer".into(), 0),
        timeout("no answer to a probe for 3000.0 ms, limit 3000.0 ms", 3000),
        timeout("no first packet for 5000.0 ms, limit 5000.0 ms", 5000),
        (Reason::StartFailed, "refused".into(), 0),
    ];
    assert_eq!(told, expected);
    // One probe was answered "unsupported", which is neither.
    assert_eq!(rig.probes(0), (5, 0, 4));
}

#[test]
fn attempts_are_counted_by_what_became_of_them() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.until(50);
    assert_eq!(rig.probes(0), (1, 0, 1));
    rig.returns(0);
    rig.reach("recovered 0");
    assert_eq!(rig.probes(0), (2, 1, 1));
    assert_eq!(rig.attempts(0), []);
    rig.reach("active 0 after 0");
    rig.probes_are(0, Answer::Unsupported);
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    assert_eq!(rig.probes(0), (4, 2, 1), "a trial helped");
}

#[test]
fn restarts_of_a_silent_hot_input_are_counted_and_those_that_fail_are_kept() {
    let mut rig = primary_given_up([hot(0), cold(1)]);
    rig.reach("start 0b");
    assert_eq!(rig.probes(0), (1, 0, 0));
    rig.until(5000);
    assert_eq!(rig.probes(0), (1, 0, 1));
    let told = rig.attempts(0).pop().unwrap().detail.to_string();
    assert_eq!(told, "no first packet for 5000.0 ms, limit 5000.0 ms");
    rig.reach("start 0c");
    rig.returns(0);
    rig.reach("recovered 0");
    assert_eq!(rig.probes(0), (2, 1, 1));
}

#[test]
fn the_waits_are_jittered() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.report(2, "gone").unwrap();
    rig.reach("probe 2");
    assert!(rig.reach("probe 1") > 0.0, "given up together, probed apart");
}

#[test]
fn a_probe_without_an_answer_is_given_up_at_its_deadline() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    rig.until(2999);
    rig.is_quiet();
    rig.until(3000);
    rig.tells(&["3000 cancel probe"]);
    within(rig.reach("probe 0"), 19_000, 21_000);
}

#[test]
fn the_deadline_of_a_probe_counts_from_when_the_host_took_it() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    rig.host_takes_after(5000);
    rig.reach("probe 0");
    rig.until(7999);
    rig.is_quiet();
    rig.until(8000);
    rig.tells(&["8000 cancel probe"]);
}

#[test]
fn there_is_one_probe_at_a_time() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.host_is_stuck();
    rig.reach("probe 0");
    rig.until(3_600_000);
    rig.is_quiet();
}

#[test]
fn an_answer_that_comes_too_late_is_ignored() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    let probe = rig.probe_in_flight(0);
    rig.until(3000);
    rig.skip();
    let answer = Stimulus::ProbeResult { probe, outcome: ProbeOutcome::Ok };
    assert_eq!(rig.handle(answer), Err(Error::StaleSession));
    assert_eq!(rig.handle(Stimulus::ProbeTaken { probe }), Err(Error::StaleSession));
    rig.is_quiet();
    assert_eq!(rig.status(0), Status::Degraded);
}

#[test]
fn a_probe_in_flight_is_cancelled_when_packets_come_back() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    rig.returns(0);
    let told = rig.reach("cancel probe");
    assert!(told <= 100.0, "{told}");
    assert_eq!(rig.status(0), Status::Active);
}

/// Input 0 fails two probes, recovers, and is on air for `on_air` ms before it dies again.
fn wait_after(on_air: u64) -> f64 {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.reach("probe 0");
    rig.until(60);
    rig.returns(0);
    rig.reach("probe 0");
    rig.reach("active 0 after 0");
    rig.until(on_air);
    rig.report(0, "gone").unwrap();
    rig.dies(0);
    rig.reach("degraded 0 error");
    rig.reach("probe 0")
}

#[test]
fn backoff_is_forgotten_after_failback_stable_on_air() {
    within(wait_after(3000), 8000, 9000);
}

#[test]
fn backoff_is_not_forgotten_before_and_grows_with_each_relapse() {
    within(wait_after(2950), 64_000, 72_000);
}

#[test]
fn the_time_the_other_input_was_on_air_does_not_count() {
    let mut rig = given_up(overlap_off(), [cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.reach("probe 0");
    rig.until(60);
    rig.returns(0);
    rig.reach("recovered 0");
    rig.dies(0);
    rig.reach("switch 1>0 failback");
    rig.reach("degraded 0 timeout");
    within(rig.reach("probe 0"), 64_000, 72_000);
}

#[test]
fn recovering_alone_forgets_nothing() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.returns(0);
    rig.reach("recovered 0");
    rig.report(0, "gone again").unwrap();
    rig.dies(0);
    rig.reach("degraded 0 error");
    within(rig.reach("probe 0"), 16_000, 18_000);
}

#[test]
fn the_active_input_is_probed_only_while_exhausted() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(60_000);
    assert_eq!(rig.input(0).probes(), 0);
    rig.dies(0);
    rig.reach("exhausted timeout");
    within(rig.reach("probe 0"), 8000, 9000);
    rig.returns(0);
    rig.reach("restored 0");
    rig.skip();
    rig.until(60_000);
    assert_eq!(rig.lines().filter(|line| line == "probe 0").count(), 0);
}

#[test]
fn without_usable_probes_a_better_input_gets_a_trial_behind_the_closed_gate() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("probe 0");
    rig.returns(0);
    rig.until(3149);
    rig.tells(&["50 start 0b"]);
    assert_eq!(rig.status(0), Status::Degraded);
    assert_eq!(rig.stream.gate(), Some(rig.session("1a")));
    rig.until(3150);
    rig.tells(&["3150 recovered 0"]);
    assert_eq!(rig.running(0), Some("0b"), "it waits for its failback");
}

#[test]
fn the_recovered_trial_session_is_the_one_that_goes_on_air() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.returns(0);
    rig.reach("switch 1>0 failback");
    assert_eq!(rig.running(0), Some("0b"));
    rig.tells(&["0 active 0 after 0"]);
}

#[test]
fn a_trial_that_does_not_connect_is_stopped_and_backs_off() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(5000);
    rig.tells(&["5000 stop 0b"]);
    within(rig.reach("start 0c"), 21_000, 23_000);
}

#[test]
fn a_trial_that_falls_silent_is_stopped_and_backs_off() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.returns(0);
    rig.until(1000);
    rig.dies(0);
    rig.until(3000);
    rig.tells(&["3000 stop 0b"]);
    within(rig.reach("start 0c"), 19_000, 21_000);
}

#[test]
fn a_trial_whose_start_fails_backs_off() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.start_fails(0);
    rig.reach("start 0b");
    rig.tells(&["0 stop 0b"]);
    within(rig.reach("start 0c"), 16_000, 18_000);
}

#[test]
fn a_trial_with_a_reported_error_backs_off() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(1000);
    rig.report(0, "gone").unwrap();
    rig.report(0, "gone").unwrap();
    rig.tells(&["1000 stop 0b"]);
    within(rig.reach("start 0c"), 17_000, 19_000);
}

#[test]
fn a_trial_that_delivers_is_taken_when_the_active_input_dies() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.returns(0);
    rig.until(1050);
    rig.dies(1);
    rig.skip();
    rig.report(1, "gone").unwrap();
    rig.until(1150);
    rig.tells(&[
        "1050 degraded 1 error",
        "1050 recovered 0",
        "1050 gate 0b",
        "1050 switch 1>0 error",
        "1100 active 0 after 50",
        "1100 stop 1a",
    ]);
}

#[test]
fn a_trial_that_has_not_delivered_when_the_active_input_dies_is_taken_at_its_first_packet() {
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(1050);
    rig.dies(1);
    rig.skip();
    rig.report(1, "gone").unwrap();
    rig.returns(0);
    rig.until(1100);
    rig.tells(&[
        "1050 degraded 1 error",
        "1050 exhausted error",
        "1100 recovered 0",
        "1100 gate 0b",
        "1100 switch 1>0 recovery",
        "1100 active 0 after 0",
        "1100 restored 0",
        "1100 stop 1a",
    ]);
}

#[test]
fn a_trial_that_is_no_longer_better_is_stopped_and_tried_again_when_it_is() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.dies(1);
    rig.report(1, "gone").unwrap();
    rig.reach("start 1a");
    rig.switch_input(0).unwrap();
    rig.until(100);
    rig.tells(&[
        "0 start 0b",
        "100 gate 0b",
        "100 stop 2a",
        "100 switch 2>0 manual",
        "100 active 0 after 0",
        "100 stop 1a",
    ]);
    rig.switch_input(2).unwrap();
    within(rig.reach("start 1b"), 8100, 9100);
}

#[test]
fn with_overlap_off_there_are_no_trials_beside_an_input_on_air() {
    let mut rig = given_up(overlap_off(), [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.returns(0);
    rig.until(100_000);
    assert_eq!(rig.lines().filter(|line| line.starts_with("start")).count(), 0);
    assert_eq!(rig.status(0), Status::Degraded);
}

#[test]
fn a_degraded_hot_input_recovers_by_its_own_packets() {
    let mut rig = primary_given_up([hot(0), cold(1)]);
    rig.returns(0);
    rig.until(3600);
    rig.tells(&["3600 recovered 0"]);
    assert_eq!(rig.input(0).probes(), 0, "and is never probed");
}

#[test]
fn a_late_failure_of_a_probed_input_is_its_own() {
    // An error reported while the probe is in flight changes nothing: it is degraded already.
    let mut rig = primary_given_up([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    rig.report(0, "still gone").unwrap();
    rig.until(2999);
    rig.is_quiet();
    assert_eq!(rig.errors(0).len(), 1);
}

#[test]
fn the_cooldown_is_that_of_the_input() {
    let patient = Config::new().probe_cooldown(ms(100_000)).probe_timeout(ms(700));
    let mut rig = primary_given_up([cold(0).config(patient), cold(1)]);
    rig.probes_are(0, Answer::Never);
    within(rig.reach("probe 0"), 103_000, 115_500);
    rig.until(700);
    rig.tells(&["700 cancel probe"]);
}
