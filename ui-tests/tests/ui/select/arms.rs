use gochan::prelude::*;

fn main() {
    let (rx, tx) = (chan!(i32), chan!(i32));
    select! {
        v = <-rx { println!("{v}") }
    }
    select! {
        tx <- 1
    }
    select! {
        v = <-rx => println!("{v}")
        default => {}
    }
    select! {
        v = rx => println!("{v}"),
    }
    select! {
        rx.recv() => {}
    }
    select! {
        tx <- 1 =>
    }
    select! {
        <- => {}
    }
    select! {
        v = < -rx => println!("{v}"),
    }
    select! {
        v, = <-rx => println!("{v}"),
    }
}
