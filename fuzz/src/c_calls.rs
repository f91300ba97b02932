//! Calls of the C ABI in any order, with hostile arguments, on a live engine; and the same from its callbacks.

use super::world::*;
use arbitrary::{Result, Unstructured};
use changeover::ffi::*;
use std::mem::{size_of, zeroed};
use std::ptr::{null, without_provenance_mut};

/// Calls of one run.
const MOST: usize = 64;

/// What a call has answered; `may` says whether it may have succeeded.
fn answered(code: i32, may: bool) -> bool {
    is_an_answer(code);
    assert!(may || code != CHANGEOVER_OK, "succeeds with a handle that is none");
    code == CHANGEOVER_OK
}

/// A struct of the library's own size.
fn prepared<T>(init: unsafe extern "C" fn(*mut T, usize) -> i32) -> T {
    // SAFETY: all of them are numbers, pointers and functions that may be missing.
    let mut made: T = unsafe { zeroed() };
    // SAFETY: as long as is said.
    assert_eq!(unsafe { init(&mut made, size_of::<T>()) }, CHANGEOVER_OK);
    made
}

/// An output for a handle, and what was put there.
fn handle_of<T>(call: impl FnOnce(*mut *mut T) -> i32, may: bool) -> Option<*mut T> {
    let mut out = without_provenance_mut(UNWRITTEN as usize);
    let done = answered(call(&mut out), may);
    assert_eq!(done, out.addr() != UNWRITTEN as usize, "outputs are written with success alone");
    done.then_some(out)
}

impl World {
    fn begin(&mut self, chance: &mut Unstructured) -> Result<()> {
        let mut options = prepared(changeover_options_init);
        let mut callbacks = prepared(changeover_callbacks_init);
        options.event_limit = if chance.arbitrary()? { 0 } else { chance.int_in_range(1..=9)? };
        if chance.arbitrary()? {
            callbacks.user_data = (&raw const *self.host).cast_mut().cast();
            callbacks.destroy = Some(end);
            callbacks.start = Some(on_command);
            callbacks.probe = Some(on_command);
            callbacks.stop = Some(on_event);
            callbacks.notify = Some(on_event);
            options.callbacks = &callbacks;
            self.has_callbacks = true;
        }
        // SAFETY: structs are as long as they say.
        let engine = handle_of(|out| unsafe { changeover_new(&options, out) }, true);
        let engine = engine.expect("an engine");
        self.host.is_of(engine);
        self.has(Kind::Engine, engine);
        Ok(())
    }

    /// Operations on streams.
    fn change(&mut self, which: u8, chance: &mut Unstructured) -> Result<()> {
        let (engine, may) = self.handle(Kind::Engine, chance)?;
        let (id, text) = (stream(chance)?, any_text(chance)?);
        let (at, len) = (id.at(), id.len());
        let priority = priority(chance)?;
        let commands = |which: fn(&Commands) -> &Vec<u64>| {
            which(&self.host.commands.lock().unwrap()).last().copied()
        };
        let session = commands(|commands| &commands.sessions).unwrap_or(0);
        let session: u64 = if chance.ratio(1, 8)? { chance.arbitrary()? } else { session };
        let probe = commands(|commands| &commands.probes).unwrap_or(0);
        let number: i32 = chance.int_in_range(-1..=4)?;
        // SAFETY: texts, lists and structs are as long as they say, or can't be.
        let code = unsafe {
            match which {
                0..=2 => {
                    let config = self.config(chance)?;
                    let specs = self.specs(0, chance)?;
                    let mut registration = UNWRITTEN;
                    let code = changeover_register(
                        engine,
                        at,
                        len,
                        text.at(),
                        text.len(),
                        specs.as_ptr(),
                        specs.len(),
                        config,
                        &mut registration,
                    );
                    assert_eq!(code != CHANGEOVER_OK, registration == UNWRITTEN);
                    code
                }
                3 => {
                    let removed = [priority, 2, 3];
                    let added = self.specs(number + 1, chance)?;
                    let updated = self.specs(0, chance)?;
                    let many = (number + 1) as usize % 4;
                    let (added, updated) =
                        ((added.as_ptr(), added.len()), (updated.as_ptr(), updated.len()));
                    let removed = removed.as_ptr();
                    changeover_update_inputs(
                        engine, at, len, added.0, added.1, removed, many, updated.0, updated.1,
                    )
                }
                4 => changeover_unregister(engine, at, len),
                5 => changeover_set_config(engine, at, len, self.config(chance)?),
                6 => changeover_switch_input(engine, at, len, priority),
                7 => changeover_force_input(engine, at, len, priority),
                8 => changeover_clear_override(engine, at, len),
                9 => changeover_switch_input_for(engine, at, len, priority, duration(chance)?),
                10 => changeover_fail_back(engine, at, len),
                11 => changeover_set_input_enabled(engine, at, len, priority, number),
                12 => changeover_update_buffer_write_id(engine, at, len, text.at(), text.len()),
                13 => changeover_set_condition(
                    engine,
                    at,
                    len,
                    priority,
                    session,
                    number,
                    number & 1,
                    text.at(),
                    text.len(),
                ),
                14 => {
                    changeover_report_soft_error(engine, at, len, priority, text.at(), text.len())
                }
                15 => {
                    changeover_report_input_error(engine, at, len, priority, text.at(), text.len())
                }
                16 => changeover_start_result(
                    engine,
                    at,
                    len,
                    session,
                    number - 1,
                    text.at(),
                    text.len(),
                ),
                17 => {
                    changeover_probe_result(engine, at, len, probe, number, text.at(), text.len())
                }
                18 => changeover_unregister_all(engine),
                _ => {
                    let mut verdict = UNWRITTEN;
                    let flags: u32 = chance.arbitrary()?;
                    let code =
                        changeover_record_packet(engine, at, len, priority, 9, flags, &mut verdict);
                    assert_eq!(code != CHANGEOVER_OK, verdict == UNWRITTEN);
                    code
                }
            }
        };
        answered(code, may);
        Ok(())
    }

    /// Open inputs, closed ones, copies of closed ones.
    fn record(&mut self, which: u8, chance: &mut Unstructured) -> Result<()> {
        let (engine, may) = self.handle(Kind::Engine, chance)?;
        if which == 0 || self.inputs.is_empty() {
            let (id, priority) = (stream(chance)?, priority(chance)?);
            let session = if chance.arbitrary()? { 0 } else { chance.int_in_range(0..=9)? };
            // SAFETY: numbers and pointers.
            let mut input: changeover_input = unsafe { zeroed() };
            // SAFETY: as in `change`.
            let code = unsafe {
                changeover_open_input(engine, id.at(), id.len(), priority, session, &mut input)
            };
            assert_eq!(answered(code, may), input.id != 0);
            self.inputs.push(input);
            return Ok(());
        }
        let place = chance.int_in_range(0..=self.inputs.len() - 1)?;
        let mut input = self.inputs[place];
        let packets = [changeover_packet { bytes: u32::MAX, flags: chance.arbitrary()? }; 3];
        let many = chance.int_in_range(0..=4_usize)?;
        let (at, many) = match many {
            4 => (packets.as_ptr(), usize::MAX),
            0 => (null(), 0),
            many => (packets.as_ptr(), many),
        };
        let text = any_text(chance)?;
        let mut from = usize::MAX;
        // SAFETY: as in `change`; an input is one that was filled or zeroed, or a copy of such a one.
        unsafe {
            match which {
                1 => {
                    let code = changeover_close_input(&mut input);
                    is_an_answer(code);
                    // Mostly as a host does; or a copy of what was closed stays.
                    if !chance.ratio(1, 4)? {
                        self.inputs[place] = input;
                    }
                }
                2..=4 => drop(changeover_record(&mut input, 1000, packets[0].flags)),
                5 => drop(changeover_record_batch(&mut input, at, many)),
                6 => {
                    let verdict = changeover_record_batch_from(&mut input, at, many, &mut from);
                    assert!(from == usize::MAX || verdict != 0 && from < many);
                }
                7 => is_an_answer(changeover_record_lost(&mut input, chance.arbitrary()?)),
                8 => is_an_answer(changeover_input_report_error(&input, text.at(), text.len())),
                _ => is_an_answer(changeover_input_start_failed(&input, text.at(), text.len())),
            }
        }
        Ok(())
    }

    /// What can be seen of an engine.
    fn look(&mut self, which: u8, chance: &mut Unstructured) -> Result<()> {
        let (engine, may) = self.handle(Kind::Engine, chance)?;
        let id = stream(chance)?;
        let (mut number, mut word) = (UNWRITTEN, -7);
        // SAFETY: as in `change`.
        unsafe {
            match which {
                0 | 1 => {
                    let made = |out| changeover_runtime_status(engine, id.at(), id.len(), out);
                    if let Some(status) = handle_of(made, may) {
                        self.has(Kind::Status, status);
                    }
                }
                2 => {
                    let made = |out| changeover_registered_streams(engine, out);
                    if let Some(list) = handle_of(made, may) {
                        self.has(Kind::List, list);
                    }
                }
                3 => {
                    let each = chance.int_in_range(0..=5)?;
                    if let Some(text) = handle_of(|out| changeover_metrics(engine, each, out), may)
                    {
                        self.has(Kind::Text, text);
                    }
                }
                4 => {
                    let limit = chance.arbitrary()?;
                    let (at, len) = (id.at(), id.len());
                    let made = |out| changeover_statuses_json(engine, at, len, limit, out);
                    if let Some(text) = handle_of(made, may) {
                        self.has(Kind::Text, text);
                    }
                }
                5 => {
                    let (keep, after) = (chance.arbitrary::<u16>()?, chance.arbitrary()?);
                    let made = |out| changeover_tap_open(engine, keep.into(), after, out);
                    if let Some(tap) = handle_of(made, may) {
                        self.has(Kind::Tap, tap);
                    }
                }
                6 => drop(answered(changeover_alive(engine, &mut number), may)),
                7 => drop(answered(changeover_now(engine, &mut number), may)),
                8 => {
                    let code = changeover_is_registered(engine, id.at(), id.len(), &mut word);
                    assert_eq!(answered(code, may), word != -7);
                }
                9 => drop(answered(changeover_event_fd(engine, &mut word), may)),
                10 => drop(answered(changeover_sync(engine, MILLISECOND), may)),
                11 => {
                    let code = changeover_next_event(engine, 1, &mut self.event);
                    if answered(code, may) {
                        is_a_text(self.event.stream, self.event.stream_len);
                        self.host.commands.lock().unwrap().see(&self.event);
                    }
                }
                12 => {
                    let mut copy = self.event;
                    assert_eq!(changeover_event_clear(&mut self.event), CHANGEOVER_OK);
                    let expected =
                        if copy.owner == 0 { CHANGEOVER_OK } else { CHANGEOVER_ERR_HANDLE };
                    assert_eq!(changeover_event_clear(&mut copy), expected, "cleared twice");
                }
                13 => {
                    let options = prepared(changeover_serve_options_init);
                    let made = |out| changeover_site_new(engine, &options, out);
                    if let Some(site) = handle_of(made, may) {
                        self.has(Kind::Site, site);
                    }
                }
                _ => {
                    let level = chance.int_in_range(-1..=5)?;
                    let data = self.give();
                    let destroy: changeover_destroy_fn = Some(end);
                    let code = match which {
                        14 => {
                            changeover_set_log_callback(engine, level, Some(on_line), data, destroy)
                        }
                        15 => changeover_set_exhausted_callback(
                            engine,
                            Some(on_stream),
                            data,
                            destroy,
                        ),
                        _ => changeover_set_restored_callback(engine, None, data, destroy),
                    };
                    answered(code, may);
                }
            }
        }
        Ok(())
    }

    /// What was given out.
    fn read(&mut self, which: u8, chance: &mut Unstructured) -> Result<()> {
        let index: usize =
            if chance.ratio(1, 20)? { usize::MAX } else { chance.int_in_range(0..=3)? };
        let (mut at, mut len) = (null(), 0);
        // SAFETY: as in `change`.
        unsafe {
            match which {
                0 => {
                    let (status, may) = self.handle(Kind::Status, chance)?;
                    let mut out = prepared(changeover_input_status_init);
                    answered(changeover_status_input(status, index, &mut out), may);
                    let mut out = prepared(changeover_error_entry_init);
                    answered(changeover_status_error(status, index, 0, &mut out), may);
                    answered(changeover_status_attempt(status, 0, index, &mut out), may);
                    let mut out = prepared(changeover_condition_entry_init);
                    answered(changeover_status_condition(status, index, 0, &mut out), may);
                    let mut out = prepared(changeover_switch_entry_init);
                    answered(changeover_status_switch(status, index, &mut out), may);
                }
                1 => {
                    let (status, may) = self.handle(Kind::Status, chance)?;
                    let mut view = prepared(changeover_status_view_init);
                    let full = chance.int_in_range(-1..=2)?;
                    if answered(changeover_status_view_all(status, full, &mut view), may) {
                        assert_eq!((*view.stream).inputs_len, view.inputs_len);
                        for place in 0..view.inputs_len {
                            let input = &*view.inputs.add(place);
                            is_a_text(input.url, input.url_len);
                        }
                    }
                    if answered(changeover_status_json(status, &mut at, &mut len), may) {
                        is_a_text(at, len);
                    }
                }
                2 => {
                    let (list, may) = self.handle(Kind::List, chance)?;
                    let streams = changeover_stream_list_len(list);
                    assert!(may || streams == 0);
                    let code = changeover_stream_list_get(list, index, &mut at, &mut len);
                    assert_eq!(answered(code, may), may && index < streams);
                }
                3 => {
                    let (text, may) = self.handle(Kind::Text, chance)?;
                    assert_eq!(answered(changeover_text_get(text, &mut at, &mut len), may), may);
                    if may {
                        is_a_text(at, len);
                    }
                }
                4 => {
                    let (tap, may) = self.handle(Kind::Tap, chance)?;
                    let before = self.event.owner;
                    if answered(changeover_tap_next(tap, 1, &mut self.event), may) {
                        assert!(self.event.user_data.is_null() && self.event.owner != before);
                    }
                }
                5 => {
                    let (site, may) = self.handle(Kind::Site, chance)?;
                    let mut request = prepared(changeover_request_init);
                    let target =
                        *chance.choose(&["/", "/api/streams", "/api/events", "/healthz"])?;
                    (request.method, request.method_len) = (c"GET".as_ptr(), 3);
                    (request.host, request.host_len) = (c"localhost".as_ptr(), 9);
                    (request.target, request.target_len) = (target.as_ptr().cast(), target.len());
                    let made = |out| changeover_site_answer(site, &request, out);
                    if let Some(response) = handle_of(made, may) {
                        self.has(Kind::Response, response);
                    }
                }
                6 => {
                    let (response, may): (*mut _, _) =
                        self.handle::<changeover_response>(Kind::Response, chance)?;
                    let mut view = prepared(changeover_response_view_init);
                    answered(changeover_response_get(response, &mut view), may);
                    let mut piece = null();
                    answered(changeover_response_next(response, 1, &mut piece, &mut len), may);
                }
                _ => {
                    let mut line = [0; 64];
                    let room = chance.int_in_range(0..=line.len())?;
                    let code =
                        changeover_event_text(&self.event, line.as_mut_ptr(), room, &mut len);
                    assert_eq!(answered(code, true), self.event.kind != 0);
                }
            }
        }
        Ok(())
    }

    /// The end of a handle; twice, now and then.
    fn end(&mut self, which: u8, chance: &mut Unstructured) -> Result<()> {
        macro_rules! ends {
            ($kind:ident, $free:ident) => {{
                let (handle, may) = self.handle(Kind::$kind, chance)?;
                // SAFETY: a handle is looked up, never followed.
                unsafe { $free(handle) };
                if may {
                    self.has_ended(Kind::$kind, handle);
                }
            }};
        }
        match which {
            0 => ends!(Status, changeover_status_free),
            1 => ends!(List, changeover_stream_list_free),
            2 => ends!(Text, changeover_text_free),
            3 => ends!(Tap, changeover_tap_close),
            4 => ends!(Site, changeover_site_free),
            5 => ends!(Response, changeover_response_free),
            _ => {
                let (engine, may) = self.handle::<changeover_engine>(Kind::Engine, chance)?;
                if may && chance.arbitrary()? {
                    self.free(engine);
                } else if !may {
                    // SAFETY: as above.
                    let code = unsafe { changeover_free(engine) };
                    assert_eq!(code == CHANGEOVER_OK, engine.is_null());
                }
            }
        }
        Ok(())
    }

    fn free(&mut self, engine: *mut changeover_engine) {
        // SAFETY: as above.
        assert_eq!(unsafe { changeover_free(engine) }, CHANGEOVER_OK);
        self.has_ended(Kind::Engine, engine);
    }

    fn step(&mut self, chance: &mut Unstructured) -> Result<()> {
        match chance.arbitrary::<u8>()? {
            which @ 0..=95 => self.change(which % 24, chance),
            which @ 96..=155 => self.record(which % 10, chance),
            which @ 156..=215 => self.look(which % 17, chance),
            which @ 216..=244 => self.read(which % 8, chance),
            which => self.end(which % 7, chance),
        }
    }

    /// Ends all that is left; then nothing of the host's may be left.
    fn finish(mut self) {
        for mut input in std::mem::take(&mut self.inputs) {
            // SAFETY: as in `record`.
            is_an_answer(unsafe { changeover_close_input(&mut input) });
        }
        // SAFETY: as in `change`.
        assert_eq!(unsafe { changeover_event_clear(&mut self.event) }, CHANGEOVER_OK);
        macro_rules! end_all {
            ($($kind:ident: $free:ident)*) => {$(
                while let Some(handle) = self.newest(Kind::$kind) {
                    let handle = without_provenance_mut(handle);
                    // SAFETY: a handle is looked up, never followed.
                    unsafe { $free(handle) };
                    self.has_ended(Kind::$kind, handle);
                }
            )*};
        }
        end_all! {
            Response: changeover_response_free
            Site: changeover_site_free
            Tap: changeover_tap_close
            Text: changeover_text_free
            List: changeover_stream_list_free
            Status: changeover_status_free
        }
        while let Some(engine) = self.newest(Kind::Engine) {
            self.free(without_provenance_mut(engine));
        }
        self.all_have_ended();
        assert_eq!(self.host_has_ended(), self.has_callbacks, "the callbacks' own value");
    }
}

pub fn run(bytes: &[u8]) {
    // The callbacks have the first of it.
    let (script, calls) = bytes.split_at(bytes.len().min(32) / 2);
    let mut world = World::new(script);
    let mut chance = Unstructured::new(calls);
    if world.begin(&mut chance).is_ok() {
        for _ in 0..MOST {
            // What has come to its end calls no more.
            if chance.is_empty() || world.step(&mut chance).is_err() {
                break;
            }
        }
    }
    world.finish();
}
