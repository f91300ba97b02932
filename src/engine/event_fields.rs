//! An event as a flat record, which is how C has it, and the line that is made of one.

use crate::core::{Detail, InputOption, Nanos, Priority, Rejected, Times};
use crate::print::{printable, printable_name, printable_url, Urls};
use crate::user_data::UserData;
use crate::vocabulary::{EventTag, Reason, StartReason};
use std::fmt::{Display, Formatter, Result};
use std::sync::Arc;

/// What an event carries, whatever its kind; what does not apply is none, 0 or empty.
#[derive(Debug)]
pub(crate) struct EventFields<'a> {
    pub(crate) kind: EventTag,
    pub(crate) stream: &'a str,
    pub(crate) registration: u64,
    pub(crate) priority: Option<Priority>,
    pub(crate) from: Option<Priority>,
    pub(crate) reason: Option<Reason>,
    pub(crate) session: u64,
    pub(crate) probe: u64,
    pub(crate) switch_number: u64,
    pub(crate) dropped: u64,
    pub(crate) measured: Nanos,
    pub(crate) limit: Nanos,
    /// Over how many nanoseconds that was measured.
    pub(crate) window: Nanos,
    pub(crate) times: Times,
    pub(crate) passed_over: &'a [Rejected],
    pub(crate) passed_over_more: u32,
    /// All of it in words.
    pub(crate) passed_over_text: Arc<str>,
    pub(crate) exhausted: bool,
    pub(crate) start_reason: Option<StartReason>,
    pub(crate) url: &'a str,
    pub(crate) options: &'a [InputOption],
    pub(crate) buffer_write_id: &'a str,
    pub(crate) detail: Arc<str>,
    pub(crate) user_data: Option<&'a UserData>,
}

impl<'a> EventFields<'a> {
    /// Nothing but what every event carries.
    pub(crate) fn new(kind: EventTag, stream: &'a str, registration: u64) -> EventFields<'a> {
        EventFields {
            kind,
            stream,
            registration,
            priority: None,
            from: None,
            reason: None,
            session: 0,
            probe: 0,
            switch_number: 0,
            dropped: 0,
            measured: 0,
            limit: 0,
            window: 0,
            times: Times::default(),
            passed_over: &[],
            passed_over_more: 0,
            passed_over_text: Arc::default(),
            exhausted: false,
            start_reason: None,
            url: "",
            options: &[],
            buffer_write_id: "",
            detail: Arc::default(),
            user_data: None,
        }
    }

    /// The evidence.
    pub(crate) fn explain(&mut self, detail: &Detail) {
        self.measured = detail.measured();
        self.limit = detail.limit();
        self.window = detail.window();
        self.detail = detail.text();
    }

    /// One line for the log, see [`printable`]; with so much of URLs.
    pub(crate) fn line(&self, urls: Urls) -> Line<'_> {
        Line { fields: self, urls }
    }
}

/// An event as one line.
pub(crate) struct Line<'a> {
    fields: &'a EventFields<'a>,
    urls: Urls,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Line { fields: event, urls } = self;
        if !event.stream.is_empty() {
            write!(f, "{}: ", printable_name(event.stream))?;
        }
        f.write_str(event.kind.name())?;
        let millis = |nanos: Nanos| nanos as f64 / 1e6;
        let url = printable_url(event.url).with(*urls);
        if let Some(from) = event.from {
            write!(f, " input {from} -> {}", event.priority.unwrap_or(-1))?;
        } else if let Some(input) = event.priority {
            let what = if event.kind == EventTag::Switched { "none ->" } else { "input" };
            write!(f, " {what} {input}")?;
        }
        for (what, number) in
            [(" session ", event.session), (" probe ", event.probe), (" #", event.switch_number)]
        {
            if number != 0 {
                write!(f, "{what}{number}")?;
            }
        }
        // What is particular to some kinds.
        match event.kind {
            EventTag::Start => {
                let buffer = printable_name(event.buffer_write_id);
                if let Some(why) = event.start_reason {
                    write!(f, " ({})", why.name())?;
                }
                write!(f, " {url} -> {buffer}")?;
            }
            EventTag::Probe => write!(f, " {url} within {:.0} ms", millis(event.limit))?,
            EventTag::Active => write!(f, " after {:.1} ms", millis(event.measured))?,
            EventTag::Recovered if event.exhausted => f.write_str(", the stream was exhausted")?,
            EventTag::Exhausted => f.write_str(": no usable input, last")?,
            EventTag::Unregistered => write!(f, " registration {}", event.registration)?,
            EventTag::Gap => write!(f, ": {} events dropped", event.dropped)?,
            EventTag::ShadowGap => write!(f, ": {} records lost, it begins anew", event.dropped)?,
            _ => {}
        }
        if let Some(reason) = event.reason {
            write!(f, " reason {}", reason.name())?;
        }
        if !event.detail.is_empty() {
            write!(f, " ({})", printable(&event.detail).with(*urls))?;
        }
        let Times { detection, decision, commit } = event.times;
        for (time, what) in [(detection, "noticed"), (decision, "decided"), (commit, "committed")] {
            // What is there already is not said again, and what took no time not at all.
            let time = time.filter(|time| *time >= 100_000 && *time != event.measured);
            if let Some(time) = time {
                write!(f, ", {what} after {:.1} ms", millis(time))?;
            }
        }
        if !event.passed_over_text.is_empty() {
            let text = printable(&event.passed_over_text).with(*urls);
            write!(f, "; passed over: {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_lines_of_their_own_and_secrets_stay_out() {
        let fields = || EventFields {
            priority: Some(0),
            url: "rtmp://user:secret@cdn.example/live/secret?token=secret",
            buffer_write_id: "out\n1",
            reason: Some(Reason::Error),
            detail: "rtmp://cdn.example/live/secret refused\nnews: restored".into(),
            ..EventFields::new(EventTag::Start, "news: restored\u{202e}", 1)
        };
        let said = "reason error (rtmp://cdn.example/live/*** refused\\nnews: restored)";
        for (kind, line) in [
            (EventTag::Start, " input 0 rtmp://***@cdn.example/live/***?token=*** -> \"out\\n1\" "),
            (EventTag::Degraded, " input 0 "),
            (EventTag::Switched, " none -> 0 "),
        ] {
            let event = EventFields { kind, ..fields() };
            let line = format!("\"news: restored\\u{{202e}}\": {}{line}{said}", kind.name());
            assert_eq!(event.line(Urls::Safe).to_string(), line);
            let full = event.line(Urls::Full).to_string();
            assert!(full.contains("secret refused\\nnews"), "{full}");
            assert!(!full.contains(|c: char| c.is_control()), "{full}");
        }
    }

    #[test]
    fn a_line_says_what_the_event_carries() {
        let event = |kind: EventTag| {
            let has = |field| kind.fields().contains(&field);
            let if_it_has = |field, number| if has(field) { number } else { 0 };
            EventFields {
                priority: has("priority").then_some(2),
                session: if_it_has("session", 7),
                probe: if_it_has("probe", 8),
                switch_number: if_it_has("switch_number", 9),
                dropped: 10,
                measured: 1_550_000,
                limit: 3_000_000_000,
                url: "udp://h",
                buffer_write_id: "out",
                ..EventFields::new(kind, "news", 4)
            }
        };
        let line = |event: EventFields<'_>| event.line(Urls::Safe).to_string();
        for (kind, said) in [
            (EventTag::Start, "news: start input 2 session 7 udp://h -> out"),
            (EventTag::Stop, "news: stop input 2 session 7"),
            (EventTag::Probe, "news: probe input 2 probe 8 udp://h within 3000 ms"),
            (EventTag::Switched, "news: switched none -> 2 #9"),
            (EventTag::Active, "news: active input 2 session 7 after 1.6 ms"),
            (EventTag::Degraded, "news: degraded input 2"),
            (EventTag::Recovered, "news: recovered input 2"),
            (EventTag::Restored, "news: restored input 2"),
            (EventTag::Exhausted, "news: exhausted: no usable input, last"),
            (EventTag::Unregistered, "news: unregistered registration 4"),
            (EventTag::Gap, "news: gap: 10 events dropped"),
            (EventTag::ShadowGap, "news: shadow_gap: 10 records lost, it begins anew"),
        ] {
            assert_eq!(line(event(kind)), said);
        }
        let bug = EventFields { detail: "a\nb".into(), ..EventFields::new(EventTag::Bug, "", 0) };
        assert_eq!(line(bug), "bug (a\\nb)");
        let detail = "31 of 100 streams on air failed within a second".into();
        let mass = EventFields { detail, ..EventFields::new(EventTag::MassFailure, "", 0) };
        assert_eq!(line(mass), "mass_failure (31 of 100 streams on air failed within a second)");
        let from = EventFields { from: Some(1), ..event(EventTag::Switched) };
        assert_eq!(line(from), "news: switched input 1 -> 2 #9");
        let why = EventFields { start_reason: Some(StartReason::Hot), ..event(EventTag::Start) };
        assert_eq!(line(why), "news: start input 2 session 7 (hot) udp://h -> out");
        let dark = EventFields { exhausted: true, ..event(EventTag::Recovered) };
        assert_eq!(line(dark), "news: recovered input 2, the stream was exhausted");
    }
}
