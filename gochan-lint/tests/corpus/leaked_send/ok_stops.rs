use gochan::prelude::*;

fn told_when_all_is_sent() {
    let (events, stop) = (chan!(u32), chan!(()));
    let producer = go!([events] {
        for n in 0..10 {
            send!(events <- n);
        }
    });
    go!([events, stop] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-stop => return,
            }
        }
    });
    producer.join().unwrap();
    close!(stop);
}
fn both_look_at_the_stop() {
    let (events, stop) = (chan!(u32), chan!(()));
    go!([events, stop] {
        for n in 0..10 {
            select! {
                events <- n => {}
                <-stop => return,
            }
        }
    });
    go!([events, stop] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-stop => return,
            }
        }
    });
    close!(stop);
}
fn drains_after_the_stop() {
    let (events, stop) = (chan!(u32), chan!(()));
    go!([events] {
        for n in 0..10 {
            send!(events <- n);
        }
        close!(events);
    });
    go!([events, stop] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-stop => break,
            }
        }
        for n in &events {
            println!("{n}");
        }
    });
    close!(stop);
}
fn with_room() {
    let ch = chan!(u32, 1);
    go!([ch] { send!(ch <- 1); });
}
struct Pool {
    jobs: Chan<u32>,
}
impl Pool {
    fn new() -> Pool {
        let pool = Pool { jobs: chan!(u32) };
        pool.start();
        pool
    }
    fn start(&self) {
        let jobs = self.jobs.clone();
        go!({
            for job in &jobs {
                println!("{job}");
            }
        });
    }
    fn submit(&self, n: u32) {
        send!(self.jobs <- n);
    }
}
fn uses_the_pool() {
    let pool = std::sync::Arc::new(Pool::new());
    go!([pool] { pool.submit(1); });
}
