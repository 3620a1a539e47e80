use gochan::prelude::*;

fn stopped(ch: &Chan<u32>, done: &Receiver<()>) {
    loop {
        select! {
            n = <-ch => println!("{n}"),
            <-done => {
                close!(ch); //~ receiver_close
                return;
            }
        }
    }
}
fn some_of_them(ch: Chan<u32>) {
    ch.iter().take(3).for_each(|n| println!("{n}"));
    ch.close(); //~ receiver_close
}
fn by_the_other_handle(ch: Chan<u32>) {
    let rx = ch.receiver();
    for n in rx {
        println!("{n}");
    }
    close!(ch); //~ receiver_close
}
fn matched(ch: &Chan<u32>) {
    match ch.recv() {
        Some(n) => println!("{n}"),
        None => println!("closed"),
    }
    ch.close(); //~ receiver_close
}
fn by_a_closure_with_a_name(ch: Chan<u32>) {
    let finish = || close!(ch); //~ receiver_close
    for n in &ch {
        println!("{n}");
    }
    finish();
}
async fn asynchronously(ch: Chan<u32>) {
    while let Some(n) = ch.recv_async().await {
        println!("{n}");
    }
    ch.close(); //~ receiver_close
}
fn by_a_builder(ch: &Chan<u32>) {
    let inner = ch.clone();
    gochan::Builder::new().spawn(move || {
        for n in &inner {
            println!("{n}");
        }
        inner.close(); //~ receiver_close
    });
    send!(ch <- 1);
}
fn of_a_counted_goroutine(ch: &Chan<u32>, wg: &WaitGroup) {
    let inner = ch.clone();
    wg.go(move || {
        defer!(close!(inner)); //~ receiver_close
        while let Some(n) = inner.recv() {
            println!("{n}");
        }
    });
    for n in 0..3 {
        send!(ch <- n);
    }
}
trait Sink {
    fn input(&self) -> &Chan<u32>;
    fn run(&self) {
        for n in self.input() {
            println!("{n}");
        }
        self.input().close(); //~ receiver_close
    }
}
fn on_an_error(ch: &Chan<u32>) -> Result<(), String> {
    for n in ch {
        if n > 3 {
            ch.close(); //~ receiver_close
            return Err("too many".to_owned());
        }
    }
    Ok(())
}
fn summed(ch: Chan<u32>) -> u32 {
    let sum = ch.iter().sum();
    ch.close(); //~ receiver_close
    sum
}
fn tried(ch: &Chan<u32>) {
    while let Ok(n) = ch.try_recv() {
        println!("{n}");
    }
    ch.close(); //~ receiver_close
}
fn from_main() {
    let ch = chan!(u32);
    go!([ch] {
        for n in 0..10 {
            send!(ch <- n);
        }
    });
    let first = recv!(ch);
    println!("{first}");
    close!(ch); //~ receiver_close
}
fn joined_too_late() {
    let ch = chan!(u32);
    let sender = go!([ch] {
        for n in 0..3 {
            send!(ch <- n);
        }
    });
    for n in ch.iter().take(2) {
        println!("{n}");
    }
    ch.close(); //~ receiver_close
    sender.join().unwrap();
}
