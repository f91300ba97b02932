//! Settings are inherited level by level and all of them can change while the stream runs.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Condition, Config, Error, Failback, Overlap, Standby, Status};

fn running(inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::new(inputs);
    rig.until(1050);
    rig.skip();
    rig
}

#[test]
fn an_inputs_setting_goes_before_the_streams_and_the_streams_before_the_engines() {
    let timeout = |millis| Config::new().packet_timeout(ms(millis));
    let mut rig = running([cold(0).config(timeout(100)), cold(1), cold(2)]);
    let limits = |rig: &Rig| -> Vec<_> {
        rig.stream.inputs().iter().map(|input| input.packet_timeout() / MS).collect()
    };
    assert_eq!(limits(&rig), [100, 2000, 2000]);
    rig.handle(Stimulus::SetDefaults(timeout(700))).unwrap();
    assert_eq!(limits(&rig), [100, 700, 700]);
    rig.set_config(timeout(900)).unwrap();
    assert_eq!(limits(&rig), [100, 900, 900]);
    rig.set_config(Config::new()).unwrap();
    assert_eq!(limits(&rig), [100, 700, 700]);
}

#[test]
fn every_setting_of_an_input_may_come_from_the_stream_or_the_engine() {
    let config = Config::new()
        .connect_timeout(ms(300))
        .probe_cooldown(ms(100))
        .probe_timeout(ms(70))
        .standby(Standby::Hot);
    for from_engine in [false, true] {
        let mut rig = running([cold(0), cold(1)]);
        if from_engine {
            rig.handle(Stimulus::SetDefaults(config.clone())).unwrap();
        } else {
            rig.set_config(config.clone()).unwrap();
        }
        rig.dies(1);
        rig.until(1350);
        rig.tells(&["1050 start 1a", "1350 degraded 1 timeout"]);
        let restarted = rig.reach("start 1b");
        assert!((1450.0..=1462.5).contains(&restarted), "{restarted}");
        rig.set_config(config.clone().standby(Standby::Cold)).unwrap();
        rig.probes_are(1, Answer::Never);
        rig.reach("probe 1");
        assert!(rig.reach("cancel probe") == 70.0);
    }
}

#[test]
fn a_new_timeout_counts_for_a_silence_that_already_lasts() {
    let mut rig = running([cold(0), cold(1)]);
    rig.dies(0);
    rig.until(2000);
    rig.set_config(Config::new().packet_timeout(ms(500))).unwrap();
    assert_eq!(rig.status(0), Status::Degraded);
    assert_eq!(rig.errors(0)[0].detail.measured(), 1000 * MS);
}

#[test]
fn standby_hot_starts_the_standbys_and_cold_stops_them() {
    let mut rig = running([cold(0), cold(1), cold(2)]);
    rig.set_config(Config::new().standby(Standby::Hot)).unwrap();
    rig.tells(&["1050 start 1a", "1050 start 2a"]);
    rig.set_config(Config::new().standby(Standby::Cold)).unwrap();
    rig.tells(&["1050 stop 1a", "1050 stop 2a"]);
    assert_eq!(rig.status(0), Status::Active, "the active one runs on");
}

#[test]
fn a_pending_input_that_becomes_cold_goes_on() {
    let hot = Config::new().standby(Standby::Hot);
    let mut rig = Rig::with_config(hot.clone(), [cold(0), cold(1)]);
    rig.until(1050);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.set_config(Config::new()).unwrap();
    rig.is_quiet();
    rig.until(1100);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn a_hot_input_that_never_delivered_and_becomes_cold_may_be_returned_to() {
    let hot = Config::new().standby(Standby::Hot).connect_timeout(ms(60_000));
    let mut rig = Rig::prepared(hot.clone(), [cold(0), cold(1)], |rig| rig.dies(0));
    rig.switch_input(1).unwrap();
    rig.clear_override();
    rig.until(20_000);
    rig.skip();
    rig.set_config(hot.standby(Standby::Cold)).unwrap();
    rig.until(23_000);
    assert_eq!(rig.stream.pending(), Some(0), "healthy since it is cold");
    rig.returns(0);
    rig.until(30_000);
    let told: Vec<_> = rig.lines().filter(|line| line.starts_with("switch")).collect();
    assert_eq!(told, ["switch 1>0 failback"]);
}

#[test]
fn a_degraded_hot_input_that_becomes_cold_is_probed() {
    let hot = Config::new().standby(Standby::Hot);
    for restarted in [false, true] {
        let mut rig = Rig::with_config(hot.clone(), [cold(0), cold(1)]);
        rig.until(1000);
        rig.dies(1);
        rig.until(3500);
        if restarted {
            rig.reach("start 1b");
        }
        rig.set_config(Config::new()).unwrap();
        assert_eq!(rig.running(1), None);
        rig.returns(1);
        rig.reach("recovered 1");
    }
}

#[test]
fn the_dead_session_of_a_probed_input_that_becomes_hot_is_no_restart() {
    let mut rig = Rig::new([cold(0)]);
    rig.until(1000);
    rig.dies(0);
    rig.probes_are(0, Answer::Never);
    rig.reach("probe 0");
    assert_eq!(rig.running(0), Some("0a"), "the last one is left running");
    rig.set_config(Config::new().standby(Standby::Hot)).unwrap();
    rig.until(2999);
    assert_eq!(rig.probes(0), (1, 0, 0), "its silence is no attempt that failed");
    rig.until(3000);
    assert_eq!(rig.probes(0), (1, 0, 1), "the probe's deadline is");
    assert_eq!(rig.attempts(0).len(), 1);
}

#[test]
fn a_probed_input_that_becomes_hot_is_started_when_it_recovers() {
    let mut rig = running([cold(0), cold(1)]);
    rig.report(1, "gone").unwrap();
    rig.reach("probe 1");
    rig.set_config(Config::new().standby(Standby::Hot)).unwrap();
    rig.until(50);
    rig.tells(&["50 recovered 1", "50 start 1a"]);
}

#[test]
fn an_impaired_input_that_becomes_hot_is_looked_at_and_no_longer_probed() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.says("0a", Condition::Black, true);
    rig.reach("probe 0");
    rig.skip();
    rig.set_config(Config::new().standby(Standby::Hot)).unwrap();
    rig.until(60_000);
    assert_eq!(rig.lines().collect::<Vec<_>>(), ["cancel probe", "start 0b"]);
}

#[test]
fn a_probe_stays_the_only_one_whatever_the_standby_becomes() {
    let slow = Config::new().connect_timeout(ms(3_600_000));
    let mut rig = Rig::with_config(slow.clone(), [cold(0), cold(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.dies(1);
    rig.until(10_000);
    rig.host_is_stuck();
    rig.reach("probe 0");
    rig.set_config(slow.clone().standby(Standby::Hot)).unwrap();
    rig.set_config(slow).unwrap();
    rig.until(600_000);
    assert_eq!(rig.lines().filter(|line| line == "probe 0").count(), 0);
}

#[test]
fn a_trial_that_becomes_hot_goes_on() {
    let mut rig = running([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.dies(0);
    rig.reach("start 0b");
    rig.returns(0);
    rig.set_config(Config::new().standby(Standby::Hot)).unwrap();
    rig.until(3100);
    rig.tells(&["3100 recovered 0"]);
}

#[test]
fn a_shorter_cooldown_counts_for_a_wait_that_already_lasts() {
    let mut rig = Rig::with_config(Config::new().probe_cooldown(ms(3_600_000)), [cold(0), cold(1)]);
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    rig.until(60_000);
    rig.set_config(Config::new()).unwrap();
    rig.skip();
    let probed = rig.reach("probe 1");
    assert!((60_000.0..=69_000.0).contains(&probed), "{probed}");
}

#[test]
fn a_longer_cooldown_puts_nothing_off_that_was_due() {
    let mut rig = running([cold(0), cold(1)]);
    rig.report(1, "gone").unwrap();
    rig.set_config(Config::new().probe_cooldown(ms(3_600_000))).unwrap();
    let probed = rig.reach("probe 1");
    assert!((9050.0..=10_050.0).contains(&probed), "{probed}");
}

#[test]
fn overlap_off_stops_all_but_the_active_session() {
    let mut rig = running([cold(0), cold(1)]);
    rig.dies(0);
    rig.dies(1);
    rig.until(3500);
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    rig.skip();
    rig.set_config(overlap_off()).unwrap();
    rig.tells(&["3500 stop 0a"]);
}

#[test]
fn overlap_off_keeps_one_session_when_the_active_input_was_removed() {
    let mut rig = Rig::new([cold(0), cold(1), cold(2)]);
    rig.dies(0);
    rig.dies(1);
    rig.dies(2);
    rig.until(15_000);
    assert!(rig.stream.exhausted());
    rig.update(remove(2)).unwrap();
    assert_eq!(rig.on_host(), ["0a", "1a"]);
    rig.set_config(overlap_off()).unwrap();
    assert_eq!(rig.on_host(), ["0a"]);
}

#[test]
fn overlap_off_commits_a_switch_that_waits() {
    let mut rig = running([cold(0), cold(1)]);
    rig.dies(1);
    rig.switch_input(1).unwrap();
    rig.skip();
    rig.set_config(overlap_off()).unwrap();
    rig.tells(&["1050 stop 0a", "1050 gate 1a", "1050 switch 0>1 manual"]);
    assert_eq!((rig.stream.active(), rig.stream.override_input()), (Some(1), Some(1)));
}

#[test]
fn a_switch_that_overlap_off_commits_has_waited_and_has_the_number_offered() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1050);
    rig.sends_key_frame(0);
    rig.is_flagged(1, true, false);
    rig.switch_input(1).unwrap();
    rig.until(5050);
    let offered = rig.stream.offer().expect("it waits for a key frame").number;
    rig.set_config(overlap_off()).unwrap();
    let switch = rig.stream.switches().last().unwrap().into_owned();
    assert_eq!((switch.number, switch.times.commit), (offered, Some(4000 * MS)));
}

#[test]
fn overlap_off_ends_a_trial_and_it_is_repeated_when_all_is_lost() {
    let mut rig = running([cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.dies(0);
    rig.reach("start 0b");
    rig.set_config(overlap_off()).unwrap();
    rig.tells(&["0 stop 0b"]);
    rig.dies(1);
    rig.reach("exhausted timeout");
    rig.returns(0);
    rig.reach("restored 0");
}

#[test]
fn overlap_off_is_refused_while_an_input_is_hot() {
    let mut rig = running([cold(0), hot(1)]);
    assert_eq!(rig.set_config(overlap_off()), Err(Error::HotWithoutOverlap));
    let defaults = Config::new().overlap(Overlap::Off);
    assert_eq!(rig.handle(Stimulus::SetDefaults(defaults.clone())), Err(Error::HotWithoutOverlap));
    assert_eq!(rig.stream.check_defaults(&defaults), Err(Error::HotWithoutOverlap));
    assert_eq!(rig.stream.check_defaults(&Config::new()), Ok(()));
    rig.is_quiet();
}

#[test]
fn overlap_on_again_makes_switches_planned_again() {
    let mut rig = Rig::with_config(overlap_off(), [cold(0), cold(1)]);
    rig.until(1050);
    rig.set_config(Config::new()).unwrap();
    rig.skip();
    rig.switch_input(1).unwrap();
    rig.tells(&["1050 start 1a"]);
}

#[test]
fn settings_out_of_range_are_refused_and_change_nothing() {
    let mut rig = running([cold(0), cold(1)]);
    rig.handle(Stimulus::Tick).unwrap();
    let before = rig.deadline();
    let year = ms(365 * 24 * 3600 * 1000);
    let under_a_millisecond = ms(1) - std::time::Duration::from_nanos(1);
    for bad in [
        Config::new().packet_timeout(ms(0)),
        Config::new().connect_timeout(ms(0)),
        Config::new().probe_cooldown(ms(0)),
        Config::new().probe_timeout(ms(0)),
        Config::new().packet_timeout(year + ms(1)),
        Config::new().switch_cooldown(year + ms(1)),
        Config::new().failback_stable(std::time::Duration::MAX),
        Config::new().packet_timeout(under_a_millisecond),
        Config::new().switch_cooldown(under_a_millisecond),
        Config::new().probe_timeout(std::time::Duration::from_nanos(500)),
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
        assert_eq!(rig.set_config(bad.clone()), Err(Error::Config), "{bad:?}");
        assert_eq!(rig.handle(Stimulus::SetDefaults(bad.clone())), Err(Error::Config), "{bad:?}");
    }
    assert_eq!(rig.deadline(), before);
    rig.is_quiet();
    rig.set_config(Config::new().switch_cooldown(year).probe_cooldown(year)).unwrap();
    rig.set_config(Config::new().switch_cooldown(ms(0)).failback_stable(ms(0))).unwrap();
}

#[test]
fn a_problem_names_the_setting_and_what_it_should_be() {
    let problem = Config::new().packet_timeout(std::time::Duration::from_nanos(500)).check();
    let problem = problem.unwrap_err();
    assert_eq!((problem.field(), problem.error()), ("packet_timeout", Error::Config));
    assert!(problem.to_string().contains("from 1 ms to a year"), "{problem}");
    let problem = Config::new().overlap(Overlap::Off).check_for_input().unwrap_err();
    assert_eq!(problem.field(), "overlap");
    let problem = cold(0).config(Config::new().probe_timeout(ms(0))).check().unwrap_err();
    assert_eq!(problem.field(), "probe_timeout");
    assert_eq!(cold(-1).check().unwrap_err().field(), "priority");
    assert_eq!(Config::new().connect_timeout(Config::NEVER).packet_timeout(ms(1)).check(), Ok(()));
}

#[test]
fn a_failback_that_waits_is_abandoned_by_the_policy_manual() {
    let mut rig = running([cold(0), cold(1)]);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.dies(0);
    rig.clear_override();
    rig.until(14_000);
    assert_eq!(rig.stream.pending(), Some(0));
    rig.skip();
    rig.set_config(Config::new().failback(Failback::Manual)).unwrap();
    rig.tells(&["14000 stop 0b"]);
    assert_eq!(rig.stream.pending(), None);
}

#[test]
fn a_manual_switch_that_waits_is_not_abandoned_by_the_policy_manual() {
    let mut rig = running([cold(0), cold(1)]);
    rig.dies(1);
    rig.switch_input(1).unwrap();
    rig.set_config(Config::new().failback(Failback::Manual)).unwrap();
    assert_eq!(rig.stream.pending(), Some(1));
}

#[test]
fn a_failback_to_come_is_abandoned_by_the_policy_manual() {
    let mut rig = running([cold(0), cold(1)]);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.clear_override();
    rig.until(5000);
    rig.set_config(Config::new().failback(Failback::Manual)).unwrap();
    rig.skip();
    rig.until(600_000);
    rig.is_quiet();
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn numbers_have_a_range_too() {
    let changed = |config: Config| running([cold(0).config(config.clone())]).set_config(config);
    for allowed in [
        Config::new().min_bitrate(u32::MAX.into()).min_fps(0),
        Config::new().max_loss(100).impair_margin(0).min_bitrate_of_baseline(0),
        Config::new().measure_window(ms(100)).impair_after(ms(0)).video_timeout(ms(0)),
        Config::new().measure_window(ms(60_000)),
    ] {
        assert_eq!(changed(allowed), Ok(()));
    }
    for refused in [
        Config::new().min_bitrate(1 << 32),
        Config::new().min_fps(1 << 32),
        Config::new().max_loss(101),
        Config::new().impair_margin(101),
        Config::new().min_bitrate_of_baseline(101),
        Config::new().min_fps_of_baseline(101),
        Config::new().measure_window(ms(99)),
        Config::new().measure_window(ms(60_001)),
    ] {
        assert_eq!(running([cold(0)]).set_config(refused), Err(Error::Config));
    }
}

#[test]
fn an_input_is_measured_while_a_setting_needs_it() {
    let mut rig = running([cold(0), cold(1).config(Config::new().max_loss(1))]);
    let windows = |rig: &Rig| [0, 1].map(|input| rig.input(input).meter_window());
    assert_eq!(windows(&rig), [None, Some(1000 * MS)]);
    for config in [
        Config::new().min_bitrate(1),
        Config::new().min_bitrate_of_baseline(1),
        Config::new().min_fps(1),
        Config::new().min_fps_of_baseline(1),
        Config::new().video_timeout(ms(1)),
        Config::new().audio_timeout(ms(1)),
    ] {
        rig.set_config(config.measure_window(ms(500))).unwrap();
        assert_eq!(windows(&rig), [Some(500 * MS), Some(500 * MS)]);
    }
    rig.set_config(Config::new().impair_after(ms(1))).unwrap();
    assert_eq!(windows(&rig), [None, Some(1000 * MS)]);
}
