use gochan::prelude::*;

fn directions(tx: Sender<i32>, rx: Receiver<i32>) {
    let job = 1;
    select! {
        v = <-tx => println!("{v}"),
    }
    select! {
        <-tx => {}
    }
    select! {
        Some(v) = <-tx => println!("{v}"),
    }
    select! {
        rx <- job => {}
    }
    select! {
        rx <- job + 1 => {}
    }
    select! {
        r = &rx <- job => println!("{r:?}"),
    }
}

fn main() {
    directions(Sender::nil(), Receiver::nil());
    let list = vec![1];
    select! {
        v = <-list => println!("{v}"),
        list <- 2 => {}
    }
}
