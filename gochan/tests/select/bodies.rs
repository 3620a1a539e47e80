//! Rows SE-13, SE-17 and SE-19: the bodies of a `select!`, how they are left, and the expression it is.

use crate::channels::full;
use crate::common::{nobody_waits_at, seeded, until_waiting};
use gochan::chan::{RecvTimeoutError, SendError};
use gochan::prelude::*;
use gochan::{runtime, scope};

#[gochan::test]
fn se_13_break_and_continue_leave_and_restart_the_loop_around() {
    let (numbers, never) = (chan!(u32, 10), chan!(u32));
    (0..10).for_each(|number| send!(numbers <- number));
    close!(numbers);
    let mut odd = Vec::new();
    let ended = loop {
        select! {
            Some(v) = <-numbers else { break "closed" } => {
                if v % 2 == 0 {
                    continue;
                }
                odd.push(v);
                if v == 7 {
                    break "seen enough";
                }
            }
            <-never => unreachable!(),
        }
    };
    assert_eq!((ended, odd, recv!(numbers)), ("seen enough", vec![1, 3, 5, 7], 8));
}

#[gochan::test]
fn se_13_labels_leave_the_loop_they_name() {
    let (a, b) = (full(1), chan!(u32));
    let mut turns = 0;
    let left = 'outer: loop {
        turns += 1;
        for turn in 0..3 {
            select! {
                v = <-a => {
                    assert_eq!(v, 1);
                    continue 'outer;
                }
                <-b => unreachable!(),
                default => {
                    if turn == 2 {
                        break 'outer "by default";
                    }
                }
            }
        }
    };
    assert_eq!((left, turns), ("by default", 2));
    let found = 'search: {
        send!(a <- 2);
        select! {
            v = <-a => break 'search Some(v),
            <-b => {}
        }
        None
    };
    assert_eq!(found, Some(2));
}

#[gochan::test]
fn se_13_return_and_the_question_mark_leave_the_function() {
    fn first(a: &Chan<u32>, b: &Chan<String>) -> Result<u32, String> {
        let text = select! {
            v = <-a => return Ok(v),
            Some(v) = <-b else return Err("closed".to_owned()) => v,
        };
        let number = select! {
            default => text.parse::<u32>().map_err(|error| error.to_string())?,
        };
        Ok(number)
    }
    let (a, b) = (chan!(u32, 1), chan!(String, 1));
    send!(a <- 1);
    assert_eq!(first(&a, &b), Ok(1));
    send!(b <- "22".to_owned());
    assert_eq!(first(&a, &b), Ok(22));
    send!(b <- "two".to_owned());
    assert_eq!(first(&a, &b), Err("invalid digit found in string".to_owned()));
    close!(b);
    assert_eq!(first(&a, &b), Err("closed".to_owned()));
}

#[gochan::test]
fn se_13_a_send_arm_may_end_the_function_with_its_own_error() {
    fn offer(tx: &Sender<u32>, value: u32) -> Result<(), SendError<u32>> {
        let never = chan!(());
        select! {
            r = tx <- value => r?,
            <-never => {}
        }
        Ok(())
    }
    let (tx, rx) = chan!(u32, 1).split();
    assert_eq!(offer(&tx, 1), Ok(()));
    drop(rx);
    assert_eq!(offer(&tx, 2), Err(SendError(2)));
}

#[gochan::test]
fn se_13_when_a_body_runs_the_select_waits_nowhere_any_more() {
    let (a, b, c) = (chan!(u32), chan!(u32), chan!(u32));
    for _ in 0..500 {
        let leaving = go!([a, b, c] {
            'select: {
                select! {
                    <-a => {
                        [&a, &b, &c].into_iter().for_each(nobody_waits_at);
                        break 'select;
                    }
                    v = <-b => unreachable!("{v}"),
                    c <- 1 => {}
                }
                unreachable!("it was left");
            }
        });
        until_waiting(&leaving);
        send!(a <- 1);
        leaving.join().unwrap();
    }
}

#[gochan::test]
fn se_13_bodies_borrow_and_change_the_locals_around_them() {
    let (a, b) = (chan!(u32, 1), chan!(u32, 1));
    let (mut sum, mut names) = (0, vec!["start".to_owned()]);
    send!(a <- 5);
    for _ in 0..2 {
        let name = &mut names;
        select! {
            v = <-a => {
                sum += v;
                name.push(format!("a{v}"));
            }
            b <- sum => name.push(format!("b{sum}")),
        }
    }
    assert_eq!(sum, 5);
    // The send's value is what the sum was when that select began.
    let sent = recv!(b);
    assert!(
        names[1..] == [format!("a{}", 5), format!("b{sent}")]
            || names[1..] == ["b0".to_owned(), "a5".to_owned()]
    );
}

#[gochan::test]
fn se_17_it_is_an_expression_of_the_type_of_its_bodies() {
    let (a, b) = (full(4), chan!(&'static str));
    let text: String = select! {
        v = <-a => v.to_string(),
        v = <-b => v.to_owned(),
    };
    assert_eq!(text, "4");
    let sum = 1 + select! {
        v = <-a => v,
        default => 41,
    };
    assert_eq!(sum, 42);
    fn tail(a: &Chan<u32>) -> Option<u32> {
        select! {
            v = <-a => Some(v),
            default => None,
        }
    }
    assert_eq!(tail(&a), None);
    assert_eq!(
        Some(select! {
            default => 1,
        })
        .map(|v| v + select! {
            default => 1,
        }),
        Some(2)
    );
    let boxed: Box<dyn Fn() -> u32> = select! {
        <-b => Box::new(|| 1),
        default => Box::new(|| 2),
    };
    assert_eq!(boxed(), 2);
}

#[gochan::test]
fn se_17_diverging_arms_take_the_type_of_the_others() {
    let (a, b) = (full(4), chan!(u32));
    let number: u32 = loop {
        let inner = select! {
            v = <-a => v,
            <-b => panic!("nobody sends"),
            Some(_) = <-b => continue,
            default => break 9,
        };
        assert_eq!(inner, 4);
    };
    assert_eq!(number, 9);
    let all_diverge = 'select: {
        let _: u32 = select! {
            v = <-a => break 'select v,
            default => break 'select 0,
        };
    };
    assert_eq!(all_diverge, 0);
    fn never_else(a: &Chan<u32>) -> u32 {
        select! {
            Some(v) = <-a => v,
            else => unreachable!("it is not closed"),
        }
    }
    send!(a <- 8);
    assert_eq!(never_else(&a), 8);
}

#[gochan::test]
fn se_19_a_select_stands_in_the_body_of_a_select() {
    let (outer, inner, never) = (chan!(u32), chan!(u32), chan!(u32));
    let nested = go!([outer, inner, never] {
        select! {
            v = <-outer => select! {
                w = <-inner => v * 10 + w,
                <-never => 0,
                // The outer select has let go of its channel: this is a wait of its own.
                w = <-outer => v * 100 + w,
            },
            <-never => 0,
        }
    });
    until_waiting(&nested);
    send!(outer <- 4);
    send!(inner <- 2);
    assert_eq!(nested.join().unwrap(), 42);
    [&outer, &inner, &never].into_iter().for_each(nobody_waits_at);
}

#[gochan::test]
fn se_19_a_select_stands_in_the_operands_of_a_select() {
    let (a, b) = (full(1), chan!(u32, 1));
    let got = select! {
        b <- select! {
            v = <-a => v + 1,
            default => 0,
        } => recv!(b),
        v = <-select! {
            <-b => &a,
            default => &a,
        } => v,
    };
    assert_eq!(got, 2);
}

#[gochan::test]
fn se_19_it_works_in_closures_and_in_iterators() {
    let (a, b) = (chan!(u32, 4), chan!(u32, 4));
    (0..4).for_each(|number| {
        send!(a <- number);
        send!(b <- 10 + number);
    });
    let next = || {
        select! {
            v = <-a => Some(v),
            v = <-b => Some(v),
            default => None,
        }
    };
    let mut all: Vec<u32> = std::iter::from_fn(next).collect();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 10, 11, 12, 13]);
    let mut job = Some("job".to_owned());
    let jobs = chan!(String, 1);
    let mut offer = || {
        select! {
            jobs <- job.take().expect("a job is left") => {}
        }
    };
    offer();
    assert_eq!((recv!(jobs), job), ("job".to_owned(), None));
}

#[gochan::test]
fn se_19_it_works_in_a_scope_with_borrowed_channels_and_values() {
    let (numbers, quit) = (chan!(u32), chan!(()));
    let mut sums = [0, 0];
    scope(|s| {
        for sum in &mut sums {
            let (numbers, quit) = (&numbers, &quit);
            s.go(move || {
                loop {
                    select! {
                        v = <-numbers => *sum += v,
                        <-quit => return,
                    }
                }
            });
        }
        (1..=100).for_each(|number| send!(numbers <- number));
        close!(quit);
    });
    assert_eq!(sums[0] + sums[1], 5050);
}

#[gochan::test]
fn se_19_selects_and_plain_operations_take_turns_in_one_goroutine() {
    let mut random = seeded();
    let (a, b) = (chan!(u32), chan!(u32));
    let plan: Vec<bool> = (0..500).map(|_| random.bool()).collect();
    let sender = go!([a, b, plan] {
        for (number, to_a) in (0..).zip(plan) {
            if to_a {
                send!(a <- number);
            } else {
                select! {
                    b <- number => {}
                }
            }
            if number % 3 == 0 {
                runtime::gosched();
            }
        }
        close!(a);
    });
    for (number, from_a) in (0..).zip(plan) {
        let got = match (from_a, number % 4) {
            (_, 0) => select! {
                v = <-a => v,
                v = <-b => v,
            },
            (true, 1) => recv!(a),
            (false, 1) => recv!(b),
            (true, _) => loop {
                match a.recv_timeout(crate::common::MOMENT) {
                    Ok(v) => break v,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Closed) => panic!("number {number} is still to come"),
                }
            },
            (false, _) => select! {
                v = <-b => v,
                <-Chan::<u32>::nil() => unreachable!(),
            },
        };
        assert_eq!(got, number);
    }
    sender.join().unwrap();
}
