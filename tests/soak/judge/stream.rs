//! One stream, as the judge sees it.

use super::{Findings, Kind, Witness, STEP};
use crate::plan::{self, nanos, PERIOD, TIMEOUT};
use crate::records::{Record, What, NO_INPUT};
use std::collections::VecDeque;

const LIMIT: u64 = nanos(TIMEOUT);

/// How late a decision may be for nothing that is known: a tick, and less than what the engine takes for a
/// stall of its own.
const SLACK: u64 = 21_000_000;

/// How late a decision was is measured where it is known when it was made, but for so much. It is known less
/// where that may have been before a stall or after it.
const EXACT: u64 = 5_000_000;

/// Who delivers has no longer gap than this.
const FLOWING: u64 = 2 * nanos(PERIOD) + SLACK;

/// The engine gives nothing up for so long after a stop, and stops so far apart stand by themselves.
const GRACE: u64 = 50_000_000;
const APART: u64 = 1_100_000_000;

/// What two clock readings on two processors may differ by.
const SKEW: u64 = 20_000;

/// How far back packets are kept.
const KEPT: usize = 64;

/// How much of what came before is told with a finding.
const STORY: usize = 12;

pub(super) struct Stream {
    number: usize,
    inputs: [Input; 2],
    /// The last packet that was forwarded.
    forwarded: u64,
    /// The last time from which on what is active has its timeout to itself: a switch, or what the host asked
    /// for.
    anew: u64,
    /// The greatest verdict so far, whose it is, and when it was there.
    verdict: (u64, usize, u64),
    /// The last that was told, and of which input.
    switched: (u64, u64),
    exhausted: bool,
    /// Nothing was forwarded, and that was told.
    dark: bool,
    /// When the last stalls of the engine ended, as it says.
    stalls: VecDeque<(u64, u64)>,
    /// Before that, packets are of the last registration.
    registered: u64,
    /// What was told last, besides packets.
    story: VecDeque<Record>,
}

#[derive(Default)]
struct Input {
    session: u64,
    /// It has begun by then; what is recorded by id before may be of the last one.
    begun: u64,
    /// The last packets: right before and right after they were recorded. Of this session alone.
    packets: VecDeque<(u64, u64)>,
    /// Since when they flow.
    flowing: u64,
    degraded: bool,
    /// When it was given up for the last time, and when it recovered.
    given_up: u64,
    recovered: u64,
    disabled: bool,
    /// The host said it is broken, or that its start failed, and it has not recovered.
    blamed: bool,
    /// Those errors that the engine has not acted on yet: when they were told.
    blames: VecDeque<u64>,
    /// In this session, after the packet at this time, silence was told.
    silence_told: Option<u64>,
}

impl Input {
    fn give_up(&mut self, record: &Record) {
        self.degraded |= self.recovered < record.to;
        self.given_up = record.to;
    }

    fn recover(&mut self, record: &Record) {
        (self.degraded, self.blamed) = (false, false);
        self.recovered = record.from;
    }

    fn last_before(&self, time: u64) -> Option<(u64, u64)> {
        self.packets.iter().rev().find(|(_, to)| *to <= time).copied()
    }

    /// For how long it had been silent, after a packet at `since`, when that was decided: at the least and at
    /// the most. Packets may have come before it was or after.
    fn silence(&self, since: u64, decided: &Record) -> [u64; 2] {
        let (mut least, mut most, mut since) = (decided.from.saturating_sub(since), 0, since);
        for (before, after) in self.packets.iter().filter(|(_, after)| *after > decided.from) {
            most = most.max(decided.to.min(*after).saturating_sub(since));
            if *before <= decided.to {
                (least, since) = (0, *before);
            }
        }
        [least, most.max(decided.to.saturating_sub(since))]
    }
}

impl Stream {
    pub(super) fn new(number: usize) -> Stream {
        Stream {
            number,
            inputs: Default::default(),
            forwarded: 0,
            anew: u64::MAX,
            verdict: (0, 0, 0),
            switched: (0, NO_INPUT),
            exhausted: false,
            dark: false,
            stalls: VecDeque::new(),
            registered: 0,
            story: VecDeque::new(),
        }
    }

    pub(super) fn stalled(&mut self, record: &Record) {
        self.stalls.push_back((record.from, record.to));
        if self.stalls.len() > 32 {
            self.stalls.pop_front();
        }
    }

    pub(super) fn story(&self) -> &VecDeque<Record> {
        &self.story
    }

    pub(super) fn judge(&mut self, record: &Record, witness: &impl Witness, found: &mut Findings) {
        if record.what != What::Packet {
            self.story.push_back(*record);
            if self.story.len() > STORY {
                self.story.pop_front();
            }
        }
        let input = &mut self.inputs[record.priority()];
        match record.what {
            What::Packet => self.packet(record, witness, found),
            What::Start => {
                let (session, begun) = (record.session, record.to);
                let kept = Input { session, begun, ..std::mem::take(input) };
                *input = Input { packets: VecDeque::new(), flowing: 0, silence_told: None, ..kept };
            }
            What::Stop if input.session == record.session => input.session = 0,
            What::Recovered => input.recover(record),
            What::Restarted => self.anew = self.anew.max(record.to),
            What::Renewed => {
                input.recover(record);
                input.disabled = false;
                self.anew =
                    if self.anew == u64::MAX { record.to } else { self.anew.max(record.to) };
            }
            What::Disabled => input.disabled = true,
            What::Enabled => {
                input.recover(record);
                input.disabled = false;
                self.anew = self.anew.max(record.to);
            }
            What::Blamed => {
                input.blamed = true;
                input.blames.push_back(record.from);
            }
            What::GivenUp => input.give_up(record),
            What::DegradedSilent => self.silent(record, witness, found),
            What::DegradedUnconnected => self.unconnected(record, found),
            What::DegradedByHost => self.by_host(record, found),
            What::SwitchedInitial => {
                (self.verdict, self.registered) = ((0, 0, 0), record.to);
                (self.switched, self.exhausted) = ((record.number, record.input.into()), false);
                self.anew = record.to;
            }
            What::SwitchedTimeout | What::SwitchedOtherwise => self.switched(record, found),
            What::Exhausted => self.tell_exhausted(true, record, found),
            What::Restored => self.tell_exhausted(false, record, found),
            What::Unregistered => {
                // Until it is registered again nothing is expected.
                self.anew = u64::MAX;
                self.exhausted = false;
            }
            _ => {}
        }
    }

    fn packet(&mut self, record: &Record, witness: &impl Witness, found: &mut Findings) {
        self.verdict(record, found);
        let anew = self.anew;
        let input = &mut self.inputs[record.priority()];
        // By handle it may be late, and of a session that is over; by id it is the one's that there is.
        let is_its = match record.session {
            0 => input.session != 0 && record.from > input.begun,
            session => session == input.session,
        };
        if !is_its {
            return;
        }
        let last = input.packets.back().map_or(0, |(_, to)| *to);
        let gap = record.from.saturating_sub(last);
        let late = gap.saturating_sub(LIMIT + SLACK);
        // By now it may have recovered, by this packet.
        let given_up = input.degraded || input.given_up > last;
        let ought = !given_up && !input.blamed && !input.disabled && anew < last && last > 0;
        if ought && late > witness.allowance(last, record.from) {
            let (gap, priority) = (millis(gap), record.priority());
            found.add(Kind::Missed, || {
                format!("input {priority} was silent for {gap:.1} ms, and not given up")
            });
        }
        if gap > FLOWING {
            input.flowing = record.from;
        }
        input.packets.push_back((record.from, record.to));
        if input.packets.len() > KEPT {
            input.packets.pop_front();
        }
        if record.number > 0 {
            (self.forwarded, self.dark) = (record.to, false);
        } else if !input.disabled
            && (plan::is_hot(self.number) || !input.blamed)
            && anew != u64::MAX
        {
            let begun = self.forwarded.max(anew);
            let due = (begun + LIMIT).max(input.flowing) + FLOWING;
            let late = record.from.saturating_sub(due);
            let since = begun.min(input.flowing);
            if late > 0 && !self.dark && late > witness.allowance(since, record.from) {
                self.dark = true;
                let (late, priority) = (millis(late), record.priority());
                found.add(Kind::Missed, || {
                    format!(
                        "nothing is forwarded, though input {priority} delivers: {late:.1} ms late"
                    )
                });
            }
        }
    }

    /// One input on air, and each number one input's.
    fn verdict(&mut self, record: &Record, found: &mut Findings) {
        if record.number == 0 || record.from < self.registered {
            return;
        }
        let priority = record.priority();
        let (number, owner, since) = self.verdict;
        if record.number > number {
            self.verdict = (record.number, priority, record.to);
        } else if record.number == number && owner != priority {
            found.add(Kind::Double, || format!("both inputs are forwarded under number {number}"));
        } else if record.number < number && record.from > since + SKEW {
            let old = record.number;
            found.add(Kind::Double, || {
                format!("input {priority} is forwarded under number {old} after {number}")
            });
        }
    }

    /// An input was given up because no packet came.
    fn silent(&mut self, record: &Record, witness: &impl Witness, found: &mut Findings) {
        let priority = record.priority();
        let input = &mut self.inputs[priority];
        let known = input.last_before(record.from).filter(|_| input.begun < record.from);
        let Some((before, after)) = known else {
            input.silence_told = None;
            return found.add(Kind::Undecided, || {
                format!("input {priority} is silent, but since when is not known")
            });
        };
        let [least, most] = input.silence(before, record);
        if most < LIMIT {
            let most = millis(most);
            let told = millis(record.more);
            found.add(Kind::False, || {
                format!("input {priority} is given up {most:.1} ms after its packet, for {told:.1} ms of silence")
            });
        } else if least < LIMIT {
            self.inputs[priority].silence_told = None;
            return found.add(Kind::Undecided, || {
                let (least, most) = (millis(least), millis(most));
                format!("input {priority} is given up {least:.1} or {most:.1} ms after its packet")
            });
        }
        self.after_a_stop(record, before, witness, found);
        let late = record.from.saturating_sub(after + LIMIT);
        let is_exact = record.to - record.from <= EXACT;
        if is_exact && self.anew < after && witness.allowance(before, record.to) == 0 {
            found.lateness.push(late);
        }
        if witness.sent_within(
            record.input.into(),
            record.from.saturating_sub(LIMIT - SLACK),
            record.from,
        ) {
            found.host_late += 1;
        }
        let input = &mut self.inputs[priority];
        if input.silence_told.replace(after) == Some(after) {
            found.add(Kind::Double, || format!("one silence of input {priority} is told twice"));
        }
    }

    /// A stop of the process is nobody's silence, if it stands by itself.
    fn after_a_stop(
        &self,
        record: &Record,
        last: u64,
        witness: &impl Witness,
        found: &mut Findings,
    ) {
        let priority = record.priority();
        let Some((from, to)) = witness.stop_before(record.from) else { return };
        let is_close = |(began, ended): &&(u64, u64)| *ended + APART > from && *began < from;
        // The one stall after it is what it was itself.
        let others = self.stalls.iter().filter(is_close).count();
        let after = self.stalls.iter().filter(|(_, ended)| *ended > from && *ended < record.to);
        if from < last || others > 0 || after.count() > 1 {
            return;
        }
        let silence = (record.to - last).saturating_sub(to - from);
        if record.to < to + GRACE {
            let after = millis(record.to - to);
            found.add(Kind::False, || {
                format!("input {priority} is given up {after:.1} ms after a stop of the host")
            });
        } else if silence + SLACK < LIMIT {
            let (silence, stop) = (millis(silence), millis(to - from));
            found.add(Kind::False, || {
                format!(
                    "input {priority} is given up after {silence:.1} ms and a stop of {stop:.0} ms"
                )
            });
        }
    }

    /// A session was given up that has not delivered.
    fn unconnected(&mut self, record: &Record, found: &mut Findings) {
        let priority = record.priority();
        if self.inputs[priority].last_before(record.from).is_some() {
            found.add(Kind::False, || {
                format!("input {priority} has delivered, and is given up as if it had not")
            });
        }
        self.inputs[priority].give_up(record);
    }

    /// An input was given up because the host said so: once for each time it did.
    fn by_host(&mut self, record: &Record, found: &mut Findings) {
        let priority = record.priority();
        let input = &mut self.inputs[priority];
        let told = input.blames.iter().take_while(|told| **told <= record.to).count();
        // What was told while the monitor decided may count for that.
        let meanwhile = input.blames.front().is_some_and(|told| *told <= record.to + STEP);
        if !meanwhile {
            found.add(Kind::False, || {
                format!("input {priority} is given up for an error that nobody reported")
            });
        }
        input.blames.drain(..told.max(usize::from(meanwhile)));
        input.give_up(record);
    }

    fn switched(&mut self, record: &Record, found: &mut Findings) {
        let (to, from) = (record.input, record.more);
        let (number, last) = self.switched;
        let returns = from == u64::from(to);
        if record.number < number || record.number == number && !returns {
            let new = record.number;
            found.add(Kind::Double, || {
                format!("a switch has number {new}, and the one before had {number}")
            });
        }
        if from != NO_INPUT && last != from {
            found.add(Kind::Double, || "a switch leaves an input that was left before".into());
        }
        let left = self.inputs.get((from % 2) as usize).filter(|_| from != NO_INPUT);
        if record.what == What::SwitchedTimeout && left.is_some_and(|left| !left.degraded) {
            found.add(Kind::False, || {
                format!("a failover leaves input {}, which is well", from % 2)
            });
        }
        self.switched = (record.number, to.into());
        self.anew = self.anew.max(record.to);
    }

    fn tell_exhausted(&mut self, exhausted: bool, record: &Record, found: &mut Findings) {
        if self.exhausted == exhausted && record.from > self.registered {
            let what = if exhausted { "exhausted" } else { "restored" };
            found.add(Kind::Double, || format!("it is told twice that it is {what}"));
        }
        self.exhausted = exhausted;
    }
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
