//! Counts the words of every text file below the given paths, on every core.
//!
//! ```text
//! $ cargo run --release --bin wordcount -- -n 3 /usr/include
//!    512008  sk
//!    416299  define
//!    269517  the
//! 7910 files, 114.5 MB of text in 0.88 s (130.0 MB/s), 1 skipped, 7 goroutines
//! ```
//!
//! A pool of workers ranges over the paths in `jobs` and sends what became of each file into
//! `results`, which main ranges over. One goroutine walks the directories, sends each path into `jobs`
//! and closes it at the end; a last one waits for all of these and closes `results`.
//!
//! A word is a run of letters and digits, in lower case. `.git` and `target` are left out, symbolic
//! links are not followed, and what cannot be read as text is named on stderr.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gochan::prelude::*;
use hashbrown::HashMap;
use walkdir::{DirEntry, WalkDir};

const HELP: &str = "\
Counts the words of every text file below the given paths, on every core.

Usage: wordcount [OPTIONS] [PATH]...

Arguments:
  [PATH]...          files and directories to read [default: the current directory]

Options:
  -n, --top N        how many of the most frequent words to print [default: 20]
  -j, --workers N    how many goroutines read files [default: two for each core]
  -h, --help         print this help
";

/// Skipped files are named up to this many.
const NAMED_SKIPS: usize = 10;

/// How often each word was seen.
type Words = HashMap<String, u64>;

/// What a goroutine has to report to main.
enum Report {
    /// A text file of this many bytes was counted.
    Counted(u64),
    /// This path was not counted, and why.
    Skipped(PathBuf, String),
    /// All that one worker counted; its last report.
    Finished(Words),
}

#[gochan::main]
fn main() -> ExitCode {
    match Options::from_command_line() {
        Ok(Some(options)) => match run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever reads our output may stop early: `wordcount | head`.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(Failure::Output(error)) => fail(&format!("cannot write: {error}")),
            Err(Failure::Path(path, error)) => fail(&format!("{}: {error}", path.display())),
        },
        Ok(None) => match io::stdout().write_all(HELP.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            fail(&format!("{error} (try --help)"));
            ExitCode::from(2)
        }
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("wordcount: {message}");
    ExitCode::FAILURE
}

/// Why there is no result.
enum Failure {
    /// A path on the command line leads nowhere.
    Path(PathBuf, io::Error),
    /// Standard output does not take the result.
    Output(io::Error),
}

fn run(options: &Options) -> Result<(), Failure> {
    for path in &options.paths {
        fs::metadata(path).map_err(|error| Failure::Path(path.clone(), error))?;
    }
    let start = Instant::now();
    let jobs = chan!(PathBuf, 1024);
    let results = chan!(Report, 1024);
    let wg = WaitGroup::new();

    for _ in 0..options.workers {
        wg.add(1);
        go!([jobs, results, wg] {
            defer!(wg.done());
            let mut counter = Counter::default();
            for path in &jobs {
                send!(results <- counter.read(path));
            }
            send!(results <- Report::Finished(counter.words));
        });
    }
    let roots = options.paths.clone();
    wg.add(1);
    go!([jobs, results, wg] {
        defer!(wg.done());
        defer!(close!(jobs));
        walk(&roots, &jobs.sender(), &results.sender());
    });
    go!([results] {
        wg.wait();
        close!(results);
    });
    // The walker, the closer, and main itself.
    let goroutines = options.workers + 3;

    let mut total = Total::default();
    let mut progress = Progress::new(start);
    for report in &results {
        total.add(report);
        progress.show(&total);
    }
    progress.erase();
    total.name_skipped();
    total.print(options.top, start.elapsed(), goroutines).map_err(Failure::Output)
}

/// Sends every file below `roots` into `jobs`, and what cannot be entered into `results`.
fn walk(roots: &[PathBuf], jobs: &Sender<PathBuf>, results: &Sender<Report>) {
    let wanted = |entry: &DirEntry| {
        entry.depth() == 0
            || !(entry.file_type().is_dir()
                && [".git", "target"].map(Some).contains(&entry.file_name().to_str()))
    };
    for entry in roots.iter().flat_map(|root| WalkDir::new(root).into_iter().filter_entry(wanted)) {
        match entry {
            // A link on the command line was asked for by name; one found on the way is not followed.
            Ok(entry) if entry.file_type().is_file() || (entry.depth() == 0 && entry.path().is_file()) => {
                send!(jobs <- entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().map_or_else(PathBuf::new, Path::to_path_buf);
                let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                send!(results <- Report::Skipped(path, why));
            }
        }
    }
}

/// One worker's words, and the memory it reads files into.
#[derive(Default)]
struct Counter {
    words: Words,
    buffer: Vec<u8>,
}

impl Counter {
    /// Reads and counts one file.
    fn read(&mut self, path: PathBuf) -> Report {
        self.buffer.clear();
        // A read stops only this worker's thread, and for microseconds: the files of a working tree
        // mostly sit in the page cache. Handing each to `gochan::blocking` measured slower.
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut self.buffer)) {
            Err(error) => Report::Skipped(path, error.to_string()),
            Ok(_) if self.buffer.contains(&0) => Report::Skipped(path, "binary".to_owned()),
            Ok(length) => match self.count() {
                Ok(()) => Report::Counted(length as u64),
                Err(_) => Report::Skipped(path, "not UTF-8".to_owned()),
            },
        }
    }

    /// Counts the words of the buffer.
    fn count(&mut self) -> Result<(), std::str::Utf8Error> {
        if self.buffer.is_ascii() {
            self.buffer.make_ascii_lowercase();
        } else {
            self.buffer = std::str::from_utf8(&self.buffer)?.to_lowercase().into_bytes();
        }
        let text = std::str::from_utf8(&self.buffer)?;
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *self.words.entry_ref(word).or_insert(0) += 1;
        }
        Ok(())
    }
}

/// What all goroutines have reported so far.
#[derive(Default)]
struct Total {
    words: Words,
    files: u64,
    bytes: u64,
    skipped: Vec<(PathBuf, String)>,
}

impl Total {
    fn add(&mut self, report: Report) {
        match report {
            Report::Counted(bytes) => {
                self.files += 1;
                self.bytes += bytes;
            }
            Report::Skipped(path, why) => self.skipped.push((path, why)),
            Report::Finished(words) if self.words.is_empty() => self.words = words,
            Report::Finished(words) => {
                for (word, count) in words {
                    *self.words.entry(word).or_insert(0) += count;
                }
            }
        }
    }

    /// Names on stderr what was not counted; the same run names it in the same order.
    fn name_skipped(&mut self) {
        self.skipped.sort();
        for (path, why) in self.skipped.iter().take(NAMED_SKIPS) {
            eprintln!("wordcount: skipped {}: {why}", path.display());
        }
        if self.skipped.len() > NAMED_SKIPS {
            eprintln!("wordcount: and {} more", self.skipped.len() - NAMED_SKIPS);
        }
    }

    fn print(&self, top: usize, elapsed: Duration, goroutines: usize) -> io::Result<()> {
        let mut words: Vec<_> = self.words.iter().map(|(word, count)| (*count, word.as_str())).collect();
        words.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));

        let mut out = io::BufWriter::new(io::stdout().lock());
        for (count, word) in words.into_iter().take(top) {
            writeln!(out, "{count:>9}  {word}")?;
        }
        let skipped = self.skipped.len();
        writeln!(out, "{}, {skipped} skipped, {goroutines} goroutines", self.summary(elapsed))?;
        out.flush()
    }

    fn summary(&self, elapsed: Duration) -> String {
        let (files, megabytes, seconds) = (self.files, self.bytes as f64 / 1e6, elapsed.as_secs_f64());
        let rate = megabytes / seconds.max(1e-9);
        format!("{files} files, {megabytes:.1} MB of text in {seconds:.2} s ({rate:.1} MB/s)")
    }
}

/// The line on a terminal that says how far we are.
struct Progress {
    terminal: bool,
    start: Instant,
    next: Instant,
}

impl Progress {
    /// Between two redraws; runs shorter than this show nothing.
    const PERIOD: Duration = Duration::from_millis(100);

    fn new(start: Instant) -> Self {
        Self { terminal: io::stderr().is_terminal(), start, next: start + Self::PERIOD }
    }

    fn show(&mut self, total: &Total) {
        if self.terminal && Instant::now() >= self.next {
            eprint!("\r\x1b[K{}", total.summary(self.start.elapsed()));
            self.next = Instant::now() + Self::PERIOD;
        }
    }

    fn erase(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

/// What the command line asks for.
struct Options {
    top: usize,
    workers: usize,
    paths: Vec<PathBuf>,
}

impl Options {
    /// `None` when help is asked for.
    fn from_command_line() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        // A goroutine stays on the thread that first ran it. With two for each, no thread is left without.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut options = Self { top: 20, workers: 2 * cores, paths: Vec::new() };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Short('n') | Long("top") => options.top = parser.value()?.parse()?,
                Short('j') | Long("workers") => {
                    options.workers = parser.value()?.parse::<NonZero<usize>>()?.get();
                }
                Short('h') | Long("help") => return Ok(None),
                Value(path) => options.paths.push(path.into()),
                _ => return Err(argument.unexpected()),
            }
        }
        if options.paths.is_empty() {
            options.paths.push(PathBuf::from("."));
        }
        Ok(Some(options))
    }
}
