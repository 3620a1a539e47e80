//! No input makes the linter panic, and no fix breaks a file that parses: sources of this repository, with tokens and
//! bytes deleted, doubled and swapped.
//!
//! `cargo xtask fuzz linter` runs these tests for as long as it is asked to, on new seeds.

use gochan_lint::link::{Program, Unit};
use gochan_lint::source::SourceFile;
use gochan_lint::{doctest, fix, lints, read, suppress};
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls `round` with the seeds below `few`, or as long as `GOCHAN_FUZZ_SECONDS` says, from the seed `GOCHAN_FUZZ_SEED`
/// on.
fn rounds(few: u64, mut round: impl FnMut(u64)) {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let first = number("GOCHAN_FUZZ_SEED").unwrap_or(0);
    match number("GOCHAN_FUZZ_SECONDS") {
        None => (first..first + few).for_each(round),
        Some(seconds) => {
            let end = Instant::now() + Duration::from_secs(seconds);
            let mut seed = first;
            while Instant::now() < end {
                round(seed);
                seed += 1;
            }
            println!("{} rounds, from seed {first} on", seed - first);
        }
    }
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

/// Words, runs of space and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        }
    };
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != class(c) || last == 2) {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(class(c));
    }
    tokens.push(&text[start..]);
    tokens
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut tokens = tokens(text);
    for _ in 0..=random.below(4) {
        let (at, other) = (random.below(tokens.len()), random.below(tokens.len()));
        match random.below(4) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at]),
            2 => tokens.swap(at, other),
            // Something from elsewhere in the same file.
            _ => tokens[at] = tokens[other],
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens.concat()
}

fn lint(text: String) {
    let source = SourceFile::new("mutant.rs".into(), text);
    drop(suppress::find(&source));
    for block in doctest::blocks(&source.text).iter().chain(&doctest::markdown_blocks(&source.text)) {
        drop(read::read(block, Some("gochan")));
    }
    let Ok(file) = read::read(&source.text, Some("gochan")) else { return };
    let program = Program::link(vec![Unit { source, file, package: 0 }], &["mutant".to_owned()]);
    for found in lints::run(&program, |_| true) {
        let source = &program.units[found.unit].source;
        assert!(found.span.start <= found.span.end && found.span.end as usize <= source.text.len());
        let _ =
            (source.position(found.span.start), source.position(found.span.end), source.snippet(found.span));
        if let Some(fix) = &found.fix {
            let (fixed, applied) = fix::edit(&source.text, &[&fix.edits]);
            assert_eq!(applied, 1);
            assert!(read::read(&fixed, Some("gochan")).is_ok(), "the fix of {} breaks:\n{fixed}", found.lint);
        }
    }
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn mutants_of_our_sources_neither_panic_nor_break_by_a_fix() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    for folder in ["gochan-lint/tests/corpus", "examples", "gochan-lint/src/read"] {
        files(&root.join(folder), &mut sources);
    }
    let texts: Vec<_> = sources.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    rounds(3, |seed| {
        for (path, text) in sources.iter().zip(&texts) {
            let mutant = mutate(text, &mut Random(seed));
            let result = std::panic::catch_unwind(|| lint(mutant));
            assert!(result.is_ok(), "{} with seed {seed}", path.display());
        }
    });
}

#[test]
fn scraps_cause_no_panic() {
    let scraps = [
        "go!(",
        ")",
        "{",
        "}",
        "select! {",
        "=>",
        "<-",
        "ch",
        "wg.add(1)",
        ";",
        "fn f() ",
        "loop ",
        "\u{fe}",
        "'a",
        "\"",
        "//",
        "let (a, ..) = ",
        "x.with_cancel()",
        "match x {",
        "?",
        "return",
        "defer!(",
        "|x|",
        "impl T ",
        "static A: ",
        "r#\"",
        "\n/// ```\n",
        "// gochan-lint: allow(",
        "while let Some(v) = ch.recv() {",
        "(a, _) = ",
        "with_context!((c, d) = ",
        "é",
        "t.0[1] <<= 70;",
    ];
    rounds(900, |seed| {
        let mut random = Random(seed);
        let text: String = (0..random.below(30)).map(|_| scraps[random.below(scraps.len())]).collect();
        let wrapped = format!("use gochan::prelude::*; fn g(ch: Chan<u32>, wg: WaitGroup) {{ {text} }}");
        for text in [text, wrapped] {
            let shown = text.clone();
            let result = std::panic::catch_unwind(|| lint(text));
            assert!(result.is_ok(), "seed {seed}: {shown}");
        }
    });
}

#[test]
fn bytes_cause_no_panic() {
    rounds(900, |seed| {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..random.below(80)).map(|_| random.below(256) as u8).collect();
        let result = std::panic::catch_unwind(|| lint(String::from_utf8_lossy(&bytes).into_owned()));
        assert!(result.is_ok(), "seed {seed}: {bytes:?}");
    });
}
