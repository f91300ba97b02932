//! Rule 10: failback is decided from state, never from an edge: a better input healthy for
//! `failback_stable`, the stream's last switch at least `switch_cooldown` ago. `auto` or `manual`.

use super::rig::*;
use changeover::core::Stimulus;
use changeover::{Config, Failback, Status};

/// Input 0 died, 1 is on air since the switch at 3000, 0 is given back at 4000.
fn primary_back(config: Config, inputs: impl IntoIterator<Item = changeover::Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(1000);
    rig.dies(0);
    rig.until(4000);
    rig.returns(0);
    rig.skip();
    rig
}

fn quick_probe() -> Config {
    Config::new().probe_cooldown(ms(2000))
}

#[test]
fn it_waits_for_the_cooldown_of_the_last_switch() {
    let mut rig = primary_back(quick_probe(), [cold(0), cold(1)]);
    rig.reach("recovered 0");
    assert!(rig.now() < rig.at(8000));
    assert_eq!(rig.stream.switch_due_at(0), Some(rig.at(15_000)), "and nobody has to guess");
    assert_eq!(rig.stream.switch_due_at(1), None, "it is on air");
    rig.count_from_registration();
    rig.until(15_100);
    rig.tells(&[
        "15000 start 0b",
        "15100 gate 0b",
        "15100 stop 1a",
        "15100 switch 1>0 failback",
        "15100 active 0 after 0",
    ]);
}

#[test]
fn it_waits_until_the_better_input_was_healthy_long_enough() {
    let config = quick_probe().switch_cooldown(ms(0));
    let mut rig = primary_back(config, [cold(0), cold(1)]);
    rig.reach("recovered 0");
    rig.until(2999);
    rig.is_quiet();
    rig.until(3100);
    rig.tells(&[
        "3000 start 0b",
        "3100 gate 0b",
        "3100 stop 1a",
        "3100 switch 1>0 failback",
        "3100 active 0 after 0",
    ]);
}

#[test]
fn a_hot_input_is_healthy_since_its_packets_came_back() {
    let config = Config::new().switch_cooldown(ms(0));
    let mut rig = primary_back(config, [hot(0), cold(1)]);
    rig.until(7100);
    rig.tells(&[
        "4100 recovered 0",
        "7100 gate 0a",
        "7100 stop 1a",
        "7100 switch 1>0 failback",
        "7100 active 0 after 0",
    ]);
}

#[test]
fn a_relapse_starts_the_count_anew() {
    let config = Config::new().switch_cooldown(ms(0));
    let mut rig = primary_back(config, [hot(0), cold(1)]);
    rig.until(5000);
    rig.dies(0);
    rig.until(7050);
    rig.tells(&["4100 recovered 0", "7000 degraded 0 timeout"]);
    rig.returns(0);
    rig.until(10_100);
    rig.tells(&[
        "7100 recovered 0",
        "10100 gate 0a",
        "10100 stop 1a",
        "10100 switch 1>0 failback",
        "10100 active 0 after 0",
    ]);
}

#[test]
fn a_new_session_starts_the_count_anew() {
    let mut rig = Rig::with_config(Config::new().switch_cooldown(ms(0)), [hot(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(2000);
    rig.clear_override();
    rig.until(2500);
    rig.handle(Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
    rig.skip();
    rig.until(5600);
    rig.tells(&[
        "2600 active 1 after 100",
        "5600 gate 0b",
        "5600 stop 1b",
        "5600 switch 1>0 failback",
        "5600 active 0 after 0",
    ]);
}

#[test]
fn a_hot_input_that_never_delivered_is_not_healthy() {
    let config = Config::new().switch_cooldown(ms(0)).connect_timeout(ms(60_000));
    let mut rig = Rig::prepared(config, [hot(0), cold(1)], |rig| rig.dies(0));
    rig.switch_input(1).unwrap();
    rig.clear_override();
    rig.until(30_000);
    assert_eq!(rig.stream.active(), Some(1));
    rig.skip();
    rig.returns(0);
    rig.until(33_200);
    rig.tells(&[
        "33100 gate 0a",
        "33100 stop 1a",
        "33100 switch 1>0 failback",
        "33100 active 0 after 0",
    ]);
}

#[test]
fn with_the_policy_manual_it_never_happens_by_itself() {
    let config = quick_probe().failback(Failback::Manual);
    let mut rig = primary_back(config, [cold(0), cold(1)]);
    rig.reach("recovered 0");
    rig.until(600_000);
    rig.is_quiet();
    rig.switch_input(0).unwrap();
    rig.reach("switch 1>0 manual");
}

#[test]
fn no_edge_is_needed_when_the_policy_changes() {
    let config = quick_probe().failback(Failback::Manual);
    let mut rig = primary_back(config, [cold(0), cold(1)]);
    rig.reach("recovered 0");
    rig.until(600_000);
    rig.set_config(quick_probe()).unwrap();
    rig.tells(&["600000 start 0b"]);
}

#[test]
fn no_edge_is_needed_when_an_override_ends() {
    let mut rig = Rig::new([cold(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(60_000);
    rig.skip();
    rig.clear_override();
    rig.tells(&["60000 start 0b"]);
}

#[test]
fn no_edge_is_needed_when_the_cooldown_is_shortened() {
    let mut rig = primary_back(quick_probe(), [cold(0), cold(1)]);
    rig.until(12_000);
    rig.skip();
    rig.set_config(quick_probe().switch_cooldown(ms(1000))).unwrap();
    rig.tells(&["12000 start 0b"]);
}

#[test]
fn it_goes_to_the_best_that_is_stable_and_later_to_a_better_one() {
    let mut rig = Rig::new([hot(0), hot(1), cold(2)]);
    rig.until(1000);
    rig.switch_input(2).unwrap();
    rig.until(2000);
    rig.dies(0);
    rig.clear_override();
    rig.until(13_000);
    rig.returns(0);
    rig.skip();
    rig.until(30_000);
    // The manual switch was at 1100; 0 is healthy since its restart.
    let told: Vec<_> = rig.lines().filter(|line| line.starts_with("switch")).collect();
    assert_eq!(told, ["switch 2>1 failback", "switch 1>0 failback"]);
}

#[test]
fn it_never_goes_to_a_worse_input() {
    let mut rig = Rig::new([cold(0), hot(1)]);
    rig.until(600_000);
    assert_eq!(rig.stream.switches().len(), 1);
}

#[test]
fn it_does_not_leave_an_override() {
    let mut rig = Rig::new([hot(0), cold(1)]);
    rig.until(1000);
    rig.switch_input(1).unwrap();
    rig.until(600_000);
    assert_eq!(rig.stream.active(), Some(1));
}

#[test]
fn a_failback_that_does_not_deliver_backs_off() {
    let mut rig = primary_back(quick_probe(), [cold(0), cold(1)]);
    rig.reach("start 0b");
    rig.until(50);
    rig.dies(0);
    rig.until(5000);
    rig.tells(&["5000 degraded 0 timeout", "5000 stop 0b"]);
    let waited = rig.reach("probe 0");
    assert!((9000.0..=9500.0).contains(&waited), "{waited}");
    assert_eq!(rig.status(1), Status::Active, "nobody saw a gap");
}

#[test]
fn a_healthy_better_input_does_not_wait_for_one_that_never_connects() {
    let config = Config::new().connect_timeout(ms(60_000));
    let mut rig = Rig::prepared(config, [cold(0), cold(1)], |rig| {
        rig.start_fails(0);
        rig.dies(1);
    });
    assert_eq!(rig.stream.active(), Some(1));
    rig.start_works(0);
    rig.reach("recovered 0");
    rig.count_from_registration();
    rig.until(12_100);
    rig.tells(&[
        "12000 gate 0b",
        "12000 start 0b",
        "12000 stop 1a",
        "12000 switch 1>0 failback",
        "12100 active 0 after 100",
    ]);
}

#[test]
fn with_both_waits_zero_a_hot_input_is_taken_back_at_its_first_packet() {
    let config = Config::new().switch_cooldown(ms(0)).failback_stable(ms(0));
    let mut rig = primary_back(config, [hot(0), cold(1)]);
    rig.until(4100);
    rig.tells(&[
        "4100 recovered 0",
        "4100 gate 0a",
        "4100 stop 1a",
        "4100 switch 1>0 failback",
        "4100 active 0 after 0",
    ]);
}

#[test]
fn with_both_waits_zero_a_cold_input_is_taken_back_when_its_probe_succeeds() {
    let config = quick_probe().switch_cooldown(ms(0)).failback_stable(ms(0));
    let mut rig = primary_back(config, [cold(0), cold(1)]);
    rig.reach("probe 0");
    rig.until(150);
    rig.tells(&[
        "50 recovered 0",
        "50 start 0b",
        "150 gate 0b",
        "150 stop 1a",
        "150 switch 1>0 failback",
        "150 active 0 after 0",
    ]);
}

#[test]
fn with_both_waits_zero_a_trial_is_its_own_failback() {
    let config = quick_probe().switch_cooldown(ms(0)).failback_stable(ms(0));
    let mut rig = primary_back(config, [cold(0), cold(1)]);
    rig.probes_are(0, Answer::Unsupported);
    rig.reach("start 0b");
    rig.until(100);
    rig.tells(&[
        "100 recovered 0",
        "100 gate 0b",
        "100 stop 1a",
        "100 switch 1>0 failback",
        "100 active 0 after 0",
    ]);
}

#[test]
fn with_overlap_off_it_commits_at_once() {
    let mut rig = primary_back(quick_probe().overlap(changeover::Overlap::Off), [cold(0), cold(1)]);
    rig.reach("stop 1a");
    rig.until(100);
    rig.tells(&["0 gate 0b", "0 start 0b", "0 switch 1>0 failback", "100 active 0 after 100"]);
}

#[test]
fn the_detail_says_what_it_waited_for() {
    let mut rig = primary_back(quick_probe(), [cold(0), cold(1)]);
    rig.reach("switch 1>0 failback");
    let detail = rig.stream.switches().last().unwrap().detail.to_string();
    assert_eq!(detail, "delivers");
}

#[test]
fn without_overlap_the_detail_says_how_long_it_was_due() {
    let mut rig = primary_back(overlap_off().probe_cooldown(ms(2000)), [cold(0), cold(1)]);
    rig.reach("switch 1>0 failback");
    let detail = rig.stream.switches().last().unwrap().detail.to_string();
    assert_eq!(detail, "a better input was healthy for long enough");
}

#[test]
fn the_detail_is_of_the_input_that_is_taken_back() {
    // Only the policy holds both better ones back; 1 became healthy first.
    let config = overlap_off().probe_cooldown(ms(1000)).switch_cooldown(ms(0));
    let manual = config.clone().failback(Failback::Manual);
    let mut rig = Rig::with_config(manual, [cold(0), cold(1), cold(2)]);
    rig.until(1050);
    rig.report(1, "gone").unwrap();
    rig.report(0, "gone").unwrap();
    rig.until(20_000);
    rig.update(replace(cold(0))).unwrap();
    rig.until(30_000);
    rig.set_config(config).unwrap();
    let switch = rig.stream.switches().last().unwrap();
    assert_eq!(switch.to, 0);
    assert_eq!(
        switch.detail.to_string(),
        "a better input was healthy for long enough, and for 7000.0 ms more"
    );
}
