use gochan::prelude::*;
use gochan::time::sleep;
use std::time::Duration;

fn consume(jobs: Chan<u32>) {
    for j in &jobs { println!("{j}"); }
    close!(jobs); //~ receiver_close
}
fn start() {
    let jobs = chan!(u32);
    go!(consume(jobs.clone()));
    for i in 0..3 { send!(jobs <- i); }
}

fn consumer_defer(jobs: Chan<u32>) {
    defer!(close!(jobs)); //~ receiver_close
    while let Some(j) = jobs.recv() { println!("{j}"); }
}
fn consumer_method(jobs: &Chan<u32>) {
    let v = recv!(jobs);
    println!("{v}");
    jobs.close(); //~ receiver_close
}
fn select_arm(jobs: Chan<u32>, quit: Receiver<()>) {
    loop {
        select! {
            Some(j) = <-jobs => println!("{j}"),
            <-quit => { close!(jobs); return } //~ receiver_close
        }
    }
}
fn select_ok_arm(jobs: Chan<u32>) {
    loop {
        select! { //~ single_arm_select
            v, ok = <-jobs => { if !ok { break } if v == 0 { close!(jobs); break } } //~ receiver_close
        }
    } 
}
struct Worker { inbox: Chan<String>, out: Chan<String>, done: Chan<()> }
impl Worker {
    fn run(&self) {
        for msg in &self.inbox { send!(self.out <- msg.to_uppercase()); }
        close!(self.out);
        close!(self.inbox); //~ receiver_close
    }
    fn run_ok(&self) {
        for msg in &self.inbox { send!(self.out <- msg.to_uppercase()); }
        close!(self.out);
    }
    fn stop(&self) { close!(self.done); }
    fn wait(&self) { recv!(self.done); }
}
fn helper_receives(ch: &Chan<u32>) -> Option<u32> { ch.recv() }
fn through_helper(ch: Chan<u32>) {
    while let Some(x) = helper_receives(&ch) { println!("{x}"); }
    close!(ch); //~ receiver_close
}
fn finish(ch: &Chan<u32>) { close!(ch); }
fn closes_by_helper(ch: Chan<u32>) {
    for x in &ch { if x > 2 { break } }
    finish(&ch); //~ receiver_close
}

fn creator_feeds_and_drains() {
    let ch = chan!(u32, 3);
    for i in 0..3 { send!(ch <- i); }
    close!(ch);
    for v in &ch { println!("{v}"); }
}
fn main_closes_after_break() {
    let ch = chan!(u32);
    go!([ch] { let mut n = 0; loop { send!(ch <- n); n += 1; } });
    for v in &ch { if v == 10 { break } }
    ch.close(); //~ receiver_close
}
fn coordinator() {
    let ch = chan!(u32);
    let wg = WaitGroup::new();
    for i in 0..3 { wg.add(1); go!([ch, wg] { defer!(wg.done()); send!(ch <- i); }); }
    go!([ch, wg] { wg.wait(); close!(ch); });
    for v in &ch { println!("{v}"); }
}
fn signal() {
    let quit = chan!(());
    go!([quit] { loop { select! { <-quit => return, default => sleep(Duration::from_millis(1)) } } });
    sleep(Duration::from_millis(5));
    close!(quit);
}
fn goroutine_consumer() {
    let ch = chan!(u32);
    let done = chan!(());
    go!([ch, done] {
        for v in &ch { println!("{v}"); }
        close!(ch); //~ receiver_close
        close!(done);
    });
    for i in 0..3 { send!(ch <- i); }
    recv!(done);
}
fn alias_shadow() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    {
        let ch = ch.clone();
        let c2 = ch;
        let v = recv!(c2);
        println!("{v}");
        close!(c2); //~ receiver_close
    }
}
fn iter_adaptors(ch: Chan<u32>) {
    let total: u32 = ch.iter().take(3).sum();
    println!("{total}");
    close!(ch); //~ receiver_close
}
fn for_each(ch: Chan<u32>) {
    ch.iter().for_each(|v| println!("{v}"));
    close!(ch); //~ receiver_close
}
fn in_if_let(ch: Chan<u32>) {
    if let Some(v) = ch.recv() { println!("{v}"); } else { close!(ch); } //~ receiver_close
}
fn try_recv_loop(ch: Chan<u32>) {
    while let Ok(v) = ch.try_recv() { println!("{v}"); }
    let _ = ch.close(); //~ receiver_close
}
fn match_recv(ch: &Chan<u32>) {
    match ch.recv_timeout(Duration::from_secs(1)) {
        Ok(v) => println!("{v}"),
        Err(_) => { ch.close(); } //~ receiver_close
    }
}
fn producer(ch: Chan<u32>) { for i in 0..3 { send!(ch <- i); } close!(ch); }
fn produce_and_echo(ch: Chan<u32>) { send!(ch <- 1); let x = recv!(ch); println!("{x}"); close!(ch); }
fn ping_pong() {
    let ping = chan!(u32); let pong = chan!(u32);
    go!([ping, pong] {
        for v in &ping { send!(pong <- v + 1); }
        close!(pong);
    });
    send!(ping <- 1);
    println!("{}", recv!(pong));
    close!(ping);
}
fn spawn_literal() {
    let ch = chan!(u32);
    go!(|c: Chan<u32>| {
        let v = recv!(c);
        println!("{v}");
        close!(c); //~ receiver_close
    }(ch.clone()));
    send!(ch <- 1);
}
fn wg_go_consumer() {
    let ch = chan!(u32); let wg = WaitGroup::new();
    let c = ch.clone();
    wg.go(move || { for v in &c { println!("{v}"); } c.close(); }); //~ receiver_close
    for i in 0..3 { send!(ch <- i); }
    wg.wait();
}
fn generic<T: std::fmt::Debug + Send + 'static>(src: Chan<T>, mut f: impl FnMut(T)) {
    for v in &src { f(v); }
    gochan::close!(src); //~ receiver_close
}
fn split_half() {
    let ch = chan!(u32);
    let (tx, rx) = ch.split();
    go!({ for i in 0..3 { send!(tx <- i); } close!(tx); });
    for v in &rx { println!("{v}"); }
}
fn drain_then_close_sender() {
    let (tx, rx) = Chan::<u32>::new().split();
    let t = tx.clone();
    go!({ send!(t <- 1); });
    let v = recv!(rx);
    println!("{v}");
    close!(tx); //~ receiver_close
}
fn semaphore() {
    let sem = chan!(bool, 2);
    let wg = WaitGroup::new();
    for _ in 0..5 {
        send!(sem <- true);
        wg.add(1);
        go!([sem, wg] { defer!(wg.done()); defer!({ recv!(sem); }); });
    }
    wg.wait();
    close!(sem);
}
