//! Every bar in under 90 seconds.

mod support;

use support::bar::Bar;
use support::measure::{by_id, handle};

fn main() {
    if !support::is_bench() {
        return;
    }
    let show = |bars: Vec<Bar>| bars.iter().for_each(|b| println!("{b}"));
    let t = std::time::Instant::now();
    let tick = |what: &str| println!("   [{what} {:.1?}]", t.elapsed());
    show(handle::against_the_floor(301));
    tick("floor");
    show(handle::two_threads(101));
    tick("2");
    show(handle::under_churn(101));
    tick("churn");
    show(by_id::at_10k(51));
    tick("id");
    show(by_id::same_input(51));
    tick("same");
}
