//! What a host is told. What each event carries is declared in `core/event.rs`.

use super::{vocabulary, Level};

/// What becomes of an event while the host does not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// A command: kept until what undoes it comes; then both vanish.
    Command,
    /// Kept.
    Kept,
    /// Kept until its opposite comes; then both vanish. Exhausted and restored are the pair.
    Paired,
    /// Dropped when too many wait, oldest first, and counted by a gap.
    Droppable,
}

/// Each kind: text, variant, permanent number, name, log level, backlog, and the fields of
/// `changeover_event` it fills in besides stream, registration and time.
macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $number:literal, $name:literal, $level:ident, $backlog:ident,
            [$($field:ident),*];
    )+) => {
        vocabulary! {
            /// Which event it is.
            pub enum EventTag: CHANGEOVER_EVENT {
                ["none" = 0, "No event."]
                $($(#[doc = $doc])+ $variant = $number, $name;)+
            }
        }

        impl EventTag {
            /// The level at which it is logged.
            pub const fn level(self) -> Level {
                match self {
                    $(EventTag::$variant => Level::$level,)+
                }
            }

            /// What becomes of it while the host does not take it.
            pub const fn backlog(self) -> Backlog {
                match self {
                    $(EventTag::$variant => Backlog::$backlog,)+
                }
            }

            /// The fields of `changeover_event` it fills in.
            pub const fn fields(self) -> &'static [&'static str] {
                match self {
                    $(EventTag::$variant => &[$(stringify!($field)),*],)+
                }
            }
        }
    };
}

events! {
    /// Command: start an input. If that fails, say so with `start_result`. A start that was taken
    /// gets exactly one stop, even if it failed.
    Start = 1, "start", Debug, Command, [priority, session, url, options, buffer_write_id,
            start_reason, user_data];
    /// Command: stop a session.
    Stop = 2, "stop", Debug, Command, [priority, session, user_data];
    /// Command: find out whether an input works, and answer with `probe_result` within `limit`,
    /// giving back `probe`.
    Probe = 3, "probe", Debug, Command, [priority, probe, limit, url, options, user_data];
    /// The active input changed: `from` is the one left, `priority` the one chosen. Both are the
    /// same when it recovered by itself. `switch_number` is what a forwarded packet's verdict is
    /// from here on; `passed_over` are those that would have gone before the one chosen.
    Switched = 4, "switched", Info, Droppable, [priority, from, reason, switch_number,
            detail, measured, limit, window, detection, decision, commit, passed_over,
            passed_over_more, passed_over_text];
    /// The first packet of the active input is on air, `measured` after its selection.
    Active = 5, "active", Info, Droppable, [priority, session, measured];
    /// An input was given up: `measured` went beyond `limit`, or the host said so.
    Degraded = 6, "degraded", Warn, Droppable, [priority, reason, measured, limit, detail,
            window, detection];
    /// A degraded input is usable again; `exhausted` says whether until now the stream was.
    Recovered = 7, "recovered", Info, Droppable, [priority, exhausted];
    /// No source is left that can be watched; `reason` is why the last one was given up.
    Exhausted = 8, "exhausted", Error, Paired, [reason];
    /// A source that can be watched is on air again.
    Restored = 9, "restored", Info, Paired, [priority];
    /// The last event of a registration.
    Unregistered = 10, "unregistered", Info, Droppable, [];
    /// The host was slow: `dropped` events were lost here.
    Gap = 11, "gap", Warn, Kept, [dropped];
    /// A bug in the library was met while this stream was driven, and costs no other: its stops and
    /// `unregistered` follow. Without a stream: the monitor has ended by a bug. Nothing is decided
    /// any more, and no event follows.
    Bug = 12, "bug", Error, Droppable, [detail];
    /// Without a stream: `measured` of the streams on air failed within a second, which is more than
    /// `limit` (`mass_share` of them). Told once, and not again before ten seconds have passed without
    /// one.
    MassFailure = 13, "mass_failure", Error, Droppable, [measured, limit, detail];
    /// A shadow decided otherwise, of a stream that is still registered: what `detail` says was decided `measured`
    /// ago, and would have been decided `limit` ago under its settings; 0: never. Of a switch `from` is the input left,
    /// if there was one, and `priority` the one chosen.
    ShadowDiffers = 14, "shadow_differs", Info, Droppable, [priority, from, reason, measured,
            limit, detail];
    /// Without a stream: the shadow could not follow, `dropped` records were lost to it. It begins anew, with all
    /// streams as they are.
    ShadowGap = 15, "shadow_gap", Warn, Droppable, [dropped];
}
