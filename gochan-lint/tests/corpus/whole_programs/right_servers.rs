//! Right programs: servers, actors, caches.
use gochan::context::CancelHandle;
use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, Once, RwLock, Semaphore};
use gochan::time::{Ticker, after, sleep};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

struct Server {
    cancel: CancelHandle,
    jobs: Sender<u32>,
    wg: WaitGroup,
}
impl Server {
    fn start(parent: &Context) -> Server {
        let (ctx, cancel) = parent.with_cancel();
        let (jobs, inbox) = chan!(u32, 16).split();
        let wg = WaitGroup::new();
        for _ in 0..4 {
            wg.add(1);
            go!([wg, inbox, ctx] {
                defer!(wg.done());
                loop {
                    select! {
                        Some(job) = <-inbox => println!("{job}"),
                        else => return,
                        <-ctx.done() => return,
                    }
                }
            });
        }
        Server { cancel, jobs, wg }
    }
    fn submit(&self, job: u32) -> bool {
        self.jobs.try_send(job).is_ok()
    }
    fn stop(self) {
        let Server { cancel, jobs, wg } = self;
        drop(jobs);
        wg.wait();
        cancel.cancel();
    }
}
impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel.cancel();
        }
    }
}
struct Keeper {
    cancel: Option<CancelHandle>,
    done: Chan<()>,
}
impl Keeper {
    fn new(parent: &Context) -> Keeper {
        let (ctx, cancel) = parent.with_cancel();
        let done = chan!(());
        go!([done] {
            defer!(close!(done));
            ctx.done().recv();
        });
        Keeper { cancel: Some(cancel), done }
    }
    fn wait(&self) {
        self.done.recv();
    }
}

/// A cache: read, drop, write, look again.
struct Cache {
    map: RwLock<HashMap<String, u32>>,
    misses: AtomicUsize,
}
impl Cache {
    fn get(&self, key: &str) -> u32 {
        if let Some(found) = self.map.read().get(key).copied() {
            return found;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let mut map = self.map.write();
        if let Some(found) = map.get(key) {
            return *found;
        }
        map.insert(key.to_owned(), 1);
        1
    }
    fn len(&self) -> usize {
        let map = self.map.read();
        map.len()
    }
    fn both(&self) -> (usize, u32) {
        (self.len(), self.get("a"))
    }
}

/// An actor with replies.
enum Request {
    Get(String, Chan<Option<u32>>),
    Set(String, u32),
    Stop,
}
fn actor(inbox: Receiver<Request>) {
    let mut state = HashMap::new();
    for request in inbox {
        match request {
            Request::Get(key, reply) => {
                send!(reply <- state.get(&key).copied());
            }
            Request::Set(key, value) => {
                state.insert(key, value);
            }
            Request::Stop => return,
        }
    }
}
fn asks(actor: &Sender<Request>) -> Option<u32> {
    let reply = chan!(Option<u32>, 1);
    send!(actor <- Request::Get("a".to_owned(), reply.clone()));
    recv!(reply)
}

/// A broker with subscribers, which are told under the lock without waiting.
struct Broker {
    subscribers: Mutex<Vec<Chan<String>>>,
}
impl Broker {
    fn subscribe(&self) -> Receiver<String> {
        let ch = chan!(String, 8);
        self.subscribers.lock().push(ch.clone());
        ch.receiver()
    }
    fn publish(&self, text: &str) {
        for ch in self.subscribers.lock().iter() {
            let _ = ch.try_send(text.to_owned());
        }
    }
    fn publish_all(&self, text: &str) {
        let list = self.subscribers.lock().clone();
        for ch in list {
            send!(ch <- text.to_owned());
        }
    }
    fn close(&self) {
        for ch in self.subscribers.lock().drain(..) {
            ch.close();
        }
    }
}

/// A queue by condition.
struct Queue {
    items: Mutex<Vec<u32>>,
    ready: Cond,
}
impl Queue {
    fn push(&self, n: u32) {
        self.items.lock().push(n);
        self.ready.signal();
    }
    fn pop(&self) -> u32 {
        let mut items = self.items.lock();
        while items.is_empty() {
            items = self.ready.wait(items);
        }
        items.remove(0)
    }
}

fn beats(ctx: &Context) {
    let ticker = Ticker::new(Duration::from_secs(1));
    defer!(ticker.stop());
    loop {
        select! {
            <-ticker.channel() => println!("beat"),
            <-ctx.done() => return,
        }
    }
}
fn retries(ctx: &Context, mut call: impl FnMut(&Context) -> Result<u32, String>) -> Result<u32, String> {
    let mut wait = Duration::from_millis(10);
    for _ in 0..5 {
        let (attempt, cancel) = ctx.with_timeout(Duration::from_secs(1));
        let result = call(&attempt);
        cancel.cancel();
        if result.is_ok() {
            return result;
        }
        select! {
            <-after(wait) => wait *= 2,
            <-ctx.done() => return Err("canceled".to_owned()),
        }
    }
    Err("too often".to_owned())
}
fn limited(list: Vec<u32>) {
    let (tokens, wg) = (Arc::new(Semaphore::new(3)), WaitGroup::new());
    for n in list {
        tokens.acquire(&background(), 1).unwrap();
        wg.add(1);
        go!([tokens, wg] {
            defer!(wg.done());
            defer!(tokens.release(1));
            println!("{n}");
        });
    }
    wg.wait();
}
fn limited_by_a_channel(list: Vec<u32>) {
    let (slots, wg) = (chan!((), 3), WaitGroup::new());
    for n in list {
        send!(slots <- ());
        wg.add(1);
        go!([slots, wg] {
            defer!(wg.done());
            println!("{n}");
            slots.recv();
        });
    }
    wg.wait();
}
struct Stop {
    stop: Chan<()>,
    once: Once,
    stopped: AtomicBool,
}
impl Stop {
    fn stop(&self) {
        self.once.call_once(|| {
            self.stopped.store(true, Ordering::SeqCst);
            close!(self.stop);
        });
    }
    fn stop_by_a_flag(&self) {
        if !self.stopped.swap(true, Ordering::SeqCst) {
            close!(self.stop);
        }
    }
    fn wait(&self) {
        recv!(self.stop);
    }
}
fn polls(stop: &Receiver<()>) {
    loop {
        select! {
            <-stop => return,
            default => {}
        }
        sleep(Duration::from_millis(10));
    }
}
