//! All our sources, and mutants of them.

use super::support::{essence, files, formatted, job, repository};
use gochan_lint::fmt::Job;
use std::path::PathBuf;
use std::process::Command;

fn jobs(folders: &[&str]) -> Vec<Job> {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| files(&repository().join(folder), &mut paths));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        job(path, text)
    };
    paths.into_iter().map(read).collect()
}

#[track_caller]
fn only_the_layout_changes(jobs: &[Job]) -> Vec<Job> {
    let changed = jobs.iter().zip(formatted(jobs)).map(|(job, formatted)| {
        let text = formatted.unwrap_or_else(|reason| panic!("{}: {reason}", job.path.display()));
        assert_eq!(essence(&job.text), essence(&text), "{}", job.path.display());
        Job { text, ..job.clone() }
    });
    changed.collect()
}

const SOURCES: [&str; 4] =
    ["gochan-lint/tests/corpus", "gochan-lint/tests/programs", "examples", "gochan/tests"];

#[test]
fn nothing_but_the_layout_of_our_sources_changes_and_only_once() {
    let once = only_the_layout_changes(&jobs(&SOURCES));
    let twice = formatted(&once);
    for (once, twice) in once.iter().zip(twice) {
        assert_eq!(Ok(&once.text), twice.as_ref(), "{}", once.path.display());
    }
}

#[test]
fn rustfmt_and_the_macros_come_to_rest_together() {
    let folder = std::env::temp_dir().join(format!("gochan-fmt-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(repository().join("rustfmt.toml"), folder.join("rustfmt.toml")).unwrap();
    let mut now = jobs(&["gochan-lint/tests/corpus"]);
    let rustfmt = |jobs: &mut Vec<Job>| {
        let place = |number: usize| folder.join(format!("f{number}.rs"));
        for (number, job) in jobs.iter().enumerate() {
            // Modules would be looked for.
            std::fs::write(place(number), &job.text).unwrap();
        }
        let mut command = Command::new("rustfmt");
        command.args(["--edition", "2024", "--quiet"]).args((0..jobs.len()).map(place));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for (number, job) in jobs.iter_mut().enumerate() {
            job.text = std::fs::read_to_string(place(number)).unwrap();
        }
    };
    now.retain(|job| !job.text.contains("mod ") && !job.text.contains("rustfmt"));
    let mut turns = 0;
    loop {
        rustfmt(&mut now);
        let after = only_the_layout_changes(&now);
        let moved = now.iter().zip(&after).filter(|(before, after)| before.text != after.text).count();
        now = after;
        turns += 1;
        if moved == 0 {
            break;
        }
        assert!(turns < 5, "{moved} files do not come to rest");
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

/// The text with some of its words, signs and runs of space deleted, doubled, replaced, or followed by a comment.
fn mutate(text: &str, random: &mut Random) -> String {
    let class =
        |c: char| if c.is_alphanumeric() || c == '_' { 0 } else { 1 + usize::from(c.is_whitespace()) };
    let mut words: Vec<String> = Vec::new();
    let mut last = 1;
    for c in text.chars() {
        let next = class(c);
        match words.last_mut() {
            Some(word) if next == last && next != 1 => word.push(c),
            _ => words.push(c.to_string()),
        }
        last = next;
    }
    for _ in 0..=random.below(4) {
        let (at, other) = (random.below(words.len()), random.below(words.len()));
        match random.below(7) {
            0 => words[at].clear(),
            1 => words[at] = words[at].repeat(2),
            2 => words.swap(at, other),
            3 => words[at] = words[other].clone(),
            4 => words[at] += " /* here */ ",
            5 => words[at] += "// here\n",
            _ => words[at] += "\n\n  ",
        }
    }
    words.concat()
}

#[test]
fn nothing_but_the_layout_of_mutants_changes() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let first = number("GOCHAN_FUZZ_SEED").unwrap_or(0);
    let rounds = number("GOCHAN_FUZZ_ROUNDS").unwrap_or(1);
    let sources =
        jobs(&["gochan-lint/tests/corpus/missing_done", "gochan-lint/tests/corpus/leaked_send", "examples"]);
    for seed in first..first + rounds {
        let mut random = Random(seed);
        let mutants: Vec<Job> =
            sources.iter().map(|job| Job { text: mutate(&job.text, &mut random), ..job.clone() }).collect();
        for (mutant, formatted) in mutants.iter().zip(formatted(&mutants)) {
            // A text that is refused stays as it is.
            let Ok(text) = formatted else { continue };
            assert_eq!(essence(&mutant.text), essence(&text), "seed {seed}: {}", mutant.text);
        }
    }
}
