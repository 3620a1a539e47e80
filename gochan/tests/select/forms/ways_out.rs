//! Ways out of bodies.

use super::*;

#[gochan::test]
fn break_and_continue() {
    let (rx, mut odd) = (closed(0..10), 0);
    loop {
        select! {
            n, ok = <-rx => {
                if !ok {
                    break;
                }
                if n % 2 == 0 {
                    continue;
                }
                odd += 1;
            }
        }
    }
    assert_eq!(odd, 5);
}

#[gochan::test]
fn labels() {
    let rx = filled([1]);
    let found = 'search: {
        for _ in 0..3 {
            loop {
                select! {
                    n = <-rx => break 'search n,
                }
            }
        }
        0
    };
    assert_eq!(found, 1);
    let mut turns = 0;
    'outer: loop {
        turns += 1;
        loop {
            select! {
                <-closed([(); 0]) => {
                    if turns < 3 {
                        continue 'outer;
                    } else {
                        break 'outer;
                    }
                }
            }
        }
    }
    assert_eq!(turns, 3);
}

#[gochan::test]
fn break_with_a_value() {
    let rx = filled(1..4);
    let three = loop {
        select! {
            n = <-rx => {
                if n == 3 {
                    break n;
                }
            }
        }
    };
    assert_eq!(three, 3);
}

#[gochan::test]
fn out_of_operands() {
    fn sent(tx: &Chan<u32>, text: &str) -> Result<bool, std::num::ParseIntError> {
        select! {
            tx <- text.parse()?, if !text.is_empty() => Ok(true),
            default => Ok(false),
        }
    }
    let tx = chan!(u32, 1);
    assert!(sent(&tx, "x").is_err());
    assert_eq!((sent(&tx, "1"), sent(&tx, "2")), (Ok(true), Ok(false)));
    let mut channels = vec![closed([1]), closed([2])];
    let mut sum = 0;
    loop {
        select! {
            Some(n) = <-match channels.pop() {
                Some(next) => next,
                None => break,
            } else { unreachable!() } => sum += n,
        }
    }
    assert_eq!(sum, 3);
}

#[gochan::test]
fn question_mark_and_return() {
    fn half(rx: &Chan<&str>) -> Result<i32, std::num::ParseIntError> {
        select! {
            text = <-rx => {
                let n: i32 = text.parse()?;
                if n % 2 == 1 {
                    return Ok(0);
                }
                Ok(n / 2)
            }
        }
    }
    let rx = filled(["8", "x", "5"]);
    assert_eq!(half(&rx), Ok(4));
    assert!(half(&rx).is_err());
    assert_eq!(half(&rx), Ok(0));
}

#[gochan::test]
fn bodies_borrow_and_change_what_is_around() {
    let (rx, mut log, text) = (filled(["b"]), vec!["a"], String::from("moved"));
    let back = select! {
        line = <-rx => {
            log.push(line);
            text
        }
        <-chan!(()) => text,
    };
    assert_eq!((log, back), (vec!["a", "b"], "moved".to_owned()));
}

#[gochan::test]
fn diverging_arms_take_any_type() {
    fn two(rx: &Chan<u8>) -> u64 {
        let n = select! {
            n = <-rx => u64::from(n),
            <-Chan::<()>::nil() => panic!("never"),
            default => return 2,
        };
        n + 1
    }
    assert_eq!((two(&filled([4])), two(&chan!(u8))), (5, 2));
    let coerced: Box<dyn Fn() -> u32> = select! {
        <-filled([()]) => Box::new(|| 1),
        default => Box::new(|| 2),
    };
    assert_eq!(coerced(), 1);
}

#[test]
fn nothing_to_choose_from_has_every_type() {
    fn park() -> u32 {
        select! {}
    }
    fn park_in_order() -> ! {
        select! {
            biased;
        }
    }
    let _: (fn() -> u32, fn() -> !) = (park, park_in_order);
}

#[gochan::test]
fn from_closures() {
    let (tx, job) = (chan!(Job, 1), Job(1));
    let offer = move |tx: &Chan<Job>| {
        select! {
            tx <- job => None,
            default => Some(job),
        }
    };
    assert_eq!(offer(&tx), None);
    assert_eq!(tx.recv(), Some(Job(1)));
}

#[gochan::test]
#[rustfmt::skip] // The lines count.
fn a_panic_is_reported_where_the_select_stands() {
    let (tx, n) = (closed([]), 1);
    let line = line!() + 1;
    let (file, at) = place_of_panic(|| select! { tx <- n => {} });
    assert_eq!((file.as_str(), at), (file!(), line));
    let (_, at) = place_of_panic(|| select! { tx <- n + 1 => {} });
    assert_eq!(at, line + 2);
}
