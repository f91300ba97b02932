//! Rule 18: a stream is not dark while something delivers.

use super::rig::*;
use changeover::{Config, Failback};

/// Input 0 does not deliver, 1 is hot and does from 100 on.
fn slow_primary(config: Config) -> Rig {
    Rig::prepared(config, [cold(0), hot(1)], |rig| rig.dies(0))
}

#[test]
fn what_delivers_goes_on_air_after_start_grace() {
    let mut rig = slow_primary(Config::new().start_grace(ms(700)));
    rig.until(699);
    rig.skip();
    rig.until(700);
    rig.tells(&["700 gate 1a", "700 switch 0>1 start_grace", "700 active 1 after 0"]);
    let last = rig.stream.switches().last().unwrap();
    assert_eq!(&*last.detail.text(), "no first packet for 700.0 ms, limit 700.0 ms");
    assert_eq!(rig.running(0), Some("0a"), "it goes on starting");
}

#[test]
fn the_default_is_the_packet_timeout_of_the_chosen_input() {
    let mut rig = slow_primary(Config::new().packet_timeout(ms(1500)));
    assert_eq!(rig.reach("switch 0>1 start_grace"), 1500.0);
}

#[test]
fn whatever_delivers_later_goes_on_air_with_its_first_packet() {
    let mut rig = Rig::prepared(Config::new().start_grace(ms(500)), [cold(0), hot(1)], |rig| {
        rig.dies(0);
        rig.dies(1);
    });
    rig.until(2050);
    rig.returns(1);
    assert_eq!(rig.reach("switch 0>1 start_grace"), 2100.0);
}

#[test]
fn the_chosen_one_is_returned_to_without_a_cooldown() {
    let mut rig = slow_primary(Config::new());
    rig.until(3000);
    rig.returns(0);
    rig.skip();
    rig.until(6100);
    // Healthy from its first packet, at 3100, for failback_stable.
    rig.tells(&["6100 gate 0a", "6100 switch 1>0 failback", "6100 active 0 after 0"]);
    assert_eq!(rig.stream.switches().len(), 3);
}

#[test]
fn one_that_never_delivers_is_given_up_without_a_fault() {
    let mut rig = slow_primary(Config::new());
    rig.until(5000);
    rig.skip();
    rig.until(5100);
    rig.is_quiet();
    rig.count_from_registration();
    assert_eq!(rig.stream.active(), Some(1));
    assert_eq!(rig.input(0).errors().len(), 1);
}

#[test]
fn an_override_is_bridged_and_returned_to_by_a_planned_switch() {
    let mut rig = Rig::new([cold(0), hot(1), cold(2)]);
    rig.until(3000);
    rig.dies(0);
    rig.dies(2);
    rig.report(0, "gone").unwrap();
    rig.switch_input(2).unwrap();
    rig.dies(1);
    rig.until(5000);
    rig.skip();
    rig.returns(1);
    rig.until(7000);
    // Dark since 5000, when input 1 failed.
    rig.tells(&[
        "5100 recovered 1",
        "7000 gate 1a",
        "7000 switch 2>1 start_grace",
        "7000 active 1 after 0",
    ]);
    assert_eq!((rig.stream.pending(), rig.stream.override_input()), (Some(2), Some(2)));
    rig.returns(2);
    rig.until(7100);
    rig.tells(&["7100 gate 2a", "7100 switch 1>2 manual", "7100 active 2 after 0"]);
}

#[test]
fn what_bridges_is_on_air_before_it_is_left() {
    let config = Config::new().start_grace(ms(20_050)).connect_timeout(ms(60_000));
    let config = config.switch_cooldown(ms(60_000));
    let mut rig = Rig::with_config(config, [cold(0), cold(1), hot(2)]);
    rig.until(3000);
    rig.dies(1);
    rig.report(0, "gone").unwrap();
    rig.until(23_000);
    rig.skip();
    // Input 0 has recovered long ago, and is returned to without a cooldown from here on.
    rig.until(23_050);
    rig.tells(&["23050 gate 2a", "23050 switch 1>2 start_grace"]);
    rig.until(23_200);
    rig.tells(&[
        "23100 active 2 after 50",
        "23100 start 0b",
        "23200 gate 0b",
        "23200 switch 2>0 failback",
        "23200 active 0 after 0",
        "23200 stop 1a",
    ]);
}

#[test]
fn the_policy_manual_does_not_return() {
    let mut rig = slow_primary(Config::new().failback(Failback::Manual));
    rig.until(2000);
    rig.returns(0);
    rig.until(60_000);
    assert_eq!(rig.stream.active(), Some(1));
    assert_eq!(rig.on_host(), ["1a"]);
}

#[test]
fn one_that_has_delivered_since_its_start_is_judged_by_its_silence() {
    let mut rig = Rig::with_config(Config::new().start_grace(ms(100)), [cold(0), hot(1)]);
    rig.until(1000);
    rig.dies(0);
    rig.skip();
    rig.until(3100);
    rig.tells(&[
        "3000 degraded 0 timeout",
        "3000 gate 1a",
        "3000 switch 0>1 timeout",
        "3000 active 1 after 0",
        "3000 stop 0a",
    ]);
}

#[test]
fn an_update_of_what_is_on_air_has_its_start_grace() {
    let mut rig = Rig::with_config(Config::new().start_grace(ms(300)), [cold(0), hot(1)]);
    rig.until(3000);
    rig.skip();
    // On air until now: there is no darkness yet.
    rig.dies(0);
    rig.update(replace(cold(0))).unwrap();
    rig.until(3299);
    rig.tells(&["3000 stop 0a", "3000 gate 0b", "3000 start 0b"]);
    rig.until(3300);
    rig.tells(&["3300 gate 1a", "3300 switch 0>1 start_grace", "3300 active 1 after 0"]);
}
