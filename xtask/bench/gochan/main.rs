//! The workloads of the bench in gochan, as its user would write them.
//!
//! `gochan-bench gochan WORKLOAD PROCS` prints `R KEY VALUE` lines. Names and sizes are those of the Go
//! program and of the other peers beside this folder.

mod channel;
mod context;
mod cpu;
#[expect(unreachable_pub, reason = "public in the library of the peers, which share the file")]
#[path = "../measure.rs"]
mod measure;
mod memory;
mod net;
mod pipeline;
mod select;
mod shapes;
mod spawn;
mod sync;
mod timer;

use std::process::ExitCode;

use gochan::prelude::*;

/// A named workload. Each file of this program lists its own.
struct Workload {
    name: &'static str,
    run: fn(),
}

/// Every workload. A new subject is a file with a table and a line here.
const SUBJECTS: &[&[Workload]] = &[
    spawn::WORKLOADS,
    channel::WORKLOADS,
    pipeline::WORKLOADS,
    select::WORKLOADS,
    context::WORKLOADS,
    sync::WORKLOADS,
    timer::WORKLOADS,
    net::WORKLOADS,
    cpu::WORKLOADS,
    memory::WORKLOADS,
];

/// What the driver takes as "this program does not have that workload".
const NOT_OFFERED: u8 = 3;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(2);
    let (Some(name), Some(Ok(procs))) = (args.next(), args.next().map(|procs| procs.parse())) else {
        eprintln!("usage: gochan-bench gochan WORKLOAD PROCS");
        return ExitCode::from(2);
    };
    let Some(workload) =
        SUBJECTS.iter().chain(shapes::SUBJECTS).copied().flatten().find(|workload| workload.name == name)
    else {
        return ExitCode::from(NOT_OFFERED);
    };
    if let Err(error) = gochan::runtime::Builder::new().workers(procs).install() {
        eprintln!("gochan-bench: {error}");
        return ExitCode::FAILURE;
    }
    let run = workload.run;
    match go!({ run() }).join() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
