//! Rule 27, the inputs that nobody can test: a worse input that can't be probed is untested after its
//! wait and usable once in each outage; a failed input can be forced. And what each start says it is for.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Condition, Config, Error, Input, Overlap, Standby, StartReason, Status};

// Untested inputs.

/// Input 1 can't be probed and failed at 1000 while input 0 is on air; it is untested since.
fn worse_input_failed(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(20_000);
    assert!(rig.input(1).untested());
    rig.skip();
    rig
}

#[test]
fn a_worse_input_that_cannot_be_probed_is_untested_after_its_wait() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    assert_eq!((rig.status(1), rig.input(1).untested()), (Status::Degraded, false));
    rig.reach("probe 1");
    assert_eq!(rig.status(1), Status::Degraded);
    rig.until(50);
    assert_eq!((rig.status(1), rig.input(1).untested()), (Status::Idle, true));
    assert_eq!(rig.errors(1).len(), 1, "why it was given up is still known");
    rig.is_quiet();
    rig.until(600_000);
    rig.is_quiet();
}

#[test]
fn a_failover_to_an_untested_input_that_works_exhausts_nothing() {
    for config in [Config::new(), overlap_off()] {
        let mut rig = worse_input_failed(config);
        rig.dies(0);
        rig.reach("switch 0>1 timeout");
        rig.until(100);
        let told: Vec<_> = rig.lines().filter(|line| !line.starts_with("stop")).collect();
        assert_eq!(told, ["recovered 1", "active 1 after 100"]);
        assert!(!rig.input(1).untested());
        assert!(rig.errors(1).is_empty());
    }
}

#[test]
fn the_hosts_word_recovers_no_untested_input() {
    let mut rig = worse_input_failed(Config::new());
    rig.says(1, Condition::Host, true);
    rig.until(21_000);
    rig.says(1, Condition::Host, false);
    rig.until(120_000);
    rig.tells(&["20000 degraded 1 host"]);
    assert!(rig.input(1).untested(), "it has not delivered");
    assert!(rig.input(1).severity().is_none());
}

#[test]
fn an_untested_input_may_be_chosen_by_hand() {
    let mut rig = worse_input_failed(Config::new());
    rig.switch_input(1).unwrap();
    rig.until(20_100);
    rig.tells(&[
        "20000 start 1a",
        "20100 recovered 1",
        "20100 gate 1a",
        "20100 stop 0a",
        "20100 switch 0>1 manual",
        "20100 active 1 after 0",
    ]);
}

#[test]
fn an_untested_input_is_used_once_in_each_outage() {
    let mut rig = worse_input_failed(Config::new().probe_cooldown(ms(100)));
    rig.dies(0);
    rig.dies(1);
    rig.reach("switch 0>1 timeout");
    rig.reach("degraded 1 timeout");
    rig.reach("exhausted timeout");
    rig.skip();
    // Trials go on, as of any input of an exhausted stream, but no failover.
    rig.until(600_000);
    assert!(!rig.lines().any(|line| line.starts_with("switch")));
    assert!(!rig.input(1).untested());
    // On air again, the outage ends after failback_stable.
    rig.returns(0);
    rig.reach("restored 0");
    rig.until(2999);
    assert!(!rig.input(1).untested());
    rig.until(3000);
    assert!(rig.input(1).untested());
}

#[test]
fn tested_inputs_come_before_untested_ones() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(20_000);
    assert!(rig.input(1).untested());
    rig.dies(0);
    rig.reach("switch 0>2 timeout");
}

#[test]
fn an_untested_input_of_which_the_host_complains_comes_no_sooner() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(20_000);
    rig.says(1, Condition::Silent, true);
    rig.says(2, Condition::Silent, true);
    rig.dies(0);
    rig.reach("switch 0>2 timeout");
}

#[test]
fn an_untested_input_that_is_now_better_gets_its_trial() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(20_000);
    rig.skip();
    rig.switch_input(2).unwrap();
    rig.until(20_100);
    rig.tells(&[
        "20000 start 2a",
        "20100 gate 2a",
        "20100 stop 0a",
        "20100 switch 0>2 manual",
        "20100 active 2 after 0",
        "20100 start 1a",
    ]);
    assert_eq!(rig.status(1), Status::Degraded);
    rig.until(23_200);
    rig.tells(&["23200 recovered 1", "23200 stop 1a"]);
}

/// Input 1 is untested and was to take the place of input 0, which failed before that. Input 2 has been found
/// to work by then, so it is chosen (7c), at 29000.
fn the_target_is_left_for_a_tested_input() -> Rig {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.probes_are(1, Answer::Unsupported);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(19_000);
    rig.report(2, "gone").unwrap();
    rig.dies(1);
    rig.until(26_000);
    rig.disable(0);
    assert_eq!(rig.stream.pending(), Some(1));
    rig.reach("recovered 2");
    rig.count_from_registration();
    rig.until(29_000);
    rig.skip();
    rig.report(0, "gone").unwrap();
    assert_eq!(rig.stream.active(), Some(2));
    assert_eq!((rig.status(1), rig.input(1).untested()), (Status::Degraded, false));
    rig
}

#[test]
fn what_an_untested_input_has_been_started_for_is_its_trial_now() {
    let mut rig = the_target_is_left_for_a_tested_input();
    let session = rig.input(1).session();
    rig.reach("active 2 after 100");
    assert_eq!(rig.input(1).session(), session, "it is not begun anew");
    rig.returns(1);
    rig.reach("recovered 1");
    assert_eq!(rig.probes(1), (2, 1, 0), "its probe and its trial");
    assert_eq!(rig.input(1).session(), session);
}

#[test]
fn such_a_trial_keeps_its_deadline() {
    let mut rig = the_target_is_left_for_a_tested_input();
    assert_eq!(rig.reach("stop 1a"), 31_000.0);
    assert_eq!(rig.probes(1), (2, 0, 1));
}

#[test]
fn packets_by_id_test_an_untested_input() {
    let mut rig = worse_input_failed(Config::new());
    rig.publishes(1);
    rig.until(23_100);
    rig.tells(&["23100 recovered 1"]);
    assert!(!rig.input(1).untested());
}

#[test]
fn an_error_of_an_untested_input_gives_it_up_again() {
    let mut rig = worse_input_failed(Config::new());
    rig.report(1, "still gone").unwrap();
    rig.tells(&["20000 degraded 1 error"]);
    assert_eq!(rig.switch_input(1), Err(Error::InputDegraded));
    rig.until(60_000);
    assert!(rig.input(1).untested(), "on air for so long, the next outage is another");
}

// Forced.

/// Input 0 is on air, input 1 was given up at 1000.
fn backup_given_up(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(1500);
    rig.skip();
    rig
}

#[test]
fn a_failed_input_that_is_forced_goes_on_air_when_it_delivers() {
    let mut rig = backup_given_up(Config::new(), [cold(0), cold(1)]);
    assert_eq!(rig.switch_input(1), Err(Error::InputDegraded));
    rig.force_input(1).unwrap();
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(1), Some(1)));
    rig.until(1600);
    rig.tells(&[
        "1500 start 1a",
        "1600 recovered 1",
        "1600 gate 1a",
        "1600 stop 0a",
        "1600 switch 0>1 manual",
        "1600 active 1 after 0",
    ]);
    assert_eq!(rig.stream.override_input(), Some(1));
}

#[test]
fn a_forced_input_that_does_not_deliver_is_given_up_and_the_old_one_stays_on_air() {
    let mut rig = backup_given_up(Config::new(), [cold(0), cold(1)]);
    rig.dies(1);
    rig.force_input(1).unwrap();
    rig.until(6500);
    rig.tells(&["1500 start 1a", "6500 degraded 1 timeout", "6500 stop 1a"]);
    assert_eq!((rig.status(0), rig.stream.override_input()), (Status::Active, None));
}

#[test]
fn with_overlap_off_forcing_a_dead_input_is_dark_for_connect_timeout_at_most() {
    let mut rig = backup_given_up(overlap_off(), [cold(0), cold(1)]);
    rig.dies(1);
    rig.force_input(1).unwrap();
    rig.until(6600);
    rig.tells(&[
        "1500 stop 0a",
        "1500 gate 1a",
        "1500 start 1a",
        "1500 switch 0>1 manual",
        "6500 degraded 1 timeout",
        "6500 stop 1a",
        "6500 gate 0b",
        "6500 start 0b",
        "6500 switch 1>0 timeout",
        "6600 active 0 after 100",
    ]);
}

#[test]
fn forcing_a_usable_input_is_a_switch() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.force_input(1).unwrap();
    assert_eq!(rig.force_input(7), Err(Error::UnknownInput));
    rig.reach("switch 0>1 manual");
}

#[test]
fn a_forced_input_that_is_not_wanted_any_more_is_what_it_was() {
    let mut rig = backup_given_up(Config::new(), [cold(0), cold(1)]);
    rig.dies(1);
    rig.force_input(1).unwrap();
    rig.until(2000);
    rig.clear_override();
    rig.tells(&["1500 start 1a", "2000 stop 1a"]);
    assert_eq!((rig.status(1), rig.input(1).untested()), (Status::Degraded, false));
    rig.reach("probe 1");
}

#[test]
fn a_forced_input_whose_session_is_not_kept_any_more_is_what_it_was() {
    let mut rig = Rig::with_config(Config::new().standby(Standby::Hot), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(1);
    rig.reach("degraded 1 timeout");
    rig.force_input(1).unwrap();
    rig.clear_override();
    assert!(rig.input(1).untested(), "a hot input's session runs on");
    rig.set_config(Config::new()).unwrap();
    assert_eq!((rig.running(1), rig.status(1)), (None, Status::Degraded));
    assert!(!rig.input(1).untested());
    rig.reach("probe 1");
}

#[test]
fn forcing_cancels_a_probe_and_takes_a_trial_as_it_is() {
    let mut rig = backup_given_up(Config::new(), [cold(0), cold(1)]);
    rig.dies(1);
    rig.probes_are(1, Answer::Never);
    rig.reach("probe 1");
    rig.force_input(1).unwrap();
    rig.tells(&["0 cancel probe", "0 start 1a"]);

    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.dies(0);
    rig.reach("start 0b");
    rig.force_input(0).unwrap();
    rig.is_quiet();
    assert_eq!(rig.stream.pending(), Some(0));
}

#[test]
fn what_delivers_in_the_instant_in_which_it_is_forced_has_recovered() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.dies(0);
    rig.reach("start 0b");
    rig.returns(0);
    rig.until(500);
    rig.skip();
    rig.force_input(0).unwrap();
    rig.tells(&[
        "500 recovered 0",
        "500 gate 0b",
        "500 stop 1a",
        "500 switch 1>0 manual",
        "500 active 0 after 0",
    ]);
    rig.switch_input(1).unwrap();
    rig.reach("switch 0>1 manual");
    assert_eq!((rig.status(0), rig.input(0).untested()), (Status::Idle, false));
}

#[test]
fn forcing_restarts_a_silent_hot_input() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3500);
    rig.skip();
    rig.force_input(0).unwrap();
    rig.tells(&["3500 stop 0a", "3500 start 0b"]);
    rig.returns(0);
    rig.reach("switch 1>0 manual");
}

#[test]
fn forcing_the_last_input_of_an_exhausted_stream_starts_it_anew() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.until(3500);
    rig.skip();
    rig.returns(0);
    rig.force_input(0).unwrap();
    rig.until(3600);
    rig.tells(&[
        "3500 stop 0a",
        "3500 gate 0b",
        "3500 start 0b",
        "3600 recovered 0",
        "3600 active 0 after 100",
        "3600 restored 0",
    ]);
}

#[test]
fn forcing_the_last_input_whose_session_has_ended_is_a_switch_by_hand() {
    let mut rig = Rig::prepared(Config::new(), [cold(0)], |rig| rig.start_fails(0));
    rig.until(1000);
    rig.start_works(0);
    rig.skip();
    rig.start_reasons();
    rig.force_input(0).unwrap();
    rig.tells(&["1000 gate 0b", "1000 start 0b", "1000 switch 0>0 manual"]);
    assert_eq!(rig.start_reasons(), [StartReason::Forced]);
}

// Why an input is started.

#[test]
fn a_start_says_what_it_is_for() {
    use StartReason::*;
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    assert_eq!(rig.start_reasons(), [Initial, Hot]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    assert_eq!(rig.start_reasons(), [Planned]);
    rig.until(2000);
    rig.handle(Stimulus::UpdateBufferWriteId("b".into())).unwrap();
    assert_eq!(rig.start_reasons(), [Restart, Restart]);
    rig.until(3000);
    rig.report(0, "gone").unwrap();
    rig.force_input(0).unwrap();
    assert_eq!(rig.start_reasons(), [Forced]);

    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.until(1000);
    rig.dies(0);
    rig.reach("start 0b");
    assert_eq!(rig.start_reasons(), [Initial, Failover, Trial]);

    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.reach("start 0b");
    assert_eq!(rig.start_reasons(), [Initial, Failover, Restart]);

    let config = Config::new().overlap(Overlap::Off);
    let mut rig = Rig::with_config(config, [cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    assert_eq!(rig.start_reasons(), [Initial, Planned]);
}

#[test]
fn a_forced_input_that_is_left_was_the_last_source() {
    let mut rig = Rig::prepared(Config::new(), [cold(0), cold(1), cold(2)], |rig| rig.dies(0));
    rig.report(1, "gone").unwrap();
    rig.says(2, Condition::Black, true);
    rig.dies(1);
    rig.force_input(1).unwrap();
    rig.report(0, "gone").unwrap();
    assert!(!rig.stream.exhausted(), "nobody knows whether 1 works");
    rig.switch_input(2).unwrap();
    assert!(rig.stream.exhausted(), "1 is not tried any longer");
}
