//! Stages joined by channels: one counts, one squares, main prints.
//!
//! ```text
//! $ cargo run --bin pipeline
//! 1 4 9 16 25
//! ```
//!
//! Every stage owns the channel it writes to and closes it when it has nothing more to say. The
//! next stage's `for` loop ends by that, closes its own channel, and so the end runs down the line.

use gochan::prelude::*;

/// Starts a goroutine that sends `1..=last`; returns where to receive it.
fn count(last: u64) -> Receiver<u64> {
    let (out, numbers) = chan!(u64).split();
    go!({
        for number in 1..=last {
            send!(out <- number);
        }
        close!(out);
    });
    numbers
}

/// Starts a goroutine that squares what arrives; returns where to receive the squares.
fn square(numbers: Receiver<u64>) -> Receiver<u64> {
    let (out, squares) = chan!(u64).split();
    go!({
        for number in &numbers {
            send!(out <- number * number);
        }
        close!(out);
    });
    squares
}

#[gochan::main]
fn main() {
    let squares: Vec<String> = square(count(5)).iter().map(|square| square.to_string()).collect();
    println!("{}", squares.join(" "));
}
