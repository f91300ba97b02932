//! What can only be shown from inside: that tables match enums, and how structs of other versions are
//! met. Everything else is tested from C, in `ffi-tests/`.

use super::handles::{Handles, Kind};
use super::result::Code;
use super::versioned::{fill, init, read, read_all, Versioned};
use super::*;
use crate::core::{
    Detail, InputError, Notice, PassedOver, Probe, Rejected, Start, Stop, Switch, Times,
};
use crate::engine::{Event, EventKind};
use crate::hot::{is_true_in_a_child, watch_forks};
use crate::user_data::UserData;
use crate::vocabulary::{EventTag, Obstacle, Reason, Status, ERRORS};
use crate::whatif::Difference;
use std::ffi::{c_char, CStr};
use std::sync::Arc;
use std::time::Duration;

fn name(name: *const c_char) -> &'static str {
    // SAFETY: the functions that return names return static strings with a NUL.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap()
}

#[test]
fn every_code_has_a_name_and_a_message_of_its_own() {
    let mut numbers: Vec<_> = ERRORS.iter().map(|word| -word.number).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().zip(0..).all(|(number, index)| *number == index), "{numbers:?}");
    let mut seen = std::collections::HashSet::new();
    for word in ERRORS {
        assert!(seen.insert(name(changeover_error_name(word.number))));
        assert!(seen.insert(name(changeover_error_message(word.number))));
    }
    for code in [1, -(ERRORS.len() as i32), i32::MIN, i32::MAX] {
        assert_eq!(name(changeover_error_name(code)), "unknown");
        assert_eq!(name(changeover_error_message(code)), "unknown");
    }
}

#[test]
fn names_are_the_engines() {
    for reason in Reason::ALL {
        assert_eq!(name(changeover_reason_name(reason.code())), reason.name());
    }
    for status in Status::ALL {
        let json = serde_json::to_string(&status).unwrap();
        let named = name(changeover_status_name(status.code()));
        assert_eq!(json, format!("\"{named}\""));
    }
    for tag in EventTag::ALL {
        assert_eq!(name(changeover_event_name(tag.code())), tag.name());
    }
    assert_eq!(name(changeover_event_name(0)), "none");
    for function in [changeover_reason_name, changeover_event_name, changeover_status_name] {
        for value in [-1, i32::MIN, i32::MAX] {
            assert_eq!(name(function(value)), "unknown");
        }
    }
}

#[test]
fn each_kind_of_event_fills_in_the_fields_its_row_names() {
    let input = Arc::new(crate::core::Input::new(0, "u").option("k", "v").with_user_data(()));
    let condition = Reason::LowBitrate;
    let detail = Detail::OutOfLimit { condition, measured: 1, limit: 2, window: 3, shown: 4 };
    let error = InputError { at: 1, reason: condition, detail: detail.clone() };
    let rejected = Rejected {
        priority: 0,
        obstacle: Obstacle::Held,
        reason: Some(condition),
        detail: detail.clone(),
        wait: 1,
    };
    let passed_over = PassedOver { best: vec![rejected], more: 1 };
    let times = Times { detection: Some(0), decision: Some(0), commit: Some(0) };
    let (from, waited, timeout) = (Some(1), Duration::from_secs(1), Duration::from_secs(3));
    let reason = Reason::Timeout;
    let switch = Switch { at: 1, from, to: 0, reason, detail, number: 2, times, passed_over };
    let kinds = [
        EventKind::Start(Start {
            session: 1,
            input: input.clone(),
            buffer_write_id: "b".into(),
            start_reason: crate::StartReason::Forced,
        }),
        EventKind::Stop(Stop { session: 1, priority: 0, user_data: Some(UserData::new(())) }),
        EventKind::Probe(Probe { probe: 1, input, timeout }),
        EventKind::Notice(Notice::Switched(switch.into())),
        EventKind::Notice(Notice::Active { priority: 0, session: 1, waited }),
        EventKind::Notice(Notice::Degraded { priority: 0, error }),
        EventKind::Notice(Notice::Recovered { priority: 0, exhausted: true }),
        EventKind::Notice(Notice::Exhausted { reason }),
        EventKind::Notice(Notice::Restored { priority: 0 }),
        EventKind::Notice(Notice::Unregistered),
        EventKind::Gap { dropped: 1 },
        EventKind::Notice(Notice::Bug { detail: Detail::Told("why".into()) }),
        EventKind::MassFailure { failed: 31, limit: 30, on_air: 100 },
        EventKind::ShadowDiffers(Box::new(Difference::example())),
        EventKind::ShadowGap { dropped: 1 },
    ];
    assert!(
        kinds.iter().map(EventKind::tag).eq(EventTag::ALL.iter().copied()),
        "each kind, in their order"
    );
    for kind in kinds {
        let wall = std::time::SystemTime::UNIX_EPOCH;
        let event = Event { stream: "s".into(), registration: 1, at: 0, wall, kind };
        let fields = event.fields();
        let mut declared = fields.kind.fields().to_vec();
        let mut filled: Vec<_> = event::filled(&fields).collect();
        declared.sort_unstable();
        filled.sort_unstable();
        assert_eq!(filled, declared, "{event}");
    }
}

#[test]
fn the_composite_version_is_cargos() {
    let parts: Vec<u32> =
        env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
    let composite = parts[0] * 10_000 + parts[1] * 100 + parts[2];
    assert_eq!(changeover_version_number(), composite);
    assert_eq!(name(changeover_version()), env!("CARGO_PKG_VERSION"));
}

/// A struct in its first version, in ours, and in a later one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct First {
    struct_size: usize,
    a: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Ours {
    struct_size: usize,
    a: u64,
    b: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Later {
    struct_size: usize,
    a: u64,
    b: u64,
    c: u64,
}

// SAFETY: `repr(C)`, `struct_size` first, integers only.
unsafe impl Versioned for Ours {
    const FIRST: usize = size_of::<First>();
    const INITIAL: Ours = Ours { struct_size: 0, a: 1, b: 2 };
}

const SIZE: Code = Code(CHANGEOVER_ERR_STRUCT_SIZE);

#[test]
fn an_older_struct_has_our_defaults_and_is_filled_no_further_than_it_goes() {
    let mut memory = [First { struct_size: 0, a: 0 }, First { struct_size: 7, a: 7 }];
    let first = memory.as_mut_ptr().cast::<Ours>();
    // SAFETY: each call is told the size of a `First`, which there is room for.
    unsafe {
        init(first, size_of::<First>()).unwrap();
        assert_eq!(memory[0], First { struct_size: 16, a: 1 });
        memory[0].a = 10;
        assert_eq!(read(first).unwrap(), Ours { struct_size: 16, a: 10, b: 2 });
        fill(first, &Ours { struct_size: 0, a: 20, b: 30 }).unwrap();
    }
    assert_eq!(memory, [First { struct_size: 16, a: 20 }, First { struct_size: 7, a: 7 }]);
}

#[test]
fn a_newer_struct_works_while_what_we_do_not_know_is_zero() {
    let mut later = Later { struct_size: 0, a: 9, b: 9, c: 9 };
    let ours = (&raw mut later).cast::<Ours>();
    // SAFETY: each call is told the size of a `Later`, which there is room for.
    unsafe {
        init(ours, size_of::<Later>()).unwrap();
        assert_eq!(later, Later { struct_size: 32, a: 1, b: 2, c: 0 });
        fill(ours, &Ours { struct_size: 0, a: 3, b: 4 }).unwrap();
        assert_eq!(later, Later { struct_size: 32, a: 3, b: 4, c: 0 });
        assert_eq!(read(ours).unwrap(), Ours { struct_size: 32, a: 3, b: 4 });
        for c in [1, 1 << 63] {
            later.c = c;
            assert_eq!(read(ours).unwrap_err(), SIZE);
            assert_eq!(fill(ours, &Ours::INITIAL).unwrap_err(), SIZE);
            assert_eq!(later, Later { struct_size: 32, a: 3, b: 4, c });
        }
    }
}

#[test]
fn absurd_sizes_are_refused() {
    let mut ours = Ours { struct_size: 0, a: 9, b: 9 };
    for size in [0, 1, 15, 16385, isize::MAX as usize, usize::MAX] {
        ours.struct_size = size;
        // SAFETY: sizes that are refused are refused before anything else is touched.
        unsafe {
            assert_eq!(init(&mut ours, size).unwrap_err(), SIZE);
            assert_eq!(read(&ours).unwrap_err(), SIZE);
            assert_eq!(fill(&mut ours, &Ours::INITIAL).unwrap_err(), SIZE);
        }
    }
    assert_eq!((ours.a, ours.b), (9, 9));
}

#[test]
fn an_array_is_as_wide_as_its_first_element_says() {
    let older = [First { struct_size: 16, a: 5 }, First { struct_size: 16, a: 6 }];
    let newer =
        [Later { struct_size: 32, a: 5, b: 7, c: 0 }, Later { struct_size: 32, a: 6, b: 8, c: 0 }];
    // SAFETY: arrays of two structs that are as long as they say.
    let (old, new) = unsafe {
        (
            read_all(older.as_ptr().cast::<Ours>(), 2, |s| Ok((s.a, s.b))).unwrap(),
            read_all(newer.as_ptr().cast::<Ours>(), 2, |s| Ok((s.a, s.b))).unwrap(),
        )
    };
    assert_eq!((old, new), (vec![(5, 2), (6, 2)], vec![(5, 7), (6, 8)]));
    let mixed = [First { struct_size: 16, a: 5 }, First { struct_size: 24, a: 6 }];
    // SAFETY: as above; the second one's size is looked at and refused.
    let result = unsafe { read_all(mixed.as_ptr().cast::<Ours>(), 2, |_| Ok(())) };
    assert_eq!(result.unwrap_err(), SIZE);
    // SAFETY: refused before the second element is touched.
    let result = unsafe { read_all(older.as_ptr().cast::<Ours>(), usize::MAX / 2, |_| Ok(())) };
    assert_eq!(result.unwrap_err(), Code(CHANGEOVER_ERR_LENGTH));
}

#[test]
fn handles_are_odd_unique_and_end_once() {
    static HANDLES: Handles<u32> = Handles::new(Kind::StreamList);
    let first = HANDLES.insert(Arc::new(1)).unwrap();
    let second = HANDLES.insert(Arc::new(2)).unwrap();
    assert!(first % 2 == 1 && second % 2 == 1 && first != second);
    // Go takes a pointer below 4096 for a mistake.
    assert!(first >= 4096);
    assert_eq!(*HANDLES.find(first).unwrap(), 1);
    assert_eq!(*HANDLES.take(first).unwrap(), 1);
    let gone = Code(CHANGEOVER_ERR_HANDLE);
    assert_eq!(HANDLES.find(first).unwrap_err(), gone);
    assert_eq!(HANDLES.take(first).unwrap_err(), gone);
    assert_eq!(HANDLES.find(0).unwrap_err(), Code(CHANGEOVER_ERR_NULL));
    // Another kind, an address, a number not given out, and any bits.
    for foreign in [second + 2, second & !1, second + 16, 5, 1, first >> 1, u64::MAX, 1 << 63] {
        assert_eq!(HANDLES.find(foreign).unwrap_err(), gone);
    }
    let third = HANDLES.insert(Arc::new(3)).unwrap();
    assert!(third > second);
    assert_eq!(*HANDLES.find(second).unwrap(), 2);
}

#[test]
fn handles_of_a_childs_parent_are_forked_and_the_child_has_its_own() {
    static HANDLES: Handles<u32> = Handles::new(Kind::StreamList);
    watch_forks().unwrap();
    let live = HANDLES.insert(Arc::new(1)).unwrap();
    let ended = HANDLES.insert(Arc::new(2)).unwrap();
    HANDLES.take(ended).unwrap();
    assert!(is_true_in_a_child(|| {
        for parents in [live, ended] {
            assert_eq!(HANDLES.find(parents).unwrap_err(), Code(CHANGEOVER_ERR_FORKED));
            assert_eq!(HANDLES.take(parents).unwrap_err(), Code(CHANGEOVER_ERR_FORKED));
        }
        let childs = HANDLES.insert(Arc::new(3)).unwrap();
        *HANDLES.find(childs).unwrap() == 3
    }));
    assert_eq!(*HANDLES.find(live).unwrap(), 1);
}

unsafe extern "C" fn goes_on(_: *mut std::ffi::c_void, _: *const changeover_event) -> i32 {
    0
}

/// Tries to free its own engine.
unsafe extern "C" fn frees(data: *mut std::ffi::c_void, _: *const changeover_event) {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    // SAFETY: the test's, which outlives the engine: its handle, and room for the answer.
    let [handle, answer] = unsafe { &*data.cast::<[AtomicUsize; 2]>() };
    // SAFETY: a handle is looked up, never followed.
    let code = unsafe { changeover_free(std::ptr::without_provenance_mut(handle.load(SeqCst))) };
    answer.store(code.unsigned_abs() as usize, SeqCst);
}

#[test]
fn a_callback_may_not_free_an_engine_that_is_being_freed_either() {
    use std::mem::zeroed;
    use std::ptr::{addr_of, null, null_mut};
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    let shared = [const { AtomicUsize::new(0) }; 2];
    let mut engine = null_mut();
    // SAFETY: structs are as long as they say, texts as long as is said.
    unsafe {
        let (mut options, mut callbacks): (changeover_options, changeover_callbacks) = zeroed();
        let mut input: changeover_input_spec = zeroed();
        changeover_options_init(&mut options, size_of::<changeover_options>());
        changeover_callbacks_init(&mut callbacks, size_of::<changeover_callbacks>());
        changeover_input_spec_init(&mut input, size_of::<changeover_input_spec>());
        callbacks.user_data = addr_of!(shared).cast_mut().cast();
        callbacks.start = Some(goes_on);
        callbacks.stop = Some(frees);
        options.callbacks = &callbacks;
        assert_eq!(changeover_new(&options, &mut engine), CHANGEOVER_OK);
        shared[0].store(engine.addr(), SeqCst);
        let news = c"news".as_ptr();
        let registered =
            changeover_register(engine, news, 4, null(), 0, &input, 1, null(), null_mut());
        assert_eq!(registered, CHANGEOVER_OK);
        assert_eq!(changeover_sync(engine, u64::MAX), CHANGEOVER_OK);
        // Its session was started, so it is stopped, while this waits.
        assert_eq!(changeover_free(engine), CHANGEOVER_OK);
    }
    let expected = CHANGEOVER_ERR_IN_CALLBACK.unsigned_abs() as usize;
    assert_eq!(shared[1].load(SeqCst), expected);
}
