//! Ask several, take the first answer, cancel the rest, leak nothing.
//!
//! ```text
//! $ cargo run --bin first_response
//! asking 5 mirrors with 6 goroutines
//! zurich was first
//! 4 requests were cancelled
//! goroutines left: 1
//! ```
//!
//! In Go this is where goroutines leak: the losers block for ever on a channel that nobody reads any
//! more, unless somebody thought of a buffer. Here three things work together. `with_context!` cancels
//! when the answer is there, however the block is left; a loser waits for its mirror *or* for that;
//! and `scope` returns when all of them have gone, which lets them borrow what the caller has.

use std::time::Duration;

use gochan::prelude::*;
use gochan::{runtime, scope};

struct Mirror {
    name: &'static str,
    /// How long it takes to answer.
    latency: Duration,
}

const fn mirror(name: &'static str, milliseconds: u64) -> Mirror {
    Mirror { name, latency: Duration::from_millis(milliseconds) }
}

/// Sends the mirror's name once it has answered. False: cancelled before that.
fn request(ctx: &Context, mirror: &Mirror, answers: &Sender<&'static str>) -> bool {
    select! {
        <-after(mirror.latency) => {}
        <-ctx.done() => return false,
    }
    // Somebody may have been faster in the meantime.
    select! {
        answers <- mirror.name => true,
        <-ctx.done() => false,
    }
}

/// The name of the mirror that answered first, and how many others were cancelled.
fn first_of(mirrors: &[Mirror]) -> (&'static str, usize) {
    let (tx, answers) = chan!(&'static str).split();
    scope(|s| {
        let (first, requests) = with_context!(ctx = background().with_cancel() => {
            let ask = |mirror| {
                let (ctx, tx) = (ctx.clone(), tx.clone());
                s.go(move || request(&ctx, mirror, &tx))
            };
            let requests: Vec<_> = mirrors.iter().map(ask).collect();
            println!("asking {} mirrors with {} goroutines", mirrors.len(), runtime::num_goroutine());
            (recv!(answers), requests)
        });
        let answered = requests.into_iter().map(|request| request.join().expect("a request does not panic"));
        (first, answered.filter(|answered| !answered).count())
    })
}

#[gochan::main]
fn main() {
    let mirrors = [
        mirror("sydney", 60_000),
        mirror("zurich", 5),
        mirror("lagos", 60_000),
        mirror("quito", 60_000),
        mirror("osaka", 60_000),
    ];
    let (first, cancelled) = first_of(&mirrors);
    println!("{first} was first");
    println!("{cancelled} requests were cancelled");
    println!("goroutines left: {}", runtime::num_goroutine());
}
