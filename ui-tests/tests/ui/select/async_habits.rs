use gochan::prelude::*;
use std::time::Duration;

fn sleep() {
    let rx = chan!(i32);
    select! {
        v = <-rx => println!("{v}"),
        gochan::time::sleep(Duration::ZERO) => {}
    }
}

fn receive() {
    let rx = chan!(i32);
    select! { v = <-rx.recv().await => println!("{v}") }
}

fn main() {
    sleep();
    receive();
}
