//! A trace in the Chrome trace-event format, which Perfetto opens: workers are threads, turns are slices, and an arrow
//! leads from a wake to the turn of the woken goroutine.

use crate::base::json::Quoted;
use crate::base::trace::{COUNTED, ENDED, REASON_SHIFT, Trace, UNTIMED, WAKE, YIELDED};
use crate::base::{report, ticks, trace};
use crate::sched::park::WaitReason;
use crate::sched::runtime;
use crate::sched::worker::Worker;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::OnceLock;
use std::time::Instant;

static TARGET: OnceLock<Target> = OnceLock::new();

struct Target {
    file: File,
    began: (Instant, u64),
    /// The process that is traced. A forked child has the file as well, and its own exit.
    process: u32,
}

/// Reads the environment before any worker exists.
pub(crate) fn prepare() {
    let Some(path) = asked_for() else { return };
    let file = File::create(&path).unwrap_or_else(|error| {
        report::fatal(&format!("cannot write the trace {}: {error}", path.display()))
    });
    let began = (Instant::now(), ticks::now());
    if TARGET.set(Target { file, began, process: std::process::id() }).is_ok() {
        trace::turn_on();
        // SAFETY: registers a function that may be called at any time.
        unsafe { libc::atexit(at_exit) };
    }
}

fn asked_for() -> Option<std::path::PathBuf> {
    std::env::var_os("GOCHAN_TRACE").filter(|path| !path.is_empty()).map(Into::into)
}

/// `Backend::Threads` has nothing to trace.
pub(crate) fn decline() {
    if asked_for().is_some() {
        report::warn(
            "GOCHAN_TRACE shows goroutines on workers, and Backend::Threads has none: nothing is traced",
        );
    }
}

extern "C" fn at_exit() {
    if let Some(target) = TARGET.get()
        && target.process == std::process::id()
        && let Some(workers) = runtime::started_workers()
    {
        // The process is ending, so a full disk cannot be reported.
        let _ = catch_unwind(AssertUnwindSafe(|| write(target, workers.all())));
    }
}

#[derive(Default)]
struct Slice {
    worker: usize,
    /// The goroutine's id; zero for several turns of which only the number is known.
    id: u64,
    count: u64,
    begin: u64,
    end: u64,
    site: Option<&'static Location<'static>>,
    place: Option<&'static Location<'static>>,
    reason: u64,
    /// The goroutines that it has made ready.
    woken: Vec<u64>,
}

fn location(address: u64) -> Option<&'static Location<'static>> {
    // SAFETY: zero, or from a `&'static Location`, as notes are written.
    unsafe { std::ptr::with_exposed_provenance::<Location<'static>>(address as usize).as_ref() }
}

/// The notes of worker number `index`.
fn turns_of(index: usize, trace: &Trace) -> Vec<Slice> {
    // Before the ring: a worker that ends to count meanwhile has then written a note of it, which is in both.
    let counting = trace.counting();
    turns_since(index, trace, counting)
}

/// The notes of worker number `index`, and the turns of which it is `counting` the number if no note covers them.
fn turns_since(index: usize, trace: &Trace, mut counting: Option<(u64, u64)>) -> Vec<Slice> {
    let mut turns: Vec<Slice> = Vec::new();
    let mut woken = Vec::new();
    // The first turn whose end is not known yet: when it began, and its position.
    let (mut begun, mut open) = (None, 0);
    for [id, begin, end, site, wait] in trace.ring.read() {
        if end == WAKE {
            woken.push(id);
            continue;
        }
        if id == COUNTED {
            counting = counting.filter(|&(_, since)| since != begin);
            turns.push(Slice { worker: index, count: site, begin, end, ..Slice::default() });
            (begun, open) = (Some(end), turns.len());
            continue;
        }
        if id != 0 {
            if begin != 0 {
                begun = Some(begin);
            }
            let place = location(wait & ((1 << REASON_SHIFT) - 1));
            let reason = wait >> REASON_SHIFT;
            let (site, woken) = (location(site), std::mem::take(&mut woken));
            turns.push(Slice { worker: index, id, count: 1, site, place, reason, woken, ..Slice::default() });
        }
        if end != UNTIMED {
            share_time(&mut turns, open, begun, end);
            (begun, open) = (Some(end), turns.len());
        }
    }
    share_time(&mut turns, open, begun, ticks::now());
    if let Some((count, begin)) = counting {
        turns.push(Slice { worker: index, count, begin, end: ticks::now(), ..Slice::default() });
    }
    turns
}

/// Gives the turns from `open` equal parts of the time. Turns are left out if their start is unknown because it has
/// been overwritten.
fn share_time(turns: &mut Vec<Slice>, open: usize, begun: Option<u64>, end: u64) {
    let Some(begun) = begun else { return turns.truncate(open) };
    let time = end.saturating_sub(begun);
    let count = (turns.len() - open) as u64;
    for (turn, place) in turns[open..].iter_mut().zip(0..) {
        turn.begin = begun + time * place / count;
        turn.end = begun + time * (place + 1) / count;
    }
}

/// Nanoseconds, written as microseconds.
struct Micros(u64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

fn write(target: &Target, workers: &[Worker]) -> io::Result<()> {
    let traces = workers.iter().enumerate().filter_map(|(index, worker)| Some((index, worker.trace()?)));
    let turns: Vec<Slice> = traces.flat_map(|(index, trace)| turns_of(index, trace)).collect();
    // By goroutine, in order of time.
    let mut by_id: HashMap<u64, Vec<&Slice>> = HashMap::new();
    turns.iter().filter(|turn| turn.id != 0).for_each(|turn| by_id.entry(turn.id).or_default().push(turn));
    by_id.values_mut().for_each(|turns| turns.sort_by_key(|turn| turn.begin));

    let (instant, first_tick) = target.began;
    let ticks = ticks::now().saturating_sub(first_tick).max(1);
    let tick = instant.elapsed().as_nanos() as f64 / ticks as f64;
    let nanos = |time: u64| (time.saturating_sub(first_tick) as f64 * tick) as u64;

    let mut out = BufWriter::new(&target.file);
    write!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    write!(
        out,
        "\n{{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{{\"name\":\"gochan\"}}}}"
    )?;
    for index in 0..workers.len() {
        write!(
            out,
            ",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{index},\"name\":\"thread_name\",\"args\":{{\"name\":\"worker {index}\"}}}}"
        )?;
    }
    let mut flow = 0;
    for turn in &turns {
        write_turn(&mut out, turn, &nanos)?;
        let wakes = turn.woken.len() as u64 + 1;
        for (place, id) in turn.woken.iter().enumerate() {
            // Only their order within the turn is known.
            let time = turn.begin + (turn.end - turn.begin) * (place as u64 + 1) / wakes;
            let next = by_id.get(id).and_then(|turns| {
                turns.get(turns.partition_point(|other| other.begin < time)).filter(|_| *id != turn.id)
            });
            if let Some(next) = next {
                flow += 1;
                write!(
                    out,
                    ",\n{{\"ph\":\"s\",\"pid\":1,\"tid\":{},\"ts\":{},\"id\":{flow},\"name\":\"wake\",\"cat\":\"wake\"}}",
                    turn.worker,
                    Micros(nanos(time)),
                )?;
                write!(
                    out,
                    ",\n{{\"ph\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":{},\"ts\":{},\"id\":{flow},\"name\":\"wake\",\"cat\":\"wake\"}}",
                    next.worker,
                    Micros(nanos(next.begin)),
                )?;
            }
        }
    }
    writeln!(out, "\n]}}")?;
    out.flush()
}

fn write_turn(out: &mut impl Write, turn: &Slice, nanos: &impl Fn(u64) -> u64) -> io::Result<()> {
    let (begin, end) = (nanos(turn.begin), nanos(turn.end));
    write!(
        out,
        ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":{},",
        turn.worker,
        Micros(begin),
        // A rounding error: with one nanosecond too many a slice would overlap the next one, and not be shown.
        Micros(end.saturating_sub(begin)),
    )?;
    if turn.id == 0 {
        let count = turn.count;
        return write!(
            out,
            "\"cat\":\"turns\",\"name\":\"{count} short turns\",\"args\":{{\"turns\":{count}}}}}"
        );
    }
    let id = turn.id;
    write!(out, "\"cat\":\"goroutine\",\"name\":\"goroutine {id}\",\"args\":{{\"goroutine\":{id}")?;
    if let Some(site) = turn.site {
        write!(out, ",\"spawned at\":{}", Quoted(site))?;
    }
    match turn.reason {
        ENDED => write!(out, ",\"then\":\"ended\"")?,
        YIELDED => write!(out, ",\"then\":\"ready\"")?,
        reason => {
            if let Some(reason) = WaitReason::from_code((reason - 1) as u8) {
                write!(out, ",\"then\":{}", Quoted(&reason))?;
            }
        }
    }
    if let Some(place) = turn.place {
        write!(out, ",\"at\":{}", Quoted(place))?;
    }
    write!(out, "}}}}")
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use crate::diag::trace::*;

    #[test]
    fn turns_that_were_counted_stand_between_those_that_were_noted() {
        let trace = Trace::new();
        let note = |id| trace.turn(id, Some(Location::caller()), false, None, true);
        let count = |turns| (0..turns).for_each(|_| trace.count_turn());
        note(1);
        note(2);
        count(5);
        trace.begin_turn();
        note(3);
        trace.pause();
        trace.resume();
        count(7);
        trace.pause();
        trace.resume();
        note(4);
        // Still running.
        count(9);
        let turns = turns_of(0, &trace);
        let seen: Vec<_> = turns.iter().map(|turn| (turn.id, turn.count)).collect();
        assert_eq!(seen, [(1, 1), (2, 1), (0, 5), (3, 1), (0, 7), (4, 1), (0, 9)]);
        assert!(turns.iter().all(|turn| turn.begin <= turn.end));
        assert!(turns.windows(2).all(|pair| pair[0].end <= pair[1].begin));
    }

    #[test]
    fn turns_are_neither_lost_nor_doubled_where_the_worker_ends_to_count_meanwhile() {
        let trace = Trace::new();
        (0..5).for_each(|_| trace.count_turn());
        let counting = trace.counting();
        trace.pause();
        let turns = turns_since(0, &trace, counting);
        assert_eq!(turns.iter().map(|turn| (turn.id, turn.count)).collect::<Vec<_>>(), [(0, 5)]);
    }
}
