//! Rules 6d, 9, 20 and 27: how a degraded input is got back, and when that may be tried.

use super::*;
use crate::core::event;
use crate::core::input::Probe;

/// How a degraded input is got back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WayBack {
    Probe,
    Trial,
    Restart,
    /// It is not: it may be chosen as it is.
    Untested,
}

impl Stream {
    /// Rules 6d, 9 and 27: what is done to get a degraded input back when its wait is over.
    pub(super) fn way_back(&self, index: usize) -> WayBack {
        let input = &self.inputs[index];
        if input.is_hot() {
            WayBack::Restart
        } else if self.is_probed(index) {
            WayBack::Probe
        } else if !input.usable() && self.becomes_untested(index) {
            WayBack::Untested
        } else if input.keeps_session() {
            // Rule 27a: it is listened for again.
            WayBack::Restart
        } else {
            WayBack::Trial
        }
    }

    /// Whether a degraded input may be probed, tried or restarted when its wait is over.
    pub(super) fn may_retry(&self, index: usize) -> bool {
        if !self.may_be_tried(index) {
            return false;
        }
        let input = &self.inputs[index];
        match self.way_back(index) {
            WayBack::Probe | WayBack::Untested => true,
            WayBack::Restart => input.is_hot() || self.exhausted || self.would_be_better(index),
            WayBack::Trial => match self.settings.overlap {
                Overlap::On => self.exhausted || self.would_be_better(index),
                Overlap::Off if self.on_air() => self.has_its_turn(index),
                Overlap::Off if self.active_runs() => false,
                // One session at a time, and one that was chosen goes before any trial.
                Overlap::Off => !self.inputs.iter().any(InputHealth::on_trial),
            },
        }
    }

    /// Rules 9b and 20a: no probe finds what is wrong with an impaired input.
    fn is_probed(&self, index: usize) -> bool {
        let input = &self.inputs[index];
        let impaired = input.usable() && self.settings.overlap == Overlap::On;
        !impaired && !input.cannot_be_probed()
    }

    /// When a failed input is probed, tried or restarted next, if nothing changes until then; `None`: it is
    /// not, or is now.
    pub fn next_attempt_at(&self, priority: Priority) -> Option<Nanos> {
        let index = self.index_of(priority)?;
        self.retry_due(index).filter(|_| self.may_retry(index))
    }

    /// When the wait of a degraded input is over.
    pub(super) fn retry_due(&self, index: usize) -> Option<Nanos> {
        match self.way_back(index) {
            WayBack::Untested => self.untested_from(index),
            WayBack::Trial if self.settings.overlap == Overlap::Off && self.on_air() => {
                self.turn_begins(index)
            }
            _ => self.inputs[index].retry_at(),
        }
    }

    /// Rules 6d, 9a, 9c and 27: the attempt whose wait is over.
    pub(super) fn retry(&mut self, index: usize, now: Nanos, common: &mut Common) {
        let way_back = self.way_back(index);
        let input = &mut self.inputs[index];
        let trouble = input.trouble_mut();
        trouble.retry_at = None;
        trouble.probes += u64::from(way_back != WayBack::Untested);
        match way_back {
            WayBack::Untested => self.become_untested(index, now),
            WayBack::Restart => {
                self.restart(index, Attempt::Restart, StartReason::Restart, now, common);
            }
            WayBack::Trial => {
                if self.settings.overlap == Overlap::Off {
                    if self.on_air() {
                        // Rules 19d and 20d: that has to be enough.
                        self.recover(index, now, now);
                        return;
                    }
                    self.stop_all_but(index);
                }
                self.restart(index, Attempt::Trial, StartReason::Trial, now, common);
            }
            WayBack::Probe => {
                let probe = common.next_id();
                trouble.probe = Some(Probe { id: probe, taken_at: None });
                let timeout = Duration::from_nanos(input.settings.probe_timeout);
                let input = input.spec.clone();
                self.act(Action::Probe(event::Probe { probe, input, timeout }));
            }
        }
    }
}
