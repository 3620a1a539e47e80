//! How fast the linter reads files, compared with the parser alone.

use crate::files;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub(crate) fn run(folders: &[PathBuf]) -> ExitCode {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| files(folder, &mut paths));
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
    ExitCode::SUCCESS
}

/// The fastest of several runs: the others were disturbed.
fn best(mut run: impl FnMut()) -> Duration {
    let mut times = (0..5).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    let first = times.next().unwrap_or_default();
    times.fold(first, Duration::min)
}
