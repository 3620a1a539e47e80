//! The forms of an arm.

use super::*;

#[gochan::test]
fn a_value() {
    let rx = closed(["first"]);
    let take = || {
        select! {
            text = <-rx => text,
        }
    };
    assert_eq!((take(), take(), take()), ("first", "", ""));
}

#[gochan::test]
fn a_value_and_ok() {
    let rx = closed([7]);
    let take = || {
        select! {
            n, ok = <-rx => (n, ok),
        }
    };
    assert_eq!((take(), take()), ((7, true), (0, false)));
}

#[gochan::test]
fn ok_alone_needs_no_zero_value() {
    let rx = closed([Job(1)]);
    let take = || {
        select! {
            _, ok = <-rx => ok,
        }
    };
    assert_eq!((take(), take()), (true, false));
}

#[gochan::test]
fn nothing_bound_needs_no_zero_value() {
    let rx = closed([Job(1), Job(2)]);
    select! {
        <-rx => {}
    }
    select! {
        _ = <-rx => {}
    }
    assert!(rx.is_empty());
    select! {
        <-rx => {}
    }
}

#[gochan::test]
fn what_is_not_bound_is_dropped_before_the_body() {
    let value = Arc::new(());
    let rx = filled([value.clone(), value.clone()]);
    select! {
        <-rx => assert_eq!(Arc::strong_count(&value), 2),
    }
    select! {
        _ = <-rx => assert_eq!(Arc::strong_count(&value), 1),
    }
}

#[gochan::test]
fn some_value_is_off_once_closed() {
    let rx = closed([Job(1)]);
    let take = || {
        select! {
            Some(job) = <-rx => Some(job),
            else => None,
        }
    };
    assert_eq!((take(), take()), (Some(Job(1)), None));
}

#[gochan::test]
fn some_value_or_else() {
    let rx = closed([Job(1)]);
    let take = || {
        select! {
            Some(Job(n)) = <-rx else { 100 } => n,
        }
    };
    assert_eq!((take(), take()), (1, 100));
    let take = || {
        select! {
            Some(Job(n)) = <-rx else 200 => n,
            <-Chan::<()>::nil() => 0,
        }
    };
    assert_eq!(take(), 200);
}

#[gochan::test]
fn the_else_of_an_arm_can_leave() {
    let (rx, mut sum) = (closed([1, 2, 3]), 0);
    loop {
        select! {
            Some(n) = <-rx else { break } => sum += n,
        }
    }
    assert_eq!(sum, 6);
    let leave = || {
        select! {
            Some(_) = <-rx else return "left" => {}
        }
        "stayed"
    };
    assert_eq!(leave(), "left");
}

#[gochan::test]
fn a_send() {
    let tx = chan!(u32, 4);
    let three = || 3;
    select! {
        tx <- 1 => {}
    }
    select! {
        tx <- three() => assert_eq!(tx.len(), 2),
    }
    close!(tx);
    assert_eq!(tx.iter().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(
        panic_of(|| select! {
            tx <- 1 => {}
        }),
        "send on closed channel"
    );
    let one = 1;
    assert_eq!(
        panic_of(|| select! {
            tx <- one => {}
        }),
        "send on closed channel"
    );
}

#[gochan::test]
fn a_send_with_its_result() {
    let tx = chan!(Job, 4);
    let job = Job(2);
    assert_eq!(
        select! {
            r = tx <- Job(1) => r,
        },
        Ok(())
    );
    assert_eq!(
        select! {
            r = tx <- job => r,
        },
        Ok(())
    );
    close!(tx);
    let job = Job(4);
    assert_eq!(
        select! {
            r = tx <- Job(3) => r,
        },
        Err(SendError(Job(3)))
    );
    assert_eq!(
        select! {
            r = tx <- job => r,
        },
        Err(SendError(Job(4)))
    );
}

#[gochan::test]
fn a_fallback_at_any_place() {
    let (empty, full) = (chan!(u32), filled([1]));
    assert_eq!(
        select! {
            default => 0,
            n = <-empty => n,
        },
        0
    );
    assert_eq!(
        select! {
            n = <-full => n,
            default => 0,
            n = <-empty => n,
        },
        1
    );
    assert_eq!(
        select! {
            else => 0,
            n = <-empty, if false => n,
        },
        0
    );
    assert_eq!(
        select! {
            default => 5,
        },
        5
    );
    assert_eq!(
        select! {
            else => 6,
        },
        6
    );
    assert_eq!(
        select! {
            biased;
            default => 7,
        },
        7
    );
}

#[gochan::test]
fn guards() {
    let (rx, tx, value) = (filled([1]), chan!(u32, 1), 2);
    for (receive, send) in [(false, true), (true, false)] {
        let taken = select! {
            _ = <-rx, if receive => "received",
            tx <- value, if send => "sent",
        };
        assert_eq!(taken, if receive { "received" } else { "sent" });
    }
    let off = select! {
        Some(_) = <-filled([1]) else { unreachable!() }, if rx.len() > 5 => "received",
        tx <- value + 1, if tx.len() > 1 => "sent",
        r = tx <- value, if {
            let full = tx.is_full();
            !full
        } => {
            if r.is_ok() {
                "sent"
            } else {
                "failed"
            }
        }
        else => "off",
    };
    assert_eq!(off, "off");
}

#[gochan::test]
fn any_irrefutable_pattern() {
    struct Point {
        x: i32,
        y: i32,
    }
    let pairs = closed([(1, "one"), (2, "two"), (3, "three")]);
    assert_eq!(
        select! {
            (n, text) = <-pairs => (n, text),
        },
        (1, "one")
    );
    assert_eq!(
        select! {
            (n, _), ok = <-pairs => (n, ok),
        },
        (2, true)
    );
    assert_eq!(
        select! {
            Some(whole @ (n, ..)) = <-pairs => (whole, n),
            else => unreachable!(),
        }
        .1,
        3
    );
    let points = filled([Point { x: 1, y: 2 }]);
    assert_eq!(
        select! {
            Some(Point { x, mut y }) = <-points => {
                y += x;
                y
            }
        },
        3
    );
    let numbers = filled([1, 2]);
    assert_eq!(
        select! {
            mut n = <-numbers => {
                n += 1;
                n
            }
        },
        2
    );
    assert_eq!(
        select! {
            ref n = <-numbers => *n,
        },
        2
    );
    let arrays = filled([[1, 2, 3]]);
    assert_eq!(
        select! {
            [first, .., last] = <-arrays => first + last,
        },
        4
    );
    let tx = chan!(u32, 1);
    assert!(select! {
        (Ok(()) | Err(SendError(_))) = tx <- 1 => true,
    });
}

#[gochan::test]
fn any_operand() {
    struct Holder {
        ch: Chan<u32>,
        all: [Chan<u32>; 1],
    }
    impl Holder {
        fn take(&mut self) -> u32 {
            select! {
                n = <-self.ch => n,
            }
        }
    }
    let ch = filled(0..16);
    let mut holder = Holder { ch: ch.clone(), all: [ch.clone()] };
    let (reference, option, nil, index) = (&&ch, Some(ch.clone()), None::<Chan<u32>>, 0);
    let taken = [
        select! {
            n = <-&ch => n,
        },
        select! {
            n = <-reference => n,
        },
        select! {
            n = <-*reference => n,
        },
        select! {
            n = <-holder.ch => n,
        },
        select! {
            n = <-holder.all[index] => n,
        },
        select! {
            n = <-ch.receiver() => n,
        },
        select! {
            n = <-option => n,
        },
        select! {
            n = <-option.as_ref().filter(|_| true) => n,
        },
        select! {
            n = <-if index == 0 { &ch } else { reference } => n,
        },
        select! {
            n = <-{
                assert_eq!(index, 0);
                ch.clone()
            } => n,
        },
        select! {
            n = <-match index {
                0 => &ch,
                _ => reference,
            } => n,
        },
        select! {
            n = <-nil => n,
            m = <-ch => m,
        },
        holder.take(),
    ];
    assert!(taken.into_iter().eq(0..13));
    let boxed = chan!(Box<dyn Fn(&str) -> usize + Send>, 1);
    select! {
        boxed <- Box::new(|text| text.len() + index) => {}
    }
    assert_eq!(
        select! {
            Some(length) = <-boxed => length("four"),
        },
        4
    );
}

#[gochan::test]
fn biased_takes_the_first_that_is_ready() {
    let (a, b) = (filled(0..8), filled(0..8));
    for turn in 0..8 {
        assert_eq!(
            select! {
                biased;
                n = <-a => (n, 'a'),
                n = <-b => (n, 'b'),
            },
            (turn, 'a')
        );
    }
}

#[gochan::test]
fn words_of_the_grammar_are_ordinary_names_elsewhere() {
    let (biased, default) = (chan!(u32, 1), chan!(u32, 1));
    select! {
        biased <- 1 => {}
    }
    select! {
        default <- 2 => {}
    }
    assert_eq!(
        select! {
            default = <-biased => default,
        },
        1
    );
    assert_eq!(
        select! {
            biased = <-default => biased,
        },
        2
    );
}

#[gochan::test]
fn a_hundred_arms() {
    macro_rules! twenty_times {
        ($($arm:tt)*) => { four_times! { $($arm)* $($arm)* $($arm)* $($arm)* $($arm)* } };
    }
    macro_rules! four_times {
        ($($arm:tt)*) => { select! { $($arm)* $($arm)* $($arm)* $($arm)* } };
    }
    let (rx, tx, job) = (chan!(u32), chan!(u32), 1);
    close!(rx);
    let taken = twenty_times! {
        v, ok = <-rx => (v, ok),
        tx <- job => (job, true),
        r = tx <- job + 1 => (0, r.is_ok()),
        Some(v) = <-rx => (v, true),
        <-tx => (0, false),
    };
    assert_eq!(taken, (0, false));
}
