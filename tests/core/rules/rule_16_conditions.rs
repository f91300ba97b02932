//! Rule 16: conditions of an input that delivers: measured over a window, or told by the host.

use super::rig::*;
use changeover::core::Measure;
use changeover::{Condition, Config, Error, Reason, Severity, Status};

/// One input, on air since 100; a look each 100 ms from 200 on; windows have passed at 1100.
fn watched(config: Config) -> Rig {
    let mut rig = Rig::with_config(config, [cold(0)]);
    rig.until(3000);
    rig.skip();
    rig
}

fn held(rig: &Rig) -> Vec<Reason> {
    rig.input(0).conditions().map(|held| held.condition).collect()
}

/// When the condition is told, counted from the first look that shows it, at 3100.
fn told_after(rig: &mut Rig, change: impl FnOnce(&mut Measure)) -> Option<(u64, String)> {
    rig.shows(0, change);
    rig.until(60_000);
    let error = rig.errors(0).first().cloned()?;
    Some(((error.at - rig.at(3100)) / MS, error.detail.text().to_string()))
}

#[test]
fn each_limit_has_two_sides() {
    type Change = fn(&mut Measure);
    type Case = (Config, Change, Option<(u64, &'static str)>);
    let cases: &[Case] = &[
        (
            Config::new().min_bitrate(1000),
            |m| m.bitrate_kbps = Some(999),
            Some((2000, "999 of 1000 kbit/s over 1000 ms")),
        ),
        (Config::new().min_bitrate(1000), |m| m.bitrate_kbps = Some(1000), None),
        (
            Config::new().min_fps(20),
            |m| m.fps_milli = Some(19_999),
            Some((2000, "19.9 of 20.0 frames/s over 1000 ms")),
        ),
        (Config::new().min_fps(20), |m| m.fps_milli = Some(20_000), None),
        (
            Config::new().max_loss(2),
            |m| m.loss_ppm = Some(20_001),
            Some((2000, "2.1 % lost, limit 2.0 % over 1000 ms")),
        ),
        (Config::new().max_loss(2), |m| m.loss_ppm = Some(20_000), None),
        (
            Config::new().video_timeout(ms(500)),
            |m| m.since_video = Some(500 * MS),
            Some((0, "no video for 500.0 ms, limit 500.0 ms")),
        ),
        (Config::new().video_timeout(ms(500)), |m| m.since_video = Some(500 * MS - 1), None),
        (
            Config::new().audio_timeout(ms(500)),
            |m| m.since_audio = Some(500 * MS),
            Some((0, "no sound for 500.0 ms, limit 500.0 ms")),
        ),
        (Config::new().audio_timeout(ms(500)), |m| m.since_audio = Some(500 * MS - 1), None),
    ];
    for (config, change, expected) in cases {
        let told = told_after(&mut watched(config.clone()), change);
        let expected = expected.map(|(after, text)| (after, text.to_owned()));
        assert_eq!(told, expected, "{config:?}");
    }
}

#[test]
fn a_limit_of_the_baseline_has_two_sides() {
    type Change = fn(&mut Measure);
    let cases: &[(Config, Change, Option<&str>)] = &[
        (
            Config::new().min_bitrate_of_baseline(50),
            |m| m.bitrate_kbps = Some(999),
            Some("999 of 1000 kbit/s over 1000 ms"),
        ),
        (Config::new().min_bitrate_of_baseline(50), |m| m.bitrate_kbps = Some(1000), None),
        (
            Config::new().min_bitrate_of_baseline(100),
            |m| m.bitrate_kbps = Some(1999),
            Some("1999 of 2000 kbit/s over 1000 ms"),
        ),
        (Config::new().min_bitrate_of_baseline(100), |m| m.bitrate_kbps = Some(2000), None),
        (
            Config::new().min_fps_of_baseline(80),
            |m| m.fps_milli = Some(19_999),
            Some("19.9 of 20.0 frames/s over 1000 ms"),
        ),
        (Config::new().min_fps_of_baseline(80), |m| m.fps_milli = Some(20_000), None),
    ];
    for (config, change, expected) in cases {
        let mut rig = watched(config.clone());
        rig.until(10_000);
        rig.shows(0, change);
        // One look shows it, and what is learned of that is less than a unit of the limit.
        rig.until(10_100);
        rig.set_config(config.clone().impair_after(ms(0))).unwrap();
        rig.until(10_200);
        let text = rig.errors(0).first().map(|error| error.detail.text().to_string());
        assert_eq!(text.as_deref(), *expected, "{config:?}");
    }
}

#[test]
fn each_margin_has_two_sides() {
    type Change = fn(&mut Measure);
    type Case = (Config, Change, Change, Change);
    let usual = || Config::new().min_bitrate_of_baseline(95);
    let cases: &[Case] = &[
        (
            Config::new().min_bitrate(1000),
            |m| m.bitrate_kbps = Some(0),
            |m| m.bitrate_kbps = Some(1099),
            |m| m.bitrate_kbps = Some(1100),
        ),
        (
            Config::new().min_bitrate(1000).impair_margin(0),
            |m| m.bitrate_kbps = Some(0),
            |m| m.bitrate_kbps = Some(999),
            |m| m.bitrate_kbps = Some(1000),
        ),
        (
            Config::new().min_fps(20).impair_margin(25),
            |m| m.fps_milli = Some(0),
            |m| m.fps_milli = Some(24_999),
            |m| m.fps_milli = Some(25_000),
        ),
        (
            Config::new().max_loss(5),
            |m| m.loss_ppm = Some(1_000_000),
            |m| m.loss_ppm = Some(45_001),
            |m| m.loss_ppm = Some(45_000),
        ),
        (
            Config::new().max_loss(5).impair_margin(100),
            |m| m.loss_ppm = Some(1_000_000),
            |m| m.loss_ppm = Some(1),
            |m| m.loss_ppm = Some(0),
        ),
        // A tenth more than 95 % would be more than it ever delivers: the usual is enough.
        (
            usual(),
            |m| m.bitrate_kbps = Some(0),
            |m| m.bitrate_kbps = Some(1999),
            |m| m.bitrate_kbps = Some(2000),
        ),
    ];
    for (config, bad, near, met) in cases {
        let mut rig = watched(config.clone());
        rig.until(10_000);
        rig.shows(0, bad);
        rig.until(13_000);
        assert_eq!(rig.input(0).severity(), Some(Severity::Impaired), "{config:?}");
        rig.shows(0, near);
        rig.until(60_000);
        assert_eq!(
            rig.input(0).severity(),
            Some(Severity::Impaired),
            "{config:?}: near is not met"
        );
        rig.shows(0, met);
        rig.until(63_099);
        assert_eq!(rig.input(0).severity(), Some(Severity::Impaired), "{config:?}: too early");
        rig.until(63_100);
        assert_eq!(rig.input(0).severity(), None, "{config:?}: met for failback_stable");
    }
}

#[test]
fn impair_after_counts_from_the_first_look_that_shows_it() {
    // Looks at 3100, 3200…: the one that has seen it for so long decides.
    for (asked, told) in [(0, 3100), (1, 3200), (2000, 5100), (2001, 5200)] {
        let mut rig = watched(Config::new().min_bitrate(1000).impair_after(ms(asked)));
        rig.shows(0, |m| m.bitrate_kbps = Some(999));
        rig.until(told - 1);
        rig.is_quiet();
        rig.until(told);
        rig.tells(&[&format!("{told} degraded 0 low_bitrate")]);
    }
}

#[test]
fn a_limit_counts_from_the_first_whole_window_on() {
    // First packet at 100.
    for (window, told) in [(1000, 1100), (1001, 1200), (3000, 3100)] {
        let config = Config::new().min_bitrate(1000).impair_after(ms(0)).measure_window(ms(window));
        let mut rig = Rig::prepared(config, [cold(0)], |rig| {
            rig.shows(0, |m| m.bitrate_kbps = Some(0));
        });
        rig.reach("active 0 after 100");
        rig.count_from_registration();
        rig.until(told);
        rig.tells(&[&format!("{told} degraded 0 low_bitrate")]);
    }
}

#[test]
fn numbers_as_large_as_they_get_are_compared() {
    let most = u64::from(u32::MAX);
    let config = Config::new().min_bitrate(most).min_fps(most).impair_after(ms(0));
    let mut rig = watched(config);
    assert_eq!(held(&rig), [Reason::LowBitrate, Reason::LowFps]);
    rig.shows(0, |m| (m.bitrate_kbps, m.fps_milli) = (Some(u64::MAX), Some(u64::MAX)));
    rig.until(10_000);
    assert_eq!(rig.input(0).severity(), None);
}

#[test]
fn it_must_be_out_of_its_limit_for_impair_after_without_a_break() {
    let mut rig = watched(Config::new().min_bitrate(1000));
    rig.shows(0, |m| m.bitrate_kbps = Some(500));
    rig.until(5000);
    // The look at 5100 would be the one that decides.
    rig.shows(0, |m| m.bitrate_kbps = Some(1000));
    rig.until(5100);
    rig.shows(0, |m| m.bitrate_kbps = Some(500));
    rig.until(7100);
    rig.is_quiet();
    assert_eq!((rig.status(0), rig.input(0).severity()), (Status::Active, None));
    rig.until(7200);
    rig.tells(&["7200 degraded 0 low_bitrate"]);
    assert_eq!(
        (rig.status(0), rig.input(0).severity()),
        (Status::Degraded, Some(Severity::Impaired))
    );
    assert_eq!(held(&rig), [Reason::LowBitrate]);
    assert_eq!(rig.stream.active(), Some(0), "poor is better than nothing");
    assert!(!rig.stream.exhausted());
}

#[test]
fn it_is_healed_by_the_margin_for_failback_stable() {
    for (bitrate, heals) in [(1099, false), (1100, true)] {
        let mut rig = watched(Config::new().min_bitrate(1000));
        rig.shows(0, |m| m.bitrate_kbps = Some(999));
        rig.until(5100);
        rig.tells(&["5100 degraded 0 low_bitrate"]);
        rig.shows(0, |m| m.bitrate_kbps = Some(bitrate));
        rig.until(60_000);
        rig.tells(if heals { &["8200 recovered 0"] } else { &[] });
    }
}

#[test]
fn a_relapse_begins_the_time_anew() {
    let mut rig = watched(Config::new().max_loss(10));
    rig.shows(0, |m| m.loss_ppm = Some(500_000));
    rig.until(5100);
    rig.tells(&["5100 degraded 0 packet_loss"]);
    rig.shows(0, |m| m.loss_ppm = Some(90_000));
    rig.until(8100);
    rig.shows(0, |m| m.loss_ppm = Some(90_001));
    rig.until(8200);
    rig.shows(0, |m| m.loss_ppm = Some(90_000));
    rig.until(11_299);
    rig.is_quiet();
    rig.until(11_300);
    rig.tells(&["11300 recovered 0"]);
    assert_eq!(rig.status(0), Status::Active);
}

#[test]
fn what_is_not_known_impairs_nothing_and_heals_nothing() {
    let mut rig = watched(Config::new().min_bitrate(1000).min_fps(20));
    rig.shows(0, |m| m.bitrate_kbps = Some(500));
    rig.until(5100);
    rig.shows(0, |m| (m.bitrate_kbps, m.fps_milli) = (Some(2000), None));
    rig.until(30_000);
    rig.tells(&["5100 degraded 0 low_bitrate"]);
    rig.shows(0, |m| m.fps_milli = Some(25_000));
    rig.until(33_100);
    rig.tells(&["33100 recovered 0"]);
}

#[test]
fn an_input_that_was_thin_from_birth_is_its_own_baseline() {
    let config = Config::new().min_bitrate_of_baseline(50).min_fps_of_baseline(50);
    let mut rig = Rig::prepared(config, [cold(0)], |rig| {
        rig.shows(0, |m| (m.bitrate_kbps, m.fps_milli) = (Some(100), Some(1000)));
    });
    rig.until(6000);
    assert_eq!(rig.input(0).baseline(), (None, None));
    rig.until(6100);
    assert_eq!(rig.input(0).baseline(), (Some(100), Some(1000)));
    rig.skip();
    rig.shows(0, |m| m.bitrate_kbps = Some(50));
    rig.until(16_000);
    rig.is_quiet();
    // Ten seconds at half of it have been learned a little.
    assert_eq!(rig.input(0).baseline(), (Some(96), Some(1000)));
    rig.shows(0, |m| m.bitrate_kbps = Some(47));
    rig.until(18_100);
    rig.tells(&["18100 degraded 0 low_bitrate"]);
    assert_eq!(&*rig.errors(0)[0].detail.text(), "47 of 48 kbit/s over 1000 ms");
    // It is frozen while that holds, and the usual is enough to heal.
    rig.until(200_000);
    assert_eq!(rig.input(0).baseline(), (Some(96), Some(1000)));
    rig.shows(0, |m| m.bitrate_kbps = Some(53));
    rig.until(203_100);
    rig.tells(&["203100 recovered 0"]);
}

#[test]
fn the_baseline_outlives_the_session_and_not_an_update() {
    let mut rig = watched(Config::new().min_bitrate_of_baseline(50));
    rig.until(10_000);
    rig.dies(0);
    rig.until(20_000);
    rig.returns(0);
    rig.until(30_000);
    assert_eq!(rig.input(0).baseline().0, Some(2000));
    rig.update(replace(cold(0))).unwrap();
    assert_eq!(rig.input(0).baseline().0, None);
}

#[test]
fn of_two_limits_the_higher_counts() {
    for (least, percent, text) in
        [(900, 40, "850 of 900 kbit/s over 1000 ms"), (400, 45, "850 of 900 kbit/s over 1000 ms")]
    {
        let config = Config::new().min_bitrate(least).min_bitrate_of_baseline(percent);
        let mut rig = watched(config);
        rig.until(10_000);
        rig.shows(0, |m| m.bitrate_kbps = Some(850));
        rig.until(12_100);
        assert_eq!(&*rig.errors(0)[0].detail.text(), text);
    }
}

#[test]
fn a_track_is_missed_only_if_it_was_sent_since_the_last_update() {
    let config = Config::new().video_timeout(ms(500)).audio_timeout(ms(500)).min_fps(20);
    let silent_film = |m: &mut Measure| {
        (m.since_audio, m.since_video, m.fps_milli) = (None, None, Some(0));
    };
    let mut rig = Rig::prepared(config, [cold(0)], |rig| rig.shows(0, silent_film));
    rig.until(60_000);
    assert_eq!(rig.status(0), Status::Active);
    rig.shows(0, |m| (m.since_audio, m.since_video) = (Some(0), Some(0)));
    rig.until(61_000);
    rig.skip();
    // In its next session they are missed since its first packet, at 61100.
    rig.handle(changeover::core::Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
    rig.shows(0, silent_film);
    rig.until(61_700);
    rig.tells(&[
        "61000 stop 0a",
        "61000 gate 0b",
        "61000 start 0b",
        "61100 active 0 after 100",
        "61600 degraded 0 video_lost",
        "61600 degraded 0 audio_lost",
        "61600 exhausted video_lost",
    ]);
    rig.update(replace(cold(0))).unwrap();
    rig.until(120_000);
    assert_eq!((rig.status(0), held(&rig)), (Status::Active, vec![]));
}

#[test]
fn silence_is_not_the_loss_of_a_track() {
    let mut rig = watched(Config::new().video_timeout(ms(500)));
    rig.dies(0);
    rig.until(5000);
    rig.tells(&["5000 degraded 0 timeout", "5000 exhausted timeout"]);
    assert_eq!(rig.input(0).severity(), Some(Severity::Failed));
}

#[test]
fn the_hosts_word_counts_at_once_and_may_be_said_in_a_loop() {
    let mut rig = watched(Config::new());
    rig.says("0a", Condition::Silent, true);
    rig.says("0a", Condition::Silent, true);
    rig.tells(&["3000 degraded 0 silent"]);
    assert_eq!(&*rig.errors(0)[0].detail.text(), "seen");
    rig.until(10_000);
    rig.says("0a", Condition::Silent, false);
    rig.until(12_000);
    rig.says("0a", Condition::Silent, false);
    rig.until(13_000);
    rig.tells(&["13000 recovered 0"]);
}

#[test]
fn of_a_session_it_ends_with_it_and_of_the_input_it_stands() {
    for (of, heals) in [(Accused::from("0a"), true), (Accused::from(0), false)] {
        let mut rig = watched(Config::new());
        rig.says(of, Condition::Host, true);
        rig.handle(changeover::core::Stimulus::UpdateBufferWriteId("elsewhere".into())).unwrap();
        rig.until(60_000);
        assert_eq!(rig.input(0).severity().is_none(), heals);
        rig.says(0, Condition::Host, false);
        rig.until(63_000);
        assert_eq!(rig.status(0), Status::Active);
    }
}

#[test]
fn a_word_on_a_session_that_is_over_is_refused() {
    let mut rig = watched(Config::new());
    rig.update(replace(cold(0))).unwrap();
    assert_eq!(rig.try_says("0a", Condition::Black, true), Err(Error::StaleSession));
    assert_eq!(rig.try_says(7, Condition::Black, true), Err(Error::UnknownInput));
    assert_eq!(rig.input(0).severity(), None);
}

#[test]
fn a_limit_that_is_taken_away_heals() {
    for config in [Config::new(), Config::new().min_fps(1)] {
        let mut rig = watched(Config::new().min_bitrate(1000));
        rig.shows(0, |m| m.bitrate_kbps = Some(500));
        rig.until(6000);
        rig.skip();
        rig.set_config(config).unwrap();
        rig.until(9100);
        assert_eq!(rig.lines().collect::<Vec<_>>(), ["recovered 0"]);
    }
}

#[test]
fn what_fails_is_no_longer_impaired() {
    let mut rig = watched(Config::new().min_bitrate(1000));
    rig.shows(0, |m| m.bitrate_kbps = Some(500));
    rig.until(6000);
    rig.dies(0);
    rig.until(8000);
    assert_eq!((rig.input(0).severity(), held(&rig)), (Some(Severity::Failed), vec![]));
}

#[test]
fn what_was_taken_back_while_it_had_failed_is_not_told_again() {
    let mut rig = watched(Config::new());
    rig.says(0, Condition::Silent, true);
    rig.dies(0);
    rig.until(6000);
    rig.says(0, Condition::Silent, false);
    rig.skip();
    rig.returns(0);
    rig.until(7000);
    assert!(!rig.lines().any(|line| line.starts_with("degraded")));
    assert_eq!((rig.status(0), held(&rig)), (Status::Active, vec![]));
}

#[test]
fn what_is_said_of_a_session_of_a_failed_input_counts_when_it_delivers() {
    let mut rig = watched(Config::new());
    rig.dies(0);
    rig.until(6000);
    assert_eq!(rig.input(0).severity(), Some(Severity::Failed));
    rig.says("0a", Condition::Frozen, true);
    rig.skip();
    rig.returns(0);
    rig.until(6100);
    rig.tells(&[
        "6100 recovered 0",
        "6100 degraded 0 frozen",
        "6100 switch 0>0 recovery",
        "6100 active 0 after 0",
    ]);
    assert_eq!((held(&rig), rig.stream.exhausted()), (vec![Reason::Frozen], true));
}
