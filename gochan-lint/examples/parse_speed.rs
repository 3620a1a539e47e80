//! How fast files are read, beside the bare parser: `cargo run --release -p gochan-lint --example parse_speed -- DIR …`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the command uses; the bare parser has it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = path.read_dir().into_iter().flatten().flatten();
        entries.for_each(|entry| files(&entry.path(), found));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// The fastest of several turns: the others were disturbed.
fn best(mut turn: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        turn();
        start.elapsed()
    };
    (0..5).map(|_| ()).map(time).min().unwrap_or_default()
}

fn main() {
    let mut paths = Vec::new();
    std::env::args().skip(1).for_each(|path| files(Path::new(&path), &mut paths));
    let texts: Vec<String> = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
    let parse = best(|| {
        for text in &texts {
            drop(syn::parse_file(text));
            proc_macro2::extra::invalidate_current_thread_spans();
        }
    });
    let read = best(|| texts.iter().for_each(|text| drop(gochan_lint::read::read(text, Some("gochan")))));
    let speed = |time: Duration| lines as f64 / time.as_secs_f64() / 1e6;
    println!("{} files, {lines} lines, one core", texts.len());
    println!("syn alone    {:6.1} ms  {:.2} million lines a second", parse.as_secs_f64() * 1e3, speed(parse));
    println!("gochan-lint  {:6.1} ms  {:.2} million lines a second", read.as_secs_f64() * 1e3, speed(read));
    println!("ratio        {:.2}", read.as_secs_f64() / parse.as_secs_f64());
}
