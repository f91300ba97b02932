//! Structs of the C ABI: of any size, as programs compiled for other versions have them, with any content.

use arbitrary::{Arbitrary, Result, Unstructured};
use changeover::ffi::*;
use std::alloc::{alloc, dealloc, Layout};
use std::ffi::{c_char, CStr};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::slice::{from_raw_parts, from_raw_parts_mut};
use std::sync::LazyLock;

/// No struct is larger in any version.
const MAX: usize = 16384;

/// Memory of exactly so many bytes, so that AddressSanitizer sees a byte too many.
struct Memory {
    at: *mut u8,
    layout: Layout,
}

impl Memory {
    fn new(size: usize, with: u8) -> Memory {
        let layout = Layout::from_size_align(size.max(1), 8).unwrap();
        // SAFETY: it has a size.
        let at = unsafe { alloc(layout) };
        assert!(!at.is_null());
        // SAFETY: as long as it was asked for.
        unsafe { at.write_bytes(with, layout.size()) };
        Memory { at, layout }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: it was written whole.
        unsafe { from_raw_parts(self.at, self.layout.size()) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and nobody else's.
        unsafe { from_raw_parts_mut(self.at, self.layout.size()) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was made so.
        unsafe { dealloc(self.at, self.layout) }
    }
}

/// A struct, without its type.
struct Struct {
    name: &'static str,
    init: fn(*mut u8, usize) -> i32,
    /// Of this version.
    size: usize,
    /// Where it ended in the first version that had it.
    first: usize,
}

static STRUCTS: LazyLock<Vec<Struct>> = LazyLock::new(|| {
    macro_rules! structs {
        ($($type:ident: $init:ident)*) => {
            vec![$({
                // SAFETY: memory is as long as is said, see `prepared`.
                let init: fn(*mut u8, usize) -> i32 = |at, size| unsafe { $init(at.cast(), size) };
                Struct { name: stringify!($type), init, size: size_of::<$type>(), first: first(init) }
            }),*]
        };
    }
    structs! {
        changeover_config: changeover_config_init
        changeover_input_spec: changeover_input_spec_init
        changeover_event: changeover_event_init
        changeover_callbacks: changeover_callbacks_init
        changeover_options: changeover_options_init
        changeover_trace_options: changeover_trace_options_init
        changeover_stream_status: changeover_stream_status_init
        changeover_input_status: changeover_input_status_init
        changeover_error_entry: changeover_error_entry_init
        changeover_condition_entry: changeover_condition_entry_init
        changeover_switch_entry: changeover_switch_entry_init
        changeover_status_view: changeover_status_view_init
        changeover_rtp_loss: changeover_rtp_loss_init
        changeover_ts_loss: changeover_ts_loss_init
        changeover_request: changeover_request_init
        changeover_response_view: changeover_response_view_init
        changeover_serve_options: changeover_serve_options_init
    }
});

fn first(init: fn(*mut u8, usize) -> i32) -> usize {
    let memory = Memory::new(MAX, 0);
    (0..=MAX).find(|size| init(memory.at, *size) == CHANGEOVER_OK).expect("some size is right")
}

/// Any size, mostly one that some version may have.
fn size_of_some(of: &Struct, chance: &mut Unstructured) -> Result<usize> {
    Ok(match chance.int_in_range(0..=4_u8)? {
        0 => of.size,
        1 => of.first + usize::from(chance.arbitrary::<u8>()?) % (of.size - of.first + 1),
        2 => of.size + usize::from(chance.arbitrary::<u8>()?),
        3 => chance.int_in_range(0..=MAX + 9)?,
        _ => chance.arbitrary()?,
    })
}

/// Whether all bytes are this one. As one comparison: each that this program makes by itself is traced.
fn is_all(bytes: &[u8], one: u8) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return true };
    *first == one && *rest == bytes[..rest.len()]
}

/// Is refused where no version has that size, and then nothing is written; else all of it is.
fn prepared(of: &Struct, size: usize, with: u8) -> Option<Memory> {
    // What is refused is not looked at.
    let memory = Memory::new(size.min(MAX + 16), with);
    let code = (of.init)(memory.at, size);
    let bytes = memory.bytes();
    if !(of.first..=MAX).contains(&size) {
        assert_eq!(code, CHANGEOVER_ERR_STRUCT_SIZE, "{} of {size}", of.name);
        assert!(is_all(bytes, with), "{}: written all the same", of.name);
        return None;
    }
    assert_eq!(code, CHANGEOVER_OK, "{} of {size}", of.name);
    assert_eq!(bytes[..8], size.to_ne_bytes(), "{}: its size", of.name);
    let unknown = bytes.get(of.size..).unwrap_or_default();
    assert!(is_all(unknown, 0), "{}: unknown fields are zero", of.name);
    Some(memory)
}

/// What is said of settings.
#[derive(Debug, PartialEq)]
struct Said(i32, Option<&'static CStr>, Option<&'static CStr>);

fn checked(config: *const u8, of: i32) -> Said {
    const UNWRITTEN: *const c_char = c"unwritten".as_ptr();
    let (mut field, mut why) = (UNWRITTEN, UNWRITTEN);
    // SAFETY: it is as long as it says.
    let code = unsafe { changeover_config_check(config.cast(), of, &mut field, &mut why) };
    if code != CHANGEOVER_OK {
        assert!(field == UNWRITTEN && why == UNWRITTEN, "an output was written after an error");
        return Said(code, None, None);
    }
    assert_eq!(field.is_null(), why.is_null());
    // SAFETY: a static string.
    let text = |text: *const c_char| (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
    Said(code, text(field), text(why))
}

/// What inputs with these settings are told.
fn checked_as_input(config: *const u8) -> (i32, usize, Option<&'static CStr>) {
    // SAFETY: numbers and pointers; it is prepared below.
    let mut spec: changeover_input_spec = unsafe { std::mem::zeroed() };
    let (mut index, mut field) = (7, null());
    // SAFETY: structs are as long as they say.
    let code = unsafe {
        changeover_input_spec_init(&mut spec, size_of::<changeover_input_spec>());
        spec.config = config.cast();
        changeover_inputs_check(&spec, 1, &mut index, &mut field, null_mut())
    };
    // SAFETY: a static string.
    (code, index, (!field.is_null()).then(|| unsafe { CStr::from_ptr(field) }))
}

/// Settings of any version mean what they mean in this one.
fn config(of: &Struct, size: usize, chance: &mut Unstructured) -> Result<()> {
    let Some(mut theirs) = prepared(of, size, 0x55) else { return Ok(()) };
    let mut changes = Vec::new();
    while changes.len() < 16 && chance.arbitrary()? {
        // A field, but not the size of the struct.
        let at = 8 + chance.int_in_range(0..=(size - 8).max(1) - 1)?;
        let value = match chance.int_in_range(0..=3_u8)? {
            0 => chance.int_in_range(0..=200)?,
            1 => u64::from(chance.arbitrary::<u8>()?) * 1_000_000_000,
            2 => u64::from(chance.arbitrary::<u16>()?) * 1_000_000,
            _ => chance.arbitrary()?,
        };
        let long = at / 8 * 8;
        changes.push(if chance.arbitrary()? && long + 8 <= size {
            (long, value.to_ne_bytes().to_vec())
        } else {
            (at, vec![value as u8])
        });
    }
    let mut ours = prepared(of, of.size, 0xaa).expect("its own size is right");
    let mut sets_unknown = false;
    for (at, bytes) in &changes {
        for (at, byte) in (*at..).zip(bytes) {
            theirs.bytes_mut()[at] = *byte;
            if at < of.size {
                ours.bytes_mut()[at] = *byte;
            }
        }
    }
    if size > of.size {
        sets_unknown = !is_all(&theirs.bytes()[of.size..], 0);
    }
    let which = chance.int_in_range(-1..=3)?;
    let said = checked(theirs.at, which);
    if sets_unknown {
        assert_eq!(said, Said(CHANGEOVER_ERR_STRUCT_SIZE, None, None), "unknown fields are set");
        return Ok(());
    }
    assert_eq!(said, checked(ours.at, which), "as in this version");
    let expected = if (0..=2).contains(&which) { CHANGEOVER_OK } else { CHANGEOVER_ERR_VALUE };
    assert_eq!(said.0, expected);
    let as_input = checked_as_input(theirs.at);
    let Said(_, field, _) = checked(theirs.at, 1);
    assert_eq!(as_input, (CHANGEOVER_OK, usize::from(field.is_none()), field));
    Ok(())
}

/// A status with everything in it.
struct Shown {
    status: usize,
}

static SHOWN: LazyLock<Shown> = LazyLock::new(|| {
    let (mut engine, mut status) = (null_mut(), null_mut());
    // SAFETY: structs are as long as they say, texts as long as is said.
    unsafe {
        assert_eq!(changeover_new(null(), &mut engine), CHANGEOVER_OK);
        let mut specs = [std::mem::zeroed::<changeover_input_spec>(); 2];
        for (priority, spec) in (0..).zip(&mut specs) {
            changeover_input_spec_init(spec, size_of::<changeover_input_spec>());
            spec.priority = priority;
            spec.url = c"udp://239.0.0.1:5000".as_ptr();
            spec.url_len = 20;
        }
        let news = c"news".as_ptr();
        let specs = (specs.as_ptr(), specs.len());
        let null_text = null();
        assert_eq!(
            changeover_register(
                engine,
                news,
                4,
                null_text,
                0,
                specs.0,
                specs.1,
                null(),
                null_mut()
            ),
            CHANGEOVER_OK
        );
        assert_eq!(
            changeover_report_soft_error(engine, news, 4, 1, c"soft".as_ptr(), 4),
            CHANGEOVER_OK
        );
        assert_eq!(
            changeover_report_input_error(engine, news, 4, 0, c"hard".as_ptr(), 4),
            CHANGEOVER_OK
        );
        assert_eq!(changeover_runtime_status(engine, news, 4, &mut status), CHANGEOVER_OK);
        // The status stays as it is.
        changeover_free(engine);
    }
    Shown { status: status.addr() }
});

type Fill = fn(*const changeover_status, *mut u8) -> i32;

/// Structs of any version are filled with what they have of this one, and nothing else is touched.
fn filled(chance: &mut Unstructured) -> Result<()> {
    let status = std::ptr::without_provenance::<changeover_status>(SHOWN.status);
    // SAFETY: what is filled is as long as it says.
    let fills: [(&str, Fill); 4] = unsafe {
        [
            ("changeover_stream_status", |status, at| changeover_status_stream(status, at.cast())),
            ("changeover_input_status", |status, at| changeover_status_input(status, 0, at.cast())),
            ("changeover_error_entry", |status, at| {
                changeover_status_error(status, 0, 0, at.cast())
            }),
            ("changeover_switch_entry", |status, at| {
                changeover_status_switch(status, 0, at.cast())
            }),
        ]
    };
    let (name, fill) = *chance.choose(&fills)?;
    let of = STRUCTS.iter().find(|of| of.name == name).expect("it is one of them");
    let size = size_of_some(of, chance)?;
    let Some(mut theirs) = prepared(of, size, 0x55) else { return Ok(()) };
    // Whatever was in it.
    let at = 8 + chance.int_in_range(0..=(size - 8).max(1) - 1)?;
    if at < size {
        theirs.bytes_mut()[at] = chance.arbitrary()?;
    }
    let sets_unknown = !is_all(theirs.bytes().get(of.size..).unwrap_or_default(), 0);
    let before = theirs.bytes().to_vec();
    let code = fill(status, theirs.at);
    if sets_unknown {
        assert_eq!((code, theirs.bytes()), (CHANGEOVER_ERR_STRUCT_SIZE, &before[..]));
        return Ok(());
    }
    let ours = prepared(of, of.size, 0xaa).expect("its own size is right");
    assert_eq!((code, fill(status, ours.at)), (CHANGEOVER_OK, CHANGEOVER_OK));
    let known = size.min(of.size);
    assert_eq!(theirs.bytes()[8..known], ours.bytes()[8..known], "{name} of {size}");
    assert_eq!(theirs.bytes()[..8], size.to_ne_bytes());
    assert_eq!(theirs.bytes()[known..], before[known..]);
    Ok(())
}

/// Events that nobody has given out, or that were copied: whatever they say, something is answered.
fn event(of: &Struct, size: usize, chance: &mut Unstructured) -> Result<()> {
    let Some(memory) = prepared(of, size, 0x55) else { return Ok(()) };
    if size < of.size {
        return Ok(());
    }
    // SAFETY: it is as long, and aligned.
    let event = unsafe { &mut *memory.at.cast::<changeover_event>() };
    // Numbers are anybody's; pointers are the caller's promise.
    event.owner = chance.arbitrary()?;
    event.kind =
        if chance.arbitrary()? { chance.int_in_range(-1..=15)? } else { chance.arbitrary()? };
    [event.priority, event.from, event.reason] = chance.arbitrary()?;
    [event.session, event.probe, event.switch_number, event.at] = chance.arbitrary()?;
    [event.measured, event.limit, event.window, event.detection] = chance.arbitrary()?;
    [event.exhausted, event.start_reason] = chance.arbitrary()?;
    event.at_unix = chance.arbitrary()?;
    let text = String::arbitrary(chance)?;
    if chance.arbitrary()? {
        (event.stream, event.stream_len) = (text.as_ptr().cast(), text.len());
        (event.detail, event.detail_len) = (text.as_ptr().cast(), text.len());
    }
    let mut buffer = [0x55_u8; 64];
    let room = chance.int_in_range(0..=buffer.len())?;
    for print in [changeover_event_text, changeover_event_json] {
        let mut length = usize::MAX;
        // SAFETY: as long as is said.
        let code = unsafe { print(event, buffer.as_mut_ptr().cast(), room, &mut length) };
        let known =
            [CHANGEOVER_OK, CHANGEOVER_ERR_VALUE, CHANGEOVER_ERR_HANDLE, CHANGEOVER_ERR_UTF8];
        assert!(known.contains(&code), "{code}");
        assert_eq!(code != CHANGEOVER_OK, length == usize::MAX);
        assert!(buffer[room..].iter().all(|byte| *byte == 0x55));
    }
    let owner = event.owner;
    // SAFETY: as above.
    let code = unsafe { changeover_event_clear(event) };
    assert_eq!(code, if owner == 0 { CHANGEOVER_OK } else { CHANGEOVER_ERR_HANDLE }, "{owner:#x}");
    Ok(())
}

fn one(chance: &mut Unstructured) -> Result<()> {
    let of = |name| STRUCTS.iter().find(|of| of.name == name).expect("it is one of them");
    match chance.int_in_range(0..=3_u8)? {
        0 => {
            let of = chance.choose(&STRUCTS)?;
            let size = size_of_some(of, chance)?;
            prepared(of, size, chance.arbitrary()?);
            assert_eq!((of.init)(null_mut(), size), CHANGEOVER_ERR_NULL, "{}", of.name);
        }
        1 => {
            let of = of("changeover_config");
            config(of, size_of_some(of, chance)?, chance)?;
        }
        2 => filled(chance)?,
        _ => {
            let of = of("changeover_event");
            event(of, size_of_some(of, chance)?, chance)?;
        }
    }
    Ok(())
}

pub fn run(bytes: &[u8]) {
    let mut chance = Unstructured::new(bytes);
    // What has come to its end asks no more.
    while !chance.is_empty() && one(&mut chance).is_ok() {}
}
