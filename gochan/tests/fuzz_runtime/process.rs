//! The processes of a run: the parent starts children one after the other, each on another backend or with another
//! number of workers, and tells how one ended that did not end well.

use std::collections::VecDeque;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::round;

/// Set in a child: the seconds it is to run for.
const CHILD: &str = "GOCHAN_FUZZ_CHILD";
/// Starts the line by which a child tells the seed of the round that begins.
pub(crate) const ROUND: &str = "fuzz round ";
/// Lines of a child's stderr to show when it fails.
const SHOWN: usize = 400;
/// A child that does not end this long after its time is hung, its own watchdog included.
const GRACE: Duration = Duration::from_secs(240);

/// The test: the parent, or in a child the rounds.
pub(crate) fn run() {
    let repeat: Option<f64> = number("GOCHAN_FUZZ_REPEAT");
    let seed: Option<u64> = number("GOCHAN_FUZZ_SEED");
    if let Some(seconds) = number::<f64>(CHILD) {
        let seed = seed.expect("the parent sets it");
        return round::run_rounds(seed, Duration::from_secs_f64(seconds), repeat.is_some());
    }
    let seconds: Option<f64> = number("GOCHAN_FUZZ_SECONDS");
    let repeats = repeat.is_some() || (seed.is_some() && seconds.is_none());
    let budget = repeat.or(seconds).unwrap_or(2.0);
    let mut seed = seed.unwrap_or_else(|| fastrand::u64(..));
    let slice = (budget / 4.0).clamp(0.4, 10.0);
    let start = Instant::now();
    let (mut rounds, mut children) = (0, 0);
    while children == 0 || start.elapsed().as_secs_f64() + slice / 2.0 < budget {
        let settings = settings(children);
        let child = Child { seed, seconds: slice, repeats, settings };
        rounds += child.run();
        children += 1;
        if !repeats {
            seed = round::next_seed(seed ^ children);
        }
    }
    println!("{rounds} rounds in {children} processes");
}

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

/// The backend and the workers of the child of this number.
fn settings(child: u64) -> Vec<(&'static str, &'static str)> {
    let drawn = [
        ("GOCHAN_BACKEND", ["coroutines", "coroutines", "threads", "coroutines"][child as usize % 4]),
        ("GOCHAN_MAXPROCS", ["2", "1", "2", "4"][child as usize % 4]),
    ];
    drawn.into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect()
}

struct Child {
    seed: u64,
    seconds: f64,
    repeats: bool,
    settings: Vec<(&'static str, &'static str)>,
}

impl Child {
    /// Runs it to its end and returns how many rounds there were; panics if the child fails.
    fn run(&self) -> u64 {
        let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
        command.args(["--exact", "random_programs_break_nothing", "--nocapture", "--test-threads=1"]);
        command.env(CHILD, self.seconds.to_string()).env("GOCHAN_FUZZ_SEED", self.seed.to_string());
        command.envs(self.settings.iter().copied());
        if self.repeats {
            command.env("GOCHAN_FUZZ_REPEAT", "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a test can be started again");
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let first = self.seed;
        let progress = thread::spawn(move || {
            let (mut seed, mut rounds) = (first, 0);
            for line in lines(stdout) {
                if let Some(told) = line.strip_prefix(ROUND).and_then(|rest| rest.parse().ok()) {
                    (seed, rounds) = (told, rounds + 1);
                }
            }
            (seed, rounds)
        });
        let tail = thread::spawn(move || {
            let mut tail = VecDeque::new();
            for line in lines(stderr) {
                // A goroutine that panics is reported, and most of them are meant to.
                if line.contains("panicked: ") || line.starts_with("    spawned at ") {
                    continue;
                }
                if tail.len() == SHOWN {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Vec::from(tail).join("\n")
        });
        let limit = Instant::now() + Duration::from_secs_f64(self.seconds) + GRACE;
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if Instant::now() > limit {
                child.kill().expect("a child can be killed");
                child.wait().expect("a child can be waited for");
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let (seed, rounds) = progress.join().expect("the reader does not panic");
        let tail = tail.join().expect("the reader does not panic");
        if status.is_some_and(|status| status.success()) {
            return rounds;
        }
        let ended = status.map_or("does not end".to_owned(), |status| format!("ended with {status}"));
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        panic!(
            "{tail}\n\nround {rounds} of a child {ended}; it runs again with\n    \
             {}GOCHAN_FUZZ_SEED={seed} GOCHAN_FUZZ_REPEAT=60 cargo test -p gochan --test fuzz_runtime -- --nocapture",
            settings.concat()
        );
    }
}

fn lines(pipe: impl Read) -> impl Iterator<Item = String> {
    let mut pipe = BufReader::new(pipe);
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let read = pipe.read_until(b'\n', &mut line).expect("a pipe can be read");
        (read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())
    })
}
