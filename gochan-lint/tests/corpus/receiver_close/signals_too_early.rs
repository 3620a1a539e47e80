use gochan::prelude::*;

fn before_the_send() -> u32 {
    let (out, done) = (chan!(u32, 8), chan!(()));
    for n in 0..3 {
        go!([out, done] {
            send!(done <- ());
            send!(out <- n);
        });
    }
    for _ in 0..3 {
        done.recv();
    }
    close!(out); //~ receiver_close
    out.iter().sum()
}

fn of_another() -> u32 {
    let (out, done) = (chan!(u32, 8), chan!(()));
    for n in 0..3 {
        go!([out] { send!(out <- n); });
    }
    go!([done] { send!(done <- ()); });
    done.recv();
    close!(out); //~ receiver_close
    out.iter().sum()
}

fn done_then_closed(done: &Chan<()>) {
    done.recv();
    close!(*done); //~ receiver_close
}
