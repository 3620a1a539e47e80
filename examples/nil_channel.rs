//! Arms that are switched off: what a nil channel is good for.
//!
//! ```text
//! $ cargo run --bin nil_channel
//! merged by hand:  1 2 3 10 20 30
//! merged by arms:  1 2 3 10 20 30
//! through a queue: 1 2 3 4 5 6 7 8
//! ```
//!
//! A nil channel is never ready, so in a `select!` its arm is off. In Go a variable is set to nil for
//! that; here it is an `Option`, and `None` is the nil channel. Two forms do without the variable: an
//! arm that binds `Some(v)` goes off by itself once its channel is closed, and any arm takes a guard.

use std::collections::VecDeque;

use gochan::prelude::*;

/// Starts a goroutine that sends the numbers and closes.
fn source(numbers: impl IntoIterator<Item = u32, IntoIter: Send + 'static>) -> Receiver<u32> {
    let (tx, rx) = chan!(u32).split();
    let numbers = numbers.into_iter();
    go!({ numbers.for_each(|number| send!(tx <- number)) });
    rx
}

/// Go's way: a closed channel would be ready for ever, so it is replaced by nil.
fn merge_by_hand(a: Receiver<u32>, b: Receiver<u32>) -> Vec<u32> {
    let (mut a, mut b) = (Some(a), Some(b));
    let mut merged = Vec::new();
    while a.is_some() || b.is_some() {
        select! {
            v, ok = <-a => {
                if ok {
                    merged.push(v);
                } else {
                    a = None;
                }
            }
            v, ok = <-b => {
                if ok {
                    merged.push(v);
                } else {
                    b = None;
                }
            }
        }
    }
    merged
}

/// The same, with arms that know when they are done. `else` runs when all of them are.
fn merge_by_arms(a: Receiver<u32>, b: Receiver<u32>) -> Vec<u32> {
    let mut merged = Vec::new();
    loop {
        select! {
            Some(v) = <-a => merged.push(v),
            Some(v) = <-b => merged.push(v),
            else => return merged,
        }
    }
}

/// A channel without a limit: takes whatever comes, at once, and passes it on in order.
fn queue(incoming: Receiver<u32>, outgoing: Sender<u32>) {
    let mut waiting = VecDeque::new();
    loop {
        let next = waiting.front().copied();
        select! {
            Some(v) = <-incoming => waiting.push_back(v),
            outgoing <- next.unwrap_or_default(), if next.is_some() => _ = waiting.pop_front(),
            // The input is closed and nothing is waiting.
            else => return,
        }
    }
}

fn print(label: &str, numbers: impl IntoIterator<Item = u32>) {
    let numbers: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
    println!("{label:<16} {}", numbers.join(" "));
}

#[gochan::main]
fn main() {
    for (label, merge) in
        [("merged by hand:", merge_by_hand as fn(_, _) -> _), ("merged by arms:", merge_by_arms)]
    {
        let mut merged = merge(source([1, 2, 3]), source([10, 20, 30]));
        // Each source is in order; how they mix is nobody's promise.
        merged.sort_unstable();
        print(label, merged);
    }

    let (tx, incoming) = chan!(u32).split();
    let (outgoing, rx) = chan!(u32).split();
    go!(queue(incoming, outgoing));
    // Nobody receives yet, and no send waits for long.
    (1..=8).for_each(|number| send!(tx <- number));
    close!(tx);
    print("through a queue:", &rx);
}
