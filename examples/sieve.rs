//! The prime sieve: a chain of goroutines that grows by one filter for every prime found.
//!
//! ```text
//! $ cargo run --bin sieve
//! 2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71 73 79 83 89 97
//! ```
//!
//! When main has seen enough it drops the receiver of the last filter. That filter's send fails, it
//! returns and drops its own receiver, and so the chain ends from its far end. `send!` would panic
//! there; the method `send` reports it.

use gochan::prelude::*;

/// Primes below this are printed.
const LIMIT: u32 = 100;

/// Sends every whole number from 2 on.
fn generate(numbers: Sender<u32>) {
    for number in 2.. {
        if numbers.send(number).is_err() {
            return;
        }
    }
}

/// Passes on what `prime` does not divide.
fn filter(prime: u32, incoming: Receiver<u32>, outgoing: Sender<u32>) {
    for number in &incoming {
        if number % prime != 0 && outgoing.send(number).is_err() {
            return;
        }
    }
}

#[gochan::main]
fn main() {
    let (tx, mut numbers) = chan!(u32).split();
    go!(generate(tx));

    let mut primes = Vec::new();
    loop {
        // Whatever came through all filters so far is divided by no smaller prime.
        let prime = recv!(numbers);
        if prime >= LIMIT {
            break;
        }
        primes.push(prime.to_string());

        let (tx, filtered) = chan!(u32).split();
        go!(filter(prime, numbers, tx));
        numbers = filtered;
    }
    println!("{}", primes.join(" "));
}
