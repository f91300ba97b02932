//! What a host is told, as bytes. Texts of the host's are left out: they are in what the stream was told.

use super::stimulus::{priority, put_priority};
use super::wire::{put, put_option, put_text, Source};
use crate::core::{
    known_seen, with_notices, Awaited, Detail, InputError, Notice, PassedOver, Priority, Rejected,
    Switch, Times,
};
use crate::vocabulary::{EventTag, Obstacle, Reason};
use std::sync::Arc;
use std::time::Duration;

macro_rules! notices_as_bytes {
    ($($kind:ident { $($field:tt: $name:ident),* })*) => {
        /// Appends the fields of a notice.
        pub(super) fn put_notice(out: &mut Vec<u8>, notice: &Notice) {
            match notice {
                $(Notice::$kind { $($field: $name),* } => { $($name.put(out);)* })*
            }
        }

        /// The notice of that kind whose fields follow.
        pub(super) fn take_notice(tag: EventTag, from: &mut Source) -> Option<Notice> {
            Some(match tag {
                $(EventTag::$kind => Notice::$kind { $($field: Field::take(from)?),* },)*
                _ => return None,
            })
        }
    };
}
with_notices!(notices_as_bytes);

/// A field of a notice.
trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Source) -> Option<Self>;
}

impl Field for Priority {
    fn put(&self, out: &mut Vec<u8>) {
        put_priority(out, *self);
    }

    fn take(from: &mut Source) -> Option<Self> {
        priority(from)
    }
}

/// Ids and times.
impl Field for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        put(out, *self);
    }

    fn take(from: &mut Source) -> Option<Self> {
        from.number()
    }
}

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Source) -> Option<Self> {
        from.flag()
    }
}

impl Field for Duration {
    fn put(&self, out: &mut Vec<u8>) {
        put(out, crate::units::nanos(*self));
    }

    fn take(from: &mut Source) -> Option<Self> {
        from.number().map(Duration::from_nanos)
    }
}

impl Field for Reason {
    fn put(&self, out: &mut Vec<u8>) {
        put(out, self.code() as u64);
    }

    fn take(from: &mut Source) -> Option<Self> {
        Reason::from_code(from.small()?)
    }
}

impl Field for InputError {
    fn put(&self, out: &mut Vec<u8>) {
        self.at.put(out);
        self.reason.put(out);
        self.detail.put(out);
    }

    fn take(from: &mut Source) -> Option<Self> {
        Some(InputError {
            at: u64::take(from)?,
            reason: Field::take(from)?,
            detail: Field::take(from)?,
        })
    }
}

impl Field for Arc<Switch> {
    fn put(&self, out: &mut Vec<u8>) {
        let Switch { at, from, to, reason, detail, number, times, passed_over } = &**self;
        put(out, *at);
        put_priority(out, from.unwrap_or(-1));
        put_priority(out, *to);
        reason.put(out);
        detail.put(out);
        put(out, *number);
        for time in [times.detection, times.decision, times.commit] {
            put_option(out, time);
        }
        put(out, passed_over.best.len() as u64);
        for Rejected { priority, obstacle, reason, detail, wait } in &passed_over.best {
            put_priority(out, *priority);
            put(out, obstacle.code() as u64);
            put(out, reason.map_or(0, Reason::code) as u64);
            detail.put(out);
            put(out, *wait);
        }
        put(out, passed_over.more.into());
    }

    fn take(from: &mut Source) -> Option<Self> {
        let (at, left, to) = (from.number()?, priority(from)?, priority(from)?);
        let (reason_why, detail_why, number) =
            (Field::take(from)?, Field::take(from)?, from.number()?);
        let times =
            Times { detection: from.option()?, decision: from.option()?, commit: from.option()? };
        let mut passed_over = PassedOver::default();
        for _ in 0..from.number()? {
            passed_over.best.push(Rejected {
                priority: priority(from)?,
                obstacle: Obstacle::from_code(from.small()?)?,
                reason: optional_reason(from)?,
                detail: Field::take(from)?,
                wait: from.number()?,
            });
        }
        passed_over.more = from.small()?;
        Some(Arc::new(Switch {
            at,
            from: (left >= 0).then_some(left),
            to,
            reason: reason_why,
            detail: detail_why,
            number,
            times,
            passed_over,
        }))
    }
}

impl Field for Detail {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Detail::None => out.push(0),
            Detail::Told(_) => out.push(1),
            Detail::Seen(text) => {
                out.push(2);
                put_text(out, text);
            }
            Detail::Overdue { awaited, measured, limit } => {
                out.push(3);
                out.push(match awaited {
                    Awaited::FirstPacket => 0,
                    Awaited::Packet => 1,
                    Awaited::ProbeAnswer => 2,
                    Awaited::Health => 3,
                });
                put(out, *measured);
                put(out, *limit);
            }
            Detail::Silent { measured, limit, returns } => {
                out.push(4);
                put(out, *measured);
                put(out, *limit);
                put(out, (*returns).into());
            }
            Detail::OutOfLimit { condition, measured, limit, window, shown } => {
                out.push(5);
                condition.put(out);
                put(out, *measured);
                put(out, *limit);
                put(out, (*window).into());
                put(out, (*shown).into());
            }
            Detail::Healthy { past_due } => {
                out.push(6);
                put(out, *past_due);
            }
        }
    }

    fn take(from: &mut Source) -> Option<Self> {
        Some(match from.byte()? {
            0 => Detail::None,
            1 => Detail::Told("".into()),
            2 => Detail::Seen(known_seen(from.text()?)),
            3 => {
                let awaited = match from.byte()? {
                    0 => Awaited::FirstPacket,
                    1 => Awaited::Packet,
                    2 => Awaited::ProbeAnswer,
                    3 => Awaited::Health,
                    _ => return None,
                };
                Detail::Overdue { awaited, measured: from.number()?, limit: from.number()? }
            }
            4 => Detail::Silent {
                measured: from.number()?,
                limit: from.number()?,
                returns: from.small()?,
            },
            5 => Detail::OutOfLimit {
                condition: Field::take(from)?,
                measured: from.number()?,
                limit: from.number()?,
                window: from.small()?,
                shown: from.small()?,
            },
            6 => Detail::Healthy { past_due: from.number()? },
            _ => return None,
        })
    }
}

/// 0 is none.
fn optional_reason(from: &mut Source) -> Option<Option<Reason>> {
    match from.small()? {
        0 => Some(None),
        code => Some(Some(Reason::from_code(code)?)),
    }
}
