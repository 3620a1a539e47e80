//! Row GO-15 for code that does not probe its frames, and for stacks of many sizes.

use std::hint::black_box;

use crate::common::on_threads;
use crate::common::process::scenarios;
use gochan::Builder;
use gochan::prelude::*;

scenarios!(frame_of_c_code, fprintf_with_little_left, many_stack_sizes, large_behind_small);

/// Code whose frames are not probed, as C compilers make it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod c {
    // Touches the far end of a frame of so many bytes, and nothing between.
    std::arch::global_asm!(
        ".globl gochan_test_far_touch",
        "gochan_test_far_touch:",
        "mov rax, rsp",
        "sub rax, rdi",
        "and rax, -64",
        "mov byte ptr [rax], 0x55",
        "mov byte ptr [rax + 8], 0x55",
        "mov byte ptr [rax + 16], 0x55",
        "ret",
    );
    unsafe extern "C" {
        #[link_name = "gochan_test_far_touch"]
        fn far_touch(frame: usize);
        static stderr: *mut std::ffi::c_void;
        fn fprintf(file: *mut std::ffi::c_void, format: *const std::ffi::c_char, ...) -> i32;
    }

    pub(super) fn frame_of(bytes: usize) {
        // SAFETY: the frame is within the stack or ends in its guard.
        unsafe { far_touch(bytes) }
    }

    /// For an unbuffered file glibc formats into a buffer of 8 KiB on the stack.
    pub(super) fn print() {
        // SAFETY: the format takes no arguments.
        unsafe { fprintf(stderr, c"a line from C\n".as_ptr()) };
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod c {
    pub(super) fn frame_of(_: usize) {}
    pub(super) fn print() {}
}

/// A number that the test gives to a scenario.
const AMOUNT: &str = "GOCHAN_TEST_AMOUNT";

fn amount() -> usize {
    std::env::var(AMOUNT).expect("the test says so").parse().expect("a number")
}

/// Runs `goroutine` while others wait on the stacks around its own; how many of these have other locals afterwards.
fn changed_neighbours(goroutine: impl FnOnce() + Send + 'static) -> usize {
    const MARK: u64 = 0x5151_5151_5151_5151;
    let (begin, ready, end) = (chan!(()), chan!(()), chan!(()));
    let goroutine = go!([begin, ready] {
        send!(ready <- ());
        begin.recv();
        goroutine();
    });
    recv!(ready);
    let others: Vec<_> = (0..100)
        .map(|_| {
            go!([ready, end] {
                let marks = black_box([MARK; 600]);
                send!(ready <- ());
                end.recv();
                black_box(marks).iter().all(|mark| *mark == MARK)
            })
        })
        .collect();
    (0..others.len()).for_each(|_| recv!(ready));
    close!(begin);
    goroutine.join().unwrap();
    close!(end);
    others
        .into_iter()
        .map(gochan::JoinHandle::join)
        .filter(|unchanged| !matches!(unchanged, Ok(true)))
        .count()
}

#[gochan::main]
fn frame_of_c_code() {
    let bytes = amount();
    println!("{} changed", changed_neighbours(move || c::frame_of(bytes)));
}

#[gochan::main]
fn fprintf_with_little_left() {
    fn down(to: usize) {
        let here = black_box([0_u8; 64]);
        if here.as_ptr().addr() > to {
            down(to);
        } else {
            c::print();
        }
        black_box(here);
    }
    let left = amount();
    let changed = changed_neighbours(move || {
        // The slot has 256 KiB below its top. The control block and the first frames are in its first page.
        let here = black_box([0_u8; 16]);
        down(here.as_ptr().addr().next_multiple_of(4096) - 256 * 1024 + left);
    });
    println!("{changed} changed");
}

#[test]
#[cfg_attr(not(all(target_os = "linux", target_arch = "x86_64")), ignore = "stands for C code in assembly")]
fn go_15_a_frame_of_c_code_beyond_the_stack_is_reported() {
    if on_threads() {
        return;
    }
    for bytes in (262_000..=320_000).step_by(2_000) {
        let outcome = scenario("frame_of_c_code").env(AMOUNT, &bytes.to_string()).run();
        assert_eq!(outcome.stdout, "", "{bytes} bytes");
        outcome.fails_saying(&["overflowed its stack", concat!("spawned at ", file!()), "256 KiB"]);
    }
    // One that fits is not reported.
    scenario("frame_of_c_code").env(AMOUNT, "250000").run().prints("0 changed\n");
}

#[test]
#[cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")),
    ignore = "it is about glibc"
)]
fn go_15_c_code_that_runs_out_of_stack_is_reported() {
    if on_threads() {
        return;
    }
    for left in (1024..=8192).step_by(1024) {
        let outcome = scenario("fprintf_with_little_left").env(AMOUNT, &left.to_string()).run();
        assert_eq!(outcome.stdout, "", "{left} bytes");
        outcome.fails_saying(&["overflowed its stack", concat!("spawned at ", file!()), "256 KiB"]);
    }
    let outcome = scenario("fprintf_with_little_left").env(AMOUNT, "16384").run();
    outcome.prints("0 changed\n");
    assert!(outcome.stderr.contains("a line from C"), "{outcome:#?}");
}

/// Address space of this process, in bytes.
fn address_space() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("and this, too");
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().expect("it is a number")
}

/// Takes at least `bytes` of stack.
fn deep(bytes: usize) -> u64 {
    let frame = black_box([1_u64; 128]);
    let below = if bytes > 1024 { deep(bytes - 1024) } else { 0 };
    below + black_box(&frame)[7]
}

#[gochan::main]
fn many_stack_sizes() {
    let sized = |bytes| Builder::new().stack_size(bytes);
    let before = address_space();
    for pages in 4..2004 {
        sized(pages * 4096).spawn(|| ()).join().unwrap();
    }
    println!("{}", (address_space() - before) >> 20);
    println!("line {}", line!() + 1);
    println!("{}", sized(9 << 20).spawn(|| deep(usize::MAX)).join().unwrap());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn go_15_an_overflow_is_reported_after_any_number_of_stack_sizes() {
    let outcome = scenario("many_stack_sizes").run();
    outcome.fails_saying(&["overflow"]);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let [mebibytes, line] = lines[..] else { panic!("{outcome:#?}") };
    if !on_threads() {
        let place = format!("stack_guard.rs:{}", line.trim_start_matches("line "));
        outcome.fails_saying(&[&place, "the stack is 10240 KiB"]);
        assert!(mebibytes.parse::<usize>().unwrap() < 1024, "{mebibytes} MiB of address space");
    }
}

#[gochan::main]
fn large_behind_small() {
    let small = Builder::new().stack_size(16 << 10).spawn(|| ());
    let large = go!({ deep(64 << 10) });
    // Only the end of the second one wakes this, so that nothing comes between the two.
    println!("{}", large.join().unwrap());
    small.join().unwrap();
}

/// A worker runs goroutines that have not started one after the other on one stack, if it can.
#[test]
fn go_15_a_small_stack_is_not_given_to_the_next_goroutine() {
    scenario("large_behind_small").workers(1).run().prints("64\n");
}
