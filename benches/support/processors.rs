//! Whether two processors do twice the work of one. They do not when they are hardware threads of
//! one core, as those of a virtual machine may be in one minute and not in the next, and not when
//! something else is at work.

use super::bar::Figure;
use super::interleave::{Race, Results};
use super::opaque;
use super::pair::Pair;

const ONE: &str = "arithmetic";
const BOTH: &str = "arithmetic on both";

/// More than so much longer on both at once is shared.
const SHARED: f64 = 1.1;

/// As much as a processor can do, without memory.
#[inline(never)]
fn arithmetic(rounds: u64) {
    let mut x = [1_u64, 2, 3, 4];
    for round in 0..rounds {
        x = x.map(|x| opaque(x.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round)));
    }
}

/// Has it measured in this race, too; `quiet` ends what the race itself has going on beside it.
pub fn compare<'a>(race: Race<'a>, quiet: impl Fn() + Copy + 'a) -> Race<'a> {
    let mut both = Pair::new(arithmetic, || arithmetic);
    race.lane(ONE, move |rounds| {
        quiet();
        arithmetic(rounds);
    })
    .timed(BOTH, move |rounds| {
        quiet();
        both.run(rounds)
    })
}

/// `figure` is one of two threads in this race.
pub fn judge(mut figure: Figure, results: &Results) -> Figure {
    let longer = results.ratio(BOTH, ONE).median;
    if longer > SHARED {
        figure.beyond = Some(format!(
            "its processors share a core, or are busy: arithmetic on both takes {longer:.2} ×"
        ));
    }
    figure
}
