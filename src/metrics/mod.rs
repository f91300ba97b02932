//! The engine's metrics in the text format of OpenMetrics, for Prometheus and whatever reads the same.
//! `docs/operations.md` lists them.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | what a host asks for |
//! | `census.rs` | how many streams and inputs there are of which kind, and each of them |
//! | `families.rs` | what each metric is called, and what it says |

mod census;
mod families;
#[cfg(test)]
mod tests;

use crate::engine::Engine;
use census::Census;
use families::Scrape;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// What [`Engine::metrics`] tells beyond what concerns the engine as a whole: by default nothing, so
/// that it stays short however many streams there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricsOptions {
    streams: bool,
    inputs: bool,
}

impl MetricsOptions {
    /// The engine as a whole: about 200 lines.
    pub fn new() -> MetricsOptions {
        MetricsOptions::default()
    }

    /// Whether each stream has series of its own: four or five, with its id.
    #[must_use]
    pub fn streams(self, each: bool) -> MetricsOptions {
        MetricsOptions { streams: each, ..self }
    }

    /// Whether each input has series of its own: about 16, with its stream's id and its priority.
    #[must_use]
    pub fn inputs(self, each: bool) -> MetricsOptions {
        MetricsOptions { inputs: each, ..self }
    }
}

impl Engine {
    /// Metrics of the engine, its streams and their inputs in the text format of OpenMetrics, whose
    /// content type is `application/openmetrics-text; version=1.0.0; charset=utf-8`. No URL and no text of
    /// others is in it, only streams' ids.
    ///
    /// Looks at all streams, in the calling thread; does not wait for the monitor. Of an engine that is
    /// shut down, it says that.
    pub fn metrics(&self, options: MetricsOptions) -> String {
        let mut registry = Registry::with_prefix("changeover");
        registry.register_collector(Box::new(Scrape::of(self, Census::take(self, options))));
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &registry);
        text
    }
}
