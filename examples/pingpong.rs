//! Two goroutines hit a ball back and forth over two unbuffered channels.
//!
//! ```text
//! $ cargo run --bin pingpong
//! ping 1
//! pong 2
//! ping 3
//! pong 4
//! ping 5
//! pong 6
//! the ball went out after 6 hits
//! ```
//!
//! The ball counts its hits. Who finds it worn out closes the channel to the other side instead of
//! returning it; that ends the other player's `for` loop, and the WaitGroup tells main.

use gochan::prelude::*;

/// How many hits a ball survives.
const HITS: u32 = 6;

/// Returns every ball that comes in, one hit older, until it is worn out or the other side stops.
fn play(sound: &'static str, incoming: Receiver<u32>, outgoing: Sender<u32>, score: Sender<u32>) {
    for hits in &incoming {
        if hits == HITS {
            send!(score <- hits);
            break;
        }
        println!("{sound} {}", hits + 1);
        send!(outgoing <- hits + 1);
    }
    close!(outgoing);
}

#[gochan::main]
fn main() {
    let left = chan!(u32);
    let right = chan!(u32);
    let score = chan!(u32, 1);
    let wg = WaitGroup::new();

    wg.add(2);
    go!([left, right, score, wg] {
        defer!(wg.done());
        play("ping", left.receiver(), right.sender(), score.sender());
    });
    go!([left, right, score, wg] {
        defer!(wg.done());
        play("pong", right.receiver(), left.sender(), score.sender());
    });

    send!(left <- 0);
    wg.wait();
    println!("the ball went out after {} hits", recv!(score));
}
