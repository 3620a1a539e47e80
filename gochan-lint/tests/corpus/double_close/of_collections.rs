use gochan::prelude::*;
use gochan::context::CancelHandle;
use gochan::sync::Mutex;
use std::collections::HashMap;
use std::time::Duration;

fn serve(_: Context) {}
// Vec of channels closed twice
fn all_closed_twice(n: usize) {
    let chans: Vec<Chan<u32>> = (0..n).map(|_| chan!(u32, 1)).collect();
    for ch in &chans { close!(ch); }
    for ch in &chans { close!(ch); } //~ double_close
}
fn all_closed_once(n: usize) {
    let chans: Vec<Chan<u32>> = (0..n).map(|_| chan!(u32, 1)).collect();
    for ch in &chans { send!(ch <- 1); }
    for ch in &chans { close!(ch); }
    for ch in &chans { for v in ch { println!("{v}"); } }
}
fn index_const() {
    let chans = [chan!(u32, 1), chan!(u32, 1)];
    close!(chans[0]);
    close!(chans[0]); //~ double_close
}
fn index_differs() {
    let chans = [chan!(u32, 1), chan!(u32, 1)];
    close!(chans[0]);
    close!(chans[1]);
}
fn index_var(i: usize, j: usize) {
    let chans = vec![chan!(u32, 1), chan!(u32, 1)];
    close!(chans[i]);
    close!(chans[j]);
}
fn send_after_all_closed(chans: &[Chan<u32>]) {
    for ch in chans { close!(ch); }
    for ch in chans { send!(ch <- 1); } //~ send_after_close
}
fn groups(n: usize) {
    let wgs: Vec<WaitGroup> = (0..n).map(|_| WaitGroup::new()).collect();
    for wg in &wgs {
        let wg = wg.clone();
        go!({
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            println!("x");
        });
    }
    for wg in &wgs { wg.wait(); }
}
fn groups_ok(n: usize) {
    let wgs: Vec<WaitGroup> = (0..n).map(|_| WaitGroup::new()).collect();
    for wg in &wgs {
        wg.add(1);
        let wg = wg.clone();
        go!({ defer!(wg.done()); println!("x"); });
    }
    for wg in wgs { wg.wait(); }
}
fn group_index() {
    let wgs = [WaitGroup::new(), WaitGroup::new()];
    let wg = wgs[0].clone();
    go!({ wg.add(1); defer!(wg.done()); }); //~ add_in_goroutine
    wgs[0].wait();
}
fn consumers(inboxes: Vec<Chan<u32>>) {
    for inbox in inboxes {
        go!({
            for v in &inbox { println!("{v}"); }
            close!(inbox); //~ receiver_close
        });
    }
}
fn fan_in_consumer(inputs: &[Chan<u32>]) {
    for ch in inputs {
        let v = recv!(ch);
        println!("{v}");
        close!(ch); //~ receiver_close
    }
}
fn first_of(inputs: &[Chan<u32>]) {
    println!("{}", recv!(inputs[0]));
    close!(inputs[0]); //~ receiver_close
}
struct Broker { subs: Mutex<HashMap<String, Vec<Chan<String>>>>, topics: HashMap<String, Sender<String>> }
impl Broker {
    fn publish(&self, topic: &str, msg: &str) {
        let subs = self.subs.lock().get(topic).cloned().unwrap_or_default();
        for sub in &subs { send!(sub <- msg.to_string()); }
    }
    fn close(&self) { for (_, subs) in self.subs.lock().drain() { for sub in subs { close!(sub); } } }
    fn subscribe(&self, topic: &str) -> Receiver<String> {
        let ch = chan!(String, 16);
        self.subs.lock().entry(topic.into()).or_default().push(ch.clone());
        ch.receiver()
    }
    fn unsubscribe(&self, topic: &str, rx: &Receiver<String>) {
        if let Some(list) = self.subs.lock().get_mut(topic) {
            if let Some(at) = list.iter().position(|c| c.receiver().same_channel(rx)) { let ch = list.swap_remove(at); close!(ch); }
        }
    }
}
fn cancels_released() {
    let mut cancels = Vec::new();
    for _ in 0..3 { let (ctx, cancel) = background().with_cancel(); go!(serve(ctx)); cancels.push(cancel); }
    for cancel in cancels { cancel.cancel(); }
}
fn cancels_dropped_early() {
    let mut cancels: Vec<CancelHandle> = Vec::new();
    for _ in 0..3 { let (ctx, cancel) = background().with_cancel(); go!(serve(ctx)); cancels.push(cancel); }
    for c in cancels.drain(..) { c.cancel(); }
}
fn option_handle(on: bool) {
    let mut out: Option<Sender<u32>> = None;
    let ch = chan!(u32, 1);
    if on { out = Some(ch.sender()); }
    if let Some(tx) = &out { send!(tx <- 1); }
    close!(ch);
}
fn option_close(ch: Option<Chan<u32>>) {
    if let Some(ch) = &ch { for v in ch { println!("{v}"); } close!(ch); } //~ receiver_close
}
fn tuple_of(pair: (Chan<u32>, Chan<u32>)) {
    for v in &pair.0 { send!(pair.1 <- v); }
    close!(pair.1);
    close!(pair.0); //~ receiver_close
}
fn zipped(chans: Vec<Chan<u32>>, names: Vec<String>) {
    for (ch, name) in chans.iter().zip(&names) { println!("{name}"); close!(ch); }
}
fn enumerate(chans: &[Chan<u32>]) {
    for (i, ch) in chans.iter().enumerate() { send!(ch <- i as u32); close!(ch); }
}
fn workers(n: usize) -> Vec<Receiver<u32>> {
    let mut outs = Vec::with_capacity(n);
    for i in 0..n {
        let ch = chan!(u32);
        outs.push(ch.receiver());
        go!({ send!(ch <- i as u32); close!(ch); });
    }
    outs
}
fn merge(inputs: Vec<Receiver<u32>>) -> Receiver<u32> {
    let out = chan!(u32);
    let wg = WaitGroup::new();
    for input in inputs {
        wg.add(1);
        go!([out, wg] { defer!(wg.done()); for v in &input { send!(out <- v); } });
    }
    let rx = out.receiver();
    go!({ wg.wait(); close!(out); });
    rx
}
fn rotating(chans: &[Chan<u32>]) {
    let mut i = 0;
    loop { send!(chans[i % chans.len()] <- 1); i += 1; if i == 10 { close!(chans[0]); break; } }
}
fn map_closed(m: &HashMap<u32, Chan<u32>>) { for ch in m.values() { close!(ch); } for ch in m.values() { close!(ch); } } //~ double_close
fn map_pairs(m: &HashMap<u32, Chan<u32>>) { for (_, ch) in m { close!(ch); } }
fn locks(m: &[Mutex<u32>]) { let a = m[0].lock(); let b = m[1].lock(); println!("{}{}", *a, *b); }
fn locks_same(m: &[Mutex<u32>]) { let a = m[0].lock(); let b = m[0].lock(); println!("{}{}", *a, *b); } //~ double_lock
fn locks_var(m: &[Mutex<u32>], i: usize, j: usize) { let a = m[i].lock(); let b = m[j].lock(); println!("{}{}", *a, *b); }
fn locks_iter(m: &[Mutex<u32>]) -> u32 { m.iter().map(|m| *m.lock()).sum() }
fn guards_collected(m: &[Mutex<u32>]) { let gs: Vec<_> = m.iter().map(|m| m.lock()).collect(); println!("{}", gs.len()); }
fn locks_loop(m: &[Mutex<u32>]) { for l in m { *l.lock() += 1; } for l in m { let mut g = l.lock(); *g += 1; } }
fn sem_vec(n: usize) {
    let sems: Vec<Chan<()>> = vec![chan!((), 1); n];
    for s in &sems { send!(s <- ()); }
    for s in &sems { recv!(s); }
    close!(sems[0]);
    close!(sems[0]); //~ double_close
}
fn handles() {
    let hs: Vec<_> = (0..3).map(|i| go!({ println!("{i}"); })).collect();
    for h in hs { h.join().unwrap(); }
}
fn take_first(mut chans: Vec<Chan<u32>>) { while let Some(ch) = chans.pop() { close!(ch); } }
fn close_each_twice_in_loop(chans: &[Chan<u32>]) { for ch in chans { close!(ch); close!(ch); } } //~ double_close
fn closed_then_replaced(chans: &mut Vec<Chan<u32>>) { for ch in chans.iter() { close!(ch); } chans.clear(); chans.push(chan!(u32)); for ch in chans.iter() { close!(ch); } }
// replaced in between
fn replaced_elem(chans: &mut [Chan<u32>]) { close!(chans[0]); chans[0] = chan!(u32); close!(chans[0]); }
fn closed_in_goroutines(chans: Vec<Chan<u32>>) { for ch in &chans { go!([ch] { send!(ch <- 1); close!(ch); }); } for ch in &chans { recv!(ch); } }
fn sleepy() { gochan::time::sleep(Duration::from_secs(1)); }
