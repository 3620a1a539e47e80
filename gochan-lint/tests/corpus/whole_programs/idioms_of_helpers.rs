use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;
use std::time::Duration;
// leaked/self-deadlock/wait_before_drain variants via helpers and structs
fn produce(out: Sender<u32>, n: u32) { for i in 0..n { send!(out <- i); } }
fn produce_close(out: Chan<u32>, n: u32) { for i in 0..n { send!(out <- i); } close!(out); }
fn collect(rx: &Receiver<u32>) -> Vec<u32> { rx.iter().collect() }
fn a() { let c = chan!(u32); go!(produce_close(c.clone(), 3)); for v in &c { println!("{v}"); } }
fn b() { let c = chan!(u32); go!(produce(c.sender(), 3)); for v in &c { println!("{v}"); } } //~ leaked_receive
fn c() { let (tx, rx) = chan!(u32).split(); go!(produce(tx, 3)); println!("{:?}", collect(&rx)); }
fn d() { let c = chan!(u32); produce(c.sender(), 3); for v in &c { println!("{v}"); } } //~ leaked_receive
fn e() { let wg = WaitGroup::new(); let c = chan!(u32); wg.add(1); go!([wg, c] { defer!(wg.done()); produce(c.sender(), 3); }); wg.wait(); println!("{:?}", collect(&c.receiver())); } //~ wait_before_drain
fn f() { let wg = WaitGroup::new(); let c = chan!(u32, 8); wg.add(1); go!([wg, c] { defer!(wg.done()); send!(c <- 3); }); wg.wait(); close!(c); println!("{:?}", collect(&c.receiver())); }
fn g() { let c = chan!(u32); let h = go!([c] { send!(c <- 1); }); h.join().unwrap(); println!("{}", recv!(c)); }
fn h(ctx: &Context) -> Result<u32, String> {
    let c = chan!(Result<u32, String>);
    go!([c] { send!(c <- Ok(1)); }); //~ leaked_send
    select! { r = <-c => r, <-ctx.done() => Err("late".into()) }
}
fn i(ctx: &Context) -> Result<u32, String> {
    let c = chan!(Result<u32, String>, 1);
    go!([c] { send!(c <- Ok(1)); });
    select! { r = <-c => r, <-ctx.done() => Err("late".into()) }
}
fn j() { let c = chan!(u32); let done = chan!(bool); go!([c, done] { for v in &c { println!("{v}"); } send!(done <- true); }); for i in 0..3 { send!(c <- i); } close!(c); recv!(done); }
fn k() -> Option<u32> { let c = chan!(u32); go!([c] { for i in 0..9 { select! { c <- i => {} <-after(Duration::from_secs(1)) => return } } }); let v = recv!(c); if v == 0 { return None; } Some(v) } //~ after_in_loop
fn l() { let results = chan!(u32); let errs = chan!(String, 1); for n in 0..3 { go!([results, errs] { if n == 2 { send!(errs <- "bad".into()); } else { send!(results <- n); } }); } for _ in 0..3 { select! { v = <-results => println!("{v}"), e = <-errs => println!("{e}") } } }
fn m() -> Result<u32, String> { let results = chan!(u32); let errs = chan!(String); go!([results] { send!(results <- 1); }); go!([errs] { send!(errs <- "x".into()); }); select! { v = <-results => Ok(v), e = <-errs => Err(e) } } //~ leaked_send
struct Stage { input: Receiver<u32>, output: Chan<u32> }
impl Stage { fn run(self) { defer!(close!(self.output)); for v in &self.input { send!(self.output <- v + 1); } } fn start(input: Receiver<u32>) -> Receiver<u32> { let output = chan!(u32); let rx = output.receiver(); let s = Stage { input, output }; go!(s.run()); rx } }
fn n() { let (tx, rx) = chan!(u32).split(); let out = Stage::start(Stage::start(rx)); go!({ for i in 0..3 { send!(tx <- i); } }); for v in &out { println!("{v}"); } }
fn o(m: &Mutex<Vec<Sender<u32>>>) { let list = m.lock().clone(); for tx in list.iter() { let _ = tx.send(1); } }
fn p() { let c = chan!(u32, 1); send!(c <- 1); send!(c <- recv!(c) + 1); println!("{}", recv!(c)); }
fn q() { let lock = chan!((), 1); send!(lock <- ()); println!("critical"); recv!(lock); send!(lock <- ()); recv!(lock); }
fn r() { let c = chan!(u32); let (a, b) = (c.clone(), c.clone()); go!({ send!(a <- 1); }); go!({ send!(b <- 2); }); println!("{} {}", recv!(c), recv!(c)); }
fn s() { let c: Chan<Arc<str>> = chan!(Arc<str>); gochan::scope(|s| { s.go(|| send!(c <- "x".into())); println!("{}", recv!(c)); }); }
fn t(n: usize) { let sem = chan!((), n); for i in 0..9 { send!(sem <- ()); go!([sem] { println!("{i}"); recv!(sem); }); } for _ in 0..n { send!(sem <- ()); } }
