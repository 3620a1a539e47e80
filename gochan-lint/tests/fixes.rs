//! What the fixes make of the corpus parses, and what they were for is gone.

use gochan_lint::diagnostic::Diagnostic;
use gochan_lint::link::{Program, Unit};
use gochan_lint::source::{SourceFile, Span};
use gochan_lint::{fix, lints, read};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn found(text: &str) -> Vec<Diagnostic> {
    let file = read::read(text, Some("gochan")).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let unit = Unit { source: SourceFile::new("fixed.rs".into(), text.to_owned()), file, package: 0 };
    lints::run(&Program::link(vec![unit], &["corpus".to_owned()]), |_| true)
}

fn counts(found: &[Diagnostic]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    found.iter().for_each(|found| *counts.entry(found.lint).or_insert(0) += 1);
    counts
}

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { programs(&path, found) } else { found.push(path) }
    }
}

#[test]
fn what_was_fixed_is_clean_and_nothing_else_is_new() {
    let mut paths = Vec::new();
    programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut paths);
    programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixable"), &mut paths);
    let mut wrong = String::new();
    let mut fixed: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let marked = std::fs::read_to_string(&path).unwrap();
        let text: String =
            marked.lines().map(|line| format!("{}\n", line.split("//~").next().unwrap_or(line))).collect();
        let before = found(&text);
        for finding in before.iter().filter(|finding| finding.fix.is_some()) {
            let edits: &[(Span, String)] = &finding.fix.as_ref().unwrap().edits;
            let (after, applied) = fix::edit(&text, &[edits]);
            assert_eq!(applied, 1);
            let (old, new) = (counts(&before), counts(&found(&after)));
            let left = new.get(finding.lint).copied().unwrap_or(0);
            let shown = format!("{}: {}\n{after}", path.display(), finding.message);
            if left >= old[finding.lint] {
                wrong += &format!("still found: {shown}");
            }
            // What is called now is a goroutine, with whatever else is to say of it.
            let others = new.iter().filter(|_| finding.lint != "missing_call");
            for (lint, _) in others.filter(|(lint, count)| old.get(*lint) < Some(count)) {
                wrong += &format!("{lint} is new: {shown}");
            }
            *fixed.entry(finding.lint).or_insert(0) += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    for lint in ["missing_call", "add_in_goroutine", "lost_cancel", "single_arm_select", "done_not_deferred"]
    {
        assert!(fixed.get(lint) >= Some(&3), "{lint}: {fixed:?}");
    }
}

#[test]
fn what_a_fix_would_break_is_left_as_it_is() {
    let found = found(include_str!("data/without_fixes.rs"));
    assert!(found.len() >= 7, "{found:?}");
    let fixed: Vec<_> = found.iter().filter(|found| found.fix.is_some()).collect();
    assert!(fixed.is_empty(), "{fixed:?}");
}

#[test]
fn a_fix_in_a_module_needs_no_import() {
    let text = "use gochan::prelude::*;\nmod inner {\n    use gochan::context as c;\n    fn f() {\n        \
                let (ctx, _) = c::background().with_cancel();\n        std::thread::spawn(move || ctx.err()).join();\n    }\n}\n";
    let found = found(text);
    let fix = found.iter().find_map(|found| found.fix.as_ref()).expect("lost_cancel has a fix");
    let (after, _) = fix::edit(text, &[&fix.edits]);
    assert!(after.contains("gochan::defer!(cancel.cancel());"), "{after}");
}
