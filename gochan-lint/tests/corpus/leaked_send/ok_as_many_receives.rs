use gochan::prelude::*;

fn question_mark(n: u32) -> Option<u32> {
    let (tx, rx) = chan!(u32).split();
    for i in 0..n {
        go!([tx] { send!(tx <- i) });
    }
    let mut sum = 0;
    for _ in 0..n {
        sum += rx.recv()?;
    }
    Some(sum)
}

fn taken(n: u32) -> Vec<u32> {
    let ch = chan!(u32);
    for i in 0..n {
        go!([ch] { send!(ch <- i) });
    }
    ch.iter().take(n as usize).collect()
}

fn let_else(n: u32) -> u32 {
    let (tx, rx) = chan!(u32).split();
    for i in 0..n {
        go!([tx] { send!(tx <- i) });
    }
    let mut sum = 0;
    for _ in 0..n {
        let Some(value) = rx.recv() else { return sum };
        sum += value;
    }
    sum
}

fn matched(n: u32) -> u32 {
    let (tx, rx) = chan!(u32).split();
    for i in 0..n {
        go!([tx] { send!(tx <- i) });
    }
    let mut sum = 0;
    for _ in 0..n {
        match rx.recv() {
            Some(value) => sum += value,
            None => return sum,
        }
    }
    sum
}

fn three() -> u32 {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1) });
    go!([ch] { send!(ch <- 2) });
    go!([ch] { send!(ch <- 3) });
    recv!(ch) + recv!(ch) + recv!(ch)
}

fn found(rx: Receiver<u32>) -> Option<u32> {
    let found = chan!(u32);
    go!([found] {
        for n in &rx {
            if n > 2 {
                send!(found <- n);
                return;
            }
        }
        close!(found);
    });
    found.recv()
}

fn done() {
    let (jobs, done) = (chan!(i32, 5), chan!(bool));
    go!([jobs, done] {
        loop {
            let (_, more) = recv!(jobs, ok);
            if !more {
                send!(done <- true);
                return;
            }
        }
    });
    send!(jobs <- 1);
    close!(jobs);
    recv!(done);
}

fn broken_off() {
    let (jobs, done) = (chan!(i32, 5), chan!(bool));
    go!([jobs, done] {
        loop {
            let (_, more) = recv!(jobs, ok);
            if !more {
                send!(done <- true);
                break;
            }
        }
    });
    close!(jobs);
    recv!(done);
}
