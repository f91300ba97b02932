//! Each ordering that ARCHITECTURE.md lists is needed: a model fails without it.

use super::*;

macro_rules! needed {
    ($($name:ident: $row:literal by $model:path;)*) => {$(
        #[test]
        fn $name() {
            $crate::hot::models::check::fails(|| {
                let _weakened = $crate::hot::sync::weakened::Weakened::new($row);
                $model();
            });
        }
    )*};
}
pub(crate) use needed;

needed! {
    gate_move_to: "Gate::move_to Release" by the_gate_admits_one_session_and_its_numbers_rise;
    gate_move_on: "Gate::move_on Release" by offer::whoever_sees_a_commit_is_let_through;
    gate_number: "Gate::number Acquire" by the_gate_admits_one_session_and_its_numbers_rise;
    cell_offer: "Cell::offer Release" by offer::who_takes_an_offer_moves_the_gate_from_where_it_stood;
    cell_do_all: "Cell::do_all Acquire" by offer::who_takes_an_offer_moves_the_gate_from_where_it_stood;
    offer_open: "Offer::open Release" by offer::whoever_sees_a_commit_is_let_through;
    offer_take: "Offer::take AcqRel" by offer::whoever_sees_a_commit_is_let_through;
    offer_close: "Offer::close Acquire" by offer::who_hears_that_an_offer_was_taken_sees_the_packet;
    signal_raise: "Signal::raise Release" by an_armed_record_is_never_lost;
    signal_take: "Signal::take Acquire" by an_armed_record_is_never_lost;
    slot_fill: "Slot::fill Release" by shown::a_packet_is_counted_where_one_route_says;
    slot_look: "Slot::look Acquire" by routing::a_lookup_finds_what_is_there_whatever_changes_around_it;
    slot_taken_route: "Slot::taken_route Acquire" by routing::whoever_looks_at_all_streams_sees_each_whole;
    slot_replace: "Slot::replace AcqRel" by routing::a_lookup_finds_what_is_there_whatever_changes_around_it;
    slot_route: "Slot::route Acquire" by routing::a_lookup_finds_what_is_there_whatever_changes_around_it;
    slot_show: "Slot::show Release" by shown::a_first_input_is_shown_whole;
    slot_shows: "Slot::shows Acquire" by shown::a_first_input_is_shown_whole;
    presence_enter: "Presence::enter Release" by routing::nothing_is_freed_while_a_thread_is_inside;
    full_fence: "full_fence SeqCst" by routing::nothing_is_freed_while_a_thread_is_inside;
    heavy_fence: "heavy_fence SeqCst" by routing::nothing_is_freed_while_a_thread_is_inside;
    presences_inside: "Presences::inside Acquire" by routing::nothing_is_freed_while_a_thread_is_inside;
    inside_drop: "Inside::drop Release" by routing::nothing_is_freed_while_a_thread_is_inside;
    absence_complete: "Absence::complete Acquire" by routing::nothing_is_freed_while_a_thread_is_inside;
    cell_retire: "Cell::retire SeqCst" by a_status_shows_no_other_life_of_a_cell;
    per_process_replace: "PerProcess::replace AcqRel" by per_process::of_two_that_are_made_at_once_all_have_one_and_it_is_whole;
    per_process_lost: "PerProcess::replace Acquire" by per_process::of_two_that_are_made_at_once_all_have_one_and_it_is_whole;
    per_process_get: "PerProcess::get Acquire" by per_process::of_two_that_are_made_at_once_all_have_one_and_it_is_whole;
}
