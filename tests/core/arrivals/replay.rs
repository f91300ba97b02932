//! A stream of one input whose packets come as recorded. It is driven as the engine drives it: looks ten
//! times in a window, ticks at deadlines, and what was recorded is told before either.

use changeover::core::{Action, Common, Input, Measure, Nanos, Notice, Registration};
use changeover::core::{SessionId, Stimulus, Stream};
use changeover::{Config, Status};
use std::cell::RefCell;
use std::rc::Rc;

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1000 * MS;
const EPOCH: Nanos = 1000 * SECOND;
const LOOK: Nanos = 100 * MS;

/// What a limit made of a source, in milliseconds.
pub struct Outcome {
    /// How often the source, which never died, was given up.
    pub given_up: usize,
    /// The least and the greatest limit, after the first ten minutes.
    pub limits: (u64, u64),
    /// The longest time from its last packet until a source was given up that died, after the first ten
    /// minutes, at one of many instants.
    pub noticed_after: u64,
}

/// Plays a source for so many hours.
pub fn play(gaps: &str, config: &Config, hours: f64) -> Outcome {
    let mut player = Player::new(gaps, config);
    let mut outcome = Outcome { given_up: 0, limits: (u64::MAX, 0), noticed_after: 0 };
    let end = EPOCH + (hours * 3600.0) as u64 * SECOND;
    let mut settled = EPOCH + 600 * SECOND;
    while player.now < end {
        outcome.given_up += usize::from(player.step());
        if player.now >= settled && player.is_on_air() {
            // A time that is in no proportion to that of looks and packets.
            settled += 7919 * MS;
            let limit = player.limit();
            let (least, most) = outcome.limits;
            outcome.limits = (least.min(limit), most.max(limit));
            outcome.noticed_after = outcome.noticed_after.max(player.clone().dies());
        }
    }
    outcome
}

#[derive(Clone)]
struct Player {
    stream: Stream,
    common: Rc<RefCell<Common>>,
    session: SessionId,
    gaps: Vec<Nanos>,
    next_gap: usize,
    random: fastrand::Rng,
    now: Nanos,
    next_packet: Nanos,
    newest: Nanos,
    next_look: Nanos,
}

impl Player {
    fn new(gaps: &str, config: &Config) -> Player {
        let (id, inputs) = ("news".into(), vec![Input::new(0, "udp://source")]);
        let config = config.clone();
        let registration = Registration { id, inputs, config, number: 1, ..Default::default() };
        let mut common = Common::default();
        let mut stream = Stream::new(registration, EPOCH, &mut common).unwrap();
        let session = stream.drain().find_map(|action| match action {
            Action::Start(start) => Some(start.session),
            _ => None,
        });
        let mut player = Player {
            stream,
            common: Rc::new(RefCell::new(common)),
            session: session.expect("it is started"),
            gaps: parse(gaps),
            next_gap: 0,
            random: fastrand::Rng::with_seed(4711),
            now: EPOCH,
            next_packet: EPOCH + 40 * MS,
            newest: 0,
            next_look: EPOCH + 40 * MS + LOOK,
        };
        let session = player.session;
        player.tell(Stimulus::StartTaken { session });
        player
    }

    fn tell(&mut self, stimulus: Stimulus) -> bool {
        self.stream.handle(stimulus, self.now, &mut self.common.borrow_mut()).unwrap();
        let given_up = |action| matches!(action, Action::Notify(Notice::Degraded { .. }));
        self.stream.drain().any(given_up)
    }

    fn is_on_air(&self) -> bool {
        self.stream.inputs()[0].status() == Status::Active
    }

    fn limit(&self) -> u64 {
        self.stream.inputs()[0].silence_limit() / MS
    }

    /// The next packet that is awaited, look or deadline. Answers whether the source was given up.
    fn step(&mut self) -> bool {
        let deadline = self.stream.next_deadline().unwrap_or(Nanos::MAX);
        let awaited = self.stream.awaits(self.session);
        let packet = if awaited { self.next_packet } else { Nanos::MAX };
        let measured = self.stream.inputs()[0].meter_window().is_some();
        let look = if measured { self.next_look } else { Nanos::MAX };
        // As in the engine, what was recorded in this instant comes first.
        self.now = deadline.min(packet).min(look);
        while self.next_packet <= self.now {
            self.newest = self.next_packet;
            self.next_packet += self.gap();
        }
        let (session, at) = (self.session, self.newest);
        if awaited && self.now == packet {
            return self.tell(Stimulus::Packet { session });
        }
        if at != 0 {
            self.tell(Stimulus::Seen { session, at });
        }
        if self.now == look {
            self.next_look += LOOK;
            let since_packet = (at != 0).then(|| self.now - at);
            let measure = Measure { since_packet, ..Measure::default() };
            self.tell(Stimulus::Measured { session, measure });
        }
        let due = self.stream.next_deadline().is_some_and(|due| due <= self.now);
        due && self.tell(Stimulus::Tick)
    }

    /// There are no packets any more. Answers after how many milliseconds that is noticed.
    fn dies(mut self) -> u64 {
        self.next_packet = Nanos::MAX;
        while !self.step() {}
        (self.now - self.newest) / MS
    }

    /// The next one, by a fifth longer at most, or shorter.
    fn gap(&mut self) -> Nanos {
        let gap = self.gaps[self.next_gap];
        self.next_gap = (self.next_gap + 1) % self.gaps.len();
        gap * self.random.u64(800..=1200) / 1000
    }
}

/// As `record.py` writes them.
fn parse(gaps: &str) -> Vec<Nanos> {
    let runs = gaps.split_whitespace().map(|word| word.split_once('*').unwrap_or((word, "1")));
    let number = |text: &str| text.parse::<u64>().expect("a number");
    runs.flat_map(|(gap, times)| (0..number(times)).map(move |_| number(gap) * MS)).collect()
}
