//! The order in which inputs are chosen: what they are worth, then their priorities.

use super::*;
use crate::core::conditions::is_useless;

/// Rule 17a: what an input is worth on air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Healthy,
    /// Impaired, but its picture can be watched.
    Poor,
    /// Rule 27c: it may or may not deliver.
    Untested,
    /// No source, but better than nothing.
    Fill,
    /// Its picture can't be watched.
    Useless,
}

impl Class {
    /// Rule 19: whether it is, or may be, the stream's own programme.
    pub(super) fn is_programme(self) -> bool {
        self < Class::Fill
    }
}

impl Stream {
    /// What an input is worth, as far as is known.
    pub(super) fn class(&self, index: usize) -> Class {
        let input = &self.inputs[index];
        match input.impairment() {
            Some((condition, _)) if is_useless(condition) => Class::Useless,
            _ if input.is_fill() => Class::Fill,
            _ if input.untested() => Class::Untested,
            Some(_) => Class::Poor,
            None => Class::Healthy,
        }
    }

    /// Nothing is known to be wrong with it: it is healthy, or untested.
    pub(super) fn is_unharmed(&self, index: usize) -> bool {
        matches!(self.class(index), Class::Healthy | Class::Untested)
    }

    pub(super) fn rank(&self, index: usize) -> (Class, Priority) {
        (self.class(index), self.inputs[index].spec.priority)
    }

    /// Whether an input, as it is, is better than the active one.
    pub(super) fn is_better(&self, index: usize) -> bool {
        self.active_index().is_some_and(|active| self.rank(index) < self.rank(active))
    }

    /// Whether an input is worth more than the active one, whatever their priorities.
    pub(super) fn is_of_better_class(&self, index: usize) -> bool {
        self.active_index().is_some_and(|active| self.class(index) < self.class(active))
    }

    /// What it would be worth if it recovered.
    pub(super) fn hoped_rank(&self, index: usize) -> (Class, Priority) {
        let class = if self.inputs[index].is_fill() { Class::Fill } else { Class::Healthy };
        (class, self.inputs[index].spec.priority)
    }

    /// Whether an input would be better than the active one if it recovered.
    pub(super) fn would_be_better(&self, index: usize) -> bool {
        self.active_index().is_some_and(|active| self.hoped_rank(index) < self.rank(active))
    }

    /// Rules 5 and 17a: the override, else the best of the best class. One that is held comes last
    /// of its class (21d).
    pub(super) fn select(&self, now: Nanos) -> Option<Priority> {
        let available =
            |p: &Priority| self.index_of(*p).is_some_and(|i| self.inputs[i].available());
        self.override_input().filter(available).or_else(|| {
            let available = (0..self.inputs.len()).filter(|index| self.inputs[*index].available());
            let order = |index: &usize| (self.class(*index), self.is_held(*index, now));
            available.min_by_key(order).map(|best| self.inputs[best].spec.priority)
        })
    }

    /// Rule 19a: a source that is healthy or poor.
    pub(super) fn has_programme(&self) -> bool {
        (0..self.inputs.len()).any(|i| self.inputs[i].usable() && self.class(i).is_programme())
    }

    /// Rule 18a: what may go on air while the chosen input starts, from when on, and after how long
    /// a darkness.
    pub(super) fn bridge(&self) -> Option<(Nanos, usize, Nanos)> {
        let active = self.active_index().filter(|_| !self.on_air())?;
        let chosen = &self.inputs[active];
        chosen.session.filter(|session| chosen.usable() && session.first_packet().is_none())?;
        let grace = chosen.settings.start_grace.unwrap_or(chosen.settings.packet_timeout);
        let delivers = |index: &usize| {
            let input = &self.inputs[*index];
            input.usable() && input.delivering() && !input.on_trial()
        };
        let best = (0..self.inputs.len()).filter(delivers).min_by_key(|index| self.rank(*index))?;
        Some((self.air_since + grace, best, grace))
    }

    /// Rules 10, 17b and 19c: the inputs that are worth a planned switch, and from when on.
    pub(super) fn better_from(&self) -> impl Iterator<Item = (Nanos, usize)> + '_ {
        let free = self.pending.is_none() && self.override_input().is_none();
        let active = self.active_index().filter(|_| free);
        let candidates = (0..self.inputs.len()).filter(move |index| Some(*index) != active);
        candidates.filter_map(move |index| Some((self.better_since(index, active?)?, index)))
    }

    /// When an input is switched to by choice, if nothing changes until then: because it is better, and has
    /// been healthy for long enough by then, and the last switch is long enough ago. `None`: it is not.
    pub fn switch_due_at(&self, priority: Priority) -> Option<Nanos> {
        let mut due = self.better_from();
        due.find(|(_, index)| self.inputs[*index].spec.priority == priority).map(|(at, _)| at)
    }

    /// For how many nanoseconds an input that is not well has to be healthy until it is returned to: one that would
    /// be better than the active one. `None`: it is not; or it is well, and [`Stream::switch_due_at`] knows more.
    pub fn returned_to_after(&self, priority: Priority) -> Option<Nanos> {
        let active = self.active_index().filter(|active| self.is_unharmed(*active))?;
        let index = self.inputs.iter().position(|input| input.spec.priority == priority)?;
        let input = &self.inputs[index];
        let is_well = input.usable() && self.class(index) == Class::Healthy;
        let stays = self.override_input().is_some() || self.settings.failback != Failback::Auto;
        let would_be = priority < self.inputs[active].spec.priority && !input.is_fill();
        (would_be && !is_well && !stays && !input.disabled())
            .then_some(self.settings.failback_stable)
    }

    fn better_since(&self, index: usize, active: usize) -> Option<Nanos> {
        let input = &self.inputs[index];
        let mut since = input.healthy_since.get().filter(|_| input.usable())?;
        let (last_at, last_reason, _) = self.switches.last()?;
        let bridged = last_reason == Reason::StartGrace;
        if let Some(session) = input.session.filter(|_| bridged) {
            // Rule 18b: what goes on starting is healthy from its first packet.
            since = since.max(session.first_packet()?);
        }
        let stable = self.settings.failback_stable;
        let left = self.class(active);
        let unharmed = self.is_unharmed(active);
        if self.class(index) < left && !unharmed {
            let met = input.met_since();
            return Some(match left {
                // Rule 19c.
                Class::Fill => self.proven_from(index, since + stable),
                // Rule 21e: nothing is asked.
                Class::Useless => met,
                _ => self.proven_from(index, met),
            });
        }
        let failback = unharmed
            && self.class(index) == Class::Healthy
            && input.spec.priority < self.inputs[active].spec.priority
            && self.settings.failback == Failback::Auto;
        // Rule 18c: what bridges a start is on air first, or it would be left in the same instant.
        if !failback || (bridged && !self.on_air()) {
            return None;
        }
        // Rule 10a.
        let cooldown = if bridged { 0 } else { self.settings.switch_cooldown };
        let cooled = last_at + cooldown;
        Some(self.proven_from(index, cooled.max(since + stable)))
    }
}
