use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use gochan::time::sleep;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

// worklist with a count
fn worklist(root: u32) {
    let work = chan!(u32, 100);
    let mut pending = 1;
    send!(work <- root);
    for n in &work {
        if n > 1 { for m in [n / 2, n / 3] { pending += 1; send!(work <- m); } }
        pending -= 1;
        if pending == 0 { close!(work); }
    }
}
fn worklist_empty(root: u32) {
    let work = chan!(u32, 100);
    send!(work <- root);
    for n in &work {
        println!("{n}");
        if n > 1 { send!(work <- n - 1); }
        if work.is_empty() { close!(work); }
    }
}
fn close_and_break(work: Chan<u32>, out: Chan<u32>) {
    for n in &work { send!(out <- n); if n == 0 { close!(out); break; } }
}
fn close_on_last(out: Chan<u32>, items: Vec<u32>) {
    let last = items.len() - 1;
    for (i, n) in items.iter().enumerate() { send!(out <- *n); if i == last { close!(out); } }
}
fn close_err(out: Chan<u32>, items: Vec<Result<u32, String>>) -> Result<(), String> {
    for n in items { match n { Ok(n) => send!(out <- n), Err(e) => { close!(out); return Err(e); } } }
    close!(out);
    Ok(())
}
fn close_if_let(out: &mut Option<Chan<u32>>) { if let Some(ch) = out.take() { close!(ch); } if let Some(ch) = out.take() { close!(ch); } }
struct Sub { id: u64, ch: Chan<String> }
struct Hub { subs: Mutex<Vec<Sub>>, by_id: RwLock<HashMap<u64, Sub>>, queue: VecDeque<Sub> }
impl Hub {
    fn remove(&self, id: u64) { let mut subs = self.subs.lock(); if let Some(i) = subs.iter().position(|s| s.id == id) { let sub = subs.remove(i); close!(sub.ch); } }
    fn close_all(&self) { for s in self.subs.lock().drain(..) { close!(s.ch); } }
    fn close_both(&self) { for s in self.subs.lock().iter() { close!(s.ch); } for s in self.by_id.read().values() { close!(s.ch); } }
    fn retain(&self) { self.subs.lock().retain(|s| { let ok = s.ch.try_send("ping".into()).is_ok(); if !ok { s.ch.close(); } ok }); }
    fn send_all(&self, m: &str) { let subs: Vec<Chan<String>> = self.subs.lock().iter().map(|s| s.ch.clone()).collect(); for ch in subs { let _ = ch.send(m.into()); } }
    fn pop_close(&mut self) { while let Some(s) = self.queue.pop_front() { close!(s.ch); } }
    fn first(&self) { if let Some(s) = self.subs.lock().first() { close!(s.ch); } if let Some(s) = self.subs.lock().last() { close!(s.ch); } }
    fn receive_and_close(&self, id: u64) { let Some(s) = self.by_id.write().remove(&id) else { return }; while let Ok(m) = s.ch.try_recv() { println!("{m}"); } s.ch.close(); }
}
fn replies(reqs: Receiver<(u32, Sender<u32>)>) { for (n, reply) in &reqs { send!(reply <- n + 1); close!(reply); } }
struct Req { n: u32, reply: Chan<u32> }
fn serve(reqs: Receiver<Req>) { while let Some(req) = reqs.recv() { send!(req.reply <- req.n); close!(req.reply); } }
fn serve2(reqs: Receiver<Req>) { for Req { n, reply } in &reqs { go!({ send!(reply <- n); close!(reply); }); } } //~ goroutine_in_loop_unbounded
fn serve3(reqs: Receiver<Req>) { loop { select! { Some(Req { n, reply }) = <-reqs else { return } => { let _ = reply.try_send(n); reply.close(); } } } } //~ single_arm_select
fn ask(reqs: &Sender<Req>, n: u32) -> Option<u32> { let reply = chan!(u32, 1); reqs.send(Req { n, reply: reply.clone() }).ok()?; reply.recv() }
fn ask_timeout(reqs: &Sender<Req>, n: u32) -> Option<u32> { let reply = chan!(u32); reqs.send(Req { n, reply: reply.clone() }).ok()?; select! { v = <-reply => Some(v), <-after(Duration::from_secs(1)) => None } }
fn gates(n: usize) { let gate = chan!(()); let wg = WaitGroup::new(); for i in 0..n { wg.add(1); go!([gate, wg] { defer!(wg.done()); recv!(gate); println!("{i}"); }); } sleep(Duration::from_millis(1)); close!(gate); wg.wait(); }
fn quorum(n: usize) -> usize { let votes = chan!(bool, n); for i in 0..n { go!([votes] { send!(votes <- i % 2 == 0); }); } let mut yes = 0; for _ in 0..n { if recv!(votes) { yes += 1; } if yes > n / 2 { break; } } yes }
fn pipeline() { let stage = |input: Receiver<u32>, f: fn(u32) -> u32| { let (tx, rx) = chan!(u32).split(); go!({ for v in &input { send!(tx <- f(v)); } close!(tx); }); rx }; let (tx, rx) = chan!(u32, 3).split(); for i in 0..3 { send!(tx <- i); } close!(tx); let out = stage(stage(rx, |v| v + 1), |v| v * 2); for v in &out { println!("{v}"); } }
fn generator(n: u32) -> Receiver<u32> { let (tx, rx) = Chan::new().split(); go!({ for i in 0..n { if tx.send(i).is_err() { break; } } }); rx }
fn take_two() { for v in generator(10).iter().take(2) { println!("{v}"); } }
fn seen(links: Receiver<Vec<String>>, work: Sender<String>) { let mut seen = HashSet::new(); let mut n = 1; while n > 0 { n -= 1; for l in recv!(links) { if seen.insert(l.clone()) { n += 1; let work = work.clone(); go!({ send!(work <- l); }); } } } } //~ goroutine_in_loop_unbounded
fn error_first(n: u32) -> Result<(), String> { let errs = chan!(String, 1); let wg = WaitGroup::new(); for i in 0..n { wg.add(1); go!([errs, wg] { defer!(wg.done()); if i == 3 { let _ = errs.try_send("three".into()); } }); } wg.wait(); close!(errs); match errs.recv() { Some(e) => Err(e), None => Ok(()) } }
fn shared(m: Arc<Mutex<Vec<u32>>>) -> Vec<u32> { let wg = WaitGroup::new(); for i in 0..3 { let m = m.clone(); wg.go(move || m.lock().push(i)); } wg.wait(); let mut v = m.lock().clone(); v.sort(); v }
