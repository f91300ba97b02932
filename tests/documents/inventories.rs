//! Threads, locks, files, crates: what is listed is there, and what is there is listed.

use super::{assert_same, chapter, code, quoted, read, root, rows, sources};
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// What stands in backticks in the first column of a chapter's tables.
fn listed(heading: &str) -> BTreeSet<String> {
    let text = chapter(heading);
    rows(&text).iter().flat_map(|row| quoted(row[0]).map(String::from)).collect()
}

/// The Go package itself, without its examples.
fn go_package() -> impl Iterator<Item = PathBuf> {
    sources("go", "go").into_iter().filter(|path| path.parent().unwrap().ends_with("go"))
}

#[test]
fn every_thread_is_listed() {
    let mut found = BTreeSet::new();
    for path in sources("src", "rs") {
        let code = code(&path).replace("spawn_for_host_code(", "spawn(");
        let names = code.split("spawn(\"").skip(1).map(|call| call.split('"').next().unwrap());
        for name in names {
            assert!(name.len() <= 15, "Linux cuts off the end of {name}");
            found.insert(name.to_owned());
        }
        let makes_threads = code.contains("Builder::new()") || code.contains("std::thread::spawn");
        assert_eq!(makes_threads, path.ends_with("engine/threads.rs"), "{}", path.display());
    }
    for path in go_package() {
        let mut function = String::new();
        for line in code(&path).lines() {
            if let Some(head) = line.strip_prefix("func ") {
                let name = head.rsplit(") ").find(|part| part.contains('(')).unwrap_or(head);
                function = name.split('(').next().unwrap().into();
            }
            // A method on a goroutine of its own, or a piece of the function that makes it.
            if let Some(call) = line.trim_start().strip_prefix("go ") {
                let name = call.split('(').next().unwrap().rsplit('.').next().unwrap();
                found.insert(if name == "func" { function.clone() } else { name.into() });
            }
        }
    }
    assert_same("threads", &found, &listed("Threads"));
}

/// The lock that a line of Rust declares, if it does: a field of `of`, or a static.
fn declared_in_rust(line: &str, of: &str) -> Option<String> {
    let line = line.trim();
    let is_lock = |kind: &str| {
        ["Mutex<", "RwLock<", "OnceLock<", "Condvar"].iter().any(|lock| kind.contains(lock))
    };
    if let Some((name, rest)) = line.strip_prefix("static ").and_then(|rest| rest.split_once(": "))
    {
        return is_lock(rest.split(" = ").next()?).then(|| name.into());
    }
    // A value ends with a call, a type does not.
    let (head, kind) = line.strip_suffix(',')?.split_once(": ")?;
    let name = head.rsplit(' ').next()?;
    (is_lock(kind) && !kind.ends_with(')')).then(|| format!("{of}::{name}"))
}

#[test]
fn every_lock_is_listed() {
    let mut found = BTreeSet::new();
    // The simulation of the engine is a test.
    let tested = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "simulation");
    for path in sources("src", "rs").into_iter().filter(|path| !tested(path)) {
        let mut of = String::new();
        for line in code(&path).lines() {
            if let Some((_, name)) = line.split_once("struct ") {
                of = name.split([' ', '<', '(', ';']).next().unwrap().into();
            }
            found.extend(declared_in_rust(line, &of));
        }
    }
    for path in go_package() {
        let mut of = String::new();
        for line in code(&path).lines() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["type", name, "struct", ..] => of = name.into(),
                [name, "sync.Mutex" | "sync.RWMutex" | "sync.Cond"] => {
                    found.insert(format!("{of}.{name}"));
                }
                _ => {}
            }
        }
    }
    assert_same("locks", &found, &listed("Locks"));
}

/// The files and folders of a folder that has a table of them, as the table names them.
fn check_files(module: &Path) {
    let text = read_to_string(module).unwrap();
    let table: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .skip_while(|line| !line.starts_with("| file |"))
        .take_while(|line| line.starts_with('|'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(!table.is_empty(), "{} has no table of its files", module.display());
    let listed: BTreeSet<String> =
        rows(&table).iter().flat_map(|row| quoted(row[0]).map(String::from)).collect();
    let folder = module.parent().unwrap();
    // Other files than sources may be named as well.
    let listed = listed.into_iter().filter(|name| name.ends_with(".rs") || name.ends_with('/'));
    let mut listed: BTreeSet<String> = listed.collect();
    let folders: Vec<String> = listed.iter().filter(|name| name.ends_with('/')).cloned().collect();
    let mut found = BTreeSet::new();
    for path in sources(folder.strip_prefix(root()).unwrap().to_str().unwrap(), "rs") {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_string();
        // A folder stands for what is in it.
        let of = folders.iter().find(|folder| name.starts_with(*folder));
        if path != module {
            found.insert(of.unwrap_or(&name).clone());
        }
    }
    listed.retain(|name| !["mod.rs", "models.rs", "tests.rs"].contains(&name.as_str()));
    assert_same(&module.display().to_string(), &found, &listed);
}

#[test]
fn the_tables_of_files_name_every_file() {
    for module in [
        "src/bin/changeover/main.rs",
        "src/core/mod.rs",
        "src/hot/mod.rs",
        "src/engine/mod.rs",
        "src/engine/monitor/mod.rs",
        "src/serve/mod.rs",
        "src/site/mod.rs",
        "src/ffi/mod.rs",
        "src/metrics/mod.rs",
        "src/vocabulary/mod.rs",
        "src/whatif/mod.rs",
        "tests/cli/main.rs",
        "tests/core/main.rs",
        "tests/engine/main.rs",
        "tests/documents/main.rs",
        "tests/site/main.rs",
        "tests/soak/main.rs",
    ] {
        check_files(&root().join(module));
    }
}

#[test]
fn the_paths_in_the_documents_exist() {
    let mut seen = 0;
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        // Not what programs are shown with.
        let prose = text.split("```").step_by(2).collect::<String>();
        for path in quoted(&prose) {
            let is_path = path.contains('/')
                && !path.contains([' ', '{', '*', '<', '$', '='])
                && !path.starts_with(['/', '.', '-'])
                && [
                    "src",
                    "tests",
                    "ci",
                    "docs",
                    "include",
                    "go",
                    "benches",
                    "examples",
                    "hosts",
                    "ffi-tests",
                ]
                .contains(&path.split('/').next().unwrap());
            if is_path {
                seen += 1;
                assert!(
                    root().join(path).exists(),
                    "{document} speaks of {path}, which is not there"
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} paths were found");
}

#[test]
fn every_file_of_rules_is_listed() {
    let of_rules = |name: &str| name.starts_with("rule_") && name.ends_with(".rs");
    let files = sources("tests/core/rules", "rs").into_iter();
    let files = files.map(|path| path.file_name().unwrap().to_str().unwrap().to_string());
    let text = chapter("Rule → test");
    let listed = quoted(&text).filter(|name| of_rules(name)).map(String::from);
    assert_same(
        "files of rules",
        &files.filter(|name| of_rules(name)).collect(),
        &listed.collect(),
    );
}

#[test]
fn every_crate_is_listed_with_its_reason() {
    let manifest = read("Cargo.toml");
    let mut found = BTreeSet::new();
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| in_dependencies) {
            found.insert(name.to_string());
        }
    }
    let text = chapter("Dependencies");
    let rows = rows(&text);
    let crates = rows.iter().map(|row| row[0]).filter(|names| !names.contains("(Go"));
    let listed = crates.flat_map(|names| names.split(" (").next().unwrap().split(", "));
    assert_same("crates", &found, &listed.map(String::from).collect());
}
