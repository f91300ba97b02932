//! `include/changeover.h` is what cbindgen makes of `src/ffi`, and its version is Cargo.toml's.
//!
//! `CHANGEOVER_WRITE_HEADER=1 cargo test --features capi --test header` writes it anew.

#![cfg(feature = "capi")]

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// In the order of the header.
const SOURCES: [&str; 11] = [
    "result",
    "constants",
    "abi_types",
    "version",
    "config",
    "engine",
    "control",
    "input",
    "event",
    "status",
    "stream_list",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path() -> PathBuf {
    root().join("include/changeover.h")
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let conventions = read_to_string(root().join("src/ffi/conventions.md")).unwrap();
    let conventions: String = conventions
        .lines()
        .map(|line| format!(" * {line}").trim_end().replace('`', "") + "\n")
        .collect();
    config.header = Some(format!(
        "/* changeover: input failover for live video ingest.\n \
         *\n \
         * Generated from src/ffi by tests/header (make header): do not edit.\n \
         *\n\
         {conventions} */"
    ));
    let (major, minor, patch) = version();
    config.after_includes = Some(format!(
        "\n/** The version of this header; changeover_version() is the library's. */\n\
         #define CHANGEOVER_VERSION \"{}\"\n\
         #define CHANGEOVER_VERSION_MAJOR {major}\n\
         #define CHANGEOVER_VERSION_MINOR {minor}\n\
         #define CHANGEOVER_VERSION_PATCH {patch}\n\
         /** MAJOR * 10000 + MINOR * 100 + PATCH */\n\
         #define CHANGEOVER_VERSION_NUMBER {}",
        env!("CARGO_PKG_VERSION"),
        major * 10_000 + minor * 100 + patch,
    ));
    let builder = SOURCES.iter().fold(cbindgen::Builder::new(), |builder, source| {
        builder.with_src(root().join(format!("src/ffi/{source}.rs")))
    });
    let mut text = Vec::new();
    builder.with_config(config).generate().expect("cbindgen reads src/ffi").write(&mut text);
    let text: String =
        String::from_utf8(text).unwrap().lines().map(|line| finish(line) + "\n").collect();
    one_line_comments(&text)
}

/// What cbindgen has no setting for.
fn finish(line: &str) -> String {
    if let Some(directive) = line.strip_suffix(" // __cplusplus") {
        return directive.to_owned();
    }
    match line.strip_prefix("#define ").and_then(|rest| rest.rsplit_once(' ')) {
        // So that `0-CODE` is an expression.
        Some((name, value)) if value.starts_with('-') => format!("#define {name} ({value})"),
        // Flags are unsigned.
        Some((name @ ("CHANGEOVER_VIDEO" | "CHANGEOVER_AUDIO" | "CHANGEOVER_KEY"), value)) => {
            format!("#define {name} {value}u")
        }
        _ => line.replace('`', ""),
    }
}

/// A comment with one line of text, on one line.
fn one_line_comments(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let mut at = 0;
    let mut out = String::new();
    while at < lines.len() {
        match &lines[at..] {
            [open, text, close, ..] if open.trim_start() == "/**" && close.trim_start() == "*/" => {
                out += &format!("{open} {} */\n", text.trim_start().trim_start_matches("* "));
                at += 3;
            }
            _ => {
                out += lines[at];
                out.push('\n');
                at += 1;
            }
        }
    }
    out
}

fn version() -> (u32, u32, u32) {
    let part = |text: &str| text.parse().unwrap();
    (
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
    )
}

#[test]
fn the_header_is_what_the_code_says() {
    let generated = generate();
    if std::env::var_os("CHANGEOVER_WRITE_HEADER").is_some() {
        std::fs::create_dir_all(root().join("include")).unwrap();
        std::fs::write(path(), &generated).unwrap();
    }
    let checked_in = read_to_string(path()).unwrap_or_default();
    let first = generated.lines().zip(checked_in.lines()).position(|(a, b)| a != b);
    assert!(
        generated == checked_in,
        "include/changeover.h is out of date (first at line {first:?}): run `make header`"
    );
}
