use super::*;

const MS: Nanos = 1_000_000;
const START: Nanos = 5_000 * MS;

/// A session and its meter, at a window of 1 s.
struct Rig {
    meter: Meter,
    counters: Counters,
    now: Nanos,
    newest: Nanos,
}

impl Rig {
    fn at(counters: Counters, now: Nanos) -> Rig {
        Rig { meter: Meter::new(7, 1000 * MS, now, &counters), counters, now, newest: 0 }
    }

    fn new() -> Rig {
        Rig::at(Counters::default(), START)
    }

    /// So many packets of these bytes, of which so many are video and key, came just before now.
    fn came(&mut self, packets: u64, bytes: u64, video: u64, keys: u64) {
        let Counters { packets: p, bytes: b, video: v, keys: k, .. } = &mut self.counters;
        for (counter, more) in [(p, packets), (b, packets * bytes), (v, video), (k, keys)] {
            *counter = counter.wrapping_add(more);
        }
        self.newest = self.now;
    }

    fn look(&mut self) -> Measure {
        self.meter.look(self.now, self.newest, &self.counters)
    }

    /// A look 100 ms later, at which so much had come.
    fn after(&mut self, packets: u64, bytes: u64, video: u64, keys: u64) -> Measure {
        self.now += 100 * MS;
        if packets > 0 {
            self.came(packets, bytes, video, keys);
        }
        self.look()
    }
}

fn rates(measure: Measure) -> [Option<u64>; 3] {
    [measure.bitrate_kbps, measure.fps_milli, measure.loss_ppm]
}

#[test]
fn nothing_is_known_before_a_whole_window() {
    let mut rig = Rig::new();
    for _ in 0..30 {
        assert_eq!(rig.after(0, 0, 0, 0), Measure::default(), "it has not delivered");
    }
    for look in 0..10 {
        let measure = rig.after(3, 1000, 2, 0);
        assert_eq!(rates(measure), [None; 3], "look {look}");
        assert_eq!((measure.since_packet, measure.since_video), (Some(0), Some(0)));
    }
    // By hand: 10 × 3 × 1000 bytes and 10 × 2 frames in a second.
    assert_eq!(rates(rig.after(3, 1000, 2, 0)), [Some(240), Some(20_000), Some(0)]);
}

#[test]
fn a_window_slides_and_forgets() {
    let mut rig = Rig::new();
    (0..11).for_each(|_| {
        rig.after(10, 1000, 0, 0);
    });
    for gone in 1..=10 {
        // By hand: 800 kbit/s, a tenth of it less with each look without a packet.
        assert_eq!(rig.after(0, 0, 0, 0).bitrate_kbps, Some(800 - 80 * gone), "{gone}");
    }
    assert_eq!(rates(rig.after(0, 0, 0, 0)), [Some(0); 3]);
    // A burst of 10 s at once: in the window for a second, and then not.
    let burst: Vec<_> = (0..11).map(|n| rig.after(1000 * u64::from(n == 0), 1000, 0, 0)).collect();
    assert!(burst[..10].iter().all(|measure| measure.bitrate_kbps == Some(8000)));
    assert_eq!(burst[10].bitrate_kbps, Some(0));
}

#[test]
fn loss_is_of_what_was_sent_in_the_window() {
    let mut rig = Rig::new();
    (0..11).for_each(|_| {
        rig.after(9, 1, 0, 0);
    });
    rig.counters.lost = rig.counters.lost.wrapping_add(10);
    // By hand: RFC 3550, 6.4.1, of 90 that came and 10 that did not.
    assert_eq!(rig.after(9, 1, 0, 0).loss_ppm, Some(100_000));
    (0..9).for_each(|_| {
        rig.after(9, 1, 0, 0);
    });
    assert_eq!(rig.after(9, 1, 0, 0).loss_ppm, Some(0));
    // All of it lost; and nothing sent at all.
    (0..10).for_each(|_| {
        rig.after(0, 0, 0, 0);
    });
    assert_eq!(rig.after(0, 0, 0, 0).loss_ppm, Some(0));
    rig.counters.lost = rig.counters.lost.wrapping_add(1);
    assert_eq!(rig.after(0, 0, 0, 0).loss_ppm, Some(1_000_000));
    rig.counters.lost = rig.counters.lost.wrapping_add(u64::MAX - 1);
    assert_eq!(rig.after(0, 0, 0, 0).loss_ppm, Some(1_000_000));
}

#[test]
fn counters_may_wrap() {
    let end = Counters {
        packets: u64::MAX - 1,
        bytes: u64::MAX - 1,
        video: u64::from(u32::MAX),
        keys: u64::MAX,
        lost: u64::MAX,
        ..Counters::default()
    };
    let mut rig = Rig::at(end, START);
    (0..11).for_each(|_| {
        rig.after(3, 1000, 2, 1);
    });
    rig.counters.lost = rig.counters.lost.wrapping_add(1);
    let measure = rig.after(3, 1000, 2, 1);
    assert_eq!(rates(measure), [Some(240), Some(20_000), Some(1_000_000 / 31)]);
    assert_eq!(measure.key_interval, Some(100 * MS));
}

#[test]
fn times_since_a_track_have_the_grain_of_a_look() {
    let mut rig = Rig::new();
    assert_eq!(rig.after(1, 1, 0, 0).since_video, None);
    assert_eq!(rig.after(1, 1, 1, 0).since_video, Some(0));
    assert_eq!(rig.after(1, 1, 0, 0).since_video, Some(100 * MS));
    let measure = rig.after(0, 0, 0, 0);
    assert_eq!((measure.since_packet, measure.since_video), (Some(100 * MS), Some(200 * MS)));
    // The last of its packets was video, and came 40 ms before the look.
    rig.now += 60 * MS;
    rig.came(1, 1, 1, 0);
    rig.now += 40 * MS;
    assert_eq!(rig.look().since_video, Some(40 * MS));
}

#[test]
fn a_key_interval_takes_two_keys() {
    let mut rig = Rig::new();
    assert_eq!(rig.after(5, 1, 5, 1).key_interval, None);
    (0..19).for_each(|_| assert_eq!(rig.after(5, 1, 5, 0).key_interval, None));
    assert_eq!(rig.after(5, 1, 5, 1).key_interval, Some(2000 * MS));
    // Several in a look.
    assert_eq!(rig.after(8, 1, 8, 4).key_interval, Some(25 * MS));
}

#[test]
fn silence_of_any_length_is_silence() {
    let mut rig = Rig::new();
    (0..11).for_each(|_| {
        rig.after(1, 1000, 1, 0);
    });
    let month = 30 * 86_400_000 * MS;
    rig.now += month;
    let measure = rig.look();
    assert_eq!(rates(measure), [Some(0), Some(0), Some(0)]);
    assert_eq!(measure.since_packet, Some(month));
    assert_eq!(rig.meter.next(), rig.now + 100 * MS);
}

#[test]
fn a_meter_runs_to_the_clocks_end() {
    let mut rig = Rig::at(Counters::default(), u64::MAX - 1400 * MS);
    (0..11).for_each(|_| {
        rig.after(3, 1000, 2, 0);
    });
    assert_eq!(rates(rig.after(3, 1000, 2, 0)), [Some(240), Some(20_000), Some(0)]);
}

#[test]
fn late_looks_measure_the_time_that_passed() {
    let mut rig = Rig::new();
    let mut measure = Measure::default();
    // Steady, 1000 bytes in 10 ms, looked at whenever.
    for late in [0, 3, 0, 7, 90, 0, 1, 0, 2, 250, 0, 0, 40, 0, 0, 0, 5, 0, 0, 0] {
        let before = rig.now;
        rig.now = rig.meter.next() + late * MS;
        let packets = rig.now / (10 * MS) - before / (10 * MS);
        rig.came(packets, 1000, packets, 0);
        measure = rig.look();
        assert!(rig.meter.next() > rig.now, "and no two at once");
    }
    let kbps = measure.bitrate_kbps.unwrap();
    assert!((784..=816).contains(&kbps), "{kbps}");
}

#[test]
fn thinned_out_looks_measure_since_the_one_before() {
    let mut rig = Rig::new();
    let mut measure = Measure::default();
    for look in 0..12 {
        rig.now += 3000 * MS;
        rig.came(300 * (look + 1), 1000, 0, 0);
        measure = rig.look();
    }
    assert_eq!(measure.bitrate_kbps, Some(8 * 300 * 12 / 3));
}
