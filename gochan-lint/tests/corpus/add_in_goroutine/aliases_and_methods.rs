use gochan::{context as ctx, sync::{WaitGroup as Wg, self}, time};
use gochan::{Chan, Receiver, Sender, go, chan, send, recv, close, select, defer, with_context};
use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
use std::time::Duration;

// generics and traits
trait Task: Send + 'static { fn run(self: Box<Self>) -> u32; }
struct Pool<T: Task> { jobs: Chan<Box<T>>, wg: Wg, results: Sender<u32> }
impl<T: Task> Pool<T> {
    fn new(results: Sender<u32>) -> Self { Self { jobs: chan!(Box<T>), wg: Wg::new(), results } }
    fn start(&self, n: usize) {
        for _ in 0..n {
            let (jobs, wg, results) = (self.jobs.clone(), self.wg.clone(), self.results.clone());
            go!({
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
                for job in &jobs { send!(results <- job.run()); }
            });
        }
    }
    fn start_ok(&self, n: usize) {
        self.wg.add(n as isize);
        for _ in 0..n {
            let (jobs, wg, results) = (self.jobs.clone(), self.wg.clone(), self.results.clone());
            go!({
                defer!(wg.done());
                for job in &jobs { send!(results <- job.run()); }
            });
        }
    }
    fn drain(&self) { while let Some(j) = self.jobs.recv() { j.run(); } close!(self.jobs); } //~ receiver_close
    fn finish(self) { close!(self.jobs); self.wg.wait(); }
}
fn run_all(tasks: Vec<impl FnOnce() + Send + 'static>) {
    for t in tasks { go!(t()); }
}
fn run_bad(t: impl FnOnce() + Send + 'static) { go!(t); } //~ missing_call

// nested functions and consts
fn outer() {
    fn inner(wg: &Wg) { wg.add(1); } //~ add_in_goroutine
    let wg = Wg::new();
    let w = wg.clone();
    go!({ inner(&w); defer!(w.done()); });
    wg.wait();
}
// while true / loop labels
fn labelled(rx: Receiver<u32>, c: &ctx::Context) -> u32 { //~ context_not_first
    let mut total = 0;
    'main: loop {
        select! {
            v, ok = <-rx => { if !ok { break 'main } total += v }
            <-c.done() => break 'main,
        }
    }
    total
}
fn cancel_in_loop(c: &ctx::Context, urls: &[&str]) -> Vec<u32> {
    let mut out = vec![];
    for u in urls {
        let (c2, stop) = c.with_timeout(Duration::from_secs(1));
        let Ok(n) = get(&c2, u) else { continue };
        out.push(n);
        stop.cancel();
    }
    out
}
fn cancel_in_loop_ok(c: &ctx::Context, urls: &[&str]) -> Vec<u32> {
    urls.iter().map(|u| { let (c2, stop) = c.with_timeout(Duration::from_secs(1)); let r = get(&c2, u).unwrap_or(0); stop.cancel(); r }).collect()
}
fn get(_: &ctx::Context, u: &str) -> Result<u32, String> { Ok(u.len() as u32) }
fn closure_question(c: &ctx::Context) -> Result<u32, String> {
    let (c2, stop) = c.with_cancel();
    let a = get(&c2, "a")?;
    let b = get(&c2, "b")?;
    stop.cancel();
    Ok(a + b)
}
fn match_question(c: &ctx::Context) -> Result<u32, String> {
    let (c2, stop) = c.with_cancel();
    let r = match get(&c2, "a") { Ok(a) => Ok(a), Err(e) => Err(format!("x {e}")) };
    stop.cancel();
    r
}
fn inner_block(c: &ctx::Context) -> Result<u32, String> {
    let r = { let (c2, stop) = c.with_cancel(); defer!(stop.cancel()); get(&c2, "a")? };
    Ok(r)
}
fn if_else_cancel(c: &ctx::Context, x: bool) {
    let (c2, stop) = c.with_cancel();
    if x { get(&c2, "").ok(); stop.cancel(); } else { println!("no"); }
}
fn while_cond(c: &ctx::Context) {
    let (c2, stop) = c.with_cancel();
    let mut n = 0;
    while n < 3 { if get(&c2, "").is_err() { break; } n += 1; }
    stop.cancel();
}
struct Server { stop: Option<ctx::CancelHandle>, c: ctx::Context } //~ context_in_struct
impl Server {
    fn start(&mut self) { let (c2, stop) = self.c.with_cancel(); self.stop = Some(stop); go!({ serve(c2) }); }
    fn restart(&mut self) { let (c2, stop) = self.c.with_cancel(); if let Some(old) = self.stop.replace(stop) { old.cancel(); } go!(serve(c2)); }
    fn stop(&mut self) { if let Some(s) = self.stop.take() { s.cancel(); } }
    fn fire(&self) { let (c2, _) = self.c.with_cancel(); go!(serve(c2)); } //~ lost_cancel
    fn fire2(&self) { let (c2, stop) = self.c.with_cancel(); go!(serve(c2)); let _ = stop; } //~ lost_cancel
    fn fire3(&self) { let (c2, stop) = self.c.with_cancel(); let _ = stop.clone(); go!(serve(c2)); } //~ lost_cancel
}
fn serve(_: ctx::Context) {}
fn shadowed(c: &ctx::Context) { let (c, stop) = c.with_cancel(); let (c, stop2) = c.with_timeout(Duration::from_secs(1)); get(&c, "").ok(); stop2.cancel(); stop.cancel(); }
fn double_handle(c: &ctx::Context) { let (c, stop) = c.with_cancel(); let s2 = stop.clone(); go!({ time::sleep(Duration::from_secs(1)); s2.cancel(); }); get(&c, "").ok(); }
fn vec_of(c: &ctx::Context) -> Vec<(ctx::Context, ctx::CancelHandle)> { (0..3).map(|_| c.with_cancel()).collect() }
fn ret_closure(c: &ctx::Context) -> (ctx::Context, impl FnOnce()) { let (c, stop) = c.with_cancel(); (c, move || stop.cancel()) }
fn select_return(c: &ctx::Context, rx: Receiver<u32>) -> Option<u32> {
    let (c2, stop) = c.with_timeout(Duration::from_secs(1));
    let v = select! { Some(v) = <-rx else { return None } => v, <-c2.done() => { stop.cancel(); return None } };
    stop.cancel();
    Some(v)
}
fn with_ctx_macro(c: &ctx::Context) -> Result<u32, String> { with_context!((c2, stop) = c.with_cancel() => { let n = get(&c2, "")?; if n > 3 { stop.cancel(); } Ok(n) }) }

// methods on Arc<Self>
struct Counter { n: AtomicUsize, wg: Wg, done: Chan<()> }
impl Counter {
    fn spawn_many(self: &Arc<Self>, n: usize) {
        for _ in 0..n { let me = Arc::clone(self); go!({ me.enter(); me.n.fetch_add(1, Ordering::SeqCst); me.leave(); }); }
        self.wg.wait();
    }
    fn enter(&self) { self.wg.add(1); } //~ add_in_goroutine
    fn leave(&self) { self.wg.done(); }
    fn finish(&self) { close!(self.done); }
    fn wait(&self) { recv!(self.done); }
    fn wait_and_finish(&self) { recv!(self.done); close!(self.done); }
}
mod worker {
    use super::*;
    pub fn consume(rx: &Chan<u32>) { for v in rx { println!("{v}"); } }
    pub fn consume_and_close(rx: Chan<u32>) { for v in &rx { println!("{v}"); } close!(rx); } //~ receiver_close
    pub fn count(wg: Wg) { wg.add(1); defer!(wg.done()); } //~ add_in_goroutine
}
fn uses_worker() {
    let c = chan!(u32);
    let wg = Wg::new();
    go!(worker::consume_and_close(c.clone()));
    go!(worker::count(wg.clone()));
    go!([c] { worker::consume(&c); close!(c); }); //~ receiver_close
    send!(c <- 1);
    wg.wait();
}
fn let_fn_ptr() { let f: fn() = noop; go!(f); go!(f()); } //~ missing_call
fn noop() {}
fn in_expr_position() -> gochan::JoinHandle<()> { go!(noop) } //~ missing_call
fn in_match(k: u8) { match k { 0 => { go!(noop()); } 1 => drop(go!(noop)), _ => {} } } //~ missing_call
fn vec_handles() { let hs: Vec<_> = (0..3).map(|_| go!(noop)).collect(); drop(hs); } //~ missing_call
fn in_closure() { let start = || go!(noop); start(); } //~ missing_call
fn sem() { let s = sync::Semaphore::new(1); s.acquire(&ctx::background(), 1).unwrap(); s.release(1); }
type Jobs = Chan<u32>;
type Group = Arc<Wg>;
struct Aliased { jobs: Jobs, group: Group }
impl Aliased {
    fn drain(&self) { for j in &self.jobs { println!("{j}"); } self.jobs.close(); } //~ receiver_close
    fn spawn(&self) { let group = self.group.clone(); go!({ group.add(1); defer!(group.done()); }); } //~ add_in_goroutine
}
fn aliased(jobs: Jobs, group: &Group) { while let Some(j) = jobs.recv() { println!("{j}"); } group.wait(); }

fn counted_by_methods(pool: &Arc<Counter>) {
    pool.enter_first();
    let me = pool.clone();
    go!({
        defer!(me.leave());
        me.enter_first();
        let you = me.clone();
        go!({ defer!(you.leave()); you.n.fetch_add(1, Ordering::SeqCst); });
    });
    pool.wg.wait();
}
impl Counter {
    fn enter_first(&self) { self.wg.add(1); }
}
type Endless = Option<Endless>;
fn endless(_: Endless) {}
