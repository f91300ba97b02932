//! Rule 24: one line of the log is enough for a person, and a program has the same in fields.

use super::rig::*;
use changeover::core::{Detail, Notice, Switch, Times};
use changeover::{Commit, Condition, Config, Event, EventKind, Input, Obstacle, Reason, Role};
use std::time::SystemTime;

/// The last switch.
fn last(rig: &Rig) -> Switch {
    rig.stream.switches().last().expect("there was one").into_owned()
}

/// The line of the last switch, without the stream's name.
fn line(rig: &Rig) -> String {
    let switch = last(rig);
    let (at, wall) = (switch.at, SystemTime::UNIX_EPOCH);
    let kind = EventKind::Notice(Notice::Switched(switch.into()));
    let event = Event { stream: "news".into(), registration: 7, at, wall, kind };
    println!("{event}");
    event.to_string().strip_prefix("news: switched ").expect("it is of the stream").to_owned()
}

/// Input 0 is on air since 100; now it is 1000.
fn on_air(config: Config, inputs: impl IntoIterator<Item = Input>) -> Rig {
    let mut rig = Rig::with_config(config, inputs);
    rig.until(1000);
    rig
}

fn fill(priority: i32) -> Input {
    cold(priority).config(Config::new().role(Role::Fill))
}

fn poor(config: Config) -> Config {
    config.min_bitrate(1000)
}

#[test]
fn the_first_choice_and_the_steps_of_an_operator() {
    let mut rig = on_air(Config::new(), [cold(1), cold(2), cold(4)]);
    assert_eq!(line(&rig), "none -> 1 #1 reason initial");
    rig.switch_input(4).unwrap();
    rig.until(2000);
    assert_eq!(
        line(&rig),
        "input 1 -> 4 #2 reason manual (delivers), committed after 100.0 ms; passed over: 2 usable"
    );
    rig.clear_override();
    rig.update(add(cold(0))).unwrap();
    rig.until(3000);
    assert_eq!(
        line(&rig),
        "input 4 -> 0 #3 reason input_added (delivers), committed after 100.0 ms"
    );
    rig.update(remove(0)).unwrap();
    assert_eq!(line(&rig), "input 0 -> 1 #4 reason input_removed");
    rig.until(4000);
    rig.disable(2);
    rig.disable(1);
    rig.until(5000);
    assert_eq!(
        line(&rig),
        "input 1 -> 4 #5 reason disabled (delivers), committed after 100.0 ms; passed over: 2 disabled"
    );
}

#[test]
fn what_failed_and_what_was_passed_over() {
    let mut rig = on_air(Config::new(), [cold(0), cold(1), hot(2), cold(3)]);
    rig.report(1, "404 not found").unwrap();
    rig.dies(0);
    rig.until(4000);
    assert_eq!(
        line(&rig),
        "input 0 -> 2 #2 reason timeout (no packet for 2000.0 ms, limit 2000.0 ms); passed over: \
         1 failed: error (404 not found)"
    );
    rig.report(2, "rtmp://cdn.example/live/key: connection reset").unwrap();
    assert_eq!(
        line(&rig),
        "input 2 -> 3 #3 reason error (rtmp://cdn.example/live/***: connection reset); passed over: \
         0 failed: timeout (no packet for 2000.0 ms, limit 2000.0 ms); \
         1 failed: error (404 not found)"
    );
}

#[test]
fn a_start_that_failed_or_that_is_waited_for_too_long() {
    let rig = Rig::prepared(Config::new(), [cold(0), cold(1)], |rig| rig.start_fails(0));
    assert_eq!(line(&rig), "input 0 -> 1 #2 reason start_failed (refused)");
    let mut rig = Rig::prepared(Config::new(), [hot(0), hot(1), hot(2)], |rig| {
        rig.dies(0);
        rig.dies(1);
    });
    rig.until(3000);
    assert_eq!(
        line(&rig),
        "input 0 -> 2 #2 reason start_grace (no first packet for 2000.0 ms, limit 2000.0 ms); passed \
         over: 1 not delivering"
    );
}

#[test]
fn a_condition_with_its_measure_its_window_and_the_time_of_each_step() {
    let mut rig = on_air(poor(Config::new()).commit(Commit::KeyFrame), [cold(0), hot(1)]);
    rig.sends_key_frame(0);
    rig.sends_key_frame(1);
    rig.until(3000);
    rig.shows(0, |m| m.bitrate_kbps = Some(212));
    // The first look that shows it is at 3100; it holds at 5100.
    rig.until(5480);
    rig.sends_key_frame(1);
    assert_eq!(
        line(&rig),
        "input 0 -> 1 #2 reason low_bitrate (212 of 1000 kbit/s over 1000 ms), noticed after 2000.0 ms, \
         committed after 380.0 ms"
    );
    let times = Times { detection: Some(2000 * MS), decision: Some(0), commit: Some(380 * MS) };
    assert_eq!(last(&rig).times, times);
    let detail = &last(&rig).detail;
    assert_eq!((detail.measured(), detail.limit(), detail.window()), (212, 1000, 1000 * MS));
    assert_eq!(rig.errors(0)[0].detail.detected_after(), Some(2000 * MS));
}

#[test]
fn a_decision_that_had_to_wait_for_its_target() {
    let mut rig = on_air(poor(Config::new()), [hot(0), hot(1)]);
    rig.until(3000);
    rig.shows(1, |m| m.bitrate_kbps = Some(900));
    rig.until(3500);
    rig.shows(1, |m| m.bitrate_kbps = Some(2000));
    rig.shows(0, |m| m.bitrate_kbps = Some(212));
    rig.until(5200);
    rig.shows(1, |m| m.bitrate_kbps = Some(900));
    rig.until(5500);
    rig.shows(1, |m| m.bitrate_kbps = Some(2000));
    rig.until(10_000);
    // Its last look out of its limit was at 5500, so it has met it for a window at 6500.
    assert_eq!(last(&rig).reason, Reason::LowBitrate);
    let times = Times { detection: Some(2000 * MS), decision: Some(900 * MS), commit: Some(0) };
    assert_eq!((last(&rig).at, last(&rig).times), (rig.at(6500), times));
}

#[test]
fn the_hosts_word_and_a_fill() {
    let mut rig = on_air(poor(Config::new()), [hot(0), hot(1), fill(2)]);
    rig.says(1, Condition::Frozen, true);
    rig.says(0, Condition::Black, true);
    rig.until(2000);
    assert_eq!(
        line(&rig),
        "input 0 -> 2 #2 reason black (seen), committed after 100.0 ms; passed over: \
         1 impaired: frozen (seen)"
    );
}

#[test]
fn a_way_back() {
    let mut rig = on_air(Config::new().switch_cooldown(ms(0)), [hot(0), hot(1)]);
    rig.report(0, "gone").unwrap();
    rig.reach("switch 1>0 failback");
    assert_eq!(
        line(&rig),
        "input 1 -> 0 #3 reason failback (a better input was healthy for long enough)"
    );
    let mut rig = on_air(Config::new(), [cold(0)]);
    rig.dies(0);
    rig.until(4000);
    rig.returns(0);
    rig.until(5000);
    assert_eq!(line(&rig), "input 0 -> 0 #1 reason recovery (delivers again)");
}

#[test]
fn one_that_is_held() {
    let mut rig = on_air(Config::new().switch_cooldown(ms(0)), [hot(0), hot(1), hot(2)]);
    rig.report(0, "gone").unwrap();
    rig.reach("switch 1>0 failback");
    rig.report(0, "gone").unwrap();
    rig.reach("recovered 0");
    rig.until(1000);
    rig.report(1, "gone").unwrap();
    assert_eq!(
        line(&rig),
        "input 1 -> 2 #5 reason error (gone); passed over: 0 held for 5.0 s more"
    );
    let held = &last(&rig).passed_over.best[0];
    assert_eq!((held.priority, held.obstacle, held.wait), (0, Obstacle::Held, 5000 * MS));
}

#[test]
fn of_many_the_three_best_and_how_many_more() {
    let mut rig = on_air(
        poor(Config::new()),
        (0..7).map(|priority| match priority {
            1 => hot(1),
            other => cold(other),
        }),
    );
    rig.until(3000);
    rig.shows(1, |m| m.bitrate_kbps = Some(212));
    rig.until(6000);
    for priority in [3, 4, 5] {
        rig.report(priority, "404").unwrap();
    }
    rig.disable(2);
    rig.report(0, "gone").unwrap();
    assert_eq!(
        line(&rig),
        "input 0 -> 6 #2 reason error (gone); passed over: \
         1 impaired: low_bitrate (212 of 1000 kbit/s over 1000 ms); 2 disabled; 3 failed: error (404); \
         and 2 more"
    );
    let passed_over = last(&rig).passed_over;
    assert_eq!(passed_over.more, 2);
    assert_eq!(
        (passed_over.best[0].reason, passed_over.best[0].detail.limit()),
        (Some(Reason::LowBitrate), 1000)
    );
}

#[test]
fn what_is_not_known_is_not_said() {
    let rig = on_air(Config::new(), [cold(0)]);
    assert_eq!((last(&rig).times, last(&rig).detail), (Times::default(), Detail::None));
    let mut rig = on_air(Config::new(), [cold(0), cold(1)]);
    rig.report(0, "gone").unwrap();
    let times = Times { detection: None, decision: Some(0), commit: Some(0) };
    assert_eq!(last(&rig).times, times, "when the fault was is not known");
}
