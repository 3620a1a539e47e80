//! The linter on code that others wrote: see `cargo xtask lint --help`.

mod false_alarms;
mod speed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The allocator of `cargo gochan-lint`. The parser alone is measured with it as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    let folders: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    match task.as_deref() {
        Some("false-alarms") => false_alarms::run(&folders),
        Some("speed") => speed::run(&folders),
        _ => {
            eprintln!("run this by `cargo xtask lint`");
            ExitCode::from(2)
        }
    }
}

/// The Rust files below `path`.
fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = path.read_dir().into_iter().flatten().flatten();
        entries.for_each(|entry| files(&entry.path(), found));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}
