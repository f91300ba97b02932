//! `planted/`: each rule and each promise of docs/rules.md has a bug that breaks it, and docs/reliability.md
//! names for each promise one that does.

use super::rules::clauses;
use super::{quoted, read, root, rows};
use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};

/// "rule 4d", "promise 4" for all that there are.
fn promised(text: &str) -> BTreeSet<String> {
    let (_, promises) = text.split_once("\n## 5. Promises\n").expect("the promises' chapter");
    let promises = promises.split("\n## ").next().unwrap();
    let number = |line: &str| {
        let (number, _) = line.split_once(". **")?;
        number.parse::<u32>().ok().map(|number| format!("promise {number}"))
    };
    let rules = clauses(text).into_iter().map(|clause| format!("rule {clause}"));
    promises.lines().filter_map(number).chain(rules).collect()
}

/// Each patch, and what it breaks by its line "Breaks:", if it has one.
fn planted() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for area in read_dir(root().join("planted")).unwrap() {
        let area = area.unwrap().path();
        for patch in area.is_dir().then(|| read_dir(&area).unwrap()).into_iter().flatten() {
            let patch = patch.unwrap().path();
            let text = read_to_string(&patch).unwrap();
            let head = text.lines().take_while(|line| !line.starts_with("---"));
            let breaks = head.filter_map(|line| line.strip_prefix("Breaks: "));
            let breaks = breaks.flat_map(|what| what.split(", ")).map(String::from).collect();
            let path = patch.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((path, breaks));
        }
    }
    assert!(found.len() >= 60, "{} planted bugs", found.len());
    found
}

#[test]
fn what_planted_bugs_break_is_in_the_rules() {
    let promised = promised(&read("docs/rules.md"));
    for (patch, breaks) in planted() {
        for what in breaks {
            assert!(promised.contains(&what), "{patch}: docs/rules.md has no {what}");
        }
    }
}

#[test]
fn each_rule_and_each_promise_has_a_planted_bug() {
    // A clause of a rule stands for the rule.
    let whole = |what: &String| what.trim_end_matches(|c: char| c.is_ascii_lowercase()).to_owned();
    let planted = planted();
    let broken: BTreeSet<_> = planted.iter().flat_map(|(_, breaks)| breaks).map(whole).collect();
    let promised: BTreeSet<_> = promised(&read("docs/rules.md")).iter().map(whole).collect();
    let missing: Vec<_> = promised.difference(&broken).collect();
    assert!(missing.is_empty(), "nothing in planted/ breaks {missing:?}");
}

#[test]
fn the_bug_that_stands_for_a_promise_breaks_it() {
    let text = read("docs/reliability.md");
    let (_, chapter) = text.split_once("\n## Promise by promise\n").expect("the table of promises");
    let planted = planted();
    let rows = rows(chapter.split("\n## ").next().unwrap());
    assert!(!rows.is_empty());
    for row in rows {
        let promise = format!("promise {}", row[0].split(' ').next().unwrap());
        for named in quoted(row[2]) {
            let its = planted.iter().filter(|(patch, _)| patch.starts_with(named));
            let its: Vec<_> = its.collect();
            assert!(!its.is_empty(), "there is no {named}");
            let breaks = its.iter().any(|(_, breaks)| breaks.contains(&promise));
            assert!(breaks, "{named} does not say that it breaks {promise}");
        }
    }
}
