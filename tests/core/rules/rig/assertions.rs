//! What a scenario asks the rig, and what it expects of it.

use super::*;

impl Rig {
    /// Exactly this was told since the last look, line by line.
    #[track_caller]
    pub fn tells(&mut self, expected: &[&str]) {
        let told: Vec<_> = self.story.take().collect();
        let told = told.into_iter().map(|(at, line)| format!("{} {line}", self.story.time(at)));
        let told: Vec<_> = told.collect();
        assert_eq!(told, expected, "\ntold: {told:#?}");
    }

    /// What was told since the last look, without the times.
    pub fn lines(&mut self) -> impl Iterator<Item = String> + '_ {
        self.story.take().map(|(_, line)| line)
    }

    /// Nothing was told since the last look.
    #[track_caller]
    pub fn is_quiet(&mut self) {
        self.tells(&[]);
    }

    /// The story so far is not of interest.
    pub fn skip(&mut self) {
        self.story.take().for_each(drop);
    }

    pub fn input(&self, priority: Priority) -> &InputHealth {
        let find = |input: &&InputHealth| input.priority() == priority;
        self.stream.inputs().iter().find(find).expect("an input of this priority")
    }

    pub fn status(&self, priority: Priority) -> Status {
        self.input(priority).status()
    }

    pub fn errors(&self, priority: Priority) -> Vec<InputError> {
        self.input(priority).errors().cloned().collect()
    }

    pub fn attempts(&self, priority: Priority) -> Vec<InputError> {
        self.input(priority).attempts().cloned().collect()
    }

    /// How many probes, trials and restarts there were, how many helped and how many did not.
    pub fn probes(&self, priority: Priority) -> (u64, u64, u64) {
        let input = self.input(priority);
        (input.probes(), input.probes_ok(), input.probes_failed())
    }

    /// What the starts since the last look were for.
    pub fn start_reasons(&mut self) -> Vec<StartReason> {
        std::mem::take(&mut self.started_for)
    }

    /// The session of an input that runs now, by its name.
    pub fn running(&self, priority: Priority) -> Option<&str> {
        self.input(priority).session().map(|session| self.story.name(session))
    }

    /// The session with this name.
    pub fn session(&self, name: &str) -> SessionId {
        self.story.session(name)
    }

    pub fn probe_in_flight(&self, priority: Priority) -> ProbeId {
        let found = self.invariants.probes.iter().find(|(_, other)| *other == priority);
        found.expect("a probe in flight").0
    }

    /// The sessions that run on the host, by their names.
    pub fn on_host(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.host.running().iter().map(|session| self.story.name(*session)).collect();
        names.sort_unstable();
        names
    }

    /// Milliseconds of the story until the next deadline.
    pub fn deadline(&self) -> Option<String> {
        self.stream.next_deadline().map(|at| self.story.time(at))
    }
}
