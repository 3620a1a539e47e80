//! `cargo xtask house`: which module of the runtime imports which, held against the order that `xtask/house.txt` fixes;
//! and the same for the linter, with `xtask/house-lint.txt`.
//!
//! Modules lie on floors, and a module may import from its own floor and from those below it. Modules on the side look
//! in, and only sides that are named after them import them; the roof is what users and the macros see. The plan also limits the circles of imports,
//! the lines of a floor, and the share of one folder. Code for tests is not looked at.

mod graph;
mod picture;
mod plan;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::{Outcome, root};
use graph::circles;
use plan::{Level, Plan};
use source::{Import, Source};

/// The plans in `xtask/`, and the sources that each is for.
const HOUSES: [(&str, &str); 2] = [("house.txt", "gochan/src"), ("house-lint.txt", "gochan-lint/src")];

#[derive(Args)]
pub(crate) struct Options {
    /// Write the picture of the floors, xtask/house.svg, instead
    #[arg(long)]
    draw: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    if options.draw { draw() } else { check_all() }
}

/// The runtime's plan as a picture.
fn draw() -> Outcome {
    let path = root().join("xtask/house.svg");
    std::fs::write(&path, picture::of(&read_plan(HOUSES[0].0)?))
        .map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn check_all() -> Outcome {
    let mut faults = 0;
    for (plan, folder) in HOUSES {
        println!("{folder}, by xtask/{plan}:");
        faults += check(plan, folder).map_err(|message| format!("{plan}: {message}"))?;
    }
    let drawn = std::fs::read_to_string(root().join("xtask/house.svg")).unwrap_or_default();
    if drawn != picture::of(&read_plan(HOUSES[0].0)?) {
        println!("FAULT: xtask/house.svg does not show the plan: run cargo xtask house --draw");
        faults += 1;
    }
    match faults {
        0 => Ok(()),
        1 => Err("1 fault: see above".to_owned()),
        faults => Err(format!("{faults} faults: see above")),
    }
}

/// Returns the number of faults.
fn check(plan: &str, folder: &str) -> Outcome<usize> {
    let plan = read_plan(plan)?;
    let source = Source::read(&root().join(folder))?;
    let mut report = Report::default();
    report.order(&plan, &source)?;
    report.circles(&plan, &source);
    report.sizes(&plan, &source);
    print!("{}", report.text);
    Ok(report.faults)
}

fn read_plan(name: &str) -> Outcome<Plan> {
    let path = root().join("xtask").join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Plan::parse(&text)
}

/// What has been found, as text, and how much of it is against the plan.
#[derive(Default)]
struct Report {
    text: String,
    faults: usize,
}

impl Report {
    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    fn fault(&mut self, line: &str) {
        self.faults += 1;
        self.line(&format!("FAULT: {line}"));
    }

    /// The imports that run upwards.
    fn order(&mut self, plan: &Plan, source: &Source) -> Outcome {
        let mut used = BTreeSet::new();
        let mut count = 0;
        for ((from, to), import) in upward(plan, source)? {
            count += 1;
            if plan.allows(from, to) {
                used.insert((from.to_owned(), to.to_owned()));
                continue;
            }
            self.fault(&format!(
                "{from}:{} imports {to} (`{}`), which lies above it: move one of them, or hand in what is needed",
                import.line, import.path
            ));
        }
        for allowed in plan.allowed() {
            if !used.contains(allowed) {
                self.fault(&format!(
                    "the plan allows {} to import {}, which no longer happens: remove the line",
                    allowed.0, allowed.1
                ));
            }
        }
        self.line(&format!("{count} imports run upwards, {} of them allowed", used.len()));
        Ok(())
    }

    /// The circles of imports, the largest first.
    fn circles(&mut self, plan: &Plan, source: &Source) {
        let found = circles(source);
        for circle in &found {
            self.line(&format!("circle of {}: {}", circle.len(), circle.join(" ")));
        }
        let largest = found.first().map_or(0, Vec::len);
        if largest > plan.largest_circle {
            self.fault(&format!(
                "the largest circle has {largest} files; at most {} are allowed",
                plan.largest_circle
            ));
        }
    }

    /// The lines of each folder.
    fn sizes(&mut self, plan: &Plan, source: &Source) {
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        for file in source.files() {
            *lines.entry(folder(&file.path)).or_default() += file.lines;
        }
        let all: usize = lines.values().sum();
        let mut by_size: Vec<_> = lines.into_iter().collect();
        by_size.sort_by_key(|&(_, lines)| std::cmp::Reverse(lines));
        for (folder, lines) in by_size {
            let share = 100 * lines / all;
            self.line(&format!("{lines:>6} lines, {share:>2} %: {folder}"));
            if share > plan.largest_share {
                self.fault(&format!(
                    "{folder} has {share} % of the lines; at most {} % are allowed",
                    plan.largest_share
                ));
            }
            if let Some(&most) = plan.most_lines.get(folder)
                && lines > most
            {
                self.fault(&format!("{folder} has {lines} lines; at most {most} are allowed"));
            }
        }
    }
}

/// Of each pair of files, the first import that runs upwards.
fn upward<'s>(plan: &Plan, source: &'s Source) -> Outcome<BTreeMap<(&'s str, &'s str), &'s Import>> {
    let mut found = BTreeMap::new();
    for file in source.files() {
        let from = plan.level(folder(&file.path))?;
        for import in &file.imports {
            let to = plan.level(folder(&import.to))?;
            if !may_import(from, to) {
                found.entry((file.path.as_str(), import.to.as_str())).or_insert(import);
            }
        }
    }
    Ok(found)
}

fn may_import(from: Level, to: Level) -> bool {
    match (from, to) {
        (Level::Roof, _) | (Level::Side(_), Level::Floor(_)) => true,
        (Level::Floor(from), Level::Floor(to)) | (Level::Side(from), Level::Side(to)) => to <= from,
        (_, Level::Roof | Level::Side(_)) => false,
    }
}

/// `chan` of `chan/lock.rs`, `callback` of `callback.rs`.
fn folder(path: &str) -> &str {
    let end = path.find('/').unwrap_or(path.len() - ".rs".len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_import_downwards_and_nothing_imports_the_sides() {
        assert!(may_import(Level::Floor(2), Level::Floor(1)));
        assert!(may_import(Level::Floor(2), Level::Floor(2)));
        assert!(!may_import(Level::Floor(1), Level::Floor(2)));
        assert!(may_import(Level::Side(0), Level::Floor(9)));
        assert!(!may_import(Level::Floor(9), Level::Side(0)));
        assert!(may_import(Level::Side(1), Level::Side(0)));
        assert!(!may_import(Level::Side(0), Level::Side(1)));
        assert!(may_import(Level::Roof, Level::Side(0)));
        assert!(!may_import(Level::Side(0), Level::Roof));
    }

    #[test]
    fn a_folder_is_the_first_part_of_a_path() {
        assert_eq!(folder("chan/lock.rs"), "chan");
        assert_eq!(folder("sched/worker/mod.rs"), "sched");
        assert_eq!(folder("callback.rs"), "callback");
    }

    #[test]
    fn faults_name_the_place_and_what_is_wrong() {
        let plan = Plan::parse("floor a\nfloor b\nroof lib\ncircle 1\nshare 60\nlines a 2\n").unwrap();
        let source = Source::of(&[
            ("lib.rs", "mod a;\nmod b;\n"),
            ("a.rs", "use crate::b::B;\nfn f() { crate::b::g(); }\nstruct A;\n"),
            ("b.rs", "use super::a::A;\nstruct B;\n"),
        ]);
        let mut report = Report::default();
        report.order(&plan, &source).unwrap();
        report.circles(&plan, &source);
        report.sizes(&plan, &source);
        assert_eq!(report.faults, 3, "{}", report.text);
        assert!(report.text.contains("FAULT: a.rs:1 imports b.rs (`crate::b::B`)"), "{}", report.text);
        assert!(report.text.contains("circle of 2: a.rs b.rs"), "{}", report.text);
        assert!(report.text.contains("FAULT: a has 3 lines; at most 2"), "{}", report.text);
    }

    #[test]
    fn what_is_allowed_must_happen() {
        let plan = Plan::parse(
            "floor a\nfloor b\nroof lib\ncircle 2\nshare 100\nallow a.rs b.rs: since it is old\n",
        )
        .unwrap();
        let files = |a| Source::of(&[("lib.rs", "mod a;\nmod b;\n"), ("a.rs", a), ("b.rs", "")]);
        let mut report = Report::default();
        report.order(&plan, &files("use crate::b::B;")).unwrap();
        assert_eq!(report.faults, 0, "{}", report.text);
        report.order(&plan, &files("struct A;")).unwrap();
        assert!(report.text.contains("no longer happens"), "{}", report.text);
    }
}
