//! Who takes part, and in what.

use std::path::PathBuf;

/// A Rust runtime with a channel.
pub(super) struct RustPeer {
    pub(super) name: &'static str,
    /// The program in `xtask/bench/peers` that has it.
    pub(super) program: &'static str,
    /// Its runtime has one thread, so it runs only in the column of one worker.
    single_threaded: bool,
    /// The workloads in which it does the same work as Go.
    same: &'static str,
    /// The workloads in which it does less, and what.
    weaker: &'static [Weaker],
}

struct Weaker {
    workloads: &'static str,
    /// Only with more than one worker.
    parallel_only: bool,
    why: &'static str,
}

const fn weaker(workloads: &'static str, why: &'static str) -> Weaker {
    Weaker { workloads, parallel_only: false, why }
}

const NO_RENDEZVOUS: &str = "capacity 1, no rendezvous";
const UNBOUNDED: &str = "unbounded channel";

/// Single senders and receivers of capacity 0, where a channel without rendezvous has capacity 1.
const UNBUFFERED: &str = "pingpong spsc0 sieve daisy";
const SELECT_UNBUFFERED: &str = "select2_0 select8_0";

const fn peer(
    name: &'static str,
    program: &'static str,
    same: &'static str,
    weaker: &'static [Weaker],
) -> RustPeer {
    RustPeer { name, program, single_threaded: false, same, weaker }
}

const fn single(name: &'static str, same: &'static str) -> RustPeer {
    RustPeer { name, program: "tokio", single_threaded: true, same, weaker: &[] }
}

pub(super) const RUST: &[RustPeer] = &[
    peer(
        "tokio-kanal",
        "tokio",
        "pingpong spsc128 spsc0 mpmc128 mpmc0 chan_uncont pool8 sieve daisy cpu_pool cpu_pool_parked \
         mem10k mem100k mem1m ctx_cancel10k \
         fanin3_0 fanin10_0 fanin64_0 fanin10_64 fanout10_0 fanout10_64 request1_1 request10_1 stages8_0 \
         stages8_16 ring1000 ring100k shards16_hot2 skewed8 semaphore4 rounds8",
        &[],
    ),
    peer(
        "tokio-flume",
        "tokio",
        "pingpong spsc128 spsc0 mpmc128 mpmc0 chan_uncont pool8 sieve daisy \
         select2_128 select2_0 select8_128 select8_0",
        &[],
    ),
    peer(
        "tokio-achan",
        "tokio",
        "spsc128 mpmc128 chan_uncont select2_128 select8_128",
        &[
            weaker(UNBUFFERED, NO_RENDEZVOUS),
            weaker("mpmc0 pool8", NO_RENDEZVOUS),
            weaker(SELECT_UNBUFFERED, NO_RENDEZVOUS),
        ],
    ),
    peer(
        "tokio-mpsc",
        "tokio",
        "spawn_all spawn_batch yield spsc128 chan_uncont mem10k mem100k mem1m \
         select2_128 select8_128 ctx_create ctx_err ctx_cancel10k timeafter timers100k \
         mutex1 mutex8 rw8 rw2 rw10 rw100 rw1000 echo50 echo1000",
        &[weaker(UNBUFFERED, NO_RENDEZVOUS), weaker(SELECT_UNBUFFERED, NO_RENDEZVOUS)],
    ),
    single("tokioct-kanal", "pingpong spsc128 spsc0 mpmc128 mpmc0 pool8 sieve daisy"),
    single(
        "tokioct-mpsc",
        "spawn_all spawn_batch yield spsc128 chan_uncont select2_128 timeafter timers100k echo50 echo1000",
    ),
    peer(
        "smol-achan",
        "smol",
        "spawn_all spawn_batch yield spsc128 mpmc128 chan_uncont cpu_pool cpu_pool_parked \
         mem10k mem100k mem1m select2_128 select8_128 \
         ctx_create ctx_err ctx_cancel10k timeafter timers100k echo50 echo1000",
        &[
            weaker(UNBUFFERED, NO_RENDEZVOUS),
            weaker("mpmc0 pool8", NO_RENDEZVOUS),
            weaker(SELECT_UNBUFFERED, NO_RENDEZVOUS),
        ],
    ),
    // With one token under way an unbounded channel does what an unbuffered one does.
    peer("may-spsc", "may", "pingpong", &[weaker("spsc128", UNBOUNDED)]),
    peer(
        "may-unb",
        "may",
        "spawn_batch yield mem10k echo50 echo1000",
        &[
            weaker("mpmc128 chan_uncont pool8", UNBOUNDED),
            Weaker {
                workloads: "yield",
                parallel_only: true,
                why: "each coroutine on a thread of its own, no switch",
            },
        ],
    ),
    peer(
        "may-sem",
        "may",
        "spsc128 mpmc128 chan_uncont",
        &[weaker("spsc0 daisy", NO_RENDEZVOUS), weaker("mpmc0 pool8", NO_RENDEZVOUS)],
    ),
    peer(
        "crossbeam",
        "threads",
        "spawn_all spawn_batch yield pingpong spsc128 spsc0 mpmc128 mpmc0 chan_uncont pool8 daisy cpu_pool \
         cpu_pool_parked mem10k select2_128 select2_0 select8_128 select8_0 select_default timeafter",
        &[],
    ),
    peer("kanal-thr", "threads", "pingpong spsc128 spsc0 mpmc128 mpmc0 chan_uncont pool8", &[]),
    peer("flume-thr", "threads", "spsc128 mpmc128 chan_uncont", &[]),
    peer("std-thr", "threads", "mutex1 mutex8 rw8", &[]),
    peer("pl-thr", "threads", "mutex1 mutex8 rw8", &[]),
];

pub(super) enum Kind {
    /// The working tree's gochan, or another build of it.
    Gochan,
    Go,
    Rust(&'static RustPeer),
}

/// A peer with the program that runs it.
pub(super) struct Contestant {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) program: PathBuf,
    /// The backend that gochan is asked for.
    pub(super) backend: Option<String>,
}

impl Contestant {
    pub(super) fn new(name: &str, kind: Kind, program: PathBuf) -> Contestant {
        Contestant { name: name.to_owned(), kind, program, backend: None }
    }

    /// gochan's `program` on another backend than the default one.
    pub(super) fn on_backend(backend: &str, program: PathBuf) -> Contestant {
        let backend = backend.to_owned();
        Contestant { name: format!("gochan-{backend}"), kind: Kind::Gochan, program, backend: Some(backend) }
    }

    /// The peer's name as its program knows it.
    pub(super) fn argument(&self) -> &str {
        match &self.kind {
            Kind::Gochan => "gochan",
            Kind::Go => "go",
            Kind::Rust(peer) => peer.name,
        }
    }

    /// Whether it has this workload. Other builds of gochan may lack one that this tree has: they say so
    /// themselves.
    pub(super) fn offers(&self, workload: &str, procs: u32) -> bool {
        match &self.kind {
            Kind::Gochan => true,
            Kind::Go => workload != "mem1m_64k",
            Kind::Rust(peer) => peer.offers(workload, procs),
        }
    }

    pub(super) fn is_gochan(&self) -> bool {
        matches!(self.kind, Kind::Gochan)
    }

    /// Whether this Rust peer does the same work as gochan there.
    pub(super) fn is_comparable(&self, workload: &str, procs: u32) -> bool {
        matches!(self.kind, Kind::Rust(_)) && self.weakness(workload, procs).is_none()
    }

    /// Why this Rust peer's figure for the workload cannot be compared.
    pub(super) fn weakness(&self, workload: &str, procs: u32) -> Option<&'static str> {
        match &self.kind {
            Kind::Rust(peer) => peer.weakness(workload, procs),
            _ => None,
        }
    }
}

impl RustPeer {
    pub(super) fn offers(&self, workload: &str, procs: u32) -> bool {
        let has = |list: &str| list.split_whitespace().any(|name| name == workload);
        (procs == 1 || !self.single_threaded)
            && (has(self.same) || self.weaker.iter().any(|weaker| has(weaker.workloads)))
    }

    fn weakness(&self, workload: &str, procs: u32) -> Option<&'static str> {
        let applies = |weaker: &&Weaker| {
            (procs > 1 || !weaker.parallel_only)
                && weaker.workloads.split_whitespace().any(|name| name == workload)
        };
        self.weaker.iter().find(applies).map(|weaker| weaker.why)
    }
}

/// Whether a peer or Go has this name.
pub(super) fn is_taken(name: &str) -> bool {
    name == "go" || name == "gochan" || RUST.iter().any(|peer| peer.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::workloads::all;
    use super::*;

    fn named(name: &str) -> Contestant {
        let peer = RUST.iter().find(|peer| peer.name == name).unwrap();
        Contestant::new(name, Kind::Rust(peer), PathBuf::new())
    }

    #[test]
    fn peers_offer_only_known_workloads() {
        for peer in RUST {
            let lists = peer.weaker.iter().map(|weaker| weaker.workloads).chain([peer.same]);
            for name in lists.flat_map(str::split_whitespace) {
                assert!(all().any(|workload| workload.name == name), "{}: {name}", peer.name);
            }
        }
    }

    #[test]
    fn weaker_work_is_told_and_not_compared() {
        assert!(named("tokio-kanal").is_comparable("spsc0", 2));
        assert_eq!(named("tokio-mpsc").weakness("spsc0", 1), Some(NO_RENDEZVOUS));
        assert!(named("tokio-mpsc").offers("spsc0", 1));
        assert!(!named("tokio-mpsc").is_comparable("spsc0", 1));
        assert!(named("may-unb").is_comparable("yield", 1));
        assert!(!named("may-unb").is_comparable("yield", 2));
    }

    #[test]
    fn a_single_threaded_runtime_runs_with_one_worker() {
        assert!(named("tokioct-kanal").offers("pingpong", 1));
        assert!(!named("tokioct-kanal").offers("pingpong", 2));
        assert!(!named("tokioct-kanal").offers("yield", 1));
    }
}
