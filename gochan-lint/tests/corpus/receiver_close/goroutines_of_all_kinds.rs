use gochan::prelude::*;
fn named() {
    let ch = chan!(u32);
    let inner = ch.clone();
    gochan::Builder::new().name("reader").spawn(move || {
        for n in &inner {
            take(n);
        }
        inner.close(); //~ receiver_close
    });
    send!(ch <- 1);
}

fn threads() {
    let ch = chan!(u32);
    let inner = ch.clone();
    let thread = std::thread::spawn(move || {
        while let Some(n) = inner.recv() {
            take(n);
        }
        close!(inner); //~ receiver_close
    });
    send!(ch <- 1);
    thread.join().unwrap();
}

fn scoped() {
    let ch = chan!(u32);
    gochan::scope(|s| {
        s.go(|| {
            let n = recv!(ch);
            take(n);
            close!(ch); //~ receiver_close
        });
        send!(ch <- 1);
    });
}

fn variable() {
    let ch = chan!(u32);
    let reader = {
        let ch = ch.clone();
        move || {
            let n = recv!(ch);
            take(n);
            close!(ch); //~ receiver_close
        }
    };
    go!(reader());
    send!(ch <- 1);
}

fn take(_: u32) {}
