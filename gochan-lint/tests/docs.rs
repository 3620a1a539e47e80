//! The pages and tables are what the lints themselves say.
//!
//! `GOCHAN_LINT_BLESS=1 cargo test -p gochan-lint --test docs` writes them anew.

use gochan_lint::{explain, lints};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails if the file is not what it should be, or makes it so.
fn check(path: &Path, wanted: &str) {
    if std::env::var_os("GOCHAN_LINT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} is out of date: run this test with GOCHAN_LINT_BLESS=1", path.display());
}

#[test]
fn each_lint_has_its_page() {
    let folder = root().join("docs");
    for lint in lints::ALL {
        check(&folder.join(format!("{}.md", lint.id)), &explain::page(lint));
    }
    let known: BTreeSet<PathBuf> =
        lints::ALL.iter().map(|lint| folder.join(format!("{}.md", lint.id))).collect();
    let there: BTreeSet<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(known, there);
}

/// How many marks a lint has in the corpus, and how many programs it has to leave alone.
fn corpus(id: &str) -> (usize, usize) {
    let (mut marks, mut clean) = (0, 0);
    for entry in root().join("tests/corpus").join(id).read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let here = text.lines().filter_map(|line| line.split_once("//~"));
        let here = here.filter(|(_, ids)| ids.split_whitespace().any(|found| found == id)).count();
        marks += here;
        clean += usize::from(here == 0);
    }
    (marks, clean)
}

#[test]
fn the_readme_lists_all_lints() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- lints -->\n", "<!-- end of lints -->\n");
    let (before, rest) = readme.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let mut table =
        String::from("| lint | level | reports | marked places | clean programs |\n|---|---|---|--:|--:|\n");
    let (mut all_marks, mut all_clean) = (0, 0);
    for lint in lints::ALL {
        let (marks, clean) = corpus(lint.id);
        all_marks += marks;
        all_clean += clean;
        let level = explain::level(lint);
        let (id, summary) = (lint.id, lint.summary);
        writeln!(table, "| [`{id}`](docs/{id}.md) | {level} | {summary} | {marks} | {clean} |").unwrap();
    }
    writeln!(table, "| all {} | | | {all_marks} | {all_clean} |", lints::ALL.len()).unwrap();
    check(&path, &format!("{before}{begin}{table}{end}{after}"));
}
