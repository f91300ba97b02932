//! Each ordering that ARCHITECTURE.md lists of the engine is needed: a model fails without it.

use super::*;
use crate::hot::models::orderings::needed;

needed! {
    publisher_publish: "Publisher::publish Release" by taps::a_reader_sees_each_event_in_order_and_then_the_end;
    publisher_open: "Publisher::open Release" by taps::a_ring_that_grows_loses_nothing_for_who_follows;
    taps_newest: "Taps::newest Acquire" by taps::a_reader_sees_each_event_in_order_and_then_the_end;
    publisher_end: "Publisher::end Release" by taps::a_reader_sees_each_event_in_order_and_then_the_end;
    taps_have_ended: "Taps::have_ended Acquire" by taps::a_reader_sees_each_event_in_order_and_then_the_end;
    shared_close: "Shared::close Release" by pulse::whoever_sees_that_an_engine_has_ended_learns_why;
    shared_is_closed: "Shared::is_closed Acquire" by pulse::whoever_sees_that_an_engine_has_ended_learns_why;
}
