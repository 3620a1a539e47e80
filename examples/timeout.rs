//! Not waiting for ever: a limit for one answer, and a limit for a whole conversation.
//!
//! ```text
//! $ cargo run --bin timeout
//! 6 times 7 is 42
//! the meaning of life: no answer within 200ms
//! the oracle was told that nobody waits any more
//! the talker was cut off after 200ms
//! ```
//!
//! `after(limit)` is a channel that is ready once the limit has passed. Made in the arm, it limits
//! each wait; made before a loop, it limits the loop. One that did not have to fire costs an
//! allocation, and is gone with the select.
//!
//! Whoever gives up drops its receiver. In Go the late oracle below would need a buffered channel, or
//! would sit on its answer for ever; here its send fails, and it gets the answer back.

use std::time::Duration;

use gochan::prelude::*;

const LIMIT: Duration = Duration::from_millis(200);

/// Waits for one answer, but not for long.
fn ask(question: &str, answers: Receiver<String>) {
    select! {
        Some(answer) = <-answers => println!("{question} is {answer}"),
        <-after(LIMIT) => println!("{question}: no answer within {LIMIT:?}"),
    }
}

#[gochan::main]
fn main() {
    let (tx, answers) = chan!(String).split();
    go!({ send!(tx <- (6 * 7).to_string()) });
    ask("6 times 7", answers);

    let (tx, answers) = chan!(String).split();
    let (finished, thinking) = chan!(()).split();
    let oracle = go!({
        // It thinks for as long as it takes; here, until nobody listens.
        recv!(thinking);
        tx.send("42, as well".to_owned())
    });
    ask("the meaning of life", answers);
    close!(finished);
    if oracle.join().expect("the oracle does not panic").is_err() {
        println!("the oracle was told that nobody waits any more");
    }

    // Every word comes in time, and still it is too much: this limit is for all of them together.
    let (tx, words) = chan!(&str).split();
    let talker = go!({ while tx.send("blah").is_ok() {} });
    let limit = after(LIMIT);
    loop {
        select! {
            _ = <-words => {}
            <-limit => break,
        }
    }
    drop(words);
    talker.join().expect("the talker does not panic");
    println!("the talker was cut off after {LIMIT:?}");
}
