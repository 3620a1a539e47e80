//! A trace in the Chrome trace-event format, which Perfetto opens: workers are threads, turns are slices, and an arrow
//! leads from who wakes to the turn of who was woken.

use super::super::json::Quoted;
use super::super::park::WaitReason;
use super::super::ticks;
use super::super::worker::Worker;
use super::{COUNTED, ENDED, REASON_SHIFT, Target, Trace, UNTIMED, WAKE, YIELDED};
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::panic::Location;

#[derive(Default)]
struct Turn {
    worker: usize,
    /// Of the goroutine; zero for several turns of which only the number is known.
    id: u64,
    count: u64,
    begin: u64,
    end: u64,
    site: Option<&'static Location<'static>>,
    place: Option<&'static Location<'static>>,
    reason: u64,
    /// Whom it has made ready.
    woken: Vec<u64>,
}

fn location(address: u64) -> Option<&'static Location<'static>> {
    // SAFETY: zero, or from a `&'static Location`, as notes are written.
    unsafe { std::ptr::with_exposed_provenance::<Location<'static>>(address as usize).as_ref() }
}

/// What worker number `index` has noted.
fn turns_of(index: usize, trace: &Trace) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut woken = Vec::new();
    // When the first turn began whose end is not known yet, and which that is.
    let (mut begun, mut open) = (None, 0);
    for [id, begin, end, site, wait] in trace.ring.read() {
        if end == WAKE {
            woken.push(id);
            continue;
        }
        if id == COUNTED {
            turns.push(Turn { worker: index, count: site, begin, end, ..Turn::default() });
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
            turns.push(Turn { worker: index, id, count: 1, site, place, reason, woken, ..Turn::default() });
        }
        if end != UNTIMED {
            share_time(&mut turns, open, begun, end);
            (begun, open) = (Some(end), turns.len());
        }
    }
    share_time(&mut turns, open, begun, ticks::now());
    if let Some((count, begin)) = trace.counting() {
        turns.push(Turn { worker: index, count, begin, end: ticks::now(), ..Turn::default() });
    }
    turns
}

/// Gives the turns from `open` on equal parts of the time. Those of which it is not known when they began, because
/// that has been overwritten, are left out.
fn share_time(turns: &mut Vec<Turn>, open: usize, begun: Option<u64>, end: u64) {
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

pub(super) fn write(target: &Target, workers: &[Worker]) -> io::Result<()> {
    let traces = workers.iter().enumerate().filter_map(|(index, worker)| Some((index, worker.trace()?)));
    let turns: Vec<Turn> = traces.flat_map(|(index, trace)| turns_of(index, trace)).collect();
    // By goroutine, in order of time.
    let mut by_id: HashMap<u64, Vec<&Turn>> = HashMap::new();
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

fn write_turn(out: &mut impl Write, turn: &Turn, nanos: &impl Fn(u64) -> u64) -> io::Result<()> {
    let (begin, end) = (nanos(turn.begin), nanos(turn.end));
    write!(
        out,
        ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":{},",
        turn.worker,
        Micros(begin),
        // Of what has been rounded: by a nanosecond too much a slice would overlap the next one, and not be shown.
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
    use super::*;

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
        // Still going on.
        count(9);
        let turns = turns_of(0, &trace);
        let seen: Vec<_> = turns.iter().map(|turn| (turn.id, turn.count)).collect();
        assert_eq!(seen, [(1, 1), (2, 1), (0, 5), (3, 1), (0, 7), (4, 1), (0, 9)]);
        assert!(turns.iter().all(|turn| turn.begin <= turn.end));
        assert!(turns.windows(2).all(|pair| pair[0].end <= pair[1].begin));
    }
}
