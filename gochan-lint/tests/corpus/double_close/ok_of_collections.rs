use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

struct Shard { items: Mutex<HashMap<u32, u32>>, len: Mutex<usize> }
struct Sharded { shards: Vec<Shard>, hooks: RwLock<Vec<Chan<u32>>>, lines: Vec<Chan<String>> }
impl Sharded {
    fn get(&self, k: u32) -> Option<u32> { self.shards[k as usize % self.shards.len()].items.lock().get(&k).copied() }
    fn total(&self) -> usize { let mut n = 0; for s in &self.shards { n += *s.len.lock(); } n }
    fn clear(&self) { for s in &self.shards { let mut items = s.items.lock(); items.clear(); *s.len.lock() = 0; } }
    fn snapshot(&self) -> Vec<(u32, u32)> { let mut out = vec![]; for s in &self.shards { for (k, v) in s.items.lock().iter() { out.push((*k, *v)); } } out }
    fn shutdown(&self) { for l in &self.lines { close!(l); } }
    fn say(&self, text: &str) { for l in &self.lines { send!(l <- text.to_owned()); } }
    fn pump(self: Arc<Self>) {
        for (i, line) in self.lines.iter().enumerate() {
            let line = line.receiver();
            go!({ for text in &line { println!("{i} {text}"); } });
        }
    }
    fn tell(&self, v: u32) { let hooks = self.hooks.read().clone(); for h in &hooks { let _ = h.try_send(v); } }
}
fn ring(n: usize) {
    let links: Vec<Chan<u32>> = (0..n).map(|_| chan!(u32)).collect();
    for i in 0..n {
        let (from, to) = (links[i].clone(), links[(i + 1) % n].clone());
        go!({ for v in &from { if v == 0 { break; } send!(to <- v - 1); } close!(to); });
    }
    send!(links[0] <- 10);
    let last = links[0].clone();
    println!("{}", recv!(last));
}
fn stages() {
    let stages = [chan!(u32), chan!(u32), chan!(u32)];
    let (a, b) = (stages[0].clone(), stages[1].clone());
    go!({ for v in &a { send!(b <- v + 1); } close!(b); });
    let (b, c) = (stages[1].clone(), stages[2].clone());
    go!({ for v in &b { send!(c <- v * 2); } close!(c); });
    go!([a = stages[0]] { for v in 0..3 { send!(a <- v); } close!(a); });
    for v in &stages[2] { println!("{v}"); }
}
fn gather(n: u32) -> Vec<u32> {
    let mut replies = Vec::new();
    for i in 0..n { let reply = chan!(u32, 1); replies.push(reply.clone()); go!({ send!(reply <- i * 2); close!(reply); }); }
    let mut out = Vec::new();
    for reply in &replies { out.push(recv!(reply)); }
    out
}
fn barrier(n: usize) {
    let arrived = WaitGroup::new();
    let gates: Vec<Chan<()>> = (0..n).map(|_| chan!(())).collect();
    for gate in &gates {
        arrived.add(1);
        go!([arrived, gate = gate.clone()] { arrived.done(); recv!(gate); println!("go"); });
    }
    arrived.wait();
    for gate in &gates { close!(gate); }
}
fn reset(groups: &mut Vec<WaitGroup>) { for g in groups.iter() { g.wait(); } groups.clear(); groups.push(WaitGroup::new()); for g in groups.iter() { g.add(1); g.done(); } }
fn queue(mut waiting: VecDeque<Chan<u32>>, vals: &[u32]) { for v in vals { if let Some(ch) = waiting.pop_front() { send!(ch <- *v); close!(ch); } } for ch in waiting { close!(ch); } }
fn by_name(m: &mut BTreeMap<String, Chan<u32>>, gone: &[String]) { for g in gone { if let Some(ch) = m.remove(g) { close!(ch); } } for ch in m.values() { close!(ch); } }
fn some_of(chans: &[Chan<u32>]) { for ch in chans.iter().take(2) { close!(ch); } for ch in chans.iter().skip(2) { close!(ch); } }
fn halves(chans: &[Chan<u32>]) { let (a, b) = chans.split_at(2); for ch in a { close!(ch); } for ch in b { close!(ch); } }
fn flagged(chans: &[Chan<u32>]) { for ch in chans { if ch.len() > 3 { close!(ch); } } for ch in chans { if ch.len() <= 3 { close!(ch); } } }
fn groups_in_goroutine(n: usize) {
    let groups: Vec<WaitGroup> = (0..n).map(|_| WaitGroup::new()).collect();
    for (i, group) in groups.iter().enumerate() {
        for _ in 0..i { group.add(1); go!([group] { defer!(group.done()); println!("{i}"); }); }
    }
    for group in &groups { group.wait(); }
}
fn closers(outs: Vec<Sender<u32>>) { for out in outs { go!({ for i in 0..3 { send!(out <- i); } close!(out); }); } }
fn guards(list: &[Mutex<Vec<u32>>], tx: Sender<u32>) { for m in list { let n = m.lock().len(); send!(tx <- n as u32); } }
fn pair_locks(list: &[Mutex<u32>]) { for a in list { let x = *a.lock(); for b in list { *b.lock() += x; } } }
fn swap_close(mut v: Vec<Chan<()>>) { close!(v[0]); v.remove(0); close!(v[0]); }
fn swap2(mut v: Vec<Chan<()>>) { close!(v[0]); v.swap(0, 1); close!(v[0]); }
