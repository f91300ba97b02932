//! Rule 23 and promise 9: what waits for a key frame, and for how long.

use super::*;
use changeover::core::SessionId;

/// The offers of one stream.
#[derive(Debug, Default)]
pub struct Offers {
    /// Every number that was ever offered, and to which session.
    made: BTreeMap<u64, SessionId>,
    /// To whom the open one is made, and when that delivered first since the decision.
    first_packet: Option<(SessionId, Nanos)>,
    /// Which inputs are known to have sent video, and key frames.
    video: BTreeSet<Priority>,
    keys: BTreeSet<Priority>,
    /// The number that a packet has just taken.
    taken: Option<u64>,
}

/// A packet of a session, as it was flagged.
pub struct Recorded {
    pub session: SessionId,
    pub priority: Priority,
    pub key: bool,
}

impl Judge {
    pub(super) fn key_frames(&mut self, notices: &[Notice], scene: &Scene<'_>) {
        self.waited(notices, scene);
        let (stream, offers) = (scene.stream, &mut self.offers);
        let offer = stream.offer();
        if let Some(offer) = offer {
            let session = offers.made.entry(offer.number).or_insert(offer.session);
            assert_eq!(*session, offer.session, "one number is offered to two sessions");
            assert!(offer.number > stream.switch_number(), "a number of the past is offered");
            assert!(scene.model.waits_for_key_frames(), "an offer, and nothing waits");
            assert!(stream.on_air(), "an offer, and nothing is on air");
        }
        let to = offer.map(|offer| offer.session);
        offers.first_packet = offers.first_packet.filter(|(session, _)| Some(*session) == to);
    }

    /// Promise 9: what waits for a key frame commits on it, or when the wait is over.
    fn waited(&mut self, notices: &[Notice], scene: &Scene<'_>) {
        let taken = self.offers.taken.take();
        for notice in notices {
            let Notice::Switched(switch) = notice else { continue };
            let planned = matches!(
                switch.reason,
                Reason::Manual | Reason::Failback | Reason::InputAdded | Reason::Disabled
            ) || switch.reason.is_condition();
            // What was restarted meanwhile is not on air.
            let on_air = self.on_air.filter(|on_air| !self.started.contains(on_air));
            // Rule 25b: what drains is stopped at once when it, or the buffer, is updated.
            let stopped = switch.reason == Reason::Disabled && self.cause == Cause::Other;
            if !planned || stopped || on_air.is_none() || on_air != switch.from {
                continue;
            }
            let keys = |priority: Option<Priority>| {
                priority.is_some_and(|priority| self.offers.keys.contains(&priority))
            };
            // Rule 25b: updated while it drained, or with none left to try, it stopped at once.
            if switch.reason == Reason::Disabled && self.started.contains(&switch.to) {
                continue;
            }
            if scene.model.waits_for_key_frames() && (keys(switch.from) || keys(Some(switch.to))) {
                assert_eq!(self.cause, Cause::Committed, "it did not wait: {switch:?}");
            }
            if self.cause == Cause::Committed {
                assert_eq!(Some(switch.number), taken, "committed under another number");
            }
        }
    }

    /// Before a packet is told that is of this session. Answers whether it takes the offer.
    pub fn packet(&mut self, packet: &Recorded, scene: &Scene<'_>) -> Option<u64> {
        let offer = scene.stream.offer().filter(|offer| offer.session == packet.session)?;
        let now = scene.now;
        let sent_video = self.offers.video.contains(&packet.priority);
        let key_wait = scene.model.key_wait();
        let patience = match sent_video {
            true => key_wait,
            false => key_wait.min(scene.model.measure_window(packet.priority)),
        };
        let known = self.offers.first_packet.filter(|(session, _)| *session == packet.session);
        let (_, first) = *self.offers.first_packet.insert(known.unwrap_or((packet.session, now)));
        if offer.to_any_packet && !scene.settings_changed {
            assert!(now - first >= patience, "any packet may commit, too early");
        }
        let taken = (packet.key || offer.to_any_packet).then_some(offer.number);
        self.offers.taken = taken;
        taken
    }

    /// How a packet was flagged. Answers whether it is the first like this.
    pub fn flagged(&mut self, priority: Priority, video: bool, key: bool) -> bool {
        let first_video = video && self.offers.video.insert(priority);
        let first_key = video && key && self.offers.keys.insert(priority);
        first_video || first_key
    }
}

impl Offers {
    /// An input that is added is another one.
    pub fn forget_flags(&mut self, priority: Priority) {
        self.video.remove(&priority);
        self.keys.remove(&priority);
    }
}
