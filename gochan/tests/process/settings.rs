//! Rows GO-20 and GO-24: the settings of the runtime, and programs that have the same results with any of them.

use std::thread;
use std::time::Duration;

use crate::common::process::scenarios;
use crate::common::{on_threads, panic_of};
use gochan::prelude::*;
use gochan::runtime::{self, Backend};

scenarios!(
    builder_settings,
    builder_too_late,
    builder_backend,
    main_settings,
    main_aborts,
    main_of_no_workers,
    programs
);

#[test]
fn go_20_a_senseless_number_of_workers_is_a_clear_error() {
    for senseless in ["0", "-1", "many", "1.5", "99999999999999999999"] {
        let outcome = super::goroutine::scenario("count_goroutines").env("GOCHAN_MAXPROCS", senseless).run();
        outcome.fails_saying(&["GOCHAN_MAXPROCS", senseless]);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn go_20_other_senseless_settings_are_clear_errors() {
    for (name, senseless) in [("GOCHAN_BACKEND", "fibers"), ("GOCHAN_STACK", "big")] {
        let outcome = super::goroutine::scenario("count_goroutines").env(name, senseless).run();
        outcome.fails_saying(&[name, senseless]);
        assert_eq!(outcome.stdout, "");
    }
}

fn builder_settings() {
    let error = runtime::Builder::new().workers(0).install().expect_err("no workers can run nothing");
    println!("{}", error.to_string().contains("worker"));
    runtime::Builder::new().workers(3).stack_size(1 << 20).install().expect("nothing runs yet");
    println!("{}", go!({ go!({ 40 }).join().unwrap() + 2 }).join().unwrap());
}

#[test]
fn go_20_the_builder_sets_workers_and_refuses_none() {
    // The environment would override the builder.
    scenario("builder_settings").without("GOCHAN_MAXPROCS").run().prints("true\n42\n");
}

fn builder_too_late() {
    go!({}).join().unwrap();
    println!("{}", runtime::Builder::new().workers(1).install().is_err());
}

#[test]
fn go_20_the_builder_refuses_to_change_a_running_runtime() {
    scenario("builder_too_late").run().prints("true\n");
}

fn builder_backend() {
    runtime::Builder::new().backend(Backend::Threads).install().expect("nothing runs yet");
    let home = || thread::current().id();
    // Two that run at the same time: on one thread each, whatever the number of workers.
    let (a, b) = (chan!(()), chan!(()));
    let one = go!([a, b] {
        send!(a <- ());
        recv!(b);
        home()
    });
    let two = go!([a, b] {
        recv!(a);
        send!(b <- ());
        home()
    });
    println!("{}", one.join().unwrap() != two.join().unwrap());
}

#[test]
fn go_20_the_builder_chooses_the_backend() {
    scenario("builder_backend").without("GOCHAN_BACKEND").workers(1).run().prints("true\n");
}

#[gochan::main(workers = 3, settings = small_stacks, on_panic = "report", stuck_after = "1m")]
fn main_settings() {
    println!(
        "{} {}",
        runtime::metrics().workers,
        go!(runtime::Builder::new().install()).join().unwrap().is_err()
    );
}

fn small_stacks() -> runtime::Builder {
    runtime::Builder::new().stack_size(32 << 10).workers(9)
}

#[gochan::main(on_panic = "abort")]
fn main_aborts() {
    go!({ panic!("on purpose") }).join().unwrap_err();
    println!("it went on");
}

#[gochan::main(workers = 0, backend = Backend::Threads)]
fn main_of_no_workers() {}

#[test]
fn go_20_the_attribute_of_main_has_settings() {
    if !on_threads() {
        scenario("main_settings").without("GOCHAN_MAXPROCS").run().prints("3 true\n");
        scenario("main_settings").workers(2).run().prints("2 true\n");
    }
    let outcome = scenario("main_aborts").run();
    assert_eq!((outcome.code(), outcome.stdout.as_str()), (Some(2), ""), "{outcome:#?}");
    scenario("main_of_no_workers").without("GOCHAN_MAXPROCS").run().fails_saying(&["cannot start", "worker"]);
}

#[test]
fn go_20_one_worker_runs_every_program() {
    let one = scenario("programs").workers(1).run();
    assert_eq!(one.code(), Some(0), "{one:#?}");
    for workers in [2, 5] {
        scenario("programs").workers(workers).run().prints(&one.stdout);
    }
}

/// Small programs whose output does not depend on who runs when.
#[gochan::main]
fn programs() {
    println!("squares {:?}", squares(20));
    println!("primes {:?}", primes(40));
    println!("daisy {}", daisy_chain(500));
    println!("pool {}", pool(8, 1000));
    println!("closed {:?}", closed());
    println!(
        "panic {}",
        panic_of(|| send!({
            let ch = chan!(u8);
            ch.close();
            ch
        } <- 1))
    );
    println!("joined {:?}", (0..10).map(|n| go!({ n * n }).join().unwrap()).collect::<Vec<_>>());
    println!("turns {:?}", turns(6));
}

fn squares(count: u64) -> Vec<u64> {
    let (numbers, squares) = (chan!(u64), chan!(u64, 3));
    go!([numbers] {
        for number in 0..count {
            send!(numbers <- number);
        }
        close!(numbers);
    });
    go!([squares] {
        for number in &numbers {
            send!(squares <- number * number);
        }
        close!(squares);
    });
    squares.iter().collect()
}

fn primes(count: usize) -> Vec<u32> {
    let (tx, mut numbers) = chan!(u32).split();
    go!({
        for number in 2.. {
            send!(tx <- number);
        }
    });
    let mut primes = Vec::new();
    while primes.len() < count {
        let prime = recv!(numbers);
        primes.push(prime);
        let (tx, filtered) = chan!(u32).split();
        go!({
            for number in &numbers {
                if number % prime != 0 {
                    send!(tx <- number);
                }
            }
        });
        numbers = filtered;
    }
    primes
}

fn daisy_chain(links: u32) -> u32 {
    let leftmost = chan!(u32);
    let mut left = leftmost.clone();
    for _ in 0..links {
        let right = chan!(u32);
        go!([right] {
            send!(left <- 1 + recv!(right));
        });
        left = right;
    }
    go!({
        send!(left <- 0);
    });
    recv!(leftmost)
}

fn pool(workers: usize, jobs: u64) -> u64 {
    let (work, results) = (chan!(u64, 10), chan!(u64));
    let wg = WaitGroup::new();
    for _ in 0..workers {
        wg.add(1);
        go!([work, results, wg] {
            defer!(wg.done());
            for job in &work {
                send!(results <- job * 3);
            }
        });
    }
    go!({
        for job in 0..jobs {
            send!(work <- job);
        }
        close!(work);
    });
    go!([results] {
        wg.wait();
        close!(results);
    });
    results.iter().sum()
}

fn closed() -> (Vec<u32>, (u32, bool)) {
    let ch = chan!(u32, 3);
    send!(ch <- 1);
    send!(ch <- 2);
    close!(ch);
    (ch.iter().collect(), recv!(ch, ok))
}

fn turns(count: u32) -> Vec<String> {
    let (left, right, log) = (chan!(u32), chan!(u32), chan!(String, 100));
    let play = |name: &'static str, from: &Chan<u32>, to: &Chan<u32>| {
        go!([from, to, log] {
            for turn in &from {
                send!(log <- format!("{name}{turn}"));
                if turn == count {
                    close!(log);
                    break;
                }
                send!(to <- turn + 1);
            }
        });
    };
    play("l", &left, &right);
    play("r", &right, &left);
    send!(left <- 0);
    log.iter().collect()
}

#[test]
fn go_24_both_backends_give_the_same_results() {
    let coroutines = scenario("programs").backend("coroutines").run();
    let threads = scenario("programs").backend("threads").run();
    assert_eq!(coroutines.code(), Some(0), "{coroutines:#?}");
    threads.prints(&coroutines.stdout);
    assert!(coroutines.stdout.contains("primes [2, 3, 5, 7, 11, "), "{coroutines:#?}");
    assert!(coroutines.stdout.contains("closed ([1, 2], (0, false))"), "{coroutines:#?}");
    assert!(coroutines.took < Duration::from_secs(120));
}
