//! Recording from C: builds `benches/c/record.c` against the shared library, and runs it.

use crate::support::bar::{Bar, Figure};
use crate::support::interleave::Spread;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `changeover_record` through the shared library, against the floor in the same program.
pub fn through_the_shared_library(rounds: usize) -> Result<Vec<Figure>, String> {
    let program = build()?;
    let text = output(Command::new(program).arg(rounds.to_string()))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    let spread = |name: &str| -> Result<Spread, String> {
        let part = |part| json[name][part].as_f64().ok_or(format!("no {name} in {text}"));
        Ok(Spread { median: part("median")?, low: part("low")?, high: part("high")? })
    };
    let figure = |name: &str, lane: &str, bar| -> Result<Figure, String> {
        let (ratio, ns) = (spread(&format!("{lane}_ratio"))?, spread(&format!("{lane}_ns"))?);
        let note = format!("{ns} ns, floor {} ns, ratio {ratio}", spread("floor_ns")?);
        Ok(Figure::new(name, ratio.median, "F", bar, note))
    };
    Ok(vec![
        figure("record through the shared library from C", "record", Bar::AtMost(8.0))?
            .no_less_than("a call that returns a constant", spread("call_ratio")?.median),
        figure("record inline from C", "inline", Bar::None)?,
        figure("batch of 32 from C, per packet", "batch", Bar::AtMost(3.0))?,
    ])
}

/// Makes the library (unless it is fresh) and the program.
pub fn build() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    output(Command::new("make").args(["--no-print-directory", "lib"]).current_dir(root))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let target = root.join(target);
    let (library, directory) = (target.join("release/libchangeover.so"), target.join("bench-c"));
    std::fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let soname = directory.join(soname(&library)?);
    // A link left by an earlier build is as good.
    let _ = std::os::unix::fs::symlink(&library, &soname);
    let program = directory.join("record");
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-I"])
        .arg(root.join("include"))
        .arg(root.join("benches/c/record.c"))
        .arg(&soname)
        .arg(format!("-Wl,-rpath,{}", directory.display()))
        .arg("-o")
        .arg(&program);
    output(&mut gcc)?;
    Ok(program)
}

/// The name under which programs look for the library.
fn soname(library: &Path) -> Result<String, String> {
    let text = output(Command::new("readelf").arg("-d").arg(library))?;
    let line = text.lines().find(|line| line.contains("(SONAME)"));
    let name = line.and_then(|line| line.split(['[', ']']).nth(1));
    Ok(name.ok_or("the library has no SONAME")?.to_owned())
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
}
