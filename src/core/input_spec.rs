//! What the host says about an input.

use super::config::Config;
use super::problem::{Problem, INPUT_TEXT_MAX, OPTIONS_MAX};
use super::{Priority, Standby};
use crate::user_data::UserData;
use serde::{Deserialize, Serialize};
use std::any::Any;

/// One source of a stream. Its URL and options are the host's and come back verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// 0 and up, unique in the stream, lower is preferred.
    pub priority: Priority,
    /// Anything, with the options at most 65,536 bytes.
    #[serde(skip)]
    pub url: Box<str>,
    /// Settings of this input.
    pub config: Config,
    /// Most have none of it.
    #[serde(skip)]
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct More {
    options: Box<[InputOption]>,
    user_data: Option<UserData>,
}

/// A key and its value.
pub(crate) type InputOption = (Box<str>, Box<str>);

impl Input {
    /// An input that inherits every setting.
    pub fn new(priority: Priority, url: impl Into<Box<str>>) -> Self {
        Input { priority, url: url.into(), config: Config::new(), more: None }
    }

    /// Adds a key/value pair that comes back with every *start* and *probe*.
    #[must_use]
    pub fn option(mut self, key: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        let more = self.more.get_or_insert_default();
        let mut options = std::mem::take(&mut more.options).into_vec();
        options.push((key.into(), value.into()));
        more.options = options.into();
        self
    }

    /// Anything, e.g. HTTP headers; at most 256.
    pub fn options(&self) -> &[InputOption] {
        self.more.as_deref().map_or(&[], |more| &more.options)
    }

    /// In place of all there are.
    #[cfg(feature = "capi")]
    pub(crate) fn set_options(&mut self, options: Box<[InputOption]>) {
        if !options.is_empty() {
            self.more.get_or_insert_default().options = options;
        }
    }

    /// Settings that differ from the stream's.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Adds a value of the host's that comes back with each *start*, *stop* and *probe*:
    /// `start.input.user_data()?.get::<T>()`.
    ///
    /// It is dropped once the input is gone (removed or replaced by an update, unregistered, or the
    /// engine dropped), or was refused, and no event, status or copy with it is left: so not before
    /// the host has taken the *stop* of its last session. That happens on a thread of the host's that
    /// calls the engine, or on one of the engine's that runs host code; never on the monitor.
    #[must_use]
    pub fn with_user_data(mut self, value: impl Any + Send + Sync) -> Self {
        self.set_user_data(Some(UserData::new(value)));
        self
    }

    /// What [`Input::with_user_data`] added.
    pub fn user_data(&self) -> Option<&UserData> {
        self.more.as_deref()?.user_data.as_ref()
    }

    /// In place of what there is.
    pub(crate) fn set_user_data(&mut self, value: Option<UserData>) {
        if value.is_some() || self.more.is_some() {
            self.more.get_or_insert_default().user_data = value;
        }
    }

    /// Started at once and kept running.
    #[must_use]
    pub fn hot(mut self) -> Self {
        self.config = self.config.standby(Standby::Hot);
        self
    }

    /// Whether a stream would take this input; if not, what is wrong with it and why.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self) -> Result<(), Problem> {
        if self.priority < 0 {
            return Err(Problem::NEGATIVE);
        }
        if self.url.len() > INPUT_TEXT_MAX {
            return Err(Problem::URL_TOO_LONG);
        }
        if self.options().len() > OPTIONS_MAX {
            return Err(Problem::TOO_MANY_OPTIONS);
        }
        let options = self.options().iter().map(|(key, value)| key.len() + value.len());
        if self.url.len() + options.sum::<usize>() > INPUT_TEXT_MAX {
            return Err(Problem::OPTIONS_TOO_LONG);
        }
        self.config.check_for_input()
    }
}
