//! What recording costs with everything on that looks at what inputs deliver, against nothing on.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{drain, engine, everything_on, open, record, record_by_id, undisturbed};
use crate::support::ids::Walk;
use crate::support::interleave::Race;
use std::time::Duration;

const STREAMS: usize = 1000;

/// Inline and by id: twice as long at most.
pub fn against_nothing_on(rounds: usize) -> Vec<Figure> {
    let [(off, mut off_input), (on, mut on_input)] =
        [undisturbed(), everything_on()].map(|config| {
            let engine = engine(config);
            let input = open(&engine, 0..STREAMS).swap_remove(0);
            drain(&engine);
            (engine, input)
        });
    let inline = Race::new(Duration::from_micros(500))
        .lane("off", |n| record(&mut off_input[0], n))
        .lane("on", |n| record(&mut on_input[0], n))
        .run(rounds);
    let (mut off_walk, mut on_walk) = (Walk::new(STREAMS, 1), Walk::new(STREAMS, 1));
    let by_id = Race::new(Duration::from_millis(1))
        .warm_up(2 * STREAMS)
        .lane("off", |n| record_by_id(&off, &mut off_walk, n))
        .lane("on", |n| record_by_id(&on, &mut on_walk, n))
        .run(rounds / 2);
    let bar = |name, results: crate::support::interleave::Results| {
        let ratio = results.ratio("on", "off");
        let (on, off) = (results.nanos("on"), results.nanos("off"));
        let note = format!("{on} ns, nothing on {off} ns, ratio {ratio}");
        Figure::new(name, ratio.median, "×", Bar::AtMost(2.0), note)
    };
    vec![
        bar("inline record, everything on vs nothing on", inline),
        bar("by id, everything on vs nothing on", by_id),
    ]
}
