//! `runtime::grow`: deep calls on segments of stack.

use std::hint::black_box;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use super::stacks::{innermost, shows_in_order, stack_in_time};
use crate::common::process::scenarios;
use crate::common::{on_threads, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{Goexit, goexit, gosched, grow};

scenarios!(overflow_of_a_segment, many_segments_at_a_time);

/// Calls itself `depth` times with frames of a KiB, and then `f`.
#[inline(never)]
fn deep<R>(depth: usize, f: &mut dyn FnMut() -> R) -> R {
    grow(|| {
        let frame = black_box([depth as u8; 1024]);
        let result = if depth == 0 { f() } else { deep(depth - 1, f) };
        assert!(black_box(frame).iter().all(|byte| *byte == depth as u8));
        result
    })
}

const DEPTH: usize = 5_000;

#[test]
fn calls_go_deeper_than_the_stack() {
    let _watchdog = watchdog();
    assert_eq!(go!({ deep(DEPTH, &mut || 7) }).join().unwrap(), 7);
    // A thread of its own, whose stack is not known.
    assert_eq!(thread::spawn(|| deep(DEPTH, &mut || 8)).join().unwrap(), 8);
}

#[test]
fn what_is_deep_can_wait() {
    let _watchdog = watchdog();
    let (there, back) = (chan!(u32), chan!(u32));
    let goroutines: Vec<_> = (0..8)
        .map(|_| {
            go!([there, back] {
                deep(DEPTH, &mut || {
                    while let Some(value) = there.recv() {
                        gosched();
                        send!(back <- value + 1);
                    }
                });
            })
        })
        .collect();
    for value in 0..100 {
        there.send(value).unwrap();
        assert_eq!(back.recv(), Some(value + 1));
    }
    close!(there);
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
}

#[test]
fn a_panic_and_goexit_run_all_destructors_and_give_the_segments_back() {
    let _watchdog = watchdog();
    fn with_handles(depth: usize, handle: &Arc<()>, end: fn()) {
        grow(|| {
            let handle = handle.clone();
            let frame = black_box([0_u8; 1024]);
            if depth == 0 {
                end();
            } else {
                with_handles(depth - 1, &handle, end);
            }
            drop((black_box(frame), handle));
        });
    }
    let handle = Arc::new(());
    for _ in 0..3 {
        let panics = go!([handle] { with_handles(DEPTH, &handle, || resume_unwind(Box::new("down there"))) });
        assert_eq!(panics.join().unwrap_err().downcast_ref(), Some(&"down there"));
        let exits = go!([handle] { with_handles(DEPTH, &handle, || goexit()) });
        assert!(exits.join().unwrap_err().is::<Goexit>());
        assert_eq!(Arc::strong_count(&handle), 1);
    }
    // Caught on the way, it goes on.
    let caught = go!({
        let caught = catch_unwind(|| deep(DEPTH, &mut || resume_unwind(Box::new(1))));
        caught.is_err() && deep(DEPTH, &mut || true)
    });
    assert!(caught.join().unwrap());
}

#[inline(never)]
fn on_a_segment(ch: &Chan<u32>) -> Option<u32> {
    deep(300, &mut || black_box(innermost(black_box(ch))))
}

#[test]
fn dl_06_the_calls_on_a_segment_are_shown() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let goroutine = go!([ch] { on_a_segment(&ch) });
    until_waiting(&goroutine);
    let stack = stack_in_time(&goroutine);
    shows_in_order(&stack, &["stacks::innermost at ", "grow::deep"]);
    ch.send(1).unwrap();
    assert_eq!(goroutine.join().unwrap(), Some(1));
}

#[gochan::main]
fn overflow_of_a_segment() {
    fn deep_without_growing(bytes: usize) -> usize {
        let frame = black_box([1_u8; 1024]);
        let below = if bytes > 1024 { deep_without_growing(bytes - 1024) } else { 0 };
        below + usize::from(black_box(&frame)[7])
    }
    println!("line {}", line!() + 1);
    go!({ deep(300, &mut || deep_without_growing(usize::MAX)) }).join().unwrap();
}

#[test]
fn go_15_an_overflow_of_a_segment_names_the_goroutine_and_the_remedy() {
    if on_threads() {
        return;
    }
    let outcome = scenario("overflow_of_a_segment").without("GOCHAN_STACK").run();
    let line = outcome.stdout.lines().next().unwrap_or_default().trim_start_matches("line ").to_owned();
    let place = format!("grow.rs:{line}");
    outcome.fails_saying(&["overflowed its stack", &place, "runtime::grow"]);
}

/// As many that guards are lent for them too, where the kernel has no markers.
#[gochan::main]
fn many_segments_at_a_time() {
    let (arrived, gate) = (WaitGroup::new(), chan!(()));
    arrived.add(3000);
    for _ in 0..3000 {
        go!([arrived, gate] {
            deep(200, &mut || {
                arrived.done();
                gate.recv();
            });
        });
    }
    arrived.wait();
    close!(gate);
    while gochan::runtime::num_goroutine() > 1 {
        gosched();
    }
    println!("done");
}

#[test]
fn thousands_of_goroutines_have_segments() {
    if on_threads() {
        return;
    }
    scenario("many_segments_at_a_time").run().prints("done\n");
}
