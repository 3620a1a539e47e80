//! Running the plan: one process after the other, in the order that makes their figures comparable.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::peers::Contestant;
use super::stats::{Series, figure};
use super::workloads::Workload;
use crate::{Outcome, target_dir};

/// A program's way to say that it does not have the workload.
const NOT_OFFERED: i32 = 3;

pub(super) struct Plan<'a> {
    pub(super) workloads: Vec<&'static Workload>,
    pub(super) procs: &'a [u32],
    pub(super) contestants: &'a [Contestant],
    reps: u32,
    timeout: Duration,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        workloads: Vec<&'static Workload>,
        procs: &'a [u32],
        contestants: &'a [Contestant],
        reps: u32,
        timeout: u64,
    ) -> Plan<'a> {
        Plan { workloads, procs, contestants, reps, timeout: Duration::from_secs(timeout) }
    }

    /// One repetition: all peers of a workload back to back, then the next workload.
    fn repetition(&self) -> Vec<(&'static Workload, u32, &'a Contestant)> {
        let mut runs = Vec::new();
        for &workload in &self.workloads {
            for &procs in self.procs {
                let offering = self.contestants.iter().filter(|peer| peer.offers(workload.name, procs));
                runs.extend(offering.map(|peer| (workload, procs, peer)));
            }
        }
        runs
    }
}

/// Every figure that was measured, and what went wrong.
#[derive(Default)]
pub(super) struct Results {
    figures: BTreeMap<(String, u32, String, String), Series>,
    pub(super) failures: Vec<String>,
}

impl Results {
    fn add(&mut self, workload: &str, procs: u32, peer: &str, rep: u32, values: &[(String, f64)]) {
        for (key, value) in values {
            let place = (workload.to_owned(), procs, peer.to_owned(), key.clone());
            self.figures.entry(place).or_default().insert(rep, *value);
        }
    }

    pub(super) fn series(&self, workload: &str, procs: u32, peer: &str, key: &str) -> Option<&Series> {
        self.figures.get(&(workload.to_owned(), procs, peer.to_owned(), key.to_owned()))
    }
}

pub(super) fn run(plan: &Plan<'_>, facts: &[(&'static str, String)]) -> Outcome<Results> {
    let runs = plan.repetition();
    let total = runs.len() * plan.reps as usize;
    let mut raw = RawFile::open(facts)?;
    let mut results = Results::default();
    let mut done = 0;
    for rep in 0..plan.reps {
        for &(workload, procs, peer) in &runs {
            done += 1;
            let what = format!("{} with {procs}: {}", workload.name, peer.name);
            let outcome = measure(peer, workload.name, procs, plan.timeout);
            let shown = match &outcome {
                Ok(None) => "does not have it".to_owned(),
                Ok(Some(values)) => {
                    let shown = values.iter().map(|(key, value)| format!("{key} {}", figure(*value)));
                    shown.collect::<Vec<_>>().join(", ")
                }
                Err(message) => format!("FAILED: {message}"),
            };
            eprintln!("[{done}/{total}] {what}: {shown}");
            raw.write(rep, workload.name, procs, &peer.name, &outcome)?;
            match outcome {
                Ok(values) => results.add(workload.name, procs, &peer.name, rep, &values.unwrap_or_default()),
                Err(message) => results.failures.push(format!("{what}: {message}")),
            }
        }
    }
    eprintln!("raw figures: {}", raw.path);
    Ok(results)
}

type Values = Vec<(String, f64)>;

/// Runs one process. None if it does not have the workload.
fn measure(peer: &Contestant, workload: &str, procs: u32, timeout: Duration) -> Outcome<Option<Values>> {
    let mut command = Command::new(&peer.program);
    command.args([peer.argument(), workload, &procs.to_string()]);
    // These would override the number of workers that the program is asked for.
    command.env_remove("GOCHAN_MAXPROCS").env_remove("GOMAXPROCS").env_remove("GOCHAN_BACKEND");
    if let Some(backend) = &peer.backend {
        command.env("GOCHAN_BACKEND", backend);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", peer.program.display()))?;
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(Box::new(child.stdout.take().expect("piped")));
    let stderr = read(Box::new(child.stderr.take().expect("piped")));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if start.elapsed() > timeout {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("took more than {} s", timeout.as_secs()));
        }
        // Seldom enough not to disturb what is measured.
        std::thread::sleep(Duration::from_millis(20));
    };
    let stdout = stdout.join().unwrap_or_default();
    let values = parse(&stdout);
    match status.code() {
        Some(NOT_OFFERED) if values.is_empty() => Ok(None),
        Some(0) if !values.is_empty() => Ok(Some(values)),
        _ => {
            let stderr = stderr.join().unwrap_or_default();
            let last = stderr.lines().rfind(|line| !line.trim().is_empty());
            Err(format!("{status}, {}", last.unwrap_or("nothing reported")))
        }
    }
}

/// The `R KEY VALUE` lines.
fn parse(output: &str) -> Values {
    let value = |line: &str| {
        let (key, value) = line.strip_prefix("R ")?.split_once(' ')?;
        Some((key.to_owned(), value.trim().parse().ok()?))
    };
    output.lines().filter_map(value).collect()
}

/// `target/bench/results.jsonl`: a line of facts for each run, then a line for each process.
struct RawFile {
    file: File,
    path: String,
}

impl RawFile {
    fn open(facts: &[(&'static str, String)]) -> Outcome<RawFile> {
        let folder = target_dir().join("bench");
        let path = folder.join("results.jsonl");
        let failed = |error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let mut raw = RawFile { file, path: path.display().to_string() };
        let facts: BTreeMap<_, _> = facts.iter().map(|(name, value)| (*name, value)).collect();
        raw.line(&json!({ "run": facts }))?;
        Ok(raw)
    }

    fn write(
        &mut self,
        rep: u32,
        workload: &str,
        procs: u32,
        peer: &str,
        outcome: &Outcome<Option<Values>>,
    ) -> Outcome {
        let mut line = json!({ "rep": rep, "workload": workload, "procs": procs, "peer": peer });
        match outcome {
            Ok(None) => return Ok(()),
            Ok(Some(values)) => {
                let values: BTreeMap<_, _> = values.iter().cloned().collect();
                line["values"] = json!(values);
            }
            Err(message) => line["error"] = json!(message),
        }
        self.line(&line)
    }

    fn line(&mut self, line: &serde_json::Value) -> Outcome {
        writeln!(self.file, "{line}").map_err(|error| format!("{}: {error}", self.path))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::peers::Kind;
    use super::*;

    #[test]
    fn reads_the_lines_of_a_program() {
        let values = parse("hello\nR ns 71.2500\nR bytes_per 4100\nR broken\nR ns x\n");
        assert_eq!(values, [("ns".to_owned(), 71.25), ("bytes_per".to_owned(), 4100.0)]);
    }

    #[test]
    fn peers_of_one_workload_run_back_to_back() {
        let contestants = [
            Contestant::new("a", Kind::Gochan, PathBuf::new()),
            Contestant::new("go", Kind::Go, PathBuf::new()),
        ];
        let workloads = super::super::workloads::all().take(2).collect();
        let plan = Plan::new(workloads, &[1, 2], &contestants, 3, 1);
        let order: Vec<_> = plan
            .repetition()
            .iter()
            .map(|(w, procs, peer)| format!("{} {procs} {}", w.name, peer.name))
            .collect();
        assert_eq!(order[..3], ["spawn_all 1 a", "spawn_all 1 go", "spawn_all 2 a"]);
        assert_eq!(order[4], "spawn_batch 1 a");
    }

    #[test]
    fn a_program_that_hangs_or_fails_is_told() {
        let shell = |name: &str| Contestant::new(name, Kind::Gochan, PathBuf::from(name));
        let short = Duration::from_millis(50);
        // `yes gochan pingpong 1` never ends; `false` fails; `true` reports nothing.
        assert!(measure(&shell("yes"), "pingpong", 1, short).unwrap_err().contains("took more than"));
        assert!(measure(&shell("false"), "pingpong", 1, short).is_err());
        assert!(measure(&shell("true"), "pingpong", 1, short).is_err());
        assert!(measure(&shell("/no/such/program"), "pingpong", 1, short).is_err());
    }
}
