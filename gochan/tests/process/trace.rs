//! The execution trace: a file that viewers can read, in which everything fits together.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::common::on_threads;
use crate::common::process::{Outcome, scenarios};
use gochan::prelude::*;
use serde_json::Value;

scenarios!(conversation, crowd, ends_in_deadlock);

#[gochan::main]
fn conversation() {
    let (ping, pong) = (chan!(u32), chan!(u32));
    println!("{}", line!() + 1);
    let partner = go!([ping, pong] {
        for n in &ping {
            send!(pong <- n);
        }
    });
    println!("{}", partner.id());
    for n in 0..100 {
        send!(ping <- n);
        recv!(pong);
    }
    close!(ping);
    partner.join().unwrap();
}

/// More turns than a trace keeps.
#[gochan::main]
fn crowd() {
    let wg = WaitGroup::new();
    for _ in 0..50 {
        let ch = chan!(u32);
        for receives in [false, true] {
            let ch = ch.clone();
            wg.go(move || {
                for n in 0..4000 {
                    if receives {
                        recv!(ch);
                    } else {
                        send!(ch <- n);
                    }
                }
            });
        }
    }
    wg.wait();
    // The turn that ends here is in the trace; the process exits before that of the last one can be.
    gochan::time::sleep(std::time::Duration::from_millis(1));
    println!("{}", gochan::runtime::current_id().unwrap());
}

#[gochan::main]
fn ends_in_deadlock() {
    recv!(chan!(u32));
}

/// Runs the scenario and returns the events of its trace.
fn trace_of(name: &str, workers: usize) -> (Outcome, Vec<Value>) {
    let path: PathBuf =
        std::env::temp_dir().join(format!("gochan-trace-{}-{name}-{workers}.json", std::process::id()));
    let outcome =
        scenario(name).workers(workers).env("GOCHAN_TRACE", path.to_str().expect("a path in UTF-8")).run();
    let text = std::fs::read(&path).expect("the trace is written");
    std::fs::remove_file(&path).expect("the trace can be removed");
    let trace: Value = serde_json::from_slice(&text).expect("the trace is JSON");
    (outcome, trace["traceEvents"].as_array().expect("a list of events").clone())
}

fn of_phase<'a>(events: &'a [Value], phase: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["ph"] == phase).collect()
}

fn number(event: &Value, field: &str) -> f64 {
    event[field].as_f64().unwrap_or_else(|| panic!("no {field} in {event}"))
}

/// Of a time in microseconds.
fn nanos(event: &Value, field: &str) -> u64 {
    (number(event, field) * 1000.0).round() as u64
}

/// Slices of one thread do not overlap, and each arrow has two ends, of which the later points at a slice.
#[track_caller]
fn fits_together(events: &[Value], workers: usize) {
    let mut threads: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for slice in of_phase(events, "X") {
        let begin = nanos(slice, "ts");
        let thread = slice["tid"].as_u64().unwrap();
        threads.entry(thread).or_default().push((begin, begin + nanos(slice, "dur")));
    }
    assert!(threads.keys().all(|&thread| thread < workers as u64), "{:?}", threads.keys());
    for slices in threads.values() {
        for pair in slices.windows(2) {
            // Viewers leave out what begins a nanosecond too early.
            assert!(pair[0].1 <= pair[1].0, "{pair:?}");
        }
    }
    let (starts, ends) = (of_phase(events, "s"), of_phase(events, "f"));
    let ends: HashMap<u64, &Value> = ends.into_iter().map(|end| (end["id"].as_u64().unwrap(), end)).collect();
    assert_eq!(starts.len(), ends.len());
    for start in starts {
        let end = ends[&start["id"].as_u64().unwrap()];
        assert!(nanos(start, "ts") <= nanos(end, "ts"), "{start} {end}");
        let slices = &threads[&end["tid"].as_u64().unwrap()];
        let found = slices.binary_search_by_key(&nanos(end, "ts"), |slice| slice.0);
        assert!(found.is_ok(), "{end}");
    }
}

#[test]
fn a_trace_shows_turns_waits_and_wakes() {
    if on_threads() {
        return;
    }
    let (outcome, events) = trace_of("conversation", 1);
    assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{outcome:#?}");
    fits_together(&events, 1);
    let (line, id) = outcome.stdout.trim().split_once('\n').unwrap();
    let id: u64 = id.parse().unwrap();
    let slices = of_phase(&events, "X");
    let of_partner: Vec<_> = slices.iter().filter(|slice| slice["args"]["goroutine"] == id).collect();
    assert!(of_partner.len() >= 100, "{} turns", of_partner.len());
    let site = format!("{}:{line}:", file!());
    assert!(of_partner.iter().all(|slice| slice["args"]["spawned at"].as_str().unwrap().starts_with(&site)));
    let (last, before) = of_partner.split_last().unwrap();
    assert_eq!(last["args"]["then"], "ended");
    let at_its_send = format!("{}:{}:", file!(), line.parse::<u32>().unwrap() + 2);
    let waits_there = |slice: &&Value| {
        let args = &slice["args"];
        args["then"] == "chan send" && args["at"].as_str().unwrap().starts_with(&at_its_send)
    };
    assert!(before.iter().filter(|slice| waits_there(slice)).count() > 50);
    assert!(of_phase(&events, "s").len() >= 100, "{} wakes", of_phase(&events, "s").len());
}

#[test]
fn a_trace_of_many_turns_keeps_the_last() {
    if on_threads() {
        return;
    }
    let (outcome, events) = trace_of("crowd", 2);
    assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{outcome:#?}");
    fits_together(&events, 2);
    let slices = of_phase(&events, "X");
    assert!(slices.len() > 1000, "{} turns", slices.len());
    // Main waits for the others until the very end, which may come among turns that are only counted.
    let end = |slice: &Value| number(slice, "ts") + number(slice, "dur");
    let last = slices.iter().max_by(|a, b| end(a).total_cmp(&end(b))).unwrap();
    let main: u64 = outcome.stdout.trim().parse().unwrap();
    let args = &last["args"];
    assert!(last["cat"] == "turns" || args["then"] == "ended" || args["goroutine"] == main, "{last}");
}

#[test]
fn a_program_that_ends_in_a_deadlock_leaves_a_trace() {
    if on_threads() {
        return;
    }
    let (outcome, events) = trace_of("ends_in_deadlock", 2);
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    fits_together(&events, 2);
    assert!(of_phase(&events, "X").iter().any(|slice| slice["args"]["then"] == "chan receive"));
}

#[test]
fn a_trace_that_cannot_be_written_is_told() {
    let outcome = scenario("conversation").env("GOCHAN_TRACE", "/nowhere/to/be/found.json").run();
    if on_threads() {
        assert!(outcome.stderr.contains("GOCHAN_TRACE"), "{outcome:#?}");
    } else {
        outcome.fails_saying(&["cannot write the trace", "/nowhere/to/be/found.json"]);
    }
}
