//! An engine that is shown, for those who ask its site: what may be seen of it, and whether anything has changed.

use changeover::site::SiteOptions;
use changeover::{Config, Engine, Flags, Input};
use std::sync::Arc;
use std::time::Duration;

pub const TOKEN: &str = "correct-horse-battery";

/// What its URLs have, and no answer.
pub const SECRETS: [&str; 3] = ["hunter2", "s3cretkey", TOKEN];

/// Ids that have to be encoded in a path, or printed with care.
pub const STREAMS: [&str; 3] = ["news", "a b/ü?\"<script>", "..\n"];

pub fn engine() -> Arc<Engine> {
    let engine = Arc::new(Engine::new().expect("an engine"));
    // Nobody sends anything, and nothing is given up for that.
    let year = Duration::from_secs(365 * 24 * 3600);
    for stream in STREAMS {
        let url = |host: &str| format!("rtmp://admin:hunter2@{host}/live/s3cretkey?token=hunter2");
        let inputs = (0..3).map(|priority| Input::new(priority, url("cam.example")).hot());
        let config = Config::new().packet_timeout(year).connect_timeout(year);
        engine.register(stream, "", inputs.collect(), config).expect("a stream");
        let text = format!("can't open {}", url("other.example"));
        engine.report_soft_error(stream, 1, &text).expect("an input");
        // All of them are healthy, so that each can be chosen.
        while let Ok(Some(_)) = engine.next_event(Duration::ZERO) {}
        for priority in 0..3 {
            let flags = Flags::VIDEO | Flags::KEY;
            let _ = engine.record_packet(stream, priority, 1000, flags).expect("an input");
        }
    }
    engine
}

pub fn options() -> SiteOptions {
    let mut options = SiteOptions::default();
    options.token = Some(TOKEN.into());
    options.hosts = vec!["ops.example".into()];
    options.open_reads = true;
    options
}

/// What only who has the token may change: choices by hand, and inputs out of use.
pub fn choices(engine: &Engine) -> Vec<(Option<i32>, Vec<bool>)> {
    let of = |stream| {
        let status = engine.runtime_status(stream).expect("a stream");
        let disabled = status.inputs.iter().map(|input| input.disabled).collect();
        (status.override_input_priority, disabled)
    };
    STREAMS.iter().map(|stream| of(stream)).collect()
}

/// Takes back what those have changed who may.
pub fn restore(engine: &Engine) {
    for stream in STREAMS {
        let _ = engine.clear_override(stream);
        for priority in 0..3 {
            let _ = engine.set_input_enabled(stream, priority, true);
        }
    }
}

pub fn tells_no_secret(said: &[u8]) {
    let said = String::from_utf8_lossy(said);
    for secret in SECRETS {
        assert!(!said.contains(secret), "{said}");
    }
}
