//! What calls of the C ABI are made with: handles that live or have ended, texts, structs, and values of the host
//! that must end exactly once.

use arbitrary::{Result, Unstructured};
use changeover::ffi::*;
use changeover::EventTag;
use std::collections::BTreeSet;
use std::ffi::{c_char, c_void};
use std::mem::{size_of, zeroed};
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::Mutex;

/// What outputs are before a call. No handle and no number of the library's.
pub const UNWRITTEN: u64 = 0x5555_5555_5555_5555;

pub const MILLISECOND: u64 = 1_000_000;

/// The longest duration of a setting.
const YEAR: u64 = 365 * 24 * 3600 * 1000 * MILLISECOND;

/// What C sees as handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Engine,
    Status,
    List,
    Tap,
    Text,
    Site,
    Response,
}

pub const KINDS: usize = 7;

/// A value of the host's, given to one call.
pub struct Given {
    ends: AtomicU32,
}

pub unsafe extern "C" fn end(data: *mut c_void) {
    // SAFETY: a `Given` of the world, which outlives the engine.
    let given = unsafe { &*data.cast::<Given>() };
    assert_eq!(given.ends.fetch_add(1, SeqCst), 0, "a value ends twice");
}

/// What the engine's callbacks have: they run on its threads.
#[repr(C)]
pub struct Host {
    /// What comes first, so that a host is given and ended like any value.
    given: Given,
    engine: AtomicUsize,
    /// What the callbacks do, until there is no more.
    script: Mutex<Vec<u8>>,
    pub commands: Mutex<Commands>,
}

/// Commands that were seen.
#[derive(Default)]
pub struct Commands {
    pub sessions: Vec<u64>,
    pub probes: Vec<u64>,
    starts: BTreeSet<u64>,
    stops: BTreeSet<u64>,
}

impl Commands {
    /// Each session is started once and stopped once, in that order; each probe is told once.
    pub fn see(&mut self, event: &changeover_event) {
        assert_ne!(event.kind, EventTag::Bug.code(), "the engine has met a bug");
        if event.kind == EventTag::Start.code() {
            assert!(self.starts.insert(event.session), "started twice: {}", event.session);
            self.sessions.push(event.session);
        }
        if event.kind == EventTag::Stop.code() {
            assert!(self.starts.contains(&event.session), "stopped, not started");
            assert!(self.stops.insert(event.session), "stopped twice: {}", event.session);
        }
        if event.kind == EventTag::Probe.code() {
            self.probes.push(event.probe);
        }
    }
}

impl Host {
    pub fn new(script: &[u8]) -> Host {
        Host {
            given: Given { ends: AtomicU32::new(0) },
            engine: AtomicUsize::new(0),
            script: Mutex::new(script.to_vec()),
            commands: Mutex::default(),
        }
    }

    pub fn is_of(&self, engine: *mut changeover_engine) {
        self.engine.store(engine.addr(), SeqCst);
    }

    /// Calls back, or does not; what the callback answers.
    fn call_back(&self) -> i32 {
        let Some(what) = self.script.lock().unwrap().pop() else { return 0 };
        let engine = without_provenance_mut(self.engine.load(SeqCst));
        let stream = b"a".as_ptr().cast::<c_char>();
        let mut status = null_mut();
        // SAFETY: texts are as long as is said, outputs are there.
        unsafe {
            let code = match what % 12 {
                0 => changeover_switch_input(engine, stream, 1, i32::from(what >> 4)),
                1 => changeover_clear_override(engine, stream, 1),
                2 => changeover_unregister(engine, stream, 1),
                3 => changeover_report_input_error(engine, stream, 1, 0, null(), 0),
                4 => changeover_record_packet(engine, stream, 1, 0, 1, u32::MAX, null_mut()),
                5 => {
                    let code = changeover_runtime_status(engine, stream, 1, &mut status);
                    changeover_status_free(status);
                    code
                }
                6 => changeover_set_input_enabled(engine, stream, 1, 1, i32::from(what & 16)),
                7 => {
                    let code = changeover_sync(engine, u64::MAX);
                    // The engine's number is known here after it was made.
                    let known = [CHANGEOVER_ERR_IN_CALLBACK, CHANGEOVER_ERR_NULL];
                    assert!(known.contains(&code), "sync in a callback answers {code}");
                    code
                }
                8 => {
                    let code = changeover_free(engine);
                    let known = [CHANGEOVER_ERR_IN_CALLBACK, CHANGEOVER_OK];
                    assert!(
                        known.contains(&code) && (code != 0 || engine.is_null()),
                        "free: {code}"
                    );
                    code
                }
                9 => return i32::from(what as i8),
                _ => return 0,
            };
            is_an_answer(code);
        }
        0
    }
}

unsafe fn host<'a>(data: *mut c_void) -> &'a Host {
    // SAFETY: a `Host` of the world, which outlives the engine; its value has not ended.
    let host = unsafe { &*data.cast::<Host>() };
    assert_eq!(host.given.ends.load(SeqCst), 0, "called back after the end");
    host
}

pub unsafe extern "C" fn on_command(data: *mut c_void, event: *const changeover_event) -> i32 {
    // SAFETY: the library's promise.
    let (host, event) = unsafe { (host(data), &*event) };
    host.commands.lock().unwrap().see(event);
    host.call_back()
}

pub unsafe extern "C" fn on_event(data: *mut c_void, event: *const changeover_event) {
    // SAFETY: as above.
    unsafe { on_command(data, event) };
}

pub unsafe extern "C" fn on_stream(data: *mut c_void, stream: *const c_char, len: usize) {
    // SAFETY: the library's promise: a NUL is behind it.
    assert_eq!(unsafe { *stream.add(len) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { &*data.cast::<Given>() }.ends.load(SeqCst), 0);
}

pub unsafe extern "C" fn on_line(data: *mut c_void, _: i32, line: *const c_char, len: usize) {
    // SAFETY: as above.
    unsafe { on_stream(data, line, len) };
}

/// None but a bug of the library's answers otherwise.
pub fn is_an_answer(code: i32) {
    let never = [CHANGEOVER_ERR_PANIC, CHANGEOVER_ERR_MONITOR_DIED, CHANGEOVER_ERR_FORKED];
    assert!((CHANGEOVER_ERR_TOKEN..=CHANGEOVER_OK).contains(&code), "{code} is no code");
    assert!(!never.contains(&code), "{code}");
}

/// A text that the library has given out.
pub fn is_a_text(at: *const c_char, len: usize) {
    assert!(!at.is_null());
    // SAFETY: the library's promise: so many bytes of UTF-8, and a NUL.
    unsafe {
        let bytes = std::slice::from_raw_parts(at.cast::<u8>(), len + 1);
        assert_eq!(bytes[len], 0);
        std::str::from_utf8(&bytes[..len]).expect("it is UTF-8");
    }
}

/// Everything that there is.
pub struct World {
    /// By their kind: live ones, and what was ended.
    live: [Vec<usize>; KINDS],
    ended: Vec<usize>,
    pub inputs: Vec<changeover_input>,
    pub event: changeover_event,
    /// Never moved: the library has their addresses.
    #[allow(clippy::vec_box)]
    given: Vec<Box<Given>>,
    pub host: Box<Host>,
    pub has_callbacks: bool,
    #[allow(clippy::vec_box)]
    configs: Vec<Box<changeover_config>>,
}

/// A text of the host's. What has no such length is refused before it is looked at.
#[derive(Clone, Copy)]
pub struct Text<'a>(pub &'a [u8], pub usize);

impl Text<'_> {
    pub fn at(self) -> *const c_char {
        if self.0.is_empty() && self.1 != usize::MAX {
            null()
        } else {
            self.0.as_ptr().cast()
        }
    }

    pub fn len(self) -> usize {
        self.1
    }
}

impl World {
    pub fn new(script: &[u8]) -> World {
        // SAFETY: numbers, pointers and functions that may be missing; it is prepared next.
        let mut event: changeover_event = unsafe { zeroed() };
        // SAFETY: as long as is said.
        unsafe { changeover_event_init(&mut event, size_of::<changeover_event>()) };
        World {
            live: Default::default(),
            ended: Vec::new(),
            inputs: Vec::new(),
            event,
            given: Vec::new(),
            host: Box::new(Host::new(script)),
            has_callbacks: false,
            configs: Vec::new(),
        }
    }

    /// A new one, unless there is none.
    pub fn has<T>(&mut self, kind: Kind, made: *mut T) {
        let all = self.live.iter().flatten().chain(&self.ended);
        assert!(!all.copied().any(|handle| handle == made.addr()), "a handle is given out again");
        self.live[kind as usize].push(made.addr());
    }

    /// A handle for a call, and whether that may succeed.
    pub fn handle<T>(&self, kind: Kind, chance: &mut Unstructured) -> Result<(*mut T, bool)> {
        let live = &self.live[kind as usize];
        let other = match chance.int_in_range(0..=31_u8)? {
            0 => 0,
            1 => chance.arbitrary()?,
            2 => self.ended.last().copied().unwrap_or(0),
            3 => self.live.iter().flatten().last().copied().unwrap_or(0),
            _ => live.last().copied().unwrap_or(0),
        };
        Ok((without_provenance_mut(other), live.contains(&other)))
    }

    /// One that lives no more.
    pub fn has_ended<T>(&mut self, kind: Kind, handle: *mut T) {
        let live = &mut self.live[kind as usize];
        live.retain(|other| *other != handle.addr());
        self.ended.push(handle.addr());
    }

    pub fn newest(&self, kind: Kind) -> Option<usize> {
        self.live[kind as usize].last().copied()
    }

    /// A value for the next call.
    pub fn give(&mut self) -> *mut c_void {
        self.given.push(Box::new(Given { ends: AtomicU32::new(0) }));
        let given: *const Given = &**self.given.last().expect("it was pushed");
        given.cast_mut().cast()
    }

    /// After the engine has ended: all that was given to it has, too.
    pub fn all_have_ended(&self) {
        for given in &self.given {
            assert_eq!(given.ends.load(SeqCst), 1, "a value of the host's has not ended");
        }
    }

    pub fn host_has_ended(&self) -> bool {
        self.host.given.ends.load(SeqCst) == 1
    }

    /// Settings, or NULL.
    pub fn config(&mut self, chance: &mut Unstructured) -> Result<*const changeover_config> {
        if chance.ratio(1, 3)? {
            return Ok(null());
        }
        // SAFETY: numbers alone; prepared next.
        let mut config: changeover_config = unsafe { zeroed() };
        // SAFETY: as long as is said.
        unsafe { changeover_config_init(&mut config, size_of::<changeover_config>()) };
        for field in
            [&mut config.packet_timeout, &mut config.connect_timeout, &mut config.probe_cooldown]
        {
            if chance.arbitrary()? {
                *field = duration(chance)?;
            }
        }
        if chance.arbitrary()? {
            config.standby = chance.int_in_range(0..=2)?;
            config.failback = chance.int_in_range(0..=1)?;
            config.overlap = chance.int_in_range(0..=1)?;
            config.min_bitrate = chance.arbitrary()?;
            config.switch_cooldown = duration(chance)?;
            config.failback_stable = duration(chance)?;
        }
        if chance.ratio(1, 30)? {
            config.struct_size = chance.int_in_range(0..=20)?;
        }
        self.configs.push(Box::new(config));
        Ok(&**self.configs.last().expect("it was pushed"))
    }

    /// Inputs from a priority on, some of them with values.
    pub fn specs(
        &mut self,
        first: i32,
        chance: &mut Unstructured,
    ) -> Result<Vec<changeover_input_spec>> {
        let mut specs = Vec::new();
        for place in 0..chance.int_in_range(0..=4)? {
            // SAFETY: as above.
            let mut spec: changeover_input_spec = unsafe { zeroed() };
            // SAFETY: as long as is said.
            unsafe { changeover_input_spec_init(&mut spec, size_of::<changeover_input_spec>()) };
            spec.priority = if chance.ratio(1, 30)? { priority(chance)? } else { first + place };
            let url = any_text(chance)?;
            (spec.url, spec.url_len) = (url.at(), url.len());
            spec.config = self.config(chance)?;
            specs.push(spec);
        }
        // After all that could come to an end: what was given is given.
        for spec in &mut specs {
            spec.user_data = self.give();
            spec.destroy = Some(end);
        }
        Ok(specs)
    }
}

pub fn stream(chance: &mut Unstructured) -> Result<Text<'static>> {
    const LONG: &[u8] = &[b'x'; 256];
    const IDS: [&[u8]; 8] = [b"a", b"b", b"a", b"c", b"", b"\xff", LONG, b"none"];
    let which = chance.int_in_range(0..=63_usize)?;
    let id = IDS[if which < 56 { which % 3 } else { which - 56 }];
    let len = if chance.ratio(1, 60)? { usize::MAX } else { id.len() };
    Ok(Text(id, len))
}

pub fn any_text<'a>(chance: &mut Unstructured) -> Result<Text<'a>> {
    const TEXTS: [&[u8]; 6] = [
        b"",
        b"rtmp://u:p@h/live/key",
        b"\xc3",
        b"\x1b[0m\n",
        b"udp://239.0.0.1:5000",
        &[b'y'; 5000],
    ];
    let text = *chance.choose(&TEXTS)?;
    let len = if chance.ratio(1, 60)? { usize::MAX } else { text.len() };
    Ok(Text(text, len))
}

pub fn priority(chance: &mut Unstructured) -> Result<i32> {
    const ABSURD: [i32; 5] = [-1, i32::MIN, i32::MAX, 7, 256];
    if chance.ratio(1, 20)? {
        Ok(*chance.choose(&ABSURD)?)
    } else {
        chance.int_in_range(0..=4)
    }
}

pub fn duration(chance: &mut Unstructured) -> Result<u64> {
    const ABSURD: [u64; 6] = [0, 1, u64::MAX, u64::MAX - 1, YEAR, YEAR + 1];
    if chance.ratio(1, 10)? {
        return Ok(*chance.choose(&ABSURD)?);
    }
    Ok(chance.int_in_range(1..=40)? * MILLISECOND)
}
