use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock, Cond, Semaphore, Once};
use gochan::time::{sleep, Ticker, Timer};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

struct Limiter { sem: Chan<()>, wg: WaitGroup, m: Mutex<u32>, out: Chan<u32>, c: Cond }
impl Limiter {
    fn new(n: usize) -> Self { Limiter { sem: chan!((), n), wg: WaitGroup::new(), m: Mutex::new(0), out: chan!(u32), c: Cond::new() } }
    // semaphore in a field
    fn run(&self, f: impl FnOnce()) { send!(self.sem <- ()); defer!({ recv!(self.sem); }); f(); }
    fn spawn(self: &Arc<Self>, f: impl FnOnce() + Send + 'static) {
        send!(self.sem <- ());
        self.wg.add(1);
        let me = Arc::clone(self);
        go!({ defer!(me.wg.done()); defer!({ recv!(me.sem); }); f(); });
    }
    fn acquire(&self) { send!(self.sem <- ()); }
    fn release(&self) { recv!(self.sem); }
    fn guarded(&self, f: impl FnOnce()) { self.acquire(); defer!(self.release()); f(); }
    fn close(&self) { self.wg.wait(); close!(self.out); }
    fn wait_ready(&self) { let mut g = self.m.lock(); while *g == 0 { g = self.c.wait(g); } *g -= 1; }
    fn bump(&self) { *self.m.lock() += 1; self.c.broadcast(); }
}
fn worker(sem: Chan<()>, n: u32) { defer!({ recv!(sem); }); println!("{n}"); }
fn bounded() { let sem = chan!((), 2); for i in 0..4 { send!(sem <- ()); go!(worker(sem.clone(), i)); } for _ in 0..2 { send!(sem <- ()); } }
// drop impls
struct Conn { closed: Chan<()>, reader: Option<gochan::JoinHandle<()>> }
impl Drop for Conn { fn drop(&mut self) { let _ = self.closed.close(); } }
struct Bad { wg: WaitGroup }
impl Drop for Bad { fn drop(&mut self) { self.wg.wait(); } } //~ unwind_blocking
struct Bad2 { h: Option<gochan::JoinHandle<()>> }
impl Drop for Bad2 { fn drop(&mut self) { if let Some(h) = self.h.take() { let _ = h.join(); } } }
// rw upgrade ok
fn upgrade(m: &RwLock<HashMap<u32, u32>>, k: u32) -> u32 {
    if let Some(v) = m.read().get(&k).copied() { return v; }
    let mut w = m.write();
    *w.entry(k).or_insert(1)
}
fn upgrade2(m: &RwLock<HashMap<u32, u32>>, k: u32) -> u32 {
    let found = { let r = m.read(); r.get(&k).copied() };
    match found { Some(v) => v, None => { m.write().insert(k, 1); 1 } }
}
fn upgrade3(m: &RwLock<HashMap<u32, u32>>, k: u32) -> u32 {
    match m.read().get(&k) { Some(v) => *v, None => { m.write().insert(k, 1); 1 } } //~ double_lock
}
// std mutex short section
fn short(m: Arc<std::sync::Mutex<Vec<u32>>>, tx: Sender<u32>) { go!({ let v = m.lock().unwrap().pop(); if let Some(v) = v { send!(tx <- v); } }); }
fn joins(n: u32) -> u32 { let hs: Vec<_> = (0..n).map(|i| go!({ i * 2 })).collect(); hs.into_iter().map(|h| h.join().unwrap()).sum() }
fn join_q(n: u32) -> Result<u32, String> { let h = go!({ n.checked_sub(1).ok_or("x".to_string()) }); h.join().map_err(|_| "panic".to_string())? }
// poll loops
fn poll(rx: Receiver<u32>, stop: &AtomicBool) { while !stop.load(Ordering::Relaxed) { select! { Some(v) = <-rx else { return } => println!("{v}"), default => sleep(Duration::from_millis(1)) } } }
fn poll2(rx: Receiver<u32>) -> Option<u32> { for _ in 0..10 { select! { v = <-rx => return Some(v), default => {} } sleep(Duration::from_millis(1)); } None }
fn drain(rx: &Receiver<u32>) { loop { select! { Some(v) = <-rx else { return } => println!("{v}"), default => return } } }
fn spin(rx: &Receiver<u32>) { loop { select! { v, ok = <-rx => { if !ok { return } println!("{v}") } default => continue } } } //~ spinning_default
fn spin2(flag: &AtomicU32, rx: &Receiver<u32>) { loop { select! { Some(v) = <-rx => { println!("{v}"); } default => { flag.fetch_add(1, Ordering::Relaxed); } } } } //~ spinning_default
// nil trick
fn merge(mut a: Option<Receiver<u32>>, mut b: Option<Receiver<u32>>, out: Sender<u32>) {
    while a.is_some() || b.is_some() {
        select! {
            v, ok = <-a => if ok { send!(out <- v) } else { a = None },
            v, ok = <-b => if ok { send!(out <- v) } else { b = None },
        }
    }
    close!(out);
}
fn nil_trick(input: Receiver<u32>, out: Sender<u32>) {
    let (mut pending, mut tx, mut value) = (false, Sender::nil(), 0);
    loop {
        select! {
            v, ok = <-input => { if !ok { break } value = v; pending = true; tx = out.clone(); }
            tx <- value => { pending = false; tx = Sender::nil(); }
        }
    }
    if pending { send!(out <- value); }
}
fn timer(rx: Receiver<u32>) { let t = Timer::new(Duration::from_secs(1)); loop { select! { Some(v) = <-rx else { break } => { println!("{v}"); t.reset(Duration::from_secs(1)); } <-t.channel() => break } } t.stop(); }
fn heartbeat(ctx: Context) { let t = Ticker::new(Duration::from_secs(1)); defer!(t.stop()); loop { select! { <-t.channel() => println!("beat"), <-ctx.done() => return } } }
fn deadline_loop(a: Receiver<u32>, b: Receiver<u32>) { loop { select! { Some(v) = <-a else { return } => println!("{v}"), Some(v) = <-b else { return } => println!("{v}"), <-after(Duration::from_secs(9)) => break } } } //~ after_in_loop
fn idle(ctx: &Context, a: Receiver<u32>) { loop { select! { Some(v) = <-a else { return } => println!("{v}"), <-after(Duration::from_secs(9)) => println!("idle"), <-ctx.done() => return } } }
// guard across
fn ga(m: &Mutex<Vec<u32>>, wg: &WaitGroup) { let mut g = m.lock(); g.push(1); wg.wait(); } //~ guard_across_blocking
fn gb(m: &Mutex<Vec<u32>>, h: gochan::JoinHandle<u32>) { let v = h.join().unwrap(); m.lock().push(v); }
fn gc(m: &Mutex<Vec<u32>>, s: &Semaphore, ctx: &Context) { let g = m.lock(); s.acquire(ctx, 1).unwrap(); drop(g); s.release(1); } //~ context_not_first guard_across_blocking
fn gd(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) -> Option<()> { let g = m.lock(); let v = *g.first()?; drop(g); tx.send(v).ok() }
fn ge(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) { let g = m.lock(); match g.first() { Some(v) => { let v = *v; drop(g); send!(tx <- v); } None => drop(g) } }
fn gf(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) { if let Some(g) = m.try_lock() { send!(tx <- g.len() as u32); } } //~ guard_across_blocking
fn gg(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) { let len = { let g = m.lock(); g.len() }; send!(tx <- len as u32); }
fn gh(m: &Mutex<Vec<u32>>, tx: &Sender<u32>) { let g = m.lock(); let f = move || g.len(); send!(tx <- f() as u32); } //~ guard_across_blocking
fn gi(m: &Mutex<HashMap<u32, Sender<u32>>>, k: u32) { if let Some(tx) = m.lock().get(&k).cloned() { send!(tx <- 1); } } //~ guard_across_blocking
fn gj(m: &Mutex<HashMap<u32, Sender<u32>>>, k: u32) { let Some(tx) = m.lock().get(&k).cloned() else { return }; send!(tx <- 1); }
fn gk(m: &Mutex<HashMap<u32, Sender<u32>>>) { let all = m.lock().values().cloned().collect::<Vec<_>>(); for tx in all { send!(tx <- 1); } }
// lock order consistent via helper
struct Two { a: Mutex<u32>, b: Mutex<u32> }
impl Two {
    fn x(&self) { let _a = self.a.lock(); self.inner(); }
    fn inner(&self) { *self.b.lock() += 1; }
    fn y(&self) { let _a = self.a.lock(); let _b = self.b.lock(); }
    fn z(&self) { { let _b = self.b.lock(); } let _a = self.a.lock(); }
}
// detach
fn fire_and_forget(tx: Sender<u32>) { go!({ let _ = tx.send(1); }); }
fn sleepy_test() { let wg = WaitGroup::new(); wg.add(1); go!([wg] { defer!(wg.done()); sleep(Duration::from_millis(1)); }); wg.wait(); sleep(Duration::from_millis(1)); }
fn sleep_sync() { let n = Arc::new(AtomicU32::new(0)); let m = n.clone(); go!({ m.fetch_add(1, Ordering::SeqCst); }); sleep(Duration::from_millis(10)); println!("{}", n.load(Ordering::SeqCst)); } //~ sleep_as_sync
// missing_done through channel ok
fn done_in_arm(wg: WaitGroup, rx: Receiver<u32>, q: Receiver<()>) { wg.add(1); go!([wg] { defer!(wg.done()); loop { select! { Some(v) = <-rx else { return } => println!("{v}"), <-q => return } } }); }
fn done_in_arms(wg: WaitGroup, rx: Receiver<u32>, q: Receiver<()>) { wg.add(1); go!([wg] { select! { v = <-rx => { println!("{v}"); wg.done(); } <-q => wg.done() } }); }
fn done_missing_arm(wg: WaitGroup, rx: Receiver<u32>, q: Receiver<()>) { wg.add(1); go!([wg] { select! { v = <-rx => { println!("{v}"); wg.done(); } <-q => return } }); } //~ missing_done
fn once(o: &Once, c: Chan<()>) { o.call_once(|| close!(c)); o.call_once(|| close!(c)); }
fn add_n(items: &[u32]) { let wg = WaitGroup::new(); wg.add(items.len() as isize); for i in items { let i = *i; go!([wg] { defer!(wg.done()); println!("{i}"); }); } wg.wait(); }
fn add_two() { let wg = WaitGroup::new(); wg.add(2); for i in 0..2 { go!([wg] { defer!(wg.done()); println!("{i}"); }); } wg.wait(); }
fn add_three() { let wg = WaitGroup::new(); wg.add(3); let w = wg.clone(); go!({ defer!(w.done()); }); let w = wg.clone(); go!({ defer!(w.done()); }); wg.wait(); } //~ add_mismatch
