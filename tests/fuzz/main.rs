//! Every file of the fuzz targets' corpora once through its target, as it was found: what was wrong with one, is
//! wrong again. `ci/fuzz` looks for more.

#![cfg(all(feature = "capi", feature = "serve"))]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs::{read, read_dir};
use std::path::{Path, PathBuf};

/// Says which file it was.
struct Trying(PathBuf);

impl Drop for Trying {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("with {}", self.0.display());
        }
    }
}

fn run_corpus(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files = 0;
    for entry in read_dir(&corpus).expect("the target has a corpus") {
        let trying = Trying(entry.unwrap().path());
        run(&read(&trying.0).unwrap());
        files += 1;
    }
    assert!(files > 0, "{} is empty", corpus.display());
}

macro_rules! targets {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            run_corpus(stringify!($target), targets::$target::run);
        }
    )*};
}

targets! { c_calls http rtp settings site structs trace ts urls }
