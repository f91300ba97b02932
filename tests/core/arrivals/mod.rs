//! How long live sources are silent, and what limits on silence make of it: rule 22 on arrival times that
//! were recorded of real sources by `record.py`, repeated for hours, each gap drawn out or shortened by up
//! to a fifth at random.
//!
//! ```text
//! CHANGEOVER_ARRIVALS_HOURS=10 cargo test --release --test core arrivals -- --nocapture
//! ```
//!
//! prints the table of ten simulated hours.

mod replay;

use changeover::{Config, Silence};
use replay::{play, Outcome};
use std::time::Duration;

/// A kind of source, and the `packet_timeout` to be chosen for it: longer than its regular pauses.
struct Kind {
    name: &'static str,
    gaps: &'static str,
    packet_timeout: u64,
}

macro_rules! kinds {
    ($($file:literal: $name:literal, $timeout:literal;)+) => {
        const KINDS: &[Kind] = &[$(Kind {
            name: $name,
            gaps: include_str!(concat!($file, ".txt")),
            packet_timeout: $timeout,
        },)+];
    };
}

kinds! {
    "udp_cbr": "UDP, constant bitrate, 25 fps", 2000;
    "udp_vbr": "UDP, variable, a key frame in 10 s", 2000;
    "rtmp": "RTMP over TCP", 2000;
    "srt": "SRT over a bad line", 2000;
    "hls": "HLS, segments of 6 s in bursts", 10_000;
    "slideshow": "UDP, one frame a second", 2000;
    "file": "a file in real time", 2000;
}

fn hours() -> f64 {
    let given = std::env::var("CHANGEOVER_ARRIVALS_HOURS");
    given.map_or(0.4, |hours| hours.parse().expect("a number of hours"))
}

fn limited_to(millis: u64) -> Config {
    Config::new().packet_timeout(Duration::from_millis(millis))
}

fn adaptive(kind: &Kind) -> Outcome {
    play(kind.gaps, &limited_to(kind.packet_timeout).silence(Silence::Adaptive), hours())
}

/// In hours.
fn rate(outcome: &Outcome) -> String {
    match outcome.given_up {
        0 => "0".to_owned(),
        times => format!("{:.1}", times as f64 / hours()),
    }
}

#[test]
fn an_adaptive_limit_gives_no_live_source_up_and_notices_a_dead_one_sooner() {
    let fixed = [100, 500, 2000];
    println!("{:36} {:^34} {:^27}", "", "adaptive", "fixed: given up an hour at");
    println!(
        "{:36} {:>10} {:>9} {:>13} {:>8} {:>8} {:>8}",
        "", "limit, ms", "an hour", "noticed, ms", "100 ms", "500 ms", "2 s"
    );
    for kind in KINDS {
        let adaptive = adaptive(kind);
        let others = fixed.map(|millis| play(kind.gaps, &limited_to(millis), hours()));
        let [a, b, c] = others.each_ref().map(rate);
        let (least, most) = adaptive.limits;
        println!(
            "{:36} {:>10} {:>9} {:>13} {a:>8} {b:>8} {c:>8}",
            kind.name,
            format!("{least}–{most}"),
            rate(&adaptive),
            adaptive.noticed_after
        );
        assert_eq!(adaptive.given_up, 0, "{}", kind.name);
        assert!(most <= kind.packet_timeout && adaptive.noticed_after <= most, "{}", kind.name);
        for (millis, other) in fixed.iter().zip(&others) {
            assert!(other.noticed_after == *millis, "{}", kind.name);
        }
    }
}

#[test]
fn a_source_of_25_frames_a_second_that_dies_is_noticed_within_300_ms() {
    let outcome = adaptive(&KINDS[0]);
    assert!(outcome.noticed_after <= 300, "{} ms", outcome.noticed_after);
}

#[test]
fn what_is_regular_for_one_source_is_an_outage_of_another() {
    // HLS needs its segment's length, and would be given up at any limit that is good for the others.
    let hls = KINDS.iter().find(|kind| kind.name.starts_with("HLS")).expect("it is there");
    assert!(play(hls.gaps, &limited_to(2000), hours()).given_up > 0);
    assert!(adaptive(hls).limits.0 > 6000);
}
