//! Rule 20: what was left for a condition recovers by what it shows.

use super::rig::*;
use changeover::{Condition, Config, Input, Overlap, Source};

/// Input 0 was left for a low bitrate at 5200, for input 1.
fn left(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::with_config(config.min_bitrate(1000).probe_cooldown(ms(2000)), inputs);
    rig.until(3000);
    rig.shows(0, |m| m.bitrate_kbps = Some(100));
    rig.until(5300);
    assert_eq!(rig.stream.active(), Some(1));
    rig.skip();
    rig
}

#[test]
fn a_cold_input_left_for_a_condition_is_tried_and_not_probed() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = Some(2000));
    let tried = rig.reach("start 0b");
    assert!((7200.0..=7450.0).contains(&tried), "{tried}");
    // First packet at 100, measured from 1100, healed 3000 later, healthy since 1100.
    assert_eq!(rig.reach("recovered 0"), 4100.0);
    // Rule 10's cooldown counts from the switch at 5200.
    rig.reach("switch 1>0 failback");
    assert_eq!(rig.stream.active(), Some(0));
}

#[test]
fn a_trial_in_which_a_condition_holds_has_failed_and_the_next_waits_longer() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.reach("start 0b");
    // First packet at 100, the first look that shows it at 1100, held for 2000.
    assert_eq!(rig.reach("stop 0b"), 3100.0);
    let again = rig.reach("start 0c");
    assert!((4000.0..=4500.0).contains(&again), "doubled: {again}");
    assert_eq!(rig.input(0).attempts().len(), 1);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn a_trial_that_shows_nothing_ends_after_two_windows_and_twice_failback_stable() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = None);
    rig.reach("start 0b");
    assert_eq!(rig.reach("stop 0b"), 100.0 + 2000.0 + 6000.0);
    let attempts: Vec<_> = rig.input(0).attempts().map(|a| a.detail.text()).collect();
    assert_eq!(&*attempts[0], "not healthy for 8000.0 ms, limit 8000.0 ms");
}

#[test]
fn a_trial_has_time_for_a_look_that_knows_a_whole_window() {
    let mut rig = left(Config::new().failback_stable(ms(0)), [cold(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = Some(2000));
    rig.reach("start 0b");
    // First packet at 100, and the first look that knows anything at 1100.
    assert_eq!(rig.reach("recovered 0"), 1100.0);
    assert_eq!(rig.input(0).attempts().len(), 0);
}

#[test]
fn a_trial_that_does_not_deliver_has_failed_after_the_connect_timeout() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.dies(0);
    rig.reach("start 0b");
    assert_eq!(rig.reach("stop 0b"), 5000.0);
    assert_eq!(rig.input(0).severity(), Some(changeover::Severity::Impaired));
}

#[test]
fn left_for_a_hosts_condition_it_heals_by_the_hosts_word_in_a_later_session() {
    let config = Config::new().probe_cooldown(ms(2000));
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(3000);
    rig.says("0a", Condition::Black, true);
    rig.until(4000);
    // It says nothing of the first trial.
    rig.reach("start 0b");
    assert_eq!(rig.reach("stop 0b"), 8100.0);
    rig.reach("start 0c");
    rig.until(500);
    rig.says("0c", Condition::Black, false);
    rig.reach("recovered 0");
    assert!(rig.input(0).severity().is_none());
}

#[test]
fn black_again_ends_the_trial_at_once() {
    let config = Config::new().probe_cooldown(ms(2000));
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(3000);
    rig.says("0a", Condition::Black, true);
    rig.until(4000);
    rig.reach("start 0b");
    rig.until(700);
    rig.skip();
    rig.says("0b", Condition::Black, true);
    rig.tells(&["700 stop 0b"]);
}

#[test]
fn a_hot_input_heals_by_its_own_looks() {
    let mut rig = left(Config::new(), [hot(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = Some(2000));
    rig.until(8400);
    rig.tells(&["8400 recovered 0"]);
    assert_eq!(rig.running(0), Some("0a"));
}

#[test]
fn the_trial_of_a_failed_input_that_is_measured_is_judged_alike() {
    let config = Config::new().min_bitrate(1000).probe_cooldown(ms(2000));
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(3000);
    rig.probes_are(0, Answer::Unsupported);
    rig.dies(0);
    rig.until(6000);
    rig.returns(0);
    rig.shows(0, |m| m.bitrate_kbps = Some(100));
    rig.reach("start 0b");
    assert_eq!(rig.reach("stop 0b"), 3100.0);
    rig.shows(0, |m| m.bitrate_kbps = Some(2000));
    rig.reach("start 0c");
    assert_eq!(rig.reach("recovered 0"), 4100.0);
}

#[test]
fn while_a_trial_runs_no_condition_begins() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = None);
    rig.reach("start 0b");
    rig.shows(1, |m| m.bitrate_kbps = Some(100));
    assert_eq!(rig.reach("stop 0b"), 8100.0);
    assert_eq!(rig.input(1).severity(), None);
    // What showed meanwhile counts for nothing: two seconds from the last look before its end.
    let told = rig.reach("degraded 1 low_bitrate");
    assert!((1900.0..=2000.0).contains(&told), "{told}");
}

#[test]
fn what_only_a_trial_takes_is_no_condition() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.shows(0, |m| m.bitrate_kbps = None);
    rig.reach("start 0b");
    rig.shows(1, |m| m.bitrate_kbps = Some(100));
    rig.reach("stop 0b");
    // The window still shows it for a while.
    rig.until(900);
    rig.shows(1, |m| m.bitrate_kbps = Some(2000));
    rig.until(4000);
    rig.is_quiet();
}

#[test]
fn the_hosts_word_counts_while_a_trial_runs() {
    let mut rig = left(Config::new(), [cold(0), cold(1)]);
    rig.reach("start 0b");
    rig.says(1, Condition::Host, true);
    rig.tells(&["0 degraded 1 host"]);
}

#[test]
fn with_overlap_off_a_probes_ok_recovers_it_and_without_probes_the_wait() {
    for answer in [Answer::Honest, Answer::Unsupported] {
        let mut rig = left(Config::new().overlap(Overlap::Off), [cold(0), cold(1)]);
        rig.probes_are(0, answer);
        let waited = rig.reach("recovered 0");
        assert!(waited < 7500.0, "{waited}");
        assert_eq!(rig.on_host(), ["1a"], "no trial");
    }
}

#[test]
fn with_overlap_off_only_the_host_ends_what_it_has_against_an_input() {
    let pushed = cold(0).config(Config::new().source(Source::Pushed));
    for input in [cold(0), pushed] {
        let config = Config::new().overlap(Overlap::Off).probe_cooldown(ms(2000));
        let mut rig = Rig::with_config(config, [input, cold(1)]);
        rig.until(3000);
        rig.says(0, Condition::Black, true);
        rig.reach("active 1 after 100");
        rig.until(60_000);
        rig.is_quiet();
        rig.says(0, Condition::Black, false);
        rig.reach("recovered 0");
        assert_eq!(rig.input(0).severity(), None);
    }
}
