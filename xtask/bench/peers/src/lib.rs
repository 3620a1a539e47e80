//! The workloads of the bench for other Rust runtimes and channels. Two families share their code: [`tasks`]
//! is async (tokio, smol), [`blocking`] is what blocks a thread or a coroutine (OS threads, may). One program
//! a runtime is in `bin/`; each is called as `PROGRAM PEER WORKLOAD PROCS` and prints `R KEY VALUE` lines.

pub mod blocking;
#[path = "../../measure.rs"]
pub mod measure;
pub mod tasks;

/// What the program was asked to do.
pub struct Request {
    pub peer: String,
    pub workload: String,
    pub procs: usize,
}

impl Request {
    /// Reads the command line; a wrong one ends the process.
    pub fn from_args() -> Request {
        let mut args = std::env::args().skip(1);
        let (peer, workload, procs) = (args.next(), args.next(), args.next().and_then(|p| p.parse().ok()));
        match (peer, workload, procs) {
            (Some(peer), Some(workload), Some(procs)) => Request { peer, workload, procs },
            _ => {
                eprintln!("usage: PROGRAM PEER WORKLOAD PROCS");
                std::process::exit(2);
            }
        }
    }
}

/// Ends the process: 0 when the workload ran, 3 when this peer does not have it. Does not wait for what still
/// runs.
pub fn finish(ran: bool) -> ! {
    std::process::exit(if ran { 0 } else { 3 });
}
