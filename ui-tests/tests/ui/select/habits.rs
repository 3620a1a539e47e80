//! What one writes who comes from Go, or from another `select!`.

use gochan::prelude::*;

fn main() {
    let (rx, tx) = (chan!(i32), chan!(i32));
    select! {
        case v := <-rx => println!("{v}"),
    }
    select! {
        v := <-rx => println!("{v}"),
        v, ok := <-rx => println!("{v} {ok}"),
    }
    select! {
        let v = <-rx => println!("{v}"),
    }
    select! {
        case <-rx: {}
    }
    select! {
        v = rx.recv() => println!("{v:?}"),
    }
    select! {
        recv(rx) -> v => println!("{v:?}"),
    }
    select! {
        tx -> v => println!("{v:?}"),
    }
    select! {
        None = <-rx => {}
    }
    select! {
        <-rx if true => {}
    }
    select! {
        <-rx, if let Some(1) = rx.recv() => {}
    }
    select! {
        biased, <-rx => {}
    }
    select! {
        v = <-rx.clone() <- 1 => {}
    }
    select! {
        v = <-rx: println!("{v}"),
    }
    select! {
        <-rx => {}
        default: println!("nothing"),
    }
    select! {
        v = <-rx -> println!("{v}"),
    }
    select! {
        v = <-rx, ok => println!("{v}"),
    }
    select! {
        v = <-rx, w = <-tx => println!("{v} {w}"),
    }
    select! {
        <-rx => {};
        <-tx => {}
    }
    select! {
        v = recv!(rx) => println!("{v}"),
        send!(tx <- 1) => {}
    }
    select! {
        tx <- <-rx => {}
    }
    select! {
        tx <- 1;
    }
    select! {
        v, ok, more = <-rx => {}
    }
    select! {
        v: i32 = <-rx => println!("{v}"),
    }
    select! {
        if true, <-rx => {}
    }
    select! {
        <-rx => {}
        complete => {}
    }
    select! {
        <-rx => {}
        biased;
        <-tx => {}
    }
}
