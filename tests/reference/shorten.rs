//! Makes a trace shorter that shows a difference: delta debugging (Zeller, Hildebrandt 2002) over its steps.

use crate::pair::{play, Difference};
use crate::steps::{Step, Trace};

/// The shortest trace that can be found which shows a difference, and that difference.
pub fn shorten(mut trace: Trace, mut difference: Difference) -> (Trace, Difference) {
    trace.steps.truncate(difference.after);
    let mut size = trace.steps.len().div_ceil(2).max(1);
    loop {
        let before = trace.steps.len();
        let mut at = 0;
        while at < trace.steps.len() {
            let mut shorter = trace.clone();
            shorter.steps.drain(at..(at + size).min(trace.steps.len()));
            match play(&shorter) {
                Err(found) => {
                    shorter.steps.truncate(found.after);
                    (trace, difference) = (shorter, found);
                }
                Ok(_) => at += size,
            }
        }
        match size {
            1 if trace.steps.len() == before => break,
            1 => {}
            _ => size = size.div_ceil(2),
        }
    }
    // Waits that follow each other are one.
    let mut at = 0;
    while at + 1 < trace.steps.len() {
        at += 1;
        let (Step::Wait(one), Step::Wait(other)) = (&trace.steps[at - 1], &trace.steps[at]) else {
            continue;
        };
        let mut shorter = trace.clone();
        shorter.steps.splice(at - 1..=at, [Step::Wait(one + other)]);
        if let Err(found) = play(&shorter) {
            (trace, difference) = (shorter, found);
            at -= 1;
        }
    }
    let mut at = 0;
    while at < trace.inputs.len() {
        let mut fewer = trace.clone();
        fewer.inputs.remove(at);
        match play(&fewer) {
            Err(found) => (trace, difference) = (fewer, found),
            Ok(_) => at += 1,
        }
    }
    (trace, difference)
}
