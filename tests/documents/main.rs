//! What the documents say of the code is compared with the code; here: that a page takes ten lines.
//!
//! | file | what it shows |
//! |---|---|
//! | `orderings.rs` | ARCHITECTURE.md's table of memory orderings |
//! | `inventories.rs` | ARCHITECTURE.md's threads, locks, crates and paths; the tables of files in each folder |
//! | `planted.rs` | planted/: a bug for each rule and each promise |
//! | `rules.rs` | docs/rules.md: its files, the rules that the core cites, the settings |

mod inventories;
mod orderings;
mod planted;
mod rules;

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// All files below a folder whose names end like this, but for tests.
fn sources(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                // Models, and what stands in for the standard library there.
                let models = path.ends_with("models") || path.ends_with("hot/sync");
                folders.extend((!models).then_some(path));
            } else if path.extension().is_some_and(|its| its == extension)
                && !["tests.rs", "models.rs"].contains(&name)
                && !name.ends_with("_test.go")
            {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no *.{extension} in {folder}");
    found
}

/// A file's lines without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = read_to_string(path).unwrap();
    let text = text.split("\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// A chapter of ARCHITECTURE.md, by its heading.
fn chapter(heading: &str) -> String {
    let text = read("ARCHITECTURE.md");
    let (_, rest) = text
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("ARCHITECTURE.md has no chapter {heading}"));
    rest.split("\n## ").next().unwrap().into()
}

/// The cells of a document's tables, without their headings.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let table = text.lines().filter(|line| line.starts_with('|'));
    let rows = table.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    // A heading is what stands before a line of dashes.
    let is_rule = |row: &[&str]| row.iter().all(|cell| cell.chars().all(|c| "-| :".contains(c)));
    let keep =
        |&n: &usize| !is_rule(&rows[n]) && !rows.get(n + 1).is_some_and(|next| is_rule(next));
    (0..rows.len()).filter(keep).map(|n| rows[n].clone()).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Both directions: what only the code has, and what only the document has.
fn assert_same(what: &str, code: &BTreeSet<String>, document: &BTreeSet<String>) {
    let missing: Vec<_> = code.difference(document).collect();
    let wrong: Vec<_> = document.difference(code).collect();
    assert!(missing.is_empty(), "{what}: the code has {missing:#?}, which the document has not");
    assert!(wrong.is_empty(), "{what}: the document has {wrong:#?}, which the code has not");
    assert!(!code.is_empty(), "{what}: nothing was found");
}

/// What docs/operations.md promises: the body of `main`, without blank lines and comments.
#[test]
fn a_page_takes_ten_lines() {
    for (file, main) in
        [("examples/page.c", "int main("), ("go/examples/page/main.go", "func main(")]
    {
        let text = read(file);
        let (_, body) = text.split_once(main).unwrap_or_else(|| panic!("{file} has a main"));
        let (body, _) = body.split_once("\n}\n").expect("it ends");
        let is_code = |line: &&str| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*")
        };
        let lines = body.lines().skip(1).filter(is_code).count();
        assert!(lines <= 10, "{file}: {lines} lines");
    }
}
