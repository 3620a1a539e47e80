//! The smallest program: one goroutine says hello, and main waits for it.
//!
//! ```text
//! $ cargo run --bin hello
//! main: started a goroutine
//! goroutine: hello, gopher
//! main: it counted 6 letters
//! ```
//!
//! The order is no accident. The goroutine prints only after main has sent it a name, and main
//! goes on only after the goroutine has sent its answer: an unbuffered channel is a meeting.

use gochan::prelude::*;

/// Greets whoever arrives on `names` and answers with the length of the name.
fn greet(names: Receiver<&'static str>, lengths: Sender<usize>) {
    let name = recv!(names);
    println!("goroutine: hello, {name}");
    send!(lengths <- name.len());
}

#[gochan::main]
fn main() {
    let names = chan!(&'static str);
    let lengths = chan!(usize);

    go!(greet(names.receiver(), lengths.sender()));
    println!("main: started a goroutine");

    send!(names <- "gopher");
    println!("main: it counted {} letters", recv!(lengths));
}
